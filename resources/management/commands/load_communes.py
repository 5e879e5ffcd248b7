"""`manage.py load_communes`: the communes of the region, from the bundled file."""

from django.core.management.base import BaseCommand

from resources.exchange import communes_csv
from resources.models import Commune


class Command(BaseCommand):
    """Load the communes; a second run changes nothing."""

    help = "Charge les communes d’Île-de-France (fichier fourni). Relancer ne change rien."

    def handle(self, *_args: object, **_options: object) -> None:
        """Insert or refresh every commune in one statement."""
        communes = communes_csv.read()
        Commune.objects.bulk_create(
            communes,
            update_conflicts=True,
            unique_fields=["insee"],
            update_fields=[
                "name",
                "kind",
                "departement",
                "postcodes",
                "population",
                "latitude",
                "longitude",
                "coord_source",
            ],
        )
        self.stdout.write(f"{len(communes)} communes chargées.")
