"""The one SQL statement that ranks: a few candidates by index, scored by words, learnt facts, place and freshness."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from uuid import UUID

import numpy as np
import numpy.typing as npt
from django.db import connection

from resources.geography import EARTH_RADIUS_KM, Spot
from resources.hours import hours_in_use
from resources.opening import PARIS, is_open
from resources.question import Question
from resources.ranking.features import bits
from resources.ranking.model import table
from resources.suggestions import Vocabulary, Word
from resources.vocabulary import DEPARTEMENTS, Gender

POOL = 120
DEEP_POOL = 1000
MOST_NAME_WORDS = 4
SINGLE_RANK = 0.6079  # what ts_rank gives one word of weight A
SMALLEST_WEIGHT = 0.1
FURTHEST_KM = 40
# A service without a position counts as if it were about 19 km away.
UNKNOWN_CHORD = 0.003

Value = str | date | list[str]


@dataclass(frozen=True)
class Weights:
    """How much things count that are not learnt (resources/ranking learns the rest), in the same unit."""

    words: float = 1.0
    named: float = 4.0
    local: float = 0.6
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
        """Placeholder of a value."""
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f"%({name})s"


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
    candidates, order = candidates_in(pools, up_to=POOL), ""
    if offset + query.per_page > POOL:
        candidates = (
            "SELECT id, min(turn) AS turn FROM ("
            f"SELECT id, 1 AS turn FROM ({candidates}) AS first"
            f" UNION ALL SELECT id, 2 FROM ({candidates_in(pools, up_to=DEEP_POOL)}) AS further"
            ") AS found GROUP BY id"
        )
        order = "candidate.turn, "
    words = word_score(asked.vocabulary, statement)
    order += ordering(asked, statement, words=words, chord=chord, weights=weights)
    sql = f"""
        SELECT counted.total, page.id, page.chord, page.words
        FROM (
            SELECT count(*) AS total
            FROM (SELECT 1 FROM resources_service WHERE {where} AND ({either}) LIMIT {count_to}) AS matching
        ) AS counted
        LEFT JOIN LATERAL (
            SELECT service.id, {chord} AS chord, {words} AS words,
                   row_number() OVER (ORDER BY {order}) AS place
            FROM ({candidates}) AS candidate JOIN resources_service AS service USING (id)
            ORDER BY place LIMIT {query.per_page} OFFSET {offset}
        ) AS page ON true
        ORDER BY page.place
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, statement.parameters)
        rows = cursor.fetchall()
    ranked = [Ranked(key, kilometres(length), matched) for _total, key, length, matched in rows if key is not None]
    return ranked, rows[0][0]


def candidates_in(pools: Sequence[str], *, up_to: int) -> str:
    """The first services of each pool, each once."""
    return " UNION ".join(f"({pool} LIMIT {up_to})" for pool in pools)


def filters(asked: Question, statement: Statement) -> list[str]:
    """Conditions that exclude: what is asked by filter, and the age, gender and territory that the words say."""
    conditions = ["status = 'published'"]
    if asked.query.needs:
        conditions.append(f"fact_bits & {bits(asked.query.needs)}::bigint <> 0")
    if asked.departements:
        wanted = bits(asked.departements, of=tuple(DEPARTEMENTS))
        conditions.append(f"(departement_bits & {wanted}::smallint <> 0 OR departement_bits = 0)")
    if asked.ages is not None:
        youngest, oldest = asked.ages
        conditions.append(f"takes_from_age <= {int(oldest)} AND takes_to_age >= {int(youngest)}")
    if asked.gender is not None:
        conditions.append(f"takes_gender_bits & {bits([asked.gender], of=Gender.values)}::smallint <> 0")
    if asked.query.open_at is not None:
        closed = [hours for hours, is_open_then in hours_at(asked.at).items() if is_open_then is False]
        if closed:
            conditions.append(f"opening_hours <> ALL({statement.put(closed)}::varchar[])")
    return conditions


def matching(asked: Question, statement: Statement) -> list[str]:
    """Conditions of which a service must meet one to answer the words."""
    matches = []
    if asked.vocabulary.known:
        either = " || ".join(tsquery(word, statement) for word in asked.vocabulary.known)
        matches.append(f"document @@ ({either})")
    matches += [f"fact_bits & {bits(tags)}::bigint <> 0" for tags in (asked.tags, asked.rewarded) if tags]
    return matches or ["false"]


