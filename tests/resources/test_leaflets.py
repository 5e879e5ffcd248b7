"""Addresses on paper: the right number, nothing that is not for everybody, and a document that can be read aloud."""

import re
import time
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page
from pytest_django import Settings

from resources import leaflets
from resources.exchange import listing as listings
from resources.models import Service
from resources.vocabulary import LANGUAGES
from tests.builders import a_channel, a_commune, a_place, a_service, an_organisation
from tests.resources.reading_pdf import Document, begins, read

pytestmark = pytest.mark.django_db

NUMBER = "01 44 52 88 90"
TELLING = ("viol", "prostitu", "victime", "exploit", "traite", "agress", "sexuel")


def the_service(**facts: Any) -> Service:
    """A published service with a number, a mail, an address, and ways in that are for professionals."""
    service = a_service(
        **{
            "name": "Accueil du canal",
            "kind": "association",
            "description": "Un accueil sans rendez-vous.",
            "needs": ["ecoute"],
            "departements": ["93"],
            "phones": ["0144528890"],
            "website": "https://www.exemple.fr/",
            "opening_hours": "Mo-Fr 09:00-17:00",
            "free": True,
            **facts,
        }
    )
    a_channel(service, kind="email", value="bonjour@exemple.fr")
    a_channel(service, value="0144528891", visibility="professionals")
    return service


def got(address: str, **values: str) -> Document:
    """A document of the site, served without a trace and under a neutral name."""
    response = Client().get(address, values)
    assert (response.status_code, response["Content-Type"]) == (200, "application/pdf")
    assert "no-store" in response["Cache-Control"]
    assert not response.cookies
    assert response["Content-Disposition"].startswith('inline; filename="')
    name = response["Content-Disposition"].partition('filename="')[2].rstrip('"')
    assert name in {"adresse.pdf", "adresses.pdf", "cartes.pdf"}
    return read(response.content)


def test_the_sheet_of_a_service() -> None:
    service = the_service(organisation=an_organisation(name="Association Exemple"))
    a_place(service, address="1 rue de la Paix")

    sheet = got(f"/fr/annuaire/{service.public_id}/pdf/")

    assert sheet.text.splitlines() == [
        "Accueil du canal",
        "Association · Association Exemple",
        NUMBER,
        "Un accueil sans rendez-vous.",
        "exemple.fr",
        "Pour\N{NO-BREAK SPACE}: Tout le monde",
        "Où\N{NO-BREAK SPACE}: 1 rue de la Paix, Bobigny (93)",
        "Quand~: Du lundi au vendredi~: 9~h~à~17~h".replace("~", "\N{NO-BREAK SPACE}"),
        "Gratuit\N{NO-BREAK SPACE}: oui",
        "Vérifié par téléphone le 01/11/2026",
        "La fiche à jour",
        f"testserver/fr/annuaire/{service.public_id}",
        "Un numéro peut changer. Avant d’appeler, regarde la page à jour.",
    ]
    assert (sheet.title, sheet.pages) == ("Adresse", 1)


def test_every_document_can_be_read_aloud_in_every_language(settings: Settings) -> None:
    settings.LANGUAGES = list(settings.LANGUAGE_NAMES.items())
    service = the_service()
    for code, _name in settings.LANGUAGES:
        for path in (f"{service.public_id}/pdf/", "pdf/", "cartes/"):
            document = got(f"/{code}/annuaire/{path}")
            assert (document.is_tagged, document.shows_title, document.language) == (True, True, code), path
            assert {"/Document", "/H1", "/P", "/Figure"} <= document.names, path
            assert document.fonts_embedded, path
            assert document.title != ""
            if path != "cartes/":
                assert NUMBER in document.text


