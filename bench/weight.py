"""What each public page weighs and when it shows on a bad telephone; with Lighthouse where Node can be had.

`python -m bench.weight` prints the table for the database of DATABASE_URL, which holds the real starter directory.
Chromium sees 400 ms to the server and back, 400 kb/s, and a processor four times as slow, with nothing kept. Lighthouse
12 asks as a telephone does. It is installed in the folder of the benchmarks from its own lock, once. Words after the
command name the pages to look at; without, it is all of them.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.db import connection
from django.urls import reverse
from django.utils import timezone, translation
from playwright.sync_api import Browser, sync_playwright

from bench import steps, synthetic_referrals
from bench.browsers import program
from bench.figures import UNKNOWN, against, percentile, shown, table
from bench.load import HOST, site
from bench.progress import Progress
from bench.readability import QUESTIONS, Sentences
from referrals.answers import Answers
from referrals.models import Partner
from referrals.questions import LETTER
from resources.models import Service

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
TELEPHONE = {"width": 360, "height": 740}
NETWORK = {
    "offline": False,
    "latency": 400,
    "downloadThroughput": 50_000,
    "uploadThroughput": 50_000,
}  # ms, bytes a second
SLOWER = 4
TIMES = 3
MOST_BYTES, MOST_REQUESTS, MOST_MILLISECONDS = 14 * 1024, 3, 1000
LEAST_SCORE = 100
SCORES = ("performance", "accessibility", "best-practices")
LOCKED = settings.BASE_DIR / "bench" / "lighthouse"
PATIENCE = 120  # seconds; Lighthouse takes some ten
HEADS = ("", "octets d’abord / but", "requêtes / but", "premier affichage ms / but", "ensuite octets", *SCORES)
SEEN = """() => {
    const [page] = performance.getEntriesByType("navigation");
    const others = performance.getEntriesByType("resource").filter(({ name }) => name.startsWith("http"));
    const paint = performance.getEntriesByName("first-contentful-paint")[0];
    const first = others.filter(({ startTime }) => startTime < page.domContentLoadedEventEnd);
    const bytes = (list) => list.reduce((sum, one) => sum + one.encodedBodySize, 0);
    const atFirst = page.encodedBodySize + bytes(first);
    return [atFirst, 1 + others.length, paint ? paint.startTime : -1, bytes(others) - bytes(first)];
}"""


@dataclass(frozen=True)
class Weight:
    """Bytes of what comes before a page can be used, requests in all, milliseconds to the first paint, bytes after."""

    first: int
    requests: int
    paint: float
    later: int


def addresses(port: int) -> Iterator[tuple[str, str]]:
    """Pages in the order in which somebody meets them, in French, then the first ones in English."""
    home = reverse("resources:home")
    yield "accueil", home
    links = Sentences(asked(port, home)).links
    for path in dict.fromkeys(urlsplit(link).path for link in links if link.startswith(home) and "?" not in link):
        if path != home:
            yield path.removeprefix(home).strip("/"), path
    slug = Service.objects.published().order_by("slug").values_list("public_id", flat=True)[0]
    yield "20 résultats", f"{reverse('resources:directory')}?need=n1"
    yield "une adresse", reverse("resources:service", args=[slug])
    yield "proposer", reverse("referrals:suggest")
    yield from writing(port)
    with translation.override("en"):
        yield "accueil (en)", reverse("resources:home")
        yield "20 résultats (en)", f"{reverse('resources:directory')}?need=n1"


def writing(port: int) -> Iterator[tuple[str, str]]:
    """A question, the letter, the code."""
    write = reverse("referrals:write")
    answers = {"referrer": "self", **{name: value for said in QUESTIONS.values() for name, value in said.items()}}
    yield "écrire : danger", f"{write}?pour=moi"
    yield "écrire : la lettre", f"{write}?e={Answers(LETTER, answers).token(at=timezone.now())}"
    yield "écrire : le code", sent(port, write, {**answers, "text": "Bonjour.", "consent": "yes"})
    yield "pro : adresser", reverse("referrals:professional")


def asked(port: int, path: str) -> str:
    """A page as text."""
    server = HTTPConnection(HOST, port)
    server.request("GET", path)
    return server.getresponse().read().decode()


def sent(port: int, path: str, form: Mapping[str, object]) -> str:
    """Where a form leads."""
    server = HTTPConnection(HOST, port)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    server.request("POST", path, urlencode(form, doseq=True), headers)
    answer = server.getresponse()
    answer.read()
    return answer.headers["Location"]


@contextmanager
def chromium() -> Iterator[Browser]:
    """The machine's own browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=ARGUMENTS)
        yield browser
        browser.close()


