"""The whole story on browser profiles of their own: the person's, and those of the teams that read."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from referrals import escalation, retention
from referrals.models import Message, Referral
from tests.builders import Team, a_partner, a_team
from tests.journeys.test_partner import INBOX, Opener, unlock
from tests.journeys.test_partner import browser_of as browser_of  # noqa: PLC0414  # a fixture
from tests.journeys.test_writing import (
    TEXT,
    come_back,
    note,
    open_letter,
    reach_letter,
    send,
    type_back,
    write,
)
from tests.referrals.post import a_free_port, a_mail_server, a_worker, wait_until
from tests.resources.test_pages import emergency_services

pytestmark = pytest.mark.django_db(transaction=True)

ANSWER, REPLY = "Bonjour, nous sommes là.", "Je lis ici vers dix-huit heures"
PersonOf = Callable[..., Page]


@pytest.fixture
def person_of(browser: Browser, live_server: LiveServer) -> Iterator[PersonOf]:
    """A profile of somebody who writes, with or without JavaScript."""
    contexts = []

    def opened(*, scripts: bool) -> Page:
        context = browser.new_context(base_url=live_server.url, java_script_enabled=scripts, locale="fr-FR")
        context.set_default_timeout(20_000)
        contexts.append(context)
        return context.new_page()

    yield opened
    for context in contexts:
        assert context.cookies() == []
        context.close()


def teams() -> tuple[Team, Team, Team]:
    """Two associations in the order in which they are asked, and the duty desk."""
    emergency_services()
    first = a_team(a_partner(slug="port-d-aube", name="Port d’aube (fictif)"))
    second = a_team(a_partner(slug="rive-d-en-face", name="Rive d’en face (fictif)", declared_open=5))
    return first, second, a_team(a_partner(slug="permanence", name="Permanence (fictive)", is_duty_desk=True))


def written(person: Page) -> str:
    """Somebody writes the letter that is on the screen, and notes the code."""
    write(person)
    code = send(person)
    note(person)
    type_back(person, code)
    expect(person.locator("h1")).to_have_text("C’est bon.")
    return code


def opened_by(page: Page) -> Page:
    """A member opens the only request of their inbox in the browser."""
    page.goto(INBOX)
    unlock(page)
    page.goto(f"{INBOX}{Referral.objects.get().public_id}/")
    return page


def hurry() -> None:
    """What was to ring in half a minute rings now."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'")


def said_by(mail: EmailMessage) -> str:
    """All that a mail says."""
    return f"{mail['Subject']} {mail.get_content()}"


@pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without-scripts"])
def test_from_the_first_word_to_nothing(
    person_of: PersonOf, browser_of: Opener, tmp_path: Path, *, scripts: bool
) -> None:
    team, _second, _desk = teams()
    person, port = person_of(scripts=scripts), a_free_port()

    with a_mail_server(port) as post, a_worker(tmp_path / "worker.log", port=port):
        reach_letter(person)
        code = written(person)
        hurry()
        wait_until(lambda: len(post.mails) == len(team.members))
    assert {address for addresses, _mail in post.mails for address in addresses} == {
        member.user.email for member in team.members
    }
    assert [TEXT in said_by(mail) or code.split(" ")[0] in said_by(mail) for _to, mail in post.mails] == [False, False]

    member = opened_by(browser_of(team.members[0]))
    expect(member.locator("[data-sequence='0'] .words")).to_have_text(TEXT)
    member.get_by_role("button", name="Prendre cette demande").click()
    member.get_by_label("Votre réponse").fill(ANSWER)
    member.get_by_role("button", name="Envoyer la réponse").click()
    expect(member.get_by_text("Réponse envoyée.")).to_be_visible()

    come_back(person, code)
    expect(person.locator(".talk")).to_contain_text(ANSWER)
    person.get_by_label("Ajouter un message").fill(REPLY)
    person.get_by_role("button", name="Envoyer").click()
    expect(person.get_by_text("Le message est parti.")).to_be_visible()

    member.reload()
    expect(member.locator("[data-sequence='2'] .words")).to_have_text(REPLY)
    member.locator("summary", has_text="Terminer").click()
    member.locator("#issue").select_option("helped")
    member.get_by_role("button", name="Terminer").click()
    expect(member.get_by_text("Demande terminée.")).to_be_visible()

    come_back(person, code)
    expect(person.locator("h1")).to_have_text("L’échange est terminé.")
    retention.purge(at=timezone.now() + timedelta(days=8))
    assert (Referral.objects.count(), Message.objects.count()) == (1, 0)
    retention.purge(at=timezone.now() + timedelta(days=91))
    assert Referral.objects.count() == 0
    come_back(person, code)
    expect(person.get_by_text("On ne trouve rien avec ce code.")).to_be_visible()


def test_declined_then_overdue_then_the_duty_desk(person_of: PersonOf, browser_of: Opener) -> None:
    first, _second, desk = teams()
    person = person_of(scripts=True)
    open_letter(person)
    code = written(person)

    member = opened_by(browser_of(first.members[0]))
    expect(member.locator("[data-sequence='0'] .words")).to_have_text(TEXT)
    member.locator("summary", has_text="Nous ne pouvons pas").click()
    member.locator("#raison").select_option("full")
    member.locator("form:has(#raison)").get_by_role("button").click()
    expect(member).to_have_url(INBOX)

    come_back(person, code)
    expect(person.locator(".steps li").nth(0)).to_contain_text("Port d’aube (fictif)")
    expect(person.locator(".steps li").nth(0)).to_have_class("declined")
    expect(person.locator(".steps li").nth(1)).to_have_class("waiting")

    escalation.escalate(at=timezone.now() + timedelta(days=2))
    come_back(person, code)
    expect(person.locator(".steps li").nth(1)).to_have_class("overdue")
    expect(person.locator(".steps li").nth(2)).to_have_class("waiting")

    on_duty = opened_by(browser_of(desk.members[0]))
    expect(on_duty.locator("[data-sequence='0'] .words")).to_have_text(TEXT)
    on_duty.get_by_role("button", name="Prendre cette demande").click()
    come_back(person, code)
    expect(person.locator("h1")).to_have_text("Une association a pris le message.")
