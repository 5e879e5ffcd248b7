"""How ranking learns: judged phrases in, a net out that puts the better graded services first."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from itertools import combinations

import numpy as np
import numpy.typing as npt

from resources.intent.phrasebook import data_files, judged_answers
from resources.ranking.features import FACTS, meaning_vector
from resources.ranking.model import Matrix, Net

NETS = 3  # learnt from different beginnings, then put side by side: their mean is steadier than each
HIDDEN = 384
ROUNDS = 60
BATCH = 128
LEARNING_RATE = 3e-3
FORGOTTEN = 0.5  # share of the hidden units that each step does without
WARMING_UP = 50  # steps
DECAY = 0.1
HARM = 0.25
ALIKE = 0.5  # phrases that one answer suits count as the square root of their number
NOT_ALLOWED = -30.0
MOST_PAIRS = 96
FEWEST_SERVICES = 2
MOST_COMMON = 0.5
GAIN = (0.0, 0.5, 2.5, 9.0)


@dataclass(frozen=True)
class Judged:
    """A phrase with its graded and its harmful services; with labels, the intent model learns from it too."""

    phrase: str
    relevant: dict[str, int]
    harmful: frozenset[str]
    alike: int = 1
    entry: str = ""
    has_labels: bool = False


@dataclass(frozen=True)
class Example:
    """One phrase as numbers: its meaning, how much it counts, and for each service words matched, gain, harm."""

    meaning: Matrix
    weight: float
    words: Matrix
    allowed: npt.NDArray[np.bool_]
    gains: Matrix
    harmful: Matrix


def judged() -> list[Judged]:
    """Every judged phrase of the folder, `q` being one or a list that one answer suits.

    Raises ValueError when a grade is not 1, 2 or 3.
    """
    found = []
    for file in data_files("ranking", "judged", ending=".json"):
        for asked, row in judged_answers(file):
            if not set(row["relevant"].values()) <= {1, 2, 3}:
                raise ValueError(f"{file.name}: grades are 1, 2 or 3")
            if not row["relevant"]:
                continue  # only the intent model learns from it
            harmful = frozenset(row["harmful"])
            found += [
                Judged(phrase, row["relevant"], harmful, len(asked), asked[0], "labels" in row) for phrase in asked
            ]
    return found


@dataclass(frozen=True)
class Examples:
    """All phrases as numbers, a row each."""

    meanings: Matrix
    weights: Matrix
    words: Matrix
    allowed: npt.NDArray[np.bool_]
    targets: Matrix
    harmful: Matrix

    @classmethod
    def joined(cls, examples: Sequence[Example]) -> "Examples":
        """One under the other; targets are gains as shares, weights are 1 on average."""
        gains = np.stack([example.gains for example in examples])
        weights = np.array([example.weight for example in examples], dtype=np.float32)
        return cls(
            meanings=np.stack([example.meaning for example in examples]),
            weights=weights / weights.mean(),
            words=np.stack([example.words for example in examples]),
            allowed=np.stack([example.allowed for example in examples]),
            targets=gains / gains.sum(axis=1, keepdims=True),
            harmful=np.stack([example.harmful for example in examples]),
        )

    def those(self, rows: npt.NDArray[np.int64]) -> "Examples":
        """Some of them."""
        return Examples(*(getattr(self, field.name)[rows] for field in fields(self)))


def train(facts: Matrix, examples: list[Example], *, tell: Callable[[str], None] = lambda _line: None) -> Net:
    """Fit the net: once with every pair of facts, then with those that moved the scores most.

    `facts` is services × FACTS (0 or 1). Fewer pairs make ranking faster, and learn less by heart.
    """
    joined = Examples.joined(examples)
    singles = [1 << position for position in range(len(FACTS))]
    pairs = pairs_of(facts)
    wide = fit(facts, (*singles, *pairs), joined, beginning=0)
    moved = importance(wide, facts, joined)[len(singles) :]
    tell(f"{len(pairs)} paires, dont {MOST_PAIRS} gardées")
    traits = (*singles, *(pairs[position] for position in np.argsort(-moved)[:MOST_PAIRS]))
    nets = []
    for beginning in range(NETS):
        nets.append(fit(facts, traits, joined, beginning=beginning))
        tell(f"{beginning + 1}/{NETS}")
    return side_by_side(nets)


def side_by_side(nets: Sequence[Net]) -> Net:
    """One net that gives the mean of several with the same traits."""
    return Net(
        straight=np.mean([net.straight for net in nets], axis=0),
        into=np.concatenate([net.into for net in nets], axis=1),
        threshold=np.concatenate([net.threshold for net in nets]),
        out=np.asarray(np.concatenate([net.out for net in nets]) / len(nets), dtype=np.float32),
        always=np.mean([net.always for net in nets], axis=0),
        words=float(np.mean([net.words for net in nets])),
        traits=nets[0].traits,
    )


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


def importance(net: Net, facts: Matrix, examples: Examples) -> Matrix:
    """How far each trait moves services apart, over all phrases."""
    spread = traits_matrix(facts, net.traits).std(axis=0)
    return np.asarray(np.sqrt((net.weights(examples.meanings) ** 2).mean(axis=0)) * spread, dtype=np.float32)


def fit(facts: Matrix, traits: Sequence[int], examples: Examples, *, beginning: int) -> Net:
    """For each phrase the softmax of the scores follows the gains, harmful services sink.

    Listwise cross-entropy (ListNet), Adam with a warm start and a small decay, hidden units left out by chance
    (dropout). The same
    `beginning` always gives the same net.
    """
    chance = np.random.default_rng(beginning)
    has = traits_matrix(facts, traits)
    phrases, meanings = examples.meanings.shape
    straight, out = (np.zeros((size, len(traits)), dtype=np.float32) for size in (meanings, HIDDEN))
    into = (chance.standard_normal((meanings, HIDDEN)) * np.sqrt(2 / meanings)).astype(np.float32)
    out += (chance.standard_normal(out.shape) * 0.02).astype(np.float32)
    threshold, always = np.zeros(HIDDEN, dtype=np.float32), np.zeros(len(traits), dtype=np.float32)
    words = np.array([2.0], dtype=np.float32)
    learnt = (straight, into, threshold, out, always, words)
    moments = [(np.zeros_like(values), np.zeros_like(values)) for values in learnt]
    step, steps = 0, ROUNDS * math.ceil(phrases / BATCH)
    for _round in range(ROUNDS):
        turn = chance.permutation(phrases)
        for start in range(0, phrases, BATCH):
            some = examples.those(turn[start : start + BATCH])
            step += 1
            before = some.meanings @ into + threshold
            kept = (chance.random(before.shape) >= FORGOTTEN).astype(np.float32) / (1 - FORGOTTEN) * (before > 0)
            hidden = before * kept
            weights = some.meanings @ straight + hidden @ out + always
            error = error_of(weights @ has.T + words * some.words, some)
            moved = error @ has
            back = (moved @ out.T) * kept
            gradients = (
                some.meanings.T @ moved, some.meanings.T @ back, back.sum(axis=0),
                hidden.T @ moved, moved.sum(axis=0), np.array([(error * some.words).sum()]),
            )  # fmt: skip
            rate = LEARNING_RATE * min(1, step / WARMING_UP) * (1 - step / (steps + 1))
            for values, gradient, moment in zip(learnt, gradients, moments, strict=True):
                descend(values, gradient, moment, step=step, rate=rate)
            for matrix in (straight, into, out):
                np.multiply(matrix, 1 - rate * DECAY, out=matrix)
    return Net(straight, into, threshold, out, always, float(words[0]), tuple(traits))


def error_of(scores: Matrix, examples: Examples) -> Matrix:
    """By how much each score is too high, shared among the phrases."""
    scores = np.where(examples.allowed, scores, NOT_ALLOWED)
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    error = (shares - examples.targets + HARM * examples.harmful * shares) * examples.allowed
    return np.asarray(error * examples.weights[:, None] / len(scores), dtype=np.float32)


def descend(values: Matrix, gradient: Matrix, moment: tuple[Matrix, Matrix], *, step: int, rate: float) -> None:
    """One step of Adam, in place (Kingma and Ba 2015; means over 10 and 500 steps)."""
    mean, square = moment
    mean += 0.1 * (gradient - mean)
    square += 0.002 * (gradient**2 - square)
    values -= rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.998**step)) + 1e-8)


def facts_matrix(fact_bits: list[int]) -> Matrix:
    """Services × FACTS from their bits."""
    return np.array([[row >> position & 1 for position in range(len(FACTS))] for row in fact_bits], dtype=np.float32)


def example(
    judgement: Judged, *, labels: dict[str, float], slugs: list[str], words: dict[str, float], allowed: set[str]
) -> Example:
    """A judged phrase as numbers; `words` is the word match of the services that have one."""
    return Example(
        meaning=meaning_vector(labels),
        weight=judgement.alike**-ALIKE,
        words=np.array([words.get(slug, 0.0) for slug in slugs], dtype=np.float32),
        allowed=np.array([slug in allowed for slug in slugs]),
        gains=np.array([GAIN[judgement.relevant.get(slug, 0)] for slug in slugs], dtype=np.float32),
        harmful=np.array([slug in judgement.harmful for slug in slugs], dtype=np.float32),
    )
