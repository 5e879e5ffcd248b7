"""The desk of pages and translations: what it shows, how a change is looked at and proposed, what a list costs."""

import html
import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from resources import translations
from resources.models import Page, Proposal, Translation
from resources.views_desk import ROWS_A_PAGE
from tests.builders import a_page, a_service, a_translation
from tests.resources.test_desk import somebody
from tests.signing_in import a_person, sign_in

pytestmark = pytest.mark.django_db

PAGES = "/espace/annuaire/pages/"
ENGLISH = "/espace/annuaire/traductions/en/"


@pytest.fixture
def ines(client: Client) -> User:
    """A moderator, signed in."""
    user = a_person("ines@example.org", moderator=True)
    sign_in(client, user)
    return user


def shown_at(client: Client, address: str) -> dict[str, str]:
    """The fields of the form of a translation, as a browser sends them back."""
    text = client.get(address).content.decode()
    hidden = dict(re.findall(r'<input type="hidden" name="((?:of|seen)_\w+)" value="(\w*)">', text))
    said = re.findall(r'<textarea id="(said_\w+)"[^>]*>\n([^<]*)</textarea>', text)
    return {**hidden, **dict(said), **dict.fromkeys(re.findall(r'name="(read_\w+)" checked', text), "on")}


def form(page: Page, **texts: str) -> dict[str, str]:
    """The form as it is shown, with other words in it."""
    return {"tab": page.tab, "title": page.title, "lead": page.lead, "text": page.text, **texts}


