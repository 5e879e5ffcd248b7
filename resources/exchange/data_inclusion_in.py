"""data·inclusion v1 as it comes in: structures and services, in JSON or as the platform's CSV files."""

import csv
import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from uuid import UUID

from django.utils.translation import override

from resources.exchange.data_inclusion import SOURCE
from resources.exchange.incoming import (
    Contact,
    Fault,
    Incoming,
    Provider,
    Reading,
    Row,
    Site,
    audience_of,
    kept_secret,
    mail,
    opening,
    point,
    prose,
    street_line,
    telephone,
    title,
    web,
)
from resources.exchange.json_reading import members
from resources.exchange.tables import lines
from resources.exchange.taxonomies import THEMES_OF_NEEDS
from resources.models import stable_uuid
from resources.vocabulary import DEPARTEMENTS, Gender, Kind, Need

Object = Mapping[str, object]
LISTS = frozenset({"structures", "services"})
FRANCE = frozenset({"france", "fr"})
# What the themes surely mean; the one on violence speaks of more than we can tell apart.
NEED_OF_THEME: dict[str, str] = {
    theme: Need.VIOLENCES.value if Need.VIOLENCES.value in needs else next(iter(needs))
    for theme, _name, needs in THEMES_OF_NEEDS
} | {"sante--sante-mentale": Need.SANTE.value, "sante--sante-sexuelle": Need.SANTE.value}
SLEEPING = "logement-hebergement"
MARKS = re.compile(r"^[\[{(]|[\]})]$")


def read(path: Path, *, structures: Path | None = None) -> Iterator[Row]:
    """Services of a file one by one, or why one of them is refused; JSON, or CSV when the name says so.

    A service names its structure only by an identifier: structures stand in the same JSON file, or in a file of
    their own. They are kept aside on disk, so that memory stays the same at any size. Raises FileRefused, OSError.
    """
    # A private database without a name: the system forgets it with the process.
    with closing(sqlite3.connect("")) as aside:
        aside.execute("CREATE TABLE structure (id TEXT PRIMARY KEY, said TEXT) WITHOUT ROWID")
        for source in filter(None, (structures, path)):
            aside.executemany(
                "INSERT OR REPLACE INTO structure VALUES (?, ?)",
                (
                    (json.dumps(value.get("id")), json.dumps(value))
                    for _line, of, value in objects(source)
                    if isinstance(value, Mapping) and (source == structures or of == "structures")
                ),
            )
        for line, of, value in objects(path):
            if of != "structures":
                yield row(value, line=line, structure=structure_of(value, aside))


def objects(path: Path) -> Iterator[tuple[int, str, object]]:
    """Line, list and value of every object of a file."""
    if path.suffix.lower() == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            for line, cells in lines(file):
                yield line, "", from_cells(cells)
    else:
        with path.open(encoding="utf-8-sig") as file:
            for member in members(file, wanted=LISTS.__contains__):
                yield member.line, member.of, member.value


def from_cells(cells: Mapping[str, str]) -> Object:
    """A row of a CSV file as JSON would say it: lists as arrays, in PostgreSQL's braces, or with commas."""
    return {name: listed(value) if name in MANY else value for name, value in cells.items() if value}


MANY = frozenset(
    {"thematiques", "publics", "modes_accueil", "zone_eligibilite", "modes_mobilisation", "mobilisable_par"}
)


def listed(cell: str) -> list[str]:
    """«{a,b}», «["a", "b"]» and «a, b» → a and b."""
    bare = MARKS.sub("", MARKS.sub("", cell.strip()))
    return [part for part in (one.strip().strip("\"'") for one in next(csv.reader([bare]), [])) if part]


def structure_of(value: object, aside: sqlite3.Connection) -> Object | None:
    """The structure that a service names, if the files know it."""
    if not isinstance(value, Mapping):
        return None
    found = aside.execute(
        "SELECT said FROM structure WHERE id = ?", (json.dumps(value.get("structure_id")),)
    ).fetchone()
    return json.loads(found[0]) if found else None


def row(value: object, *, line: int, structure: Object | None) -> Row:
    """One service, or its faults."""
    if not isinstance(value, Mapping):
        return [Fault(line, "service", "un objet est attendu")]
    reading = Reading(line)
    found = service(reading, value, structure=structure)
    return reading.faults or kept_secret(found)


