"""`manage.py database_url`: the address of the database in use, for psql and other programs."""

from django.core.management.base import BaseCommand

from config import environment, postgres


class Command(BaseCommand):
    """Print it."""

    help = "Affiche l’adresse de la base de données. Celle de var/ ne répond que pendant que le site tourne."
    requires_system_checks = ()

    def handle(self, *_args: object, **_options: object) -> None:
        """Start the server of var/ if it has to be asked where its socket is."""
        url = environment.secret("DATABASE_URL")
        if url is None:
            cluster = postgres.in_use()
            cluster.start()
            url = cluster.url
        self.stdout.write(url)
