"""`manage.py reindex`: write anew what search reads of every service, in bounded memory."""

from django.core.management.base import BaseCommand

from resources import indexing
from resources.models import Service

CHUNK = 500


class Command(BaseCommand):
    """Describe all services again, after the facts that ranking knows have changed."""

    help = "Réécrit ce que la recherche lit de chaque fiche."

    def handle(self, *_args: object, **_options: object) -> None:
        """In chunks by identifier."""
        wanted = (
            Service.objects.select_related("organisation")
            .prefetch_related("channels", "places__commune")
            .order_by("pk")
        )
        done, chunk = 0, list(wanted[:CHUNK])
        while chunk:
            indexing.reindex(chunk)
            done += len(chunk)
            self.stderr.write(f"{done} fiches")
            chunk = list(wanted.filter(pk__gt=chunk[-1].pk)[:CHUNK])
        self.stdout.write(f"{done} fiches réécrites, {indexing.count_words()} mots.")
