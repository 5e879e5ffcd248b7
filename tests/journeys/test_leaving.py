"""Quitter in a real browser: hidden at once, gone, and Back never shows our pages again (ux.md §3)."""

import json
import re

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from tests.builders import a_service

pytestmark = pytest.mark.django_db(transaction=True)


def arrive(page: Page) -> list[str]:
    """Two pages of ours, the second with words in its search field; gives the beacons sent from then on."""
    a_service(name="Un abri", phones=["0199001122"])
    beacons: list[str] = []
    page.on("request", lambda request: beacons.append(request.method) if request.url.endswith("/x") else None)
    page.goto("/fr/")
    page.goto("/fr/annuaire/")
    page.locator("#q").fill("ce que je cherche")
    return beacons


def has_left(page: Page) -> None:
    """The browser shows the other site."""
    page.wait_for_url(f"{settings.EXIT_URL}**")


def test_a_touch_leaves_and_back_shows_nothing_of_ours(page: Page) -> None:
    beacons = arrive(page)
    entries = page.evaluate("history.length")

    page.locator("#quitter").click()

    has_left(page)
    assert beacons == ["POST"]
    assert page.evaluate("history.length") == entries
    page.go_back()
    has_left(page)
    assert page.title() == "ailleurs"


def test_shift_three_times_leaves_even_from_a_field(page: Page) -> None:
    arrive(page)
    page.locator("#q").focus()

    page.keyboard.press("Shift")
    expect(page.locator("#quitter-etat")).to_have_text("Maj : encore 2 fois pour quitter.")
    page.keyboard.press("Shift")
    expect(page.locator("#quitter-etat")).to_have_text("Maj : encore 1 fois pour quitter.")
    page.keyboard.press("Shift")

    has_left(page)


def test_capital_letters_and_other_keys_do_not_leave(page: Page) -> None:
    arrive(page)
    page.locator("#q").focus()

    for key in ("Shift+A", "Shift+B", "Shift+C", "Shift", "a", "Shift", "b", "Shift"):
        page.keyboard.press(key)

    expect(page).to_have_url(re.compile("/fr/annuaire/$"))
    expect(page.locator("#quitter-etat")).to_have_text("Maj : encore 2 fois pour quitter.")


def test_the_page_is_hidden_before_the_other_site_answers(page: Page) -> None:
    arrive(page)
    page.evaluate("""() => {
        const field = document.querySelector('#q');
        new MutationObserver(() => console.log(JSON.stringify([
            getComputedStyle(document.body).display, document.title, field.value
        ]))).observe(document.documentElement, {attributes: true, attributeFilter: ['class']});
    }""")
    page.route(f"{settings.EXIT_URL}**", lambda _route: None)

    with page.expect_console_message(lambda message: message.text.startswith("[")) as told:
        page.locator("#quitter").click(no_wait_after=True)

    assert json.loads(told.value.text) == ["none", "Éclaircie", ""]


def test_a_fresh_visit_after_leaving_works(page: Page) -> None:
    arrive(page)
    page.locator("#quitter").click()
    has_left(page)

    page.goto("/fr/")

    expect(page.locator("h1")).to_have_text("Tu peux demander de l’aide.")
    assert page.evaluate("sessionStorage.length") == 0


def test_the_way_out_is_the_second_stop_of_the_keyboard_and_large_enough(page: Page) -> None:
    arrive(page)
    page.goto("/fr/")

    page.keyboard.press("Tab")
    page.keyboard.press("Tab")

    assert page.evaluate("document.activeElement.textContent") == "Quitter vite ce site"
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 640})
        box = page.locator("#quitter").bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 44


def test_the_way_out_stays_in_sight(page: Page) -> None:
    arrive(page)
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 640})
        page.goto("/fr/")
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        expect(page.locator("#quitter")).to_be_in_viewport(ratio=1)
