"""What time does to referrals: what nobody took in time goes on, and teams are reminded of what waits."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError
from django.db.models import Max, Q

from referrals import lifecycle, notifications
from referrals.models import Event, Member, PlanStep, Referral

logger = logging.getLogger(__name__)

# What one referral may fail with, without keeping the others waiting.
FAILURES = (
    lifecycle.AlreadyHandled,
    lifecycle.NotWithThisPartner,
    lifecycle.Ended,
    ObjectDoesNotExist,
    DatabaseError,
)
HALF_A_DAY = timedelta(hours=12)
# An answer is awaited from the day after it was taken, or after the person wrote again.
AWAITED = (Event.Kind.ACKNOWLEDGED, Event.Kind.WROTE_AGAIN)


@dataclass(frozen=True, slots=True)
class Done:
    """How many rows changed, and how many failed."""

    changed: int
    failed: int


def escalate(*, at: datetime) -> Done:
    """Pass on every referral that its partner did not take in time; one transaction each."""
    overdue = Referral.objects.waiting().filter(due_at__lte=at).order_by("due_at", "pk")
    return one_by_one(overdue, lambda referral: lifecycle.escalate(referral, at=at))


def remind(*, at: datetime) -> int:
    """Queue a mail to each member of the teams that let something wait, at most one in half a day; how many mails.

    What waits: a referral that nobody took for half of its delay, or that was taken and has no answer a day later.
    """
    teams = {*slow_to_take(at=at), *slow_to_answer(at=at)}
    rested = Q(last_mail_at__isnull=True) | Q(last_mail_at__lte=at - HALF_A_DAY)
    members: list[Member] = list(notifications.to_be_told().filter(rested, partner__in=teams))
    for member in members:
        notifications.ring_member(member, urgent=False, at=at)
    return len(members)


def slow_to_take(*, at: datetime) -> set[int]:
    """Partners that have not taken something for half of its delay."""
    steps = PlanStep.objects.filter(state=PlanStep.State.WAITING, referral__status=Referral.Status.WAITING)
    return {
        step.partner_id
        for step in steps.select_related("referral", "partner")
        if lifecycle.half_gone(step.referral, step.partner.opening_hours, at=at)
    }


def slow_to_answer(*, at: datetime) -> set[int]:
    """Partners that took something before today, or were written to again, and have not answered."""
    unanswered = Referral.objects.filter(status=Referral.Status.ACKNOWLEDGED).annotate(
        since=Max("events__day", filter=Q(events__kind__in=AWAITED))
    )
    held = PlanStep.objects.filter(
        state=PlanStep.State.ACKNOWLEDGED, referral__in=unanswered.filter(since__lt=lifecycle.day_of(at))
    )
    return set(held.values_list("partner_id", flat=True))


def one_by_one(referrals: Iterable[Referral], act: Callable[[Referral], object]) -> Done:
    """Do something to each referral, which may answer False for «nothing to do».

    One that fails is named in the log by its number, and the others go on.
    """
    changed = failed = 0
    for referral in referrals:
        try:
            changed += act(referral) is not False
        except FAILURES as failure:
            failed += 1
            logger.error("referral %s: %s", referral.pk, type(failure).__name__)  # noqa: TRY400  # no value in the log
    return Done(changed, failed)
