"""Ringing: a partner's team is told that something waits, never what; queued in the transaction that made it wait."""

from datetime import timedelta

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import AlreadyEnqueued

from referrals.models import Urgency

TASK = "referrals.tell_partner"
# Several things that come together ring once.
GATHERED = timedelta(seconds=30)


def ring(partner_id: int, *, urgency: str) -> None:
    """Queue one mail to a team, unless one is queued; call it inside the transaction that made something wait."""
    lock = f"partner-{partner_id}{'-now' if urgency == Urgency.NOW else ''}"
    if ProcrastinateJob.objects.filter(queueing_lock=lock, status="todo").exists():
        return
    wait = timedelta() if urgency == Urgency.NOW else GATHERED
    try:
        with transaction.atomic():
            app.configure_task(TASK, queueing_lock=lock, schedule_in={"seconds": int(wait.total_seconds())}).defer(
                partner_id=partner_id
            )
    except AlreadyEnqueued:
        return  # another request queued it at the same moment: the team is told all the same
