"""Everything known of one question before the database ranks: what was asked, said, meant, and what that rewards."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
import numpy.typing as npt

from resources.forms import Query
from resources.geography import Spot
from resources.intent.labels import NEEDS, TOPICS
from resources.intent.model import familiarity, meaning
from resources.ranking.features import FACTS, TAGS
from resources.ranking.model import net
from resources.suggestions import Vocabulary, look_up
from resources.understanding import SAID_BY_SYNONYM, Understanding, said_of_person, understand
from resources.vocabulary import Need

FALLBACK_NEED = "ecoute"
ALWAYS_CANDIDATES = (Need.ECOUTE.value, Need.URGENCE.value)
SAID = 0.3
MOST_REWARDED = 16
# Below, letters are no word of a language that the model has read; other alphabets it has hardly read at all.
LEAST_FAMILIAR = 0.45
# What is proposed for a longer phrase, or for one in another language, is mostly no misspelling (docs/search.md).
LONGEST_MENDED = 8
SURELY_FOREIGN = 0.5
LEAST_REWARD = 0.05


@dataclass(frozen=True)
class Question:
    """A question as ranking sees it; it lives as long as the request."""

    query: Query
    meant: Understanding
    vocabulary: Vocabulary
    understood: bool
    labels: dict[str, float]
    now: datetime

    @property
    def has_words(self) -> bool:
        """Whether anything was typed."""
        return bool(self.query.text.strip())

    @property
    def at(self) -> datetime:
        """The moment for which «open» is meant."""
        return self.query.open_at or self.now

    @property
    def spot(self) -> Spot | None:
        """From where distances are counted."""
        return self.query.near or next(iter(self.meant.places), None)

    @property
    def place_name(self) -> str | None:
        """The place as understood, to be shown."""
        if self.query.near is not None:
            return self.query.near.name
        return ", ".join(spot.name for spot in self.meant.places) or None

    @property
    def departements(self) -> tuple[str, ...]:
        """Territory asked by filter, else said."""
        return (self.query.departement,) if self.query.departement else self.meant.departements

    @property
    def ages(self) -> tuple[int, int] | None:
        """Ages asked by filter, else said."""
        return self.query.ages or self.meant.ages

    @property
    def gender(self) -> str | None:
        """Gender asked by filter, else said."""
        return self.query.gender or self.meant.gender

    @property
    def suggestion(self) -> str | None:
        """The words with their slips mended («did you mean»); None when nothing better is known."""
        words = len(self.meant.folded.split())
        foreign = words > 1 and self.meant.labels.get("foreign", 0.0) >= SURELY_FOREIGN
        return None if foreign or words > LONGEST_MENDED else self.vocabulary.suggestion(self.query.text)

    @cached_property
    def traits(self) -> npt.NDArray[np.float32]:
        """How much each trait of a service counts here, in the order of the net's traits: FACTS, then pairs."""
        return net().trait_weights(self.labels)

    @cached_property
    def tags(self) -> list[str]:
        """Needs and topics that are meant: candidates are found by these."""
        meant = [need for need in NEEDS if self.labels.get(need, 0.0) >= SAID]
        return meant + [topic.removeprefix("#") for topic in TOPICS if self.labels.get(topic, 0.0) >= SAID]

    @cached_property
    def rewarded(self) -> list[str]:
        """Needs and topics that ranking rewards, most first: further candidates are found by these.

        Whatever the question, who listens and who comes at once are candidates: they stand on most good lists.
        """
        facts = self.traits[: len(FACTS)]
        tags = [FACTS[place] for place in np.argsort(-facts) if facts[place] >= LEAST_REWARD and FACTS[place] in TAGS]
        return [*tags[:MOST_REWARDED], *ALWAYS_CANDIDATES]


def question(query: Query, *, now: datetime, read: Callable[[str], dict[str, float]] = meaning) -> Question:
    """Read the words, look them up (one statement when there are any), and join what filters say."""
    meant = understand(query.text, read=read)
    vocabulary = look_up(meant.words) if meant.words else Vocabulary()
    understood = bool(vocabulary.known or not query.text.strip() or (meant.tags and not is_a_guess(meant)))
    labels = labels_of(query, meant, understood=understood)
    return Question(query, meant, vocabulary, understood, labels, now)


def is_a_guess(meant: Understanding) -> bool:
    """Whether what the model reads is weak, and read in letters that it has hardly met: «xylqz»."""
    sure = max(meant.tags.values(), default=0.0) >= SAID_BY_SYNONYM
    return not sure and meant.folded.isascii() and familiarity(meant.folded) < LEAST_FAMILIAR


def labels_of(query: Query, meant: Understanding, *, understood: bool) -> dict[str, float]:
    """What is known of the person and her question: her words, then what she asked by filter."""
    labels = dict(meant.labels) or {"self": 1.0}
    if not understood:
        labels[FALLBACK_NEED] = 1.0
    labels |= dict.fromkeys(query.needs, 1.0)
    if query.ages is not None or query.gender is not None:
        labels |= said_of_person(
            ages=query.ages or meant.ages,
            gender=query.gender or meant.gender,
            model={"minor": 0.0, "adult": 0.0, **labels},
        )
    if query.departement is not None or query.near is not None:
        labels["place"] = 1.0
    return labels
