"""What visitors propose: no account, no trace, two taps, and six words for who wants to come back."""

import re
import time
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from resources import corrections
from resources.models import Proposal, Service, Ticket
from tests.builders import a_service

pytestmark = pytest.mark.django_db

SUGGEST, FOLLOW = "/fr/annuaire/proposer/", "/fr/annuaire/proposer/suite/"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> str:
    """The hidden field of a form that was opened ten seconds ago."""
    earlier = time.time() - 10
    monkeypatch.setattr(time, "time", lambda: earlier)
    token = corrections.opened_now()
    monkeypatch.undo()
    return token


def address(service: Service) -> str:
    """Where a service is corrected."""
    return f"/fr/annuaire/{service.public_id}/corriger/"


def test_two_taps_from_the_page_of_a_service(client: Client, opened: str) -> None:
    service = a_service(phones=["0199000000"])
    page = client.get(f"/fr/annuaire/{service.public_id}/").content.decode()
    assert f'href="{address(service)}?q=1"' in page
    form = client.get(f"{address(service)}?q=1").content.decode()
    assert re.search(r'value="1"[^>]* checked', form)

    sent = client.post(address(service), {"quoi": "1", "o": opened})

    assert (sent.status_code, sent.headers["Location"]) == (303, f"{FOLLOW}?p=1")
    proposal = Proposal.objects.get()
    assert (proposal.kind, proposal.service, proposal.risk, proposal.changes) == ("unreachable", service, 2, {})
    thanks = client.get(sent.headers["Location"])
    assert "Merci, c’est noté." in thanks.content.decode()
    assert sent.cookies == {}


def test_a_right_number_becomes_a_change_with_before_and_after(client: Client, opened: str) -> None:
    service = a_service(phones=["0199000000"])

    client.post(address(service), {"quoi": "2", "numero": "01 99 00 00 01", "o": opened})

    change = Proposal.objects.get().changes["channels"]
    assert [[one["value"] for one in change[side]] for side in ("before", "after")] == [["0199000000"], ["0199000001"]]


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "quoi"),
        ({"quoi": "2"}, "mots"),
        ({"quoi": "2", "numero": "bonjour"}, "numero"),
        ({"quoi": "2", "site": "exemple"}, "site"),
    ],
)
def test_a_form_that_cannot_be_read_is_shown_again_as_typed(
    client: Client, opened: str, sent: dict[str, str], field: str
) -> None:
    service = a_service(phones=["0199000000"])

    answer = client.post(address(service), {**sent, "o": opened})

    page = answer.content.decode()
    assert answer.status_code == 400
    assert f'href="#f-{field}"' in page
    assert all(f'value="{value}"' in page for value in sent.values())
    assert Proposal.objects.count() == 0


def test_a_form_sent_at_once_is_shown_again_and_then_passes(client: Client, opened: str) -> None:
    service = a_service(phones=["0199000000"])
    just_now = corrections.opened_now()

    hurried = client.post(address(service), {"quoi": "3", "o": just_now})
    assert (hurried.status_code, Proposal.objects.count()) == (400, 0)
    assert f'name="o" value="{just_now}"' in hurried.content.decode()
    assert client.post(address(service), {"quoi": "3", "o": opened}).status_code == 303


@pytest.mark.parametrize("token", ["", "1", "1:abc:def"])
def test_the_moment_cannot_be_made_up(client: Client, token: str) -> None:
    assert client.post(address(a_service()), {"quoi": "3", "o": token}).status_code == 400


def test_the_field_nobody_sees_is_a_trap(client: Client, opened: str) -> None:
    sent = client.post(address(a_service()), {"quoi": "3", "o": opened, "suite": "https://spam.example"})

    assert (sent.status_code, Proposal.objects.count()) == (303, 0)


def test_many_reports_are_folded_and_none_is_refused(client: Client, opened: str) -> None:
    service = a_service(phones=["0199000000"])

    answers = {client.post(address(service), {"quoi": "1", "o": opened}).status_code for _time in range(20)}

    assert answers == {303}
    assert Proposal.objects.get().times == 20


def test_a_new_service_is_proposed(client: Client, opened: str) -> None:
    given: dict[str, Any] = {
        "nom": "La Cabane (fictive)",
        "genre": "association",
        "numero": "01 99 00 00 07",
        "ou": ["93", "75"],
        "o": opened,
    }

    assert client.post(SUGGEST, given).status_code == 303

    after = {field: change["after"] for field, change in Proposal.objects.get().changes.items()}
    assert (after["name"], after["organisation"], after["territory"]) == (given["nom"], given["nom"], ["75", "93"])
    assert [one["value"] for one in after["channels"]] == ["0199000007"]


def test_a_new_service_needs_a_way_to_check_it(client: Client, opened: str) -> None:
    answer = client.post(SUGGEST, {"nom": "Sans rien", "genre": "association", "o": opened})

    assert answer.status_code == 400
    assert 'href="#f-numero"' in answer.content.decode()


def test_six_words_lead_back_to_what_became_of_it(client: Client, opened: str) -> None:
    service = a_service(phones=["0199000000"])
    sent = client.post(address(service), {"quoi": "1", "o": opened, "revenir": "1"})
    page = client.get(sent.headers["Location"]).content.decode()
    words = re.search(r'<output id="code"[^>]*>([^<]+)</output>', page)
    assert words is not None
    assert len(words[1].split(" ")) == 6

    asked = client.post(FOLLOW, {"code": words[1].upper()})

    assert words[1].split()[0] not in asked.headers["Location"]
    assert "L’équipe doit encore vérifier." in client.get(asked.headers["Location"]).content.decode()
    assert len(bytes(Ticket.objects.get().locator)) == 32


def test_unknown_words_find_nothing(client: Client) -> None:
    asked = client.post(FOLLOW, {"code": "abaisser " * 6})

    assert "On ne trouve rien avec ces mots." in client.get(asked.headers["Location"]).content.decode()


def test_a_service_that_is_not_published_cannot_be_corrected(client: Client) -> None:
    assert client.get(address(a_service(status="pending"))).status_code == 404


def test_addresses_are_those_of_the_contract() -> None:
    assert reverse("referrals:suggest") == SUGGEST
