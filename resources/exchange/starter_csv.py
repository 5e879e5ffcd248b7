"""The starter file of the directory: rows are read, checked one by one, and refused with line, column and reason."""

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import opening_hours
import phonenumbers

from resources.vocabulary import DEPARTEMENTS, LANGUAGES, Gender, Kind, Need, Rule

T = TypeVar("T")
COLUMNS = (
    "slug", "name", "organisation", "category", "kind", "departements", "phone", "sms", "website", "chat",
    "opening_hours", "languages", "min_age", "max_age", "genders", "free", "anonymous", "address_confidential",
    "short_description_fr", "note", "source", "confidence",
)  # fmt: skip
OPTIONAL_COLUMNS = ("address", "commune", "latitude", "longitude")
CONFIDENCES = ("verified", "verified_secondary", "seen_old", "memory")

# contract.md §4: needs and finer topics of each category of the starter file.
NEEDS_OF_CATEGORY: dict[str, tuple[str, ...]] = {
    **{need.value: (need.value,) for need in Need},
    "parcours_sortie": ("sortie",),
    "prostitution_mineurs": ("prostitution",),
    "enfance_danger": ("signalement", "ecoute"),
    "plainte": ("signalement",),
    "preuve": ("signalement", "sante"),
    "mariage_force": ("violences",),
    "accueil_jour": ("hebergement",),
    "mna": ("traite",),
    "rue": ("ecoute",),
    "lgbt": ("ecoute",),
    "prevention": ("ecoute",),
    "accompagnement": ("ecoute",),
    "pro": (),
    "annuaire": (),
    "documentation": (),
}
PROFESSIONAL_CATEGORIES = frozenset({"pro", "annuaire", "documentation"})
GENDERS_OF: dict[str, tuple[str, ...]] = {
    "women": (Gender.FEMALE,),
    "men": (Gender.MALE,),
    "trans": (Gender.TRANS,),
    **{gender.value: (gender.value,) for gender in Gender},
}
ON_REFERRAL = re.compile(
    r"sur orientation|orientation ASE|sur réquisition|entre pros|via SIAO|saisi par un travailleur"
    r"|signalements des professionnels",
    re.IGNORECASE,
)
MAIL = re.compile(r"\s*Courriel : (?P<mail>[^\s@]+@[^\s@]+\.\w+)\s*(?:\([^)]*\))?\.?")
MAIL_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
# What stands after each remark of a note: «[2025, verified_secondary]», the year of what was read and how it was read.
MARK = re.compile(r"\s*\[(?:(?P<year>[^\],]*), )?(?P<read>verified|verified_secondary|seen_old)\]")
WHAT_WAS_READ = {"verified": "page officielle", "verified_secondary": "source indirecte", "seen_old": "page ancienne"}
# What stands in `source` before an address, of a fact that has another source than the rest; «memory» is no page.
WORD_OF_SOURCE = {
    "memory": "de mémoire",
    "website": "site",
    "opening_hours": "horaires",
    "chat": "tchat",
    "languages": "langues",
    "phone": "téléphone",
}
SOURCE_OF = re.compile(rf"(^|; )({'|'.join(WORD_OF_SOURCE)})\b(:?)")
# What the database takes, said here so that a refusal names the line.
LONGEST_NAME, LONGEST_ADDRESS, LONGEST_HOURS, LONGEST_SITE = 200, 200, 300, 300
LATITUDES, LONGITUDES = (48.0, 49.3), (1.4, 3.6)
SITE = re.compile(r"https?://\S+")
SAID_FREE = re.compile(r"gratuit|hors facture|sans payer", re.IGNORECASE)


@dataclass(frozen=True)
class Problem:
    """Why a cell is refused: line in the file (1 is the header), column, reason in French."""

    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        return f"ligne {self.line}, colonne {self.column} : {self.reason}"


