"""Our own CSV as it comes back: the columns of docs/open-data.md, one row a service."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from resources.exchange.directory_csv import FORMULA_STARTS, SEPARATOR
from resources.exchange.incoming import (
    Audience,
    Contact,
    Fault,
    FileRefused,
    Incoming,
    Provider,
    Reading,
    Row,
    Site,
    T,
    identifier,
    kept_secret,
    mail,
    opening,
    point,
    prose,
    street_line,
    telephone,
    title,
    web,
    whole_years,
)
from resources.exchange.starter_csv import a_slug, many_of, one_of
from resources.exchange.tables import lines
from resources.models import Service, stable_uuid
from resources.vocabulary import DEPARTEMENTS, LANGUAGES, Gender, Kind, Need, Rule

NEEDED = frozenset({"name", "organisation", "kind"})
CONTACTS: tuple[tuple[str, str, Callable[[str], str]], ...] = (
    ("phone", "phone", telephone),
    ("sms", "sms", telephone),
    ("chat", "chat", web),
    ("email", "email", mail),
    ("website", "web", web),
)
YES_NO = {"yes": True, "no": False}
Cells = Mapping[str, str]


def read(path: Path) -> Iterator[Row]:
    """Services of the file one by one, or why one of them is refused. Raises FileRefused, OSError."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        for line, cells in lines(file):
            missing = NEEDED - cells.keys()
            if missing:
                raise FileRefused(Fault(1, min(missing), "colonne absente"))
            yield row({name: plain(value) for name, value in cells.items()}, line=line)


def plain(cell: str) -> str:
    """A cell without the apostrophe that keeps spreadsheets from calculating."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_STARTS) else cell


def row(cells: Cells, *, line: int) -> Row:
    """One service, or its faults."""
    reading = Reading(line)
    found = service(reading, cells)
    return reading.faults or kept_secret(found)


def service(reading: Reading, cells: Cells) -> Incoming:
    """A service in the words of the model, before anything is hidden; faults are noted in `reading`."""

    def read(column: str, parse: Callable[[str], T], otherwise: T) -> T:
        return reading.read(column, cells.get(column), parse, otherwise)

    name = reading.need("name", cells.get("name"), title, "")
    organisation = reading.need("organisation", cells.get("organisation"), title, "")
    closed_from = read("closed_from", title, "")
    return Incoming(
        line=reading.line,
        id=read("id", identifier, stable_uuid("csv", organisation, name)),
        slug=read("slug", a_slug, ""),
        name=name,
        provider=Provider(id=read("organisation_id", identifier, None), name=organisation),
        kind=Kind(reading.need("kind", cells.get("kind"), one_of(set(Kind.values)), Kind.ASSOCIATION.value)),
        confidential=read("address_confidential", one_of(set(YES_NO)), "no") == "yes",
        description=read("description", prose, None),
        needs=codes(reading, cells, "needs", set(Need.values)),
        audience=audience(reading, cells) if "age_rule" in cells or "gender_rule" in cells else None,
        languages=codes(reading, cells, "languages", set(LANGUAGES)),
        departements=codes(reading, cells, "departements", set(DEPARTEMENTS)),
        contacts=contacts(reading, cells),
        contact_kinds=frozenset(kind for column, kind, _parse in CONTACTS if column in cells),
        sites=sites(reading, cells),
        opening_hours=read("opening_hours", opening, None),
        free=yes_no(reading, cells, "free"),
        anonymous=yes_no(reading, cells, "anonymous"),
        for_professionals=yes_no(reading, cells, "for_professionals"),
        on_referral_only=yes_no(reading, cells, "on_referral_only"),
        what_happens=read("what_happens", prose, None),
        saturation=read("saturation", one_of(set(Service.Saturation.values)), None),
        saturation_note=read("saturation_note", prose, None),
        closed=bool(closed_from) if "closed_from" in cells else None,
        closed_from=closed_from or None,
        closed_until=read("closed_until", title, None),
        closure_note=read("closure_note", prose, None),
    )


def codes(reading: Reading, cells: Cells, column: str, known: set[str]) -> tuple[str, ...] | None:
    """Known codes of a cell; None when it is empty."""
    found: list[str] = reading.read(column, cells.get(column), many_of(known), [])
    return tuple(found) or None


def yes_no(reading: Reading, cells: Cells, column: str) -> bool | None:
    """Yes, no, or not said."""
    return YES_NO.get(reading.read(column, cells.get(column), one_of(set(YES_NO)), ""))


def audience(reading: Reading, cells: Cells) -> Audience:
    """Limits with the rule that each has."""
    youngest = reading.read("min_age", cells.get("min_age"), whole_years, None)
    oldest = reading.read("max_age", cells.get("max_age"), whole_years, None)
    genders = codes(reading, cells, "genders", set(Gender.values)) or ()
    rules = one_of(set(Rule.values))
    age_rule = Rule(reading.read("age_rule", cells.get("age_rule"), rules, Rule.EVERYONE.value))
    gender_rule = Rule(reading.read("gender_rule", cells.get("gender_rule"), rules, Rule.EVERYONE.value))
    if (age_rule == Rule.EVERYONE) != (youngest is None and oldest is None):
        reading.faults.append(Fault(reading.line, "age_rule", "ne va pas avec les âges"))
    if (gender_rule == Rule.EVERYONE) != (not genders):
        reading.faults.append(Fault(reading.line, "gender_rule", "ne va pas avec les genres"))
    if youngest is not None and oldest is not None and youngest > oldest:
        reading.faults.append(Fault(reading.line, "max_age", "plus petit que min_age"))
    return Audience(youngest, oldest, age_rule, tuple(Gender(one) for one in genders), gender_rule)


def contacts(reading: Reading, cells: Cells) -> tuple[Contact, ...]:
    """Ways in, several in a cell."""
    found = [
        Contact(kind, value)
        for column, kind, parse in CONTACTS
        for part in cells.get(column, "").split(SEPARATOR)
        if (value := reading.read(column, part, parse, ""))
    ]
    return tuple(dict.fromkeys(found))


def sites(reading: Reading, cells: Cells) -> tuple[Site, ...]:
    """Places, whose communes, streets and points stand in the same order."""
    communes = cells.get("commune_codes", "").split(SEPARATOR)
    streets = cells.get("addresses", "").split(SEPARATOR)
    points = cells.get("positions", "").split(SEPARATOR)
    if len(streets) not in {1, len(communes)} or len(points) not in {1, len(communes)}:
        reading.faults.append(Fault(reading.line, "addresses", "autant d’adresses que de communes sont attendues"))
        return ()
    return tuple(
        Site(
            insee=reading.read("commune_codes", code, title, ""),
            street=reading.read("addresses", at(streets, rank), street_line, ""),
            point=position(reading, at(points, rank)),
        )
        for rank, code in enumerate(communes)
        if code
    )


def at(cells: list[str], rank: int) -> str:
    """The cell of that rank, empty when there are fewer."""
    return cells[rank] if rank < len(cells) else ""


def position(reading: Reading, cell: str) -> tuple[float, float] | None:
    """«48.9,2.4» → its two halves."""
    north, _comma, east = cell.partition(",")
    return point(reading, north, east) if cell else None
