"""A wrong number, from the visitor who finds it to the second moderator: what the site says everywhere follows."""

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from django.core.management import call_command
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from resources import moderation
from resources.models import Service
from resources.opening import today
from tests.barriers import ZOOMED, barriers, keep_looking
from tests.builders import a_service
from tests.conftest import Watch
from tests.resources import reading_pdf
from tests.resources.test_pages import emergency_services
from tests.signing_in import a_person, sign_in_browser

pytestmark = pytest.mark.django_db(transaction=True)

OLD, NEW = "01 99 00 00 00", "01 99 00 00 77"
DESK = "/espace/annuaire/"
EVERYWHERE = ("page", "search", "hsds", "csv", "hsds file", "leaflet", "vcard")
LARGE: ViewportSize = {"width": 1280, "height": 800}
Opener = Callable[[User], Page]


@pytest.fixture
def browser_of(browser: Browser, live_server: LiveServer, watch: Watch) -> Iterator[Opener]:
    """A browser of its own for each moderator, without JavaScript: the desk works with links and forms alone."""
    contexts: list[BrowserContext] = []

    def opened(person: User) -> Page:
        context = browser.new_context(base_url=live_server.url, locale="fr-FR", java_script_enabled=False)
        context.set_default_timeout(10_000)
        context.route(watch.is_elsewhere, watch.elsewhere)
        contexts.append(context)
        page = context.new_page()
        sign_in_browser(page, person, site=live_server.url)
        return page

    yield opened
    for context in contexts:
        context.close()


def said_everywhere(page: Page, service: Service, *, folder: Path) -> dict[str, bool]:
    """Whether the page, the search, the open data and the files give the new number and no longer the old one."""
    request = page.request
    csv_file, hsds_file = folder / "directory.csv", folder / "hsds.json"
    call_command("export_directory", "--format", "csv", "--output", str(csv_file))
    call_command("export_directory", "--format", "hsds", "--output", str(hsds_file))
    texts = {
        "page": request.get(f"/fr/annuaire/{service.public_id}/").text(),
        "search": request.get(f"/api/v1/search?q={service.name}").text(),
        "hsds": request.get(f"/api/hsds/services/{service.pk}").text(),
        "csv": csv_file.read_text(encoding="utf-8"),
        "hsds file": hsds_file.read_text(encoding="utf-8"),
        "leaflet": reading_pdf.read(request.get(f"/fr/annuaire/{service.public_id}/pdf/").body()).text,
        "vcard": request.post(
            f"/fr/annuaire/{service.public_id}/vcard/", headers={"Sec-Fetch-Site": "same-origin"}
        ).text(),
    }
    digits = {name: "".join(letter for letter in text if letter.isalnum()) for name, text in texts.items()}
    return {name: "199000077" in text and "199000000" not in text for name, text in digits.items()}


def test_a_wrong_number_is_reported_corrected_approved_and_comes_back(
    page: Page, browser_of: Opener, tmp_path: Path
) -> None:
    emergency_services()
    service = a_service(name="Permanence des Tilleuls (fictive)", kind="hotline", phones=["0199000000"])
    ines, paul = (browser_of(a_person(f"{name}@example.org", moderator=True)) for name in ("ines", "paul"))

    # The visitor: two taps from the page of the service, and no more than one choice.
    page.goto(f"/fr/annuaire/{service.public_id}/")
    page.get_by_role("link", name="Ce numéro ne répond pas").click()
    expect(page.get_by_label("Ce numéro ne répond pas")).to_be_checked()
    page.wait_for_timeout(2_100)
    page.get_by_role("button", name="Envoyer").click()
    expect(page.get_by_role("heading", name="Merci, c’est noté.")).to_be_visible()
    assert said_everywhere(page, service, folder=tmp_path) == dict.fromkeys(EVERYWHERE, False)

    # The first moderator finds it on top of the queue, calls, and corrects.
    ines.goto(DESK)
    ines.get_by_role("link", name=service.name).click()
    ines.get_by_role("link", name="Corriger").click()
    ines.get_by_label("Numéro ou adresse").first.fill(NEW)
    ines.get_by_role("button", name="Corriger la proposition").click()
    expect(ines.locator(".diff")).to_contain_text(OLD)
    expect(ines.locator(".diff")).to_contain_text(NEW)
    expect(ines.locator(".count")).to_have_text("1 accord sur 2")
    assert not any(said_everywhere(page, service, folder=tmp_path).values())

    # The second one sees before and after, and agrees.
    paul.goto(DESK)
    paul.get_by_role("link", name=service.name).click()
    paul.get_by_label("Comment est-ce vérifié ?").select_option("call")
    paul.get_by_label("Ce qui a été confirmé").fill("Numéro, par l’accueil")
    paul.get_by_role("button", name="D’accord").click()
    expect(paul.get_by_role("status")).to_have_text("C’est publié.")
    assert said_everywhere(page, service, folder=tmp_path) == dict.fromkeys(EVERYWHERE, True)
    page.goto(f"/fr/annuaire/{service.public_id}/")
    expect(page.get_by_text("Vérifié par téléphone le")).to_be_visible()

    # One action brings the old number back, and a second person agrees to it.
    ines.goto(f"{DESK}fiches/{service.public_id}/")
    ines.get_by_role("button", name="Revenir à l’ancien : Contacts").first.click()
    expect(ines.locator(".count")).to_have_text("1 accord sur 2")
    assert all(said_everywhere(page, service, folder=tmp_path).values())
    paul.goto(DESK)
    paul.get_by_role("link", name=service.name).click()
    paul.get_by_role("button", name="D’accord").click()
    assert not any(said_everywhere(page, service, folder=tmp_path).values())
    page.goto(f"/fr/annuaire/{service.public_id}/")
    expect(page.get_by_role("link", name=f"Appeler {OLD}")).to_be_visible()


