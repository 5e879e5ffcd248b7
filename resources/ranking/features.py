"""The two sides that ranking compares: what was understood of the person, and the facts of a service."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from resources.intent.labels import DANGERS, MANNERS, NEEDS, PERSONS, SAID_AGES, TOPICS, WRITERS
from resources.vocabulary import Kind

# Facts of a service; each is a bit of Service.fact_bits, so there are 63 at most and their order is frozen:
# append only, then run `manage.py reindex` and `make train`.
FACTS: tuple[str, ...] = (
    *NEEDS,
    "parcours_sortie", "prostitution_mineurs", "enfance_danger", "plainte", "preuve", "mariage_force",
    "accueil_jour", "mna", "lgbt", "prevention",
    "viol", "vih", "grossesse", "images", "annonce", "avocat", "constat", "mariage", "travail", "couple", "moral",
    "suicide", "enfance", "formation", "ado", "dehors", "asile", "soins",
    *(f"kind:{kind}" for kind in Kind.values),
    "phone", "written", "day_and_night", "women_only", "minors_only", "young_only", "adults_only", "on_referral",
    "for_professionals", "regional", "local", "speaks_other_languages",
)  # fmt: skip
# What a service is about: candidates are found by these.
TAGS: frozenset[str] = frozenset(FACTS[: FACTS.index("soins") + 1])

# Weak hints count for more than their probability says: chosen by cross-validation on the judged phrases.
SOFTENED = 0.7
MEANINGS: tuple[str, ...] = (
    *NEEDS,
    *WRITERS,
    *PERSONS,
    *DANGERS,
    *TOPICS,
    *MANNERS,
    *SAID_AGES,
    "place",
)


def bits(members: Iterable[str], *, of: Sequence[str] = FACTS) -> int:
    """A set as a number: bit n is the n-th of `of`; members that are not in it are left out."""
    return sum(1 << of.index(member) for member in set(members) if member in of)


def meaning_vector(labels: Mapping[str, float]) -> npt.NDArray[np.float32]:
    """Labels (0 to 1) → one number a meaning."""
    return np.array([labels.get(name, 0.0) for name in MEANINGS], dtype=np.float32) ** SOFTENED
