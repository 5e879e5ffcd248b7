"""How right search is: nDCG@10, harmful answers and missed emergencies on the labelled phrases of the tests.

`python -m bench.relevance` prints them for the database of DATABASE_URL, which holds the real starter directory.
"""

import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.figures import against, mean, table
from resources.forms import read_query
from resources.opening import PARIS
from resources.search import Answer, search
from resources.statement import WEIGHTS, Weights

JUDGEMENTS = Path(__file__).resolve().parent.parent / "tests" / "resources" / "search_judgements.json"
DEPTH = 10
LEAST_NDCG = 0.9
HEADS = ("", "phrases", f"nDCG@{DEPTH} / but", "réponse nuisible / but", "urgence manquée / but")
HARM_DEPTH = 5
# A Tuesday morning: open hours do not change from one run to the next.
NOW = datetime(2026, 11, 24, 10, 30, tzinfo=PARIS)


@dataclass(frozen=True)
class Judged:
    """One phrase and how its answer was judged."""

    phrase: str
    register: str
    ndcg: float
    harmful: tuple[str, ...]
    missed: tuple[str, ...]
    slugs: tuple[str, ...]


def judgements() -> list[dict[str, Any]]:
    """The labelled phrases."""
    loaded: list[dict[str, Any]] = json.loads(JUDGEMENTS.read_text(encoding="utf-8"))
    return loaded


def ndcg(grades: Sequence[int], ideal: Sequence[int], *, depth: int = DEPTH) -> float:
    """Normalised discounted cumulative gain (0 to 1) with gains 2^grade − 1."""

    def gain(ranked: Sequence[int]) -> float:
        return math.fsum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(ranked[:depth]))

    best = gain(sorted(ideal, reverse=True))
    return gain(grades) / best if best else 1.0


def answer(judgement: dict[str, Any], *, weights: Weights) -> Answer:
    """What search answers to a labelled phrase."""
    return search(read_query({"q": judgement["q"], **judgement["filters"]}), now=NOW, weights=weights)


def judge(judgement: dict[str, Any], *, weights: Weights = WEIGHTS) -> Judged:
    """Compare the answer with the labels."""
    answered = answer(judgement, weights=weights)
    slugs = tuple(found.service.slug for found in answered.results)
    strip = {service.slug for service in answered.emergency}
    relevant: dict[str, int] = judgement["relevant"]
    return Judged(
        phrase=judgement["q"],
        register=judgement["register"],
        ndcg=ndcg([relevant.get(slug, 0) for slug in slugs], list(relevant.values())),
        harmful=tuple(slug for slug in slugs[:HARM_DEPTH] if slug in judgement["harmful"]),
        missed=tuple(slug for slug in judgement["emergency"] if slug not in strip),
        slugs=slugs,
    )


def by_register(judged: Sequence[Judged]) -> list[list[str]]:
    """Lines of the table: all phrases, then each way of writing."""
    groups = {"toutes les phrases": list(judged)}
    for one in judged:
        groups.setdefault(one.register, []).append(one)
    return [row(name, group) for name, group in groups.items()]


def row(name: str, judged: Sequence[Judged]) -> list[str]:
    """One line: how right the answers to these phrases are."""
    return [
        name,
        str(len(judged)),
        against(mean([one.ndcg for one in judged]), LEAST_NDCG, digits=3, at_least=True),
        against(sum(bool(one.harmful) for one in judged), 0, digits=0),
        against(sum(bool(one.missed) for one in judged), 0, digits=0),
    ]


def faults(judged: Sequence[Judged]) -> str:
    """Phrases with a harmful answer or a missed emergency, one a line."""
    return "".join(
        f"  {word} «{one.phrase}» : {', '.join(slugs)}\n"
        for one in judged
        for word, slugs in (("nuisible", one.harmful), ("urgence manquée", one.missed))
        if slugs
    )


def main() -> None:
    """Print the table, and what is wrong."""
    judged = [judge(judgement) for judgement in judgements()]
    sys.stdout.write(table("Pertinence de la recherche, annuaire de départ", HEADS, by_register(judged)))
    sys.stdout.write(faults(judged))


if __name__ == "__main__":
    main()
