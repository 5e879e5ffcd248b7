"""Test data by plain functions: each gives one saved row that is valid, and takes what matters to the test."""

from datetime import date, timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from resources import indexing
from resources.models import AccessChannel, Commune, Organisation, Place, Service

_numbers = count(1)
CHECKED_ON = date(2026, 11, 1)


def an_organisation(**facts: Any) -> Organisation:
    """An organisation with a name of its own."""
    return Organisation.objects.create(**{"name": f"Association {next(_numbers)}", **facts})


def a_commune(insee: str = "93008", **facts: Any) -> Commune:
    """Bobigny, or another commune."""
    defaults = {
        "name": "Bobigny",
        "kind": "commune-actuelle",
        "departement": insee[:2],
        "postcodes": ["93000"],
        "population": 56927,
        "latitude": 48.9098,
        "longitude": 2.4501,
        "coord_source": "test",
    }
    return Commune.objects.update_or_create(insee=insee, defaults={**defaults, **facts})[0]


def a_service(*, phones: list[str] | None = None, website: str = "", indexed: bool = True, **facts: Any) -> Service:
    """A published service, checked, with public phones and site when given."""
    number = next(_numbers)
    published = facts.get("status", Service.Status.PUBLISHED) == Service.Status.PUBLISHED
    checked = {
        "published_at": timezone.now(),
        "verified_on": CHECKED_ON,
        "verified_by_check": Service.Check.CALL,
        "verified_until": CHECKED_ON + timedelta(days=400),
    }
    organisation = facts.pop("organisation", None) or an_organisation()
    service = Service.objects.create(
        **{
            "slug": f"service-{number}",
            "name": f"Service {number}",
            "kind": "association",
            "status": Service.Status.PUBLISHED,
            "organisation": organisation,
            **(checked if published else {}),
            **facts,
        }
    )
    for phone in phones or []:
        a_channel(service, kind="phone", value=phone)
    if website:
        a_channel(service, kind="web", value=website)
    if indexed:
        index(service)
    return service


def a_channel(service: Service, **facts: Any) -> AccessChannel:
    """A way in, by telephone unless said otherwise."""
    return AccessChannel.objects.create(**{"service": service, "kind": "phone", "value": "0199000000", **facts})


def a_place(service: Service, **facts: Any) -> Place:
    """A public place in Bobigny unless said otherwise; the service is indexed anew."""
    place = Place.objects.create(**{"service": service, "commune": a_commune(), **facts})
    index(service)
    return place


def index(*services: Service) -> None:
    """Let search see them as they are now."""
    indexing.reindex(services)
    indexing.count_words()