def service(reading: Reading, said: Object, *, structure: Object | None) -> Incoming:
    """A service in the words of the model, before anything is hidden; faults are noted in `reading`."""
    themes = reading.texts("thematiques", said.get("thematiques"))
    publics = reading.texts("publics", said.get("publics"))
    women = (Gender.FEMALE,) if publics == ["femmes"] else ()
    reached_by = reading.texts("mobilisable_par", said.get("mobilisable_par"))
    return Incoming(
        line=reading.line,
        id=identity(reading.need("id", said.get("id"), title, "")),
        name=reading.need("nom", said.get("nom"), title, ""),
        provider=provider(reading, structure),
        kind=Kind.SHELTER if any(theme.startswith(SLEEPING) for theme in themes) else kind_of(themes),
        classified=False,
        description=described(reading.read("description", said.get("description"), prose, None)),
        needs=tuple(dict.fromkeys(NEED_OF_THEME[theme] for theme in themes if theme in NEED_OF_THEME)) or None,
        audience=audience_of(reading, None, None, women) if women else None,
        departements=territory(reading, said),
        contacts=contacts(reading, said),
        sites=tuple(filter(None, [site(reading, said)])),
        opening_hours=reading.read("horaires_accueil", said.get("horaires_accueil"), opening, None),
        free={"gratuit": True, "payant": False}.get(str(said.get("frais"))),
        on_referral_only=True if reached_by == ["professionnels"] else None,
        what_happens=reading.read("mobilisation_precisions", said.get("mobilisation_precisions"), prose, None),
    )


def identity(said: str) -> UUID:
    """Our own identifier when it is one of ours, else one that the same source and number always get."""
    source, _dashes, rest = said.partition("--")
    if source == SOURCE:
        try:
            return UUID(rest)
        except ValueError:
            pass
    return stable_uuid("data-inclusion", said)


def provider(reading: Reading, structure: Object | None) -> Provider:
    """The structure that answers for the service."""
    if structure is None:
        reading.faults.append(Fault(reading.line, "structure_id", "structure absente du fichier"))
        return Provider(name="")
    return Provider(
        id=identity(str(structure.get("id"))),
        name=reading.need("structure.nom", structure.get("nom"), title, ""),
        description=reading.read("structure.description", structure.get("description"), prose, None),
        website=reading.read("structure.site_web", structure.get("site_web"), web, None),
    )


def kind_of(themes: list[str]) -> Kind:
    """Sort of help that the themes surely mean, else an association."""
    categories = {theme.partition("--")[0] for theme in themes}
    return Kind.HEALTH if categories == {"sante"} else Kind.ASSOCIATION


def described(said: str | None) -> str | None:
    """A description, unless it is the one that our own export makes up of kind and needs."""
    with override("fr"):
        kinds = [str(kind.label) for kind in Kind]
        needs = [str(need.label) for need in Need]
    if said is None:
        return None
    for kind in kinds:
        rest = said.removeprefix(kind)
        if rest != said and (rest == "." or any(rest.startswith(f" : {need}") for need in needs)):
            return None
    return said


def territory(reading: Reading, said: Object) -> tuple[str, ...] | None:
    """Départements of the region where it works; empty when it names others only, None when that cannot be told.

    The whole country contains them all; communes count for their département.
    """
    zone = [code.lower() for code in reading.texts("zone_eligibilite", said.get("zone_eligibilite"))]
    if not FRANCE.isdisjoint(zone):
        return tuple(DEPARTEMENTS)
    areas = [code for code in zone if len(code) in {2, 3, 5}]
    found = tuple(code for code in DEPARTEMENTS if any(area[:2] == code and len(area) != 3 for area in areas))
    return found if found or (zone and len(areas) == len(zone)) else None


def contacts(reading: Reading, said: Object) -> tuple[Contact, ...]:
    """The one number, the one address of mail, the one link that the schema has room for."""
    found = (
        Contact("phone", reading.read("telephone", said.get("telephone"), telephone, "")),
        Contact("email", reading.read("courriel", said.get("courriel"), mail, "")),
        Contact("web", reading.read("lien_mobilisation", said.get("lien_mobilisation"), web, "")),
    )
    return tuple(contact for contact in found if contact.value)


def site(reading: Reading, said: Object) -> Site | None:
    """The one place, if the row says where it is."""
    found = Site(
        insee=reading.read("code_insee", said.get("code_insee"), title, ""),
        commune=reading.read("commune", said.get("commune"), title, ""),
        postcode=reading.read("code_postal", said.get("code_postal"), title, ""),
        street=reading.read("adresse", said.get("adresse"), street_line, ""),
        point=point(reading, said.get("latitude"), said.get("longitude")),
    )
    return found if found.insee or found.postcode else None
