"""Whether the time of an answer tells that a code is known: `python -m bench.telling_apart`, on a database with teams.

Known and unknown codes are asked by turns in random order, over HTTP, on the server of `make serve`. A pair of medians
that differ by less than their noise, and a known answer that comes later than an unknown one half of the time, are what
«cannot be told apart» means.
"""

import json
import random
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlencode

from django.db import connection
from django.utils import timezone

from bench import steps
from bench.figures import percentile, shown, table
from bench.load import HOST, PATIENCE, site
from bench.progress import Progress
from bench.sending import TEXT
from referrals import codes, keyring, lifecycle, sealing, tickets, wire
from resources import moderation
from resources.facts import Json
from resources.models import Proposal

PAIRS = 200
KNOWN = 25
SEED = 2026
HEADS = ("", "p50 connu ms", "p50 inconnu ms", "écart ms", "p95 connu", "p95 inconnu", "connu après inconnu %")
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

Door = Callable[[HTTPConnection, codes.Code], float]


def referral_codes() -> list[codes.Code]:
    """Codes of referrals that wait for a team."""
    teams = list(keyring.addressees().values())[:1]
    kept = []
    for _number in range(KNOWN):
        code, sealed = sealing.seal_first(sealing.Letter(TEXT), to=teams)
        lifecycle.submit(sealed, plan=teams, urgency="week", at=timezone.now())
        kept.append(code)
    return kept


def made_up(number: int) -> dict[str, Json]:
    """A service that is not there."""
    return {"name": f"Adresse {number}", "organisation": "Organisme inventé", "kind": "association"}


def proposal_codes() -> list[codes.Code]:
    """Codes of proposals of visitors."""
    origin = moderation.Origin(Proposal.Origin.VISITOR, said="")
    return [
        tickets.give(moderation.propose_new(after=made_up(number), origin=origin, on=timezone.localdate()))
        for number in range(KNOWN)
    ]


def seconds_of(
    site: HTTPConnection, method: str, address: str, body: str, headers: dict[str, str]
) -> tuple[float, str]:
    """How long an answer took, to its last byte, and where it leads."""
    start = time.perf_counter()
    site.request(method, address, body=body or None, headers=headers)
    answer = site.getresponse()
    answer.read()
    return time.perf_counter() - start, answer.headers["Location"] or ""


def by_code(site: HTTPConnection, code: codes.Code) -> float:
    """JSON, the server opens."""
    return seconds_of(site, "POST", "/api/v1/follow-up/open", json.dumps({"code": code.words()}), JSON)[0]


def by_locator(site: HTTPConnection, code: codes.Code) -> float:
    """JSON, the browser opens."""
    locator = wire.to_text(code.secrets(salt=sealing.site_salt()).locator)
    return seconds_of(site, "POST", "/api/v1/follow-up/open", json.dumps({"locator": locator}), JSON)[0]


def salt(site: HTTPConnection, code: codes.Code) -> float:
    """The server's half of the sender's key."""
    locator = wire.to_text(code.secrets(salt=sealing.site_salt()).locator)
    return seconds_of(site, "POST", "/api/v1/follow-up/salt", json.dumps({"locator": locator}), JSON)[0]


def by_page(address: str) -> Door:
    """The page without a script: the form, then where it leads."""

    def door(site: HTTPConnection, code: codes.Code) -> float:
        _sent, there = seconds_of(site, "POST", address, urlencode({"code": code.words()}), FORM)
        return seconds_of(site, "GET", there, "", {})[0]

    return door


def rows() -> Iterator[tuple[str, Door, list[codes.Code]]]:
    """Each door with codes that it knows."""
    sent, proposed = referral_codes(), proposal_codes()
    yield "suivi, JSON, code", by_code, sent
    yield "suivi, JSON, repère (le navigateur ouvre)", by_locator, sent
    yield "suivi, JSON, sel", salt, sent
    yield "suivi, page", by_page("/fr/suivi/"), sent
    yield "proposition, page", by_page("/fr/annuaire/proposer/suite/"), proposed


def measure(port: int, name: str, door: Door, known: list[codes.Code]) -> list[str]:
    """A line of the table."""
    asked = [(True, known[number % KNOWN]) for number in range(PAIRS)]
    asked += [(False, codes.Code(secrets.randbits(codes.BITS))) for _number in range(PAIRS)]
    random.Random(SEED).shuffle(asked)
    took: dict[bool, list[float]] = {True: [], False: []}
    with closing(HTTPConnection(HOST, port, timeout=PATIENCE)) as client:
        for is_known, code in [*asked[:20], *asked]:
            took[is_known].append(door(client, code))
    (known_50, known_95), (unknown_50, unknown_95) = (
        [percentile(took[is_known], share) * 1000 for share in (0.5, 0.95)] for is_known in (True, False)
    )
    later = sum(one > other for one in took[True] for other in took[False]) / (len(took[True]) * len(took[False]))
    figures = [known_50, unknown_50, known_50 - unknown_50, known_95, unknown_95]
    return [name, *(shown(figure, 2) for figure in figures), shown(later * 100, 1)]


def main() -> None:
    """Print the table."""
    steps.end_on_signals()
    tell = Progress()
    lines = []
    with site() as (port, _web):
        for name, door, known in rows():
            tell(f"{name}…")
            lines.append(measure(port, name, door, known))
    tell.clear()
    sys.stdout.write(table(f"Codes connus et inconnus, {PAIRS} de chaque", HEADS, lines))
    connection.close()


if __name__ == "__main__":
    main()
