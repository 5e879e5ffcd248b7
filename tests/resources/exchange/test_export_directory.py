"""The export command writes a whole file or leaves the old one, and says clearly why it cannot."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from resources.exchange import formats
from resources.exchange.formats import Format
from resources.management.commands.export_directory import Progress
from tests.builders import a_place, a_service

pytestmark = pytest.mark.django_db


def export(form: str, path: Path) -> str:
    """Run the command; what it says."""
    said = io.StringIO()
    call_command("export_directory", "--format", form, "--output", str(path), stdout=said)
    return said.getvalue()


def test_every_format_is_written(tmp_path: Path) -> None:
    """One published service with a number and a place is in each file once."""
    a_place(a_service(slug="accueil", name="Accueil", phones=["119"]))
    a_service(status="pending", name="Cachée", phones=["3919"])
    written = {}
    for name, form in formats.FORMATS.items():
        path = tmp_path / form.filename
        assert export(name, path) == f"{path} : {path.stat().st_size} octets.\n"
        written[name] = path.read_text(encoding="utf-8")
    package = json.loads(written["hsds"])
    assert {member: len(objects) for member, objects in package.items() if isinstance(objects, list)} == {
        "services": 1,
        "organizations": 1,
        "service_at_locations": 1,
        "taxonomies": 4,
        "taxonomy_terms": 39,
    }
    assert (package["version"], package["services"][0]["name"]) == ("3.1.3", "Accueil")
    assert {member: len(objects) for member, objects in json.loads(written["data-inclusion"]).items()} == {
        "structures": 1,
        "services": 1,
    }
    assert len(json.loads(written["geojson"])["features"]) == 1
    assert written["csv"].count("\n") == 2
    assert written["vcard"].count("BEGIN:VCARD") == 1


def test_csv_has_no_byte_order_mark(tmp_path: Path) -> None:
    """The first bytes are the first column's name."""
    export("csv", tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes()[:7] == b"id,slug"


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the writing breaks, the old file is untouched and nothing is left beside it."""

    def breaks(_site: str) -> Iterator[str]:
        yield "half"
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(formats.FORMATS, "csv", Format("csv", "directory.csv", "text/csv", breaks))
    path = tmp_path / "directory.csv"
    path.write_text("old")
    with pytest.raises(CommandError, match="écriture impossible"):
        export("csv", path)
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("directory.csv", "old")]


def test_wrong_places_are_named(tmp_path: Path) -> None:
    """A folder, or a folder that does not exist, in one clear line."""
    with pytest.raises(CommandError, match="est un dossier : donnez le nom d’un fichier"):
        export("csv", tmp_path)
    with pytest.raises(CommandError, match=r"Le dossier .*/nowhere n’existe pas"):
        export("csv", tmp_path / "nowhere" / "directory.csv")
    with pytest.raises(CommandError, match="invalid choice: 'xml'"):
        export("xml", tmp_path / "directory.xml")


class Terminal(io.StringIO):
    """A stream that says whether it is a terminal."""

    def __init__(self, *, real: bool) -> None:
        super().__init__()
        self.real = real

    def isatty(self) -> bool:
        """As told."""
        return self.real


@pytest.mark.parametrize(("real", "said"), [(True, "\r2.5 Mo\r\033[K"), (False, "")])
def test_progress_is_for_terminals(real: bool, said: str) -> None:  # noqa: FBT001  # a test case
    """Logs and pipes stay clean."""
    terminal = Terminal(real=real)
    progress = Progress(terminal)
    progress.shown_at -= 1
    progress.show(2_500_000)
    progress.show(2_600_000)
    progress.end()
    assert terminal.getvalue() == said
