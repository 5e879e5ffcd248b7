"""Pages that explain take two people, translations hold no contact of their own: in moderation and in the database."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, models, transaction

from accounts.models import User
from resources import history, moderation, translations
from resources.exchange.starter_csv import Refusal
from resources.models import Page, Proposal, Service, Translation, Vote
from resources.translations import Trust
from tests.builders import a_page, a_service, a_translation
from tests.resources.test_moderation import TODAY, a_moderator

pytestmark = pytest.mark.django_db


def proposed(page: Page, author: User, **after: str) -> Proposal:
    """What a moderator would change."""
    return moderation.propose_page(page, after=after, author=author, source="Relu ensemble", on=TODAY)


# --- two people -------------------------------------------------------------------------------------------------------


def test_one_proposes_and_another_publishes() -> None:
    page, ines, paul = a_page(title="Avant"), a_moderator("ines"), a_moderator("paul")
    proposal = proposed(page, ines, title="Après", lead=page.lead)

    with pytest.raises(moderation.NotYours):
        moderation.approve(proposal, moderator=ines, on=TODAY)
    page.refresh_from_db()
    assert (page.title, proposal.changes) == ("Avant", {"title": {"before": "Avant", "after": "Après"}})

    assert moderation.approve(proposal, moderator=paul, on=TODAY) is True
    page.refresh_from_db()
    assert page.title == "Après"


def test_a_second_opinion_takes_two_others() -> None:
    page, ines, paul, lea = a_page(), a_moderator("ines"), a_moderator("paul"), a_moderator("lea")
    proposal = proposed(page, ines, title="Après")
    moderation.ask_second(proposal, moderator=paul, reason="À deux.")

    assert moderation.approve(proposal, moderator=paul, on=TODAY) is False
    assert moderation.approve(proposal, moderator=lea, on=TODAY) is True


def test_what_is_proposed_for_a_page_stays() -> None:
    page, ines, paul = a_page(), a_moderator("ines"), a_moderator("paul")
    proposal = proposed(page, ines, title="Après")

    with pytest.raises(Refusal):
        moderation.amend(proposal, moderator=paul, after={"title": "Autre chose"})
    with pytest.raises(Refusal):
        moderation.take_over(proposal, moderator=paul)
    with pytest.raises(IntegrityError, match="stays"), transaction.atomic():
        Proposal.objects.filter(pk=proposal.pk).update(changes={"title": {"before": "", "after": "Autre chose"}})


def test_a_page_that_moved_is_not_overwritten() -> None:
    page, ines, paul = a_page(title="Avant"), a_moderator("ines"), a_moderator("paul")
    first, second = proposed(page, ines, title="Un"), proposed(page, paul, title="Deux")
    moderation.approve(first, moderator=paul, on=TODAY)

    assert moderation.conflicts(second) == []
    with pytest.raises(moderation.BaseMoved) as raised:
        moderation.approve(second, moderator=ines, on=TODAY)
    assert raised.value.now == {"title": "Un"}


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("text", "Appelle le 01 99 00 00 00."),
        ("text", "# Trop grand"),
        ("text", ""),
        ("title", "Deux\nlignes"),
        ("lead", "x" * 301),
        ("tab", "Violences"),
        ("tab", "Escort ?"),
        ("name", "Autre"),
    ],
)
def test_what_a_page_may_not_hold_is_not_proposed(field: str, wrong: str) -> None:
    with pytest.raises(Refusal):
        proposed(a_page(), a_moderator(), **{field: wrong})


def test_saying_the_same_is_no_proposal() -> None:
    page = a_page()

    with pytest.raises(moderation.NothingChanges):
        proposed(page, a_moderator(), title=page.title, text=page.text)


def test_history_says_who_and_why_and_brings_back() -> None:
    page, ines, paul = a_page(title="Avant"), a_moderator("ines"), a_moderator("paul")
    moderation.approve(proposed(page, ines, title="Après"), moderator=paul, on=TODAY)

    newest, first = history.versions_of_page(page)

    assert (newest.number, newest.who, newest.why) == (2, "paul@example.org", "Relu ensemble")
    assert newest.changes == {"title": {"before": "Avant", "after": "Après"}}
    assert first.said["title"] == "Avant"


# --- the database, gone round -----------------------------------------------------------------------------------------


def voted(page: Page, by: User, **facts: Any) -> Proposal:
    """An open proposal for the title «Vrai», with one vote."""
    changes = {"title": {"before": page.title, "after": "Vrai"}}
    author = facts.pop("author", None) or a_moderator("auteur")
    proposal = Proposal.objects.create(
        kind="change", origin="staff", page=page, changes=changes, author=author, proposed_on=TODAY, **facts
    )
    Vote.objects.create(proposal=proposal, moderator=by, verdict="approve", revision=1)
    return proposal


def write(page: Page, *, proposal: Proposal | None = None, **texts: str) -> None:
    """Change a page beside moderation, naming a proposal."""
    with transaction.atomic(), moderation.remembered(moderator=None, proposal=proposal, why="test"):
        Page.objects.filter(pk=page.pk).update(**texts)


def of_another_page(page: Page) -> None:
    """A proposal that was agreed to, about another page."""
    write(page, proposal=voted(a_page(), a_moderator()), title="Vrai")


def with_one_voice_too_few(page: Page) -> None:
    """Two others were wanted."""
    write(page, proposal=voted(page, a_moderator(), second_wanted=True), title="Vrai")


def without_a_vote(page: Page) -> None:
    """A proposal that nobody agreed to."""
    write(page, proposal=proposed(page, a_moderator(), title="Vrai"), title="Vrai")


def by_the_author(page: Page) -> None:
    """The author agrees to their own words."""
    ines = a_moderator()
    voted(page, ines, author=ines)


def when_it_was_decided(page: Page) -> None:
    """An old agreement is no key."""
    proposal = voted(page, a_moderator())
    Proposal.objects.filter(pk=proposal.pk).update(status="applied", decided_on=TODAY)
    write(page, proposal=proposal, title="Vrai")


ROUND: dict[str, Callable[[Page], object]] = {
    "at once": lambda page: write(page, title="Vrai"),
    "another text than agreed": lambda page: write(page, proposal=voted(page, a_moderator()), title="Faux"),
    "another field than agreed": lambda page: write(page, proposal=voted(page, a_moderator()), text="Faux"),
    "of another page": of_another_page,
    "without a vote": without_a_vote,
    "by the author": by_the_author,
    "with one voice too few": with_one_voice_too_few,
    "when it was decided": when_it_was_decided,
    "another address": lambda page: write(page, proposal=voted(page, a_moderator()), slug="ailleurs"),
    "taken away": lambda page: Page.objects.filter(pk=page.pk).delete(),
    "a new one": lambda _page: Page.objects.create(slug="n", position=1, tab="a", title="b", lead="c", text="d"),
}


@pytest.mark.parametrize("way", ROUND)
def test_the_database_refuses_what_goes_round_moderation(way: str) -> None:
    page = a_page(title="Avant")

    with pytest.raises(IntegrityError, match="one person's word"), transaction.atomic():
        ROUND[way](page)
    page.refresh_from_db()
    assert page.title == "Avant"


def test_the_database_lets_through_what_was_agreed_to() -> None:
    page = a_page(title="Avant")

    write(page, proposal=voted(page, a_moderator()), title="Vrai")

    page.refresh_from_db()
    assert page.title == "Vrai"


# --- translations -----------------------------------------------------------------------------------------------------


def say(about: Page | Service, field: str, text: str, *, by: User, status: str = "machine", of: str = "") -> None:
    """Translate a text of now into English."""
    of = of or translations.digest(getattr(about, field))
    moderation.translate(about, wording=moderation.Wording("en", field, text, of, status), moderator=by)


def trust(about: Page | Service, field: str) -> Trust:
    """How far the English text can be trusted."""
    return translations.trust(about, field, about.translations.filter(language="en", field=field).first())


def test_a_translation_is_out_of_date_by_itself_and_back_again() -> None:
    page, ines, paul = a_page(title="Avant"), a_moderator("ines"), a_moderator("paul")
    assert trust(page, "title") == Trust.MISSING
    say(page, "title", "Before", by=ines)
    assert trust(page, "title") == Trust.MACHINE
    say(page, "title", "Before", by=ines, status="reviewed")
    assert trust(page, "title") == Trust.REVIEWED

    moderation.approve(proposed(page, ines, title="Après"), moderator=paul, on=TODAY)
    page = Page.objects.in_language("en").get()
    assert trust(page, "title") == Trust.OUTDATED
    assert translations.said(page, "title", language="en") == translations.Said("Après", "fr", Trust.OUTDATED)

    moderation.approve(proposed(page, ines, title="Avant"), moderator=paul, on=TODAY)
    page = Page.objects.in_language("en").get()
    assert translations.said(page, "title", language="en") == translations.Said("Before", "en", Trust.REVIEWED)


def test_a_text_of_a_service_is_translated_too() -> None:
    service, ines = a_service(description="Un lieu."), a_moderator()
    say(service, "description", "A place.", by=ines)

    found = Service.objects.in_language("en").get()

    assert translations.said(found, "description", language="en").text == "A place."
    assert translations.said(found, "what_happens", language="en").text == ""


def test_an_emptied_translation_goes_and_history_keeps_it() -> None:
    page, ines = a_page(), a_moderator()
    say(page, "title", "A title", by=ines)
    say(page, "title", " ", by=ines)

    assert not Translation.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pgh_label, text, pgh_context->>'user' FROM resources_translationevent ORDER BY pgh_id")
        rows = cursor.fetchall()
    assert rows == [("insert", "A title", str(ines.pk)), ("delete", "A title", str(ines.pk))]


def test_only_moderators_translate_what_is_shown() -> None:
    page, lea = a_page(), User.objects.create_user("lea@example.org")

    with pytest.raises(moderation.NotYours):
        say(page, "title", "A title", by=lea)
    with pytest.raises(Refusal):
        say(page, "slug", "a", by=a_moderator(), of="x")
    with pytest.raises(Refusal):
        say(a_service(), "name", "A name", by=a_moderator("paul"))


def test_who_saw_another_french_text_reads_it_again() -> None:
    page = a_page()

    with pytest.raises(moderation.SourceMoved):
        say(page, "title", "A title", by=a_moderator(), of=translations.digest("Autre"))


@pytest.mark.django_db(transaction=True)
def test_two_who_translate_first_at_one_moment_both_succeed() -> None:
    page, people = a_page(), [a_moderator(f"m{number}") for number in range(4)]

    def first(moderator: User) -> None:
        try:
            say(page, "title", "A title", by=moderator)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as moment:
        list(moment.map(first, people))

    assert Translation.objects.get().text == "A title"


SOURCE = "Article 225-12-1, 75 000 €. [La loi](/comprendre/loi/)\n\n{numero:ligne-a|Jour et nuit}\n\n[Site](https://exemple.fr/a)"


@pytest.mark.parametrize(
    "text",
    [
        "Call 01 99 00 00 77.",
        "Call 3919.",
        "Call ٣٩١٩.",
        "Call ３９１９.",
        "Call 01*99*00*00*77.",
        r"Call 01\.99\.00\.00\.77.",
        "Call 3\u200b9\u200b1\u200b9.",
        "Call 01 – 99 – 00 – 00 – 77.",
        "{numero:ligne-b|Day and night}",
        "[Site](https://ailleurs.fr)",
        "[Write](/ecrire/)",
        "See ailleurs.com.",
        "See aill*eurs.c*om.",
        "Write to lea@example.org.",
    ],
)
def test_a_translation_holds_no_contact_of_its_own(text: str) -> None:
    page = a_page(text=SOURCE)
    Page.objects.get(pk=page.pk)

    with pytest.raises(Refusal), transaction.atomic():
        say(page, "text", text, by=a_moderator())
    with pytest.raises(IntegrityError, match="no contact of its own"), transaction.atomic():
        a_translation(page, field="text", text=text)


def test_a_translation_may_hold_the_contacts_of_its_source() -> None:
    page = a_page(text=SOURCE)

    say(
        page,
        "text",
        "€75,000, article 225-12-1. [The law](/comprendre/loi/)\n\n{numero:ligne-a|Day and night}",
        by=a_moderator(),
    )

    assert trust(page, "text") == Trust.MACHINE


WRONG: dict[str, Callable[[Page], object]] = {
    "page_says_something": lambda _page: a_page(tab=""),
    "translation_of_a_page_is_one": lambda page: [a_translation(page, field="title", text="a") for _once in (1, 2)],
    "translation_of_a_service_is_one": lambda _page: [
        a_translation(service, field="description", text="a") for service in [a_service()] * 2
    ],
    "translation_is_of_a_text_that_is_shown": lambda page: a_translation(page, field="slug", text="a"),
    "translation_says_something": lambda page: a_translation(page, field="title", text=""),
    "translation_is_not_of_french": lambda page: a_translation(page, field="title", text="a", language="fr"),
    "translation_status_is_known": lambda page: a_translation(page, field="title", text="a", status="sure"),
    "translation_was_reviewed_by_somebody": lambda page: a_translation(
        page, field="title", text="a", status="reviewed"
    ),
}


@pytest.mark.parametrize("constraint", WRONG)
def test_the_database_refuses(constraint: str) -> None:
    page = a_page()

    with pytest.raises(IntegrityError, match=f'"{constraint}"'), transaction.atomic():
        WRONG[constraint](page)


def test_every_constraint_of_pages_is_proven_here() -> None:
    tables: tuple[type[models.Model], ...] = (Page, Translation)

    assert {constraint.name for table in tables for constraint in table._meta.constraints} == set(WRONG)
