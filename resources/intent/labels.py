"""The closed list of things the intent model can read in a phrase (README.md of this folder)."""

from resources.vocabulary import Need

NEEDS: tuple[str, ...] = tuple(need.value for need in Need)
WRITERS: tuple[str, ...] = ("self", "relative", "witness", "pro")
PERSONS: tuple[str, ...] = ("minor", "adult", "f", "m", "trans")
DANGERS: tuple[str, ...] = ("!violence", "!suicide", "!medical")
TOPICS: tuple[str, ...] = (
    "#viol", "#vih", "#grossesse", "#images", "#annonce", "#plainte", "#avocat", "#constat", "#mariage",
    "#travail", "#couple", "#moral", "#enfance", "#formation", "#ado", "#dehors", "#asile",
)  # fmt: skip
# How it is written, which says something of who writes when she does not: like a teenager; not in French.
MANNERS: tuple[str, ...] = ("young", "foreign")
NOTHING = "none"
LABELS: tuple[str, ...] = (*NEEDS, *WRITERS, *PERSONS, *DANGERS, *TOPICS, *MANNERS, NOTHING)
# No labels of the model: what the words say of an age. Below 18, from 18; below 15, 18 to 25, above 25.
SAID_AGES = ("said_minor", "said_adult", "said_child", "said_young", "said_older")
