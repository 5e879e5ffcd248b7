"""What the worker does: mails and messages that were queued, and what time brings each minute, hour and half-day."""

import logging
from datetime import UTC, datetime

from django.db import DatabaseError
from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import UniqueViolation
from procrastinate.job_context import JobContext
from procrastinate.jobs import Status

from referrals import escalation, notifications, retention, webhooks

logger = logging.getLogger(__name__)

# The database was away: nothing else makes these fail.
PATIENT = RetryStrategy(max_attempts=3000, wait=60)
# The server of an organisation was away, or the database.
FOR_A_DAY = RetryStrategy(
    max_attempts=webhooks.MOST_ATTEMPTS,
    wait=webhooks.FIRST_WAIT,
    linear_wait=webhooks.LONGER_BY,
    retry_exceptions=[webhooks.NotDelivered, DatabaseError],
)


@app.task(name=notifications.TELL_TEAM, retry=PATIENT)
def tell_partner(*, partner_id: int, urgent: bool = False) -> None:
    """Tell the members of a team that something waits."""
    notifications.ring_members(partner_id, urgent=urgent, at=timezone.now())


@app.task(name=notifications.TELL_MEMBER, retry=PATIENT)
def tell_member(*, member_id: int, urgent: bool, attempt: int) -> None:
    """Mail one member."""
    notifications.tell(member_id, urgent=urgent, attempt=attempt, at=timezone.now())


@app.task(name=webhooks.TELL_SYSTEM, retry=FOR_A_DAY, pass_context=True)
def tell_system(context: JobContext, *, webhook_id: int, message: str, body: str) -> None:
    """Tell the system of an organisation that a state changed."""
    attempt = context.job.attempts
    webhooks.deliver(webhook_id, message=message, body=body, attempt=attempt, at=timezone.now())


@app.periodic(cron="* * * * *")
@app.task(name="referrals.escalate", queueing_lock="escalate", lock="escalate")
def escalate(timestamp: int) -> None:
    """Each minute: pass on what was not taken in time."""
    done = escalation.escalate(at=moment(timestamp))
    if done.changed or done.failed:
        logger.info("escalate: %s passed on, %s failed", done.changed, done.failed)


@app.periodic(cron="5 * * * *")
@app.task(name="referrals.remind", queueing_lock="remind", lock="remind")
def remind(timestamp: int) -> None:
    """Each hour: remind teams of what waits, each member at most once in half a day."""
    logger.info("remind: %s mails", escalation.remind(at=moment(timestamp)))


@app.periodic(cron="35 * * * *")
@app.task(name="referrals.purge", queueing_lock="purge", lock="purge")
def purge(timestamp: int) -> None:
    """Each hour: erase what is over."""
    logger.info("purge: %s", retention.purge(at=moment(timestamp)))


@app.periodic(cron="* * * * *")
@app.task(name="referrals.take_over", queueing_lock="take_over", pass_context=True)
async def take_over(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  # periodic tasks are given it
    """Each minute: do again what a worker that died was doing, unless the same waits already."""
    jobs = context.app.job_manager
    for job in await jobs.get_stalled_jobs():
        try:
            await jobs.retry_job(job)
        except UniqueViolation:
            await jobs.finish_job(job, status=Status.FAILED, delete_job=True)


def moment(timestamp: int) -> datetime:
    """The moment that a periodic task is for."""
    return datetime.fromtimestamp(timestamp, tz=UTC)
