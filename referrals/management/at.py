"""The option that the periodic tasks have when they are run by hand: the moment to act as if it were."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import datetime

from django.utils import timezone

from resources.opening import PARIS


def add_at(parser: ArgumentParser) -> None:
    """`--at ISO`; now when absent."""
    parser.add_argument(
        "--at", type=moment, default=None, metavar="AAAA-MM-JJTHH:MM", help="fait comme s’il était cette heure (Paris)"
    )


def moment(text: str) -> datetime:
    """A moment in ISO 8601; without offset, in Paris."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError("attendu : 2026-11-25T10:00") from None
    return read if read.tzinfo is not None else read.replace(tzinfo=PARIS)


def or_now(at: datetime | None) -> datetime:
    """The moment given, or now."""
    return at or timezone.now()
