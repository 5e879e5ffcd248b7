"""How well and how fast the meaning of a phrase is read: figures on phrases that the model never saw.

`python -m bench.intent` prints them; it needs no database.
"""

import sys
import time
from collections.abc import Callable, Sequence
from importlib.resources import files

from bench.figures import against, percentile, shown, table
from bench.relevance import judgements
from resources.intent import model, phrasebook
from resources.intent.labels import DANGERS, LABELS, MANNERS, NEEDS, PERSONS, TOPICS, WRITERS
from resources.intent.phrasebook import Score
from resources.understanding import understand

GROUPS = {
    "toutes les étiquettes": LABELS,
    "besoins": NEEDS,
    "qui écrit": WRITERS,
    "personne concernée": PERSONS,
    "sujets": TOPICS,
    "façon d’écrire": MANNERS,
    **{f"danger {danger.removeprefix('!')}": (danger,) for danger in DANGERS},
}
HEADS = ("", "exemples", "précision", "rappel", "F1")
TIME_HEADS = ("", "p50 ms / but", "p95 ms")
MOST_MILLISECONDS = 1.0
ROUNDS = 3


def together(label: str, scores: Sequence[Score]) -> Score:
    """Several labels counted as one (micro-average)."""
    return Score(
        label,
        sum(score.phrases for score in scores),
        sum(score.predicted for score in scores),
        sum(score.right for score in scores),
    )


def row(score: Score) -> list[str]:
    """One line of the table."""
    both = score.precision + score.recall
    f1 = 2 * score.precision * score.recall / both if both else 0.0
    return [score.label, str(score.phrases), shown(score.precision, 2), shown(score.recall, 2), shown(f1, 2)]


def timed(name: str, read: Callable[[str], object], phrases: Sequence[str]) -> list[str]:
    """One line of the table: milliseconds of a phrase, once the model is loaded."""
    read(phrases[0])
    taken = []
    for phrase in [*phrases] * ROUNDS:
        start = time.perf_counter()
        read(phrase)
        taken.append((time.perf_counter() - start) * 1000)
    return [name, against(percentile(taken, 0.5), MOST_MILLISECONDS, digits=2), shown(percentile(taken, 0.95), 2)]


def main() -> None:
    """Print both tables."""
    rows = phrasebook.phrases()
    held_out = [phrase for phrase in rows if phrase.is_held_out]
    scores = phrasebook.report(model.weights(), held_out)
    grouped = [together(name, [score for score in scores if score.label in labels]) for name, labels in GROUPS.items()]
    size = len((files("resources") / "intent" / model.FILE).read_bytes())
    title = f"Modèle d’intention ({shown(size / 1000, 0)} ko) : {len(held_out)} phrases mises de côté sur {len(rows)}"
    sys.stdout.write(table(title, HEADS, [row(score) for score in grouped]))
    phrases = [judgement["q"] for judgement in judgements()]
    times = [timed("modèle d’intention", model.meaning, phrases), timed("tout ce qui est compris", understand, phrases)]
    sys.stdout.write(table("Temps pour comprendre une phrase", TIME_HEADS, times))


if __name__ == "__main__":
    main()
