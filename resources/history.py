"""What a service said at each moment of its life, who changed it and why, from the events that triggers keep.

Bulk updates and raw SQL are there too; a change without a name was made outside moderation, and says so.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models

from accounts.models import User
from resources import facts, pages
from resources.facts import Changes, Facts
from resources.models import AccessChannel, Organisation, Page, Place, Service

DELETED = "delete"
MOST_WORDINGS = 20
OF_A_SERVICE = [
    "organisation_id", "name", "kind", "description", "needs", "min_age", "max_age", "age_rule", "genders",
    "gender_rule", "opening_hours", "departements", "languages", "free", "anonymous", "what_happens",
    "for_professionals", "on_referral_only", "saturation", "saturation_note", "closed_from", "closed_until",
    "closure_note", "status", "verified_on", "verified_by_check", "verified_until",
]  # fmt: skip


@dataclass(frozen=True)
class Version:
    """What changed in one transaction. `number` counts from the oldest, 1; `said` are all facts afterwards."""

    number: int
    at: datetime
    who: str
    why: str
    changes: Changes
    said: Facts
    status: str
    was_moderated: bool


@dataclass
class Rows:
    """The rows of a service as they stand at one moment of the replay."""

    service: dict[str, Any] = field(default_factory=dict)
    channels: dict[int, dict[str, Any]] = field(default_factory=dict)
    places: dict[int, dict[str, Any]] = field(default_factory=dict)
    organisations: dict[UUID, dict[str, Any]] = field(default_factory=dict)


def versions(service: Service) -> list[Version]:
    """Every version, the newest first; five queries at any length."""
    events = sorted(events_of(service), key=lambda event: (event.pgh_created_at, event.pgh_id))
    names = people(events)
    rows, before = Rows(), facts.blank()
    found: list[Version] = []
    for at, together in by_moment(events):
        status_before = rows.service.get("status", "")
        for event in together:
            replay(rows, event)
        if not rows.service:
            continue
        said = facts_of(rows)
        changes = facts.changes_between(before, said)
        context = next((event.pgh_context for event in together if event.pgh_context), None) or {}
        if changes or rows.service["status"] != status_before:
            found.append(
                Version(
                    number=len(found) + 1,
                    at=at,
                    who=names.get(context.get("user") or 0, ""),
                    why=str(context.get("why", "")),
                    changes=changes,
                    said=said,
                    status=rows.service["status"],
                    was_moderated=bool(context),
                )
            )
        before = said
    return found[::-1]


def value_before(service: Service, *, number: int, field: str) -> Any:  # noqa: ANN401  # a JSON value
    """What a field said before a version. Raises KeyError when that version did not change it."""
    for version in versions(service):
        if version.number == number:
            return version.changes[field]["before"]
    raise KeyError(field)


def versions_of_page(page: Page) -> list[Version]:
    """Every version of a page that explains, the newest first; two queries at any length."""
    events = list(event_model("PageEvent").objects.filter(pgh_obj_id=page.pk).order_by("pgh_id"))
    names = people(events)
    said: Facts = dict.fromkeys(pages.FIELDS, "")
    found: list[Version] = []
    for event in events:
        before, said = said, {field: getattr(event, field) for field in pages.FIELDS}
        context = event.pgh_context or {}
        found.append(
            Version(
                number=len(found) + 1,
                at=event.pgh_created_at,
                who=names.get(context.get("user") or 0, ""),
                why=str(context.get("why", "")),
                changes=facts.changes_between(before, said),
                said=said,
                status=Service.Status.PUBLISHED,
                was_moderated=bool(context),
            )
        )
    return found[::-1]


@dataclass(frozen=True)
class Wording:
    """What a text was made to say in another language, by whom; an empty text was taken away."""

    at: datetime
    who: str
    field: str
    text: str


def wordings(about: Page | Service, *, language: str) -> list[Wording]:
    """The last translations of its texts into a language, the newest first; two queries."""
    owner = {"page_id" if isinstance(about, Page) else "service_id": about.pk}
    found = event_model("TranslationEvent").objects.filter(**owner, language=language).order_by("-pgh_id")
    events = list(found[:MOST_WORDINGS])
    names = people(events)
    return [
        Wording(
            at=event.pgh_created_at,
            who=names.get((event.pgh_context or {}).get("user") or 0, ""),
            field=event.field,
            text="" if event.pgh_label == DELETED else event.text,
        )
        for event in events
    ]


def events_of(service: Service) -> list[Any]:
    """Events of a service, of its channels and places, and of the organisations it belonged to."""
    of_service = list(event_model("ServiceEvent").objects.filter(pgh_obj_id=service.pk))
    owners = {event.organisation_id for event in of_service} | {service.organisation_id}
    return [
        *event_model("OrganisationEvent").objects.filter(pgh_obj_id__in=owners),
        *of_service,
        *event_model("ChannelEvent").objects.filter(service_id=service.pk),
        *event_model("PlaceEvent").objects.filter(service_id=service.pk),
    ]


def event_model(name: str) -> Any:  # noqa: ANN401  # made at run time, and known to no checker
    """A model that history made beside ours."""
    return apps.get_model("resources", name)


def by_moment(events: Iterable[Any]) -> list[tuple[datetime, list[Any]]]:
    """Events of one transaction together: PostgreSQL gives them one time."""
    moments: dict[datetime, list[Any]] = {}
    for event in events:
        moments.setdefault(event.pgh_created_at, []).append(event)
    return list(moments.items())


def replay(rows: Rows, event: Any) -> None:  # noqa: ANN401  # one of four models without a common type
    """Let one event happen."""
    is_gone = event.pgh_label == DELETED
    match event.pgh_tracked_model.__name__:
        case "Service":
            rows.service = {} if is_gone else {name: getattr(event, name) for name in OF_A_SERVICE}
        case "Organisation":
            rows.organisations[event.pgh_obj_id] = {"name": event.name, "website": event.website}
        case "AccessChannel":
            put(rows.channels, event, names=("kind", "value", "visibility", "note"), is_gone=is_gone)
        case "Place":
            names = ("commune_id", "confidential", "address", "latitude", "longitude")
            put(rows.places, event, names=names, is_gone=is_gone)


def put(rows: dict[int, dict[str, Any]], event: Any, *, names: tuple[str, ...], is_gone: bool) -> None:  # noqa: ANN401
    """Enter, change or take away a row."""
    rows.pop(event.pgh_obj_id, None)
    if not is_gone:
        rows[event.pgh_obj_id] = {name: getattr(event, name) for name in names}


def facts_of(rows: Rows) -> Facts:
    """The rows as facts."""
    known = {name: value for name, value in rows.service.items() if name != "status"}
    service = Service(**known)
    owner = rows.organisations.get(service.organisation_id, {"name": "", "website": ""})
    service.organisation = Organisation(id=service.organisation_id, **owner)
    service._prefetched_objects_cache = {  # type: ignore[attr-defined]  # noqa: SLF001  # as a prefetch would
        "channels": listed(AccessChannel, rows.channels),
        "places": listed(Place, rows.places),
    }
    return facts.of(service)


def listed(model: type[models.Model], rows: dict[int, dict[str, Any]]) -> models.QuerySet[Any]:
    """Rows of a moment that is past, where a prefetched queryset is expected."""
    found = model._default_manager.none()  # noqa: SLF001
    found._result_cache = [model(**row) for row in rows.values()]  # noqa: SLF001
    return found


def people(events: Iterable[Any]) -> dict[int, str]:
    """Addresses of the staff who are named in events."""
    wanted = {user for event in events if (user := (event.pgh_context or {}).get("user")) is not None}
    return dict(User.objects.filter(pk__in=wanted).values_list("pk", "email"))
