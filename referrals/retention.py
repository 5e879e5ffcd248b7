"""The end of everything that was kept: each row knows the day on which it dies, and here it does (design.md §5)."""

from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta

from django.contrib.sessions.models import Session
from django.db import connection

from referrals import escalation, handoffs, keyring, lifecycle, statistics
from referrals.models import AccessRecord, Partner, Referral, TeamKey

DAYS_OF_ACCESS_RECORDS = 183
HOURS_OF_FINISHED_JOBS = 24

_FORGET_JOBS = """
DELETE FROM procrastinate_jobs
WHERE status IN ('succeeded', 'failed', 'cancelled', 'aborted')
  AND NOT EXISTS (SELECT FROM procrastinate_events WHERE job_id = procrastinate_jobs.id AND at > %s)
"""


@dataclass(frozen=True, slots=True)
class Purged:
    """How many of each were erased, and how many referrals failed."""

    contents: int
    records: int
    handoffs: int
    accesses: int
    epochs: int
    jobs: int
    sessions: int
    failed: int

    def __str__(self) -> str:
        return ", ".join(f"{one.name} {getattr(self, one.name)}" for one in fields(self))


def purge(*, at: datetime) -> Purged:
    """Erase all that is over at a moment; one transaction a referral, one that fails does not keep the others."""
    today = lifecycle.day_of(at)
    statistics.merge(on=today)
    dead = Referral.objects.filter(dies_on__lte=today).order_by("pk")
    records = escalation.one_by_one(dead, lifecycle.bury)
    emptied = Referral.objects.filter(content_dies_on__lte=today).order_by("pk")
    contents = escalation.one_by_one(emptied, lambda referral: lifecycle.erase_content(referral, on=today))
    return Purged(
        contents=contents.changed,
        records=records.changed,
        handoffs=handoffs.purge(at=at),
        accesses=forget_accesses(on=today),
        epochs=destroy_epochs(on=today),
        jobs=forget_jobs(before=at - timedelta(hours=HOURS_OF_FINISHED_JOBS)),
        sessions=Session.objects.filter(expire_date__lte=at).delete()[0],
        failed=records.failed + contents.failed,
    )


def forget_accesses(*, on: date) -> int:
    """Lines of the record of accesses that are older than six months; how many."""
    return AccessRecord.objects.filter(day__lt=on - timedelta(days=DAYS_OF_ACCESS_RECORDS)).delete()[0]


def destroy_epochs(*, on: date) -> int:
    """Epochs of all teams that no message is sealed to any more; how many."""
    retired = TeamKey.objects.filter(retired_on__isnull=False, destroyed_on__isnull=True)
    partners = Partner.objects.filter(pk__in=retired.values("partner"))
    return sum(keyring.destroy_unused(partner, on=on) for partner in partners)


def forget_jobs(*, before: datetime) -> int:
    """Jobs that ended before a moment; how many."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET_JOBS, [before])
        return int(cursor.rowcount)