@pytest.mark.parametrize("rows", [1, 3])
def test_lists_cost_the_same_at_any_length(
    client: Client, ines: User, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _row in range(rows):
        a_translation(a_page(), field="title", text="A title")
        a_translation(a_service(description="Ici."), field="description", text="Here.")

    for address, queries in ((PAGES, 6), (ENGLISH, 8)):  # two of them for the session and its person
        with django_assert_num_queries(queries):
            assert client.get(address).status_code == 200


@pytest.mark.parametrize("address", ["/espace/annuaire/fiches/", ENGLISH])
def test_the_next_page_of_a_list_keeps_what_was_asked(client: Client, ines: User, address: str) -> None:
    for number in range(ROWS_A_PAGE + 1):
        a_service(name=f"Elles & eux {number}")
    a_service(name="Elles")

    first = client.get(address, {"q": "Elles & eux"}).content.decode()
    following = re.findall(r'href="(\?q=[^"]*page=2)"', first)
    second = client.get(f"{address}{html.unescape(following[0])}").content.decode()

    assert (second.count("Elles &amp; eux "), "Page 2 sur 2" in second) == (1, True)


def test_a_change_is_looked_at_then_proposed_then_published_by_another(client: Client, ines: User) -> None:
    page = a_page(text="Une phrase.\n\nCelle qui part.\n\nLa fin.")
    new = form(page, text="Une phrase.\n\nCelle qui **vient**.\n\nLa fin.")

    looked_at = client.post(f"{PAGES}{page.slug}/modifier/", {**new, "look": "1"}).content.decode()

    assert "Celle qui part." in looked_at
    assert "<p>Celle qui <strong>vient</strong>.</p>" in looked_at
    assert not Proposal.objects.exists()
    client.post(f"{PAGES}{page.slug}/modifier/", {**new, "propose": "1", "reason": "Relu"})
    proposal = Proposal.objects.get()
    shown = client.get(f"/espace/annuaire/propositions/{proposal.pk}/").content.decode()
    assert [line in shown for line in ("Celle qui part.", "Celle qui **vient**.", "Relu")] == [True] * 3
    other, _paul = somebody()
    other.post(f"/espace/annuaire/propositions/{proposal.pk}/accord/", {"revision": "1"})
    assert "<strong>vient</strong>" in client.get(f"/fr/comprendre/{page.slug}/").content.decode()
    listed = client.get("/espace/annuaire/?file=closes").content.decode()
    assert (page.title in listed, "Texte" in listed) == (True, True)


def test_what_is_wrong_is_shown_with_what_was_typed(client: Client, ines: User) -> None:
    page = a_page()

    response = client.post(
        f"{PAGES}{page.slug}/modifier/", {**form(page, text="Appelle le 01 99 00 00 77."), "propose": "1"}
    )

    text = response.content.decode()
    assert response.status_code == 400
    assert "Appelle le 01 99 00 00 77." in text
    assert 'aria-describedby="text-hint text-error"' in text
    assert not Proposal.objects.exists()


def test_markup_that_is_typed_is_shown_as_text(client: Client, ines: User) -> None:
    page = a_page()

    text = client.post(
        f"{PAGES}{page.slug}/modifier/", form(page, title="<script>a</script>", text="</textarea><script>b</script>")
    ).content.decode()

    assert [typed in text for typed in ("<script>a", "<script>b")] == [False, False]


def test_to_say_something_else_begins_with_what_was_proposed(client: Client, ines: User) -> None:
    page = a_page()
    client.post(f"{PAGES}{page.slug}/modifier/", {**form(page, title="Proposé"), "propose": "1"})
    proposal = Proposal.objects.get()

    answer = client.get(f"/espace/annuaire/propositions/{proposal.pk}/corriger/", follow=True)

    assert answer.redirect_chain == [(f"{PAGES}{page.slug}/modifier/?d={proposal.pk}", 302)]
    assert 'value="Proposé"' in answer.content.decode()


def test_an_old_text_comes_back_with_a_second_person(client: Client, ines: User) -> None:
    page, (other, _paul) = a_page(title="Avant"), somebody()
    client.post(f"{PAGES}{page.slug}/modifier/", {**form(page, title="Après"), "propose": "1"})
    other.post(f"/espace/annuaire/propositions/{Proposal.objects.get().pk}/accord/", {"revision": "1"})

    assert "Revenir à l’ancien" in other.get(f"{PAGES}{page.slug}/").content.decode()
    other.post(f"{PAGES}{page.slug}/retour/2/title/")
    page.refresh_from_db()
    assert page.title == "Après"
    back = Proposal.objects.open().get()
    client.post(f"/espace/annuaire/propositions/{back.pk}/accord/", {"revision": "1"})
    page.refresh_from_db()
    assert page.title == "Avant"


@pytest.mark.parametrize("end", ["retour/7/title/", "retour/1/slug/"])
def test_what_never_was_does_not_come_back(client: Client, ines: User, end: str) -> None:
    page = a_page()

    assert client.post(f"{PAGES}{page.slug}/{end}").status_code == 302
    assert not Proposal.objects.exists()


def test_a_translation_is_written_beside_its_source(client: Client, ines: User) -> None:
    page = a_page(title="Un titre")
    address = f"{ENGLISH}pages/{page.slug}/"
    shown = client.get(address).content.decode()
    assert ("Un titre" in shown, translations.digest("Un titre") in shown) == (True, True)

    client.post(
        address,
        {**shown_at(client, address), "said_title": "A title", "read_title": "on", "said_lead": "You read."},
    )

    kept = Translation.objects.order_by("field").values_list("field", "text", "status", "by__email")
    assert list(kept) == [("lead", "You read.", "machine", ines.email), ("title", "A title", "reviewed", ines.email)]
    assert "<h1>A title</h1>" in client.get(f"/en/comprendre/{page.slug}/").content.decode()
    client.post(address, {**shown_at(client, address), "said_title": ""})
    text = client.get(address).content.decode()
    assert (text.count("A title"), "Traduction retirée." in text, text.count(ines.email)) == (1, True, 3)


def test_a_contact_in_a_translation_is_refused_and_shown_again(client: Client, ines: User) -> None:
    service = a_service(description="Un lieu.")
    address = f"{ENGLISH}fiches/{service.public_id}/"
    typed = {"said_description": "Call 0199000077.", "read_description": "on"}

    response = client.post(address, {**shown_at(client, address), **typed})

    assert response.status_code == 400
    text = response.content.decode()
    assert ("Call 0199000077." in text, 'name="read_description" checked' in text) == (True, True)
    assert not Translation.objects.exists()


def test_what_somebody_else_wrote_meanwhile_is_not_written_over(client: Client, ines: User) -> None:
    page, (other, _paul) = a_page(), somebody()
    address = f"{ENGLISH}pages/{page.slug}/"
    mine, theirs = shown_at(client, address), shown_at(other, address)
    other.post(address, {**theirs, "said_title": "Theirs", "said_lead": "They wrote."})

    response = client.post(address, {**mine, "said_title": "Mine", "said_tab": "Tab"})

    text = response.content.decode()
    assert (response.status_code, ">\nMine</textarea>" in text, "entre-temps" in text) == (400, True, True)
    kept = dict(Translation.objects.values_list("field", "text"))
    assert kept == {"tab": "Tab", "title": "Theirs", "lead": "They wrote."}


def test_saving_again_writes_nothing(client: Client, ines: User) -> None:
    page = a_page()
    a_translation(page, field="title", text="A title")
    address = f"{ENGLISH}pages/{page.slug}/"

    client.post(address, shown_at(client, address))

    assert Translation.objects.get().by is None


@pytest.mark.parametrize("language", ["fr", "xx", "de"])
def test_a_language_that_the_site_has_not_is_not_there(client: Client, ines: User, language: str) -> None:
    assert client.get(f"/espace/annuaire/traductions/{language}/").status_code == 404
