"""Quitter in a real browser: hidden at once, gone, and Back never shows our pages again (ux.md §3)."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle

import pytest
from django.conf import settings
from playwright.sync_api import Browser, CDPSession, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from bench.browsers import program
from resources.models import Service
from tests.builders import a_page, a_service
from tests.conftest import BROWSER_ARGUMENTS, Watch
from tests.journeys.elsewhere import Elsewhere, another_site
from tests.journeys.test_writing import TEXT, come_back, open_letter, send, somebody_reads, write
from tests.resources.test_pages import emergency_services
from tests.test_public_addresses import public_pages, telling_service

pytestmark = pytest.mark.django_db(transaction=True)

LANGUAGES = [code for code, _name in settings.LANGUAGES]
# What a page says of itself while the other site lets it wait, when scripts of ours can no longer be asked.
TELL_SOON = """setTimeout(() => console.log(JSON.stringify([
    location.pathname,
    document.body ? getComputedStyle(document.body).display : 'none',
    performance.getEntriesByType('paint').length,
])), 600)"""


def arrive(page: Page) -> list[str]:
    """Two pages of ours, the second with words in its search field; gives the beacons sent from then on."""
    a_service(name="Un abri", phones=["0199001122"])
    beacons: list[str] = []
    page.on("request", lambda request: beacons.append(request.method) if request.url.endswith("/x") else None)
    page.goto("/fr/")
    page.goto("/fr/annuaire/")
    page.locator("#q").fill("ce que je cherche")
    return beacons


def has_left(page: Page, *, language: str = "fr") -> None:
    """The browser shows the other site."""
    page.wait_for_url(f"{settings.EXIT_URLS[language]}**")


def press_shift(page: Page) -> None:
    """Three times, and nothing else."""
    for _tap in range(3):
        page.keyboard.press("Shift")


def touch(page: Page) -> None:
    """The control."""
    page.locator("#quitter").click()


def go_by_keyboard(page: Page) -> None:
    """The second stop of a page, then Enter."""
    for key in ("Tab", "Tab", "Enter"):
        page.keyboard.press(key)


# --- every page --------------------------------------------------------------------------------------------------


def test_every_page_is_left_by_touch_shift_and_keyboard_and_never_comes_back(page: Page, watch: Watch) -> None:
    """Half of the pages in each language: that they are alike in all is tested without a browser."""
    emergency_services()
    a_page(slug="normal")
    service = telling_service()
    addresses = [*in_turns(service), "/fr/nulle-part/"]

    for address, leave in zip(addresses, cycle((touch, press_shift, go_by_keyboard)), strict=False):
        page.goto(address)
        leave(page)
        has_left(page, language=address[1:3])
    addresses = in_turns(service, first=1)
    for address in addresses:
        page.goto(address)
    press_shift(page)
    has_left(page, language=addresses[-1][1:3])
    for address in reversed(addresses[:-1]):
        # The guard asks for the other site anew: this entry of the history was ours.
        with page.expect_request(f"{settings.EXIT_URLS[address[1:3]]}**"):
            page.go_back()
        has_left(page, language=address[1:3])

    assert page.title() == "ailleurs"
    watch.forgive("status of 4")


def in_turns(service: Service, *, first: int = 0) -> list[str]:
    """Every public page, one after the other in each of the languages."""
    each = [public_pages(service, language=language) for language in LANGUAGES]
    return [each[(number + first) % len(each)][number] for number in range(len(each[0]))]


def test_pages_of_failures_are_left_too(page: Page, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    for status, leave in ((400, touch), (403, press_shift), (500, go_by_keyboard)):
        fail(page, monkeypatch, status=status)
        expect(page.locator("#quitter")).to_be_visible()
        leave(page)
        has_left(page)
        page.go_back()
        has_left(page)
        watch.forgive(f"status of {status}")


def fail(page: Page, monkeypatch: pytest.MonkeyPatch, *, status: int) -> None:
    """A page of the site that says that something went wrong."""
    page.goto("/fr/annuaire/")
    if status == 400:
        page.locator("#q").evaluate("field => { field.removeAttribute('maxlength'); field.value = 'x'.repeat(600000) }")
        page.locator("form.seek").evaluate("form => form.submit()")
    elif status == 403:
        here = page.url
        page.goto(settings.EXIT_URLS["fr"])
        page.evaluate(
            """action => {
                const form = Object.assign(document.createElement('form'), {method: 'post', action});
                document.body.append(form);
                form.submit();
            }""",
            here,
        )
    else:
        monkeypatch.setattr("resources.views.search", None)
        page.reload()
    expect(page).to_have_title({400: "Refusé", 403: "Refusé", 500: "Panne"}[status] + " – Éclaircie")


def test_every_page_is_left_without_javascript(browser: Browser, live_server: LiveServer) -> None:
    emergency_services()
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    context.route("https://**", lambda route: route.fulfill(content_type="text/html", body="<title>ailleurs</title>"))
    page = context.new_page()

    for address in in_turns(telling_service()):
        page.goto(address)
        page.locator("#quitter").click()
        has_left(page, language=address[1:3])

    context.close()


# --- what happens, in which order ------------------------------------------------------------------------------------


def test_the_seven_steps_come_in_their_order(page: Page) -> None:
    arrive(page)
    page.evaluate("""() => {
        window.steps = [];
        const note = (owner, name, step) => {
            const before = owner[name];
            owner[name] = function (...given) {
                const said = typeof step === "function" ? step(given) : step;
                if (said && !window.steps.includes(said)) window.steps.push(said);
                return before.apply(this, given);
            };
        };
        note(Storage.prototype, "setItem", ([name, value]) => `flag ${name}=${value}`);
        note(DOMTokenList.prototype, "add", ([name]) => name);
        note(HTMLFormElement.prototype, "reset", "empty");
        note(Navigator.prototype, "sendBeacon", ([address]) => `beacon ${address}`);
        const title = Object.getOwnPropertyDescriptor(Document.prototype, "title");
        Object.defineProperty(document, "title", {...title, set(value) {
            if (!window.steps.includes("title")) window.steps.push("title");
            title.set.call(document, value);
        }});
        navigation.addEventListener("navigate", event =>
            window.steps.push(`${event.navigationType} ${event.destination.url}`));
    }""")
    # An answer without a page: the browser stays where it is, and can be asked.
    page.route(f"{settings.EXIT_URLS['fr']}**", lambda route: route.fulfill(status=204))
    page.clock.install()

    page.locator("#quitter").click(no_wait_after=True)

    assert page.evaluate("steps") == [
        "flag n=1",
        "veil",
        "title",
        "empty",
        "beacon /x",
        f"replace {settings.EXIT_URLS['fr']}",
    ]
    page.clock.run_for(1_000)  # time goes on by itself too
    expect(page.get_by_role("status")).to_have_count(0)
    page.clock.run_for(8_000)
    expect(page.get_by_role("status")).to_have_text(f"Chargement… {settings.EXIT_URLS['fr']}")
    assert page.get_by_role("link").get_attribute("href") == settings.EXIT_URLS["fr"]


def test_a_touch_leaves_and_back_shows_nothing_of_ours(page: Page) -> None:
    beacons = arrive(page)
    entries = page.evaluate("history.length")

    touch(page)

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


def test_capitals_other_keys_and_the_mouse_do_not_leave(page: Page) -> None:
    arrive(page)
    page.locator("#q").focus()

    for _time in range(3):
        page.keyboard.down("Shift")
        page.locator("h1").click()
        page.keyboard.up("Shift")
    for key in ("Shift+A", "Shift+B", "Shift+C", "Shift", "a", "Shift", "b", "Shift"):
        page.keyboard.press(key)

    expect(page).to_have_url(re.compile("/fr/annuaire/$"))
    expect(page.locator("#quitter-etat")).to_have_text("Maj : encore 2 fois pour quitter.")


def test_the_page_is_hidden_before_the_other_site_answers(page: Page) -> None:
    arrive(page)
    page.evaluate("""() => {
        const field = document.querySelector('#q');
        new MutationObserver(() => console.log(JSON.stringify([
            getComputedStyle(document.body).display, document.title, field.value, field.isConnected
        ]))).observe(document.documentElement, {attributes: true, attributeFilter: ['class']});
    }""")
    page.route(f"{settings.EXIT_URLS['fr']}**", lambda _route: None)

    with page.expect_console_message(lambda message: message.text.startswith("[")) as told:
        page.locator("#quitter").click(no_wait_after=True)

    assert json.loads(told.value.text) == ["none", "Éclaircie", "", False]


def test_a_page_that_comes_back_paints_nothing_while_the_other_site_waits(page: Page) -> None:
    arrive(page)
    touch(page)
    has_left(page)
    page.route(f"{settings.EXIT_URLS['fr']}**", lambda _route: None)
    page.add_init_script(TELL_SOON)

    with page.expect_console_message(lambda message: message.text.startswith("[")) as told:
        page.evaluate("history.back()")

    assert json.loads(told.value.text) == ["/fr/", "none", 0]


def test_a_fresh_visit_after_leaving_works(page: Page) -> None:
    arrive(page)
    touch(page)
    has_left(page)

    page.goto("/fr/")

    expect(page.locator("h1")).to_have_text("Tu peux demander de l’aide.")
    assert page.evaluate("sessionStorage.length") == 0


def test_an_exchange_that_the_server_opened_is_closed_by_shift_too(page: Page) -> None:
    """Else its address, in the history, would open it again for a quarter of an hour."""
    somebody_reads()
    page.add_init_script("delete window.WebAssembly")
    open_letter(page)
    write(page)
    code = send(page)
    come_back(page, code)
    expect(page.locator(".talk")).to_contain_text(TEXT)
    address = page.url

    press_shift(page)

    has_left(page)
    page.goto(address)
    expect(page.locator("h1")).to_have_text("Revenir avec le code")


def test_a_refused_form_is_not_kept_to_be_sent_again(page: Page, watch: Watch) -> None:
    """Else the browser would write down what was typed, to open the tab again with it."""
    page.goto("/fr/annuaire/proposer/")
    page.locator("#f-nom").fill("Une adresse sans numéro")
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator("#erreurs")).to_be_visible()

    with page.expect_request("**/fr/annuaire/proposer/") as asked:
        page.reload()

    assert asked.value.method == "GET"
    watch.forgive("status of 400")


# --- pages that the browser keeps in memory --------------------------------------------------------------------------


@dataclass
class Keeping:
    """A page of a browser that keeps the pages it leaves ready for Back, as all browsers do in life."""

    page: Page
    devtools: CDPSession
    elsewhere: Elsewhere
    told: list[str] = field(default_factory=list)

    def back(self) -> None:
        """Back, as the button of the browser goes: Playwright's own waits for a load that does not come."""
        known = self.devtools.send("Page.getNavigationHistory")
        before = known["entries"][known["currentIndex"] - 1]["id"]
        self.devtools.send("Page.navigateToHistoryEntry", {"entryId": before})