class DirectoryFileError(ValueError):
    """The file cannot be loaded; `problems` says where and why, nothing was written."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(f"{len(problems)} problème(s)")
        self.problems = problems


@dataclass(frozen=True)
class Row:
    """One service of the file, checked and in the words of the model."""

    line: int
    slug: str
    name: str
    organisation: str
    kind: str
    needs: list[str]
    topics: list[str]
    for_professionals: bool
    on_referral_only: bool
    departements: list[str]
    channels: list[tuple[str, str]]
    opening_hours: str
    languages: list[str]
    min_age: int | None
    max_age: int | None
    genders: list[str]
    free: bool | None
    anonymous: bool | None
    confidential: bool
    address: str
    commune: str
    latitude: float | None
    longitude: float | None
    description: str
    note: str
    source: str
    confidence: str

    @property
    def age_rule(self) -> Rule:
        """Ages given by the file are limits."""
        return Rule.EVERYONE if self.min_age is None and self.max_age is None else Rule.ONLY

    @property
    def gender_rule(self) -> Rule:
        """Genders given by the file are limits."""
        return Rule.ONLY if self.genders else Rule.EVERYONE


class Refusal(ValueError):
    """A cell that cannot be read; its text is the reason."""


@dataclass
class Cells:
    """The cells of one line; reading one that is wrong notes the problem and gives a harmless value."""

    line: int
    values: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)

    def read(self, column: str, parse: Callable[[str], T], otherwise: T) -> T:
        """Parsed cell, or `otherwise` and a problem."""
        text = self.values.get(column, "")
        try:
            return parse(storable(text))
        except Refusal as refusal:
            self.problems.append(Problem(self.line, column, str(refusal)))
            return otherwise


def storable(text: str) -> str:
    """A cell as it is. Raises Refusal when the database cannot hold it."""
    if "\0" in text:
        raise Refusal("caractère nul interdit")
    return text


def number(text: str) -> str:
    """French telephone number as digits («01 23…» → «0123…»), short codes as they are.

    Raises Refusal when neither an ordinary nor a short French number (phonenumbers, region FR).
    """
    digits = re.sub(r"[\s.\-]", "", text)
    if not digits:
        return ""
    if not re.fullmatch(r"\+[0-9]{6,15}|[0-9]{2,10}", digits):
        raise Refusal("ce n’est pas un numéro de téléphone")
    try:
        parsed = phonenumbers.parse(digits, "FR")
    except phonenumbers.NumberParseException as error:
        raise Refusal("ce n’est pas un numéro de téléphone") from error
    if not (phonenumbers.is_valid_number(parsed) or phonenumbers.is_valid_short_number_for_region(parsed, "FR")):
        raise Refusal("numéro inconnu en France")
    return digits


def hours(text: str) -> str:
    """Opening hours in OpenStreetMap's syntax; empty is unknown. Raises Refusal when they do not parse."""
    text = text.strip()
    if text and not opening_hours.validate(text):
        raise Refusal("horaires illisibles (syntaxe opening_hours d’OpenStreetMap)")
    return text


def address_of_site(text: str) -> str:
    """Web address with its scheme. Raises Refusal otherwise."""
    text = text.strip()
    try:
        complete = SITE.fullmatch(text) is not None and "." in urlsplit(text).netloc
    except ValueError:
        complete = False
    if text and not complete:
        raise Refusal("adresse de site incomplète (https://…)")
    return text


def at_most(letters: int, parse: Callable[[str], str]) -> Callable[[str], str]:
    """Parser of a cell that the database holds up to a length."""

    def parse_short(text: str) -> str:
        parsed = parse(text)
        if len(parsed) > letters:
            raise Refusal(f"trop long ({letters} caractères au plus)")
        return parsed

    return parse_short


def one_of(known: frozenset[str] | set[str]) -> Callable[[str], str]:
    """Parser of a cell that holds one known code."""

    def parse(text: str) -> str:
        if text.strip() not in known:
            raise Refusal(f"valeur inconnue (attendu : {', '.join(sorted(known))})")
        return text.strip()

    return parse


def many_of(known: frozenset[str] | set[str]) -> Callable[[str], list[str]]:
    """Parser of a cell that holds known codes separated by |."""
    single = one_of(known)
    return lambda text: list(dict.fromkeys(single(part) for part in text.split("|") if part.strip()))


