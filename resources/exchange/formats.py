"""The formats in which the whole directory can leave, each written piece by piece."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from resources.exchange import data_inclusion, directory_csv, geojson, hsds, vcard


@dataclass(frozen=True, slots=True)
class Format:
    """How one format is called and written; `write` takes the address of the site, without a final slash, or ""."""

    name: str
    filename: str
    media_type: str
    write: Callable[[str], Iterator[str]]


FORMATS: dict[str, Format] = {
    of.name: of
    for of in (
        Format("hsds", "hsds.json", "application/json", lambda site: hsds.package(site=site)),
        Format(
            "data-inclusion", "data-inclusion.json", "application/json", lambda site: data_inclusion.package(site=site)
        ),
        Format("csv", "directory.csv", "text/csv; charset=utf-8", lambda site: directory_csv.rows(site=site)),
        Format("geojson", "directory.geojson", "application/geo+json", lambda site: geojson.collection(site=site)),
        Format("vcard", "directory.vcf", "text/vcard; charset=utf-8", lambda _site: vcard.cards()),
    )
}