def tsquery(word: Word, statement: Statement) -> str:
    """A typed or mended word as PostgreSQL matches it: stemmed, without accents."""
    return f"plainto_tsquery('fr_folded', {statement.put(word.mended or word.typed)})"


def ordering(asked: Question, statement: Statement, *, words: str, chord: str, weights: Weights) -> str:
    """How candidates are ordered: words and needs, then who she is, then open, near and fresh."""
    query = asked.query
    today = statement.put(asked.now.astimezone(PARIS).date())
    open_then = [hours for hours, is_open_then in hours_at(asked.at).items() if is_open_then]
    opened = f"service.opening_hours = ANY({statement.put(open_then)}::varchar[])"
    terms = [
        f"{weights.words * table().words} * {words}",
        named_score(asked.vocabulary, statement, weight=weights.named),
        trait_score(asked.traits),
        f"CASE WHEN service.verified_until < {today}::date THEN {-weights.expired} ELSE 0 END",
        f"CASE WHEN {opened} THEN {weights.opened} ELSE 0 END",
    ]
    if asked.departements:
        terms.append(f"CASE WHEN cardinality(service.departements) BETWEEN 1 AND 4 THEN {weights.local} ELSE 0 END")
    if asked.spot is not None:
        distance = f"coalesce({chord}, {UNKNOWN_CHORD}) * {EARTH_RADIUS_KM}"
        terms.append(f"{-weights.distance} * least({distance}, {FURTHEST_KM})")
    tiers = []
    if query.language is not None:
        spoken = f"{statement.put(query.language)} = ANY(service.languages)"
        tiers.append(f"CASE WHEN {spoken} THEN 0 WHEN service.languages = '{{}}' THEN 1 ELSE 2 END")
    if query.open_at is not None:
        tiers.append(f"CASE WHEN {opened} THEN 0 ELSE 1 END")
    if query.near is not None and not asked.has_words:
        tiers.append(f"{chord} NULLS LAST")
    return ", ".join([*tiers, "(" + " + ".join(terms) + ") DESC", "service.standing DESC", "service.id"])


def word_score(vocabulary: Vocabulary, statement: Statement) -> str:
    """Share of the question's words that a service says, rare words and words of its name counting more."""
    total = sum(word.weight for word in vocabulary.words)
    found = [
        f"{word.weight / total / SINGLE_RANK:.4f}"
        f" * ts_rank('{{0.1, 0.35, 0.6, 1.0}}', service.document, {tsquery(word, statement)})"
        for word in vocabulary.known
    ]
    return "(" + " + ".join(found) + ")" if found else "0.0::float8"


def named_score(vocabulary: Vocabulary, statement: Statement, *, weight: float) -> str:
    """Bonus of the services that a short question of rare words names: «powher», «bus des femmes», «116006»."""
    words = vocabulary.words
    if not 1 <= len(words) <= MOST_NAME_WORDS or any(not (word.mended or word.is_rare) for word in words):
        return "0.0::float8"
    every = " && ".join(tsquery(word, statement) for word in words)
    return f"CASE WHEN ts_filter(service.document, '{{a,b}}') @@ ({every}) THEN {weight} ELSE 0 END"


def trait_score(weights: npt.NDArray[np.float32]) -> str:
    """Sum of the learnt weights of what a service is; those too small to move anything are left out."""
    terms = [
        f"CASE WHEN service.fact_bits & {trait} = {trait} THEN {weight:.3f}::float8 ELSE 0 END"
        for trait, weight in zip(table().traits, weights.tolist(), strict=True)
        if abs(weight) >= SMALLEST_WEIGHT
    ]
    return "(" + " + ".join(terms) + ")" if terms else "0.0::float8"


def hours_at(at: datetime) -> dict[str, bool | None]:
    """Opening hours in use → open at that moment."""
    return states(hours_in_use(), at.replace(second=0, microsecond=0))


@lru_cache(maxsize=16)
def states(expressions: tuple[str, ...], minute: datetime) -> dict[str, bool | None]:
    """Opening hours → open at that minute; the same for all questions of a minute."""
    return {hours: is_open(hours, at=minute) for hours in expressions}


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
