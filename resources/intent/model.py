"""A small linear model from the letters and sounds of a phrase to what it means; microseconds, any spelling."""

import lzma
import math
import zlib
from collections import Counter
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from io import BytesIO
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from resources.intent.labels import LABELS
from resources.intent.spelling import as_written, sound
from resources.text import fold

BUCKETS = 1 << 18
SHORTEST, LONGEST = 3, 5
FIRST_IDEOGRAM = "\u2e80"
MAX_LETTERS = 400
# Weights are whole numbers from −12 to 12: finer ones read no better, and make the file larger.
MOST = 12
FILE = "intent.npz.xz"

Numbers = npt.NDArray[np.float32]


def features(text: str) -> dict[int, float]:
    """Buckets of the letter runs of each word (3 to 5 letters, borders included; from 1 in Chinese, which has no spaces
    and whose letters are words), of how words sound, and of pairs of sounds: neighbours, and those one word apart.
    """
    written = as_written(fold(text)[:MAX_LETTERS])
    runs: Counter[str] = Counter()
    for word in written:
        bordered = f" {word} "
        for length in range(1 if word >= FIRST_IDEOGRAM else SHORTEST, LONGEST + 1):
            runs.update(bordered[start : start + length] for start in range(len(bordered) - length + 1))
    sounds = sound(" ".join(written)).split()
    runs.update(f"={one}" for one in sounds)
    runs.update(f"={first} {second}" for first, second in pairwise(sounds))
    runs.update(f"~{first} {third}" for first, third in zip(sounds, sounds[2:], strict=False))
    found: dict[int, float] = {}
    for run, count in runs.items():
        bucket = zlib.crc32(run.encode()) % BUCKETS
        found[bucket] = found.get(bucket, 0.0) + 1.0 + math.log(count)
    return found


def weigh(found: dict[int, float], rarity: Numbers) -> tuple[list[int], Numbers]:
    """Buckets and their weights: counts times rarity, of norm 1."""
    buckets = list(found)
    weighted = np.fromiter(found.values(), dtype=np.float32, count=len(found)) * rarity[buckets]
    return buckets, np.asarray(weighted / (np.linalg.norm(weighted) or 1.0), dtype=np.float32)


@dataclass(frozen=True)
class Weights:
    """Learnt numbers: how rare each bucket is (0: it counts for nothing); for those that count a row of small whole
    numbers, one a label; a scale and a bias a label.
    """

    matrix: npt.NDArray[np.int8]
    scale: Numbers
    bias: Numbers
    rarity: Numbers

    @cached_property
    def rows(self) -> npt.NDArray[np.int64]:
        """Row of each bucket; any row for a bucket that counts for nothing."""
        return np.asarray(np.cumsum(self.rarity > 0) - 1, dtype=np.int64)

    @classmethod
    def rounded(cls, matrix: Numbers, bias: Numbers, rarity: Numbers) -> "Weights":
        """Learnt numbers (a row for every bucket) as small whole ones, scaled by label; most are nothing."""
        scale = np.asarray(np.abs(matrix).max(axis=0) / MOST + 1e-9, dtype=np.float32)
        rare = rarity.astype(np.float16).astype(np.float32)
        whole = np.round(matrix[rare > 0] / scale).astype(np.int8)
        return cls(whole, scale, bias.astype(np.float32), rare)

    def save(self) -> bytes:
        """As a compressed file: nearly half the size of what numpy itself compresses."""
        file = BytesIO()
        np.savez(
            file,
            matrix=self.matrix,
            scale=self.scale,
            bias=self.bias,
            rarity=self.rarity.astype(np.float16),
            labels=np.array(LABELS),
        )
        return lzma.compress(file.getvalue(), preset=9)

    @classmethod
    def read(cls, content: bytes) -> "Weights":
        """From `save`; raises ValueError when the file was made for other labels or buckets."""
        with np.load(BytesIO(lzma.decompress(content)), allow_pickle=False) as file:
            if tuple(file["labels"]) != LABELS or len(file["rarity"]) != BUCKETS:
                raise ValueError(f"{FILE} does not fit labels.py: run manage.py train_intent")
            return cls(file["matrix"], file["scale"], file["bias"], file["rarity"].astype(np.float32))

    def probabilities(self, text: str) -> Numbers:
        """Probability of each label, in the order of LABELS."""
        buckets, weighted = weigh(features(text), self.rarity)
        evidence = (weighted @ self.matrix[self.rows[buckets]].astype(np.float32)) * self.scale + self.bias
        return np.asarray(1 / (1 + np.exp(-evidence)), dtype=np.float32)

    def meaning(self, text: str) -> dict[str, float]:
        """Label → probability (0 to 1)."""
        return dict(zip(LABELS, self.probabilities(text).tolist(), strict=True))


@cache
def weights() -> Weights:
    """The model that ships with the product."""
    return Weights.read((files("resources") / "intent" / FILE).read_bytes())


def meaning(text: str) -> dict[str, float]:
    """Label → probability (0 to 1) for a phrase in any of the languages of the training phrases."""
    return weights().meaning(text)


def familiarity(text: str) -> float:
    """Share (0 to 1) of the letter runs and sounds of a phrase that training phrases have: near 0 for «xylqz»."""
    buckets = list(features(text))
    return float(np.mean(weights().rarity[buckets] > 0)) if buckets else 0.0
