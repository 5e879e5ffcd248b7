"""A listing holds the public facts of a service and nothing else, whatever the rows hold."""

from datetime import date
from typing import Any

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from resources.exchange import listing as listings
from resources.exchange.listing import Listing
from resources.models import Service
from tests.builders import a_channel, a_commune, a_place, a_service, agreed_by_two, an_organisation, many_services

pytestmark = pytest.mark.django_db

ON = date(2026, 11, 24)


def listed(service: Service) -> Listing:
    """The listing of a service read without `complete()`: every row is there to be shown by mistake."""
    return listings.of(Service.objects.get(pk=service.pk), on=ON)


@pytest.mark.parametrize("status", ["pending", "hidden"])
def test_unpublished_services_have_no_listing(status: str) -> None:
    """The door is shut, not the caller trusted."""
    with pytest.raises(listings.NotPublic):
        listings.of(a_service(status=status))


def test_channels_of_professionals_stay_behind() -> None:
    """Only public ways in are listed, even when all were read."""
    service = a_service(phones=["119"])
    a_channel(service, value="0142000666", visibility="professionals")
    assert [(contact.kind, contact.value) for contact in listed(service).contacts] == [("phone", "119")]


def test_a_confidential_place_says_nothing() -> None:
    """Neither its commune nor words about coming there."""
    service = a_service()
    a_place(service, confidential=True)
    a_channel(service, kind="place", value="12 rue du Secret")
    listing = listed(service)
    assert (listing.confidential, listing.addresses, listing.contacts, listing.access) == (True, (), (), "")


def test_a_public_place_keeps_point_and_centre_apart() -> None:
    """A commune's centre never becomes the place's own point."""
    service = a_service()
    a_place(service)
    a_place(service, address="1 rue de la Paix", latitude=48.91, longitude=2.44)
    first, second = listed(service).addresses
    assert (first.street, first.point, first.centre) == ("", None, (48.9098, 2.4501))
    assert (second.street, second.point, second.postcode) == ("1 rue de la Paix", (48.91, 2.44), "93000")
    assert len({first.offer_id, second.offer_id, first.location_id, second.location_id}) == 4


def test_identifiers_of_a_place_survive_a_correction_and_a_reload() -> None:
    """They hang on the service and the commune, not on the row or the street."""
    service = a_service()
    place = a_place(service)
    before = listed(service).addresses[0]
    with agreed_by_two(service):
        place.delete()
    a_place(service, address="2 rue de la Paix")
    after = listed(service).addresses[0]
    assert (after.offer_id, after.location_id) == (before.offer_id, before.location_id)


def test_the_identifier_of_an_offer_leads_to_its_service() -> None:
    """Its first half is the service's."""
    service = a_service()
    a_place(service)
    smallest, largest = listings.service_ids_like(listed(service).addresses[0].offer_id)
    assert smallest <= service.pk <= largest
    assert not smallest <= a_service().pk <= largest


@pytest.mark.parametrize(
    ("street", "postcodes", "postcode"),
    [
        ("1 rue X", ["93000"], "93000"),
        ("1 rue X", ["75116", "75016"], ""),
        ("1 rue X, 75016 Paris", ["75116", "75016"], "75016"),
        ("1 rue X, 13001 Marseille", ["75116", "75016"], ""),
    ],
)
def test_postcode_is_known_or_absent(street: str, postcodes: list[str], postcode: str) -> None:
    """It is never picked at random among those of a commune."""
    assert listings.postcode_of(street, postcodes) == postcode


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("119", "119"),
        ("3919", "3919"),
        ("116006", "116006"),
        ("0144528890", "+33144528890"),
        ("0800059595", "+33800059595"),
        ("+441234567890", "+441234567890"),
        ("0199000000", "+33199000000"),
        ("9999999999", "9999999999"),
    ],
)
def test_international_numbers(number: str, written: str) -> None:
    """Short codes stay short; what is no French number is left alone."""
    assert listings.international(number) == written


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({}, ""),
        ({"age_rule": "only", "max_age": 17}, "Seulement : jusqu’à 17 ans."),
        ({"age_rule": "first", "min_age": 12, "max_age": 21}, "En priorité : de 12 à 21 ans."),
        ({"age_rule": "only", "min_age": 18}, "Seulement : à partir de 18 ans."),
        ({"gender_rule": "only", "genders": ["female", "trans"]}, "Seulement : filles et femmes, personnes trans."),
        (
            {"for_professionals": True, "gender_rule": "first", "genders": ["male"]},
            "Pour les professionnels. En priorité : garçons et hommes.",
        ),
    ],
)
def test_eligibility_in_words(facts: dict[str, Any], sentence: str) -> None:
    """Each rule says how strict it is."""
    assert listed(a_service(**facts)).eligibility == sentence


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({}, ""),
        (
            {"closed_from": date(2026, 11, 1), "closed_until": date(2026, 11, 24), "closure_note": "Travaux."},
            "Fermé jusqu’au 24 novembre 2026 inclus. Travaux.",
        ),
        ({"closed_from": date(2026, 11, 1)}, "Fermé pour le moment."),
        ({"closed_from": date(2026, 11, 25)}, ""),
        ({"saturation": "full", "saturation_note": "Reprise en mars."}, "Complet. Reprise en mars."),
        (
            {"verified_on": date(2026, 5, 1), "verified_until": date(2026, 11, 23)},
            "À vérifier : la dernière vérification a expiré.",
        ),
    ],
)
def test_alert_in_words(facts: dict[str, Any], sentence: str) -> None:
    """Closures, saturation and expired checks are said, in their day."""
    assert listed(a_service(**facts)).alert == sentence


def test_access_in_words() -> None:
    """How one gets in, whether a name is asked, what happens then."""
    service = a_service(on_referral_only=True, anonymous=True, what_happens="Un rendez-vous sous huit jours.")
    a_channel(service, kind="place", value="Sans rendez-vous le lundi.")
    assert listed(service).access == (
        "Sur orientation d’un professionnel. On peut rester anonyme. "
        "Un rendez-vous sous huit jours. Sans rendez-vous le lundi."
    )


def test_only_publishing_organisations_are_listed() -> None:
    """One whose services all wait for moderators does not exist for the outside."""
    shown = an_organisation()
    a_service(organisation=shown)
    a_service(organisation=shown)
    a_service(status="pending")
    assert list(listings.publishing_organisations()) == [shown]


@pytest.mark.parametrize("services", [3, 30])
def test_exports_read_in_chunks(
    services: int, django_assert_num_queries: DjangoAssertNumQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One cursor, and two more queries a chunk, never one a service."""
    monkeypatch.setattr(listings, "CHUNK", 10)
    many_services(services, commune=a_commune())
    with django_assert_num_queries({3: 3, 30: 7}[services]):
        assert len(list(listings.published())) == services


def test_the_page_of_a_service_is_where_the_site_has_it() -> None:
    """Exports write the address that the site answers at."""
    service = a_service()
    assert listed(service).page("https://x") == f"https://x{reverse('resources:service', args=[service.public_id])}"
