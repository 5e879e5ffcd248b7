"""What the file of another directory says of a service, read with care: typed, checked, and rid of hidden places."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar
from uuid import UUID

from resources.exchange.listing import international
from resources.exchange.starter_csv import (
    LATITUDES,
    LONGEST_ADDRESS,
    LONGEST_HOURS,
    LONGEST_NAME,
    LONGEST_SITE,
    LONGITUDES,
    Refusal,
    address_of_site,
    at_most,
    hours,
    number,
    storable,
)
from resources.models import AccessChannel
from resources.text import fold
from resources.vocabulary import DEPARTEMENTS, LANGUAGES, Gender, Kind, Rule

T = TypeVar("T")
LONGEST_TEXT = 2000
LONGEST_NOTE = 200
MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
FRENCH_PREFIX = "+33"
# Words of a place where people sleep: when a file does not speak our kinds, one of them is enough to hide the place.
SHELTERING = re.compile(
    r"\b(hebergements?|heberge\w*|foyers?|refuges?|abris?|mise a l abri|chrs|chu|mecs|huda|cada|cph|residences?"
    r"|appartements?|maisons? d accueil|accueil mere enfant|accueil d urgence|nuitees?|shelters?|housing|safe house)\b"
)
# A street number and a kind of street, as addresses are written in France.
STREET = re.compile(
    r"\b\d{1,4}\s*(bis|ter|quater)?\s+(rue|r|avenue|av|ave|boulevard|bd|bld|bvd|place|pl|allee|allees|impasse|imp"
    r"|chemin|che|quai|square|sq|cours|passage|cite|villa|route|rte|sentier|faubourg|fg|esplanade|promenade|ruelle)\b"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row is refused: line in the file (the first is 1), field, reason in French. It never repeats a value."""

    line: int
    field: str
    reason: str

    def __str__(self) -> str:
        return f"ligne {self.line}, {self.field} : {self.reason}"


