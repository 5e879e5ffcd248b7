"""`manage.py remind`: the periodic task, run by hand."""

from argparse import ArgumentParser
from datetime import datetime

from django.core.management.base import BaseCommand

from referrals import escalation
from referrals.management.at import add_at, or_now


class Command(BaseCommand):
    """Remind teams of what waits."""

    help = "Rappelle aux équipes ce qui attend."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The moment."""
        add_at(parser)

    def handle(self, *_args: object, at: datetime | None, **_options: object) -> None:
        """Do it, and say what was done."""
        self.stdout.write(f"{escalation.remind(at=or_now(at))} rappels mis en file.")
