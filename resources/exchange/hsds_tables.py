"""HSDS as a tabular package (a zip of CSV tables and datapackage.json), joined again into services."""

import io
import json
import sqlite3
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from resources.exchange import hsds_in
from resources.exchange.incoming import Fault, FileRefused, Row
from resources.exchange.tables import lines

# Table, the column by which its rows belong to something, and the member that they become there.
OF_SERVICE = {
    "phone": ("service_id", "phones"),
    "schedule": ("service_id", "schedules"),
    "service_area": ("service_id", "service_areas"),
    "language": ("service_id", "languages"),
    "url": ("service_id", "additional_urls"),
    "attribute": ("link_id", "attributes"),
    "service_at_location": ("service_id", "service_at_locations"),
}
BY_ID = {"organization": "id", "location": "id", "taxonomy_term": "id", "taxonomy": "id"}
ADDRESSES = ("address", "location_id")
KEYS = {table: column for table, (column, _member) in OF_SERVICE.items()} | BY_ID | dict([ADDRESSES])
Cells = Mapping[str, str]
DESCRIPTION = "datapackage.json"


def read(path: Path) -> Iterator[Row]:
    """Services of a package one by one, or why one of them is refused.

    Tables that belong to services are kept aside on disk while services are read: memory stays the same at any
    size. Lines are those of the table of services. Raises FileRefused, OSError.
    """
    try:
        with zipfile.ZipFile(path) as package, closing(sqlite3.connect("")) as aside:
            tables = tables_of(package)
            for table in KEYS:
                keep_aside(aside, table, package, tables.get(table))
            with opened(package, tables["service"]) as file:
                for line, cells in lines(file):
                    yield hsds_in.row(whole(cells, aside), line=line)
    except zipfile.BadZipFile as error:
        raise FileRefused(Fault(1, path.name, "archive zip illisible")) from error


def tables_of(package: zipfile.ZipFile) -> dict[str, str]:
    """Names of the files by table, as the description of the package gives them, else by their own name.

    Raises FileRefused when there are no services.
    """
    names = package.namelist()
    found = {singular(Path(name).stem): name for name in names if name.endswith(".csv")}
    described = next((name for name in names if Path(name).name == DESCRIPTION), None)
    if described is not None:
        found |= {table: name for table, name in resources(package, described) if name in names}
    if "service" not in found:
        raise FileRefused(Fault(1, DESCRIPTION, "la table des services manque"))
    return found


def resources(package: zipfile.ZipFile, described: str) -> Iterator[tuple[str, str]]:
    """Table and file of every resource of a data package. Raises FileRefused."""
    try:
        listed = json.loads(package.read(described)).get("resources", [])
        for resource in listed:
            yield singular(str(resource["name"])), str(Path(described).parent / str(resource["path"]))
    except (ValueError, AttributeError, TypeError, KeyError) as error:
        raise FileRefused(Fault(1, DESCRIPTION, "description illisible")) from error


def singular(name: str) -> str:
    """«taxonomies» and «taxonomy» are the same table; so are «services» and «service», «addresses» and «address»."""
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("ss", "ss"), ("s", "")):
        if name.endswith(ending):
            return name.removesuffix(ending) + instead
    return name


def opened(package: zipfile.ZipFile, name: str) -> io.TextIOWrapper:
    """A table of the package as text."""
    return io.TextIOWrapper(package.open(name), encoding="utf-8-sig", newline="")


def keep_aside(aside: sqlite3.Connection, table: str, package: zipfile.ZipFile, name: str | None) -> None:
    """Rows of a table by the column that says to what they belong, in their order."""
    aside.execute(f"CREATE TABLE {table} (of TEXT, said TEXT)")
    if name is not None:
        with opened(package, name) as file:
            aside.executemany(
                f"INSERT INTO {table} VALUES (?, ?)",  # noqa: S608 -- one of our own names
                ((cells.get(KEYS[table], ""), json.dumps(cells)) for _line, cells in lines(file)),
            )
    aside.execute(f"CREATE INDEX {table}_of ON {table} (of)")


def belonging(aside: sqlite3.Connection, table: str, to: str) -> list[dict[str, object]]:
    """Rows of a table that belong to something, without their empty cells."""
    rows = aside.execute(f"SELECT said FROM {table} WHERE of = ? ORDER BY rowid", (to,))  # noqa: S608 -- our own names
    return [{name: value for name, value in json.loads(said).items() if value} for (said,) in rows]


def whole(cells: Cells, aside: sqlite3.Connection) -> dict[str, object]:
    """A service as the JSON of the standard nests it."""
    own = cells.get("id", "")
    service: dict[str, object] = {name: value for name, value in cells.items() if value}
    for table, (_column, member) in OF_SERVICE.items():
        service[member] = belonging(aside, table, own) if own else []
    for organisation in belonging(aside, "organization", cells.get("organization_id", "")):
        service["organization"] = organisation
    for attribute in service["attributes"]:  # type: ignore[attr-defined]  # a list of rows, just above
        for term in belonging(aside, "taxonomy_term", str(attribute.get("taxonomy_term_id", ""))):
            attribute["taxonomy_term"] = with_taxonomy(term, aside)
    for offer in service["service_at_locations"]:  # type: ignore[attr-defined]  # a list of rows, just above
        for location in belonging(aside, "location", str(offer.get("location_id", ""))):
            offer["location"] = location | {"addresses": belonging(aside, "address", str(location.get("id", "")))}
    return service


def with_taxonomy(term: dict[str, object], aside: sqlite3.Connection) -> dict[str, object]:
    """A term that says the name of its taxonomy."""
    known = belonging(aside, "taxonomy", str(term.get("taxonomy_id", "")))
    return term if "taxonomy" in term or not known else term | {"taxonomy": known[0].get("name", "")}
