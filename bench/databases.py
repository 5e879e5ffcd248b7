"""The databases that are measured: made once, kept, and made anew when anything that decides their content changes."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg
from django.conf import settings
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from bench import steps
from config import environment, postgres

PREFIX = "eclaircie_bench_"
STARTER = f"{PREFIX}starter"
STARTER_DIRECTORY = "resources/data/services_idf.csv"
# The generator with its seed, what it asks of the product, and the schema.
DECIDING = (
    "bench/synthetic.py",
    "resources/indexing.py",
    "resources/text.py",
    "resources/vocabulary.py",
    "resources/ranking/features.py",
    "resources/data/communes*.csv",
    "resources/data/synonyms_fr.csv",
    "resources/data/topics_fr.csv",
    "accounts/migrations/*.py",
    "resources/migrations/*.py",
)
_MARK = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"


@contextmanager
def server() -> Iterator[str]:
    """The address of a PostgreSQL server: that of DATABASE_URL, else our own for as long as it is needed."""
    url = environment.secret("DATABASE_URL")
    if url is not None:
        yield url
        return
    cluster = postgres.in_use()
    cluster.start(dies_with_us=True)
    try:
        yield cluster.url
    finally:
        cluster.stop()


def address(url: str, name: str) -> str:
    """The address of another database of the same server."""
    parts = {**conninfo_to_dict(url), "dbname": name}
    return f"postgresql:///?{urlencode(parts, quote_via=quote)}"


def starter(url: str) -> str:
    """The address of a database with the real starter directory, made anew every time."""
    create(url, STARTER)
    found = address(url, STARTER)
    steps.run(steps.manage(), "migrate", "--verbosity", "0", url=found)
    steps.run(steps.manage(), "load_communes", url=found)
    steps.run(steps.manage(), "load_directory", STARTER_DIRECTORY, url=found)
    return found


def made_up(url: str, count: int, *, fresh: bool) -> str:
    """The address of a database with so many made-up services, the one of an earlier run if nothing changed."""
    name = f"{PREFIX}{count}"
    found, expected = address(url, name), mark()
    if not fresh and mark_of(url, name) == expected:
        return found
    create(url, name)
    steps.run(steps.manage(), "migrate", "--verbosity", "0", url=found)
    steps.run(steps.manage(), "load_communes", url=found)
    steps.run("-m", "bench.synthetic", str(count), url=found)
    # Last of all: a database whose making was interrupted has no mark.
    run(url, sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(expected)))
    return found


def mark() -> str:
    """What the content depends on, as one short text."""
    digest = hashlib.sha256()
    for path in deciding():
        digest.update(path.relative_to(settings.BASE_DIR).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def deciding() -> list[Path]:
    """The files on which the content depends, migrations included."""
    return sorted(path for pattern in DECIDING for path in Path(settings.BASE_DIR).glob(pattern))


def mark_of(url: str, name: str) -> str | None:
    """The mark of a finished database; None when there is none."""
    with psycopg.connect(url) as connection:
        found = connection.execute(_MARK, [name]).fetchone()
    return found[0] if found else None


def create(url: str, name: str) -> None:
    """An empty database in the place of the one of that name."""
    run(url, sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
    run(url, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def run(url: str, statement: sql.Composed) -> None:
    """One statement that no transaction may hold."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)
