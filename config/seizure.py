"""What somebody finds who takes everything: a text, in all shapes that programs give it, in all places that keep bytes.

It is looked for in the whole database, in the files under it (WAL and rows that are no longer visible included), in
all that the site writes, in temporary files, and in the memory of its processes.
"""

import base64
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus

import psutil
import psycopg
from django.conf import settings
from django.db import connection
from psycopg import sql

from config import children, postgres

SHORTEST = 12  # in bytes: shorter texts stand everywhere by chance
CHUNK = 1 << 20
PROCESSES = ("web", "worker", "mail")
_TABLES = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
ORDER BY 1, 2
"""
# Binary: nothing is escaped. Some types of the catalogue have no binary form.
AS_STORED = sql.SQL("COPY (SELECT * FROM {}) TO STDOUT (FORMAT binary)")
AS_TEXT = sql.SQL("COPY (SELECT t::text FROM {} t) TO STDOUT")
# What PostgreSQL itself remembers of columns and of statements.
_VIEWS = (("pg_catalog", "pg_stats"), ("pg_catalog", "pg_stat_activity"))


class TooShort(ValueError):
    """A text that would be found by chance."""


@dataclass(frozen=True, slots=True)
class Searched:
    """A place: how many bytes were read there, and in which shapes the text was found, each with where."""

    place: str
    size: int
    found: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Closed:
    """A place that could not be read, and why."""

    place: str
    reason: str


def shapes(text: str) -> dict[str, bytes]:
    """The text as programs write it. Raises TooShort."""
    plain = text.encode()
    if len(plain) < SHORTEST:
        raise TooShort
    written = {
        "UTF-8": plain,
        "UTF-16 LE": text.encode("utf-16-le"),
        "UTF-16 BE": text.encode("utf-16-be"),
        "Latin-1": text.encode("latin-1", "replace"),
        "hexa": plain.hex().encode(),
        "HEXA": plain.hex().upper().encode(),
        "%": quote(text, safe="").encode(),
        "+": quote_plus(text).encode(),
        r"\u": json.dumps(text)[1:-1].encode(),
        r"\\u": json.dumps(json.dumps(text))[3:-3].encode(),
    }
    for offset in range(3):
        for name, alphabet in (("base64", base64.b64encode), ("base64url", base64.urlsafe_b64encode)):
            written[f"{name} {offset}"] = in_the_middle(plain, offset=offset, encode=alphabet)
    return written


def in_the_middle(plain: bytes, *, offset: int, encode: Callable[[bytes], bytes]) -> bytes:
    """What is always left of a text in base64, so many bytes after a multiple of three, whatever is around it."""
    first, last = -(-offset * 8 // 6), (offset + len(plain)) * 8 // 6
    return encode(bytes(offset) + plain)[first:last]


class Finder:
    """Reads pieces one after the other, and sees what stands across their ends."""

    def __init__(self, wanted: dict[str, bytes]) -> None:
        self.wanted = wanted
        self.reach = max(map(len, wanted.values())) - 1

    def search(self, pieces: Iterable[bytes]) -> tuple[int, set[str]]:
        """How many bytes there were, and the shapes found in them."""
        size, found, before = 0, set(), b""
        for piece in pieces:
            size += len(piece)
            seen = before + piece
            found |= {name for name, shape in self.wanted.items() if shape in seen}
            before = seen[-self.reach :]
        return size, found

    def place(self, name: str, parts: Iterable[tuple[str, Iterable[bytes]]]) -> Searched:
        """A place made of several parts."""
        total, found = 0, []
        for part, pieces in parts:
            size, seen = self.search(pieces)
            total += size
            found += [f"{part} ({', '.join(sorted(seen))})"] if seen else []
        return Searched(name, total, tuple(found))


def everywhere(text: str, *, logs: Iterable[Path] = (), memory: bool = False) -> Iterator[Searched | Closed]:
    """Each place in turn. Raises TooShort."""
    finder = Finder(shapes(text))
    yield finder.place("base de données", tables())
    yield from database_files(finder)
    yield finder.place("dossier var/", files_in(settings.VAR_DIR, without=cluster().home))
    yield finder.place("journaux", ((str(path), pieces_of(path)) for path in logs))
    yield finder.place("fichiers temporaires", temporary_files())
    if memory:
        yield from memories(finder)


# --- the database ---------------------------------------------------------------------------------------------------


def tables() -> Iterator[tuple[str, Iterable[bytes]]]:
    """Every table as a dump holds it, and what the server remembers of columns and statements."""
    connection.ensure_connection()
    raw: psycopg.Connection = connection.connection
    with psycopg.Cursor(raw) as cursor:
        names = cursor.execute(_TABLES).fetchall()
    for schema, name in names:
        yield f"{schema}.{name}", rows_of(raw, AS_STORED, schema, name)
    for schema, name in _VIEWS:
        yield f"{schema}.{name}", rows_of(raw, AS_TEXT, schema, name)


def rows_of(raw: psycopg.Connection, copy: sql.SQL, schema: str, name: str) -> Iterator[bytes]:
    """The rows of a table or view."""
    with psycopg.Cursor(raw) as cursor, cursor.copy(copy.format(sql.Identifier(schema, name))) as rows:
        for piece in rows:
            yield bytes(piece)


def cluster() -> postgres.Cluster:
    """The server in var/, whether it is the one in use or not."""
    return postgres.Cluster(settings.VAR_DIR / "postgresql")


def database_files(finder: Finder) -> Iterator[Searched | Closed]:
    """The files of a server in var/; those of another machine are out of reach from here."""
    ours = cluster()
    if not ours.home.exists():
        reason = "le serveur n’est pas dans var/ ; cherchez dans pg_wal et base/ sur sa machine"
        yield Closed("WAL et fichiers de la base", reason)
        return
    wal = ours.data / "pg_wal"
    yield finder.place("WAL", files_in(wal))
    yield finder.place("fichiers de la base", files_in(ours.data, without=wal))


# --- files ----------------------------------------------------------------------------------------------------------


def files_in(folder: Path, *, without: Path | None = None) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Every file below a folder, except below another one."""
    for place, _folders, names in os.walk(folder):
        if without is not None and Path(place).is_relative_to(without):
            continue
        for name in sorted(names):
            path = Path(place, name)
            if path.is_file() and not path.is_symlink():
                yield str(path), pieces_of(path)


