"""The learnt net from meanings to facts: how much what a service is counts for this person, now."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO

import numpy as np
import numpy.typing as npt

from resources.ranking.features import FACTS, MEANINGS, meaning_vector

FILE = "ranking.npz"
Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Net:
    """From meanings to one weight a trait: straight, and through hidden units, for meanings together say more than
    their sum (a pregnant minor is not a minor, then a pregnancy). `words`: how much the share of matched words counts.

    A trait is a fact or two facts that a service has together, as bits: first every fact in the order of FACTS,
    then the pairs that training chose.
    """

    straight: Matrix
    into: Matrix
    threshold: Matrix
    out: Matrix
    always: Matrix
    words: float
    traits: tuple[int, ...]

    def save(self) -> bytes:
        """As a compressed file."""
        file = BytesIO()
        learnt = (self.straight, self.into, self.threshold, self.out, self.always)
        np.savez_compressed(
            file,
            *(numbers.astype(np.float16) for numbers in learnt),
            words=np.float32(self.words),
            traits=np.array(self.traits, dtype=np.int64),
            facts=np.array(FACTS),
            meanings=np.array(MEANINGS),
        )
        return file.getvalue()

    @classmethod
    def read(cls, content: bytes) -> "Net":
        """From `save`; raises ValueError when the file was made for other facts or meanings."""
        with np.load(BytesIO(content), allow_pickle=False) as file:
            if tuple(file["facts"]) != FACTS or tuple(file["meanings"]) != MEANINGS:
                raise ValueError("ranking.npz does not fit features.py: run manage.py train_ranking")
            straight, into, threshold, out, always = (file[f"arr_{place}"].astype(np.float32) for place in range(5))
            words, traits = float(file["words"]), tuple(file["traits"].tolist())
        return cls(straight, into, threshold, out, always, words, traits)

    def trait_weights(self, labels: dict[str, float]) -> Matrix:
        """One weight a trait, in the order of `traits`."""
        return self.weights(meaning_vector(labels))

    def weights(self, meanings: Matrix) -> Matrix:
        """The same for meanings as numbers, of one phrase or of many (a row each)."""
        hidden = np.maximum(meanings @ self.into + self.threshold, 0)
        return np.asarray(meanings @ self.straight + hidden @ self.out + self.always, dtype=np.float32)


@cache
def net() -> Net:
    """The net that ships with the product."""
    return Net.read((files("resources") / "ranking" / FILE).read_bytes())
