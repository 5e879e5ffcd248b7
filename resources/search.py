"""What people ask → services, best first: one reading of the words, one statement to rank, two to show."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
from django.db import connection

from resources.forms import Query
from resources.geography import EARTH_RADIUS_KM, Spot
from resources.intent.labels import NEEDS, TOPICS
from resources.models import Service
from resources.hours import hours_in_use
from resources.opening import PARIS, is_open
from resources.ranking.features import FACTS, TAGS, bits
from resources.ranking.model import table
from resources.shown import published
from resources.suggestions import Vocabulary, Word, look_up
from resources.understanding import ADULT, Understanding, said_of_person, understand
from resources.vocabulary import DEPARTEMENTS, Gender, Need, Rule

MOST_EMERGENCIES = 6
COUNTED = 1000
POOL = 120
DEEP_POOL = 1000
SAID = 0.3
SINGLE_RANK = 0.6079
FALLBACK_NEED = "ecoute"
MOST_TAGS = 6
LEAST_FACT = 0.3
SMALLEST_WEIGHT = 0.04

# Numbers of the strip above everything, by what was understood (contract.md §3), in the order shown.
STRIP: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("violence", ("17-police-secours", "114-urgence-par-sms")),
    ("medical", ("15-samu",)),
    ("suicide", ("3114-prevention-du-suicide",)),
    ("child", ("119-allo-enfance-en-danger",)),
    ("urgence", ("17-police-secours", "114-urgence-par-sms", "15-samu", "112-urgence-europeenne")),
)
@dataclass(frozen=True)
class Weights:
    """How much things count that are not learnt (resources/ranking learns the rest), in the same unit."""

    words: float = 1.0
    local: float = 0.6
    opened: float = 0.05
    expired: float = 0.3
    standing: float = 0.01
    distance: float = 0.02


WEIGHTS = Weights()


@dataclass(frozen=True)
class Found:
    """One service of an answer; open and distance (km, one decimal) are None when unknown."""

    service: Service
    open: bool | None
    distance_km: float | None
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """What the directory answers. Above 1 000 services `total` says 1 000 and is not exact."""

    results: list[Found]
    total: int
    total_is_exact: bool
    emergency: list[Service]
    did_you_mean: str | None
    place: str | None
    understood: bool = True


@dataclass
class Statement:
    """SQL under construction: fragments and their parameters, named so that each is sent once."""

    parameters: dict[str, Any] = field(default_factory=dict)

    def put(self, value: Any) -> str:
        """Placeholder of a value."""
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f"%({name})s"


def search(query: Query, *, now: datetime, weights: Weights = WEIGHTS) -> Answer:
    """Rank published services for a question, in at most four statements whatever the size of the directory.

    What the words say of age and gender excludes like a filter; `near`, `language` and unknown hours only
    sort. Nothing of the question is kept. Source: design.md §4, contract.md §3.
    """
    meant = understand(query.text)
    vocabulary = look_up(meant.words) if meant.words else Vocabulary()
    understood = bool(meant.tags or vocabulary.known or query.text.strip() == "")
    labels = labels_of(query, meant, understood=understood)
    facts = table().fact_weights(labels)
    tags = wanted_tags(labels, facts)
    ranked, total = rank(query, meant, vocabulary, tags=tags, facts=facts, now=now, weights=weights)
    strip = emergency_slugs(query, meant)
    shown = published(ids=[row.id for row in ranked], slugs=strip)
    by_id = {service.id: service for service in shown}
    by_slug = {service.slug: service for service in shown}
    at = query.open_at or now
    return Answer(
        results=[
            found(by_id[row.id], row, query=query, meant=meant, at=at)
            for row in ranked
            if row.id in by_id
        ],
        total=min(total, COUNTED),
        total_is_exact=total <= COUNTED,
        emergency=[by_slug[slug] for slug in strip if slug in by_slug],
        did_you_mean=vocabulary.suggestion(query.text) if query.text else None,
        place=query.near.name if query.near else ", ".join(spot.name for spot in meant.places) or None,
        understood=understood,
    )


def labels_of(query: Query, meant: Understanding, *, understood: bool) -> dict[str, float]:
    """What is known of the person and her question: her words, then what she asked by filter."""
    labels = dict(meant.labels) or {"self": 1.0}
    if not understood:
        labels[FALLBACK_NEED] = 1.0
    labels |= dict.fromkeys(query.needs, 1.0)
    if query.ages is not None or query.gender is not None:
        labels |= said_of_person(
            ages=query.ages or meant.ages, gender=query.gender or meant.gender, model={"minor": 0.0, "adult": 0.0, **labels}
        )
    if query.departement is not None or query.near is not None:
        labels["place"] = 1.0
    return labels


def wanted_tags(labels: dict[str, float], facts: npt.NDArray[np.float32]) -> list[str]:
    """Needs and topics that candidates must have one of: those meant, and those that ranking rewards most."""
    meant = [need for need in NEEDS if labels.get(need, 0.0) >= SAID]
    meant += [topic.removeprefix("#") for topic in TOPICS if labels.get(topic, 0.0) >= SAID]
    rewarded = [FACTS[position] for position in np.argsort(-facts) if facts[position] >= LEAST_FACT]
    return list(dict.fromkeys([*meant, *[fact for fact in rewarded if fact in TAGS][:MOST_TAGS]]))


def emergency_slugs(query: Query, meant: Understanding) -> list[str]:
    """Numbers shown above everything, at most six, most urgent first."""
    raised = set(meant.dangers)
    if meant.child_in_danger or (query.ages is not None and query.ages[0] < ADULT):
        raised.add("child")
    if Need.URGENCE in query.needs:
        raised.add("urgence")
    slugs = [slug for name, numbers in STRIP if name in raised for slug in numbers]
    return list(dict.fromkeys(slugs))[:MOST_EMERGENCIES]


@dataclass(frozen=True)
class Ranked:
    """One row of the ranking."""

    id: UUID
    distance: float | None
    words: float


def rank(
    query: Query,
    meant: Understanding,
    vocabulary: Vocabulary,
    *,
    tags: list[str],
    facts: npt.NDArray[np.float32],
    now: datetime,
    weights: Weights,
) -> tuple[list[Ranked], int]:
    """Page of ranked services and how many match (counted up to 1 001).

    The best by standing for the words, for the tags and by distance are the candidates (three short index
    scans); only they are scored, so the cost does not grow with the directory.
    """
    statement = Statement()
    spot = query.near or (meant.places[0] if meant.places else None)
    offset = (query.page - 1) * query.per_page
    pool = POOL if offset + query.per_page <= POOL else DEEP_POOL
    where = " AND ".join(filters(query, meant, statement, now=now))
    matches = matching(vocabulary, tags, statement) if query.text.strip() else ["true"]
    either = " OR ".join(matches)
    pools = [
        f"(SELECT id FROM resources_service WHERE {where} AND {match} ORDER BY standing DESC, id LIMIT {pool})"
        for match in matches
    ]
    chord = "NULL::float"
    if spot is not None:
        point = statement.put(cube_of(spot)) + "::cube"
        chord = f"service.position <-> {point}"
        pools.append(
            f"(SELECT id FROM resources_service WHERE {where} AND ({either}) AND position IS NOT NULL"
            f" ORDER BY position <-> {point} LIMIT {pool})"
        )
    score = scoring(query, meant, vocabulary, statement, facts=facts, chord=chord, now=now, weights=weights)
    sql = f"""
        SELECT counted.total, page.id, page.chord, page.words
        FROM (
            SELECT count(*) AS total
            FROM (SELECT 1 FROM resources_service WHERE {where} AND ({either}) LIMIT {COUNTED + 1}) AS matching
        ) AS counted
        LEFT JOIN LATERAL (
            SELECT service.id, {chord} AS chord, {score.words} AS words,
                   row_number() OVER (ORDER BY {score.order}) AS position
            FROM ({" UNION ".join(pools)}) AS candidate JOIN resources_service AS service USING (id)
            ORDER BY position LIMIT {query.per_page} OFFSET {offset}
        ) AS page ON true
        ORDER BY page.position
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, statement.parameters)
        rows = cursor.fetchall()
    ranked = [
        Ranked(identifier, None if length is None else kilometres(length), words)
        for _total, identifier, length, words in rows
        if identifier is not None
    ]
    return ranked, rows[0][0]


