"""Services as a list of answers shows them: rows, ways in and places in one statement, nothing that is not public."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS
from django.db.models.base import ModelState

from resources import prepared
from resources.models import Service

# What only moderators may read, and what only search reads.
NOT_SHOWN = frozenset(
    {"moderator_note", "source", "published_at", "updated_at", "keywords", "fact_bits", "departement_bits"}
    | {"takes_gender_bits", "takes_from_age", "takes_to_age", "standing", "latitude", "longitude", "merged_into_id"}
    | {"document", "position"}
)
# In the model's order, as Service.from_db expects them.
FIELDS = tuple(field.attname for field in Service._meta.concrete_fields if field.attname not in NOT_SHOWN)

_SHOWN = f"""
SELECT {", ".join(f"service.{name}" for name in FIELDS)}, organisation.name,
       (SELECT json_agg(json_build_array(kind, value, note) ORDER BY kind, id)
        FROM resources_accesschannel AS channel
        WHERE channel.service_id = service.id AND channel.visibility = 'public'
          AND NOT (kind = 'place' AND EXISTS (SELECT 1 FROM resources_place AS secret
                                              WHERE secret.service_id = service.id AND secret.confidential))),
       (SELECT json_agg(
            json_build_array(confidential, address, commune.insee, commune.name, commune.departement) ORDER BY place.id)
        FROM resources_place AS place LEFT JOIN resources_commune AS commune ON commune.insee = place.commune_id
        WHERE place.service_id = service.id),
       (SELECT json_object_agg(field, json_build_array(text, translation.status, source_digest))
        FROM resources_translation AS translation
        WHERE translation.service_id = service.id AND translation.language = %(language)s)
FROM resources_service AS service
JOIN resources_organisation AS organisation ON organisation.id = service.organisation_id
WHERE service.status = 'published' AND (service.id = ANY(%(ids)s) OR service.slug = ANY(%(slugs)s))
"""


def published(*, ids: Sequence[UUID], slugs: Sequence[str], language: str) -> list[Service]:
    """Published services by id or slug, with organisation, channels, places and texts in a language, in one statement.

    What only moderators may read and what only search reads is not fetched at all.
    """
    if not ids and not slugs:
        return []
    with prepared.cursor() as cursor:
        cursor.execute(_SHOWN, {"ids": list(ids), "slugs": list(slugs), "language": language})
        return [assembled(row) for row in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class Answering:
    """The organisation of a listed service."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class WayIn:
    """A public channel of a listed service."""

    kind: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class Town:
    """The commune of a place."""

    insee: str
    name: str
    departement: str


@dataclass(frozen=True, slots=True)
class Spot:
    """A place of a listed service."""

    confidential: bool
    address: str
    commune: Town | None


def assembled(row: Sequence[Any]) -> Service:
    """A service whose organisation, channels and places need no further question.

    They are plain values with the names of the models' fields: making a hundred model instances a page costs
    more than finding them.
    """
    *values, organisation_name, channels, places, translated = row
    service = Service.__new__(Service)
    # What from_db does, field by field and with signals that nobody here listens to.
    service.__dict__.update(zip(FIELDS, values, strict=True), _state=ModelState(), translated=translated)
    service._state.adding, service._state.db = False, DEFAULT_DB_ALIAS
    service._state.fields_cache["organisation"] = Answering(service.organisation_id, organisation_name)
    service._prefetched_objects_cache = {  # type: ignore[attr-defined]
        "channels": [WayIn(*channel) for channel in channels or ()],
        "places": [
            Spot(confidential, address, Town(insee, name, departement) if insee else None)
            for confidential, address, insee, name, departement in places or ()
        ],
    }
    return service
