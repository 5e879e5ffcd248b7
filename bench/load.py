"""How many visitors at once the site bears, and the memory it takes: sixteen clients, the server of `manage.py serve`.

`python -m bench.load COUNT SECONDS` prints the tables for the database of DATABASE_URL, which holds COUNT made-up
services. The clients run beside the server and take their part of its processors.
"""

import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from io import StringIO
from itertools import chain, cycle, islice
from threading import Event

import psutil
from django.conf import settings

from bench import processes, steps
from bench.figures import UNKNOWN, against, percentile, shown, table
from bench.progress import Progress
from bench.scenarios import Ask, Scenario, scenarios
from config import environment
from config.management.commands import serve

HOST = "127.0.0.1"
CLIENTS = 16
PATIENCE = 10.0  # seconds
WARM_UP = 1.0
AFTER_ERROR = 0.1
MOST_WEB_MEMORY = 200
MOST_MEMORY = 700
COMPRESSED = {"Accept-Encoding": "gzip"}
FORM = COMPRESSED | {"Content-Type": "application/x-www-form-urlencoded"}
LOAD_HEADS = ("", "visites/s", "p50 ms", "p95 ms", "visites", "erreurs / but")
MEMORY_HEADS = ("", "RSS Mo / but", "sa part Mo / but", "mesure")


@dataclass
class Tally:
    """What clients saw: seconds of each visit that went well, how many did not, and the time that it all took."""

    seconds: list[float] = field(default_factory=list)
    errors: int = 0
    elapsed: float = 0.0


@contextmanager
def site() -> Iterator[tuple[int, psutil.Process]]:
    """The web server as `make serve` starts it, on a free port; it is stopped at the end."""
    url = environment.secret("DATABASE_URL")
    if url is None:
        raise environment.WrongSetting("DATABASE_URL", "l’adresse de la base à mesurer")
    settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
    command = serve.Command(stdout=StringIO())
    command.host, command.port = HOST, free_port()
    with ExitStack() as running:
        command.be_alone(running)
        known = {"HOST": HOST, "PORT": str(command.port), "DATABASE_URL": url}
        web = command.start("web", ["-m", "config.web"], running, **known)
        command.wait_for("web", web, command.answers)
        yield command.port, psutil.Process(web.pid)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def visit(connection: HTTPConnection, ask: Ask) -> bool:
    """Ask and read all of the answer, of a form that of the page it leads to; whether it went well."""
    if ask.form is None:
        connection.request("GET", ask.address, headers=COMPRESSED)
    else:
        connection.request("POST", ask.address, body=ask.form, headers=FORM)
    answer = connection.getresponse()
    answer.read()
    location = answer.headers["Location"]
    if answer.status == 303 and location:
        return visit(connection, Ask(location))
    return answer.status == 200


def client(port: int, asks: Iterator[Ask], *, until: float, stopped: Event) -> Tally:
    """One visitor who asks again as soon as she has her answer."""
    tally = Tally()
    with closing(HTTPConnection(HOST, port, timeout=PATIENCE)) as connection:
        for ask in asks:
            start = time.perf_counter()
            if start >= until or stopped.is_set():
                break
            try:
                went_well = visit(connection, ask)
            except (OSError, HTTPException):
                connection.close()
                stopped.wait(AFTER_ERROR)
                went_well = False
            if went_well:
                tally.seconds.append(time.perf_counter() - start)
            else:
                tally.errors += 1
    return tally


def crowd(port: int, scenario: Scenario, *, seconds: float) -> Tally:
    """All clients at once, each beginning elsewhere in what is asked."""
    stopped = Event()
    began = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        try:
            tallies = [
                pool.submit(client, port, starting_at(scenario.asks, first), until=began + seconds, stopped=stopped)
                for first in range(CLIENTS)
            ]
            seen = [tally.result() for tally in tallies]
        finally:
            stopped.set()
    return Tally(
        seconds=list(chain.from_iterable(tally.seconds for tally in seen)),
        errors=sum(tally.errors for tally in seen),
        elapsed=time.perf_counter() - began,
    )


def starting_at(asks: tuple[Ask, ...], first: int) -> Iterator[Ask]:
    """The same requests over and over, from one of them on."""
    return islice(cycle(asks), first % len(asks), None)


def row(scenario: Scenario, tally: Tally) -> list[str]:
    """A scenario as a line of the table."""
    p50, p95 = (percentile(tally.seconds, share) * 1000 if tally.seconds else None for share in (0.5, 0.95))
    return [
        scenario.name,
        shown(len(tally.seconds) / tally.elapsed),
        shown(p50),
        shown(p95),
        shown(len(tally.seconds), 0),
        against(tally.errors, 0, digits=0),
    ]


def memory(web: psutil.Process) -> list[list[str]]:
    """Lines of what all that `make serve` starts uses; this process stands for `manage.py serve`, which stays too."""
    web_processes = [web, *web.children(recursive=True)]
    site = [processes.memory(process) for process in web_processes]
    starter = processes.memory(psutil.Process())
    base = [processes.memory(process) for process in processes.database()]
    rows = [
        [f"processus web {number}", against(used.resident, MOST_WEB_MEMORY, digits=0), shown(used.share, 0), used.kind]
        for number, used in enumerate(site, 1)
    ]
    rows.append(["programme qui les lance", shown(starter.resident, 0), shown(starter.share, 0), starter.kind])
    if not base:
        return [*rows, ["PostgreSQL, sur une autre machine", UNKNOWN, UNKNOWN, ""]]
    kinds = ", ".join(sorted({used.kind for used in base}))
    in_base = sum(used.share for used in base)
    total = sum(used.share for used in [*site, starter, *base])
    return [
        *rows,
        [f"PostgreSQL ({len(base)} processus)", UNKNOWN, shown(in_base, 0), kinds],
        ["tout ensemble", "", against(total, MOST_MEMORY, digits=0), ""],
    ]


def main(count: int, seconds: float) -> None:
    """Print both tables."""
    steps.end_on_signals()
    tell = Progress()
    rows = []
    with site() as (port, web):
        crowd(port, scenarios(count)[0], seconds=WARM_UP)
        for scenario in scenarios(count):
            tell(f"{scenario.name}, {CLIENTS} à la fois…")
            rows.append(row(scenario, crowd(port, scenario, seconds=seconds)))
        used = memory(web)
    tell.clear()
    services = f"{shown(count, 0)} fiches"
    sys.stdout.write(table(f"Foule : {services}, {CLIENTS} clients à la fois", LOAD_HEADS, rows))
    sys.stdout.write(table(f"Mémoire après la foule : {services}", MEMORY_HEADS, used))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
