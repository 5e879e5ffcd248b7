"""What a person means by the words she types: needs, danger, age, gender, place, and the words worth matching."""

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import groupby

from resources.geography import Spot, places_in
from resources.intent.labels import DANGERS, NEEDS, SAID_AGES, TOPICS
from resources.intent.model import meaning
from resources.intent.spelling import as_written
from resources.text import MAX_QUERY, fold
from resources.vocabulary import DEPARTEMENTS

WEAKEST_TAG = 0.12
MOST_TAGS = 8
# Chosen on the phrases set aside: below, false alarms rise faster than misses fall.
DANGER_FROM_MODEL = {"violence": 0.15, "suicide": 0.15, "medical": 0.15}
SURE = 0.75
# A gender hides services: the model alone must be surer.
SURE_OF_GENDER = 0.95
MINOR_FROM_MODEL = 0.35
SAID_BY_SYNONYM = 0.45
ADOLESCENT, ADULT, MINOR, CHILD_UNTIL, YOUNG_UNTIL = 15, 18, 17, 21, 25
OLDEST = 120
YOUNGEST = 8
FEWEST_GROUPS = 4

# The starter synonyms use three words that are not needs of the directory.
TAGS_OF_SYNONYM: dict[str, tuple[str, ...]] = {
    "proxenetisme": ("prostitution",),
    "violence_sexuelle": ("violences", "viol"),
    "pro": (),
}

YEARS = (
    r"(?:ans?\b|piges\b|balais\b|years?\b|yrs?\b|yo\b|anos\b|(?:de )?ani\b|anni\b|jahre|lat\b"
    r"|лет|год|рок|岁|سنة|عام|yas)"
)
AGE = re.compile(rf"(?<!\d)(\d{{1,2}})(?: ?{YEARS}|a\b| a\b(?= et| pas|$))")
AGE_WITHOUT_UNIT = re.compile(
    r"\b(?:j ai|jai|g|gt|i am|i m|im|aged|tengo|tenho|мне|мени|عمري|معي) (\d{2})\b"
    r"(?! ?(?:euros?|e\b|clients?|h\b|heures?|fois|mois|jours?|semaines?|%|percent|kg|cm))"
)
AGE_RANGE = re.compile(r"(?<!\d)(?<!\d )(1\d|2\d) (?:a |et )?(1\d|2\d)(?! ?\d)(?= ans|\b)(?! ?(?:h|heures|euros)\b)")
SAYS_AN_AGE = re.compile(rf"{YEARS}|\bi a?m\b")
# Her own age beats those that she had, but not that of the child for whom she asks.
OWN_AGE = re.compile(
    r"\b(?:j ai|jai|g|i am|i m|im|tengo|tenho|ho|am|мне|мени|عمري|(?:j?suis?|chuis?) (?:une?|1) \w+ de)"
    rf" (\d{{2}})(?: ?{YEARS}|a\b)"
)
AGE_OF_A_CHILD = re.compile(
    r"\b(?:fille|fils|soeur|frere|cousine?|niece|neveu|enfant|gamine?|gosse|petite?|ado|adolescente?|jeune"
    r"|mineure?|voisine?|eleve|copine|amie?|daughter|son|sister|brother"
    rf"|hij[ao]|filh[ao]|fiica|fiul)(?: de| a| qui a| est| of| is| tiene)? \d{{1,2}} ?{YEARS}"
)
# The age of a man in the story is not hers.
NOT_HER_AGE = re.compile(
    r"(copain|mec|homme|type|client|monsieur|mari|vieux|gars|keum|ami|boyfriend|man|hombre|homem|barbat)s?"
    r"( de| a| qui a| il a| qui en a| of| is| tiene| tem)? (plus de |environ )?$"
)
# Of two ages in a story, the one of today is hers.
AGE_TODAY = re.compile(r"\bj en ai (\d{2})\b|(?<!\d)(\d{2}) ans aujourd hui\b|\baujourd hui (?:j ai )?(\d{2}) ans\b")
NOT_AN_AGE = re.compile(r"(il y a|depuis|pendant|apres|avant|en|ca fait|since|for|hace|acum|fa) (plus de |presque )?$")


@dataclass(frozen=True)
class Understanding:
    """What was understood of a phrase; everything in it is forgotten with the request."""

    folded: str = ""
    words: tuple[str, ...] = ()
    tags: dict[str, float] = field(default_factory=dict)
    dangers: frozenset[str] = frozenset()
    ages: tuple[int, int] | None = None
    gender: str | None = None
    places: tuple[Spot, ...] = ()
    labels: dict[str, float] = field(default_factory=dict)

    @property
    def child_in_danger(self) -> bool:
        """Whether 119 belongs on top."""
        adult = self.labels.get("said_adult", 0.0) > 0
        return self.labels.get("minor", 0.0) >= MINOR_FROM_MODEL or (not adult and said("child", self.folded))

    @property
    def departements(self) -> tuple[str, ...]:
        """Départements named, in order."""
        return tuple(dict.fromkeys(spot.departement for spot in self.places))


