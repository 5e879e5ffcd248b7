"""Which typed words the directory uses, how rare they are, and what a misspelt one was meant to be."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from resources import prepared
from resources.geography import LARGE_COMMUNE, gazetteer
from resources.text import fold
from resources.understanding import synonyms

MOST_WORDS = 10
SHORTEST_MENDED = 5
LONG_WORD = 8
RARE = 12
MARKUP = re.compile(r"<[^<>]*>|[<>]")

_LOOK_UP = """
SELECT asked.word, used.services, near.word, near.shown, near.services
FROM unnest((SELECT %(words)s::text[])) AS asked(word)
LEFT JOIN LATERAL (
    SELECT sum(known.services) AS services
    FROM resources_searchword AS known
    WHERE known.lexeme = coalesce((ts_lexize('french_stem', asked.word))[1], asked.word)
) AS used ON true
LEFT JOIN LATERAL (
    SELECT close.word, close.shown, close.services
    FROM resources_searchword AS close
    WHERE used.services IS NULL AND asked.word = ANY((SELECT %(mendable)s::text[])::text[])
      AND close.word %% asked.word AND abs(length(close.word) - length(asked.word)) <= 2
    ORDER BY similarity(close.word, asked.word) DESC, close.services DESC, close.word
    LIMIT 5
) AS near ON true
"""


@dataclass(frozen=True)
class Word:
    """A typed word: in how many services it stands (None: in none), and the word it probably misspells with theirs.

    `shown` is what is proposed for it: that word as it is written, or a town, which no service need say.
    """

    typed: str
    services: int | None
    mended: str | None = None
    shown: str | None = None
    mended_services: int = 0

    @property
    def weight(self) -> float:
        """Rare words say more: 1 for a word of one service, falling with the logarithm of their number."""
        return 1 / math.log2(2 + (self.services or 0))

    @property
    def is_rare(self) -> bool:
        """Whether so few services say it that it probably names one."""
        return self.services is not None and 1 <= self.services <= RARE


@dataclass(frozen=True)
class Vocabulary:
    """The words of a question as the directory knows them."""

    words: tuple[Word, ...] = ()

    @property
    def known(self) -> tuple[Word, ...]:
        """Words that can be matched, as typed or mended."""
        return tuple(word for word in self.words if word.services or word.mended)

    @property
    def services(self) -> int:
        """In how many services a word of the question stands, at most."""
        return sum(word.services or word.mended_services for word in self.known)

    def suggestion(self, text: str) -> str | None:
        """The question without markup and with its misspelt words mended, or None.

        Only words of the directory and names of towns are proposed.
        """
        mended = {word.typed: word.shown for word in self.words if word.shown}
        if not mended:
            return None
        plain = " ".join(MARKUP.sub(" ", text).split())
        parts = re.split(r"(\W+)", plain)
        proposal = "".join(mended.get(fold(part)) or part for part in parts)
        return proposal if proposal != plain else None


@cache
def everyday_words() -> frozenset[str]:
    """Words that people use and that are no misspellings, although no service says them."""
    listed = (files("resources") / "intent" / "everyday_words.txt").read_text(encoding="utf-8").split()
    return frozenset(listed) | {word for term in synonyms() for word in term.split()}


def look_up(words: Sequence[str]) -> Vocabulary:
    """Ask the word list about the first ten folded words, in one statement."""
    asked = list(words[:MOST_WORDS])
    mendable = [
        word
        for word in asked
        if len(word) >= SHORTEST_MENDED and word.isascii() and word.isalpha() and word not in everyday_words()
    ]
    with prepared.cursor() as cursor:
        cursor.execute(_LOOK_UP, {"words": asked, "mendable": mendable})
        rows = cursor.fetchall()
    found: dict[str, Word] = {}
    for typed, services, close, shown, mended_services in rows:
        known = found.setdefault(typed, Word(typed, None if services is None else int(services)))
        if close is not None and known.mended is None and is_slip(typed, close):
            found[typed] = Word(typed, None, close, shown, mended_services)
    for typed in mendable:
        if found[typed].services is None and found[typed].mended is None:
            found[typed] = Word(typed, None, shown=town_meant(typed))
    return Vocabulary(tuple(found[word] for word in asked))


@cache
def towns() -> dict[str, dict[str, str]]:
    """Larger communes of one word by their first letter: folded name → name in lower case."""
    by_letter: dict[str, dict[str, str]] = {}
    for commune in gazetteer().by_insee.values():
        name = fold(commune.name)
        if commune.population >= LARGE_COMMUNE and " " not in name:
            by_letter.setdefault(name[0], {})[name] = commune.name.lower()
    return by_letter


def town_meant(typed: str) -> str | None:
    """The nearest larger commune that a word misspells by a slip after its first letter, or two when both are long."""
    shown = towns().get(typed[0], {})
    near = [name for name in shown if name != typed and abs(len(name) - len(typed)) <= 2]
    slips = [name for name in near if is_slip(typed, name) and is_slip(name, typed)]
    return shown[min(slips, key=lambda name: distance(typed, name))] if slips else None


def is_slip(typed: str, meant: str) -> bool:
    """Whether one word is the other with one slip of a finger, two in a long word."""
    return distance(typed, meant) <= (2 if len(meant) >= LONG_WORD else 1)


def distance(one: str, other: str) -> int:
    """Letters to add, drop, change or swap with their neighbour (Damerau-Levenshtein, restricted)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before_that, before, row = before, row, [i]
        for j, target in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != target))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == target:
                cost = min(cost, before_that[j - 2] + 1)
            row.append(cost)
    return row[-1]