def filters(query: Query, meant: Understanding, statement: Statement, *, now: datetime) -> list[str]:
    """Conditions that exclude: what is asked by filter, and the age, gender and territory that the words say."""
    conditions = ["status = 'published'"]
    if query.needs:
        conditions.append(f"fact_bits & {bits(query.needs)}::bigint <> 0")
    departements = [query.departement] if query.departement else meant.departements
    if departements:
        conditions.append(
            f"(departement_bits & {bits(departements, of=tuple(DEPARTEMENTS))}::smallint <> 0 OR departement_bits = 0)"
        )
    ages = query.ages or meant.ages
    if ages is not None:
        youngest, oldest = ages
        conditions.append(f"takes_from_age <= {int(oldest)} AND takes_to_age >= {int(youngest)}")
    gender = query.gender or meant.gender
    if gender is not None:
        conditions.append(f"takes_gender_bits & {bits([gender], of=Gender.values)}::smallint <> 0")
    if query.open_at is not None:
        closed = [hours for hours, is_open_then in hours_at(query.open_at).items() if is_open_then is False]
        if closed:
            conditions.append(f"opening_hours <> ALL({statement.put(closed)}::varchar[])")
    return conditions


def matching(vocabulary: Vocabulary, tags: list[str], statement: Statement) -> list[str]:
    """Conditions of which a service must meet one to answer the words."""
    matches = []
    if vocabulary.known:
        asked = " || ".join(tsquery(word, statement) for word in vocabulary.known)
        matches.append(f"document @@ ({asked})")
    if tags:
        matches.append(f"fact_bits & {bits(tags)}::bigint <> 0")
    return matches or ["false"]