@cache
def danger_patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Words that put emergency numbers above everything, by danger; for texts of several lines."""
    with (files("resources") / "data" / "danger_words.csv").open(encoding="utf-8") as file:
        return tuple(
            (danger, re.compile(pattern, re.MULTILINE))
            for danger, _comma, pattern in (row.strip().partition(",") for row in list(file)[1:])
        )


@cache
def said_patterns() -> dict[str, re.Pattern[str]]:
    """Words that say who is concerned: minor, child, adult, young_adult, male, trans."""
    with (files("resources") / "data" / "said_words.csv").open(encoding="utf-8") as file:
        rows = [row.strip().partition(",") for row in list(file)[1:]]
    return {name: re.compile(pattern) for name, _comma, pattern in rows}


def said(name: str, folded: str) -> bool:
    """Whether a folded text says that of the person concerned."""
    return said_patterns()[name].search(folded) is not None


@cache
def stop_words() -> frozenset[str]:
    """Words that everybody uses and that find nothing."""
    return frozenset((files("resources") / "data" / "stop_words.txt").read_text(encoding="utf-8").split())


@cache
def synonyms() -> dict[str, tuple[str, ...]]:
    """Folded term → tags, from the synonym file; terms that may not be displayed match all the same."""
    found: dict[str, tuple[str, ...]] = {}
    with (files("resources") / "data" / "synonyms_fr.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found.setdefault(fold(row["term"]), TAGS_OF_SYNONYM.get(row["need"], (row["need"],)))
    return found


@cache
def synonym_pattern() -> re.Pattern[str]:
    """All synonym terms, longest first."""
    terms = sorted((term for term, tags in synonyms().items() if tags), key=len, reverse=True)
    return re.compile(r"\b(" + "|".join(map(re.escape, terms)) + r")\b")


def understand(text: str, *, read: Callable[[str], dict[str, float]] = meaning) -> Understanding:
    """Read a phrase of any length (the first 500 characters count) in any spelling; `read` is the intent model.

    Never raises; a text without letters or digits gives an empty Understanding.
    """
    # Some characters unfold to eighteen letters: what follows reads no more than people can type.
    folded = with_ages_in_figures(fold(text[:MAX_QUERY])[:MAX_QUERY].rstrip())
    if not folded:
        return Understanding()
    all_words = with_numbers_closed_up(folded.split())
    places, place_words = places_in(all_words)
    probability = read(with_names_explained(folded))
    ages = ages_said(folded)
    tags = tags_meant(folded, probability)
    dangers = dangers_said(folded, probability)
    gender = gender_said(folded, probability)
    return Understanding(
        folded=folded,
        words=tuple(
            dict.fromkeys(
                word
                for position, word in enumerate(all_words)
                if position not in place_words and word not in stop_words() and len(word) > 1
            )
        ),
        tags=tags,
        dangers=dangers,
        ages=ages,
        gender=gender,
        places=tuple(places),
        labels={
            **probability,
            **{name: max(weight, probability.get(name, 0.0)) for name, weight in tags.items()},
            **{f"!{danger}": 1.0 for danger in dangers},
            **said_of_person(ages=ages, gender=gender, model=probability),
            "place": 1.0 if places else 0.0,
        },
    )


@cache
def names() -> dict[str, str]:
    """Names of services that are ordinary words → what they do, for the model would read the words."""
    with (files("resources") / "data" / "names_fr.csv").open(encoding="utf-8") as file:
        return {row["name"]: row["means"] for row in csv.DictReader(file)}


def with_names_explained(folded: str) -> str:
    """«hors la rue» is an association for foreign minors, not somebody who sleeps outside."""
    for name, means in names().items():
        folded = re.sub(rf"\b{name}\b", means, folded)
    return folded


def with_numbers_closed_up(words: Sequence[str]) -> list[str]:
    """A telephone number as the one word that the directory knows: 0 800 05 95 95 → 0800059595.

    Its pairs of figures are no départements; a list of départements is no telephone number.
    """
    closed_up: list[str] = []
    for is_number, run in groupby(words, key=lambda word: word.isascii() and word.isdigit()):
        group = list(run)
        is_telephone = is_number and len(group) >= FEWEST_GROUPS and not set(group) <= set(DEPARTEMENTS)
        closed_up += ["".join(group)] if is_telephone else group
    return closed_up


@cache
def numbers_in_words() -> dict[str, str]:
    """Numbers as they are written in several languages, folded → their figures."""
    with (files("resources") / "data" / "numbers_in_words.csv").open(encoding="utf-8") as file:
        return {row["words"]: row["number"] for row in csv.DictReader(file)}


@cache
def age_in_words() -> re.Pattern[str]:
    """A number in words that is an age: before years, or after «I am»."""
    written = "|".join(sorted(numbers_in_words(), key=len, reverse=True))
    return re.compile(
        rf"(?:(?<!\w)|(?<=[我才年]))(?:{written})(?= ?{YEARS})|(?:(?<=\bi am )|(?<=\bi m ))(?:{written})\b"
    )


def with_ages_in_figures(folded: str) -> str:
    """«j ai seize ans» → «j ai 16 ans»; other numbers stay in words."""
    if SAYS_AN_AGE.search(folded) is None:
        return folded
    return age_in_words().sub(lambda found: numbers_in_words()[found[0]], folded)


def tags_meant(folded: str, probability: dict[str, float]) -> dict[str, float]:
    """Needs and topics with their weight (0 to 1), the strongest eight."""
    tags = {need: probability[need] for need in NEEDS}
    tags |= {topic.removeprefix("#"): probability[topic] for topic in TOPICS}
    for match in synonym_pattern().finditer(folded):
        for tag in synonyms()[match[0]]:
            tags[tag] = max(tags.get(tag, 0.0), SAID_BY_SYNONYM)
    strongest = sorted(tags.items(), key=lambda item: -item[1])[:MOST_TAGS]
    return {tag: weight for tag, weight in strongest if weight >= WEAKEST_TAG}


def dangers_said(folded: str, probability: dict[str, float]) -> frozenset[str]:
    """Acute dangers that words, as they are typed and as they would be written, or the model see; words are enough."""
    both = f"{folded}\n{' '.join(as_written(folded))}"
    said = {danger for danger, pattern in danger_patterns() if pattern.search(both)}
    meant = {
        name
        for name in (danger.removeprefix("!") for danger in DANGERS)
        if probability[f"!{name}"] >= DANGER_FROM_MODEL[name]
    }
    if "suicide" in said and probability["!violence"] < SURE:
        meant.discard("violence")  # «me tuer» is the same word in both
    return frozenset(said | meant)


def ages_said(folded: str) -> tuple[int, int] | None:
    """Ages (youngest, oldest) that the words give to the person concerned."""
    asked = AGE_RANGE.search(folded)
    if asked is not None and int(asked[1]) < int(asked[2]):
        return int(asked[1]), int(asked[2])
    if said("young_adult", folded):
        return ADULT, CHILD_UNTIL
    own = AGE_TODAY.search(folded) or OWN_AGE.search(folded)
    if own is not None and AGE_OF_A_CHILD.search(folded) is None:
        age = int(own[own.lastindex or 0])
        return age, age
    adult = said("adult", folded) and not said("minor", folded)
    found = [
        int(match[1])
        for match in (*AGE.finditer(folded), *AGE_WITHOUT_UNIT.finditer(folded))
        if int(match[1]) >= (ADULT if adult else YOUNGEST)
        and not any(wrong.search(folded[: match.start()]) for wrong in (NOT_AN_AGE, NOT_HER_AGE))
    ]
    if found:
        return min(found), min(found)
    if adult:
        return ADULT, OLDEST
    return (10, MINOR) if said("minor", folded) else None


def said_of_person(*, ages: tuple[int, int] | None, gender: str | None, model: dict[str, float]) -> dict[str, float]:
    """Labels of age and gender: what is said beats what the model guesses."""
    labels = {"minor": model["minor"], "adult": model["adult"]} | dict.fromkeys(SAID_AGES, 0.0)
    if ages is not None:
        minor = 1.0 if ages[0] < ADULT else 0.0
        labels |= {
            "minor": minor,
            "adult": 1 - minor,
            "said_minor": minor,
            "said_adult": 1 - minor,
            "said_child": float(ages[1] < ADOLESCENT),
            "said_young": float(minor == 0 and ages[1] <= YOUNG_UNTIL),
            "said_older": float(ages[0] > YOUNG_UNTIL),
        }
    if gender is not None:
        labels |= {"f": float(gender == "female"), "m": float(gender == "male"), "trans": float(gender == "trans")}
    return labels


def gender_said(folded: str, probability: dict[str, float]) -> str | None:
    """Gender of the person concerned when it is said, or all but sure."""
    if said("trans", folded):
        return "trans"
    if said("male", folded) or probability["m"] >= SURE_OF_GENDER:
        return "male"
    if probability["f"] >= SURE_OF_GENDER:
        return "female"
    return None
