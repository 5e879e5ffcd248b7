"""`manage.py check_seizure --canary TEXT`: whether a text is anywhere in what the site keeps."""

from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from config import seizure


class Command(BaseCommand):
    """Search everything, one line a place; exit code 1 when the text is found."""

    help = "Cherche un texte dans tout ce que le site garde ; sort avec 1 s’il y est."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to look for, and where else."""
        parser.add_argument("--canary", required=True, metavar="TEXTE", help="au moins douze caractères")
        parser.add_argument(
            "--log", type=Path, action="append", default=[], metavar="FICHIER", help="un journal, aussi"
        )
        parser.add_argument("--memory", action="store_true", help="cherche aussi dans la mémoire des processus")

    def handle(self, *_args: object, canary: str, log: list[Path], memory: bool, **_options: object) -> None:
        """Say what was searched, and stop with an error when something was found."""
        missing = [str(path) for path in log if not path.is_file()]
        if missing:
            raise CommandError(f"introuvable : {', '.join(missing)}")
        was_found = False
        try:
            for place in seizure.everywhere(canary, logs=log, memory=memory):
                was_found |= self.say(place)
        except seizure.TooShort:
            raise CommandError("--canary : au moins douze caractères, sinon il serait partout par hasard") from None
        if was_found:
            raise SystemExit(1)

    def say(self, place: seizure.Searched | seizure.Closed) -> bool:
        """One line a place, and one more for each part in which the text stands; whether it does."""
        if isinstance(place, seizure.Closed):
            self.stdout.write(f"{place.place} : pas cherché ({place.reason})")
            return False
        self.stdout.write(f"{place.place} : {place.size} octets, {'TROUVÉ' if place.found else 'rien'}")
        for part in place.found:
            self.stdout.write(f"    {part}")
        return bool(place.found)
