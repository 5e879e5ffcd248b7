"""Every public page, and every state of one, looked at for what may stand in somebody's way.

A new public page that neither links nor `States` lead to makes a test fail.
"""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import resolve
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from resources import moderation
from tests.barriers import ZOOMED, barriers, faults, keep_looking, look, seen
from tests.conftest import Watch
from tests.journeys.test_writing import come_back, is_ready, open_letter, send, type_back, write
from tests.journeys.test_writing import note as note_down
from tests.public_pages import FRENCH, States, World, a_world, pages, reachable, route_of
from tests.signing_in import a_person, sign_in_browser

pytestmark = pytest.mark.django_db(transaction=True)

SUMMARIES = {
    "code of nobody",
    "correct, nothing",
    "correct, wrong",
    "facts, wrong",
    "letter, wrong",
    "professional, wrong",
    "question, wrong",
    "slip",
    "suggest, wrong",
    "unknown place",
}


@pytest.fixture
def world() -> World:
    """A directory and associations."""
    return a_world()


@pytest.fixture
def zoomed(page: Page) -> Page:
    """A page in a window of 320 by 256, as at 400 %, whose reader wants nothing to move."""
    page.set_viewport_size(ZOOMED)
    page.emulate_media(reduced_motion="reduce")
    keep_looking(page)
    return page


def show(page: Page, answer: Any) -> None:
    """What was answered to a form, as a browser shows it; a script that holds would send the form otherwise."""
    kept = {name: value for name, value in answer.headers.items() if name != "Content-Length"}
    page.route("**/fr/tenu/", lambda route: route.fulfill(status=200, headers=kept, body=answer.content))
    page.goto("/fr/tenu/")
    page.unroute("**/fr/tenu/")


def told(found: dict[str, list[str]]) -> list[str]:
    """What was found, each with the page where it was."""
    return [f"{name} – {problem}" for name, problems in found.items() for problem in problems]


def wide(page: Page) -> list[str]:
    """What stands in the way in a large window."""
    page.set_viewport_size({"width": 1280, "height": 800})
    found = [f"large window: {one}" for name in ("sideways", "focus") for one in seen(page, name)]
    found += [f"large window: {one}" for one in (*faults(page), *seen(page, "small", 44))]
    page.set_viewport_size(ZOOMED)
    return found


@pytest.mark.parametrize("language", ["fr", "en"])
def test_nothing_stands_in_the_way_on_any_page(client: Client, world: World, zoomed: Page, language: str) -> None:
    """In a large window, and in another language, two pages of each sort tell what eight would."""
    found: dict[str, list[str]] = {}
    help_on: dict[str, list[str]] = {}

    for address in reachable(client, language=language):
        zoomed.goto(address)
        look(zoomed)
        is_new = [route_of(one) for one in found].count(route_of(address)) < 2
        if language == "fr":
            found[address] = [*barriers(zoomed), *(wide(zoomed) if is_new else [])]
        else:
            found[address] = [*seen(zoomed, "foreign", FRENCH), *(barriers(zoomed, colours=False) if is_new else [])]
        help_on[address] = seen(zoomed, "help")

    assert told(found) == []
    assert len(found) > 20
    assert len({tuple(links) for links in help_on.values()}) == 1


def test_nothing_stands_in_the_way_in_any_state(client: Client, world: World, zoomed: Page, watch: Watch) -> None:
    states = States(client, world).all()
    found: dict[str, list[str]] = {}

    for name in [*states.addresses, *states.answers]:
        if name in states.addresses:
            zoomed.goto(states.addresses[name])
        else:
            show(zoomed, states.answers[name])
        summary = [f"summary: {one}" for one in (seen_first(zoomed) if name in SUMMARIES else [])]
        found[name] = [*summary, *barriers(zoomed)]

    watch.forgive("Failed to load resource")
    assert told(found) == []
    looked_at = {route_of(address) for address in (*reachable(client, language="fr"), *states.shown())}
    assert pages() - looked_at == set()


def seen_first(page: Page) -> list[str]:
    """What is wrong with the summary of mistakes, before anything else takes the focus."""
    look(page)
    return seen(page, "summary")


# --- what a script shows in place of a page --------------------------------------------------------------------------


def test_nothing_stands_in_the_way_of_what_a_script_shows(world: World, zoomed: Page) -> None:
    found: dict[str, list[str]] = {}

    def note(name: str) -> None:
        found[name] = barriers(zoomed)

    open_letter(zoomed)
    is_ready(zoomed)
    zoomed.get_by_role("button", name="Envoyer").click()
    found["nothing written"] = [*seen_first(zoomed), *barriers(zoomed)]
    write(zoomed)
    code = send(zoomed)
    note("code")
    note_down(zoomed)
    note("two words")
    type_back(zoomed, "faux faux faux faux faux faux")
    note("two wrong words")
    type_back(zoomed, code)
    expect(zoomed.locator("h1")).to_have_text("C’est bon.")
    note("end")
    come_back(zoomed, code)
    expect(zoomed.locator(".talk")).to_be_visible(timeout=20_000)
    note("exchange")
    zoomed.get_by_text("Tout effacer maintenant").click()
    note("erase?")
    zoomed.get_by_role("button", name="Oui, tout effacer").click()
    expect(zoomed.locator("h1")).to_have_text("Tout est effacé.")
    note("erased")

    assert told(found) == []


