"""`manage.py rotate_pepper`: other secrets for referrals to come; those who hold a code keep theirs."""

from django.core.management.base import BaseCommand

from referrals import peppers


class Command(BaseCommand):
    """Add an epoch to the file of peppers; the web processes read it when they start again."""

    help = "Ajoute un poivre pour les demandes à venir ; redémarrer ensuite le site."

    def handle(self, *_args: object, **_options: object) -> None:
        """Rotate, and say what to do next."""
        epoch = peppers.rotate().current.epoch
        self.stdout.write(f"Poivre {epoch} en service après redémarrage du site. Sauvegardez le fichier des poivres.")