@pytest.fixture
def keeping(browser: Browser, live_server: LiveServer, settings: Settings) -> Iterator[Keeping]:
    """The same browser with its memory of pages, which Playwright turns off, and a real other site to leave for."""
    chromium = browser.browser_type.launch(
        executable_path=program(),
        args=BROWSER_ARGUMENTS,
        ignore_default_args=["--disable-back-forward-cache"],
    )
    with another_site() as elsewhere:
        settings.EXIT_URLS = dict.fromkeys(settings.EXIT_URLS, elsewhere.url)
        page = chromium.new_page(base_url=live_server.url, locale="fr-FR")
        kept = Keeping(page, page.context.new_cdp_session(page), elsewhere)
        page.on("console", lambda message: kept.told.append(message.text))
        page.add_init_script(
            "addEventListener('pageshow', event => event.persisted && console.log('kept ' + location.pathname))"
        )
        yield kept
        chromium.close()


@pytest.mark.parametrize("path", ["/fr/urgence/", "/fr/ecrire/?pour=moi"], ids=["a page", "a quiet page"])
@pytest.mark.parametrize("arrives", [True, False], ids=["beacon", "no beacon"])
def test_back_shows_nothing_of_what_the_browser_kept(keeping: Keeping, path: str, *, arrives: bool) -> None:
    page = keeping.page
    if not arrives:
        page.add_init_script("Navigator.prototype.sendBeacon = () => false")
    page.goto("/fr/")
    page.goto(path)
    page.goto("/fr/annuaire/")
    page.locator("#q").fill("ce que je cherche")

    page.locator("#quitter").click()
    page.wait_for_url(keeping.elsewhere.url)
    for visits in (2, 3):
        keeping.back()
        keeping.elsewhere.has_been_asked(visits)
        expect(page).to_have_title("ailleurs")
        page.wait_for_timeout(300)
        assert (page.url, page.title()) == (keeping.elsewhere.url, "ailleurs")

    # Pages were really kept, unless the answer to the beacon made the browser forget them.
    assert [one for one in keeping.told if one.startswith("kept ")] == (
        [] if arrives else [f"kept {path.partition('?')[0]}", "kept /fr/"]
    )


