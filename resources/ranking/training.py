"""How ranking learns: judged phrases in, a table out that puts the better graded services first."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import combinations

import numpy as np
import numpy.typing as npt

from resources.ranking.features import FACTS, MEANINGS, meaning_vector
from resources.ranking.model import Table

Matrix = npt.NDArray[np.float32]
STEPS = 200
LEARNING_RATE = 0.01
DECAY = 2e-3
HARM = 0.25
MOST_PAIRS = 96
FEWEST_SERVICES = 2
MOST_COMMON = 0.5
GAIN = (0.0, 1.0, 3.0, 7.0)


@dataclass(frozen=True)
class Judged:
    """A phrase with its graded and its harmful services."""

    phrase: str
    relevant: dict[str, int]
    harmful: frozenset[str]


@dataclass(frozen=True)
class Example:
    """One phrase as numbers: its meaning, and a row a candidate service (words matched, gain, harm)."""

    meaning: Matrix
    words: Matrix
    allowed: npt.NDArray[np.bool_]
    gains: Matrix
    harmful: Matrix


def judged() -> list[Judged]:
    """Every judged phrase of the folder, `q` being one or a list that one answer suits.

    Raises ValueError when a grade is not 1, 2 or 3.
    """
    found = []
    for file in sorted((files("resources") / "ranking" / "judged").iterdir(), key=lambda file: file.name):
        if not file.name.endswith(".json"):
            continue
        for row in json.loads(file.read_text(encoding="utf-8")):
            if not set(row["relevant"].values()) <= {1, 2, 3}:
                raise ValueError(f"{file.name}: grades are 1, 2 or 3")
            asked = row["q"] if isinstance(row["q"], list) else [row["q"]]
            found += [Judged(phrase, row["relevant"], frozenset(row["harmful"])) for phrase in asked]
    return found


def train(facts: Matrix, examples: list[Example], *, tell: Callable[[str], None] = lambda _line: None) -> Table:
    """Fit the table: once with every pair of facts, then with those that moved the scores most.

    `facts` is services × FACTS (0 or 1). Fewer pairs, shorter statements: each is a term of the SQL that ranks.
    """
    singles = [1 << position for position in range(len(FACTS))]
    pairs = pairs_of(facts)
    wide = fit(traits_matrix(facts, [*singles, *pairs]), examples, tell=tell)
    moved = importance(wide[0], facts, [*singles, *pairs], examples)[len(singles) :]
    traits = (*singles, *(pairs[position] for position in np.argsort(-moved)[:MOST_PAIRS]))
    matrix, words = fit(traits_matrix(facts, traits), examples, tell=tell)
    return Table(matrix, words, traits)


def pairs_of(facts: Matrix) -> list[int]:
    """Pairs of facts that some services have and most have not, as bits; one pair for each group of services."""
    most = MOST_COMMON * len(facts)
    groups = {facts[:, position].tobytes() for position in range(len(FACTS))}
    pairs = []
    for one, other in combinations(range(len(FACTS)), 2):
        both = facts[:, one] * facts[:, other]
        if FEWEST_SERVICES <= both.sum() <= most and both.tobytes() not in groups:
            groups.add(both.tobytes())
            pairs.append(1 << one | 1 << other)
    return pairs


def traits_matrix(facts: Matrix, traits: Sequence[int]) -> Matrix:
    """Services × traits (0 or 1)."""
    parts = [[position for position in range(len(FACTS)) if trait >> position & 1] for trait in traits]
    return np.stack([facts[:, part].prod(axis=1) for part in parts], axis=1)


def importance(matrix: Matrix, facts: Matrix, traits: Sequence[int], examples: list[Example]) -> Matrix:
    """How far each trait moves services apart, over all phrases."""
    weights = np.stack([example.meaning for example in examples]) @ matrix
    spread = traits_matrix(facts, traits).std(axis=0)
    return np.asarray(np.sqrt((weights**2).mean(axis=0)) * spread, dtype=np.float32)


def fit(
    facts: Matrix, examples: list[Example], *, tell: Callable[[str], None] = lambda _line: None
) -> tuple[Matrix, float]:
    """For each phrase the softmax of the scores follows the gains, harmful services sink; the matrix, the words.

    `facts` is services × traits. Listwise cross-entropy (ListNet), Adam, a small decay.
    """
    meanings = np.stack([example.meaning for example in examples])
    words = np.stack([example.words for example in examples])
    allowed = np.stack([example.allowed for example in examples])
    gains = np.stack([example.gains for example in examples])
    targets = gains / gains.sum(axis=1, keepdims=True)
    harmful = np.stack([example.harmful for example in examples])
    matrix = np.zeros((len(MEANINGS), facts.shape[1]), dtype=np.float32)
    weight = np.array([2.0], dtype=np.float32)
    moments = [[np.zeros_like(matrix), np.zeros_like(matrix)], [np.zeros_like(weight), np.zeros_like(weight)]]
    for step in range(1, STEPS + 1):
        scores = np.where(allowed, meanings @ (matrix @ facts.T) + weight * words, -30.0)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        error = (shares - targets + HARM * harmful * shares) * allowed
        gradients = [
            meanings.T @ error @ facts / len(examples) + DECAY * matrix,
            np.array([(error * words).sum() / len(examples)]),
        ]
        rate = LEARNING_RATE * (1 - step / (STEPS + 1))
        for values, gradient, moment in zip((matrix, weight), gradients, moments, strict=True):
            descend(values, gradient, moment, step=step, rate=rate)
        if step % 100 == 0:
            tell(f"{step}/{STEPS}")
    return matrix, float(weight[0])


def descend(values: Matrix, gradient: Matrix, moment: list[Matrix], *, step: int, rate: float) -> None:
    """One step of Adam, in place (Kingma and Ba 2015; means over 10 and 100 steps)."""
    mean, square = moment
    mean += 0.1 * (gradient - mean)
    square += 0.01 * (gradient**2 - square)
    values -= rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)


def facts_matrix(fact_bits: list[int]) -> Matrix:
    """Services × FACTS from their bits."""
    return np.array([[row >> position & 1 for position in range(len(FACTS))] for row in fact_bits], dtype=np.float32)


def example(
    judgement: Judged, *, labels: dict[str, float], slugs: list[str], words: dict[str, float], allowed: set[str]
) -> Example:
    """A judged phrase as numbers; `words` is the word match of the services that have one."""
    return Example(
        meaning=meaning_vector(labels),
        words=np.array([words.get(slug, 0.0) for slug in slugs], dtype=np.float32),
        allowed=np.array([slug in allowed for slug in slugs]),
        gains=np.array([GAIN[judgement.relevant.get(slug, 0)] for slug in slugs], dtype=np.float32),
        harmful=np.array([slug in judgement.harmful for slug in slugs], dtype=np.float32),
    )