def weigh(browser: Browser, url: str) -> Weight:
    """Open a page for the first time, on a bad telephone."""
    context = browser.new_context(viewport={"width": TELEPHONE["width"], "height": TELEPHONE["height"]})
    page = context.new_page()
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.send("Network.emulateNetworkConditions", NETWORK)
    wire.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(url, wait_until="networkidle")
    first, requests, paint, later = page.evaluate(SEEN)
    context.close()
    return Weight(int(first), int(requests), float(paint), int(later))


def weighed(browser: Browser, url: str) -> Weight:
    """The same some times over: bytes do not change, the first paint is the middle one."""
    times = [weigh(browser, url) for _time in range(TIMES)]
    last = times[-1]
    return Weight(last.first, last.requests, percentile([one.paint for one in times], 0.5), last.later)


def lighthouse() -> Path | None:
    """The program, installed if it can be; None where there is no Node or no registry."""
    folder = settings.VAR_DIR / "lighthouse"
    found = folder / "node_modules" / "lighthouse" / "cli" / "index.js"
    lock = (LOCKED / "package-lock.json").read_bytes()
    mark = folder / "installed.json"
    if found.is_file() and mark.is_file() and mark.read_bytes() == lock:
        return found
    if shutil.which("npm") is None or shutil.which("node") is None:
        return None
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(LOCKED, folder)
    installing = ["npm", "ci", "--ignore-scripts", "--loglevel=error"]
    if subprocess.run(installing, cwd=folder, env=with_authorities(), check=False, capture_output=True).returncode:
        return None
    mark.write_bytes(lock)
    return found


def with_authorities() -> dict[str, str]:
    """The environment, with the certificate authorities of the machine, which Node does not read by itself."""
    stores = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
    store = next((path for path in stores if Path(path).is_file()), None)
    return {**({"NODE_EXTRA_CA_CERTS": store} if store else {}), **os.environ}


def scores(cli: Path, url: str) -> list[float | None]:
    """What Lighthouse gives a page, 0 to 100 for each of `SCORES`; unknown when it fails."""
    with tempfile.TemporaryDirectory() as profile:
        flags = f"--headless=new --no-sandbox --disable-gpu --user-data-dir={profile}"
        command = ["node", str(cli), url, "--quiet", "--output=json", f"--only-categories={','.join(SCORES)}"]
        chrome = {"CHROME_PATH": path} if (path := program()) else {}
        try:
            done = subprocess.run(
                [*command, f"--chrome-flags={flags}"],
                env={**os.environ, **chrome},
                capture_output=True,
                timeout=PATIENCE,
                check=True,
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            return [None] * len(SCORES)
    categories = json.loads(done.stdout)["categories"]
    given = [categories[name]["score"] for name in SCORES]
    return [None if one is None else one * 100 for one in given]


def row(name: str, weight: Weight, given: list[float | None]) -> list[str]:
    """A line of the table."""
    return [
        name,
        against(weight.first, MOST_BYTES, digits=0),
        against(weight.requests, MOST_REQUESTS, digits=0),
        against(weight.paint, MOST_MILLISECONDS, digits=0),
        shown(weight.later, 0),
        *(against(score, LEAST_SCORE, digits=0, at_least=True) if score is not None else UNKNOWN for score in given),
    ]


def main(wanted: list[str]) -> None:
    """Print the table. Teams that can be written to are made for it; the starter database is made anew each time."""
    steps.end_on_signals()
    tell = Progress()
    if not Partner.objects.exists():
        synthetic_referrals.make_teams()
    with translation.override("fr"), site() as (port, _web):
        pages = {name: f"http://{HOST}:{port}{path}" for name, path in addresses(port)}
        pages = {name: url for name, url in pages.items() if not wanted or any(word in name for word in wanted)}
        with chromium() as browser:
            weights = {}
            for name, url in pages.items():
                tell(f"{name}…")
                weights[name] = weighed(browser, url)
        cli = lighthouse()
        rows = []
        for name, url in pages.items():
            tell(f"Lighthouse : {name}…")
            rows.append(row(name, weights[name], scores(cli, url) if cli else [None] * len(SCORES)))
    tell.clear()
    sys.stdout.write(table("Poids : ouverture sans rien en mémoire, téléphone lent, réseau lent", HEADS, rows))
    if cli is None:
        sys.stdout.write("  Lighthouse : ni Node.js ni registre npm à portée, ses notes manquent.\n")
    connection.close()


if __name__ == "__main__":
    main(sys.argv[1:])