def test_arabic_sheets_are_written_from_right_to_left_around_what_is_french(settings: Settings) -> None:
    """Letters are those of Arabic, in the font that travels; figures and French words stay whole, and no mark of
    direction hides in a space."""
    settings.LANGUAGES = [("fr", "français"), ("ar", "العربية")]
    service = the_service(
        organisation=an_organisation(name="Association (Exemple)"),
        saturation="full",
        saturation_note="On rappelle (en général) le soir.",
        what_happens="Une personne répond, puis propose un rendez-vous.",
    )

    content = Client().get(f"/ar/annuaire/{service.public_id}/pdf/").content
    sheet = read(content)

    assert {NUMBER, "Accueil du canal", "Un accueil sans rendez-vous.", "exemple.fr"} <= set(sheet.text.splitlines())
    assert "Une personne répond, puis propose un rendez-vous." in sheet.text.splitlines()
    for whole in ("Association (Exemple)", "On rappelle (en général) le soir.", "جمعية", "Seine-Saint-Denis (93)"):
        assert whole in sheet.text, whole
    assert f"testserver/ar/annuaire/{service.public_id}" in sheet.text
    assert re.findall("[\u200e\u200f\u202a-\u202e\u2066-\u2069]", sheet.text) == []
    middle = 210 / 2 / 25.4 * 72
    in_french = Client().get(f"/fr/annuaire/{service.public_id}/pdf/").content
    assert begins(in_french, NUMBER) < middle < begins(content, "exemple.fr")
    assert begins(in_french, NUMBER) < begins(content, NUMBER)


def test_a_page_of_cards_in_arabic_holds_what_a_french_one_holds(settings: Settings) -> None:
    settings.LANGUAGES = [("fr", "français"), ("ar", "العربية")]
    a_service(slug="119-allo-enfance-en-danger", kind="hotline", phones=["119"], needs=["urgence"])
    service = the_service()

    cards = {code: got(f"/{code}/annuaire/cartes/", departement="93") for code in ("fr", "ar")}

    assert {code: card.pages for code, card in cards.items()} == {"fr": 1, "ar": 1}
    for card in cards.values():
        assert (card.text.count(NUMBER), card.text.count("119")) == (8, 8)
    assert "الشباب" in cards["ar"].text
    assert service.name not in cards["ar"].text


def test_titles_and_the_face_of_cards_do_not_name_the_subject() -> None:
    service = the_service(name="Viols et prostitution : écoute", needs=["violences", "prostitution"], kind="hotline")
    a_service(slug="119-allo-enfance-en-danger", kind="hotline", phones=["119"], needs=["urgence"])

    cards = got("/fr/annuaire/cartes/", departement="93", need="n10")

    assert NUMBER in cards.text
    assert "119" in cards.text
    assert [word for word in TELLING if word in cards.text.lower()] == []
    titles = [got(f"/fr/annuaire/{path}").title for path in (f"{service.public_id}/pdf/", "pdf/", "cartes/")]
    assert titles == ["Adresse", "Adresses", "Carte"]


def test_the_leaflet_of_a_departement_says_who_works_there() -> None:
    the_service()
    the_service(name="Ailleurs", departements=["77"], phones=["0160000000"])

    leaflet = got("/fr/annuaire/pdf/", departement="93")

    assert "Adresses – Seine-Saint-Denis (93)" in leaflet.text
    assert "Accueil du canal" in leaflet.text
    assert NUMBER in leaflet.text
    assert "Ailleurs" not in leaflet.text


def test_only_professionals_get_what_is_for_them_and_nobody_what_is_secret() -> None:
    """Mails and services for professionals stand in their version; their own ways in stand in none."""
    the_service()
    the_service(name="Centre de ressources", for_professionals=True, phones=["0144528892"])
    refuge = the_service(name="La halte", kind="shelter", phones=["0144528893"])
    a_place(refuge, commune=a_commune("93066", name="Villecachée", postcodes=["93200"]), confidential=True)
    a_channel(refuge, kind="place", value="Sonner au portail bleu")

    everybody = got("/fr/annuaire/pdf/").text
    professionals = got("/fr/annuaire/pdf/", pour="pro").text

    assert "Centre de ressources" not in everybody
    assert "bonjour@exemple.fr" not in everybody
    assert "Centre de ressources" in professionals
    assert "bonjour@exemple.fr" in professionals
    for text in (everybody, professionals):
        assert "La halte" in text
        assert "Adresse donnée par téléphone" in text
        assert [secret for secret in ("01 44 52 88 91", "Villecachée", "portail") if secret in text] == []


