"""Pages that explain, as people read them: the starter files, numbers of the directory, languages, and their weight."""

import gzip
import re
from datetime import date
from pathlib import Path

import pytest
import textstat
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from bench.readability import Sentences
from resources import moderation, pages, prose
from resources.exchange import starter_csv
from resources.models import Page, Service, Translation
from tests.builders import a_channel, a_page, a_service, a_translation
from tests.resources.test_pages import ROOM_ON_THE_WIRE, TELLING, Seen, emergency_services, see

pytestmark = pytest.mark.django_db

SLUGS = ["normal", "loi", "ami", "images", "appel", "parents", "annonce"]
# Words that a person may refuse (house rules); the law's own word for what others do is explained where it stands.
NEVER = re.compile(r"\bvictimes?\b|prostituée?s?\b|\bclient(e|s)?\b|\bavou(e|er)\b|pourquoi as-tu", re.IGNORECASE)


def starter(*languages: str) -> list[pages.Written]:
    """The files as they are, of these languages or of all."""
    return [one for one in pages.starter() if not languages or one.language in languages]


def loaded(*languages: str) -> int:
    """Let the site have them; French alone unless said otherwise."""
    return moderation.load_pages(starter(*(languages or ("fr",))))


def test_the_seven_pages_are_there_in_french_and_english() -> None:
    files = starter()

    assert [one.slug for one in sorted(files, key=lambda one: one.position) if one.language == "fr"] == SLUGS
    assert {one.slug for one in files if one.language == "en"} == set(SLUGS)


def test_each_says_alike_who_has_not_read_it() -> None:
    ends = {(one.language, one.texts["text"].rpartition("\n\n")[2]) for one in starter()}

    assert sorted(language for language, _end in ends) == ["ar", "en", "es", "fr", "pt", "ro"]
    assert (
        "fr",
        "**Ni un juriste ni des jeunes n’ont encore relu cette page.** Elle explique, elle ne remplace pas un avocat.",
    ) in ends


def test_loading_again_changes_nothing() -> None:
    files = starter()

    assert moderation.load_pages(files) == 4 * len(files)
    assert moderation.load_pages(files) == 0
    assert Page.objects.count() == 7
    assert set(Translation.objects.values_list("status", flat=True)) == {"machine"}


def test_a_translation_that_was_taken_away_does_not_come_back() -> None:
    loaded("fr", "en")
    Translation.objects.filter(page__slug="loi", language="en", field="title").delete()

    assert loaded("fr", "en") == 0


def test_pages_are_easy_to_read(client: Client) -> None:
    loaded()

    texts = {slug: Sentences(client.get(f"/fr/comprendre/{slug}/").content.decode()).text() for slug in SLUGS}

    assert {slug: text for slug, text in texts.items() if textstat.flesch_reading_ease(text) < 70} == {}
    assert {slug: text for slug, text in texts.items() if textstat.words_per_sentence(text) > 12} == {}
    assert {slug: found[0] for slug, text in texts.items() for found in NEVER.finditer(text)} == {}


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_page_tells_nothing_can_be_left_and_fits_in_the_first_answer(client: Client, language: str) -> None:
    emergency_services()
    loaded("fr", language)

    for path in ("", *(f"{slug}/" for slug in SLUGS)):
        response = client.get(f"/{language}/comprendre/{path}")
        seen = Seen(response.content.decode())
        assert response.status_code == 200
        assert seen.title.endswith(" – Éclaircie")
        assert TELLING.search(seen.title) is None
        assert seen.exits == 1
        assert [address for address in seen.fetched if not address.startswith("data:")] == []
        assert dict(response.cookies) == {}
        assert len(gzip.compress(response.content, 6)) <= ROOM_ON_THE_WIRE
        assert {f"/{language}/{door}/" for door in ("urgence", "annuaire", "ecrire")} <= set(seen.links)


def test_titles_of_tabs_tell_pages_apart(client: Client) -> None:
    loaded()

    titles = [see(client, f"/fr/comprendre/{slug}/").title for slug in SLUGS]

    assert titles == [
        f"{tab} – Éclaircie" for tab in ("Normal ?", "La loi", "Ami, amie", "Images", "Appeler", "Parents", "Annonce")
    ]


def test_every_service_that_a_page_names_is_in_the_starter_directory() -> None:
    known = {row.slug for row in starter_csv.read(Path(settings.BASE_DIR) / "resources/data/services_idf.csv")}

    assert {slug for one in starter() for slug in prose.slugs(one.texts["text"])} - known == set()


