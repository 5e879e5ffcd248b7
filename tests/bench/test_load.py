"""Clients ask until time is over, and count what went wrong."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bench.load import CLIENTS, Tally, crowd, free_port, row, starting_at
from bench.scenarios import Ask, Scenario

ASKS = (Ask("/a"), Ask("/b"), Ask("/c"))


class Site(BaseHTTPRequestHandler):
    """/broken is broken, a form leads to /found, the rest is there."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    seen: set[str]

    def do_GET(self) -> None:
        self.seen.add(self.path)
        self.answer(500 if self.path == "/broken" else 200)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(303)

    def answer(self, status: int) -> None:
        self.send_response(status)
        if status == 303:
            self.send_header("Location", "/found")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_args: object) -> None:
        """Nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    """A small site, and nothing remembered of an earlier one."""
    Site.seen = set()
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_every_client_begins_elsewhere() -> None:
    requests = starting_at(ASKS, 4)

    assert [next(requests).address for _time in range(4)] == ["/b", "/c", "/a", "/b"]


def test_visits_are_counted_for_the_time_given(port: int) -> None:
    tally = crowd(port, Scenario("pages", (*ASKS, Ask("/search", "q=x")), "", 0), seconds=0.3)

    assert tally.errors == 0
    assert len(tally.seconds) >= CLIENTS
    assert 0.3 <= tally.elapsed < 3
    assert Site.seen == {"/a", "/b", "/c", "/found"}


def test_an_answer_that_went_wrong_is_an_error(port: int) -> None:
    tally = crowd(port, Scenario("cassé", (Ask("/broken"),), "", 0), seconds=0.1)

    assert tally.seconds == []
    assert tally.errors >= CLIENTS


def test_a_site_that_is_not_there_is_asked_a_few_times_only() -> None:
    tally = crowd(free_port(), Scenario("absent", ASKS, "", 0), seconds=0.3)

    assert tally.seconds == []
    assert CLIENTS <= tally.errors <= CLIENTS * 4


def test_a_line_shows_how_many_were_served() -> None:
    scenario = Scenario("pages", ASKS, "", 0)

    assert row(scenario, Tally([0.010] * 19 + [0.050], errors=0, elapsed=2.0)) == [
        "pages", "10,0", "10,0", "10,0", "20", "0 / 0 ✓",
    ]  # fmt: skip
    assert row(scenario, Tally([], errors=7, elapsed=2.0)) == ["pages", "0,0", "–", "–", "0", "7 / 0 ✗"]
