"""Processes of the web server are replaced while people use it, and nobody's request fails."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from threading import Event, Thread
from typing import Self

import psutil
import pytest
from django.conf import settings

from config import children, environment


@pytest.fixture
def web() -> Iterator[tuple[psutil.Process, int]]:
    """A web server and its port; no database is asked for /healthz."""
    folder = settings.VAR_DIR / f"test-{os.getpid()}-web"
    (folder / "static").mkdir(parents=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    env = environment.for_child(
        HOST="127.0.0.1", PORT=str(port), ECLAIRCIE_VAR_DIR=str(folder), DJANGO_SETTINGS_MODULE="config.settings"
    )
    server = subprocess.Popen(
        [sys.executable, "-m", "config.web"], cwd=settings.BASE_DIR, env=env, start_new_session=True
    )
    process = psutil.Process(server.pid)
    yield process, port
    children.stop_session(process, patience=2)
    server.wait()
    shutil.rmtree(folder)


class Visitors:
    """People who ask for a page again and again, each on a new connection or all on one."""

    def __init__(self, port: int, *, many: int) -> None:
        self.port = port
        self.over = Event()
        self.answered = 0
        self.failures: list[str] = []
        self.threads = [Thread(target=self.visit, kwargs={"keeps": number % 2 == 0}) for number in range(many)]

    def visit(self, *, keeps: bool) -> None:
        """Until it is over."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        while not self.over.is_set():
            try:
                connection.request("GET", "/healthz")
                answer = connection.getresponse()
                answer.read()
                self.answered += answer.status == 200
                if answer.status != 200:
                    self.failures.append(str(answer.status))
                if not keeps:
                    connection.close()
            except (OSError, HTTPException) as failure:
                self.failures.append(type(failure).__name__)
                connection.close()
            time.sleep(0.01)
        connection.close()

    def __enter__(self) -> Self:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()


def wait_for_answer(port: int) -> None:
    """Until the server answers."""
    for _try in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/healthz")
    assert connection.getresponse().status == 200
    connection.close()


def test_processes_are_replaced_and_no_request_fails_nor_is_written_down(
    web: tuple[psutil.Process, int], capfd: pytest.CaptureFixture[str]
) -> None:
    server, port = web
    wait_for_answer(port)
    before = {one.pid for one in server.children()}

    with Visitors(port, many=8) as visitors:
        time.sleep(1)
        server.send_signal(signal.SIGHUP)
        limit = time.monotonic() + 60
        while before & {one.pid for one in server.children()}:
            assert time.monotonic() < limit
            time.sleep(0.1)
        time.sleep(1)

    after = {one.pid for one in server.children()}
    assert (len(before), len(after), before & after) == (2, 2, set())
    assert visitors.failures == []
    assert visitors.answered > 1000
    assert [line for stream in capfd.readouterr() for line in stream.splitlines() if "healthz" in line] == []


def test_the_server_ends_at_once(web: tuple[psutil.Process, int]) -> None:
    server, port = web
    wait_for_answer(port)
    time.sleep(2)  # both processes have loaded
    began = time.monotonic()

    server.send_signal(signal.SIGTERM)

    children.wait_for_end([server], seconds=10)
    assert children.has_ended(server)
    assert time.monotonic() - began < 3
