"""Made-up services are the same ones every time, and are stored as any other."""

import pytest
from django.db import connection

from bench.synthetic import fill
from resources.models import AccessChannel, Organisation, Place, SearchWord, Service
from resources.opening import PARIS
from tests.builders import a_commune

pytestmark = pytest.mark.django_db(transaction=True)
# Of the moment, or numbered by the database.
NOT_COMPARED = {"published_at", "updated_at"}


def stored() -> list[list[tuple[object, ...]]]:
    """Every fact that the generator decided."""
    fields = [field.attname for field in Service._meta.concrete_fields if field.attname not in NOT_COMPARED]
    return [
        list(Service.objects.order_by("slug").values_list(*fields)),
        list(Organisation.objects.order_by("id").values_list("id", "name")),
        list(AccessChannel.objects.order_by("service", "kind").values_list("service", "kind", "value", "visibility")),
        list(Place.objects.order_by("service").values_list("service", "commune", "confidential", "address")),
        list(SearchWord.objects.order_by("word").values_list("word", "services")),
    ]


def indexes() -> set[str]:
    with connection.cursor() as cursor:
        return set(connection.introspection.get_constraints(cursor, Service._meta.db_table))


def asleep() -> object:
    """How many triggers do not fire."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgenabled <> 'O'")
        return cursor.fetchone()


def test_the_same_services_come_out_and_all_is_as_it_was() -> None:
    communes = [
        a_commune(insee=insee, name=name, population=people)
        for insee, name, people in (("93008", "Bobigny", 55_000), ("93066", "Saint-Denis", 150_000))
    ]
    before = indexes()
    told: list[str] = []

    fill(10, tell=told.append)
    once = stored()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE resources_organisation CASCADE")
    fill(10)

    assert stored() == once
    assert indexes() == before
    assert asleep() == (0,)
    assert {"service_by_words", "service_by_distance", "service_by_standing"} <= before
    assert [len(rows) for rows in once[:2]] == [10, 3]
    assert len(once[3]) == 10
    assert {place[1] for place in once[3]} <= {commune.insee for commune in communes}
    assert told == ["10 fiches sur 10", "index", "mots"]


def test_a_made_up_service_is_found_by_its_words() -> None:
    a_commune(insee="93008", name="Bobigny", population=55_000)
    fill(3)

    assert Service.objects.published().count() == 3
    for service in Service.objects.all():
        assert service.published_at is not None
        assert service.published_at.astimezone(PARIS).year >= 2026
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT slug FROM resources_service WHERE document @@ plainto_tsquery('fr_folded', %s)", [service.name]
            )
            assert cursor.fetchall() == [(service.slug,)]
