"""The learnt table from meanings to facts: how much what a service is counts for this person, now."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO

import numpy as np
import numpy.typing as npt

from resources.ranking.features import FACTS, MEANINGS, meaning_vector

FILE = "ranking.npz"


@dataclass(frozen=True)
class Table:
    """Meanings × traits, and how much the share of matched words counts beside them.

    A trait is a fact or two facts that a service has together, as bits: first every fact in the order of FACTS,
    then the pairs that training chose.
    """

    matrix: npt.NDArray[np.float32]
    words: float
    traits: tuple[int, ...]

    def save(self) -> bytes:
        """As a compressed file."""
        file = BytesIO()
        np.savez_compressed(
            file,
            matrix=self.matrix.astype(np.float16),
            words=np.float32(self.words),
            traits=np.array(self.traits, dtype=np.int64),
            facts=np.array(FACTS),
            meanings=np.array(MEANINGS),
        )
        return file.getvalue()

    @classmethod
    def read(cls, content: bytes) -> "Table":
        """From `save`; raises ValueError when the file was made for other facts or meanings."""
        with np.load(BytesIO(content), allow_pickle=False) as file:
            if tuple(file["facts"]) != FACTS or tuple(file["meanings"]) != MEANINGS:
                raise ValueError("ranking.npz does not fit features.py: run manage.py train_ranking")
            return cls(file["matrix"].astype(np.float32), float(file["words"]), tuple(file["traits"].tolist()))

    def trait_weights(self, labels: dict[str, float]) -> npt.NDArray[np.float32]:
        """One weight a trait, in the order of `traits`."""
        return np.asarray(meaning_vector(labels) @ self.matrix, dtype=np.float32)


@cache
def table() -> Table:
    """The table that ships with the product."""
    return Table.read((files("resources") / "ranking" / FILE).read_bytes())
