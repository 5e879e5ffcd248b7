"""The one SQL statement that ranks: a few candidates by index, scored by words, learnt facts, place and freshness."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
from django.db import connection
from psycopg.types.numeric import Int8

from resources import prepared
from resources.geography import EARTH_RADIUS_KM, Spot
from resources.hours import hours_in_use
from resources.opening import PARIS, is_said_open
from resources.question import Question
from resources.ranking.features import FACTS, bits
from resources.ranking.model import net
from resources.suggestions import Vocabulary, Word
from resources.vocabulary import DEPARTEMENTS, Gender

POOL = 120
DEEP_POOL = 1000
MOST_NAME_WORDS = 4
SINGLE_RANK = 0.6079  # what ts_rank gives one word of weight A
SMALLEST_WEIGHT = 0.1
FURTHEST_KM = 40
PLENTY = 1000  # services
# A service without a position counts as if it were about 19 km away.
UNKNOWN_CHORD = 0.003

Value = str | float | date | list[str] | Int8


@dataclass(frozen=True)
class Weights:
    """How much things count that are not learnt (resources/ranking learns the rest), in the same unit."""

    words: float = 1.5
    named: float = 4.0
    local: float = 0.3
    opened: float = 0.05
    expired: float = 0.3
    distance: float = 0.02


WEIGHTS = Weights()


@dataclass(frozen=True)
class Ranked:
    """One row of the ranking: kilometres (one decimal) and share of words matched (0 to about 1)."""

    id: UUID
    distance_km: float | None
    words: float


@dataclass
class Statement:
    """SQL under construction: fragments are text of this module, values only ever travel as parameters."""

    parameters: dict[str, Value] = field(default_factory=dict)

    def put(self, value: Value) -> str:
        """Placeholder of a value; the same for the same text, so that there are few different statements to prepare."""
        for name, known in self.parameters.items():
            if isinstance(value, str | list) and known == value:
                return f"%({name})s"
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f"%({name})s"

    def put_bits(self, members: Iterable[str], *, of: Sequence[str] = FACTS) -> str:
        """Placeholder of a set as a number."""
        return self.put(Int8(bits(members, of=of)))


def rank(asked: Question, *, weights: Weights, count_to: int) -> tuple[list[Ranked], int]:
    """Page of ranked services, and how many match (counted up to `count_to`).

    The best by standing for the words, for the needs and by distance are the candidates (four short index
    scans); only they are scored, so the cost does not grow with the directory. Further pages have more candidates,
    which come after all of the first ones: pages read one after the other show every service once.
    """
    statement = Statement()
    query = asked.query
    offset = (query.page - 1) * query.per_page
    where = " AND ".join(filters(asked, statement))
    matches = matching(asked, statement) if asked.has_words else ["true"]
    either = " OR ".join(matches)
    pools = [
        f"SELECT id FROM resources_service WHERE {where} AND {match} ORDER BY standing DESC, id" for match in matches
    ]
    chord = "NULL::float8"
    if asked.spot is not None:
        point = statement.put(cube_of(asked.spot)) + "::cube"
        chord = f"service.position <-> {point}"
        pools.append(
            f"SELECT id FROM resources_service WHERE {where} AND ({either}) AND position IS NOT NULL"
            f" ORDER BY position <-> {point}"
        )
    candidates, tiers = candidates_in(pools, up_to=POOL), tiers_of(asked, statement, chord=chord)
    if offset + query.per_page > POOL:
        candidates = (
            "SELECT id, min(turn) AS turn FROM ("
            f"SELECT id, 1 AS turn FROM ({candidates}) AS first"
            f" UNION ALL SELECT id, 2 FROM ({candidates_in(pools, up_to=DEEP_POOL)}) AS further"
            ") AS found GROUP BY id"
        )
        tiers.insert(0, "candidate.turn")
    words = word_score(asked.vocabulary, statement)
    rest = small_things(asked, statement, weights=weights)
    sql = f"""
        SELECT {counted(where, matches, up_to=count_to)},
               {", ".join(["service.id", chord, words, "service.fact_bits", rest, *tiers])}
        FROM ({candidates}) AS candidate
        CROSS JOIN LATERAL (SELECT * FROM resources_service WHERE id = candidate.id OFFSET 0) AS service
        ORDER BY service.standing DESC, service.id
    """
    with prepared.cursor() as cursor:
        cursor.execute(sql, statement.parameters)
        rows = cursor.fetchall()
    if not rows:
        return [], 0
    page = best_first(rows, asked=asked, weights=weights)[offset : offset + query.per_page]
    ranked = [Ranked(rows[place][1], kilometres(rows[place][2]), rows[place][3]) for place in page]
    return ranked, rows[0][0]


def best_first(rows: Sequence[Sequence[Any]], *, asked: Question, weights: Weights) -> list[int]:
    """Places of the rows in the order of their tiers, then of their score; those that are equal stay as they came."""
    _total, _ids, chords, *columns = zip(*rows, strict=True)
    words, facts, rest, *tiers = map(np.array, columns)
    score = rest + weights.words * net().words * words + trait_score(facts, asked.traits)
    if asked.spot is not None:
        known = np.array([UNKNOWN_CHORD if chord is None else chord for chord in chords])
        score -= weights.distance * np.minimum(known * EARTH_RADIUS_KM, FURTHEST_KM)
    # The last key counts first.
    order: list[int] = np.lexsort([-score, *reversed(tiers)]).tolist()
    return order


def counted(where: str, matches: Sequence[str], *, up_to: int) -> str:
    """How many services match; the words, which cost most, are not looked at when the needs alone are enough."""
    cheap, every = (
        f"(SELECT count(*) FROM (SELECT 1 FROM resources_service WHERE {where} AND ({either}) LIMIT {up_to}) AS found)"
        for either in (" OR ".join(matches[:-1]), " OR ".join(matches))
    )
    return f"CASE WHEN {cheap} = {up_to} THEN {up_to} ELSE {every} END" if len(matches) > 1 else every


def candidates_in(pools: Sequence[str], *, up_to: int) -> str:
    """The first services of each pool, each once."""
    return " UNION ".join(f"({pool} LIMIT {up_to})" for pool in pools)


def filters(asked: Question, statement: Statement) -> list[str]:
    """Conditions that exclude: what is asked by filter, and the age, gender and territory that the words say."""
    conditions = ["status = 'published'"]
    if asked.query.needs:
        conditions.append(f"fact_bits & {statement.put_bits(asked.query.needs)} <> 0")
    if asked.departements:
        wanted = statement.put_bits(asked.departements, of=tuple(DEPARTEMENTS))
        conditions.append(f"(departement_bits & {wanted} <> 0 OR departement_bits = 0)")
    if asked.ages is not None:
        youngest, oldest = asked.ages
        conditions.append(
            f"takes_from_age <= {statement.put(Int8(oldest))} AND takes_to_age >= {statement.put(Int8(youngest))}"
        )
    if asked.gender is not None:
        conditions.append(f"takes_gender_bits & {statement.put_bits([asked.gender], of=Gender.values)} <> 0")
    if asked.query.open_at is not None:
        closed = [hours for hours, is_open_then in hours_at(asked.at).items() if is_open_then is False]
        if closed:
            conditions.append(f"opening_hours <> ALL((SELECT {statement.put(closed)}::varchar[])::varchar[])")
    return conditions


def matching(asked: Question, statement: Statement) -> list[str]:
    """Conditions of which a service must meet one to answer the words."""
    # Bits first: where they match, PostgreSQL does not look at the words.
    matches = [f"fact_bits & {statement.put_bits(tags)} <> 0" for tags in (asked.tags, asked.rewarded) if tags]
    if asked.vocabulary.known:
        either = " || ".join(tsquery(word, statement) for word in asked.vocabulary.known)
        says_one = f"document @@ (SELECT {either})"
        # PostgreSQL does not see the words when it plans and takes all for rare: it finds all who say them, then sorts.
        # Behind CASE it takes them for common, and looks from the best downwards.
        common = asked.vocabulary.services > PLENTY
        matches.append(f"CASE WHEN {says_one} THEN true ELSE false END" if common else says_one)
    return matches or ["false"]


def tsquery(word: Word, statement: Statement) -> str:
    """A typed or mended word as PostgreSQL matches it: stemmed, without accents."""
    return f"plainto_tsquery('fr_folded', {statement.put(word.mended or word.typed)})"


def small_things(asked: Question, statement: Statement, *, weights: Weights) -> str:
    """How much a name, freshness, hours and territory of a service count."""
    today = statement.put(asked.now.astimezone(PARIS).date())
    terms = [
        named_score(asked.vocabulary, statement, weight=weights.named),
        f"CASE WHEN service.verified_until < {today}::date THEN {-weights.expired} ELSE 0 END",
        f"CASE WHEN {is_open_then(asked, statement)} THEN {weights.opened} ELSE 0 END",
    ]
    if asked.departements:
        terms.append(f"CASE WHEN cardinality(service.departements) BETWEEN 1 AND 4 THEN {weights.local} ELSE 0 END")
    return "(" + " + ".join(terms) + ")::float8"


def tiers_of(asked: Question, statement: Statement, *, chord: str) -> list[str]:
    """What comes before any score: the language asked for, open at the moment asked for, the place asked for."""
    query = asked.query
    tiers = []
    if query.language is not None:
        spoken = f"{statement.put(query.language)} = ANY(service.languages)"
        tiers.append(f"CASE WHEN {spoken} THEN 0 WHEN service.languages = '{{}}' THEN 1 ELSE 2 END")
    if query.open_at is not None:
        tiers.append(f"CASE WHEN {is_open_then(asked, statement)} THEN 0 ELSE 1 END")
    if query.near is not None and not asked.has_words:
        tiers.append(f"coalesce({chord}, 'infinity')")
    return tiers


def is_open_then(asked: Question, statement: Statement) -> str:
    """Whether a service is surely open at the moment of the question."""
    hours = [hours for hours, is_open_then in hours_at(asked.at).items() if is_open_then]
    return f"service.opening_hours = ANY((SELECT {statement.put(hours)}::varchar[])::varchar[])"


def word_score(vocabulary: Vocabulary, statement: Statement) -> str:
    """Share of the question's words that a service says, rare words and words of its name counting more."""
    total = sum(word.weight for word in vocabulary.words)
    found = [
        f"{statement.put(round(word.weight / total / SINGLE_RANK, 4))}"
        f" * ts_rank('{{0.1, 0.35, 0.6, 1.0}}', service.document, (SELECT {tsquery(word, statement)}))"
        for word in vocabulary.known
    ]
    return "(" + " + ".join(found) + ")" if found else "0.0::float8"


