"""`manage.py load_directory FILE.csv`: the first services of a directory, all of them or none."""

import csv
from argparse import ArgumentParser
from collections import defaultdict
from datetime import date
from importlib.resources import files
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from resources import moderation
from resources.exchange import starter_csv
from resources.models import Commune

STARTER = "services_idf.csv"
STARTER_CHECKED_ON = date(2026, 11, 23)
MAX_SHOWN = 50


class Command(BaseCommand):
    """Load a directory file; a second run changes nothing."""

    help = "Charge un annuaire (CSV). Tout ou rien ; relancer ne change rien."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """File, and the day its facts were checked."""
        parser.add_argument("file", type=Path, metavar="FICHIER.csv")
        parser.add_argument(
            "--checked-on",
            type=date.fromisoformat,
            help="jour du relevé (AAAA-MM-JJ) ; par défaut celui du fichier fourni, sinon aujourd’hui",
        )

    def handle(self, *_args: object, file: Path, checked_on: date | None, **_options: object) -> None:
        """Read the whole file, then write it in one transaction."""
        if not Commune.objects.exists():
            raise CommandError("Les communes manquent : lancez d’abord « manage.py load_communes ».")
        default = STARTER_CHECKED_ON if file.name == STARTER else timezone.localdate()
        try:
            loaded = moderation.load_starter(
                starter_csv.read(file), places=known_places(), checked_on=checked_on or default
            )
        except starter_csv.DirectoryFileError as error:
            shown = [f"{file.name}, {problem}" for problem in error.problems[:MAX_SHOWN]]
            rest = len(error.problems) - len(shown)
            raise CommandError(
                "\n".join([*shown, *([f"… et {rest} autres"] if rest else []), "Rien n’a été chargé."])
            ) from error
        except OSError as error:
            raise CommandError(f"{file} : lecture impossible ({error.strerror}).") from error
        moderation.propose_waiting(on=timezone.localdate())  # what waits is the first queue of the desk
        differing = (
            f", gardés tels quels ; {loaded.differing} disent autre chose que le fichier" if loaded.differing else ""
        )
        self.stdout.write(
            f"{loaded.published} publiés, {loaded.waiting} en attente de modération,"
            f" {loaded.untouched} déjà présents{differing}."
        )


def known_places() -> dict[str, list[str]]:
    """INSEE codes where services of the bundled file are publicly known to be, by slug."""
    places: dict[str, list[str]] = defaultdict(list)
    with (files("resources") / "data" / "places_idf.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            places[row["slug"]].append(row["insee"])
    return places
