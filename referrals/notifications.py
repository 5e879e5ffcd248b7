"""Ringing: a partner's team is told that something waits, never what; queued in the transaction that made it wait."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils import timezone
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task

from referrals.models import Member, Urgency

logger = logging.getLogger(__name__)

TELL_TEAM, TELL_MEMBER = "referrals.tell_partner", "referrals.tell_member"
# Several things that come together ring once.
GATHERED = timedelta(seconds=30)
# A member gets one mail in so long, and what comes meanwhile waits; shorter when somebody needs help now.
QUIET, QUIET_WHEN_URGENT = timedelta(minutes=15), timedelta(minutes=2)
# When the mail server does not take a mail: half a minute, a minute, two … ten; for two days.
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(minutes=10)
MOST_ATTEMPTS = 290
# Jobs go through Django's own connection, in a worker too: they are there exactly when the rest of the step is.
QUEUE = JobManager(DjangoConnector())


def ring(partner_id: int, *, urgency: str) -> None:
    """Queue one mail to a team, unless one is queued; call it inside the transaction that made something wait."""
    urgent = urgency == Urgency.NOW
    at = timezone.now() + (timedelta() if urgent else GATHERED)
    enqueue(TELL_TEAM, lock=lock_of("partner", partner_id, urgent=urgent), at=at, partner_id=partner_id, urgent=urgent)


def ring_members(partner_id: int, *, urgent: bool, at: datetime) -> int:
    """Queue a mail for each member of a team who wants them; how many."""
    members = to_be_told().filter(partner=partner_id)
    for member in members:
        ring_member(member, urgent=urgent, at=earliest(member, urgent=urgent, at=at))
    return len(members)


def ring_member(member: Member, *, urgent: bool, at: datetime, attempt: int = 0) -> None:
    """Queue a mail for one member, unless one is queued."""
    lock = lock_of("member", member.pk, urgent=urgent)
    enqueue(TELL_MEMBER, lock=lock, at=at, member_id=member.pk, urgent=urgent, attempt=attempt)


def tell(member_id: int, *, urgent: bool, attempt: int, at: datetime) -> bool:
    """Send the mail to one member; True when it went.

    Too soon after another one, or when the server does not take it, it is queued again for later.
    """
    member = to_be_told().filter(pk=member_id).first()
    if member is None:
        return False
    later = earliest(member, urgent=urgent, at=at)
    if later > at:
        ring_member(member, urgent=urgent, at=later)
        return False
    try:
        mail_to(member).send()
    except OSError as failure:  # smtplib's errors are of this kind; their texts repeat addresses
        logger.warning("mail to member %s not sent, attempt %s: %s", member_id, attempt + 1, type(failure).__name__)
        if attempt + 1 < MOST_ATTEMPTS:
            wait = min(FIRST_WAIT * 2 ** min(attempt, 10), LONGEST_WAIT)
            ring_member(member, urgent=urgent, at=at + wait, attempt=attempt + 1)
        return False
    Member.objects.filter(pk=member_id).update(last_mail_at=at)
    return True


def to_be_told() -> QuerySet[Member]:
    """Members who are still there and want mail."""
    present = Member.objects.filter(left_on__isnull=True, wants_mail=True, user__is_active=True)
    return present.select_related("user").order_by("pk")


def earliest(member: Member, *, urgent: bool, at: datetime) -> datetime:
    """When the member may get the next mail."""
    quiet = QUIET_WHEN_URGENT if urgent else QUIET
    return at if member.last_mail_at is None else max(at, member.last_mail_at + quiet)


def mail_to(member: Member) -> EmailMessage:
    """The one mail that teams get: that something waits, and where to sign in."""
    return EmailMessage(
        subject=render_to_string("emails/waiting_subject.txt").strip(),
        body=render_to_string("emails/waiting_message.txt", {"link": f"{settings.SITE_URL}/espace/"}).strip(),
        to=[member.user.email],
        headers={"Auto-Submitted": "auto-generated"},
    )


def lock_of(kind: str, number: int, *, urgent: bool) -> str:
    """Under which name only one such job waits."""
    return f"{kind}-{number}{'-now' if urgent else ''}"


def enqueue(task: str, *, lock: str, at: datetime, **about: int) -> None:
    """Queue a job for a moment, unless one waits under the same lock."""
    if ProcrastinateJob.objects.filter(queueing_lock=lock, status="todo").exists():
        return
    try:
        with transaction.atomic():
            configure_task(name=task, job_manager=QUEUE, queueing_lock=lock, schedule_at=at).defer(**about)
    except AlreadyEnqueued:
        return  # another request queued it at the same moment: they are told all the same
