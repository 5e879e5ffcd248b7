"""A file to keep without a network: it stands alone, numbers come first, and it says what keeping it means."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from playwright.sync_api import Browser, Page

from resources import kept, leaflets
from resources.numbers import NAMED
from tests.builders import a_channel, a_place, a_service
from tests.resources.test_pages import TELLING, emergency_services

pytestmark = pytest.mark.django_db

NUMBER = "01 44 52 88 90"


def file(address: str, **values: str) -> str:
    """What is in a file of the site, saved without a trace under a neutral name."""
    response = Client().get(address, values)
    assert isinstance(response, HttpResponse)
    assert (response.status_code, response["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert response["Content-Disposition"] == 'attachment; filename="adresses.html"'
    assert "no-store" in response["Cache-Control"]
    assert not response.cookies
    return response.content.decode()


def addresses_of(text: str) -> list[str]:
    """Everything that a browser could follow or fetch."""
    found = re.finditer(r"""(?:href|src|srcset|action|data|poster)=["']?([^"'>\s]*)|url\([^)]*\)|@import""", text)
    return [one[1] or one[0] for one in found]


def test_it_fetches_nothing_leads_nowhere_and_runs_nothing() -> None:
    emergency_services()
    service = a_service(name="Un abri", phones=["0144528890"], website="https://exemple.fr/", departements=["93"])
    a_channel(service, kind="sms", value="0644528890")
    text = file("/fr/annuaire/garder/", departement="93")

    assert [address for address in addresses_of(text) if not address.startswith(("tel:", "sms:"))] == []
    assert "tel:0144528890" in text
    assert "sms:0644528890" in text
    assert [word for word in ("<script", "<link", "<img", "<iframe", "http:", "https:") if word in text] == []


def test_numbers_come_first_and_each_service_says_its_check() -> None:
    emergency_services()
    a_service(name="Un abri", phones=["0144528890"], departements=["93"])
    a_service(name="Ailleurs", phones=["0160000000"], departements=["77"])
    text = file("/fr/annuaire/garder/", departement="93")

    places = [text.index(part) for part in ("tel:17", "sms:114", "Qui ouvre l’appareil", NUMBER, "Un abri")]
    assert places == sorted(places)
    assert "01/11/2026" in text[places[-1] :]
    assert "<title>Adresses – Seine-Saint-Denis (93)</title>" in text
    assert "Ailleurs" not in text


def test_a_file_that_does_not_hold_all_says_so_and_where_the_others_are(client: Client) -> None:
    for number in range(leaflets.MOST_LISTED):
        a_service(name=f"Un abri {number}", phones=["0144528890"], departements=["93"])
    cut = "24 adresses au plus."

    assert cut not in file("/fr/annuaire/garder/", departement="93")
    assert cut not in client.get("/fr/annuaire/?departement=93").content.decode()
    a_service(name="Un abri de plus", phones=["0144528890"], departements=["93"])
    text = file("/fr/annuaire/garder/", departement="93")
    assert text.count("<section>") == leaflets.MOST_LISTED
    assert f"Ce fichier tient {cut}" in text
    assert f"Il tient {cut}" in client.get("/fr/annuaire/?departement=93").content.decode()


def test_what_is_for_professionals_stays_out() -> None:
    service = a_service(name="Un abri", phones=["0144528890"], departements=["93"])
    a_channel(service, value="0144528891", visibility="professionals")
    a_channel(service, kind="email", value="bonjour@exemple.fr")
    a_place(service, confidential=True)
    a_service(name="Centre de ressources", phones=["0144528892"], departements=["93"], for_professionals=True)
    text = file("/fr/annuaire/garder/", departement="93", pour="pro")

    assert NUMBER in text
    assert [part for part in ("01 44 52 88 91", "bonjour@", "Centre de ressources", "Bobigny") if part in text] == []


def test_the_urgent_numbers_stand_beside_words_that_do_not_tell() -> None:
    emergency_services()
    text = file("/fr/urgence/garder/")

    assert "<title>Numéros</title>" in text
    assert [name for name in NAMED if name not in {*kept.ALL, "minors_chat"}] == []
    assert TELLING.findall(text) == []


@pytest.mark.parametrize("how_many", [1, 3])
def test_it_costs_the_same_at_any_length(how_many: int, django_assert_num_queries: Any) -> None:
    for number in range(how_many):
        a_service(name=f"Un abri {number}", phones=["0144528890"], departements=["93"])
    file("/fr/annuaire/garder/", departement="93")

    with django_assert_num_queries(5):
        file("/fr/annuaire/garder/", departement="93")


@pytest.mark.django_db(transaction=True)
def test_the_page_says_what_keeping_means_and_the_file_opens_without_a_network(
    page: Page, browser: Browser, tmp_path: Path
) -> None:
    a_service(name="Un abri", phones=["0144528890"], departements=["93"])
    page.goto("/fr/annuaire/?departement=93")
    page.get_by_text("Garder ces numéros sans Internet").click()
    assert "Qui ouvre l’appareil peut le lire." in page.locator(".keep").inner_text()
    with page.expect_download() as chosen:
        page.get_by_role("link", name="Garder le fichier").click()
    assert chosen.value.suggested_filename == "adresses.html"
    path = tmp_path / "adresses.html"
    chosen.value.save_as(path)

    context = browser.new_context(offline=True, viewport={"width": 320, "height": 640})
    alone = context.new_page()
    asked: list[str] = []
    alone.on("request", lambda request: asked.append(request.url))
    alone.goto(path.as_uri())
    assert alone.get_by_role("link", name=NUMBER).bounding_box()["height"] >= 44  # type: ignore[index]
    assert alone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert asked == [path.as_uri()]
    context.close()
