"""`manage.py purge`: the periodic task, run by hand."""

from argparse import ArgumentParser
from datetime import datetime

from django.core.management.base import BaseCommand

from referrals import retention
from referrals.management.at import add_at, or_now


class Command(BaseCommand):
    """Erase what is over."""

    help = "Efface tout ce dont le terme est passé."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The moment."""
        add_at(parser)

    def handle(self, *_args: object, at: datetime | None, **_options: object) -> None:
        """Do it, and say what was done."""
        done = retention.purge(at=or_now(at))
        self.stdout.write(
            f"Effacés : {done.contents} contenus, {done.records} dossiers, {done.handoffs} relais de page, "
            f"{done.accesses} traces d’accès, {done.epochs} clés d’équipe, {done.jobs} tâches finies, "
            f"{done.sessions} sessions ; {done.failed} en échec."
        )