def test_the_veil_can_be_read_and_left(page: Page, world: World) -> None:
    """While the other site does not answer, the page cannot be asked: it tells by itself what axe-core finds."""
    page.add_init_script("const wait = setTimeout; setTimeout = (act, time) => wait(act, time === 8000 ? 0 : time)")
    page.goto("/fr/urgence/")
    look(page)
    page.evaluate("""() => new MutationObserver((_seen, observer) => {
        if (!document.querySelector("html > p > a")) return;
        observer.disconnect();
        axe.run({runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "RGAAv4"]}).then(({violations}) =>
            console.log("axe " + JSON.stringify(violations.map(({id}) => id))));
    }).observe(document.documentElement, {childList: true, subtree: true})""")
    page.route(f"{settings.EXIT_URLS['fr']}**", lambda _route: None)

    with page.expect_console_message(lambda message: message.text.startswith("axe ")) as told_by_the_page:
        page.locator("#quitter").click(no_wait_after=True)

    assert told_by_the_page.value.text == "axe []"


# --- the keyboard alone ----------------------------------------------------------------------------------------------


def enter(page: Page) -> None:
    """Enter, which leads to another page."""
    with page.expect_navigation():
        page.keyboard.press("Enter")


def press_until(page: Page, is_there: str) -> None:
    """Tab to the first control that matches."""
    for _stop in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", is_there):
            return
    raise AssertionError(f"{is_there} is out of reach")


@pytest.mark.parametrize("has_script", [True, False])
def test_tab_enter_and_space_are_enough(
    browser: Browser, live_server: LiveServer, world: World, *, has_script: bool
) -> None:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=has_script, locale="fr-FR")
    page = context.new_page()

    # To search.
    page.goto("/fr/")
    press_until(page, "#q")
    page.keyboard.insert_text("un abri")
    enter(page)
    expect(page.locator("#count")).to_be_visible()
    press_until(page, "summary")
    page.keyboard.press("Enter")
    press_until(page, ".card h2 a")
    enter(page)
    expect(page.locator(".facts").first).to_be_visible()
    # To write.
    page.goto("/fr/ecrire/?pour=moi")
    for answer in ("[name=danger_now]", "[name=age_band]"):
        press_until(page, answer)
        page.keyboard.press("Space")
        press_until(page, "form .button")
        enter(page)
    for _question in range(4):
        press_until(page, "[name=skip]")
        enter(page)
    expect(page.locator("h1")).to_have_text("Écris avec tes mots")
    press_until(page, "#f-text")
    page.keyboard.insert_text("Bonjour")
    press_until(page, "#f-consent")
    page.keyboard.press("Space")
    press_until(page, "form .button")
    page.keyboard.press("Enter")

    expect(page.locator("#code")).to_be_visible(timeout=20_000)
    context.close()


# --- staff -----------------------------------------------------------------------------------------------------------


def test_nothing_stands_in_the_way_of_the_staff(
    world: World, zoomed: Page, staff_page: Page, live_server: LiveServer
) -> None:
    moderator = a_person("ines@example.org", moderator=True)
    service = world.services["long"]
    moderation.propose_change(
        service, after={"description": "Autre."}, origin=moderation.Origin(), on=timezone.localdate()
    )
    found: dict[str, list[str]] = {}

    def visit(address: str) -> None:
        zoomed.goto(address)
        found[address] = barriers(zoomed, targets=False)

    for address in ("/espace/connexion/", "/espace/oubli/", "/espace/oubli/envoye/"):
        visit(address)
    sign_in_browser(zoomed, moderator, site=live_server.url)
    desk = "/espace/annuaire/"
    waiting = [desk]
    for address in waiting:
        visit(address)
        links: list[str] = zoomed.evaluate("[...document.querySelectorAll('a')].map(one => one.getAttribute('href'))")
        routes = {staff_route(one) for one in waiting}
        for link in links:
            if link and link.startswith("/espace/") and "deconnexion" not in link and staff_route(link) not in routes:
                waiting.append(link.split("?")[0])
                routes.add(staff_route(link))

    assert told(found) == []
    assert len(found) > 12


def staff_route(address: str) -> str:
    """The route of an address of the staff area."""
    return str(resolve(address.split("?", maxsplit=1)[0].split("#", maxsplit=1)[0]).route)
