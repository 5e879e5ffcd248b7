"""Every public page, and every state of one, looked at for what may stand in somebody's way.

A new public page that neither links nor `States` lead to makes a test fail.
"""

from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page

from tests.barriers import ZOOMED, barriers, look, seen
from tests.conftest import Watch
from tests.public_pages import FRENCH, States, World, a_world, pages, reachable, route_of

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
    found += [f"large window: {one}" for one in seen(page, "small", 44)]
    page.set_viewport_size(ZOOMED)
    return found


@pytest.mark.parametrize("language", ["fr", "en"])
def test_nothing_stands_in_the_way_on_any_page(client: Client, world: World, zoomed: Page, language: str) -> None:
    found: dict[str, list[str]] = {}
    help_on: dict[str, list[str]] = {}

    for address in reachable(client, language=language):
        zoomed.goto(address)
        found[address] = barriers(zoomed)
        found[address] += [*wide(zoomed), *(seen(zoomed, "foreign", FRENCH) if language != "fr" else [])]
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
