"""The facts of a service that somebody may propose to change, one by one, as JSON: read, checked, compared, written."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from resources.exchange.starter_csv import (
    LATITUDES,
    LONGEST_ADDRESS,
    LONGEST_HOURS,
    LONGEST_NAME,
    LONGEST_SITE,
    LONGITUDES,
    MAIL_ADDRESS,
    Refusal,
    address_of_site,
    at_most,
    hours,
    number,
    required,
    storable,
)
from resources.models import AccessChannel, Commune, Organisation, Place, Service
from resources.vocabulary import DEPARTEMENTS, LANGUAGES, Gender, Kind, Need, Rule

Json = Any
Facts = dict[str, Json]
Changes = dict[str, dict[str, Json]]

LONGEST_TEXT = 2000
LONGEST_CHANNEL_NOTE = 200
OLDEST = 120
CONTACT = frozenset({"channels", "places", "organisation_website"})


@dataclass(frozen=True)
class Field:
    """One fact: its name for people, and how a value that somebody sent is checked (raises Refusal)."""

    label: StrPromise
    check: Callable[[Json], Json]


# --- checking what was sent ---------------------------------------------------------------------------------------


def text(longest: int) -> Callable[[Json], str]:
    """A text, its ends trimmed."""

    def check(value: Json) -> str:
        if not isinstance(value, str):
            raise Refusal("un texte est attendu")
        return at_most(longest, str.strip)(storable(value))

    return check


def named(value: Json) -> str:
    """A name: not empty, 200 characters at most."""
    return required(text(LONGEST_NAME)(value))


def site(value: Json) -> str:
    """The address of a site, or nothing."""
    return address_of_site(text(LONGEST_ADDRESS)(value))


def opening(value: Json) -> str:
    """Opening hours in OpenStreetMap's syntax; empty is unknown."""
    return hours(text(LONGEST_HOURS)(value))


def one_of(known: Iterable[str]) -> Callable[[Json], str]:
    """One code of a closed list."""
    allowed = frozenset(known)

    def check(value: Json) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise Refusal("valeur inconnue")
        return value

    return check


def many_of(known: Iterable[str]) -> Callable[[Json], list[str]]:
    """Codes of a closed list, in its order, each once."""
    order = list(known)

    def check(value: Json) -> list[str]:
        if not isinstance(value, list) or any(one not in order for one in value):
            raise Refusal("valeur inconnue")
        return [one for one in order if one in value]

    return check


def flag(value: Json) -> bool:
    """Yes or no."""
    if not isinstance(value, bool):
        raise Refusal("oui ou non attendu")
    return value


def known_or_not(value: Json) -> bool | None:
    """Yes, no, or not known."""
    return None if value is None else flag(value)