# --- where it stands -------------------------------------------------------------------------------------------------


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


def test_the_way_out_stays_in_sight_and_covers_nothing_that_has_the_focus(page: Page) -> None:
    arrive(page)
    emergency_services()
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 640})
        page.goto("/fr/urgence/")
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        expect(page.locator("#quitter")).to_be_in_viewport(ratio=1)
        page.locator(".foot a").last.focus()
        covered = []
        for _stop in range(60):
            page.keyboard.press("Shift+Tab")
            name, top, bottom, is_of_the_page = page.evaluate("""() => {
                const at = document.activeElement, bar = document.querySelector('.bar');
                const box = at.getBoundingClientRect();
                return [at.textContent, box.top, bar.getBoundingClientRect().bottom, !!at.closest('main')];
            }""")
            if is_of_the_page and top < bottom:
                covered.append(name)
        assert covered == []


def test_a_printed_page_has_no_way_out_on_it(page: Page) -> None:
    arrive(page)
    page.emulate_media(media="print")

    for one in ("#quitter", "[data-quitter]", ".bar"):
        expect(page.locator(one).first).to_be_hidden()


def test_without_javascript_nothing_promises_what_only_a_script_does(browser: Browser, live_server: LiveServer) -> None:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()

    page.goto("/fr/traces/")

    said = page.locator("main").inner_text()
    assert [words for words in ("Maj", "ne montre plus nos pages", "3 minutes") if words in said] == []
    expect(page.get_by_text("Ici, JavaScript est coupé.")).to_be_visible()
    context.close()
