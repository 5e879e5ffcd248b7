"""`manage.py invite`: the first account of a site, and those of its moderators and operators."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts import invitations


class Command(BaseCommand):
    """Make an account that a link opens once; mail the link, or print it."""

    help = "Invite quelqu’un dans l’espace de travail."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whom, as what, and how the link travels."""
        parser.add_argument("email", help=_("adresse e-mail de la personne"))
        parser.add_argument("--staff", action="store_true", help=_("pour l’équipe de l’annuaire (modération)"))
        parser.add_argument("--operator", action="store_true", help=_("pour l’exploitation du site"))
        parser.add_argument("--print", action="store_true", help=_("affiche le lien au lieu de l’envoyer"))

    def handle(self, *_args: object, email: str, **options: bool) -> None:
        """Invite."""
        try:
            invitation, token = invitations.invite(email, moderator=options["staff"], operator=options["operator"])
        except invitations.AlreadyHere:
            raise CommandError(_("Cette adresse a déjà un compte.")) from None
        if options["print"] or not settings.EMAIL_HOST:
            self.stdout.write(settings.SITE_URL + invitations.path_of(token))
            return
        invitations.send(invitation, token=token, site=settings.SITE_URL)
        self.stdout.write(_("Invitation envoyée."))
