"""How many can write at once, and what it costs: sealed in the browser, or by the server for those without JavaScript.

`python -m bench.sending COUNT SECONDS` prints the table for the database of DATABASE_URL, which holds COUNT old
referrals. The clients run beside the server and take their part of its processors; what they seal is sealed before.
"""

import json
import secrets
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from itertools import chain
from queue import Empty, SimpleQueue
from threading import Event

import psutil
from django.db import connection

from bench import processes, steps
from bench.figures import against, percentile, shown, table
from bench.load import HOST, PATIENCE, site
from bench.progress import Progress
from referrals import crypto, keyring, sealing, wire
from referrals.models import Referral

CLIENTS = (1, 4, 16, 64)
MOST_A_SECOND = 700  # sealed bodies made ready for each second that is measured
LEAST_SEALED, LEAST_PLAIN = 200, 25
TEXT = "Je ne sais pas à qui en parler. " * 8
FACTS = {
    "referrer": "self",
    "age_band": "15-17",
    "gender": "female",
    "departement": "93",
    "needs": ["ecoute", "hebergement"],
    "language": "fr",
    "urgency": "24h",
}
HEADERS = {"Content-Type": "application/json", "Accept-Encoding": "gzip"}
HEADS = ("", "clients", "envois/s / but", "p50 ms", "p95 ms", "CPU ms", "envois", "erreurs", "perdus")


@dataclass
class Tally:
    """Seconds of each sending that was accepted, and how many were not."""

    seconds: list[float] = field(default_factory=list)
    errors: int = 0


def plain_bodies() -> Iterator[bytes]:
    """The same words over and over; the server draws another code each time."""
    body = json.dumps({**FACTS, "danger_now": "no", "text": TEXT, "consent": "yes"}).encode()
    while True:
        yield body


def sealed_bodies(count: int) -> Iterator[bytes]:
    """What browsers send; without the code's 20 ms, which each browser spends on its own processor."""
    teams = list(keyring.addressees().values())
    asked, desk = teams[:3], [team for team in teams if team.is_duty_desk]
    for _number in range(count):
        pair = crypto.new_pair()
        context = crypto.Context(pair.public, 0, crypto.Direction.SENDER)
        message = sealing.seal_message(
            sealing.Letter(TEXT, facts=FACTS).payload(), context=context, to=[*asked, *desk], sender=pair.public
        )
        body = {
            "v": crypto.VERSION,
            "locator": wire.to_text(secrets.token_bytes(16)),
            "sender_key": wire.to_text(pair.public),
            "facts": FACTS,
            "plan": [team.slug for team in asked],
            "ciphertext": wire.to_text(message.ciphertext),
            "wraps": [
                {"to": key.to, "epoch": key.epoch, "enc": wire.to_text(key.wrap.enc), "ct": wire.to_text(key.wrap.ct)}
                for key in message.keys
            ],
        }
        yield json.dumps(body).encode()


def client(port: int, bodies: "SimpleQueue[bytes]", *, until: float, stopped: Event) -> Tally:
    """One writer after the other."""
    tally = Tally()
    with closing(HTTPConnection(HOST, port, timeout=PATIENCE)) as sender:
        while not stopped.is_set() and (start := time.perf_counter()) < until:
            try:
                sender.request("POST", "/api/v1/referrals", body=bodies.get_nowait(), headers=HEADERS)
                answer = sender.getresponse()
                answer.read()
                went_well = answer.status == 201
            except Empty:
                break
            except (OSError, HTTPException):
                sender.close()
                went_well = False
            if went_well:
                tally.seconds.append(time.perf_counter() - start)
            else:
                tally.errors += 1
    return tally


@dataclass(frozen=True)
class Measured:
    """So many clients for a while: what they saw, processor seconds of the site, and referrals on disk."""

    clients: int
    tally: Tally
    elapsed: float
    cpu: float
    kept: int


def crowd(port: int, web: psutil.Process, bodies: Iterator[bytes], *, clients: int, seconds: float) -> Measured:
    """All clients at once."""
    ready: SimpleQueue[bytes] = SimpleQueue()
    for _number, body in zip(range(int(MOST_A_SECOND * seconds)), bodies, strict=False):
        ready.put(body)
    before, cpu_before = Referral.objects.count(), site_cpu(web)
    stopped, began = Event(), time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        try:
            tallies = [
                pool.submit(client, port, ready, until=began + seconds, stopped=stopped) for _number in range(clients)
            ]
            seen = [tally.result() for tally in tallies]
        finally:
            stopped.set()
    elapsed, cpu = time.perf_counter() - began, site_cpu(web) - cpu_before
    tally = Tally(list(chain.from_iterable(one.seconds for one in seen)), sum(one.errors for one in seen))
    return Measured(clients, tally, elapsed, cpu, Referral.objects.count() - before)


def site_cpu(web: psutil.Process) -> float:
    """Processor seconds that web server and PostgreSQL have used so far."""
    server = processes.database()[:1]
    return sum(processes.cpu_of_family(leader) for leader in [web, *server])


def row(name: str, measured: Measured, *, aim: float) -> list[str]:
    """A line of the table."""
    sent = len(measured.tally.seconds)
    p50, p95 = (percentile(measured.tally.seconds, share) * 1000 if sent else None for share in (0.5, 0.95))
    return [
        name,
        shown(measured.clients, 0),
        against(sent / measured.elapsed, aim, at_least=True),
        shown(p50),
        shown(p95),
        shown(measured.cpu / sent * 1000 if sent else None),
        shown(sent, 0),
        against(measured.tally.errors, 0, digits=0),
        against(sent - measured.kept, 0, digits=0),
    ]


def main(count: int, seconds: float) -> None:
    """Print the table."""
    steps.end_on_signals()
    tell = Progress()
    rows = []
    with site() as (port, web):
        crowd(port, web, plain_bodies(), clients=2, seconds=1)
        for name, aim in (("scellé par le navigateur", LEAST_SEALED), ("scellé par le serveur", LEAST_PLAIN)):
            for clients in CLIENTS:
                tell(f"{name}, {clients} à la fois…")
                bodies = sealed_bodies(int(MOST_A_SECOND * seconds)) if aim == LEAST_SEALED else plain_bodies()
                rows.append(row(name, crowd(port, web, bodies, clients=clients, seconds=seconds), aim=aim))
    tell.clear()
    sys.stdout.write(table(f"Envois : {shown(count, 0)} demandes dans la base", HEADS, rows))
    connection.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
