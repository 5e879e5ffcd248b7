"""How the intent model learns: phrases in, weights and an honest report on phrases it never saw out."""

import math
import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from resources.intent.labels import LABELS, NOTHING, WRITERS
from resources.intent.model import BUCKETS, Weights, features, weigh
from resources.text import fold

HELD_OUT_PERCENT = 6
STRENGTH = 30.0
FLAT = 0.5
COMMON = 3
SHORTEST_WORD = 3


@dataclass(frozen=True)
class Phrase:
    """A phrase and what it means."""

    text: str
    labels: frozenset[str]
    language: str

    @property
    def is_held_out(self) -> bool:
        """Whether it is kept for the report: decided by its letters, so that the split never moves."""
        return zlib.crc32(fold(self.text).encode()) % 100 < HELD_OUT_PERCENT


@dataclass(frozen=True)
class Score:
    """How well one label is found among held-out phrases."""

    label: str
    phrases: int
    precision: float
    recall: float


def phrases() -> list[Phrase]:
    """Every training phrase of the folder; raises ValueError with file and line when one is wrong."""
    return [
        phrase
        for file in sorted((files("resources") / "intent" / "phrases").iterdir(), key=lambda file: file.name)
        if file.name.endswith(".tsv")
        for phrase in read(file)
    ]


def read(file: Traversable) -> Iterable[Phrase]:
    """Phrases of one file; its name begins with the language."""
    for line, row in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if not row.strip() or row.startswith("##"):
            continue
        text, tab, named = row.partition("\t")
        labels = frozenset(named.split())
        if not tab or not text.strip() or not labels or not labels <= set(LABELS):
            raise ValueError(f"{file.name}, line {line}: «text<TAB>known labels» expected")
        if NOTHING not in labels and len(labels & set(WRITERS)) != 1:
            raise ValueError(f"{file.name}, line {line}: exactly one writer expected")
        yield Phrase(text.strip(), labels, file.name.split("-")[0])


def everyday_words(rows: Iterable[Phrase]) -> list[str]:
    """Words that several French phrases share: what search must not take for misspellings."""
    uses = Counter(word for row in rows if row.language == "fr" for word in set(fold(row.text).split()))
    return sorted(word for word, count in uses.items() if count >= COMMON and len(word) > SHORTEST_WORD)


def train(rows: list[Phrase], *, tell: Callable[[str], None] = lambda _line: None) -> Weights:
    """One logistic regression a label (scikit-learn), on features weighted by their rarity."""
    found = [features(row.text) for row in rows]
    uses = Counter(bucket for row in found for bucket in row)
    rarity = np.ones(BUCKETS, dtype=np.float32)
    for bucket, count in uses.items():
        rarity[bucket] = 1 + math.log(len(rows) / count)
    inputs = as_matrix(found, rarity)
    matrix = np.zeros((BUCKETS, len(LABELS)), dtype=np.float32)
    bias = np.zeros(len(LABELS), dtype=np.float32)
    for column, label in enumerate(LABELS):
        learner = LogisticRegression(C=STRENGTH, solver="liblinear", max_iter=300)
        learner.fit(inputs, [label in row.labels for row in rows])
        matrix[:, column], bias[column] = learner.coef_[0], learner.intercept_[0]
        tell(f"{column + 1}/{len(LABELS)} {label}")
    return Weights(matrix, bias, rarity)


def as_matrix(found: list[dict[int, float]], rarity: npt.NDArray[np.float32]) -> csr_matrix:
    """Phrases × buckets, each row of norm 1 after weighting by rarity."""
    rows, columns, values = [], [], []
    for position, weights in enumerate(found):
        buckets, weighted = weigh(weights, rarity)
        rows += [position] * len(buckets)
        columns += buckets
        values += weighted.tolist()
    return csr_matrix((values, (rows, columns)), shape=(len(found), BUCKETS))


def report(weights: Weights, rows: list[Phrase], *, threshold: float = FLAT) -> list[Score]:
    """Precision and recall (0 to 1) of every label on these phrases."""
    predicted = np.array([weights.probabilities(row.text) > threshold for row in rows])
    actual = np.array([[label in row.labels for label in LABELS] for row in rows])
    hits = (predicted & actual).sum(axis=0)
    return [
        Score(
            label,
            int(actual[:, column].sum()),
            float(hits[column] / max(1, predicted[:, column].sum())),
            float(hits[column] / max(1, actual[:, column].sum())),
        )
        for column, label in enumerate(LABELS)
    ]
