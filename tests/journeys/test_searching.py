"""Finding help in a real browser, with and without JavaScript, on small screens and large ones."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.barriers import worn
from tests.builders import a_place, a_service

pytestmark = pytest.mark.django_db(transaction=True)

PAGES = (
    "",
    "urgence/",
    "annuaire/",
    "pro/",
    "donnees/",
    "mentions-legales/",
    "confidentialite/",
    "accessibilite/",
    "traces/",
)
ADJUSTED = ("", "html{font-size:200%}", "*{letter-spacing:.12em!important;word-spacing:.16em!important}")


def a_shelter() -> str:
    """A shelter of Bobigny, with a long number and a long site; gives the address of its page."""
    service = a_service(
        name="Un abri pour la nuit",
        kind="shelter",
        needs=["hebergement"],
        departements=["93"],
        phones=["0199001122"],
        website="https://un-nom-de-site-vraiment-tres-long.exemple-de-domaine.fr",
        opening_hours="24/7",
    )
    a_place(service)
    return f"annuaire/{service.public_id}/"


def find(page: Page) -> None:
    """From the first page to the number, in three steps."""
    page.goto("/fr/")
    page.locator("#q").fill("un abri pour dormir ce soir")
    page.get_by_role("button", name="Chercher").click()
    page.get_by_role("link", name="Un abri pour la nuit").click()
    expect(page.locator("h1")).to_have_text("Un abri pour la nuit")
    expect(page.locator('a[href="tel:0199001122"]')).to_contain_text("01 99 00 11 22")


def test_a_person_finds_a_number_and_no_address_says_her_words(page: Page) -> None:
    a_shelter()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    find(page)

    assert [url for url in asked if "dormir" in url or "abri" in url] == []
    page.get_by_role("link", name="Toutes les adresses").click()
    expect(page.locator("#q")).to_have_value("un abri pour dormir ce soir")


def test_it_works_without_javascript(browser: Browser, live_server: LiveServer) -> None:
    a_shelter()
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False, locale="fr-FR")

    find(context.new_page())

    context.close()


def test_a_page_is_one_request(page: Page) -> None:
    path = a_shelter()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.rpartition("/fr/")[2]))

    for shown in (*PAGES, path):
        page.goto(f"/fr/{shown}")

    assert asked == [*PAGES, path]


def test_nothing_is_kept_by_the_browser(page: Page) -> None:
    a_shelter()

    find(page)

    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then(found => found.length)") == 0


def test_nothing_is_wider_than_the_narrowest_screen(page: Page) -> None:
    path = a_shelter()
    page.set_viewport_size({"width": 320, "height": 640})
    wide = []

    for shown in (*PAGES, path, "annuaire/?need=n2"):
        page.goto(f"/fr/{shown}")
        for style in ADJUSTED:
            with worn(page, style):
                if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    wide.append(f"{shown} {style}")

    assert wide == []


def test_a_number_is_the_largest_thing_on_its_page(page: Page) -> None:
    path = a_shelter()

    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 740})
        page.goto(f"/fr/{path}")
        sizes = page.evaluate(
            """['.figures', 'h1', 'h2', 'main p'].map(
                one => parseFloat(getComputedStyle(document.querySelector(one)).fontSize)
            )"""
        )
        assert max(sizes) == sizes[0]


def test_what_was_sent_does_not_come_back_with_the_page(page: Page) -> None:
    a_shelter()
    page.goto("/fr/")
    page.locator("#q").fill("ce que je cherche")

    page.evaluate("document.addEventListener('submit', event => event.preventDefault())")
    page.get_by_role("button", name="Chercher").click()
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")

    expect(page.locator("#q")).to_have_value("")


def test_each_page_is_also_drawn_at_night(page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto("/fr/")

    ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")

    assert re.findall(r"\d+", ground) == ["17", "23", "38"]


def test_a_printed_page_has_its_numbers_and_no_bar(page: Page) -> None:
    path = a_shelter()
    page.goto(f"/fr/{path}")

    page.emulate_media(media="print")

    expect(page.locator("#quitter")).to_be_hidden()
    expect(page.locator(".figures")).to_be_visible()
