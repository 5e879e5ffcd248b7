"""`manage.py create_token ORGANISATION`: lets the system of an organisation of professionals write in its name."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from referrals import lifecycle, outbound, tokens
from referrals.models import Scope


class Command(BaseCommand):
    """Make a token, or another in its place, and show it once."""

    help = "Crée le jeton d’une organisation de professionnels, et l’affiche une seule fois."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """For whom, for what, until when, and where to tell of changes."""
        parser.add_argument("organisation", metavar="ORGANISATION", help=_("son nom"))
        parser.add_argument(
            "--scope",
            action="append",
            choices=Scope.values,
            default=None,
            help=_("ce que le jeton permet ; à répéter ; tout si absent"),
        )
        parser.add_argument("--days", type=int, default=tokens.DAYS, help=_("sa durée en jours"))
        parser.add_argument("--webhook", default=None, metavar="ADRESSE", help=_("où signaler les changements d’état"))
        parser.add_argument("--renew", action="store_true", help=_("remplace le jeton qu’elle a"))

    def handle(
        self,
        *_args: object,
        organisation: str,
        scope: list[str] | None,
        days: int,
        webhook: str | None,
        renew: bool,
        **_options: object,
    ) -> None:
        """Issue it, and show what cannot be shown again."""
        name = organisation.strip()
        if not 1 <= days <= tokens.MOST_DAYS or not 1 <= len(name) <= tokens.LONGEST_NAME:
            raise CommandError(
                _("Il faut un nom d’au plus %(name)s caractères, et de 1 à %(days)s jours.")
                % {"name": tokens.LONGEST_NAME, "days": tokens.MOST_DAYS}
            )
        issue = tokens.renew if renew else tokens.create
        scopes = [Scope(one) for one in scope or []]
        on = lifecycle.day_of(timezone.now())
        try:
            issued = issue(name, scopes=scopes, days=days, on=on, webhook=webhook)
        except outbound.WrongAddress:
            raise CommandError(_("L’adresse du webhook doit commencer par https://.")) from None
        except tokens.AlreadyThere:
            raise CommandError(_("Cette organisation a déjà un jeton : --renew le remplace.")) from None
        except tokens.NoToken:
            raise CommandError(_("Cette organisation n’a pas de jeton.")) from None
        self.show(issued)

    def show(self, issued: tokens.Issued) -> None:
        """What to hand to the organisation, by a safe way."""
        self.stdout.write(_("Jeton : %s") % issued.shown)
        if issued.secret is not None:
            self.stdout.write(_("Secret du webhook : %s") % issued.secret)
        self.stdout.write(
            _("Valable jusqu’au %(day)s exclu. Rien de cela ne sera affiché à nouveau.")
            % {"day": issued.token.expires_on.isoformat()}
        )