def test_links_between_pages_lead_somewhere(client: Client) -> None:
    loaded()

    links = {link for slug in SLUGS for link in see(client, f"/fr/comprendre/{slug}/").links if link.startswith("/fr/")}

    assert {link: client.get(link).status_code for link in sorted(links)} == dict.fromkeys(sorted(links), 200)


def test_a_number_comes_from_the_directory_as_long_as_it_is_sure(client: Client) -> None:
    sure = a_service(slug="ligne-sure", phones=["0142356128"])
    a_channel(sure, value="0155555555", visibility="professionals")
    a_channel(sure, kind="chat", value="https://tchat.exemple.fr/ici")
    a_service(slug="ligne-ancienne", phones=["0142356129"], verified_until=date(2026, 11, 2))
    a_service(slug="ligne-cachee", phones=["0142356130"], status=Service.Status.PENDING)
    named = "\n".join(
        f"{{numero:{slug}|Jour et nuit}}" for slug in ("ligne-sure", "ligne-ancienne", "ligne-cachee", "inconnue")
    )
    page = a_page(text=f"Appelle :\n\n{named}\n{{site:ligne-sure|Écrire}}")

    response = client.get(f"/fr/comprendre/{page.slug}/")

    seen = Seen(response.content.decode())
    assert [link for link in seen.links if link.startswith("tel:")] == ["tel:0142356128"]
    assert "https://tchat.exemple.fr/ici" in seen.links
    assert {"01 42 35 61 28", "Jour et nuit", "Écrire", "tchat.exemple.fr"} <= set(seen.words)
    assert [secret for secret in ("55 55", "61 29", "61 30") if secret in response.content.decode()] == []


@pytest.mark.parametrize("how_many", [1, 5])
def test_a_page_costs_the_same_with_any_number_of_numbers(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, how_many: int
) -> None:
    for number in range(how_many):
        a_service(slug=f"ligne-{number}", phones=["0142356128"])
    named = "\n".join(f"{{numero:ligne-{number}}}" for number in range(how_many))
    page = a_page(text=named)
    a_translation(page, field="title", text="Title")

    for language in ("fr", "en"):
        with django_assert_num_queries(2):
            client.get(f"/{language}/comprendre/{page.slug}/")


def test_a_page_that_is_not_there_still_helps(client: Client) -> None:
    emergency_services()

    assert "tel:17" in see(client, "/fr/comprendre/nulle-part/", status=404).links


def test_a_translation_says_that_a_machine_made_it(client: Client) -> None:
    page = a_page(title="Titre", text="Le texte.")
    a_translation(page, field="title", text="A title")
    a_translation(page, field="text", text="The text.")

    text = client.get(f"/en/comprendre/{page.slug}/").content.decode()

    assert "<h1>A title</h1>" in text
    assert "<p>The text.</p>" in text
    assert "No native speaker has read it yet." in text
    # Nobody translated this one: it says in which language it is.
    assert '<p lang="fr" dir="ltr">Tu lis à ton rythme.</p>' in text


def test_a_translation_that_was_read_says_nothing_of_machines(client: Client, django_user_model: type) -> None:
    page = a_page()
    somebody = django_user_model.objects.create_user("lea@example.org")  # type: ignore[attr-defined]
    for field in ("title", "lead", "text"):
        a_translation(page, field=field, text="Words.", status="reviewed", by=somebody)

    assert (
        "native speaker has read it"
        not in client.get(f"/en/comprendre/{page.slug}/").content.decode().split("<footer")[0]
    )


def test_without_a_translation_the_french_is_shown_and_said(client: Client) -> None:
    page = a_page(title="Titre", text="Le texte.")
    a_translation(page, field="lead", text="You read.")

    text = client.get(f"/en/comprendre/{page.slug}/").content.decode()

    assert '<h1 lang="fr" dir="ltr">Titre</h1>' in text
    assert '<div lang="fr" dir="ltr"><p>Le texte.</p>' in text
    assert "For now this text exists in French only." in text
    assert "French only" not in client.get(f"/fr/comprendre/{page.slug}/").content.decode()


def test_the_command_says_what_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    loaded("fr", "en", "es", "ro", "ar", "pt")

    call_command("load_pages")

    assert capsys.readouterr().out.splitlines()[-1] == "0 textes de pages chargés."