def pieces_of(path: Path) -> Iterator[bytes]:
    """A file in pieces; one that goes away meanwhile has nothing to say."""
    with suppress(FileNotFoundError, PermissionError), path.open("rb") as file:
        while piece := file.read(CHUNK):
            yield piece


def temporary_files() -> Iterator[tuple[str, Iterable[bytes]]]:
    """Files of ours in the temporary folder that were written since the site started, and deleted ones that are still
    open."""
    processes = family()
    since = min((process.create_time() for process in processes), default=0)
    for name, pieces in files_in(Path(tempfile.gettempdir())):
        with suppress(FileNotFoundError):
            facts = Path(name).stat()
            if facts.st_uid == os.getuid() and facts.st_mtime >= since:
                yield name, pieces
    for process in processes:
        yield from deleted_files_of(process)


def deleted_files_of(process: psutil.Process) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Files without a name that a process holds open (Linux)."""
    folder = Path(f"/proc/{process.pid}/fd")
    with suppress(OSError):
        for one in sorted(folder.iterdir()):
            if "(deleted)" in str(one.readlink()) and one.is_file():
                yield str(one), pieces_of(one)


# --- memory ---------------------------------------------------------------------------------------------------------


def family() -> list[psutil.Process]:
    """The processes that `make serve` started here, and theirs."""
    leaders = [children.remembered(settings.VAR_DIR / f"{name}.json") for name in PROCESSES]
    return [one for leader in leaders if leader is not None for one in (leader, *children.family_of(leader))]


def memories(finder: Finder) -> Iterator[Searched | Closed]:
    """What the processes of the site hold (Linux)."""
    processes = family()
    if not processes:
        yield Closed("mémoire", "aucun processus du site ne tourne dans ce dossier")
    for process in processes:
        name = f"mémoire du processus {process.pid}"
        try:
            yield finder.place(name, [(name, memory_of(process.pid))])
        except OSError as refusal:
            yield Closed(name, f"{type(refusal).__name__} : il faut Linux, et le même compte ou root")


def memory_of(pid: int) -> Iterator[bytes]:
    """Every region that can be read. Raises OSError when none can."""
    regions = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8", errors="replace").splitlines()
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for region in regions:
            span, rights, *_rest = region.split()
            start, end = (int(part, 16) for part in span.split("-"))
            if rights.startswith("r") and "[v" not in region:
                # Regions go away while they are read.
                with suppress(OSError, OverflowError, ValueError):
                    memory.seek(start)
                    yield memory.read(end - start)