def age(value: Json) -> int | None:
    """Whole years, or no limit."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= OLDEST:
        raise Refusal("un âge en années est attendu")
    return value


def day(value: Json) -> str | None:
    """A day as YYYY-MM-DD, or nothing."""
    if value in {None, ""}:
        return None
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError as error:
        raise Refusal("une date est attendue") from error


def members(value: Json, names: Iterable[str]) -> dict[str, Json]:
    """An object with these members and no other."""
    if not isinstance(value, dict) or set(value) != set(names):
        raise Refusal("forme inattendue")
    return value


def audience(value: Json) -> Json:
    """For whom: {"min_age", "max_age", "age_rule", "genders", "gender_rule"}."""
    given = members(value, ("min_age", "max_age", "age_rule", "genders", "gender_rule"))
    youngest, oldest = age(given["min_age"]), age(given["max_age"])
    checked = {
        "min_age": youngest,
        "max_age": oldest,
        "age_rule": one_of(Rule.values)(given["age_rule"]),
        "genders": many_of(Gender.values)(given["genders"]),
        "gender_rule": one_of(Rule.values)(given["gender_rule"]),
    }
    if youngest is not None and oldest is not None and youngest > oldest:
        raise Refusal("l’âge le plus haut est plus petit que l’âge le plus bas")
    if (checked["age_rule"] == Rule.EVERYONE) != (youngest is None and oldest is None):
        raise Refusal("dire quels âges, ou « tout le monde »")
    if (checked["gender_rule"] == Rule.EVERYONE) != (not checked["genders"]):
        raise Refusal("dire quels genres, ou « tout le monde »")
    return checked


def saturation(value: Json) -> Json:
    """How full it is: {"level", "note"}."""
    given = members(value, ("level", "note"))
    return {
        "level": one_of(Service.Saturation.values)(given["level"]),
        "note": text(LONGEST_TEXT)(given["note"]),
    }


def closure(value: Json) -> Json:
    """Closed for a time: {"from", "until", "note"}; no day, not closed."""
    given = members(value, ("from", "until", "note"))
    checked = {"from": day(given["from"]), "until": day(given["until"]), "note": text(LONGEST_TEXT)(given["note"])}
    if checked["until"] and (not checked["from"] or checked["until"] < checked["from"]):
        raise Refusal("la fin vient avant le début")
    return checked


def channel(value: Json) -> Json:
    """One way in: {"kind", "value", "visibility", "note"}."""
    given = members(value, ("kind", "value", "visibility", "note"))
    kind = one_of(AccessChannel.Kind.values)(given["kind"])
    written = required(text(LONGEST_SITE)(given["value"]))
    match kind:
        case AccessChannel.Kind.PHONE | AccessChannel.Kind.SMS:
            written = number(written)
        case AccessChannel.Kind.CHAT | AccessChannel.Kind.WEB:
            written = address_of_site(written)
        case AccessChannel.Kind.EMAIL:
            if not MAIL_ADDRESS.fullmatch(written):
                raise Refusal("adresse de courriel incomplète")
        case _:
            pass
    return {
        "kind": kind,
        "value": written,
        "visibility": one_of(AccessChannel.Visibility.values)(given["visibility"]),
        "note": text(LONGEST_CHANNEL_NOTE)(given["note"]),
    }


def channels(value: Json) -> list[Json]:
    """All the ways in, in a stable order; none twice."""
    if not isinstance(value, list):
        raise Refusal("forme inattendue")
    found = sorted((channel(one) for one in value), key=lambda one: (one["kind"], one["value"]))
    if len({(one["kind"], one["value"]) for one in found}) < len(found):
        raise Refusal("le même contact deux fois")
    return found


def place(value: Json) -> Json:
    """One place: {"commune", "confidential", "address", "latitude", "longitude"}; confidential has no more than a
    commune, whatever was sent: that is refused, not dropped in silence."""
    given = members(value, ("commune", "confidential", "address", "latitude", "longitude"))
    confidential = flag(given["confidential"])
    address = text(LONGEST_ADDRESS)(given["address"])
    point = degrees(given["latitude"], LATITUDES), degrees(given["longitude"], LONGITUDES)
    if confidential and (address or point != (None, None)):
        raise Refusal("le lieu est confidentiel : ni adresse ni point")
    commune = given["commune"]
    if commune is not None and not Commune.objects.filter(pk=str(commune)[:5]).exists():
        raise Refusal("commune inconnue dans la région")
    if commune is None and (address or point != (None, None)):
        raise Refusal("une adresse est dans une commune")
    if (point[0] is None) != (point[1] is None):
        raise Refusal("un point a deux coordonnées")
    return {
        "commune": commune,
        "confidential": confidential,
        "address": address,
        "latitude": point[0],
        "longitude": point[1],
    }


def degrees(value: Json, between: tuple[float, float]) -> float | None:
    """Decimal degrees of the region, or nothing."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not between[0] <= value <= between[1]:
        raise Refusal("hors d’Île-de-France")
    return float(value)


def places(value: Json) -> list[Json]:
    """All the places, in a stable order."""
    if not isinstance(value, list):
        raise Refusal("forme inattendue")
    return sorted((place(one) for one in value), key=lambda one: (one["commune"] or "", one["address"]))


FIELDS: dict[str, Field] = {
    "name": Field(_("Nom"), named),
    "organisation": Field(_("Organisme"), named),
    "organisation_website": Field(_("Site de l’organisme"), site),
    "kind": Field(_("Genre d’aide"), one_of(Kind.values)),
    "description": Field(_("Description"), text(LONGEST_TEXT)),
    "needs": Field(_("Besoins"), many_of(Need.values)),
    "audience": Field(_("Public"), audience),
    "hours": Field(_("Horaires"), opening),
    "territory": Field(_("Territoire"), many_of(DEPARTEMENTS)),
    "languages": Field(_("Langues"), many_of(LANGUAGES)),
    "free": Field(_("Gratuit"), known_or_not),
    "anonymous": Field(_("Sans donner de nom"), known_or_not),
    "what_happens": Field(_("Ce qui se passe ensuite"), text(LONGEST_TEXT)),
    "for_professionals": Field(_("Pour les professionnels"), flag),
    "on_referral_only": Field(_("Sur orientation seulement"), flag),
    "channels": Field(_("Contacts"), channels),
    "places": Field(_("Lieux"), places),
    "saturation": Field(_("Places disponibles"), saturation),
    "closure": Field(_("Fermeture"), closure),
}


def checked(field: str, value: Json) -> Json:
    """A value in the words of the model. Raises Refusal: an unknown field, or a value that it cannot hold."""
    if field not in FIELDS:
        raise Refusal("champ inconnu")
    return FIELDS[field].check(value)


# --- reading a service ----------------------------------------------------------------------------------------------


