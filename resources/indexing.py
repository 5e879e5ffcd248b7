"""What search reads of a service: its tags, keywords, standing and public position, derived from its facts."""

import csv
import re
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files

from django.db import connection, transaction
from django.db.models import Avg, F, Sum

from resources.models import AccessChannel, Commune, Place, SearchWord, Service
from resources.opening import ALWAYS
from resources.ranking.features import bits
from resources.text import fold
from resources.vocabulary import DEPARTEMENTS, Gender, Kind, Rule

INDEXED_FIELDS = (
    "fact_bits", "departement_bits", "takes_gender_bits", "takes_from_age", "takes_to_age",
    "keywords", "standing", "latitude", "longitude",
)  # fmt: skip
# A service that names more départements than this has no territory worth searching for.
MAX_TERRITORY_NAMES = 4
SHORTEST_WORD = 3
LAST_MINOR_AGE = 17
OLDEST = 200
NUMBERED = frozenset({AccessChannel.Kind.PHONE, AccessChannel.Kind.SMS})
APOSTROPHES = re.compile(r"[’']")
DIGIT_GAPS = re.compile(r"(?<=\d) (?=\d)")
LAST_YOUNG_AGE = 25


@cache
def topic_patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Topics finer than needs, and the folded words of a description that reveal them."""
    with (files("resources") / "data" / "topics_fr.csv").open(encoding="utf-8") as file:
        return tuple((row["topic"], re.compile(row["pattern"])) for row in csv.DictReader(file))


@cache
def departement_centres() -> dict[str, tuple[float, float]]:
    """Latitude and longitude (degrees) of where the people of each département live, on average."""
    centres = {}
    for row in (
        Commune.objects.exclude(kind="arrondissement-municipal")
        .values("departement")
        .annotate(
            latitude=Sum(F("latitude") * F("population")) / Sum("population"),
            longitude=Sum(F("longitude") * F("population")) / Sum("population"),
            known=Avg("population"),
        )
    ):
        centres[row["departement"]] = (round(row["latitude"], 4), round(row["longitude"], 4))
    return centres


def public_position(departements: Sequence[str], places: Iterable[Place]) -> tuple[float, float] | None:
    """Point (latitude, longitude in degrees) from which distances to a service are counted.

    The point of a place that is public; else the centre of its commune; else the centre of its
    département. A confidential place never gives more than a centre, whatever its row holds.
    """
    for place in places:
        if not place.confidential and place.latitude is not None and place.longitude is not None:
            return place.latitude, place.longitude
        if place.commune is not None:
            return place.commune.latitude, place.commune.longitude
    if len(departements) == 1:
        return departement_centres().get(departements[0])
    return None


def standing(service: Service, channels: Sequence[AccessChannel]) -> int:
    """How directly a service can be reached, before any question is asked: higher comes first."""
    kinds = {channel.kind for channel in channels}
    points = {
        12: service.kind == Kind.HOTLINE,
        10: AccessChannel.Kind.PHONE in kinds,
        6: bool(kinds & {AccessChannel.Kind.CHAT, AccessChannel.Kind.SMS}),
        5: service.opening_hours == ALWAYS,
        3: AccessChannel.Kind.WEB in kinds,
        2: service.verified_by_check != Service.Check.SECONDARY_SOURCE,
        -7: service.kind == Kind.INSTITUTION,
        -8: service.for_professionals,
        -13: service.on_referral_only,
    }
    return sum(number for number, holds in points.items() if holds)


def facts(service: Service, channels: Sequence[AccessChannel]) -> list[str]:
    """Facts that ranking weighs besides the tags: kind, ways in, audience, territory."""
    kinds = {channel.kind for channel in channels}
    only = service.age_rule == Rule.ONLY
    true = {
        f"kind:{service.kind}": True,
        "phone": AccessChannel.Kind.PHONE in kinds,
        "written": bool(kinds & {AccessChannel.Kind.CHAT, AccessChannel.Kind.SMS}),
        "day_and_night": service.opening_hours == ALWAYS,
        "women_only": service.gender_rule == Rule.ONLY and Gender.FEMALE in service.genders,
        "minors_only": only and service.max_age is not None and service.max_age <= LAST_MINOR_AGE + 1,
        "young_only": only and service.max_age is not None and LAST_MINOR_AGE + 1 < service.max_age <= LAST_YOUNG_AGE,
        "adults_only": only and (service.min_age or 0) > LAST_MINOR_AGE,
        "on_referral": service.on_referral_only,
        "for_professionals": service.for_professionals,
        "regional": service.is_regional,
        "local": 1 <= len(service.departements) <= MAX_TERRITORY_NAMES,
        "speaks_other_languages": len(service.languages) > 1,
    }
    return [fact for fact, holds in true.items() if holds]


def closed_up(name: str) -> set[str]:
    """How people write a name in one go: «Pow’Her» → powher, «116 006» → 116006."""
    without_marks = APOSTROPHES.sub("", name)
    digits = DIGIT_GAPS.sub("", name)
    return {word for text in (without_marks, digits) for word in fold(text).split()} - set(fold(name).split())


def describe(service: Service) -> None:
    """Write the indexed fields of a service in memory; channels and places must be prefetched or saved."""
    # What professionals alone may know must not even be found by searching for it.
    channels = [channel for channel in service.channels.all() if channel.visibility == AccessChannel.Visibility.PUBLIC]
    places = list(service.places.all())
    said = fold(f"{service.name} {service.organisation.name} {service.description}")
    found = [topic for topic, pattern in topic_patterns() if pattern.search(said)]
    tags = [*service.needs, *service.topics, *found]
    only_ages, only_genders = service.age_rule == Rule.ONLY, service.gender_rule == Rule.ONLY
    service.fact_bits = bits([*tags, *facts(service, channels)])
    service.departement_bits = bits(service.departements, of=tuple(DEPARTEMENTS))
    service.takes_gender_bits = bits(service.genders if only_genders else Gender.values, of=tuple(Gender.values))
    service.takes_from_age = (service.min_age or 0) if only_ages else 0
    service.takes_to_age = (OLDEST if service.max_age is None else service.max_age) if only_ages else OLDEST
    territory = (
        [DEPARTEMENTS[code] for code in service.departements] + list(service.departements)
        if len(service.departements) <= MAX_TERRITORY_NAMES
        else []
    )
    communes = [place.commune.name for place in places if place.commune and not place.confidential]
    service.keywords = " ".join(
        [
            service.organisation.name,
            *closed_up(service.name),
            *(channel.value for channel in channels if channel.kind in NUMBERED),
            *service.needs,
            *(topic.replace("_", " ") for topic in service.topics),
            *territory,
            *communes,
        ]
    )
    service.standing = standing(service, channels)
    service.latitude, service.longitude = public_position(service.departements, places) or (None, None)


@cache
def displayable_synonyms() -> list[str]:
    """Words people use for needs that may be proposed to them: never an insult."""
    with (files("resources") / "data" / "synonyms_fr.csv").open(encoding="utf-8") as file:
        return [
            word
            for row in csv.DictReader(file)
            if row["may_be_displayed"] == "yes"
            for word in row["term"].lower().split()
        ]


def reindex(services: Iterable[Service]) -> None:
    """Describe saved services anew and store it."""
    described = list(services)
    for service in described:
        describe(service)
    Service.objects.bulk_update(described, INDEXED_FIELDS, batch_size=500)


def count_words() -> int:
    """Rebuild the list of words that published services use, with the number of services; returns its length.

    Read from the search documents themselves by PostgreSQL, so that it costs the same memory at any size.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE resources_searchword IN SHARE ROW EXCLUSIVE MODE")
        SearchWord.objects.all().delete()
        cursor.execute(_COUNT_WORDS, {"shortest": SHORTEST_WORD, "synonyms": displayable_synonyms()})
        return SearchWord.objects.count()


_COUNT_WORDS = """
INSERT INTO resources_searchword (word, lexeme, shown, services)
SELECT word, coalesce((ts_lexize('french_stem', word))[1], word),
       mode() WITHIN GROUP (ORDER BY shown), count(DISTINCT id)
FROM (
    SELECT id, shown, unaccent(shown) AS word
    FROM (
        SELECT id, (ts_parse('default', lower(name || ' ' || keywords || ' ' || description))).token AS shown
        FROM resources_service
        WHERE status = 'published'
        UNION ALL
        SELECT NULL, unnest(%(synonyms)s::text[])
    ) AS said
) AS used
WHERE length(word) BETWEEN %(shortest)s AND 40 AND word ~ '^[[:alnum:]]+$'
GROUP BY word
"""