def age(text: str) -> int | None:
    """Whole years or nothing."""
    if not text.strip():
        return None
    if not re.fullmatch(r"\d{1,3}", text.strip()) or int(text) > 120:
        raise Refusal("un âge en années est attendu")
    return int(text)


def degrees(between: tuple[float, float]) -> Callable[[str], float | None]:
    """Parser of a cell that holds decimal degrees of the region, or nothing."""

    def parse(text: str) -> float | None:
        if not text.strip():
            return None
        try:
            number = float(text)
        except ValueError as error:
            raise Refusal("des degrés décimaux sont attendus") from error
        if not between[0] <= number <= between[1]:
            raise Refusal("hors d’Île-de-France")
        return number

    return parse


def required(text: str) -> str:
    """Text that may not be empty."""
    if not text.strip():
        raise Refusal("vide")
    return text.strip()


def remarks(text: str) -> str:
    """A note for moderators: one remark a paragraph, said once, with what was read in words."""
    parts = [MARK.sub(source_in_words, part).strip() for part in text.split(" | ")]
    return "\n\n".join(dict.fromkeys(parts))


def source_in_words(mark: re.Match[str]) -> str:
    """«[2025, seen_old]» → « (page ancienne, 2025)»."""
    year = "" if mark["year"] in {None, "nd", "sans date"} else f", {mark['year']}"
    return f" ({WHAT_WAS_READ[mark['read']]}{year or ', sans date'})"


def sources(text: str) -> str:
    """Where facts were read, for moderators: what the file says in codes, in words."""
    return SOURCE_OF.sub(lambda found: found[1] + WORD_OF_SOURCE[found[2]] + (" :" if found[3] else ""), text.strip())


def a_slug(text: str) -> str:
    """Identifier of lower-case letters, digits and hyphens, 120 at most."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", text) or len(text) > 120:
        raise Refusal("lettres minuscules, chiffres et tirets attendus, 120 au plus")
    return text


def genders_of(text: str) -> list[str]:
    """Genders a service is limited to; «all» is no limit."""
    named = many_of({"all", *GENDERS_OF})(text)
    return [] if "all" in named else list(dict.fromkeys(g for name in named for g in GENDERS_OF[name]))


def read(path: Path) -> list[Row]:
    """Every service of the file, in its order.

    Raises DirectoryFileError with all the problems of the file (never half of it), OSError when unreadable.
    """
    problems: list[Problem] = []
    rows: list[Row] = []
    lines_of_slug: dict[str, int] = {}
    for cells in lines(path):
        row = read_row(cells)
        first = lines_of_slug.setdefault(row.slug, cells.line)
        if row.slug and first != cells.line:
            cells.problems.append(Problem(cells.line, "slug", f"déjà à la ligne {first}"))
        problems += cells.problems
        rows.append(row)
    if problems:
        raise DirectoryFileError(problems)
    return rows


def lines(path: Path) -> Iterator[Cells]:
    """Lines of the file after its header, which must name the known columns."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        reason = "lettres illisibles : il faut un fichier CSV enregistré en UTF-8"
        raise DirectoryFileError([Problem(line, "-", reason)]) from error
    if not text.strip():
        raise DirectoryFileError([Problem(1, "-", "fichier vide")])
    reader = csv.DictReader(StringIO(text, newline=""), strict=True)
    try:
        header = reader.fieldnames or []
        wrong = [Problem(1, name, "colonne absente") for name in COLUMNS if name not in header]
        wrong += [
            Problem(1, name or "(sans nom)", "colonne inconnue")
            for name in header
            if name not in COLUMNS + OPTIONAL_COLUMNS
        ]
        if wrong:
            raise DirectoryFileError(wrong)
        for values in reader:
            line = reader.line_num
            if None in values or None in values.values():
                raise DirectoryFileError([Problem(line, "-", "nombre de cellules différent de l’en-tête")])
            yield Cells(line, values)
    except csv.Error as error:
        raise DirectoryFileError([Problem(reader.line_num or 1, "-", f"CSV mal formé ({error})")]) from error


