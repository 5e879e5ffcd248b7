"""What happens to a referral, in the order of time; the only writer of its state.

One transaction a step; what is to be done later is queued inside it. Every step locks in the same order, so that no two
wait for each other: the referral, its plan, what is queued, then counters of partners, lowest id first.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, Max, OuterRef, QuerySet
from django.utils import timezone

from referrals import crypto, first_rows, keyring, notifications, statistics, webhooks
from referrals.keyring import Addressee
from referrals.models import (
    ApiToken,
    Event,
    Member,
    Message,
    MessageWrap,
    Partner,
    PlanStep,
    Receipt,
    Referral,
    TeamKey,
    Told,
    Urgency,
)
from referrals.peppers import peppers
from referrals.sealing import SealedMessage, SealedReferral
from resources.opening import ALWAYS, PARIS, is_open, next_change, says_hours

Status, State, Kind = Referral.Status, PlanStep.State, Event.Kind

# How long a partner has to take what it was handed (design.md §5), in its opening hours except for *now*.
DELAY = {Urgency.NOW: timedelta(hours=1), Urgency.DAY: timedelta(hours=24), Urgency.WEEK: timedelta(hours=72)}
DAYS_CONTENT_AFTER_CLOSING = 7
DAYS_CONTENT_AFTER_EXHAUSTION = 14
DAYS_RECORD_AFTER_CLOSING = 90
# Nothing outlives this, whatever happens (CNIL, délibération 2022-008, §46).
DAYS_AT_MOST = 730
# A team that opens an hour a week would have half a year: nobody waits longer than this, whatever the hours.
LONGEST_WAIT = timedelta(days=30)
MOST_MESSAGES = 200
HELD = (State.WAITING, State.ACKNOWLEDGED)


class AlreadyHandled(Exception):
    """Somebody else was faster, or the referral is not at the step that the act needs."""


class NotWithThisPartner(Exception):
    """The referral is with another partner now."""


class Ended(Exception):
    """The referral is closed, or its plan is over: nothing more is written to it."""


class AlreadySubmitted(Exception):
    """The locator is taken by another content."""


class WrongAddressees(ValueError):
    """A message is not sealed to exactly those who must read it, under their current keys."""


# --- 1. somebody writes ---------------------------------------------------------------------------------------------


def submit(
    sealed: SealedReferral,
    *,
    plan: Sequence[Addressee],
    urgency: str,
    at: datetime,
    counted: Iterable[str] = (),
    author: Member | ApiToken | None = None,
) -> Referral:
    """Keep a sealed referral, hand it to the first partner of the plan, and have that team told.

    `plan` names live teams in the order in which they are asked, the duty desk last when the message is sealed to it.
    When this returns the referral is on disk. Sent twice, the same referral is kept once. An `author` is a professional
    who signed in, or the token of an organisation whose system sends and follows it; nobody for anybody else.
    Raises WrongAddressees, or AlreadySubmitted when the locator holds something else.
    """
    require_addressees(sealed.message, exactly=plan)
    if sealed.message.sequence != 0:
        raise WrongAddressees
    try:
        with transaction.atomic():
            return keep(sealed, plan=plan, urgency=urgency, at=at, counted=counted, author=author)
    except IntegrityError:
        known = kept_before(sealed)
        if known is None:
            raise AlreadySubmitted from None
        return known


def kept_before(sealed: SealedReferral) -> Referral | None:
    """The referral that the very same bytes made earlier; None when they made none, or its words are erased."""
    return Referral.objects.filter(
        Exists(Message.objects.filter(referral=OuterRef("pk"), sequence=0, ciphertext=sealed.message.ciphertext)),
        locator_hash=peppers().current.hidden(sealed.locator),
        case_key=sealed.case_key,
    ).first()


def keep(
    sealed: SealedReferral,
    *,
    plan: Sequence[Addressee],
    urgency: str,
    at: datetime,
    counted: Iterable[str],
    author: Member | ApiToken | None,
) -> Referral:
    """The rows of a new referral."""
    day, pepper, first = day_of(at), peppers().current, plan[0]
    referral = Referral(
        locator_hash=pepper.hidden(sealed.locator),
        pepper_epoch=pepper.epoch,
        case_key=sealed.case_key,
        urgency=urgency,
        author=author if isinstance(author, Member) else None,
        received_on=day,
        due_at=deadline(urgency, first.opening_hours, at=at),
        dies_on=day + timedelta(days=DAYS_AT_MOST),
    )
    notifications.ring(first.partner_id, urgency=urgency)
    # Last, because it locks the partner's row until the end of the transaction.
    first_rows.insert(referral, message=sealed.message, plan=plan)
    statistics.count([f"{statistics.SENT}:all", f"{statistics.SENT}:urgency:{urgency}", *counted])
    if isinstance(author, ApiToken):
        Receipt.objects.create(referral=referral, token=author, day=day)
    return referral


def deadline(urgency: str, opening_hours: str, *, at: datetime) -> datetime:
    """When a partner must have taken what it is handed at a moment: for *now* an hour, else so many hours of opening,
    and thirty days at most.

    Hours that are unknown, or that never come, count as always open: nobody waits for ever.
    """
    if urgency == Urgency.NOW:
        return at + DELAY[Urgency.NOW]
    return after_opening(DELAY[Urgency(urgency)], opening_hours, at=at)


def half_gone(referral: Referral, opening_hours: str, *, at: datetime) -> bool:
    """Whether a referral that waits has waited for half of its delay or more."""
    half = DELAY[Urgency(referral.urgency)] / 2
    reached = at + half if referral.urgency == Urgency.NOW else after_opening(half, opening_hours, at=at)
    return referral.due_at is not None and reached >= referral.due_at


def after_opening(left: timedelta, opening_hours: str, *, at: datetime) -> datetime:
    """When so much opening time has gone since a moment."""
    latest = at + LONGEST_WAIT
    if not says_hours(opening_hours) or opening_hours == ALWAYS:
        return at + left
    moment = at
    while moment < latest:
        until = next_change(opening_hours, at=moment)
        if until is None:
            break
        if is_open(opening_hours, at=moment):
            if until - moment >= left:
                break
            left -= until - moment
        moment = until
    return min(moment + left, latest)


# --- 2. a partner takes it, or cannot -------------------------------------------------------------------------------


def acknowledge(referral: Referral, *, member: Member, at: datetime) -> None:
    """Take a waiting referral; exactly one caller succeeds, the others get AlreadyHandled."""
    with transaction.atomic():
        kept = lock(referral)
        step = current_step(kept, of=member.partner)
        if step.state != State.WAITING:
            raise AlreadyHandled
        Referral.objects.filter(pk=kept.pk).update(status=Status.ACKNOWLEDGED, due_at=None)
        move(step, State.ACKNOWLEDGED, taken_by=member)
        record(kept, Kind.ACKNOWLEDGED, day=day_of(at), member=member)


def decline(referral: Referral, *, member: Member, code: str, at: datetime) -> None:
    """Say that this partner cannot help, with a code of PlanStep.Decline; the next partner is asked.

    Raises NotWithThisPartner, Ended, ValueError for an unknown code.
    """
    with transaction.atomic():
        kept = lock(referral)
        step = current_step(kept, of=member.partner)
        move(step, State.DECLINED, decline_code=PlanStep.Decline(code))
        stop_reading(kept, partner_id=step.partner_id)
        record(kept, Kind.DECLINED, day=day_of(at), member=member)
        recount(left=step.partner_id, came=serve_next(kept, at=at))


def answer(referral: Referral, message: SealedMessage, *, member: Member, own: Addressee, at: datetime) -> Message:
    """Add a partner's message, sealed to the sender and to the partner's own team.

    Raises AlreadyHandled when nobody took the referral yet or its place in the case is taken, NotWithThisPartner,
    Ended, WrongAddressees.
    """
    require_addressees(message, exactly=[own])
    if own.partner_id != member.partner_id:
        raise WrongAddressees
    with transaction.atomic():
        kept = lock(referral)
        step = current_step(kept, of=member.partner)
        if step.state != State.ACKNOWLEDGED:
            raise AlreadyHandled
        require_next(kept, message)
        day = day_of(at)
        written = add_message(
            kept,
            message,
            direction=crypto.Direction.PARTNER,
            day=day,
            known=[own],
            partner_id=member.partner_id,
        )
        Referral.objects.filter(pk=kept.pk).update(status=Status.ANSWERED)
        record(kept, Kind.ANSWERED, day=day, member=member)
        return written


def hand_over(
    referral: Referral, *, member: Member, to: Addressee, keys: Mapping[int, crypto.Wrap], at: datetime
) -> None:
    """Pass a referral on to another team, which the person has agreed to; `keys` are the keys of all its messages,
    by message id, sealed to that team.

    Raises NotWithThisPartner, Ended, WrongAddressees when a message is left out, AlreadyHandled when that team was
    asked before, or takes nothing now.
    """
    with transaction.atomic():
        kept = lock(referral)
        step = current_step(kept, of=member.partner)
        if not able_partners().filter(pk=to.partner_id).exists():
            raise AlreadyHandled
        if set(keys) != set(kept.messages.values_list("pk", flat=True)):
            raise WrongAddressees
        target = kept.plan.filter(partner_id=to.partner_id).first()
        if target is not None and target.state != State.PLANNED:
            raise AlreadyHandled
        move(step, State.HANDED_OVER)
        stop_reading(kept, partner_id=step.partner_id)
        day = day_of(at)
        record(kept, Kind.HANDED_OVER, day=day, member=member)
        MessageWrap.objects.bulk_create(
            [
                MessageWrap(message_id=message, partner_id=to.partner_id, epoch=to.epoch, enc=one.enc, ct=one.ct)
                for message, one in keys.items()
            ],
            ignore_conflicts=True,
        )
        if target is None:
            last = kept.plan.aggregate(last=Max("position"))["last"]
            target = PlanStep.objects.create(referral=kept, partner_id=to.partner_id, position=last + 1)
        serve(kept, target, at=at)
        recount(left=step.partner_id, came=to.partner_id)


def tell_authority(referral: Referral, *, member: Member, at: datetime) -> None:
    """Record that the partner told the CRIP or the prosecutor; the day and nothing else.

    Raises NotWithThisPartner, Ended.
    """
    with transaction.atomic():
        kept = lock(referral)
        current_step(kept, of=member.partner)
        record(kept, Kind.AUTHORITY_TOLD, day=day_of(at), member=member)


def close(referral: Referral, *, member: Member, at: datetime, outcome: str = "other") -> None:
    """End a referral that was taken; its content dies a week later. `outcome` raises a counter with no link to it.

    Raises AlreadyHandled when nobody took it, NotWithThisPartner, Ended, ValueError for an unknown outcome.
    """
    with transaction.atomic():
        kept = lock(referral)
        step = current_step(kept, of=member.partner)
        if step.state != State.ACKNOWLEDGED:
            raise AlreadyHandled
        day = day_of(at)
        move(step, State.CLOSED, taken_by=step.taken_by)
        end(kept, Status.CLOSED, day=day, days_of_content=DAYS_CONTENT_AFTER_CLOSING)
        record(kept, Kind.CLOSED, day=day, member=member)
        statistics.count([f"{statistics.CLOSED}:all", f"{statistics.CLOSED}:outcome:{outcome}"])
        recount(left=step.partner_id)


# --- 3. the person comes back ---------------------------------------------------------------------------------------


def write_again(referral: Referral, message: SealedMessage, *, readers: Sequence[Addressee], at: datetime) -> Message:
    """Add a message of the sender, sealed to `readers` (see `readers_of`) and to herself; the team is told.

    Raises Ended, WrongAddressees, AlreadyHandled when the same place was taken at the same moment, or the referral went
    to another team meanwhile.
    """
    with transaction.atomic():
        kept = lock(referral)
        if kept.status not in Referral.OPEN or kept.messages.count() >= MOST_MESSAGES:
            raise Ended
        require_addressees(message, exactly=readers)
        require_next(kept, message)
        require_readers(kept, readers)
        day = day_of(at)
        written = add_message(
            kept,
            message,
            direction=crypto.Direction.SENDER,
            day=day,
            known=readers,
        )
        if kept.status == Status.ANSWERED:
            Referral.objects.filter(pk=kept.pk).update(status=Status.ACKNOWLEDGED)
        record(kept, Kind.WROTE_AGAIN, day=day)
        holder = kept.plan.filter(state__in=HELD).first()
        if holder is not None:
            notifications.ring(holder.partner_id, urgency=kept.urgency)
        return written


def readers_of(referral: Referral) -> list[int]:
    """Partners that further messages are sealed to: the one that has the referral, and those that may come to have
    it."""
    states = (State.PLANNED, *HELD)
    return list(referral.plan.filter(state__in=states).order_by("position").values_list("partner_id", flat=True))


def withdraw(referral: Referral) -> None:
    """Erase everything at once, because the person asks."""
    with transaction.atomic():
        kept = lock(referral)
        webhooks.tell(kept, Told.WITHDRAWN, on=day_of(timezone.now()))
        erase(kept)


# --- 4. nobody answered in time -------------------------------------------------------------------------------------


def escalate(referral: Referral, *, at: datetime) -> bool:
    """Serve the next partner when the one that has it let the time pass; False when it did not, or somebody just took
    it."""
    with transaction.atomic():
        kept = (
            Referral.objects.select_for_update(skip_locked=True)
            .waiting()
            .filter(pk=referral.pk, due_at__lte=at)
            .first()
        )
        if kept is None:
            return False
        step = kept.plan.get(state=State.WAITING)
        move(step, State.OVERDUE)
        stop_reading(kept, partner_id=step.partner_id)
        record(kept, Kind.OVERDUE, day=day_of(at), partner_id=step.partner_id)
        came = serve_next(kept, at=at)
        notifications.ring(step.partner_id, urgency=kept.urgency)
        recount(left=step.partner_id, came=came)
        return True


def lose_key(referral: Referral, *, partner: Partner, at: datetime) -> None:
    """Nobody of a partner can open this referral any more: the next partner is asked, and the person will be told."""
    with transaction.atomic():
        kept = lock(referral)
        step = current_step(kept, of=partner)
        move(step, State.OVERDUE)
        stop_reading(kept, partner_id=step.partner_id)
        record(kept, Kind.KEY_LOST, day=day_of(at), partner_id=step.partner_id)
        webhooks.tell(kept, Told.OVERDUE, on=day_of(at))
        recount(left=step.partner_id, came=serve_next(kept, at=at))


def lose_epochs(partner: Partner, *, at: datetime) -> int:
    """Nobody of a partner can open epochs before the current one any more; how many referrals that concerns.

    Those that are with it go on to the next partner, as in `lose_key`; it is asked no more about those where it stands
    further down the plan. Every person is told when she comes back. One transaction a referral; doing it again does
    what is left.
    """
    current = TeamKey.objects.get(partner=partner, retired_on__isnull=True)
    unreadable = MessageWrap.objects.filter(partner=partner, epoch__lt=current.epoch)
    lost = Referral.objects.filter(Exists(unreadable.filter(message__referral=OuterRef("pk"))))
    concerned = list(lost.order_by("pk"))
    for referral in concerned:
        lose_step(referral, partner=partner, at=at)
    return len(concerned)


def lose_step(referral: Referral, *, partner: Partner, at: datetime) -> None:
    """A partner can open a referral no more, wherever it stands in the plan."""
    with transaction.atomic():
        kept = lock(referral)
        step = kept.plan.get(partner=partner)
        if step.state in HELD and kept.status in Referral.OPEN:
            lose_key(kept, partner=partner, at=at)
            return
        if step.state == State.PLANNED:
            move(step, State.OVERDUE)
            record(kept, Kind.KEY_LOST, day=day_of(at), partner_id=partner.pk)
        stop_reading(kept, partner_id=partner.pk)


def serve_next(referral: Referral, *, at: datetime) -> int | None:
    """Hand a referral to the next partner of its plan that can read, or end it when there is none; which partner."""
    planned = referral.plan.filter(state=State.PLANNED).order_by("position")
    able = planned.filter(partner__in=able_partners()).first()
    if able is not None:
        serve(referral, able, at=at)
        return able.partner_id
    day = day_of(at)
    end(referral, Status.EXHAUSTED, day=day, days_of_content=DAYS_CONTENT_AFTER_EXHAUSTION)
    record(referral, Kind.EXHAUSTED, day=day)
    return None


def able_partners() -> QuerySet[Partner]:
    """Partners that can read and take something now."""
    return Partner.objects.live().filter(active=True, paused=False)


def serve(referral: Referral, step: PlanStep, *, at: datetime) -> None:
    """Hand a referral to the partner of a planned step."""
    move(step, State.WAITING)
    partner = Partner.objects.only("opening_hours").get(pk=step.partner_id)
    due = deadline(referral.urgency, partner.opening_hours, at=at)
    Referral.objects.filter(pk=referral.pk).update(status=Status.WAITING, due_at=due)
    record(referral, Kind.SERVED, day=day_of(at), partner_id=partner.pk)
    notifications.ring(partner.pk, urgency=referral.urgency)


# --- 5. the end ------------------------------------------------------------------------------------------------------


def erase_content(referral: Referral, *, on: date) -> None:
    """Erase the messages of a referral that ended; its plan and days stay for a while, without a word."""
    with transaction.atomic():
        kept = lock(referral)
        kept.messages.all().delete()
        Referral.objects.filter(pk=kept.pk).update(content_dies_on=None)
        record(kept, Kind.CONTENT_ERASED, day=on)


def bury(referral: Referral) -> None:
    """Erase the empty record as well; nobody is told."""
    with transaction.atomic():
        erase(lock(referral))


# --- pieces of the steps --------------------------------------------------------------------------------------------


def day_of(at: datetime) -> date:
    """The day in Paris."""
    return timezone.localdate(at, timezone=PARIS)


def lock(referral: Referral) -> Referral:
    """The referral as it is now, for this transaction alone. Raises Ended when it is gone."""
    kept = Referral.objects.select_for_update().filter(pk=referral.pk).first()
    if kept is None:
        raise Ended
    return kept


def current_step(referral: Referral, *, of: Partner) -> PlanStep:
    """The step that is with this partner. Raises Ended or NotWithThisPartner."""
    if not Referral.objects.open().filter(pk=referral.pk).exists():
        raise Ended
    step = PlanStep.objects.select_for_update().filter(referral=referral, partner=of, state__in=HELD).first()
    if step is None:
        raise NotWithThisPartner
    return step


def move(step: PlanStep, state: str, *, decline_code: str = "", taken_by: Member | None = None) -> None:
    """Write what became of a step."""
    step.state, step.decline_code, step.taken_by = state, decline_code, taken_by
    step.save(update_fields=["state", "decline_code", "taken_by"])


def recount(*, left: int | None = None, came: int | None = None) -> None:
    """One open referral less for the partner that it left, one more for the one that it came to; the last thing that a
    step does, because it locks their rows."""
    changes = [(partner_id, by) for partner_id, by in ((left, -1), (came, 1)) if partner_id is not None]
    for partner_id, by in sorted(changes):
        Partner.objects.filter(pk=partner_id).update(own_open=F("own_open") + by)


def erase(referral: Referral) -> None:
    """Delete a locked referral with all that belongs to it."""
    holder = referral.plan.filter(state__in=HELD).first() if referral.status in Referral.OPEN else None
    referral.delete()
    if holder is not None:
        recount(left=holder.partner_id)


def stop_reading(referral: Referral, *, partner_id: int) -> None:
    """A team that the referral has left can open its messages no more."""
    MessageWrap.objects.filter(message__referral=referral, partner_id=partner_id).delete()


def end(referral: Referral, status: str, *, day: date, days_of_content: int) -> None:
    """Close or exhaust: from now on there are days at which content and record die, and nobody new may read."""
    never_served = referral.plan.filter(state=State.PLANNED).values("partner")
    MessageWrap.objects.filter(message__referral=referral, partner__in=never_served).delete()
    Referral.objects.filter(pk=referral.pk).update(
        status=status,
        due_at=None,
        closed_on=day,
        content_dies_on=day + timedelta(days=days_of_content),
        dies_on=day + timedelta(days=DAYS_RECORD_AFTER_CLOSING),
    )


def next_sequence(referral: Referral) -> int:
    """The place of the next message."""
    last = referral.messages.aggregate(last=Max("sequence"))["last"]
    return 0 if last is None else int(last) + 1


def require_next(referral: Referral, message: SealedMessage) -> None:
    """Raises AlreadyHandled unless the message is sealed for the next place; the lock keeps that place free."""
    if message.sequence != next_sequence(referral):
        raise AlreadyHandled


def require_readers(referral: Referral, readers: Sequence[Addressee]) -> None:
    """Raises AlreadyHandled when a message is sealed to a team that the referral has left, or not to the one that has
    it; the lock keeps it there."""
    sealed_to, able = {one.partner_id for one in readers}, readers_of(referral)
    holder = referral.plan.filter(state__in=HELD).values_list("partner_id", flat=True)
    if not sealed_to <= set(able) or not set(keyring.teams_that_open(holder)) <= sealed_to:
        raise AlreadyHandled


def add_message(
    referral: Referral,
    message: SealedMessage,
    *,
    direction: str,
    day: date,
    known: Sequence[Addressee],
    partner_id: int | None = None,
) -> Message:
    """Keep a sealed message and its keys."""
    ids = {crypto.SENDER: None, **{one.slug: one.partner_id for one in known}}
    written = Message.objects.create(
        referral=referral,
        sequence=message.sequence,
        direction=direction,
        partner_id=partner_id,
        day=day,
        ciphertext=message.ciphertext,
    )
    MessageWrap.objects.bulk_create(
        MessageWrap(message=written, partner_id=ids[key.to], epoch=key.epoch, enc=key.wrap.enc, ct=key.wrap.ct)
        for key in message.keys
    )
    return written


def require_addressees(message: SealedMessage, *, exactly: Sequence[Addressee]) -> None:
    """Raises WrongAddressees unless the key is sealed once to each of these teams, in its epoch, and to the sender."""
    expected = {(one.slug, one.epoch) for one in exactly} | {(crypto.SENDER, 0)}
    given = [(key.to, key.epoch) for key in message.keys]
    if not exactly or len(given) != len(expected) or set(given) != expected:
        raise WrongAddressees


def record(
    referral: Referral, kind: str, *, day: date, member: Member | None = None, partner_id: int | None = None
) -> None:
    """One more event; the system that follows the referral is told when its state changed with it."""
    holder = member.partner_id if member is not None else partner_id
    Event.objects.create(referral=referral, kind=kind, day=day, member=member, partner_id=holder)
    if kind in Told.values:
        webhooks.tell(referral, Told(kind), on=day)
