"""`manage.py revoke_token ORGANISATION`: its system writes and is told nothing any more, from this moment."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from referrals import lifecycle, tokens


class Command(BaseCommand):
    """Revoke a token, and forget what it tied."""

    help = "Révoque le jeton d’une organisation de professionnels."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose."""
        parser.add_argument("organisation", metavar="ORGANISATION", help=_("son nom"))

    def handle(self, *_args: object, organisation: str, **_options: object) -> None:
        """Revoke, and say so."""
        try:
            tokens.revoke(organisation.strip(), on=lifecycle.day_of(timezone.now()))
        except tokens.NoToken:
            raise CommandError(_("Cette organisation n’a pas de jeton.")) from None
        self.stdout.write(_("Jeton révoqué. Les demandes déjà envoyées suivent leur cours."))
