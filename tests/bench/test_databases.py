"""Prepared databases are kept as long as nothing changed that decides their content."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from psycopg import sql

from bench import databases
from config.database import parts_of
from tests.referrals.post import url_of_the_test_database

NAME = "eclaircie_bench_test"


@pytest.fixture
def server(django_db_setup: None) -> Iterator[str]:
    """The address of the server that the tests run on."""
    url = url_of_the_test_database()
    yield url
    with psycopg.connect(url, autocommit=True) as other:
        other.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(NAME)))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ana:p%40ss%2Fword@db.example.org:5433/site?sslmode=require",
        "postgresql://ana:p%40ss%2Fword@db.example.org:5433/?dbname=site&sslmode=require",
    ],
)
def test_another_database_of_the_same_server(url: str) -> None:
    assert parts_of(databases.address(url, "autre base")) == {
        "user": "ana",
        "password": "p@ss/word",
        "host": "db.example.org",
        "port": "5433",
        "dbname": "autre base",
        "sslmode": "require",
    }


def test_the_address_of_a_socket_in_a_folder_with_spaces() -> None:
    url = "postgresql://eclaircie@/eclaircie?host=/srv/mon%20dossier/socket"

    assert parts_of(databases.address(url, NAME))["host"] == "/srv/mon dossier/socket"


def test_every_file_that_decides_is_there() -> None:
    for pattern in databases.DECIDING:
        assert list(settings.BASE_DIR.glob(pattern)), pattern


def test_the_mark_changes_with_what_it_stands_for(tmp_path: Path) -> None:
    migrations = tmp_path / "resources" / "migrations"
    migrations.mkdir(parents=True)
    (migrations / "0001_begin.py").write_text("one", encoding="utf-8")
    marks = [databases.mark(tmp_path), databases.mark(tmp_path)]

    (tmp_path / "README.md").write_text("decides nothing", encoding="utf-8")
    marks.append(databases.mark(tmp_path))
    assert len(set(marks)) == 1

    (migrations / "0001_begin.py").write_text("two", encoding="utf-8")
    marks.append(databases.mark(tmp_path))
    (migrations / "0001_begin.py").rename(migrations / "0002_begin.py")
    marks.append(databases.mark(tmp_path))
    (migrations / "0003_more.py").write_text("", encoding="utf-8")
    marks.append(databases.mark(tmp_path))
    assert len(set(marks)) == 4


def test_a_database_is_finished_when_it_bears_its_mark(server: str) -> None:
    assert databases.mark_of(server, NAME) is None

    databases.create(server, NAME)
    unfinished = databases.mark_of(server, NAME)
    databases.set_mark(server, NAME, "abc")

    assert unfinished is None
    assert databases.mark_of(server, NAME) == "abc"
    databases.create(server, NAME)
    assert databases.mark_of(server, NAME) is None


def test_a_server_that_refuses_is_one_line(server: str) -> None:
    with pytest.raises(databases.CannotPrepare, match=r"\ABase template1 : .+\Z"):
        databases.create(server, "template1")
