"""The training phrases, those set aside, and how well a model finds what they mean; needs no scikit-learn."""

import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import numpy as np

from resources.intent.labels import LABELS, NOTHING, WRITERS
from resources.intent.model import Weights
from resources.text import fold

HELD_OUT_PERCENT = 6
# Files of phrases in the words of teenagers.
YOUTH = ("jeunes", "argot")
FLAT = 0.5


@dataclass(frozen=True)
class Phrase:
    """A phrase and what it means."""

    text: str
    labels: frozenset[str]
    language: str
    # Of a phrase that ranking learns from too: the first of those that one answer suits.
    entry: str = ""

    @property
    def is_held_out(self) -> bool:
        """Whether it is kept for the report: decided by letters, so that the split never moves, and for all phrases of
        an answer together.
        """
        return number_of(self.entry or self.text) % 100 < HELD_OUT_PERCENT


def number_of(text: str) -> int:
    """A number that a text always has, and that says nothing of it."""
    return zlib.crc32(fold(text).encode())


def half_of(entry: str) -> int:
    """In which half of the judged answers one is, 0 or 1: each half is read by a model that learnt from the other."""
    return number_of(entry) // 100 % 2


@dataclass(frozen=True)
class Score:
    """How one label is found among held-out phrases: in how many it is, is predicted, and is both."""

    label: str
    phrases: int
    predicted: int
    right: int

    @property
    def precision(self) -> float:
        """Share of the predictions that are right (0 to 1)."""
        return self.right / max(1, self.predicted)

    @property
    def recall(self) -> float:
        """Share of the phrases that are found (0 to 1)."""
        return self.right / max(1, self.phrases)


def phrases() -> list[Phrase]:
    """Every training phrase: of the folder, and of the judged answers that have labels.

    Raises ValueError with the file, and the line or the phrase, when one is wrong.
    """
    of_the_folder = [phrase for file in data_files("intent", "phrases", ending=".tsv") for phrase in read(file)]
    return [
        *of_the_folder,
        *(phrase for file in data_files("ranking", "judged", ending=".json") for phrase in read_judged(file)),
    ]


def data_files(*folders: str, ending: str) -> list[Traversable]:
    """Files of a folder of the package, one name for each level, in the order of their names."""
    inside = files("resources").joinpath(*folders)
    return sorted((file for file in inside.iterdir() if file.name.endswith(ending)), key=lambda file: file.name)


def read(file: Traversable) -> Iterable[Phrase]:
    """Phrases of one file; its name begins with the language."""
    for line, row in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if not row.strip() or row.startswith("##"):
            continue
        text, tab, named = row.partition("\t")
        labels = frozenset(named.split())
        if not tab or not text.strip() or not labels or not labels <= set(LABELS):
            raise ValueError(f"{file.name}, line {line}: «text<TAB>known labels» expected")
        check_writer(labels, where=f"{file.name}, line {line}")
        language, _dash, subject = file.name.partition("-")
        manners = manners_of(labels, language=language, in_youths_words=subject.startswith(YOUTH))
        yield Phrase(text.strip(), labels | manners, language)


def judged_answers(file: Traversable) -> Iterable[tuple[list[str], dict[str, Any]]]:
    """Judged answers of a file: the phrases that each one suits, and the answer (docs/search.md)."""
    for row in json.loads(file.read_text(encoding="utf-8")):
        yield row["q"] if isinstance(row["q"], list) else [row["q"]], row


def read_judged(file: Traversable) -> Iterable[Phrase]:
    """Phrases of the judged answers of a file that say what they mean; the others are for ranking alone."""
    for asked, row in judged_answers(file):
        if "labels" not in row:
            continue
        labels = frozenset(row["labels"])
        if not labels or not labels <= set(LABELS):
            raise ValueError(f"{file.name}, «{asked[0]}»: known labels expected")
        check_writer(labels, where=f"{file.name}, «{asked[0]}»")
        language = row.get("language", "fr")
        manners = manners_of(labels, language=language, in_youths_words=row.get("young", False))
        for text in asked:
            yield Phrase(text, labels | manners, language, asked[0])


def check_writer(labels: frozenset[str], *, where: str) -> None:
    """Raises ValueError unless somebody writes, or it means nothing."""
    if NOTHING not in labels and len(labels & set(WRITERS)) != 1:
        raise ValueError(f"{where}: exactly one writer expected")


def manners_of(labels: frozenset[str], *, language: str, in_youths_words: bool) -> frozenset[str]:
    """How a phrase is written, which nobody has to label by hand."""
    hers = "self" in labels and "minor" in labels
    close = bool(labels & {"self", "relative"}) and "adult" not in labels
    young = hers or (in_youths_words and close)
    return frozenset(({"young"} if young else set()) | ({"foreign"} if language != "fr" else set()))


def report(weights: Weights, rows: list[Phrase], *, threshold: float = FLAT) -> list[Score]:
    """How well these weights find every label of these phrases."""
    predicted = np.array([weights.probabilities(row.text) > threshold for row in rows])
    actual = np.array([[label in row.labels for label in LABELS] for row in rows])
    counts = [part.sum(axis=0).tolist() for part in (actual, predicted, predicted & actual)]
    return [Score(label, *numbers) for label, *numbers in zip(LABELS, *counts, strict=True)]
