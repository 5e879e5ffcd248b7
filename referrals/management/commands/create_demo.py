"""`manage.py create_demo`: what a demonstration shows, made once; each run says how to sign in."""

from collections.abc import Sequence

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from referrals import demo, partners_file

SHOWN = "les-tilleuls"
OTHERS = "comptes.txt"


class Command(BaseCommand):
    """Make what is missing, and print a small table; the whole list goes to a file."""

    help = "Crée les associations, comptes et demandes de la démonstration (ECLAIRCIE_DEMO=1 seulement)."

    def handle(self, *_args: object, **_options: object) -> None:
        """Make, then say."""
        if not settings.DEMO:
            raise CommandError("ECLAIRCIE_DEMO=1 manque : rien n’a été créé.")
        if not demo.is_at_home():
            self.stdout.write("Pas de démonstration : cette base a déjà des comptes. Rien n’a été créé.")
            return
        try:
            known, _made = demo.create(folder=settings.DEMO_DIR, at=timezone.now())
        except partners_file.PartnersFileError as error:
            raise CommandError("\n".join(map(str, error.problems))) from error
        partners = demo.demo_partners()
        chosen = [partner for partner in partners if partner.slug == SHOWN or partner.is_duty_desk]
        moderator, *_others = demo.staff()
        few = [(partner.name, demo.team_of(partner)[0][1]) for partner in chosen]
        everybody = [(partner.name, email) for partner in partners for _role, email in demo.team_of(partner)]
        file = settings.DEMO_DIR / OTHERS
        file.write_text("\n".join(self.table([*everybody, *demo.staff()], known)) + "\n", encoding="utf-8")
        file.chmod(0o600)
        self.stdout.write("\n".join([*self.table([*few, moderator], known), f"Tous les comptes : {file}"]))

    def table(self, accounts: Sequence[demo.Who], known: demo.Secrets) -> list[str]:
        """Lines that fit a terminal."""
        width = max(len(name) for name, _email in accounts)
        return [
            "Démonstration, sur cette machine seulement. Entrée du personnel : /espace/",
            *(f"  {name.ljust(width)}  {email}" for name, email in accounts),
            f"  Mot de passe      {known.password}",
            f"  Seconde étape     {known.totp} (secret TOTP, à ajouter dans une application de codes)",
            f"  Phrase de passe   {known.passphrase} (ouvre les messages)",
            f"  Phrase de papier  {known.paper}",
            *(f"  Code d’une demande {became} : {words}" for became, words in known.codes.items()),
            "  Courriers envoyés : /espace/courrier-demo/",
        ]