def tsquery(word: Word, statement: Statement) -> str:
    """A typed or mended word as PostgreSQL matches it: stemmed, without accents."""
    return f"plainto_tsquery('fr_folded', {statement.put(word.mended or word.typed)})"


@dataclass(frozen=True)
class Scoring:
    """SQL of the word match (0 to about 1) and of the whole order."""

    words: str
    order: str


def scoring(
    query: Query,
    meant: Understanding,
    vocabulary: Vocabulary,
    statement: Statement,
    *,
    facts: npt.NDArray[np.float32],
    chord: str,
    now: datetime,
    weights: Weights,
) -> Scoring:
    """How candidates are ordered: words and needs, then who she is, then open, near and fresh."""
    words = word_score(vocabulary, statement)
    terms = [
        f"{weights.words * table().words} * {words}",
        fact_score(facts),
        f"{weights.standing}::float8 * service.standing",
        f"CASE WHEN service.verified_until < {statement.put(now.astimezone(PARIS).date())}::date THEN {-weights.expired} ELSE 0 END",
    ]
    at = query.open_at or now
    open_then = [hours for hours, is_open_then in hours_at(at).items() if is_open_then]
    opened = f"service.opening_hours = ANY({statement.put(open_then)}::varchar[])"
    terms.append(f"CASE WHEN {opened} THEN {weights.opened} ELSE 0 END")
    if meant.departements or query.departement:
        terms.append(f"CASE WHEN cardinality(service.departements) BETWEEN 1 AND 4 THEN {weights.local} ELSE 0 END")
    if query.near is not None or meant.places:
        terms.append(f"{-weights.distance} * least(coalesce({chord}, 0.003) * {EARTH_RADIUS_KM}, 40)")
    tiers = []
    if query.language is not None:
        language = statement.put(query.language)
        tiers.append(
            f"CASE WHEN {language} = ANY(service.languages) THEN 0 WHEN service.languages = '{{}}' THEN 1 ELSE 2 END"
        )
    if query.open_at is not None:
        tiers.append(f"CASE WHEN {opened} THEN 0 ELSE 1 END")
    if query.near is not None and not query.text.strip():
        tiers.append(f"{chord} NULLS LAST")
    order = ", ".join([*tiers, "(" + " + ".join(terms) + ") DESC", "service.standing DESC", "service.id"])
    return Scoring(words, order)


