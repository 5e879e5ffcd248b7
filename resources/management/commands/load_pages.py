"""`manage.py load_pages`: the first pages that explain, and their first translations."""

from django.core.management.base import BaseCommand, CommandError

from resources import moderation, pages
from resources.exchange.starter_csv import Refusal


class Command(BaseCommand):
    """Load the starter files of resources/data/pages/; a second run changes nothing."""

    help = "Charge les pages qui expliquent. Tout ou rien ; ce qui est déjà là reste tel quel."

    def handle(self, *_args: object, **_options: object) -> None:
        """Read all the files, then write in one transaction."""
        try:
            entered = moderation.load_pages(pages.starter())
        except Refusal as refusal:
            raise CommandError(f"{refusal}. Rien n’a été chargé.") from refusal
        self.stdout.write(f"{entered} textes de pages chargés.")