class FileRefused(ValueError):
    """The file cannot be read (any further); `fault` says where and why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """The organisation that a row names; None is what the file does not say."""

    name: str
    id: UUID | None = None
    description: str | None = None
    website: str | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """A public way in."""

    kind: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A public place: its commune by INSEE code, else by postcode and name; degrees as (latitude, longitude)."""

    insee: str = ""
    commune: str = ""
    postcode: str = ""
    street: str = ""
    point: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Audience:
    """Ages and genders, and how strictly they are meant."""

    min_age: int | None = None
    max_age: int | None = None
    age_rule: Rule = Rule.EVERYONE
    genders: tuple[Gender, ...] = ()
    gender_rule: Rule = Rule.EVERYONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One service of a file, in the words of the model; None is what the file does not say.

    `classified` tells whether kind and needs come in our own words or were drawn from those of others. A
    confidential service has no site, and no text that holds a street.
    """

    line: int
    id: UUID
    name: str
    provider: Provider
    kind: Kind
    classified: bool = True
    confidential: bool = False
    slug: str = ""
    description: str | None = None
    needs: tuple[str, ...] | None = None
    audience: Audience | None = None
    languages: tuple[str, ...] | None = None
    departements: tuple[str, ...] | None = None
    contacts: tuple[Contact, ...] = ()
    contact_kinds: frozenset[str] = frozenset()
    sites: tuple[Site, ...] = ()
    opening_hours: str | None = None
    free: bool | None = None
    anonymous: bool | None = None
    for_professionals: bool | None = None
    on_referral_only: bool | None = None
    what_happens: str | None = None
    saturation: str | None = None
    saturation_note: str | None = None
    closed: bool | None = None
    closed_from: str | None = None
    closed_until: str | None = None
    closure_note: str | None = None


@dataclass
class Reading:
    """The fields of one row; reading one that is wrong notes the fault and gives a harmless value."""

    line: int
    faults: list[Fault] = field(default_factory=list)

    def read(self, name: str, value: object, parse: Callable[[str], T], otherwise: T) -> T:
        """A text parsed, or `otherwise`: silently when there is none, with a fault when it is wrong."""
        if value is None or value == "":
            return otherwise
        if not isinstance(value, str | int | float) or isinstance(value, bool):
            self.faults.append(Fault(self.line, name, "un texte est attendu"))
            return otherwise
        try:
            return parse(whole(storable(str(value))).strip())
        except Refusal as refusal:
            self.faults.append(Fault(self.line, name, str(refusal)))
            return otherwise

    def need(self, name: str, value: object, parse: Callable[[str], T], otherwise: T) -> T:
        """The same for a field that must be there."""
        if value is None or (isinstance(value, str) and not value.strip()):
            self.faults.append(Fault(self.line, name, "vide"))
            return otherwise
        return self.read(name, value, parse, otherwise)

    def objects(self, name: str, value: object) -> list[Mapping[str, object]]:
        """A list of objects, or an empty one; anything else is a fault."""
        if value is None or value == "":
            return []
        if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
            self.faults.append(Fault(self.line, name, "une liste d’objets est attendue"))
            return []
        return value

    def texts(self, name: str, value: object) -> list[str]:
        """A list of texts, or an empty one; anything else is a fault."""
        if value is None or value == "":
            return []
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self.faults.append(Fault(self.line, name, "une liste de textes est attendue"))
            return []
        return value


Row = Incoming | list[Fault]
Rows = Iterator[Row]


def text(letters: int) -> Callable[[str], str]:
    """Parser of a text that may not be longer."""
    return at_most(letters, str)


def whole(value: str) -> str:
    """A text as it is. Raises Refusal when it holds half a letter, as JSON can and no database does."""
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise Refusal("lettre coupée en deux")
    return value


def prose(value: str) -> str:
    """A text as long as the directory takes, cut after a word."""
    if len(value) <= LONGEST_TEXT:
        return value
    return value[: LONGEST_TEXT - 1].rsplit(None, 1)[0].rstrip(" ,;:") + "…"


title = text(LONGEST_NAME)
note = text(LONGEST_NOTE)
street_line = text(LONGEST_ADDRESS)
opening = at_most(LONGEST_HOURS, hours)
web = at_most(LONGEST_SITE, address_of_site)


def mail(value: str) -> str:
    """An address of mail. Raises Refusal."""
    if not MAIL.fullmatch(value):
        raise Refusal("adresse de courriel incomplète")
    return at_most(LONGEST_SITE, str)(value)


def telephone(value: str) -> str:
    """A French number as it is dialled in France: «+33 1 44…» → «0144…», «119» stays. Raises Refusal."""
    digits = number(value)
    national = f"0{digits.removeprefix(FRENCH_PREFIX)}"
    return national if digits.startswith(FRENCH_PREFIX) and international(national) == digits else digits


def identifier(value: str) -> UUID:
    """A UUID. Raises Refusal."""
    try:
        return UUID(value)
    except ValueError as error:
        raise Refusal("identifiant UUID attendu") from error


def whole_years(value: str) -> int:
    """An age in years, «18» or «18.0». Raises Refusal."""
    match = re.fullmatch(r"(\d{1,3})(\.0+)?", value)
    if match is None or int(match[1]) > 120:
        raise Refusal("un âge en années est attendu")
    return int(match[1])


def degrees(low: float, high: float) -> Callable[[str], float]:
    """Parser of decimal degrees; a place elsewhere is not a mistake, a text is. Raises Refusal."""

    def parse(value: str) -> float:
        try:
            found = float(value)
        except ValueError as error:
            raise Refusal("des degrés décimaux sont attendus") from error
        if not low <= found <= high:
            raise Refusal("degrés impossibles")
        return found

    return parse


def point(reading: Reading, latitude: object, longitude: object) -> tuple[float, float] | None:
    """A point of the region; None when one half is missing or it lies elsewhere."""
    north = reading.read("latitude", latitude, degrees(-90, 90), None)
    east = reading.read("longitude", longitude, degrees(-180, 180), None)
    if north is None or east is None:
        return None
    inside = LATITUDES[0] <= north <= LATITUDES[1] and LONGITUDES[0] <= east <= LONGITUDES[1]
    return (north, east) if inside else None


def known_languages(codes: list[str]) -> tuple[str, ...]:
    """Those of the codes that the directory knows, in order; regional variants count as the language."""
    return tuple(dict.fromkeys(code for code in (raw.lower().partition("-")[0] for raw in codes) if code in LANGUAGES))


def audience_of(reading: Reading, youngest: int | None, oldest: int | None, genders: tuple[Gender, ...]) -> Audience:
    """Limits as a file states them; ages in the wrong order are a fault."""
    if youngest is not None and oldest is not None and youngest > oldest:
        reading.faults.append(Fault(reading.line, "âge maximal", "plus petit que l’âge minimal"))
    return Audience(
        youngest,
        oldest,
        Rule.EVERYONE if youngest is None and oldest is None else Rule.ONLY,
        genders,
        Rule.ONLY if genders else Rule.EVERYONE,
    )


def departement_of(code: str) -> str:
    """Département of the region that an INSEE code or a postcode belongs to, or nothing."""
    return code[:2] if code[:2] in DEPARTEMENTS else ""


def departements_of(sites: tuple[Site, ...]) -> tuple[str, ...]:
    """Départements of the region where those places are."""
    return tuple(sorted({found for site in sites if (found := departement_of(site.insee or site.postcode))}))


def is_elsewhere(incoming: Incoming) -> bool:
    """Whether the service plainly works outside the region: it says where it is, and none of it is here."""
    placed = [site for site in incoming.sites if site.insee or site.postcode]
    says_where = incoming.departements == () or bool(placed)
    return says_where and not incoming.departements and not departements_of(incoming.sites)


def sounds_like_shelter(*said: str | None) -> bool:
    """Whether one of the texts speaks of a place where people sleep."""
    return any(SHELTERING.search(fold(one)) for one in said if one)


def kept_secret(incoming: Incoming) -> Incoming:
    """The row as it may be stored: of a shelter, or of what may be one, neither place nor street remains.

    A shelter is confidential until a moderator says otherwise (design.md §2.3), whatever the file says of it. A
    file that does not speak our kinds is judged by its words.
    """
    hidden = (
        incoming.confidential
        or incoming.kind == Kind.SHELTER
        or (
            not incoming.classified
            and sounds_like_shelter(
                incoming.name, incoming.description, incoming.provider.name, *(incoming.needs or ())
            )
        )
    )
    if not hidden:
        return incoming
    streets = {fold(site.street) for site in incoming.sites if site.street}
    return replace(
        incoming,
        confidential=True,
        sites=(),
        name=without_street(incoming.name, streets) or str(Kind.SHELTER.label),
        description=silenced(incoming.description, streets),
        what_happens=silenced(incoming.what_happens, streets),
        saturation_note=silenced(incoming.saturation_note, streets),
        closure_note=silenced(incoming.closure_note, streets),
        contacts=tuple(
            replace(contact, note=without_street(contact.note, streets))
            for contact in incoming.contacts
            if contact.kind != AccessChannel.Kind.PLACE
        ),
        contact_kinds=incoming.contact_kinds - {AccessChannel.Kind.PLACE.value},
        provider=replace(incoming.provider, description=silenced(incoming.provider.description, streets)),
    )


def silenced(said: str | None, streets: set[str]) -> str | None:
    """A text without its sentences that hold a street; None when nothing is left to say."""
    return None if said is None else without_street(said, streets) or None


def without_street(said: str, streets: set[str]) -> str:
    """A text without its sentences that hold one of the streets, or anything written like one."""
    if not tells_street(said, streets):
        return said
    sentences = re.split(r"(?<=[.!?])\s+|\n+", said)
    kept = " ".join(sentence for sentence in sentences if not tells_street(sentence, streets))
    return "" if tells_street(kept, streets) else kept


def tells_street(said: str, streets: set[str]) -> bool:
    """Whether a text says a street."""
    folded = fold(said)
    return STREET.search(folded) is not None or any(street and street in folded for street in streets)
