"""Services for somebody of whom a few facts are known and no words: a short list that never excludes her."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import BooleanField, ExpressionWrapper, Q

from resources.models import Service, ServiceQuerySet
from resources.opening import PARIS, is_said_open
from resources.vocabulary import Gender, Rule

MOST = 6
# Best by standing among those that fit; no more are read, so that the cost does not grow with the directory.
CANDIDATES = 60
READ = ("slug", "needs", "languages", "departements", "opening_hours", "saturation", "standing", "verified_until")
FRENCH = "fr"
FEW_DEPARTEMENTS = 4
NEARBY = 6  # what working near her is worth, in points of standing (indexing.standing)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Person:
    """What is known of her: needs, département, gender and language as codes, ages in years with both ends.

    `takes_all_ages` asks for services that take every one of these ages, not just some. No gender asks for services
    that take all.
    """

    needs: tuple[str, ...]
    departement: str | None
    ages: tuple[int, int]
    takes_all_ages: bool
    gender: str | None
    language: str
    is_minor: bool
    is_professional: bool
    needs_it_now: bool


def fitting(person: Person, *, at: datetime, already_shown: Iterable[str] = ()) -> list[str]:
    """Slugs of six published services at most, best first, in three statements at most (contract.md §4.8).

    None excludes her age or gender. The reporting cell (CRIP) of a minor's département comes first; then services for
    what she needs where she is, those of `already_shown` last. Only when there is none: those there whose check has
    expired, then those there for something else, then any. Empty only when nothing published takes her.
    """
    on = at.astimezone(PARIS).date()
    taking_her = taking(person)
    cells = reporting_cells(taking_her, person)
    others = available(taking_her, person, on=on)
    found = list(
        others.filter(useful(person), reachable(person), verified_until__gte=on)
        .order_by("-standing", "id")
        .only(*READ)[:CANDIDATES]
    )
    shown = frozenset(already_shown)
    found.sort(key=lambda service: place(service, person, at=at, already_shown=shown))
    slugs = [service.slug for service in found] or next_best(others, person, on=on)
    return list(dict.fromkeys([*cells, *slugs]))[:MOST]


def taking(person: Person) -> ServiceQuerySet:
    """Published services that do not exclude her age or gender; a preference does not exclude."""
    youngest, oldest = person.ages
    old_enough, young_enough = (youngest, oldest) if person.takes_all_ages else (oldest, youngest)
    takes_age = ~Q(age_rule=Rule.ONLY) | (
        (Q(min_age__isnull=True) | Q(min_age__lte=old_enough))
        & (Q(max_age__isnull=True) | Q(max_age__gte=young_enough))
    )
    genders = Gender.values if person.gender is None else [person.gender]
    takes_gender = ~Q(gender_rule=Rule.ONLY) | Q(genders__contains=genders)
    return Service.objects.published().filter(takes_age, takes_gender)


def reporting_cells(services: ServiceQuerySet, person: Person) -> list[str]:
    """The CRIP of a minor's département, if it is among the services."""
    if not person.is_minor or person.departement is None:
        return []
    slug = f"crip-{person.departement}"
    named = services.filter(Q(slug=slug) | Q(slug__startswith=f"{slug}-"))
    return list(named.order_by("slug").values_list("slug", flat=True)[:1])


def available(services: ServiceQuerySet, person: Person, *, on: date) -> ServiceQuerySet:
    """Those that are not closed for a while on that day, and that do not want a professional to ask for her."""
    running = services.exclude(Q(closed_from__lte=on) & (Q(closed_until__isnull=True) | Q(closed_until__gte=on)))
    return running if person.is_professional else running.filter(for_professionals=False, on_referral_only=False)


def useful(person: Person) -> Q:
    """Services for something she needs."""
    return Q(needs__overlap=list(person.needs))


def reachable(person: Person) -> Q:
    """Services that work in her département, or whose territory is not public."""
    return Q() if person.departement is None else Q(departements__contains=[person.departement]) | Q(departements=[])


def next_best(services: ServiceQuerySet, person: Person, *, on: date) -> list[str]:
    """When nothing fresh fits: the best that where she is, what she needs and what was checked still allow."""
    here = reachable(person) if person.departement else Q(pk__isnull=False)
    found = (
        services.annotate(
            here=ExpressionWrapper(here, output_field=BooleanField()),
            of_use=ExpressionWrapper(useful(person), output_field=BooleanField()),
            fresh=ExpressionWrapper(Q(verified_until__gte=on), output_field=BooleanField()),
        )
        .order_by("-here", "-of_use", "-fresh", "-standing", "slug")
        .values_list("slug", "here", "of_use")[:MOST]
    )
    ranked = list(found)
    return [slug for slug, *fits in ranked if fits == list(ranked[0][1:])]


def place(
    service: Service, person: Person, *, at: datetime, already_shown: frozenset[str]
) -> tuple[bool, bool, bool, int, int, int, str]:
    """Sort key of a service that fits, smallest first."""
    # A service that names no language speaks French at least.
    spoken = 0 if person.language in (service.languages or [FRENCH]) else 1 if not service.languages else 2
    is_near = 1 <= len(service.departements) <= FEW_DEPARTEMENTS
    return (
        service.slug in already_shown,
        person.needs_it_now and not is_said_open(service.opening_hours, at=at),
        service.saturation == Service.Saturation.FULL,
        -len(set(person.needs).intersection(service.needs)),
        spoken,
        -(service.standing + NEARBY * is_near),
        service.slug,
    )