def word_score(vocabulary: Vocabulary, statement: Statement) -> str:
    """Share of the question's words that a service says, rare words and words of its name counting more."""
    total = sum(word.weight for word in vocabulary.words)
    found = [
        f"{word.weight / total / SINGLE_RANK:.4f} * ts_rank('{{0.1, 0.35, 0.6, 1.0}}', service.document, {tsquery(word, statement)})"
        for word in vocabulary.known
    ]
    return "(" + " + ".join(found) + ")" if found else "0.0::float8"


def fact_score(facts: npt.NDArray[np.float32]) -> str:
    """Sum of the learnt weights of the facts that a service has; weights too small to move anything are left out."""
    terms = [
        f"CASE WHEN service.fact_bits & {1 << position} <> 0 THEN {weight:.3f}::float8 ELSE 0 END"
        for position, weight in enumerate(facts.tolist())
        if abs(weight) >= SMALLEST_WEIGHT
    ]
    return "(" + " + ".join(terms) + ")" if terms else "0.0::float8"


def hours_at(at: datetime) -> dict[str, bool | None]:
    """Opening hours in use → open at that moment."""
    return {hours: is_open(hours, at=at) for hours in hours_in_use()}


def cube_of(spot: Spot) -> str:
    """A place as a point of the unit sphere (cube extension's notation)."""
    latitude, longitude = math.radians(spot.latitude), math.radians(spot.longitude)
    flat = math.cos(latitude)
    return f"({flat * math.cos(longitude)}, {flat * math.sin(longitude)}, {math.sin(latitude)})"


def kilometres(chord: float) -> float:
    """Straight line through the unit sphere → kilometres on the ground, one decimal."""
    return round(2 * EARTH_RADIUS_KM * math.asin(min(1.0, chord / 2)), 1)


def found(
    service: Service,
    row: Ranked,
    *,
    query: Query,
    meant: Understanding,
    at: datetime,
) -> Found:
    """A service with why it is shown."""
    open_then = is_open(service.opening_hours, at=at)
    return Found(service, open_then, row.distance, tuple(reasons(service, row, query=query, meant=meant, open_then=open_then)))


def reasons(
    service: Service,
    row: Ranked,
    *,
    query: Query,
    meant: Understanding,
    open_then: bool | None,
) -> list[str]:
    """Codes of why a service answers (contract.md §4.9); pages turn them into words."""
    needs = [need for need in service.needs if need in query.needs or meant.labels.get(need, 0.0) >= SAID]
    codes = [f"covers_need:{need}" for need in needs]
    if row.words > 0:
        codes.append("says_it")
    departement = query.departement or next(iter(meant.departements), None)
    if departement in service.departements:
        codes.append(f"serves:{departement}")
    if (query.ages or meant.ages) and service.age_rule != Rule.EVERYONE:
        codes.append("takes_age")
    if query.language in service.languages:
        codes.append(f"speaks:{query.language}")
    if open_then:
        codes.append("open_now")
    return codes


@dataclass(frozen=True)
class WordMatches:
    """For learning: which services the filters of a phrase allow, and how well each says its words."""

    allowed: set[str]
    matched: dict[str, float]


def word_matches(meant: Understanding, *, now: datetime) -> WordMatches:
    """Word match (0 to about 1) of every service that a phrase does not exclude, by slug."""
    statement = Statement()
    vocabulary = look_up(meant.words) if meant.words else Vocabulary()
    where = " AND ".join(filters(Query(), meant, statement, now=now))
    sql = f"SELECT slug, {word_score(vocabulary, statement)} FROM resources_service AS service WHERE {where}"
    with connection.cursor() as cursor:
        cursor.execute(sql, statement.parameters)
        rows = cursor.fetchall()
    return WordMatches({slug for slug, _score in rows}, {slug: float(score) for slug, score in rows if score})
