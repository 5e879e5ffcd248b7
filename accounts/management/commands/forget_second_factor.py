"""`manage.py forget_second_factor`: for who lost telephone, key and codes, after a call to be sure who asks."""

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts import stay
from accounts.models import User


class Command(BaseCommand):
    """Remove somebody's second factors; the next sign-in asks for a new one, and open sessions end."""

    help = "Retire la seconde étape d’un compte."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose."""
        parser.add_argument("email", help=_("adresse e-mail de la personne"))

    def handle(self, *_args: object, email: str, **_options: object) -> None:
        """Remove."""
        try:
            user = User.objects.get_by_natural_key(email)
        except User.DoesNotExist:
            raise CommandError(_("Aucun compte n’a cette adresse.")) from None
        Authenticator.objects.filter(user=user).delete()
        stay.end_all(user)
        self.stdout.write(_("Seconde étape retirée. La prochaine connexion en demandera une nouvelle."))
