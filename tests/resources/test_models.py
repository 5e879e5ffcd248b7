"""Every constraint of the directory refuses what its name says, in the database itself."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import CheckConstraint, Q

from resources.exchange import starter_csv
from resources.models import KNOWN_CHECKS, AccessChannel, Commune, Organisation, Place, Service, Verification
from tests.builders import a_commune, a_place, a_service, an_organisation

pytestmark = pytest.mark.django_db


def refused_by(constraint: str) -> Any:
    """The database refuses, naming that constraint."""
    return pytest.raises(IntegrityError, match=f'"{constraint}"')


INTO_ANOTHER, INTO_ITSELF = object(), object()
WRONG_SERVICES: list[tuple[str, dict[str, Any]]] = [
    ("service_has_a_name", {"name": ""}),
    ("service_needs_are_known", {"needs": ["ecoute", "loisirs"]}),
    ("service_departements_are_in_the_region", {"departements": ["75", "13"]}),
    ("service_genders_are_known", {"genders": ["other"], "gender_rule": "only"}),
    ("service_ages_are_in_order", {"min_age": 20, "max_age": 18, "age_rule": "only"}),
    ("service_ages_are_human", {"max_age": 130, "age_rule": "only"}),
    ("service_ages_are_human", {"min_age": 200, "age_rule": "only"}),
    ("service_age_rule_says_which_ages", {"age_rule": "only"}),
    ("service_age_rule_says_which_ages", {"age_rule": "everyone", "min_age": 18}),
    ("service_gender_rule_says_which_genders", {"gender_rule": "first"}),
    ("service_gender_rule_says_which_genders", {"gender_rule": "everyone", "genders": ["female"]}),
    ("service_closure_begins_before_it_ends", {"closed_until": date(2026, 12, 1)}),
    (
        "service_closure_begins_before_it_ends",
        {"closed_from": date(2026, 12, 2), "closed_until": date(2026, 12, 1)},
    ),
    ("service_published_was_checked", {"verified_on": None, "verified_until": None}),
    ("service_published_was_checked", {"verified_by_check": "memory"}),
    ("service_published_was_checked", {"verified_by_check": "seen_old"}),
    ("service_published_was_checked", {"verified_by_check": "none"}),
    ("service_published_was_checked", {"published_at": None}),
    ("service_check_expires_after_it_was_made", {"verified_until": date(2026, 11, 1)}),
    ("service_position_is_whole", {"latitude": 48.9}),
    ("service_kind_is_known", {"kind": "club"}),
    ("service_status_is_known", {"status": "secret"}),
    ("service_saturation_is_known", {"saturation": "busy"}),
    ("service_rules_are_known", {"age_rule": "some", "min_age": 3}),
    ("service_rules_are_known", {"gender_rule": "some", "genders": ["female"]}),
    ("service_check_is_known", {"verified_by_check": "rumour"}),
    ("service_hours_are_written_as_hours", {"opening_hours": "lundi matin"}),
    ("service_hours_are_written_as_hours", {"opening_hours": "Mo-Fr 9h-17h"}),
    ("service_hours_are_written_as_hours", {"opening_hours": "<b>24/7</b>"}),
    ("service_merged_is_hidden_and_not_into_itself", {"merged_into": INTO_ANOTHER}),
    ("service_merged_is_hidden_and_not_into_itself", {"merged_into": INTO_ITSELF, "status": "hidden"}),
]


@pytest.mark.parametrize(("constraint", "facts"), WRONG_SERVICES)
def test_the_database_refuses_a_wrong_service(constraint: str, facts: dict[str, Any]) -> None:
    if facts.get("merged_into") is INTO_ANOTHER:
        facts = {**facts, "merged_into": a_service(indexed=False)}
    if facts.get("merged_into") is INTO_ITSELF:
        own = UUID(int=7)
        facts = {**facts, "id": own, "merged_into_id": own}
        facts.pop("merged_into")

    with refused_by(constraint), transaction.atomic():
        a_service(indexed=False, **facts)


@pytest.mark.parametrize(
    "hours",
    [
        "",
        "24/7",
        "mo-fr 9:00-17:00",
        "Mo[1],We 10:00-12:00; PH off",
        'Jan-Mar Mo 10:00+ || "sur rendez-vous"',
        "week 1-10/2 Mo (sunrise+01:00)-20:00",
        "Dec 24-Jan 02 closed; easter +1 day unknown",
    ],
)
def test_hours_that_can_be_read_can_be_kept(hours: str) -> None:
    assert starter_csv.hours(hours) == hours
    assert a_service(indexed=False, opening_hours=hours).opening_hours == hours


@pytest.mark.parametrize(
    "facts",
    [
        {"address": "1 rue de l’Abri"},
        {"latitude": 48.91, "longitude": 2.45},
        {"address": "1 rue de l’Abri", "latitude": 48.91, "longitude": 2.45},
    ],
)
def test_a_confidential_place_cannot_hold_an_address_or_a_point(facts: dict[str, Any]) -> None:
    service = a_service(status="pending")

    with refused_by("place_confidential_has_no_address_and_no_point"), transaction.atomic():
        a_place(service, confidential=True, **facts)


def test_a_public_place_cannot_become_confidential_and_keep_its_address() -> None:
    place = a_place(a_service(), address="1 rue de l’Abri")

    with refused_by("place_confidential_has_no_address_and_no_point"), transaction.atomic():
        Place.objects.filter(pk=place.pk).update(confidential=True)


def test_raw_sql_is_refused_too() -> None:
    place = a_place(a_service(), confidential=True)

    with (
        refused_by("place_confidential_has_no_address_and_no_point"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE resources_place SET address = 'rue' WHERE id = %s", [place.pk])


@pytest.mark.parametrize(
    ("constraint", "facts"),
    [
        ("place_point_is_in_the_region", {"latitude": 2.45, "longitude": 48.91}),
        ("place_point_is_in_the_region", {"latitude": 48.91, "longitude": None}),
        ("place_address_has_a_commune", {"commune": None, "address": "1 rue"}),
    ],
)
def test_the_database_refuses_a_wrong_place(constraint: str, facts: dict[str, Any]) -> None:
    service = a_service(status="pending")

    with refused_by(constraint), transaction.atomic():
        a_place(service, **facts)


@pytest.mark.parametrize(
    ("constraint", "facts"),
    [
        ("channel_number_is_digits", {"kind": "phone", "value": "01 23 45 67 89"}),
        ("channel_number_is_digits", {"kind": "sms", "value": "appelez"}),
        ("channel_address_is_http", {"kind": "web", "value": "javascript:alert(1)"}),
        ("channel_address_is_http", {"kind": "chat", "value": "3018.fr"}),
        ("channel_mail_has_an_at", {"kind": "email", "value": "contact"}),
        ("channel_kind_is_known", {"kind": "fax", "value": "0199000000"}),
        ("channel_visibility_is_known", {"kind": "phone", "value": "0199000000", "visibility": "friends"}),
    ],
)
def test_the_database_refuses_a_wrong_channel(constraint: str, facts: dict[str, str]) -> None:
    service = a_service(status="pending")

    with refused_by(constraint), transaction.atomic():
        AccessChannel.objects.create(service=service, **facts)


def test_a_channel_is_listed_once() -> None:
    service = a_service(phones=["119"], status="pending")

    with refused_by("channel_is_listed_once"), transaction.atomic():
        AccessChannel.objects.create(service=service, kind="phone", value="119")


@pytest.mark.parametrize(
    ("constraint", "facts"),
    [
        ("commune_is_in_the_region", {"departement": "13"}),
        ("commune_centre_is_in_the_region", {"latitude": 43.3}),
    ],
)
def test_the_database_refuses_a_wrong_commune(constraint: str, facts: dict[str, Any]) -> None:
    with refused_by(constraint), transaction.atomic():
        a_commune(**facts)


def test_an_organisation_has_a_name() -> None:
    with refused_by("organisation_has_a_name"), transaction.atomic():
        Organisation.objects.create(name="")


@pytest.mark.parametrize(
    ("constraint", "facts"),
    [
        ("verification_ends_after_it_begins", {"valid_until": date(2026, 11, 1)}),
        ("verification_was_made_somehow", {"check_kind": "none"}),
        ("verification_kind_is_known", {"check_kind": "rumour"}),
    ],
)
def test_the_database_refuses_a_wrong_verification(constraint: str, facts: dict[str, Any]) -> None:
    service = a_service()
    right = {"checked_on": date(2026, 11, 1), "check_kind": "call", "valid_until": date(2026, 12, 1)}

    with refused_by(constraint), transaction.atomic():
        Verification.objects.create(service=service, **{**right, **facts})


def test_every_constraint_of_the_directory_is_proven_here() -> None:
    proven = {constraint for constraint, _facts in WRONG_SERVICES} | {
        "place_confidential_has_no_address_and_no_point",
        "place_point_is_in_the_region",
        "place_address_has_a_commune",
        "channel_number_is_digits",
        "channel_address_is_http",
        "channel_mail_has_an_at",
        "channel_is_listed_once",
        "commune_is_in_the_region",
        "commune_centre_is_in_the_region",
        "organisation_has_a_name",
        "verification_ends_after_it_begins",
        "verification_was_made_somehow",
        "verification_kind_is_known",
        "channel_kind_is_known",
        "channel_visibility_is_known",
    }
    models = (Service, Place, AccessChannel, Commune, Organisation, Verification)

    assert {constraint.name for model in models for constraint in model._meta.constraints} == proven


def test_known_values_are_those_of_the_lists() -> None:
    assert list(Service.Check.values) == KNOWN_CHECKS
    for constraint, values in (
        ("service_status_is_known", Service.Status.values),
        ("service_saturation_is_known", Service.Saturation.values),
        ("channel_kind_is_known", AccessChannel.Kind.values),
        ("channel_visibility_is_known", AccessChannel.Visibility.values),
    ):
        model = Service if constraint.startswith("service") else AccessChannel
        (found,) = (one for one in model._meta.constraints if one.name == constraint)
        assert isinstance(found, CheckConstraint)
        assert isinstance(found.condition, Q)
        assert found.condition.deconstruct()[1][0][1] == list(values)


def test_the_opaque_address_stays_the_same_and_says_nothing() -> None:
    service = a_service(slug="ligne-secrete", name="Ligne secrète", organisation=an_organisation(name="Secret"))

    assert Service.objects.get(slug="ligne-secrete").public_id == service.public_id
    assert len(service.public_id) == 8
    assert "secr" not in service.public_id


def test_what_is_to_recheck_is_published_and_expired() -> None:
    expired = a_service(verified_until=date(2026, 11, 10))
    a_service(verified_until=date(2027, 11, 10))
    a_service(status=Service.Status.PENDING)

    assert list(Service.objects.to_recheck(on=date(2026, 11, 11))) == [expired]
    assert list(Service.objects.to_recheck(on=date(2026, 11, 10))) == []
