"""How right search is: nDCG@10, harmful answers, missed emergencies and false alarms on labelled phrases.

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

LABELLED = Path(__file__).resolve().parent.parent / "tests" / "resources"
JUDGEMENTS = LABELLED / "search_judgements.json"
# The blind ones were each written by somebody who had read neither the search nor its phrases. Three assessors graded
# each phrase of all sets; the grade in the middle stands. Nothing is learnt from them; the emergencies that they missed
# were read once (docs/search.md).
SETS = {
    "phrases du projet": JUDGEMENTS,
    "phrases écrites à l’aveugle": LABELLED / "search_judgements_blind.json",
    "phrases écrites à l’aveugle, par une deuxième personne": LABELLED / "search_judgements_blind_2.json",
    "phrases écrites à l’aveugle, par une troisième": LABELLED / "search_judgements_blind_3.json",
}
DEPTH = 10
LEAST_NDCG = 0.9
HEADS = ("", "phrases", f"nDCG@{DEPTH} / but", "réponse nuisible / but", "urgence manquée / but", "fausse alerte / but")
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
    alarms: tuple[str, ...] = ()
    has_answer: bool = True


def judgements(file: Path = JUDGEMENTS) -> list[dict[str, Any]]:
    """The labelled phrases."""
    loaded: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
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
        alarms=tuple(sorted(strip)) if judgement.get("false_alarm") else (),
        has_answer=bool(relevant),
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
        against(mean([one.ndcg for one in judged if one.has_answer]), LEAST_NDCG, digits=3, at_least=True),
        against(sum(bool(one.harmful) for one in judged), 0, digits=0),
        against(sum(bool(one.missed) for one in judged), 0, digits=0),
        against(sum(bool(one.alarms) for one in judged), 0, digits=0),
    ]


def faults(judged: Sequence[Judged]) -> str:
    """Phrases with a harmful answer, a missed emergency or a false alarm, one a line."""
    return "".join(
        f"  {word} «{one.phrase}» : {', '.join(slugs)}\n"
        for one in judged
        for word, slugs in (("nuisible", one.harmful), ("urgence manquée", one.missed), ("fausse alerte", one.alarms))
        if slugs
    )


def main() -> None:
    """Print a table for each set, and what is wrong."""
    for title, file in SETS.items():
        judged = [judge(judgement) for judgement in judgements(file)]
        sys.stdout.write(table(f"Pertinence de la recherche, annuaire de départ, {title}", HEADS, by_register(judged)))
        if file == JUDGEMENTS:  # who reads the faults of the others could learn from them
            sys.stdout.write(faults(judged))


if __name__ == "__main__":
    main()
