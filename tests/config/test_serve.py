"""`make serve` as a person lives it: started, stopped, killed, started again. Real processes, one folder for all."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import psutil
import pytest
from django.conf import settings

from config import children, postgres

SERVE = [sys.executable, "manage.py", "serve"]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """An empty var/ of the tests' own."""
    folder = settings.VAR_DIR / f"test-{os.getpid()}-serve"
    folder.mkdir(parents=True)
    yield folder
    postgres.Cluster(folder / "postgresql").destroy()
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(folder: Path, port: int) -> dict[str, str]:
    """That of a person who only chose a port."""
    theirs = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_URL", "ECLAIRCIE_"))}
    return {**theirs, "ECLAIRCIE_VAR_DIR": str(folder), "PORT": str(port), "HOST": ""}


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(folder: Path, port: int) -> Iterator[Start]:
    """Starts a site and waits until it says that it is ready; whatever a failed test leaves is stopped."""
    sites: list[subprocess.Popen[str]] = []

    def started(*command: str) -> subprocess.Popen[str]:
        site = subprocess.Popen(
            command or SERVE,
            cwd=settings.BASE_DIR,
            env=environment(folder, port),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        sites.append(site)
        assert site.stdout is not None
        said = []
        for line in site.stdout:
            said.append(line)
            if "Le site est prêt" in line:
                return site
        pytest.fail("".join(said))

    yield started
    for site in sites:
        if site.poll() is None:
            end(site, signal.SIGTERM)


def end(site: subprocess.Popen[str], number: signal.Signals) -> int:
    """Send a signal and wait; the exit code."""
    site.send_signal(number)
    assert site.stdout is not None
    with site.stdout as rest:
        rest.read()
    return site.wait(timeout=10)


def still_running(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that have not ended a few seconds later."""
    children.wait_for_end(processes, seconds=8)
    return [process for process in processes if not children.has_ended(process)]


def get(port: int, path: str) -> HTTPResponse:
    """The answer to a page, read."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer


def test_a_wrong_port_and_a_taken_port_are_one_line(folder: Path, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)):
        taken = subprocess.run(
            SERVE, cwd=settings.BASE_DIR, env=environment(folder, port), capture_output=True, text=True, check=False
        )

    assert taken.returncode == 1
    assert re.fullmatch(
        rf"CommandError: Le port {port} de 127\.0\.0\.1 n’est pas libre \(.+\)\. "
        rf"Essayez « PORT={port + 1} make serve »\.\n",
        taken.stderr,
    )


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])  # of documentation: nobody is asked for them
def test_an_address_of_another_machine_is_one_line(folder: Path, port: int, host: str) -> None:
    refused = subprocess.run(
        SERVE,
        cwd=settings.BASE_DIR,
        env={**environment(folder, port), "HOST": host},
        capture_output=True,
        text=True,
        check=False,
    )

    assert refused.returncode == 1
    assert refused.stderr == f"CommandError: HOST : cette machine n’a pas l’adresse {host}.\n"


def test_ctrl_c_stops_everything_at_once(start: Start, folder: Path, port: int) -> None:
    site = start()
    family = psutil.Process(site.pid).children(recursive=True)
    second = subprocess.run(
        SERVE, cwd=settings.BASE_DIR, env=environment(folder, port), capture_output=True, text=True, check=False
    )

    assert get(port, "/readyz").status == 200
    assert (second.returncode, second.stderr) == (1, "CommandError: Le site tourne déjà dans ce dossier.\n")
    assert end(site, signal.SIGINT) == 0
    assert len(family) > 5
    assert still_running(family) == []
    assert [name for name in ("web", "worker") if (folder / f"{name}.json").exists()] == []


def test_static_files_are_kept_for_ever_and_pages_never(start: Start, folder: Path, port: int) -> None:
    site = start()
    names = json.loads((folder / "static" / "staticfiles.json").read_text(encoding="utf-8"))["paths"]

    file, page = get(port, f"/static/{names['site.css']}"), get(port, "/fr/")

    assert re.fullmatch(r"site\.[0-9a-f]{12}\.css", names["site.css"])
    assert file.headers["Cache-Control"] == "max-age=315360000, public, immutable"
    assert file.headers["Access-Control-Allow-Origin"] is None
    assert (page.status, page.headers["Cache-Control"], page.headers["Set-Cookie"]) == (200, "no-store", None)
    assert end(site, signal.SIGTERM) == 0


def test_a_killed_site_starts_again(start: Start, folder: Path, port: int) -> None:
    site = start()
    family = psutil.Process(site.pid).children(recursive=True)
    assert end(site, signal.SIGKILL) == -signal.SIGKILL
    if sys.platform == "linux":
        assert still_running(family) == []
    # What another system leaves: programs that nobody watches.
    orphans = [subprocess.Popen(["sleep", "60"], start_new_session=True) for _one in range(2)]
    for orphan, name in zip(orphans, ("web", "worker"), strict=True):
        children.remember(orphan.pid, folder / f"{name}.json")

    again = start()

    assert get(port, "/readyz").status == 200
    assert [orphan.wait(timeout=1) for orphan in orphans] == [-signal.SIGTERM] * 2
    assert end(again, signal.SIGTERM) == 0


def test_an_orphaned_database_is_taken_over(start: Start, folder: Path) -> None:
    left = postgres.Cluster(folder / "postgresql")
    left.start()
    server = left.server()
    assert server is not None

    site = start()

    assert left.server() == server
    assert end(site, signal.SIGINT) == 0
    assert still_running([server]) == []
    left.stop()


def test_the_site_ends_with_the_program_that_started_it(start: Start) -> None:
    # What `kill -9` of make does. The shell stands for make: it waits for its child, and forwards nothing.
    shell = start("sh", "-c", '"$@"; exit', "sh", *SERVE, "--with-parent")
    family = psutil.Process(shell.pid).children(recursive=True)

    assert end(shell, signal.SIGKILL) == -signal.SIGKILL

    assert len(family) > 5
    assert still_running(family) == []


def test_the_worker_is_watched_and_ends_in_one_line(start: Start, folder: Path) -> None:
    site = start()
    worker = children.remembered(folder / "worker.json")
    assert worker is not None
    assert worker.cmdline()[-2:] == ["manage.py", "work"]
    family = psutil.Process(site.pid).children(recursive=True)

    worker.kill()

    assert site.stdout is not None
    with site.stdout as rest:
        said = rest.read()
    assert (site.wait(timeout=10), said.splitlines()[-1]) == (1, "CommandError: Arrêté de lui-même : worker.")
    assert still_running(family) == []