def misplaced(cells: Cells) -> Iterator[Problem]:
    """Cells of a public place that say too little to be kept."""
    given = {column for column in OPTIONAL_COLUMNS if cells.values.get(column, "").strip()}
    if given and "commune" not in given:
        yield Problem(cells.line, "commune", "vide : une adresse ou un point est dans une commune")
    for one, other in (("latitude", "longitude"), ("longitude", "latitude")):
        if one in given and other not in given:
            yield Problem(cells.line, other, f"vide, mais {one} est donnée")


def read_row(cells: Cells) -> Row:
    """One line as a Row; what is wrong with it is noted in `cells.problems`."""
    categories: list[str] = cells.read("category", many_of(set(NEEDS_OF_CATEGORY)), [])
    needs = list(dict.fromkeys(need for category in categories for need in NEEDS_OF_CATEGORY[category]))
    description = cells.read("short_description_fr", str.strip, "")
    mail = MAIL.search(description)
    channels = [
        ("phone", cells.read("phone", number, "")),
        ("sms", cells.read("sms", number, "")),
        ("chat", cells.read("chat", at_most(LONGEST_SITE, address_of_site), "")),
        ("email", mail["mail"] if mail else ""),
        ("web", cells.read("website", at_most(LONGEST_SITE, address_of_site), "")),
    ]
    confidential = cells.read("address_confidential", one_of({"yes", "no"}), "no") == "yes"
    if confidential:
        cells.problems += [
            Problem(cells.line, column, "interdit : le lieu est confidentiel")
            for column in ("address", "latitude", "longitude")
            if cells.values.get(column, "").strip()
        ]
    else:
        cells.problems += misplaced(cells)
    languages: list[str] = cells.read("languages", many_of(set(LANGUAGES)), [])
    min_age, max_age = cells.read("min_age", age, None), cells.read("max_age", age, None)
    if min_age is not None and max_age is not None and min_age > max_age:
        cells.problems.append(Problem(cells.line, "max_age", "plus petit que min_age"))
    charged = cells.read("free", one_of({"yes", "no", "unknown"}), "unknown") == "no"
    anonymous = cells.read("anonymous", one_of({"yes", "no", "unknown"}), "unknown")
    return Row(
        line=cells.line,
        slug=cells.read("slug", a_slug, ""),
        name=cells.read("name", at_most(LONGEST_NAME, required), ""),
        organisation=cells.read("organisation", at_most(LONGEST_NAME, required), ""),
        kind=cells.read("kind", one_of(set(Kind.values)), ""),
        needs=needs,
        topics=[category for category in categories if category not in Need.values],
        for_professionals=bool(PROFESSIONAL_CATEGORIES & set(categories)),
        on_referral_only=ON_REFERRAL.search(description) is not None,
        departements=cells.read("departements", many_of(set(DEPARTEMENTS)), []),
        channels=[(kind, value) for kind, value in channels if value],
        opening_hours=cells.read("opening_hours", at_most(LONGEST_HOURS, hours), ""),
        # «fr» alone is the file's default, not a fact seen (data/README.md): unknown stays unknown.
        languages=[] if languages == ["fr"] else languages,
        min_age=min_age,
        max_age=max_age,
        genders=cells.read("genders", genders_of, []),
        # «yes» is the file's default too: only what the description says counts.
        free=False if charged else True if SAID_FREE.search(description) else None,
        anonymous={"yes": True, "no": False}.get(anonymous),
        confidential=confidential,
        address=cells.read("address", at_most(LONGEST_ADDRESS, str.strip), ""),
        commune=cells.read("commune", str.strip, ""),
        latitude=cells.read("latitude", degrees(LATITUDES), None),
        longitude=cells.read("longitude", degrees(LONGITUDES), None),
        description=MAIL.sub("", description).strip(),
        note=cells.read("note", remarks, ""),
        source=cells.read("source", sources, ""),
        confidence=cells.read("confidence", one_of(set(CONFIDENCES)), "memory"),
    )