def named_score(vocabulary: Vocabulary, statement: Statement, *, weight: float) -> str:
    """Bonus of the services that a short question of rare words names: «powher», «bus des femmes», «116006»."""
    words = vocabulary.words
    if not 1 <= len(words) <= MOST_NAME_WORDS or any(not (word.mended or word.is_rare) for word in words):
        return "0.0::float8"
    every = " && ".join(tsquery(word, statement) for word in words)
    return f"CASE WHEN ts_filter(service.document, '{{a,b}}') @@ (SELECT {every}) THEN {weight} ELSE 0 END"


def trait_score(facts: npt.NDArray[np.int64], weights: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Sum, for each service, of the learnt weights of what it is; those too small to move anything are left out."""
    traits = np.array(net().traits)
    # Whole thousandths add up to the same in any order: services with the same facts are equal.
    thousandths = np.round(np.where(np.abs(weights) >= SMALLEST_WEIGHT, weights, 0).astype(np.float64) * 1000)
    scores: npt.NDArray[np.float64] = ((facts[:, None] & traits) == traits) @ thousandths / 1000
    return scores


def hours_at(at: datetime) -> dict[str, bool | None]:
    """Opening hours in use → open at that moment."""
    return states(hours_in_use(), at.replace(second=0, microsecond=0))


@lru_cache(maxsize=16)
def states(expressions: tuple[str, ...], minute: datetime) -> dict[str, bool | None]:
    """Opening hours → open at that minute; the same for all questions of a minute."""
    return {hours: is_said_open(hours, at=minute) for hours in expressions}


def cube_of(spot: Spot) -> str:
    """A place as a point of the unit sphere (cube extension's notation)."""
    latitude, longitude = math.radians(spot.latitude), math.radians(spot.longitude)
    flat = math.cos(latitude)
    return f"({flat * math.cos(longitude)}, {flat * math.sin(longitude)}, {math.sin(latitude)})"


def kilometres(chord: float | None) -> float | None:
    """Straight line through the unit sphere → kilometres on the ground, one decimal."""
    return None if chord is None else round(2 * EARTH_RADIUS_KM * math.asin(min(1.0, chord / 2)), 1)


@dataclass(frozen=True)
class WordMatches:
    """For learning: which services a phrase allows, and how well each says its words."""

    allowed: set[str]
    matched: dict[str, float]


def word_matches(asked: Question) -> WordMatches:
    """Word match (0 to about 1) of every service that a question does not exclude, by slug."""
    statement = Statement()
    where = " AND ".join(filters(asked, statement))
    sql = f"SELECT slug, {word_score(asked.vocabulary, statement)} FROM resources_service AS service WHERE {where}"
    with connection.cursor() as cursor:
        cursor.execute(sql, statement.parameters)
        rows = cursor.fetchall()
    return WordMatches({slug for slug, _score in rows}, {slug: float(score) for slug, score in rows if score})
