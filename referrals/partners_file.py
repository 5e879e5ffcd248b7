"""The file of partners: read whole, checked row by row, then written in one transaction, all of it or none."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import opening_hours
from django.db import connection, transaction

from referrals import crypto
from referrals.models import Partner, Referrer, Urgency
from referrals.routing import LANGUAGE_CODES
from resources.geography import gazetteer
from resources.models import Organisation
from resources.vocabulary import DEPARTEMENTS, Gender, Need

# What the database takes, said here so that a refusal names the row.
LONGEST_SLUG, LONGEST_NAME, LONGEST_HOURS, LONGEST_STANCE = 80, 200, 300, 2000
OLDEST, LARGEST_CAPACITY = 120, 1_000_000
SLUG = re.compile(r"[-a-zA-Z0-9_]+")


@dataclass(frozen=True)
class Problem:
    """Why the file is refused: position of the partner (1 is the first, 0 the file itself), slug, field, reason."""

    row: int
    slug: str
    field: str
    reason: str

    def __str__(self) -> str:
        where = f"partenaire {self.row}" + (f" ({self.slug})" if self.slug else "") if self.row else "fichier"
        return f"{where}, champ {self.field} : {self.reason}"


class PartnersFileError(ValueError):
    """The file cannot be loaded; `problems` say where and why, nothing was written."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(f"{len(problems)} problème(s)")
        self.problems = problems


@dataclass(frozen=True)
class Row:
    """One partner of the file, checked: values by the names of the model's fields."""

    number: int
    slug: str
    values: Mapping[str, Any]

    @property
    def is_duty_desk(self) -> bool | None:
        """Whether this is the desk that everything reaches in the end; None when the file does not say."""
        return self.values.get("is_duty_desk")


@dataclass(frozen=True)
class Loaded:
    """How many partners were new, were changed, and stood already as the file says."""

    added: int
    changed: int
    untouched: int


# --- values --------------------------------------------------------------------------------------------------------


class Refusal(ValueError):
    """A value that cannot be read; its text is the reason."""


def text(value: object, *, longest: int) -> str:
    """Text that the database can hold. Raises Refusal."""
    if not isinstance(value, str):
        raise Refusal("un texte est attendu")
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise Refusal("caractère interdit")
    if len(value) > longest:
        raise Refusal(f"trop long ({longest} caractères au plus)")
    return value


def slug(value: object) -> str:
    """Identifier that pages and programs name a partner by. Raises Refusal."""
    given = text(value, longest=LONGEST_SLUG)
    if not SLUG.fullmatch(given):
        raise Refusal("lettres sans accent, chiffres et tirets attendus")
    if given == crypto.SENDER:
        raise Refusal("nom réservé à la personne qui écrit")
    return given


def name(value: object) -> str:
    """What people call the partner. Raises Refusal."""
    given = text(value, longest=LONGEST_NAME).strip()
    if not given:
        raise Refusal("vide")
    return given


def stance(value: object) -> str:
    """Who they are, in their own words. Raises Refusal."""
    return text(value, longest=LONGEST_STANCE).strip()


def organisation(value: object) -> UUID | None:
    """The entry of the directory that is the same association, by its name; null for none. Raises Refusal."""
    if value is None:
        return None
    found = Organisation.objects.filter(name__iexact=text(value, longest=LONGEST_NAME).strip()).first()
    if found is None:
        raise Refusal("aucun organisme de l’annuaire n’a ce nom")
    return found.pk


def hours(value: object) -> str:
    """Opening hours in OpenStreetMap's syntax; empty is unknown. Raises Refusal."""
    given = text(value, longest=LONGEST_HOURS).strip()
    if given and not opening_hours.validate(given):
        raise Refusal("horaires illisibles (syntaxe opening_hours d’OpenStreetMap)")
    return given


def commune(value: object) -> str:
    """INSEE code of the office. Raises Refusal: a code that is not a commune of the region could not be avoided."""
    given = text(value, longest=LONGEST_NAME)
    if given not in gazetteer().by_insee:
        raise Refusal("code INSEE d’une commune d’Île-de-France attendu")
    return given


def some_of(known: Iterable[str]) -> Callable[[object], list[str]]:
    """Reader of a list of known codes; a code given twice counts once."""
    codes = frozenset(known)

    def parse(value: object) -> list[str]:
        if not isinstance(value, list):
            raise Refusal("une liste est attendue")
        if not all(isinstance(code, str) and code in codes for code in value):
            raise Refusal("valeur inconnue dans la liste")
        return list(dict.fromkeys(value))

    return parse


