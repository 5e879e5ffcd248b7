"""How true and complete the directory is: shares checked, ages of checks, missing facts, who finds nothing where.

Only published services count, and a confidential shelter counts where its département is public, never finer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from django.utils.translation import gettext as _
from django.utils.translation import override

from resources.models import AccessChannel, Service
from resources.vocabulary import DEPARTEMENTS, LANGUAGES, Gender, Kind, Need, Rule

BRIGHTEST = 3
MINOR_FROM, MINOR_TO = 12, 17
# Younger than so many days, a check is fresh, getting old, old; what is older has ended.
AGES = (30, 90, 180)
AUTOMATIC_CHECKS = frozenset({Service.Check.OFFICIAL_PAGE, Service.Check.SECONDARY_SOURCE})


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    label: str
    count: int
    total: int

    @property
    def percent(self) -> int:
        """Whole per cent, 0 when there is nothing."""
        return round(100 * self.count / self.total) if self.total else 0


@dataclass(frozen=True)
class Cell:
    """How many services answer a need in a département."""

    departement: str
    count: int

    @property
    def light(self) -> int:
        """How much light falls there on the map: none, one, two, three or more."""
        return min(self.count, BRIGHTEST)


@dataclass(frozen=True)
class Coverage:
    """A line of the table of gaps: what is looked for, and how many services there are in each département."""

    label: str
    cells: tuple[Cell, ...]

    @property
    def gaps(self) -> list[str]:
        """Départements where nothing is known."""
        return [cell.departement for cell in self.cells if not cell.count]


@dataclass(frozen=True)
class Quality:
    """Everything that the page shows."""

    total: int
    checked: Share
    by_kind: list[Share]
    by_departement: list[Share]
    ages: list[Share]
    called: Share
    missing: list[Share]
    coverage: list[Coverage]


@lru_cache(maxsize=32)
def at_hour(language: str, hour: datetime) -> Quality:
    """What the public page says in a language: counted once an hour in each process, however often it is asked."""
    with override(language):
        return measure(on=hour.date())


def measure(*, on: date) -> Quality:
    """Read all published services once, in two queries, and count."""
    found = list(Service.objects.published().prefetch_related("channels"))
    valid = [one for one in found if not one.check_expired(on=on)]
    return Quality(
        total=len(found),
        checked=Share("", len(valid), len(found)),
        by_kind=[
            share(str(kind.label), valid, found, lambda one, kind=kind: one.kind == kind)  # type: ignore[misc]
            for kind in Kind
            if any(one.kind == kind for one in found)
        ],
        by_departement=[
            share(f"{name} ({code})", valid, found, lambda one, code=code: serves(one, code))  # type: ignore[misc]
            for code, name in DEPARTEMENTS.items()
        ],
        ages=ages(found, on=on),
        called=Share(
            _("Appelées, visitées ou confirmées par l’organisme"),
            sum(one.verified_by_check not in AUTOMATIC_CHECKS for one in found),
            len(found),
        ),
        missing=[Share(label, sum(map(lacks, found)), len(found)) for label, lacks in missing_facts()],
        coverage=[
            Coverage(
                label,
                tuple(Cell(code, sum(is_wanted(one) and serves(one, code) for one in found)) for code in DEPARTEMENTS),
            )
            for label, is_wanted in wanted()
        ],
    )


def share(label: str, valid: list[Service], found: list[Service], concerns: Callable[[Service], bool]) -> Share:
    """Of those concerned, how many have a check that holds."""
    return Share(label, sum(map(concerns, valid)), sum(map(concerns, found)))


def ages(found: list[Service], *, on: date) -> list[Share]:
    """Checks by age."""
    days = [(on - one.verified_on).days for one in found if one.verified_on]
    edges = [0, *AGES, 10**6]
    labels = [
        _("moins d’un mois"),
        _("un à trois mois"),
        _("trois à six mois"),
        _("plus de six mois"),
    ]
    return [
        Share(label, sum(low <= age < high for age in days), len(found))
        for label, low, high in zip(labels, edges, edges[1:], strict=False)
    ]


def missing_facts() -> list[tuple[str, Callable[[Service], bool]]]:
    """Facts that people look for and that are not known."""
    return [
        (_("aucun numéro"), lambda one: not has(one, AccessChannel.Kind.PHONE)),
        (
            _("aucun contact public"),
            lambda one: not any(channel.visibility == "public" for channel in one.channels.all()),
        ),
        (_("horaires inconnus"), lambda one: not one.opening_hours),
        (_("langues inconnues"), lambda one: not one.languages),
        (_("gratuité inconnue"), lambda one: one.free is None),
        (_("anonymat inconnu"), lambda one: one.anonymous is None),
        (_("ce qui se passe ensuite"), lambda one: not one.what_happens),
    ]


def wanted() -> list[tuple[str, Callable[[Service], bool]]]:
    """What the region’s deciders ask about."""
    return [
        (_("Hébergement"), sheltering),
        (_("Hébergement pour filles mineures"), lambda one: sheltering(one) and takes(one, Gender.FEMALE, minors=True)),
        (_("Hébergement pour garçons mineurs"), lambda one: sheltering(one) and takes(one, Gender.MALE, minors=True)),
        (_("Hébergement pour personnes trans"), lambda one: sheltering(one) and takes(one, Gender.TRANS)),
        (_("Avocat pour enfants"), lambda one: one.kind == Kind.LEGAL and takes_minors(one)),
        (_("Accès au droit"), lambda one: Need.JURIDIQUE in one.needs),
        (_("Soins"), lambda one: Need.SANTE in one.needs),
        (_("Sortie : travail, logement"), lambda one: Need.SORTIE in one.needs),
        (_("Soutien aux proches"), lambda one: Need.FAMILLE in one.needs),
        (_("Une autre langue que le français"), lambda one: bool(set(one.languages) & set(LANGUAGES) - {"fr"})),
        (_("Ouvert jour et nuit"), lambda one: one.opening_hours == "24/7"),
    ]


def sheltering(one: Service) -> bool:
    """Whether it gives somewhere to sleep: the roof itself, not advice about one."""
    return one.kind == Kind.SHELTER


def takes(one: Service, gender: str, *, minors: bool = False) -> bool:
    """Whether it takes a gender, and minors if asked."""
    fits = one.gender_rule != Rule.ONLY or gender in one.genders
    return fits and (not minors or takes_minors(one))


def takes_minors(one: Service) -> bool:
    """Whether it takes somebody from 12 to 17; ages that are not known are no limit."""
    if one.age_rule != Rule.ONLY:
        return True
    return (one.min_age or 0) <= MINOR_TO and (one.max_age is None or one.max_age >= MINOR_FROM)


def serves(one: Service, departement: str) -> bool:
    """Whether it works there and says so: what covers the whole region is no local answer."""
    return departement in one.departements and not one.is_regional


def has(one: Service, kind: str) -> bool:
    """Whether it has a public way in of a kind."""
    return any(channel.kind == kind and channel.visibility == "public" for channel in one.channels.all())
