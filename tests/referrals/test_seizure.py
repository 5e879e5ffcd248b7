"""Somebody takes everything: what a person wrote is nowhere, and the search that says so finds what it should find."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlencode

import psutil
import psycopg
import pytest
from django.conf import settings

from config import children, postgres, seizure
from tests.referrals.post import a_free_port

TEXT = "Le canari violet chante à l’aube « sans bruit »"
PERSON = {
    "referrer": "self",
    "age_band": "15-17",
    "gender": "female",
    "departement": "93",
    "language": "fr",
    "urgency": "24h",
    "consent": "yes",
}


# --- the search -----------------------------------------------------------------------------------------------------

ENCODINGS: list[Callable[[str], bytes]] = [
    lambda text: text.encode(),
    lambda text: text.encode("utf-16-le"),
    lambda text: text.encode("utf-16"),
    lambda text: text.encode().hex().encode(),
    lambda text: quote(text).encode(),
    lambda text: urlencode({"a": text}).encode(),
    lambda text: json.dumps({"a": text}).encode(),
    lambda text: json.dumps({"a": json.dumps({"b": text})}).encode(),
    lambda text: json.dumps({"a": text}, ensure_ascii=False).encode(),
    *(lambda text, n=n: base64.b64encode(b"x" * n + text.encode() + b"yz") for n in range(4)),
    *(lambda text, n=n: base64.urlsafe_b64encode(b"x" * n + text.encode() + b"y") for n in range(4)),
]


@pytest.mark.parametrize("encode", ENCODINGS)
@pytest.mark.parametrize("text", [TEXT.replace("«", "<").replace("»", ">"), "Le canari chante", TEXT])
def test_a_text_is_found_in_every_shape_and_across_pieces(encode: Callable[[str], bytes], text: str) -> None:
    written = encode(text)
    hidden, middle = b"\0" * 1000 + written + b"\0" * 1000, len(written) // 2
    finder = seizure.Finder(seizure.shapes(text))

    for size in (1, 7, 999, 4096):
        pieces = [hidden[start : start + size] for start in range(0, len(hidden), size)]
        read, found = finder.search(pieces)
        assert (read, found != set()) == (len(hidden), True)
    assert finder.search([written[: middle - 4] + written[middle + 4 :]])[1] == set()


def test_a_text_that_stands_everywhere_is_refused() -> None:
    with pytest.raises(seizure.TooShort):
        seizure.shapes("bonjour")


# --- a real site ----------------------------------------------------------------------------------------------------


@dataclass
class Site:
    """A demonstration that runs, and how to ask it."""

    folder: Path
    port: int
    log: Path

    def post(self, path: str, body: str, *, kind: str) -> tuple[int, str, str]:
        """Status, place it leads to, and body of an answer."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request("POST", path, body=body.encode(), headers={"Content-Type": kind})
            answer = connection.getresponse()
            return answer.status, answer.headers.get("Location", ""), answer.read().decode()

    def send(self, path: str, content: dict[str, object]) -> tuple[int, str, str]:
        """JSON to the interface for programs."""
        return self.post(path, json.dumps(content), kind="application/json")

    def submit_form(self, path: str, content: dict[str, object]) -> tuple[int, str, str]:
        """A form, as a browser without JavaScript sends it."""
        return self.post(path, urlencode(content, doseq=True), kind="application/x-www-form-urlencoded")

    def get(self, path: str) -> str:
        """A page."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request("GET", path)
            return connection.getresponse().read().decode()

    def environment(self) -> dict[str, str]:
        """Its own, whatever that of the tests says."""
        ours = {
            name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_URL", "ECLAIRCIE_"))
        }
        mine = {"ECLAIRCIE_VAR_DIR": str(self.folder), "ECLAIRCIE_DEMO": "1", "TMPDIR": str(self.folder.parent / "tmp")}
        return {**ours, **mine, "PORT": str(self.port), "HOST": ""}

    def check(self, text: str, *options: str) -> tuple[int, dict[str, str]]:
        """Exit code of check_seizure, and what it says of each place."""
        done = subprocess.run(
            [sys.executable, "manage.py", "check_seizure", "--canary", text, "--log", str(self.log), *options],
            cwd=settings.BASE_DIR,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        lines = [line for line in done.stdout.splitlines() if not line.startswith("    ")]
        return done.returncode, dict(line.split(" : ", 1) for line in lines)

    def database(self) -> psycopg.Connection:
        """Straight to the tables."""
        return psycopg.connect(postgres.Cluster(self.folder / "postgresql").url, autocommit=True)

    def web_processes(self) -> set[int]:
        """Those that answer requests."""
        leader = children.remembered(self.folder / "web.json")
        assert leader is not None
        return {one.pid for one in leader.children()}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """`make serve` with its demonstration, in a folder of its own."""
    top = settings.VAR_DIR / f"test-{os.getpid()}-seizure"
    (top / "tmp").mkdir(parents=True)
    (top / "var").mkdir()
    site = Site(top / "var", a_free_port(), top / "site.log")
    with site.log.open("w") as log:
        serve = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=settings.BASE_DIR,
            env=site.environment(),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    limit = time.monotonic() + 120
    while "Le site est prêt" not in site.log.read_text(encoding="utf-8"):
        assert serve.poll() is None, site.log.read_text(encoding="utf-8")
        assert time.monotonic() < limit
        time.sleep(0.1)
    yield site
    children.stop_session(psutil.Process(serve.pid), patience=10)
    serve.wait()
    postgres.Cluster(site.folder / "postgresql").destroy()
    shutil.rmtree(top)


def test_what_a_person_wrote_is_nowhere_a_minute_later(site: Site) -> None:
    canary = f"{TEXT} {os.getpid()}"
    before = site.web_processes()

    # Written by a program, by a form without JavaScript, in a form with a mistake, and during an error of ours.
    status, _place, said = site.send("/api/v1/referrals", {**PERSON, "needs": ["ecoute"], "text": canary})
    assert status == 201
    code = json.loads(said)["code"]
    status, place, _said = site.submit_form("/fr/ecrire/", {**PERSON, "needs": "ecoute", "text": canary})
    assert (status, re.sub(r"=.*", "=…", place)) == (303, "/fr/ecrire/suite/?k=…")
    status, _place, said = site.submit_form("/fr/ecrire/", {**PERSON, "needs": "ecoute", "text": canary, "consent": ""})
    assert (status, "canari violet" in said) == (400, True)
    with site.database() as database:
        database.execute("ALTER TABLE referrals_message RENAME TO away")
        broken = [site.send("/api/v1/referrals", {**PERSON, "needs": ["ecoute"], "text": canary})]
        broken.append(site.submit_form("/fr/ecrire/", {**PERSON, "needs": "ecoute", "text": canary}))
        database.execute("ALTER TABLE away RENAME TO referrals_message")
    assert [answer[0] for answer in broken] == [500, 500]
    assert not any("canari" in answer[2] for answer in broken)
    # Read again by the same way.
    status, _place, said = site.send("/api/v1/follow-up/open", {"code": code})
    assert (status, json.loads(said)["messages"][0]["text"]) == (200, canary)
    last = time.monotonic()

    held, places = site.check(canary, "--memory")
    assert held == 1, "the search sees the memory in which the text still is"
    assert {place.split(" ")[0] for place, found in places.items() if "TROUVÉ" in found} == {"mémoire"}

    while before & site.web_processes():
        assert time.monotonic() - last < 60
        time.sleep(0.2)
    free, places = site.check(canary, "--memory")

    assert free == 0, places
    assert time.monotonic() - last < 75
    searched = {re.sub(r" \d+$", "", place) for place in places}
    assert searched == {
        "base de données",
        "WAL",
        "fichiers de la base",
        "dossier var/",
        "journaux",
        "fichiers temporaires",
        "mémoire du processus",
    }
    assert len([place for place in places if place.startswith("mémoire")]) >= 5
    # A process that ended while it was being searched says so in words.
    read = [int(found.split(" ")[0]) for place, found in places.items() if found[0].isdigit() and "temp" not in place]
    assert len(read) >= 8
    assert min(read) > 500
    assert site.check(code)[0] == 0
    log = site.log.read_text(encoding="utf-8")
    assert "psycopg.errors.UndefinedTable" in log
    assert "Traceback" not in log


def test_the_search_finds_what_is_planted_anywhere(site: Site) -> None:
    planted = "Une phrase plantée exprès par le test"
    assert site.check(planted)[0] == 0

    with site.database() as database:
        database.execute(
            "UPDATE resources_organisation SET name = %s WHERE id = (SELECT id FROM resources_organisation LIMIT 1)",
            [planted],
        )
    with site.log.open("a", encoding="utf-8") as log:
        log.write(json.dumps({"q": planted}))
    mail = site.folder / "demo" / "mail" / "new"
    mail.mkdir(parents=True, exist_ok=True)
    (mail / "1.mail").write_bytes(base64.encodebytes(b"Bonjour, " + planted.encode()).replace(b"\n", b""))
    (site.folder.parent / "tmp" / "upload").write_bytes(planted.encode("utf-16-le"))

    code, places = site.check(planted)

    assert code == 1
    # The row reaches the table's file at the next checkpoint; until then it is in WAL.
    found = {place for place, said in places.items() if "TROUVÉ" in said}
    assert found | {"fichiers de la base"} == set(places)
    assert len(places) == 6


def test_mail_of_the_demonstration_can_be_read_and_says_nothing(site: Site) -> None:
    limit = time.monotonic() + 60
    while "Un message vous attend" not in site.get("/espace/courrier-demo/"):
        assert time.monotonic() < limit
        time.sleep(0.5)

    page = site.get("/espace/courrier-demo/")

    assert f'href="http://127.0.0.1:{site.port}/espace/"' in page
    assert "canari" not in page
