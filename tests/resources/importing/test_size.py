"""Long files: memory does not grow with them, and somebody at a terminal sees how far they are."""

import os
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from resources.exchange import data_inclusion_in, hsds_in, hsds_tables
from resources.exchange.incoming import Row
from resources.management.commands.import_directory import Bar, last_line
from tests.resources.exchange.test_incoming import OFFER, STRUCTURE, TABLES, package, written
from tests.resources.importing.files import a_file, a_record

FEW, MANY = 100, 1000


def hsds_json(folder: Path, rows: int) -> Iterator[Row]:
    """As many services in one list."""
    return hsds_in.read(a_file(folder, *map(a_record, range(rows)), name=f"{rows}.json"))


def hsds_package(folder: Path, rows: int) -> Iterator[Row]:
    """As many services in tables, all with a number of their own."""
    services = [TABLES["services"][0] | {"id": f"{rank:032d}"} for rank in range(rows)]
    phones = [{"id": "1", "service_id": f"{rank:032d}", "number": "01 44 52 88 90"} for rank in range(rows)]
    return hsds_tables.read(package(folder / f"{rows}.zip", TABLES | {"services": services, "phones": phones}))


def french_platform(folder: Path, rows: int) -> Iterator[Row]:
    """As many services, each with a structure of its own, written after them."""
    services = [OFFER | {"id": f"dora--{rank}", "structure_id": f"dora--{rank}"} for rank in range(rows)]
    structures = [STRUCTURE | {"id": f"dora--{rank}"} for rank in range(rows)]
    return data_inclusion_in.read(written(folder, f"{rows}.json", {"services": services, "structures": structures}))


def peak(rows: Iterator[Row]) -> int:
    """Most bytes held at once while they are read."""
    tracemalloc.start()
    try:
        for row in rows:
            assert not isinstance(row, list), row
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("read", [hsds_json, hsds_package, french_platform])
def test_memory_does_not_grow_with_the_file(read: Callable[[Path, int], Iterator[Row]], tmp_path: Path) -> None:
    """Ten times the rows, the same memory but for a few rows' worth."""
    few, many = read(tmp_path, FEW), read(tmp_path, MANY)
    assert peak(many) < peak(few) + 500_000


def test_a_bar_goes_on_at_a_terminal_and_leaves_a_clean_line() -> None:
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "w") as terminal:
        bar = Bar(terminal, total=200)
        bar.move(100)
        bar.clear()
        # The system passes on what was written when it has the time, in one part or two.
        said = ""
        while "\033[K" not in said:
            said += os.read(ours, 1000).decode()
    os.close(ours)
    assert said == f"\r{'█' * 15}{'·' * 15}  50% 1 lignes\r\033[K"


def test_elsewhere_the_bar_is_silent(tmp_path: Path) -> None:
    path = tmp_path / "said"
    with path.open("w") as file:
        bar = Bar(file, total=200)
        bar.move(100)
        bar.clear()
    assert path.read_text() == ""
    assert last_line(a_file(tmp_path, a_record(1), a_record(2))) == 3
