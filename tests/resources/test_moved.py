"""A service that was merged into another: its old address leads to the one that stays, on pages and for programs."""

from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from django.test import Client

from resources import duplicates, moderation
from resources.exchange.starter_csv import Refusal
from resources.models import Proposal, Service
from tests.builders import a_commune, a_place, a_service
from tests.signing_in import a_person

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 25)
BELOW = ("", "vcard/", "pdf/", "corriger/")


def merged(*services: Service) -> None:
    """Each merged into the next one."""
    ines = a_person("ines@example.org", moderator=True)
    for gone, kept in pairwise(services):
        duplicates.merge(kept=kept, gone=gone, moderator=ines, on=TODAY)
        kept.refresh_from_db()


def leads(answer: Any) -> tuple[int, str]:
    """Status and address of a redirect."""
    return answer.status_code, answer.headers.get("Location", "")


@pytest.mark.parametrize("below", BELOW)
def test_every_page_of_the_old_address_leads_on_with_its_question(client: Client, below: str) -> None:
    gone, kept = a_service(phones=["0199000000"]), a_service(phones=["0199000000"])
    merged(gone, kept)

    answer = client.get(f"/en/annuaire/{gone.public_id}/{below}?q=1")

    assert leads(answer) == (301, f"/en/annuaire/{kept.public_id}/{below}?q=1")
    assert client.get(answer.headers["Location"]).status_code == 200


def test_a_form_that_was_sent_is_sent_again_there(client: Client) -> None:
    gone, kept = a_service(phones=["0199000000"]), a_service(phones=["0199000000"])
    merged(gone, kept)

    answer = client.post(f"/fr/annuaire/{gone.public_id}/vcard/", {"name": "Claire"})

    assert leads(answer) == (308, f"/fr/annuaire/{kept.public_id}/vcard/")


def test_programs_are_told_the_same(client: Client) -> None:
    gone, kept = a_service(), a_service()
    merged(gone, kept)

    answer = client.get(f"/api/hsds/services/{gone.pk}")

    assert leads(answer) == (301, f"http://testserver/api/hsds/services/{kept.pk}")
    assert answer.json() == {"errors": {"id": ["merged"]}, "moved_to": answer.headers["Location"]}
    assert client.get(answer.headers["Location"]).json()["id"] == str(kept.pk)


def test_a_service_at_a_place_leads_to_the_one_that_stays_in_the_same_commune(client: Client) -> None:
    gone, kept = a_service(), a_service()
    a_place(gone, address="2 rue Neuve")
    for street in ("1 rue Haute", "2 rue Neuve"):
        a_place(kept, address=street)
    elsewhere = a_place(gone, commune=a_commune(insee="93048", name="Montreuil"))
    old = offers_of(client, gone)
    merged(gone, kept)

    answers = {commune: client.get(f"/api/hsds/service_at_locations/{offer}") for commune, offer in old.items()}

    assert answers[elsewhere.commune.name].status_code == 404  # type: ignore[union-attr]  # it has one
    answer = answers["Bobigny"]
    assert answer.status_code == 301
    assert answer.json() == {"errors": {"id": ["merged"]}, "moved_to": answer.headers["Location"]}
    there = client.get(answer.headers["Location"]).json()
    assert there["service"]["id"] == str(kept.pk)
    assert there["location"]["addresses"][0]["address_1"] == "2 rue Neuve"


def offers_of(client: Client, service: Service) -> dict[str, str]:
    """Identifiers of a service at its places, by commune."""
    found = client.get(f"/api/hsds/services/{service.pk}").json()["service_at_locations"]
    whole = [client.get(f"/api/hsds/service_at_locations/{offer['id']}").json() for offer in found]
    return {one["location"]["name"]: one["id"] for one in whole}


def test_a_chain_is_followed_in_one_step(client: Client) -> None:
    first, second, third = a_service(), a_service(), a_service()
    merged(first, second, third)

    for gone in (first, second):
        assert leads(client.get(f"/fr/annuaire/{gone.public_id}/")) == (301, f"/fr/annuaire/{third.public_id}/")
        assert client.get(f"/api/hsds/services/{gone.pk}").json()["moved_to"].endswith(str(third.pk))


def test_where_nothing_stays_there_is_nothing(client: Client) -> None:
    gone, kept, hidden = a_service(), a_service(), a_service()
    merged(gone, kept)
    paul = a_person("paul@example.org", moderator=True)
    for service in (kept, hidden):
        moderation.hide(service, moderator=paul, reason="fermé", on=TODAY)

    for service in (gone, kept, hidden):
        assert client.get(f"/fr/annuaire/{service.public_id}/").status_code == 404
        assert client.get(f"/api/hsds/services/{service.pk}").json() == {"errors": {"id": ["not_found"]}}


def test_what_comes_back_has_its_address_again(client: Client) -> None:
    gone, kept = a_service(), a_service()
    merged(gone, kept)
    back = moderation.propose_publication(gone, origin=moderation.Origin("history"), on=TODAY)
    for name in ("paul", "zoe"):
        person = a_person(f"{name}@example.org", moderator=True)
        moderation.record_check(back, moderator=person, check_kind="call", on=TODAY)
        moderation.approve(back, moderator=person, on=TODAY)

    assert client.get(f"/fr/annuaire/{gone.public_id}/").status_code == 200


def test_an_emergency_number_and_a_service_taken_away_are_not_merged() -> None:
    line, other, hidden = a_service(kind="hotline", needs=["urgence"]), a_service(), a_service()
    ines = a_person("ines@example.org", moderator=True)
    moderation.hide(hidden, moderator=ines, reason="fermé", on=TODAY)
    hidden.refresh_from_db()

    for gone, kept in ((line, other), (other, hidden), (other, other)):
        with pytest.raises(Refusal):
            duplicates.merge(kept=kept, gone=gone, moderator=ines, on=TODAY)
    assert set(Service.objects.published()) == {line, other}
    assert not Proposal.objects.open().exists()
