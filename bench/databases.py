"""The databases that are measured: made once, kept, and made anew when anything that decides their content changes."""

import hashlib
from collections.abc import Iterator, Sequence
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
DECIDING_REFERRALS = (
    "bench/synthetic_referrals.py",
    "referrals/crypto.py",
    "referrals/keyring.py",
    "accounts/migrations/*.py",
    "referrals/migrations/*.py",
    "resources/migrations/*.py",
)
_MARK = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"


class CannotPrepare(SystemExit):
    """Ends the process with one line on what the database server refuses."""

    def __init__(self, what: str, refusal: psycopg.Error) -> None:
        super().__init__(f"{what} : {str(refusal).strip().splitlines()[0]}")


@contextmanager
def server() -> Iterator[str]:
    """The address of a PostgreSQL server: that of DATABASE_URL, else our own for as long as it is needed."""
    url = environment.secret("DATABASE_URL")
    if url is not None:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError as refusal:
            raise CannotPrepare("La base de DATABASE_URL ne répond pas", refusal) from None
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
    found = empty(url, STARTER)
    steps.run(steps.MANAGE, "load_directory", STARTER_DIRECTORY, url=found)
    steps.run(steps.MANAGE, "load_pages", url=found)
    return found


def made_up(url: str, count: int, *, fresh: bool) -> str:
    """The address of a database with so many made-up services, the one of an earlier run if nothing changed."""
    name = f"{PREFIX}{count}"
    expected = mark(settings.BASE_DIR)
    if not fresh and mark_of(url, name) == expected:
        return address(url, name)
    found = empty(url, name)
    steps.run("-m", "bench.synthetic", str(count), url=found)
    # Last of all: a database whose making was interrupted has no mark.
    set_mark(url, name, expected)
    return found


def written(url: str, count: int, *, fresh: bool) -> str:
    """The address of a database with associations that can be written to and so many old referrals; sending adds to
    it, so it is taken again only when what was added is little."""
    name = f"{PREFIX}referrals_{count}"
    expected = mark(settings.BASE_DIR, deciding=DECIDING_REFERRALS)
    if not fresh and mark_of(url, name) == expected:
        return address(url, name)
    found = empty(url, name)
    steps.run("-m", "bench.synthetic_referrals", str(count), url=found)
    set_mark(url, name, expected)
    return found


def empty(url: str, name: str) -> str:
    """The address of a database with tables, communes and no service, in the place of the one of that name."""
    create(url, name)
    found = address(url, name)
    steps.run(steps.MANAGE, "migrate", "--verbosity", "0", url=found)
    steps.run(steps.MANAGE, "load_communes", url=found)
    return found


def create(url: str, name: str) -> None:
    """A database without anything, in the place of the one of that name."""
    try:
        run(url, sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
        run(url, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    except psycopg.Error as refusal:
        raise CannotPrepare(f"Base {name}", refusal) from None


def mark(root: Path, *, deciding: Sequence[str] = DECIDING) -> str:
    """All that decides the content of a database, as one short text; `root` is the project's folder."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in deciding for path in root.glob(pattern)):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def mark_of(url: str, name: str) -> str | None:
    """The mark of a finished database; None when there is none."""
    with psycopg.connect(url) as connection:
        found = connection.execute(_MARK, [name]).fetchone()
    return found[0] if found else None


def set_mark(url: str, name: str, text: str) -> None:
    """Say that a database is finished, and what it was made from."""
    run(url, sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(text)))


def run(url: str, statement: sql.Composed) -> None:
    """One statement that no transaction may hold."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)