def test_a_row_that_waits_is_published_by_two_and_another_refused(page: Page, browser_of: Opener) -> None:
    emergency_services()
    good = a_service(name="Le Quai (fictif)", status="pending", phones=["0199000004"], moderator_note="Ancien numéro ?")
    closed = a_service(name="L’Escale (fictive)", status="pending", moderator_note="A fermé en 2023.")
    moderation.propose_waiting(on=date(2026, 11, 25))
    ines, paul = (browser_of(a_person(f"{name}@example.org", moderator=True)) for name in ("ines", "paul"))

    for moderator in (ines, paul):
        moderator.goto(DESK)
        moderator.get_by_role("link", name=good.name).click()
        expect(moderator.get_by_text("Ancien numéro ?")).to_be_visible()
        if moderator is ines:
            moderator.get_by_label("Comment est-ce vérifié ?").select_option("call")
        else:
            expect(moderator.get_by_text("Vérifié : Appel")).to_be_visible()
        moderator.get_by_role("button", name="D’accord").click()
    ines.goto(DESK)
    ines.get_by_role("link", name=closed.name).click()
    ines.get_by_label("Motif").fill("L’association a fermé en 2023.")
    ines.get_by_role("button", name="Refuser").click()
    expect(ines.get_by_role("status")).to_have_text("C’est refusé.")

    assert page.request.get(f"/fr/annuaire/{good.public_id}/").status == 200
    assert page.request.get(f"/fr/annuaire/{closed.public_id}/").status == 404
    assert "Ancien numéro ?" not in page.request.get(f"/fr/annuaire/{good.public_id}/").text()
    found = json.loads(page.request.get("/api/v1/search?q=quai").text())
    assert found["results"][0]["slug"] == good.slug


def test_nothing_stands_in_the_way_at_the_desk(staff_page: Page, live_server: LiveServer) -> None:
    service = a_service(name="Permanence des Tilleuls (fictive)", kind="hotline", phones=["0199000000"])
    twin = a_service(name="La permanence des Tilleuls (fictive)", status="pending", phones=["0199000000"])
    moderation.report(service, kind="unreachable", origin=moderation.Origin(said="Ça sonne."), on=today())
    change = moderation.propose_change(service, after={"hours": "24/7"}, origin=moderation.Origin(), on=today())
    moderation.propose_publication(twin, origin=moderation.Origin(note="À vérifier."), on=today())
    sign_in_browser(staff_page, a_person("ines@example.org", moderator=True), site=live_server.url)
    found: dict[str, list[str]] = {}
    keep_looking(staff_page)
    for window in (ZOOMED, LARGE):
        staff_page.set_viewport_size(window)
        for below in ("", f"propositions/{change.pk}/", f"fiches/{service.public_id}/", "fiches/", "qualite/"):
            staff_page.goto(f"{DESK}{below}")
            # The staff area has no foot.
            found[f"{window['width']} {below}"] = [
                one for one in barriers(staff_page, colours=window is ZOOMED) if one != "0 body > footer"
            ]

    assert {name: problems for name, problems in found.items() if problems} == {}
