"""`manage.py load_partners FILE.json`: whom each partner takes, all of the file or none."""

from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from referrals import partners_file

MAX_SHOWN = 50


class Command(BaseCommand):
    """Load the file of partners; a second run changes nothing."""

    help = "Charge les partenaires (JSON). Tout ou rien ; relancer ne change rien."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file."""
        parser.add_argument("file", type=Path, metavar="FICHIER.json")

    def handle(self, *_args: object, file: Path, **_options: object) -> None:
        """Read the whole file, then write it in one transaction."""
        try:
            loaded = partners_file.load(partners_file.read(file))
        except partners_file.PartnersFileError as error:
            shown = [f"{file.name}, {problem}" for problem in error.problems[:MAX_SHOWN]]
            rest = len(error.problems) - len(shown)
            raise CommandError(
                "\n".join([*shown, *([f"… et {rest} autres"] if rest else []), "Rien n’a été chargé."])
            ) from error
        except OSError as error:
            raise CommandError(f"{file} : lecture impossible ({error.strerror}).") from error
        self.stdout.write(f"{loaded.added} ajoutés, {loaded.changed} changés, {loaded.untouched} déjà à jour.")
