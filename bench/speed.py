"""How long one visitor waits and what a request costs, asked one after the other in this very process.

`python -m bench.speed COUNT` prints the table for the database of DATABASE_URL, which holds COUNT made-up services.
"""

import gzip
import io
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import Any
from urllib.parse import urlsplit
from wsgiref.types import WSGIApplication

from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench import processes
from bench.figures import against, percentile, shown, table
from bench.progress import Progress
from bench.scenarios import Ask, Scenario, scenarios

MOST_QUERIES = 4
# The clock of another process ticks every 10 ms: so many seconds of requests make that small.
LEAST_SECONDS, MOST_SECONDS = 1.5, 3.0
LEAST_VISITS, MOST_VISITS = 100, 3000
HEADS = ("", "p50 ms", "p95 ms", "CPU web", "CPU base", "CPU ms / but", "requêtes SQL / but", "octets")


@dataclass(frozen=True)
class Answer:
    """What came back, as it travels."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """What it says."""
        compressed = self.headers.get("content-encoding") == "gzip"
        return (gzip.decompress(self.body) if compressed else self.body).decode()


@dataclass(frozen=True)
class Measured:
    """One scenario: seconds of each visit, and per visit processor seconds here and in PostgreSQL, queries, bytes."""

    scenario: Scenario
    seconds: list[float]
    web: float
    base: float | None
    queries: int
    size: int

    @property
    def cpu(self) -> float | None:
        """Processor seconds of a visit, all programs together."""
        return None if self.base is None else self.web + self.base


def request(application: WSGIApplication, ask: Ask) -> Answer:
    """One request to the application, as a web server hands it over."""
    parts = urlsplit(ask.address)
    form = (ask.form or "").encode()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET" if ask.form is None else "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": parts.path,
        "QUERY_STRING": parts.query,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1:8000",
        "HTTP_ACCEPT_ENCODING": "gzip",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(form)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(form),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    statuses: list[str] = []
    headers: dict[str, str] = {}

    def start(status: str, given: list[tuple[str, str]], _failure: object = None) -> Callable[[bytes], object]:
        statuses.append(status)
        headers.update({name.lower(): value for name, value in given})
        return io.BytesIO().write

    chunks = application(environ, start)
    body = b"".join(chunks)
    # What a server does last; Django then gives its connection back.
    chunks.close()  # type: ignore[attr-defined]
    return Answer(int(statuses[-1].split()[0]), headers, body)


def visit(application: WSGIApplication, ask: Ask) -> Answer:
    """What a browser does with an address or a form: follow to the page that the form leads to."""
    answer = request(application, ask)
    return request(application, Ask(answer.headers["location"])) if answer.status == 303 else answer


def measure(application: WSGIApplication, scenario: Scenario) -> Measured:
    """Ask everything once to see that it is right and to count statements, then again and again to time."""
    visit(application, scenario.asks[0])
    sizes, queries = [], []
    for ask in scenario.asks:
        with CaptureQueriesContext(connection) as sent:
            answer = visit(application, ask)
        scenario.check(ask, answer.status, answer.text)
        sizes.append(len(answer.body))
        queries.append(len(sent))
    base = processes.backend()
    web_before, base_before = time.process_time(), processes.cpu_seconds(base)
    seconds = list(timed(application, scenario.asks))
    web_after, base_after = time.process_time(), processes.cpu_seconds(base)
    in_base = None if base_before is None or base_after is None else (base_after - base_before) / len(seconds)
    web = (web_after - web_before) / len(seconds)
    return Measured(scenario, seconds, web, in_base, max(queries), int(percentile(sizes, 0.5)))


def timed(application: WSGIApplication, asks: tuple[Ask, ...]) -> Iterator[float]:
    """Seconds of one visit after the other, for long enough to trust them and never for long."""
    began = time.perf_counter()
    for done, ask in enumerate(cycle(asks), 1):
        start = time.perf_counter()
        visit(application, ask)
        end = time.perf_counter()
        yield end - start
        if is_enough(done, end - began):
            return


def is_enough(visits: int, seconds: float) -> bool:
    """Whether so many visits in so much time say what one costs."""
    return visits >= MOST_VISITS or seconds >= (LEAST_SECONDS if visits >= LEAST_VISITS else MOST_SECONDS)


def row(measured: Measured) -> list[str]:
    """A scenario as a line of the table."""
    aim = measured.scenario.most_cpu
    return [
        measured.scenario.name,
        shown(percentile(measured.seconds, 0.5) * 1000),
        shown(percentile(measured.seconds, 0.95) * 1000),
        shown(measured.web * 1000),
        shown(None if measured.base is None else measured.base * 1000),
        against(None if measured.cpu is None else measured.cpu * 1000, aim),
        against(measured.queries, MOST_QUERIES, digits=0),
        shown(measured.size, 0),
    ]


def main(count: int) -> None:
    """Print the table."""
    application = get_wsgi_application()
    tell = Progress()
    rows = []
    for scenario in scenarios(count):
        tell(f"{scenario.name}…")
        rows.append(row(measure(application, scenario)))
    tell.clear()
    sys.stdout.write(table(f"Vitesse : {shown(count, 0)} fiches, une demande après l’autre", HEADS, rows))


if __name__ == "__main__":
    main(int(sys.argv[1]))