def test_a_search_without_an_answer_says_so() -> None:
    assert "Aucune adresse" in got("/fr/annuaire/pdf/", departement="93").text


def test_unpublished_services_have_no_sheet() -> None:
    service = the_service(status="pending")
    assert Client().get(f"/fr/annuaire/{service.public_id}/pdf/").status_code == 404
    assert "Accueil du canal" not in got("/fr/annuaire/pdf/").text


def test_what_was_typed_is_on_no_sheet() -> None:
    the_service()
    asked = Client().post("/fr/annuaire/", {"q": "motsecret accueil", "near": ""})
    carried = asked["Location"].partition("?")[2]

    leaflet = Client().get(f"/fr/annuaire/pdf/?{carried}")

    assert b"motsecret" not in leaflet.content
    assert "motsecret" not in read(leaflet.content).text


def test_names_are_printed_and_never_obeyed() -> None:
    """Facts are data to the typesetter: what looks like its markup stays on the paper as it was typed."""
    service = the_service(name='#panic("x") *gras* $x$ <a> @b')
    assert '#panic("x") *gras* $x$ <a> @b' in got(f"/fr/annuaire/{service.public_id}/pdf/").text


def test_what_no_font_draws_is_left_out_and_the_rest_is_printed() -> None:
    service = the_service(name="Le cœur 💜 中文 (ouvert)", languages=list(LANGUAGES))
    text = got(f"/fr/annuaire/{service.public_id}/pdf/").text
    assert text.splitlines()[0].split() == ["Le", "cœur", "(ouvert)"]
    assert "پښتو" in text


@pytest.mark.parametrize("size", [1, 3])
def test_a_leaflet_asks_the_database_the_same_whatever_its_length(size: int, django_assert_num_queries: Any) -> None:
    services = [the_service(name=f"Accueil {rank}") for rank in range(size)]
    with django_assert_num_queries(3):
        found = leaflets.published([service.pk for service in services])
    assert len(found) == size


def test_a_leaflet_that_does_not_hold_all_says_so() -> None:
    said = "Cette feuille tient 24 adresses au plus."
    for rank in range(leaflets.MOST_LISTED):
        the_service(name=f"Accueil {rank}", departements=["93"])

    assert said not in got("/fr/annuaire/pdf/?departement=93").text
    the_service(name="Accueil de plus", departements=["93"])
    assert said in " ".join(got("/fr/annuaire/pdf/?departement=93").text.split())


def test_a_full_leaflet_takes_less_than_a_second() -> None:
    service = listings.of(the_service())
    leaflets.of_search([service], heading="Adresses", address="https://eclaircie.example/fr/annuaire/")
    before = time.process_time()
    leaflets.of_search([service] * 24, heading="Adresses", address="https://eclaircie.example/fr/annuaire/")
    assert time.process_time() - before < 1


@pytest.mark.django_db(transaction=True)
def test_pages_lead_to_paper(page: Page) -> None:
    service = the_service()
    for path, words in (
        (f"/fr/annuaire/{service.public_id}/", "Imprimer cette fiche (PDF)"),
        ("/fr/annuaire/?departement=93", "Imprimer cette liste (PDF)"),
        ("/fr/annuaire/?departement=93", "Imprimer des cartes de poche (PDF)"),
    ):
        page.goto(path)
        address = page.get_by_role("link", name=words).get_attribute("href")
        assert address is not None
        assert got(address).is_tagged
