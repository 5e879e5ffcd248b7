"""How the intent model learns: phrases in, weights out."""

import math
from collections import Counter
from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from resources.intent.labels import LABELS
from resources.intent.model import BUCKETS, Weights, features, weigh
from resources.intent.phrasebook import Phrase
from resources.text import fold

STRENGTH = 10.0
PRECISION = 0.01
# A run of letters that few phrases have teaches little about others, and makes the file larger.
FEWEST_PHRASES = 4
COMMON = 3
SHORTEST_WORD = 3


def everyday_words(rows: Iterable[Phrase]) -> list[str]:
    """Words that several French phrases share: what search must not take for misspellings."""
    uses = Counter(word for row in rows if row.language == "fr" for word in set(fold(row.text).split()))
    return sorted(word for word, count in uses.items() if count >= COMMON and len(word) > SHORTEST_WORD)


def train(rows: list[Phrase], *, tell: Callable[[str], None] = lambda _line: None) -> Weights:
    """One logistic regression a label (scikit-learn), on features weighted by their rarity."""
    found = [features(row.text) for row in rows]
    uses = Counter(bucket for row in found for bucket in row)
    rarity = np.zeros(BUCKETS, dtype=np.float32)
    for bucket, count in uses.items():
        if count >= FEWEST_PHRASES:
            rarity[bucket] = 1 + math.log(len(rows) / count)
    inputs = as_matrix(found, rarity)
    matrix = np.zeros((BUCKETS, len(LABELS)), dtype=np.float32)
    bias = np.zeros(len(LABELS), dtype=np.float32)
    for column, label in enumerate(LABELS):
        learner = LogisticRegression(C=STRENGTH, solver="liblinear", tol=PRECISION, max_iter=300, random_state=0)
        learner.fit(inputs, [label in row.labels for row in rows])
        matrix[:, column], bias[column] = learner.coef_[0], learner.intercept_[0]
        tell(f"{column + 1}/{len(LABELS)} {label}")
    return Weights.rounded(matrix, bias, rarity)


def as_matrix(found: list[dict[int, float]], rarity: npt.NDArray[np.float32]) -> csr_matrix:
    """Phrases × buckets, each row of norm 1 after weighting by rarity."""
    rows, columns, values = [], [], []
    for position, weights in enumerate(found):
        buckets, weighted = weigh(weights, rarity)
        rows += [position] * len(buckets)
        columns += buckets
        values += weighted.tolist()
    return csr_matrix((values, (rows, columns)), shape=(len(found), BUCKETS))
