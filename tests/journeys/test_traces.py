"""Everything that anybody can do on the public pages, in an ordinary profile: then what is left, and where.

What may be left is the table «Measured» of docs/threat-model.md: this fails when there is more.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote_plus, urlsplit

import pytest
from django.conf import settings
from django.urls import Resolver404, resolve
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from bench.browsers import program
from referrals.models import Referral
from resources import moderation, pages
from resources.models import Service
from tests.builders import Team
from tests.conftest import BROWSER_ARGUMENTS
from tests.journeys.elsewhere import Elsewhere, another_site
from tests.journeys.profile import Profile
from tests.journeys.proxy import Proxy, in_front_of
from tests.journeys.test_writing import TEXT, answers, come_back, note, somebody_reads, type_back
from tests.test_public_addresses import PUBLIC, TELLING, public_pages, telling_service
from tests.threat_model import measured

pytestmark = pytest.mark.django_db(transaction=True)

SEARCHED = "un toit pour la nuit avec mon chien Ulysse"
PLACE = "Bobigny 93000"
MISTAKE = "La sonnette du portail vert est en panne"
NEW_PLACE = "La Maison du Quai Mauve"
ABOUT = "Ma cousine Ondine ne rentre plus le soir"
CONTACT = "Après la fermeture du bazar, chez Philomène"
ANSWER, REPLY = "Bonjour, nous sommes là pour vous.", "Je lis ici vers dix-huit heures"
REFUSED, REFUSED_PLACE = "Mon texte que personne ne devait refuser", "La Maison sans téléphone ni site"
BAIT = "un appât que tout navigateur mordra"
SECONDS_TO_DISK = 3  # after which Chromium has written down a page
TOO_QUICK = 2_100  # ms; see corrections.SHORTEST_SECONDS
TYPED = (SEARCHED, MISTAKE, NEW_PLACE, TEXT, ABOUT, CONTACT, ANSWER, REPLY)


@dataclass
class Visit:
    """What somebody did, and what must not be found afterwards."""

    page: Page
    team: Team
    service: Service
    secrets: list[str] = field(default_factory=list)


def test_what_is_left_is_what_the_threat_model_says(
    browser: Browser, live_server: LiveServer, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    team, folder = somebody_reads(), tmp_path / "profile"
    moderation.load_pages(pages.starter())
    with another_site() as elsewhere, in_front_of(urlsplit(live_server.url).port or 0) as proxy:
        settings.EXIT_URLS = dict.fromkeys(settings.EXIT_URLS, elsewhere.url)
        service = telling_service(website=f"{elsewhere.url}partenaire")
        with ordinary(browser, folder, site=proxy.url, scripts=True) as page:
            visit = Visit(page, team, service)
            bite(page, elsewhere)
            look_everywhere(visit)
            propose(visit)
            write_and_come_back(visit, door="moi")
            write_as_a_witness(visit)
            be_refused(visit)
            kept_by_the_page = storage(page)
            leave(visit, elsewhere)
        seen = what_is_left(Profile(folder), proxy, service)
        with ordinary(browser, folder, site=proxy.url, scripts=False) as page:
            visit.page = page
            write_and_come_back(visit, door="proche")
            write_as_a_professional(visit)
            leave(visit, elsewhere)

    left, allowed = what_is_left(Profile(folder), proxy, service), measured()
    more = [f"{kind}: {name}" for kind in left for name in sorted((seen[kind] | left[kind]) - allowed[kind])]
    assert more == [], "docs/threat-model.md does not name:\n" + "\n".join(more)
    assert kept_by_the_page == [0, 0, 0, 0]
    finds_what_it_should(Profile(folder), urlsplit(elsewhere.url).netloc)
    secrets = {*TYPED, *visit.secrets, service.name}
    profile = Profile(folder)
    assert {secret: places for secret in secrets if (places := profile.places_of(secret))} == {}
    assert [secret for secret in secrets if secret in caplog.text] == []
    said = [unquote_plus(line.address) for line in proxy.log]
    assert [(secret, line) for secret in secrets for line in said if secret in line] == []
    assert {line.referrer for line in proxy.log} == {"-"}
    from_us = [(path, headers.get("referer")) for path, headers in elsewhere.asked if path in {"/", "/partenaire"}]
    assert from_us == [("/partenaire", None), ("/", None), ("/", None)]


# --- what is done ----------------------------------------------------------------------------------------------------


@contextmanager
def ordinary(browser: Browser, folder: Path, *, site: str, scripts: bool) -> Iterator[Page]:
    """A browser of somebody at home: on a profile that stays, with its memory of pages, closed at the end."""
    context = browser.browser_type.launch_persistent_context(
        folder,
        executable_path=program(),
        args=BROWSER_ARGUMENTS,
        ignore_default_args=["--disable-back-forward-cache"],
        base_url=site,
        java_script_enabled=scripts,
        locale="fr-FR",
    )
    context.set_default_timeout(20_000)
    yield context.pages[0]
    context.close()


def bite(page: Page, elsewhere: Elsewhere) -> None:
    """The search for traces finds what a careless site leaves."""
    page.goto(f"{elsewhere.url}form")
    page.locator("#q").press_sequentially(BAIT)
    page.get_by_role("button").click()
    page.wait_for_url("**/form?q=*")


def look_everywhere(visit: Visit) -> None:
    """Every page, a search with words, filters, a service, its site, its contact, its sheet."""
    page, service = visit.page, visit.service
    for address in [*public_pages(service), "/en/", "/fr/nulle-part/"]:
        page.goto(address)
    page.goto("/fr/")
    page.locator("#q").fill(SEARCHED)
    page.get_by_role("button", name="Chercher").click()
    page.locator("summary", has_text="Préciser").click()
    page.locator("[name=departement]").select_option("93")
    page.locator("[name=near]").fill(PLACE)
    page.get_by_role("button", name="Voir les adresses").click()
    page.goto("/fr/annuaire/?need=n11&age=16&gender=female&language=fr&open_now=1&page=1")
    page.goto("/fr/annuaire/?need=n11")
    page.get_by_role("link", name=service.name).click()
    page.locator("summary", has_text="Garder ce numéro").click()
    with page.expect_download():
        page.get_by_role("button", name="Garder").click()
    paper = page.get_by_role("link", name="Imprimer cette fiche (PDF)")
    paper.evaluate("link => { link.download = '' }")
    with page.expect_download():
        paper.click()
    page.goto("/fr/urgence/")
    page.locator("details:has(a[href$='/garder/']) summary").click()
    with page.expect_download():
        page.locator("a[href$='/garder/']").click()
    page.goto(f"/fr/annuaire/{service.public_id}/")
    page.get_by_role("link", name="127.0.0.1").first.click()
    page.wait_for_url("**/partenaire")


def propose(visit: Visit) -> None:
    """A correction, with six words to come back, and a new place."""
    page = visit.page
    page.goto(f"/fr/annuaire/{visit.service.public_id}/corriger/?q=2")
    page.locator("#f-mots").fill(MISTAKE)
    page.locator("[name=revenir]").check()
    page.wait_for_timeout(TOO_QUICK)
    page.get_by_role("button", name="Envoyer").click()
    words = page.locator("#code").inner_text()
    visit.secrets.append(words)
    page.goto("/fr/annuaire/proposer/suite/")
    page.locator("#f-code").fill(words)
    page.get_by_role("button", name="Voir").click()
    expect(page.get_by_text("Proposé le")).to_be_visible()
    page.goto("/fr/annuaire/proposer/")
    page.locator("#f-nom").fill(NEW_PLACE)
    page.locator("#f-numero").fill("01 99 00 00 07")
    page.locator("[name=ou]").first.check()
    page.wait_for_timeout(TOO_QUICK)
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator("h1")).to_have_text("Merci, c’est noté.")


def be_refused(visit: Visit) -> None:
    """A new place without a way to check it: near the end, because browsers write down the last pages of a tab only."""
    page = visit.page
    page.goto("/fr/annuaire/proposer/")
    page.locator("#f-nom").fill(REFUSED_PLACE)
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator("#erreurs")).to_be_visible()
    page.wait_for_timeout(SECONDS_TO_DISK * 1000)
    page.goto("/fr/urgence/")


def reach_letter(page: Page, *, door: str) -> None:
    """Through a door, by the shortest way."""
    page.goto(f"/fr/ecrire/?pour={door}")
    page.get_by_label("Non", exact=True).check()
    page.get_by_role("button", name="Continuer").click()
    page.get_by_label("15 à 17 ans").check()
    page.get_by_role("button", name="Continuer").click()
    for _question in range(4):
        page.get_by_role("button", name="Passer").click()
    expect(page.locator("form.letter")).to_be_visible()


def send(visit: Visit, text: str) -> str:
    """Send the letter that is on the screen; its code, which is a secret from now on."""
    page = visit.page
    page.locator("#f-text").fill(text)
    page.get_by_label("On peut aussi me joindre").or_(page.get_by_label("La personne peut être jointe")).check()
    page.locator(".contact input[type=text], .contact textarea").last.fill(CONTACT)
    page.locator("#f-consent").check()
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator("#code")).to_be_visible(timeout=30_000)
    words, digits = page.locator("#code").inner_text(), page.locator("[data-digits]").inner_text()
    visit.secrets += [words, digits, digits.replace(" ", "")]
    return words


def write_and_come_back(visit: Visit, *, door: str) -> None:
    """The whole of it: write, keep the code, read an answer, write again, erase everything."""
    page = visit.page
    reach_letter(page, door=door)
    code = send(visit, TEXT)
    note(page)
    type_back(page, code)
    expect(page.locator("h1")).to_have_text("C’est bon.")
    answers(visit.team, ANSWER)
    come_back(page, code)
    expect(page.locator(".talk")).to_contain_text(ANSWER, timeout=30_000)
    page.get_by_label("Ajouter un message").fill(REPLY)
    page.get_by_role("button", name="Envoyer").click()
    expect(page.get_by_text("Le message est parti.")).to_be_visible(timeout=30_000)
    page.get_by_text("Tout effacer maintenant").click()
    page.get_by_role("button", name="Oui, tout effacer").click()
    expect(page.locator("h1")).to_have_text("Tout est effacé.")
    assert Referral.objects.count() == 0


def write_as_a_witness(visit: Visit) -> None:
    """And stay on the page of the code."""
    reach_letter(visit.page, door="temoin")
    send(visit, ABOUT)
    Referral.objects.all().delete()


def write_as_a_professional(visit: Visit) -> None:
    """First refused, because every association was unticked."""
    page = visit.page
    page.goto("/fr/pro/ecrire/")
    for name in ("danger_now", "age_band", "gender", "urgency"):
        page.locator(f"[name={name}]").last.check()
    page.locator("[name=needs]").first.check()
    page.get_by_role("button", name="Voir qui peut lire").click()
    page.locator("#f-text").fill(REFUSED)
    page.locator("#f-partners").uncheck()
    page.locator("#f-consent").check()
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator("#erreurs")).to_be_visible()
    page.locator("#f-partners").check()
    send(visit, ABOUT)


def leave(visit: Visit, elsewhere: Elsewhere) -> None:
    """By the control."""
    visit.page.locator("#quitter").click()
    visit.page.wait_for_url(elsewhere.url)


def storage(page: Page) -> list[object]:
    """What scripts of the site could have kept. Databases and caches are looked for in the profile: to ask for them
    here would make a file that names the site."""
    found: list[object] = page.evaluate("""async () => [
        document.cookie.length,
        localStorage.length,
        sessionStorage.length,
        (await navigator.serviceWorker.getRegistrations()).length,
    ]""")
    return found


# --- what is left ----------------------------------------------------------------------------------------------------


def what_is_left(profile: Profile, proxy: Proxy, service: Service) -> dict[str, set[str]]:
    """Everything that is found, by kind, as the table of the threat model names it."""
    host = urlsplit(proxy.url).netloc
    pages = {(url, title) for url, title in profile.history() if urlsplit(url).netloc == host}
    addresses = [*(url for url, _title in pages), *(line.address for line in proxy.log)]
    assert [said for page in pages for said in page if TELLING.search(said)] == []
    assert service.public_id in "".join(addresses)
    return {
        "file of the profile": profile.places_of(host),
        "cookie": {str(name) for (name,) in profile.rows("Network/Cookies", "SELECT name FROM cookies")}
        | {str(name) for (name,) in profile.rows("Cookies", "SELECT name FROM cookies")},
        "file with a refused letter, without JavaScript": profile.places_of(REFUSED),
        "file with a refused proposal": profile.places_of(REFUSED_PLACE),
        "part of an address": {name for one in addresses for name, _value in parse_qsl(urlsplit(one).query)},
        "title": {title.replace("\N{NO-BREAK SPACE}", " ") for _url, title in pages},
        "download": {str(kind) for (kind,) in profile.rows("History", "SELECT mime_type FROM downloads")},
        "cached address": {
            settings.STATIC_URL if path.startswith(settings.STATIC_URL) else path for path in profile.cached(host)
        },
        "address that is not public": {one for one in addresses if not is_known(urlsplit(one).path)},
    }


def is_known(path: str) -> bool:
    """Whether an address is of the literal list of public ones, or of a script."""
    if path.startswith(settings.STATIC_URL) or path == "/fr/nulle-part/":
        return True
    try:
        return resolve(re.sub("^/en/", "/fr/", path)).route in PUBLIC
    except Resolver404:
        return False


def finds_what_it_should(profile: Profile, host: str) -> None:
    """The reader of the profile is not blind: what was left on purpose is found where browsers keep it."""
    assert profile.places_of(BAIT) >= {"History", "Web Data", "Sessions"}
    assert profile.cached(host) >= {"/form"}
