"""The only door to confidential rows: the person by her locator, a member by what is with their own team."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import FilteredRelation, Prefetch, Q, QuerySet
from django.http import Http404

from referrals import crypto
from referrals.crypto import Context, Direction
from referrals.models import AccessRecord, Member, Message, MessageWrap, PlanStep, Referral
from referrals.peppers import peppers

State = PlanStep.State
IS_OPEN = Q(status__in=Referral.OPEN, ours__state__in=(State.WAITING, State.ACKNOWLEDGED))
WAS_SERVED = Q(ours__isnull=False) & ~Q(ours__state=State.PLANNED)
IS_ENDED = Q(status=Referral.Status.CLOSED, ours__state=State.CLOSED)


@dataclass(frozen=True, slots=True)
class Stored:
    """A message as its sender may open it."""

    context: Context
    direction: str
    partner_name: str
    day: date
    ciphertext: bytes
    wrap: crypto.Wrap


# --- the person -----------------------------------------------------------------------------------------------------


def by_locator(locator: bytes) -> Referral | None:
    """The referral of a locator of 16 bytes, or None; the same one query for known and unknown ones."""
    hidden = [pepper.hidden(locator) for pepper in peppers().epochs]
    return (
        Referral.objects.filter(locator_hash__in=hidden)
        .prefetch_related(Prefetch("plan", PlanStep.objects.select_related("partner")))
        .first()
    )


def answer_to(locator: bytes) -> bytes:
    """What the second pepper makes of a locator: of the referral's own epoch when there is one, else of the current
    epoch. Every epoch is computed each time, and one query made, so that nothing tells the two apart."""
    answers = {pepper.epoch: pepper.completes(locator) for pepper in peppers().epochs}
    hidden = [pepper.hidden(locator) for pepper in peppers().epochs]
    epoch = Referral.objects.filter(locator_hash__in=hidden).values_list("pepper_epoch", flat=True).first()
    return answers.get(epoch or 0, answers[peppers().current.epoch])


def messages_for_sender(referral: Referral) -> list[Stored]:
    """All messages of a referral with the sender's wraps, first to last; two queries."""
    sender = MessageWrap.objects.filter(partner__isnull=True)
    found = referral.messages.select_related("partner").prefetch_related(
        Prefetch("wraps", sender, to_attr="for_sender")
    )
    return [
        Stored(
            context=context_of(referral, message),
            direction=message.direction,
            partner_name=message.partner.name if message.partner else "",
            day=message.day,
            ciphertext=bytes(message.ciphertext),
            wrap=crypto.Wrap(bytes(wrap.enc), bytes(wrap.ct)),
        )
        for message in found
        for wrap in message.for_sender
    ]


def plan_of(referral: Referral) -> list[PlanStep]:
    """Steps of a referral with their partners, in order; one statement unless they were read with it."""
    known = "plan" in getattr(referral, "_prefetched_objects_cache", {})
    return list(referral.plan.all() if known else referral.plan.select_related("partner"))


def read_nothing() -> None:
    """The statements that read the plan and the messages of a referral, for one that does not exist."""
    list(PlanStep.objects.select_related("partner").filter(referral_id=0))
    list(Message.objects.select_related("partner").filter(referral_id=0))
    list(MessageWrap.objects.filter(message_id=0, partner__isnull=True))


def context_of(referral: Referral, message: Message) -> Context:
    """What a message is bound to."""
    return Context(bytes(referral.case_key), message.sequence, Direction(message.direction))


# --- a member of a team ---------------------------------------------------------------------------------------------


def with_team(member: Member) -> QuerySet[Referral]:
    """Every referral, with the step of the member's team in its plan as `ours`: there is one at most."""
    return Referral.objects.annotate(
        ours=FilteredRelation("plan", condition=Q(plan__partner=member.partner_id)),
    )


def inbox(member: Member) -> QuerySet[Referral]:
    """Referrals that are with the member's team now."""
    return with_team(member).filter(IS_OPEN)


def ended(member: Member) -> QuerySet[Referral]:
    """Closed referrals that were with the member's team at the end."""
    return with_team(member).filter(IS_ENDED)


def get_referral(member: Member, public_id: UUID, *, on: date) -> Referral:
    """One of them, and a line in the record of accesses. Raises Http404 for anything that is not with the team."""
    referral = with_team(member).filter(IS_OPEN | IS_ENDED, public_id=public_id).first()
    if referral is None:
        raise Http404
    AccessRecord.objects.create(
        partner_id=member.partner_id, member=member, referral_id_seen=public_id, act="opened", day=on
    )
    return referral


def is_with_team(member: Member, public_id: UUID) -> bool:
    """Whether the member's team sees a referral now; says nothing to the record of accesses."""
    return with_team(member).filter(IS_OPEN | IS_ENDED, public_id=public_id).exists()


def was_with_team(member: Member, public_id: UUID) -> bool:
    """Whether a referral was once served to the member's team, which may know so much and no more."""
    return with_team(member).filter(WAS_SERVED, public_id=public_id).exists()


def wraps_for(member: Member, messages: Sequence[Message]) -> dict[int, list[MessageWrap]]:
    """Keys of messages that are sealed to the member's team, by message id."""
    found: dict[int, list[MessageWrap]] = {message.pk: [] for message in messages}
    for wrap in MessageWrap.objects.filter(message__in=messages, partner_id=member.partner_id):
        found[wrap.message_id].append(wrap)
    return found
