"""What people ask → services, best first: one reading of the words, one statement to rank, one to show."""

from dataclasses import dataclass
from datetime import datetime

from resources.forms import Query
from resources.models import Service
from resources.opening import is_said_open
from resources.question import SAID, Question, question
from resources.shown import published
from resources.statement import WEIGHTS, Ranked, Weights, rank
from resources.tongues import of_the_page
from resources.understanding import ADULT
from resources.vocabulary import Need, Rule

MOST_EMERGENCIES = 6
COUNTED = 1000

# Numbers of the strip above everything, by what was understood (contract.md §3), in the order shown.
STRIP: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("violence", ("17-police-secours", "114-urgence-par-sms")),
    ("medical", ("15-samu",)),
    ("suicide", ("3114-prevention-du-suicide",)),
    ("child", ("119-allo-enfance-en-danger",)),
    ("urgence", ("17-police-secours", "114-urgence-par-sms", "15-samu", "112-urgence-europeenne")),
)


@dataclass(frozen=True)
class Found:
    """One service of an answer; open and distance (km, one decimal) are None when unknown."""

    service: Service
    open: bool | None
    distance_km: float | None
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """What the directory answers. Above 1 000 services `total` says 1 000 and is not exact."""

    results: list[Found]
    total: int
    total_is_exact: bool
    emergency: list[Service]
    did_you_mean: str | None
    place: str | None
    understood: bool = True


def search(query: Query, *, now: datetime, weights: Weights = WEIGHTS) -> Answer:
    """Rank published services for a question, in at most three statements whatever the size of the directory.

    What the words say of age and gender excludes like a filter; `near`, `language` and unknown hours only
    sort. Nothing of the question is kept. Source: design.md §4, contract.md §3.
    """
    asked = question(query, now=now)
    ranked, total = rank(asked, weights=weights, count_to=COUNTED + 1)
    strip = emergency_slugs(asked)
    shown = published(ids=[row.id for row in ranked], slugs=strip, language=of_the_page())
    by_id = {service.id: service for service in shown}
    by_slug = {service.slug: service for service in shown}
    return Answer(
        results=[found(by_id[row.id], row, asked=asked) for row in ranked if row.id in by_id],
        total=min(total, COUNTED),
        total_is_exact=total <= COUNTED,
        emergency=[by_slug[slug] for slug in strip if slug in by_slug],
        did_you_mean=asked.suggestion,
        place=asked.place_name,
        understood=asked.understood,
    )


def emergency_slugs(asked: Question) -> list[str]:
    """Numbers shown above everything, at most six, most urgent first."""
    raised = set(asked.meant.dangers)
    ages = asked.query.ages
    if asked.meant.child_in_danger or (ages is not None and ages[0] < ADULT):
        raised.add("child")
    if Need.URGENCE in asked.query.needs:
        raised.add("urgence")
    slugs = [slug for name, numbers in STRIP if name in raised for slug in numbers]
    return list(dict.fromkeys(slugs))[:MOST_EMERGENCIES]


def found(service: Service, row: Ranked, *, asked: Question) -> Found:
    """A service with why it is shown."""
    open_then = is_said_open(service.opening_hours, at=asked.at)
    return Found(service, open_then, row.distance_km, tuple(reasons(service, row, asked=asked, open_then=open_then)))


def reasons(service: Service, row: Ranked, *, asked: Question, open_then: bool | None) -> list[str]:
    """Codes of why a service answers (contract.md §4.9); pages turn them into words."""
    query, labels = asked.query, asked.labels
    needs = [need for need in service.needs if need in query.needs or labels.get(need, 0.0) >= SAID]
    codes = [f"covers_need:{need}" for need in needs]
    if row.words > 0:
        codes.append("says_it")
    codes += [f"serves:{departement}" for departement in asked.departements if departement in service.departements]
    if asked.ages is not None and service.age_rule != Rule.EVERYONE:
        codes.append("takes_age")
    if query.language in service.languages:
        codes.append(f"speaks:{query.language}")
    if open_then:
        codes.append("open_now")
    return codes
