"""`manage.py escalate`: the periodic task, run by hand."""

from argparse import ArgumentParser
from datetime import datetime

from django.core.management.base import BaseCommand

from referrals import escalation
from referrals.management.at import add_at, or_now


class Command(BaseCommand):
    """Pass on what was not taken in time."""

    help = "Passe au partenaire suivant ce que personne n’a pris à temps."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The moment."""
        add_at(parser)

    def handle(self, *_args: object, at: datetime | None, **_options: object) -> None:
        """Do it, and say what was done."""
        done = escalation.escalate(at=or_now(at))
        self.stdout.write(f"{done.changed} passées au suivant, {done.failed} en échec.")
