"""Writing and coming back in a real browser, with and without JavaScript: nothing readable leaves it, nor is lost."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, Request, Route, expect
from pytest_django.live_server_helper import LiveServer

from referrals import handoffs, lifecycle
from referrals.models import PlanStep, Referral
from tests.barriers import worn
from tests.builders import Sent, Team, a_partner, a_team, an_answer
from tests.conftest import Watch
from tests.referrals.post import wait_until
from tests.referrals.test_pages_write import walk
from tests.resources.test_pages import emergency_services

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = "Je dors chez zéphyrine, j’ai peur"
TELLING = ("zéphyrine", "z\\u00e9phyrine", "z%C3%A9phyrine", "peur", "Lune")


SEALED = re.compile(r"[A-Za-z0-9_-]{40,}")


@dataclass
class Wire:
    """Everything that a page asked for."""

    requests: list[Request] = field(default_factory=list)

    def note(self, request: Request) -> None:
        """One more."""
        self.requests.append(request)

    def said(self, words: tuple[str, ...]) -> list[str]:
        """Words that stand in an address or in a body, runs of sealed bytes aside: any short word comes there by
        chance."""
        sent = [SEALED.sub("", f"{request.url} {request.post_data or ''}") for request in self.requests]
        return [word for word in words for one in sent if word.lower() in one.lower()]

    def posts(self) -> list[str]:
        """Where forms and bodies went."""
        return [request.url.split("/", 3)[3] for request in self.requests if request.method == "POST"]


@pytest.fixture
def wire(page: Page) -> Wire:
    """What the page asks for, from its first request."""
    seen = Wire()
    page.on("request", seen.note)
    return seen


@pytest.fixture
def plain(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """A page without JavaScript."""
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False, locale="fr-FR")
    context.set_default_timeout(10_000)
    page = context.new_page()
    yield page
    assert context.cookies() == []
    context.close()


def somebody_reads() -> Team:
    """One association and the duty desk, with keys; numbers."""
    emergency_services()
    a_team(a_partner(slug="permanence", name="Permanence (fictive)", is_duty_desk=True))
    return a_team(a_partner(slug="port-d-aube", name="Port d’aube (fictif)", stance="Nous écoutons d’abord."))


def go_on(page: Page) -> None:
    """To the next question."""
    page.get_by_role("button", name="Continuer").click()


def reach_letter(page: Page) -> None:
    """From the first page to the letter, as a tired person does: two answers, the rest passed."""
    page.goto("/fr/")
    page.get_by_role("link", name="Écrire sans donner ton nom").click()
    page.get_by_role("link", name="Pour moi").click()
    page.get_by_label("Non", exact=True).check()
    go_on(page)
    page.get_by_label("15 à 17 ans").check()
    go_on(page)
    for _question in range(4):
        page.get_by_role("button", name="Passer").click()
    expect(page.locator("h1")).to_have_text("Écris avec tes mots")


def open_letter(page: Page) -> None:
    """The letter as `reach_letter` leaves it: the same answers, given without the browser, in a tenth of the time."""
    passed = {"skip": "1"}
    page.goto(walk(Client(), needs=passed, where=passed, when=passed, who=passed))
    expect(page.locator("h1")).to_have_text("Écris avec tes mots")


def write(page: Page) -> None:
    """Words, a name, and agreement."""
    page.get_by_label("Ton message").fill(TEXT)
    page.get_by_label("Comment te nommer").fill("Lune")
    page.locator("#f-consent").check()


def send(page: Page) -> str:
    """Send; the six words."""
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator("h1")).to_have_text("C’est envoyé.", timeout=20_000)
    return page.locator("#code").inner_text()


def is_ready(page: Page) -> None:
    """The script has found that this browser can seal."""
    expect(page.locator("[data-browser-way]")).to_be_visible(timeout=20_000)


def type_back(page: Page, code: str) -> None:
    """The two words that are asked for."""
    page.get_by_role("button", name="Vérifier").wait_for()  # all() does not wait for the page
    for one in page.locator("main form label").all():
        place = int("".join(letter for letter in one.inner_text() if letter.isdigit()))
        page.get_by_label(one.inner_text()).fill(code.split(" ")[place - 1])
    page.get_by_role("button", name="Vérifier").click()


def note(page: Page) -> None:
    """The words are on paper."""
    page.get_by_text("J’ai noté les 6 mots").click()


def come_back(page: Page, typed: str) -> None:
    """With a code."""
    page.goto("/fr/suivi/")
    page.get_by_label("Les 6 mots, ou les 20 chiffres").fill(typed)
    page.get_by_role("button", name="Lire").click()


def answers(team: Team, text: str) -> None:
    """The team takes the only referral and answers."""
    referral = Referral.objects.get()
    lifecycle.acknowledge(referral, member=team.members[0], at=timezone.now())
    sent = Sent(referral, code=None)  # type: ignore[arg-type]  # the team has none
    lifecycle.answer(
        referral, an_answer(team, sent, text), member=team.members[0], own=team.addressee, at=timezone.now()
    )


def whole_story(page: Page, team: Team) -> tuple[str, str]:
    """Write, note the code, come back, read, answer, erase; the code, and the words that were answered."""
    reach_letter(page)
    write(page)
    code = send(page)
    digits = page.locator("[data-digits]").inner_text()
    note(page)
    type_back(page, code)
    expect(page.locator("h1")).to_have_text("C’est bon.")
    assert team.read(Referral.objects.get()) == [TEXT]
    answers(team, "Bonjour, nous sommes là.")
    come_back(page, code.upper())
    expect(page.locator("h1")).to_have_text("Une réponse est arrivée.", timeout=20_000)
    expect(page.locator(".talk")).to_contain_text("Bonjour, nous sommes là.")
    expect(page.locator(".talk")).to_contain_text(TEXT)
    page.get_by_label("Ajouter un message").fill("Je lis ici vers dix-huit heures")
    page.get_by_role("button", name="Envoyer").click()
    expect(page.get_by_text("Le message est parti.")).to_be_visible(timeout=20_000)
    assert team.read(Referral.objects.get())[-1] == "Je lis ici vers dix-huit heures"
    come_back(page, digits)
    expect(page.locator(".steps")).to_contain_text("Port d’aube (fictif) a pris le message", timeout=20_000)
    page.get_by_text("Tout effacer maintenant").click()
    page.get_by_role("button", name="Oui, tout effacer").click()
    expect(page.locator("h1")).to_have_text("Tout est effacé.")
    assert Referral.objects.count() == 0
    return code, digits


def pairs_of(code: str) -> list[str]:
    """Two words of a code side by side, as a body or an address would carry them. One alone may stand in sealed bytes
    by chance, and «danger» is the name of a field."""
    words = code.split(" ")
    return [f"{one}{between}{other}" for one, other in pairwise(words) for between in (" ", "+", "%20")]


# --- both ways -------------------------------------------------------------------------------------------------------


def test_the_browser_seals_and_nothing_readable_leaves_it(page: Page, wire: Wire) -> None:
    team = somebody_reads()

    code, digits = whole_story(page, team)

    assert wire.said((*TELLING, "dix-huit", *pairs_of(code), digits.replace(" ", ""), digits.replace(" ", "+"))) == []
    assert [path for path in wire.posts() if path.startswith("api/")] == [
        "api/v1/follow-up/salt",
        "api/v1/referrals",
        "api/v1/follow-up/salt",
        "api/v1/follow-up/open",
        "api/v1/follow-up/message",
        "api/v1/follow-up/salt",
        "api/v1/follow-up/open",
        "api/v1/follow-up/salt",
        "api/v1/follow-up/open",
        "api/v1/follow-up/withdraw",
    ]
    assert [path for path in wire.posts() if path.startswith("fr/suivi")] == []
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]


def test_it_works_without_javascript(plain: Page) -> None:
    team = somebody_reads()

    code, digits = whole_story(plain, team)

    assert [part for part in (*code.split(" "), digits[:4]) if part in plain.url] == []


def test_without_javascript_the_page_says_what_that_changes(plain: Page) -> None:
    somebody_reads()

    open_letter(plain)

    expect(plain.get_by_text("c’est notre serveur qui ferme ton message à clé")).to_be_visible()
    expect(plain.locator("[data-browser-way]")).to_be_hidden()


def test_an_old_phone_goes_the_way_of_the_server_and_says_so(page: Page, wire: Wire) -> None:
    team = somebody_reads()
    page.add_init_script("delete window.WebAssembly")
    open_letter(page)
    write(page)
    expect(page.locator("[data-server-way]")).to_be_visible()

    code = send(page)

    assert (team.read(Referral.objects.get()), len(code.split(" "))) == ([TEXT], 6)
    assert [path for path in wire.posts() if path.startswith("api/")] == []


def test_who_is_faster_than_the_script_waits_for_it_and_nothing_is_sent_open(page: Page, wire: Wire) -> None:
    team = somebody_reads()
    waiting: list[Route] = []
    page.route("**/writing*.js", lambda route: waiting.append(route))  # noqa: PLW0108  # Playwright marks it
    open_letter(page)
    write(page)
    page.get_by_role("button", name="Envoyer").dblclick()
    assert Referral.objects.count() == 0

    waiting[0].continue_()

    expect(page.locator("h1")).to_have_text("C’est envoyé.", timeout=20_000)
    assert team.read(Referral.objects.get()) == [TEXT]
    assert wire.said(TELLING) == []


def test_a_script_that_never_comes_is_not_waited_for_long(page: Page) -> None:
    team = somebody_reads()
    page.route("**/writing*.js", lambda _route: None)
    page.clock.install()
    open_letter(page)
    write(page)
    page.get_by_role("button", name="Envoyer").click()

    page.clock.run_for(10_000)

    expect(page.locator("h1")).to_have_text("C’est envoyé.", timeout=20_000)
    assert team.read(Referral.objects.get()) == [TEXT]


# --- never twice, never lost -----------------------------------------------------------------------------------------


def test_a_double_click_sends_once(page: Page) -> None:
    somebody_reads()
    open_letter(page)
    is_ready(page)
    write(page)

    page.get_by_role("button", name="Envoyer").dblclick()

    expect(page.locator("h1")).to_have_text("C’est envoyé.", timeout=20_000)
    assert Referral.objects.count() == 1


def test_without_javascript_a_double_click_sends_once_and_shows_the_code(plain: Page) -> None:
    somebody_reads()
    open_letter(plain)
    write(plain)

    plain.get_by_role("button", name="Envoyer").dblclick()

    expect(plain.locator("h1")).to_have_text("C’est envoyé.", timeout=20_000)
    assert Referral.objects.count() == 1


def test_without_javascript_refresh_and_back_are_safe(plain: Page) -> None:
    somebody_reads()
    open_letter(plain)
    write(plain)
    code = send(plain)

    plain.reload()
    assert plain.locator("#code").inner_text() == code
    note(plain)
    plain.go_back()
    assert plain.locator("#code").inner_text() == code
    plain.go_back()
    expect(plain.locator("h1")).to_have_text("Écris avec tes mots")
    assert Referral.objects.count() == 1


def test_a_network_that_fails_loses_nothing_and_sends_once(page: Page, watch: Watch) -> None:
    somebody_reads()
    open_letter(page)
    is_ready(page)
    write(page)
    # The server gets the first one; its answer is lost on the way.
    page.route("**/api/v1/referrals", lambda route: (route.fetch(), route.abort()), times=1)
    page.get_by_role("button", name="Envoyer").click()
    expect(page.get_by_text("Le texte est toujours là.")).to_be_visible(timeout=20_000)
    expect(page.get_by_label("Ton message")).to_have_value(TEXT)

    code = send(page)

    assert Referral.objects.count() == 1
    come_back_and_read(page, code)
    watch.forgive("ERR_FAILED")


def test_what_could_not_be_sent_or_erased_is_said(page: Page, watch: Watch) -> None:
    team = somebody_reads()
    open_letter(page)
    write(page)
    come_back_and_read(page, send(page))
    reply, go = page.get_by_label("Ajouter un message"), page.get_by_role("button", name="Envoyer")

    reply.fill("   ")
    go.click()
    expect(page.locator("[data-write] .sending")).to_have_text("Il manque le message.")

    page.get_by_text("Tout effacer maintenant").click()
    page.route("**/api/v1/follow-up/withdraw", lambda route: route.abort(), times=1)
    page.get_by_role("button", name="Oui, tout effacer").click()
    expect(page.locator("[data-sure]")).to_contain_text("Ça n’a pas marché")
    assert team.read(Referral.objects.get()) == [TEXT]

    closed = Referral.objects.get()
    lifecycle.acknowledge(closed, member=team.members[0], at=timezone.now())
    lifecycle.close(closed, member=team.members[0], at=timezone.now(), outcome="helped")
    reply.fill("Encore un mot")
    go.click()
    expect(page.locator("[data-write] .sending")).to_have_text("L’échange est terminé.", timeout=20_000)
    expect(reply).to_have_value("Encore un mot")
    watch.forgive("ERR_FAILED")
    watch.forgive("409")


def come_back_and_read(page: Page, code: str) -> None:
    """The code opens what was sent."""
    note(page)
    type_back(page, code)
    come_back(page, code)
    expect(page.locator(".talk")).to_contain_text(TEXT, timeout=20_000)


def test_a_new_key_of_the_team_is_fetched_and_used(page: Page, watch: Watch) -> None:
    team = somebody_reads()
    open_letter(page)
    is_ready(page)
    write(page)
    page.evaluate("document.querySelector('[name=partners][type=checkbox]').dataset.epoch = '9'")

    send(page)

    assert team.read(Referral.objects.get()) == [TEXT]
    watch.forgive("400")


def test_what_is_missing_is_said_above_the_form_and_nothing_is_lost(page: Page) -> None:
    somebody_reads()
    open_letter(page)
    page.get_by_label("Ton message").fill(TEXT)
    page.locator("#f-partners").uncheck()

    page.get_by_role("button", name="Envoyer").click()

    expect(page.locator("#erreurs")).to_be_focused()
    assert page.locator("#erreurs a").all_inner_texts() == [
        "Il faut garder au moins une association.",
        "Il faut cocher la case pour envoyer.",
    ]
    expect(page.locator("#f-consent")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Ton message")).to_have_value(TEXT)
    page.get_by_role("link", name="Il faut cocher la case pour envoyer.").click()
    expect(page.locator("#f-consent")).to_be_focused()
    assert Referral.objects.count() == 0


def test_wrong_words_are_asked_for_again(page: Page) -> None:
    somebody_reads()
    open_letter(page)
    write(page)
    code = send(page)
    note(page)

    type_back(page, "faux faux faux faux faux faux")
    expect(page.get_by_text("Ce n’est pas grave")).to_be_visible()
    page.get_by_role("button", name="Revoir les mots").click()
    assert page.locator("#code").inner_text() == code
    note(page)
    type_back(page, code)

    expect(page.locator("h1")).to_have_text("C’est bon.")


def test_a_slip_is_found_before_anything_is_sent(page: Page, wire: Wire) -> None:
    page.goto("/fr/suivi/")
    page.get_by_label("Les 6 mots, ou les 20 chiffres").fill("abaisser abandon abdiquer abeille abolir oborder")

    page.get_by_role("button", name="Lire").click()

    expect(page.locator("#erreurs li")).to_have_text("Mot nº 6 : peut-être « aborder » ?", timeout=20_000)
    expect(page.locator("#erreurs")).to_contain_text("Un mot n’est pas dans la liste.")
    assert wire.posts() == []


def test_a_code_of_nobody_is_met_kindly(page: Page, watch: Watch) -> None:
    emergency_services()

    come_back(page, "abaisser abandon abdiquer abeille abolir aborder")

    expect(page.locator("#erreurs")).to_contain_text("On ne trouve rien avec ce code.", timeout=20_000)
    expect(page.locator('a[href="tel:17"]').first).to_be_visible()
    watch.forgive("404")


# --- how it is used --------------------------------------------------------------------------------------------------


def test_the_keyboard_is_enough(page: Page) -> None:
    team = somebody_reads()
    page.goto("/fr/ecrire/?pour=moi")

    def press_until(is_there: str, key: str = "Tab") -> None:
        for _stop in range(60):
            page.keyboard.press(key)
            if page.evaluate(f"document.activeElement.matches({is_there!r})"):
                return
        raise AssertionError(f"{is_there} is out of reach")

    press_until("[name=danger_now]")
    page.keyboard.press("ArrowDown")
    press_until("form .button")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Quel âge as-tu ?")
    press_until("[name=age_band]")
    page.keyboard.press("ArrowDown")
    press_until("form .button")
    page.keyboard.press("Enter")
    for title in ("De quoi as-tu besoin ?", "Où peut-on t’aider sans risque ?", "Quand as-tu besoin d’une réponse ?"):
        expect(page.locator("h1")).to_have_text(title)
        press_until("[name=skip]")
        page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Pour trouver un lieu qui t’accueille")
    press_until("[name=skip]")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Écris avec tes mots")
    press_until("#f-text")
    page.keyboard.insert_text(TEXT)
    press_until("#f-consent")
    page.keyboard.press("Space")
    press_until("form .button")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("C’est envoyé.", timeout=20_000)
    expect(page.locator("h1")).to_be_focused()
    assert team.read(Referral.objects.get()) == [TEXT]


def test_nothing_is_wider_than_the_narrowest_screen(page: Page) -> None:
    team = somebody_reads()
    page.set_viewport_size({"width": 320, "height": 640})
    wide = []

    def look(name: str) -> None:
        for style in ("", "html{font-size:200%}"):
            with worn(page, style):
                if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    wide.append(f"{name} {style}")

    for shown in ("ecrire/", "ecrire/?pour=moi", "pro/ecrire/", "suivi/"):
        page.goto(f"/fr/{shown}")
        look(shown)
    open_letter(page)
    page.get_by_label("On peut aussi me joindre").check()
    look("letter")
    write(page)
    code = send(page)
    look("code")
    note(page)
    look("typed back")
    type_back(page, code)
    look("end")
    answers(team, "Bonjour, nous sommes là.")
    come_back(page, code)
    expect(page.locator("h1")).to_have_text("Une réponse est arrivée.", timeout=20_000)
    look("case")

    assert wide == []


# --- silence ---------------------------------------------------------------------------------------------------------


def test_silence_is_announced_can_be_prolonged_and_then_blanks_the_page(page: Page) -> None:
    somebody_reads()
    page.clock.install()
    open_letter(page)
    page.get_by_label("Ton message").fill(TEXT)
    page.wait_for_load_state()

    page.clock.run_for(151_000)
    expect(page.get_by_role("alertdialog")).to_be_visible()
    page.get_by_role("button", name="Rester").dispatch_event("click")
    expect(page.get_by_role("alertdialog")).to_have_count(0)
    page.clock.run_for(120_000)
    expect(page.get_by_label("Ton message")).to_have_value(TEXT)
    page.clock.run_for(61_000)

    expect(page.locator("h1")).to_have_text("La page s’est effacée.")
    assert TEXT not in page.content()
    assert page.url.endswith("/fr/ecrire/")


def test_silence_hides_the_code_and_does_not_lose_it(page: Page) -> None:
    somebody_reads()
    page.clock.install()
    open_letter(page)
    write(page)
    code = send(page)

    page.clock.run_for(181_000)
    expect(page.locator("h1")).to_have_text("Les mots sont cachés.")
    assert code not in page.content()
    page.get_by_role("button", name="Montrer les mots").click()

    assert page.locator("#code").inner_text() == code


def test_silence_closes_an_exchange_that_the_server_opened(page: Page) -> None:
    somebody_reads()
    page.add_init_script("delete window.WebAssembly")
    page.clock.install()
    open_letter(page)
    write(page)
    code = send(page)
    come_back(page, code)
    expect(page.locator(".talk")).to_contain_text(TEXT)
    address = page.url

    with page.expect_request(lambda request: request.method == "POST" and request.url.endswith("/fr/suivi/")):
        page.clock.run_for(181_000)
    expect(page.locator("h1")).to_have_text("La page s’est effacée.")
    token = parse_qs(urlsplit(address).query)["k"][0]
    wait_until(lambda: handoffs.take(token, at=timezone.now()) is None)

    page.goto(address)
    expect(page.locator("h1")).to_have_text("Revenir avec le code")


def test_what_was_typed_is_gone_when_the_page_is_left(page: Page) -> None:
    somebody_reads()
    open_letter(page)
    page.get_by_label("Ton message").fill(TEXT)

    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")

    expect(page.get_by_label("Ton message")).to_have_value("")


def test_quitter_leaves_without_a_question_and_closes_the_exchange(page: Page) -> None:
    somebody_reads()
    open_letter(page)
    page.get_by_label("Ton message").fill(TEXT)

    page.locator("#quitter").click()

    expect(page).to_have_title("ailleurs")
    assert PlanStep.objects.count() == 0