def of(service: Service) -> Facts:
    """Every fact of a service as it is now; two queries for channels and places unless they are prefetched."""
    return {
        "name": service.name,
        "organisation": service.organisation.name,
        "organisation_website": service.organisation.website,
        "kind": service.kind,
        "description": service.description,
        "needs": many_of(Need.values)(service.needs),
        "audience": {
            "min_age": service.min_age,
            "max_age": service.max_age,
            "age_rule": service.age_rule,
            "genders": many_of(Gender.values)(service.genders),
            "gender_rule": service.gender_rule,
        },
        "hours": service.opening_hours,
        "territory": many_of(DEPARTEMENTS)(service.departements),
        "languages": [code for code in LANGUAGES if code in service.languages],
        "free": service.free,
        "anonymous": service.anonymous,
        "what_happens": service.what_happens,
        "for_professionals": service.for_professionals,
        "on_referral_only": service.on_referral_only,
        "channels": sorted(
            (
                {"kind": one.kind, "value": one.value, "visibility": one.visibility, "note": one.note}
                for one in service.channels.all()
            ),
            key=lambda one: (one["kind"], one["value"]),
        ),
        "places": sorted(
            (
                {
                    "commune": one.commune_id,
                    "confidential": one.confidential,
                    "address": one.address,
                    "latitude": one.latitude,
                    "longitude": one.longitude,
                }
                for one in service.places.all()
            ),
            key=lambda one: (one["commune"] or "", one["address"]),
        ),
        "saturation": {"level": service.saturation, "note": service.saturation_note},
        "closure": {
            "from": service.closed_from.isoformat() if service.closed_from else None,
            "until": service.closed_until.isoformat() if service.closed_until else None,
            "note": service.closure_note,
        },
    }


def blank() -> Facts:
    """The facts of a service that nobody has described."""
    return {
        "name": "",
        "organisation": "",
        "organisation_website": "",
        "kind": "",
        "description": "",
        "needs": [],
        "audience": {
            "min_age": None,
            "max_age": None,
            "age_rule": Rule.EVERYONE.value,
            "genders": [],
            "gender_rule": Rule.EVERYONE.value,
        },
        "hours": "",
        "territory": [],
        "languages": [],
        "free": None,
        "anonymous": None,
        "what_happens": "",
        "for_professionals": False,
        "on_referral_only": False,
        "channels": [],
        "places": [],
        "saturation": {"level": Service.Saturation.UNKNOWN.value, "note": ""},
        "closure": {"from": None, "until": None, "note": ""},
    }


# --- comparing ------------------------------------------------------------------------------------------------------


def changes_between(before: Mapping[str, Json], after: Mapping[str, Json]) -> Changes:
    """What differs, field by field, of those that `after` names."""
    return {
        field: {"before": before.get(field), "after": value}
        for field, value in after.items()
        if value != before.get(field)
    }


def moved_since(changes: Changes, now: Mapping[str, Json]) -> dict[str, Json]:
    """Fields whose value is no longer the `before` that a proposal was made on, and what it is now.

    A field that already says what is proposed has moved too, and is harmless: it is left out.
    """
    return {
        field: now[field] for field, change in changes.items() if now[field] not in (change["before"], change["after"])
    }


# --- writing --------------------------------------------------------------------------------------------------------


def write(service: Service, values: Mapping[str, Json]) -> None:
    """Write checked values into a saved service, its channels and its places. Whoever calls holds a transaction, and
    has named to the database the proposal that allows it (resources/moderation.py)."""
    for field, value in values.items():
        for attribute, written in attributes(field, value).items():
            setattr(service, attribute, written)
    if "organisation" in values:
        service.organisation = Organisation.objects.get_or_create(name=values["organisation"])[0]
    if "organisation_website" in values and service.organisation.website != values["organisation_website"]:
        service.organisation.website = values["organisation_website"]
        service.organisation.save(update_fields=["website", "updated_at"])
    service.save()
    if "channels" in values:
        write_channels(service, values["channels"])
    if "places" in values:
        service.places.all().delete()
        Place.objects.bulk_create(place_of(service, one) for one in values["places"])


SAME_NAME = frozenset(
    {"name", "kind", "description", "needs", "languages", "free", "anonymous", "what_happens"}
    | {"for_professionals", "on_referral_only"}
)
OTHER_NAME = {"hours": "opening_hours", "territory": "departements"}


def attributes(field: str, value: Json) -> dict[str, Json]:
    """Columns of a service that hold a fact; none for those that live in other tables."""
    if field in SAME_NAME:
        return {field: value}
    if field in OTHER_NAME:
        return {OTHER_NAME[field]: value}
    written: dict[str, Json] = {}
    if field == "audience":
        written = dict(value)
    if field == "saturation":
        written = {"saturation": value["level"], "saturation_note": value["note"]}
    if field == "closure":
        days = {name: date.fromisoformat(value[name]) if value[name] else None for name in ("from", "until")}
        written = {"closed_from": days["from"], "closed_until": days["until"], "closure_note": value["note"]}
    return written


def write_channels(service: Service, wanted: list[Json]) -> None:
    """Only what differs is touched, so that history says what changed."""
    there = {(one.kind, one.value): one for one in service.channels.all()}
    for one in wanted:
        known = there.pop((one["kind"], one["value"]), None)
        if known is None:
            AccessChannel.objects.create(service=service, **one)
        elif (known.visibility, known.note) != (one["visibility"], one["note"]):
            known.visibility, known.note = one["visibility"], one["note"]
            known.save(update_fields=["visibility", "note"])
    for gone in there.values():
        gone.delete()


def place_of(service: Service, one: Json) -> Place:
    """A place that is not saved yet."""
    return Place(
        service=service,
        commune_id=one["commune"],
        confidential=one["confidential"],
        address=one["address"],
        latitude=one["latitude"],
        longitude=one["longitude"],
    )
