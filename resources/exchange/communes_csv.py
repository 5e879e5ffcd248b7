"""The communes of the region as files give them: joined, with the hand-made corrections of their centres."""

import csv
from importlib.resources import files

from resources.models import Commune


def read() -> list[Commune]:
    """Unsaved communes of the bundled file, corrected; raises KeyError or ValueError when the file is broken."""
    data = files("resources") / "data"
    with (data / "communes_corrections.csv").open(encoding="utf-8") as file:
        corrected = {row["insee"]: (float(row["latitude"]), float(row["longitude"])) for row in csv.DictReader(file)}
    communes = []
    with (data / "communes_idf.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            latitude, longitude = corrected.get(row["insee"], (float(row["latitude"]), float(row["longitude"])))
            communes.append(
                Commune(
                    insee=row["insee"],
                    name=row["nom"],
                    kind=row["type"],
                    departement=row["departement"],
                    postcodes=row["codes_postaux"].split("|"),
                    population=int(row["population"] or 0),
                    latitude=latitude,
                    longitude=longitude,
                    coord_source="corrected" if row["insee"] in corrected else row["coord_source"],
                )
            )
    return communes