def whole(largest: int) -> Callable[[object], int]:
    """Reader of a whole number from 0 up."""

    def parse(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= largest:
            raise Refusal(f"un nombre entier de 0 à {largest} est attendu")
        return value

    return parse


def age(value: object) -> int | None:
    """Whole years, or null for no limit. Raises Refusal."""
    return None if value is None else whole(OLDEST)(value)


def yes_or_no(value: object) -> bool:
    """A truth value. Raises Refusal."""
    if not isinstance(value, bool):
        raise Refusal("true ou false attendu")
    return value


# Members of the file, and the fields of the model that they fill.
MEMBERS: dict[str, tuple[str, Callable[[object], object]]] = {
    "slug": ("slug", slug),
    "name": ("name", name),
    "needs": ("needs", some_of(Need.values)),
    "departements": ("departements", some_of(DEPARTEMENTS)),
    "min_age": ("min_age", age),
    "max_age": ("max_age", age),
    "genders": ("genders", some_of(Gender.values)),
    "languages": ("languages", some_of(LANGUAGE_CODES)),
    "referrers": ("referrers", some_of(Referrer.values)),
    "urgencies": ("urgencies", some_of(Urgency.values)),
    "commune": ("commune", commune),
    "capacity": ("capacity", whole(LARGEST_CAPACITY)),
    "open_referrals": ("declared_open", whole(LARGEST_CAPACITY)),
    "active": ("active", yes_or_no),
    "opening_hours": ("opening_hours", hours),
    "last_resort": ("last_resort", yes_or_no),
    "stance": ("stance", stance),
    "is_duty_desk": ("is_duty_desk", yes_or_no),
    "organisation": ("organisation_id", organisation),
}
# Without these, what is stored stays.
OPTIONAL = frozenset({"stance", "is_duty_desk", "organisation"})


# --- read and check ------------------------------------------------------------------------------------------------


def read(path: Path) -> list[Row]:
    """Every partner of the file, in its order (contract.md §4).

    Raises PartnersFileError with all the problems of the file (never half of it), OSError when unreadable.
    """
    rows: list[Row] = []
    problems: list[Problem] = []
    for number, members in enumerate(partners_in(path), start=1):
        row, wrong = read_row(number, members)
        rows.append(row)
        problems += wrong
    problems += twice_the_same(rows)
    if problems:
        raise PartnersFileError(sorted(problems, key=lambda problem: problem.row))
    return rows


def partners_in(path: Path) -> list[object]:
    """What `{"partners": […]}` lists, unchecked. Raises PartnersFileError, OSError."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise PartnersFileError([Problem(0, "", "-", "JSON en UTF-8 attendu")]) from error
    partners = content.get("partners") if isinstance(content, dict) else None
    if not isinstance(partners, list):
        raise PartnersFileError([Problem(0, "", "partners", "une liste est attendue")])
    return partners


def read_row(number: int, members: object) -> tuple[Row, list[Problem]]:
    """One partner, and all that is wrong with it; members that the contract does not name are ignored."""
    if not isinstance(members, dict):
        return Row(number, "", {}), [Problem(number, "", "-", "un objet est attendu")]
    values: dict[str, Any] = {}
    reasons: dict[str, str] = {}
    for member, (column, parse) in MEMBERS.items():
        if member not in members:
            reasons |= {} if member in OPTIONAL else {member: "absent"}
            continue
        try:
            values[column] = parse(members[member])
        except Refusal as refusal:
            reasons[member] = str(refusal)
    youngest, oldest = values.get("min_age"), values.get("max_age")
    if youngest is not None and oldest is not None and youngest > oldest:
        reasons["max_age"] = "plus petit que min_age"
    row = Row(number, values.get("slug", ""), values)
    return row, [Problem(number, row.slug, member, reason) for member, reason in reasons.items()]


def twice_the_same(rows: list[Row]) -> Iterator[Problem]:
    """Slugs that stood before, and duty desks after the first."""
    first: dict[str, int] = {}
    for row in rows:
        if row.slug and first.setdefault(row.slug, row.number) != row.number:
            yield Problem(row.number, row.slug, "slug", f"déjà au partenaire {first[row.slug]}")
    desks = [row for row in rows if row.is_duty_desk]
    for row in desks[1:]:
        yield Problem(row.number, row.slug, "is_duty_desk", f"déjà au partenaire {desks[0].number}")


# --- write ---------------------------------------------------------------------------------------------------------


def load(rows: list[Row]) -> Loaded:
    """Store the partners of a file; those that it does not name stay, and so does what each has open here.

    All or none. Raises PartnersFileError when another partner is the duty desk already.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE referrals_partner IN SHARE ROW EXCLUSIVE MODE")  # two loads at once wait
        refuse_second_desk(rows)
        known = {partner.slug: partner for partner in Partner.objects.filter(slug__in=[row.slug for row in rows])}
        # The desk last: the one before it has stepped down by then.
        changes = [store(row, known.get(row.slug)) for row in sorted(rows, key=lambda row: bool(row.is_duty_desk))]
    return Loaded(changes.count("added"), changes.count("changed"), changes.count("untouched"))


def refuse_second_desk(rows: list[Row]) -> None:
    """Raises PartnersFileError when the file names a duty desk while another one stays."""
    stepping_down = [row.slug for row in rows if row.is_duty_desk is False]
    for row in rows:
        if row.is_duty_desk and Partner.objects.duty_desk().exclude(slug__in=[row.slug, *stepping_down]).exists():
            raise PartnersFileError([Problem(row.number, row.slug, "is_duty_desk", "il y a déjà une permanence")])


def store(row: Row, partner: Partner | None) -> str:
    """Write one partner; says `added`, `changed` or `untouched`."""
    if partner is None:
        Partner.objects.create(**row.values)
        return "added"
    changed = [column for column, value in row.values.items() if getattr(partner, column) != value]
    for column in changed:
        setattr(partner, column, row.values[column])
    if changed:
        partner.save(update_fields=changed)
    return "changed" if changed else "untouched"
