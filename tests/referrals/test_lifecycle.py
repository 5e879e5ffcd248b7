"""Every step of a referral, who may make it, what it leaves, and what two people get who make it at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from threading import Barrier

import pytest
from django.db import connections, transaction
from django.db.models import Count, Q
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import DjangoCaptureOnCommitCallbacks

from referrals import crypto, lifecycle, sealing
from referrals.lifecycle import (
    AlreadyHandled,
    AlreadySubmitted,
    Ended,
    NotWithThisPartner,
    WrongAddressees,
    deadline,
)
from referrals.models import (
    Event,
    Member,
    Message,
    MessageWrap,
    Partner,
    PlanStep,
    Referral,
)
from resources.opening import PARIS
from tests.builders import Sent, Team, a_partner, a_referral, a_team, an_answer, figures

Status, State = Referral.Status, PlanStep.State

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=PARIS)  # a Wednesday
TODAY = NOW.date()
OFFICE = "Mo-Fr 09:00-17:00; PH off"

alone = pytest.mark.django_db
with_others = pytest.mark.django_db(transaction=True)


def standing(sent: Sent) -> tuple[str, list[str]]:
    """Status of a referral, and states of its plan."""
    referral = Referral.objects.get(pk=sent.referral.pk)
    return referral.status, list(referral.plan.values_list("state", flat=True))


def open_at(team: Team) -> int:
    """What the counter says that a team has open."""
    return Partner.objects.get(pk=team.partner.pk).own_open


def kinds(sent: Sent) -> list[str]:
    """What happened so far."""
    return list(sent.referral.events.values_list("kind", flat=True))


def rung() -> list[int]:
    """Partners that a mail is queued for."""
    queued = ProcrastinateJob.objects.filter(task_name="referrals.tell_partner", status="todo").order_by("id")
    return [job.args["partner_id"] for job in queued]


def taken(team: Team, *others: Team, text: str = "J’ai besoin d’aide.") -> Sent:
    """A referral that a team has taken."""
    sent = a_referral(team, *others, text=text, at=NOW)
    lifecycle.acknowledge(sent.referral, member=team.members[0], at=NOW)
    return sent


def keys_for(team: Team, sent: Sent) -> dict[int, crypto.Wrap]:
    """Keys of all messages of a referral sealed to a team, as a browser that can read them makes them."""
    wraps = {}
    one = team.addressee
    for message in sent.referral.messages.all():
        mine = message.wraps.get(partner=None)
        context = crypto.Context(bytes(sent.referral.case_key), message.sequence, crypto.Direction(message.direction))
        info = crypto.key_info(context, to=crypto.SENDER, epoch=0)
        key = crypto.unwrap(crypto.Wrap(bytes(mine.enc), bytes(mine.ct)), private=sent.pair.private, info=info)
        wraps[message.pk] = crypto.wrap(
            key, to=one.public_key, info=crypto.key_info(context, to=one.slug, epoch=one.epoch)
        )
    return wraps


# --- 1. somebody writes ---------------------------------------------------------------------------------------------


@alone
def test_a_referral_is_kept_sealed_with_the_first_team_and_nobody_else_is_told(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    first, second = a_team(), a_team()

    with django_capture_on_commit_callbacks(execute=True):
        sent = a_referral(first, second, text="Je veux parler.", at=NOW)

    referral = sent.referral
    assert standing(sent) == (Status.WAITING, [State.WAITING, State.PLANNED])
    assert (referral.received_on, referral.due_at) == (TODAY, NOW + timedelta(hours=24))
    assert (open_at(first), open_at(second)) == (1, 0)
    assert rung() == [first.partner.pk]
    assert (first.read(referral), second.read(referral)) == (["Je veux parler."], ["Je veux parler."])
    assert figures(TODAY) == {"sent:all": 1, "sent:urgency:24h": 1}


@alone
def test_the_same_referral_sent_twice_is_kept_once(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    team = a_team()
    plan = [team.addressee]
    _code, sealed = sealing.seal_first(sealing.Letter("Bonjour"), to=plan)

    with django_capture_on_commit_callbacks(execute=True):
        first = lifecycle.submit(sealed, plan=plan, urgency="24h", at=NOW)
        again = lifecycle.submit(sealed, plan=plan, urgency="24h", at=NOW)

    assert first == again
    assert (Referral.objects.count(), Message.objects.count(), open_at(team)) == (1, 1, 1)
    assert figures(TODAY)["sent:all"] == 1


@alone
def test_another_content_under_the_same_code_is_refused_and_says_nothing_of_it() -> None:
    plan = [a_team().addressee]
    _code, sealed = sealing.seal_first(sealing.Letter("Bonjour"), to=plan)
    lifecycle.submit(sealed, plan=plan, urgency="24h", at=NOW)
    context = crypto.Context(sealed.case_key, 0, crypto.Direction.SENDER)
    other = sealing.seal_message(b'{"text":"autre"}', context=context, to=plan, sender=sealed.case_key)

    with pytest.raises(AlreadySubmitted) as refusal:
        lifecycle.submit(
            sealing.SealedReferral(sealed.locator, sealed.case_key, other), plan=plan, urgency="24h", at=NOW
        )

    assert refusal.value.args == ()
    assert refusal.value.__suppress_context__


@alone
def test_a_message_is_sealed_to_exactly_the_plan() -> None:
    first, second = a_team(), a_team()
    _code, sealed = sealing.seal_first(sealing.Letter("Bonjour"), to=[first.addressee])
    _code, unplanned = sealing.seal_first(sealing.Letter("Bonjour"), to=[])

    for message, plan in ((sealed, [first, second]), (sealed, [second]), (sealed, []), (unplanned, [])):
        with pytest.raises(WrongAddressees):
            lifecycle.submit(message, plan=[team.addressee for team in plan], urgency="24h", at=NOW)
    assert not Referral.objects.exists()


@with_others
def test_twice_at_the_same_moment_is_kept_once() -> None:
    team = a_team()
    plan = [team.addressee]
    _code, sealed = sealing.seal_first(sealing.Letter("Bonjour"), to=plan)

    results = at_once(*[lambda: lifecycle.submit(sealed, plan=plan, urgency="24h", at=NOW)] * 2)

    assert results[0] == results[1]
    assert (Referral.objects.count(), open_at(team)) == (1, 1)


@alone
def test_what_fails_leaves_nothing_queued() -> None:
    team = a_team()
    _code, sealed = sealing.seal_first(sealing.Letter("Bonjour"), to=[team.addressee])

    with pytest.raises(ValueError, match="unknown counter"), transaction.atomic():
        lifecycle.submit(sealed, plan=[team.addressee], urgency="24h", at=NOW, counted=["sent:name:Léa"])

    assert (rung(), open_at(team), Referral.objects.count()) == ([], 0, 0)


# --- deadlines ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("urgency", "hours", "at", "due"),
    [
        # Unknown hours, days without hours, always open, never open: hours of the clock.
        ("24h", "", "2026-11-25 10:00", "2026-11-26 10:00"),
        ("week", "", "2026-11-25 10:00", "2026-11-28 10:00"),
        ("24h", "Mo-Fr", "2026-11-27 18:00", "2026-11-28 18:00"),
        ("24h", "24/7", "2026-11-27 18:00", "2026-11-28 18:00"),
        ("24h", "Mo-Su 09:00-17:00 off", "2026-11-27 18:00", "2026-11-28 18:00"),
        # *Now* is an hour, whoever is open.
        ("now", OFFICE, "2026-11-28 23:30", "2026-11-29 00:30"),
        # Wed 7 h, Thu 8 h, Fri 8 h, Mon 1 h.
        ("24h", OFFICE, "2026-11-25 10:00", "2026-11-30 10:00"),
        # Sent on Saturday: Mon, Tue, Wed to the last minute.
        ("24h", OFFICE, "2026-11-28 12:00", "2026-12-02 17:00"),
        ("24h", OFFICE, "2026-11-28 12:00:30", "2026-12-02 17:00"),
        # 7 h, then eight days of 8 h, then an hour.
        ("week", OFFICE, "2026-11-25 10:00", "2026-12-08 10:00"),
        # Christmas is a Friday: Thu 7 h, Mon 8 h, Tue 8 h, Wed 1 h.
        ("24h", OFFICE, "2026-12-24 10:00", "2026-12-30 10:00"),
        # At the minute of closing, nothing of that day is left; at the minute of opening, everything.
        ("24h", OFFICE, "2026-11-25 17:00", "2026-11-30 17:00"),
        ("24h", OFFICE, "2026-11-26 09:00", "2026-11-30 17:00"),
        # Clocks go back in the night of 25 October: that day has 25 hours.
        ("24h", "", "2026-10-24 20:00", "2026-10-25 19:00"),
        # Past midnight: 4 h a night from 22:00.
        ("24h", "Mo-Su 22:00-02:00", "2026-11-25 10:00", "2026-12-01 02:00"),
        # An hour a week would be half a year.
        ("24h", "Mo 10:00-11:00", "2026-11-25 10:00", "2026-12-25 10:00"),
    ],
)
def test_a_deadline_counts_the_hours_in_which_somebody_is_there(urgency: str, hours: str, at: str, due: str) -> None:
    moment = datetime.fromisoformat(at).replace(tzinfo=PARIS)

    assert deadline(urgency, hours, at=moment.astimezone()) == datetime.fromisoformat(due).replace(tzinfo=PARIS)


@alone
def test_each_partner_has_its_own_hours() -> None:
    always, office = a_team(), a_team(a_partner(opening_hours=OFFICE))
    sent = a_referral(always, office, at=NOW)

    lifecycle.decline(sent.referral, member=always.members[0], code="full", at=NOW)

    due = Referral.objects.get(pk=sent.referral.pk).due_at
    assert due == datetime(2026, 11, 30, 10, 0, tzinfo=PARIS)


# --- 2. a partner takes it, or cannot -------------------------------------------------------------------------------


@alone
def test_a_member_takes_a_referral_and_nobody_takes_it_again() -> None:
    team, stranger = a_team(), a_team()
    sent = a_referral(team, at=NOW)

    with pytest.raises(NotWithThisPartner):
        lifecycle.acknowledge(sent.referral, member=stranger.members[0], at=NOW)
    lifecycle.acknowledge(sent.referral, member=team.members[0], at=NOW)
    with pytest.raises(AlreadyHandled):
        lifecycle.acknowledge(sent.referral, member=team.members[1], at=NOW)

    assert standing(sent) == (Status.ACKNOWLEDGED, [State.ACKNOWLEDGED])
    assert sent.referral.plan.get().taken_by == team.members[0]
    assert Referral.objects.get().due_at is None
    assert open_at(team) == 1


@alone
def test_a_refusal_passes_on_and_the_team_that_refused_reads_no_more() -> None:
    first, second = a_team(), a_team()
    sent = a_referral(first, second, at=NOW)

    with pytest.raises(ValueError, match="tired"):
        lifecycle.decline(sent.referral, member=first.members[0], code="tired", at=NOW)
    lifecycle.decline(sent.referral, member=first.members[0], code="age", at=NOW)

    assert standing(sent) == (Status.WAITING, [State.DECLINED, State.WAITING])
    assert sent.referral.plan.get(position=0).decline_code == "age"
    assert (open_at(first), open_at(second)) == (0, 1)
    assert (first.read(sent.referral), len(second.read(sent.referral))) == ([], 1)
    assert rung() == [first.partner.pk, second.partner.pk]
    with pytest.raises(NotWithThisPartner):
        lifecycle.decline(sent.referral, member=first.members[0], code="age", at=NOW)


@alone
def test_a_team_that_cannot_read_is_passed_over() -> None:
    first, paused, closed, alone_now, last = (a_team() for _team in range(5))
    sent = a_referral(first, paused, closed, alone_now, last, at=NOW)
    Partner.objects.filter(pk=paused.partner.pk).update(paused=True)
    Partner.objects.filter(pk=closed.partner.pk).update(active=False)
    Member.objects.filter(pk=alone_now.members[1].pk).update(left_on=TODAY)

    lifecycle.decline(sent.referral, member=first.members[0], code="full", at=NOW)

    assert standing(sent)[1] == [State.DECLINED, State.PLANNED, State.PLANNED, State.PLANNED, State.WAITING]
    assert open_at(last) == 1


@alone
def test_an_answer_is_for_the_sender_and_the_team_that_gave_it() -> None:
    team, planned = a_team(), a_team()
    sent = a_referral(team, planned, at=NOW)
    answer = an_answer(team, sent, "On se voit demain ?")

    with pytest.raises(AlreadyHandled):
        lifecycle.answer(sent.referral, answer, member=team.members[0], own=team.addressee, at=NOW)
    lifecycle.acknowledge(sent.referral, member=team.members[0], at=NOW)
    with pytest.raises(WrongAddressees):
        lifecycle.answer(sent.referral, answer, member=team.members[0], own=planned.addressee, at=NOW)
    lifecycle.answer(sent.referral, answer, member=team.members[0], own=team.addressee, at=NOW)
    with pytest.raises(AlreadyHandled):  # the same place twice: the page was sent twice
        lifecycle.answer(sent.referral, answer, member=team.members[0], own=team.addressee, at=NOW)

    assert standing(sent) == (Status.ANSWERED, [State.ACKNOWLEDGED, State.PLANNED])
    assert team.read(sent.referral)[-1] == "On se voit demain ?"
    assert len(planned.read(sent.referral)) == 1
    mine = MessageWrap.objects.filter(message__referral=sent.referral, partner=None)
    assert mine.count() == 2


@alone
def test_an_answer_in_the_name_of_another_team_is_refused() -> None:
    team, other = a_team(), a_team()
    sent = taken(team)

    with pytest.raises(WrongAddressees):
        lifecycle.answer(sent.referral, an_answer(other, sent), member=team.members[0], own=other.addressee, at=NOW)


@alone
def test_handing_over_gives_every_message_to_the_other_team_and_takes_it_from_this_one() -> None:
    team, other = a_team(), a_team()
    sent = taken(team, text="Je suis à Bobigny.")
    lifecycle.answer(sent.referral, an_answer(team, sent, "Oui."), member=team.members[0], own=team.addressee, at=NOW)
    keys = keys_for(other, sent)

    with pytest.raises(WrongAddressees):
        lifecycle.hand_over(
            sent.referral, member=team.members[0], to=other.addressee, keys=dict(list(keys.items())[:1]), at=NOW
        )
    lifecycle.hand_over(sent.referral, member=team.members[0], to=other.addressee, keys=keys, at=NOW)

    assert standing(sent) == (Status.WAITING, [State.HANDED_OVER, State.WAITING])
    assert (team.read(sent.referral), other.read(sent.referral)) == ([], ["Je suis à Bobigny.", "Oui."])
    assert (open_at(team), open_at(other)) == (0, 1)
    assert rung() == [team.partner.pk, other.partner.pk]


@alone
def test_handing_over_to_a_team_of_the_plan_comes_first_and_to_one_that_was_asked_never() -> None:
    first, second, third = a_team(), a_team(), a_team()
    sent = a_referral(first, second, third, at=NOW)
    lifecycle.decline(sent.referral, member=first.members[0], code="full", at=NOW)

    with pytest.raises(AlreadyHandled):
        lifecycle.hand_over(
            sent.referral, member=second.members[0], to=first.addressee, keys=keys_for(first, sent), at=NOW
        )
    lifecycle.hand_over(sent.referral, member=second.members[0], to=third.addressee, keys=keys_for(third, sent), at=NOW)

    assert standing(sent)[1] == [State.DECLINED, State.HANDED_OVER, State.WAITING]
    assert len(third.read(sent.referral)) == 1


@alone
def test_telling_the_authority_is_recorded_by_day() -> None:
    team, stranger = a_team(), a_team()
    sent = taken(team)

    with pytest.raises(NotWithThisPartner):
        lifecycle.tell_authority(sent.referral, member=stranger.members[0], at=NOW)
    lifecycle.tell_authority(sent.referral, member=team.members[1], at=NOW)

    told = sent.referral.events.get(kind="authority_told")
    assert (told.day, told.member, told.partner) == (TODAY, team.members[1], team.partner)


@alone
def test_closing_dates_the_end_and_counts_without_a_link(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    team = a_team()
    sent = a_referral(team, at=NOW)

    with pytest.raises(AlreadyHandled):
        lifecycle.close(sent.referral, member=team.members[0], at=NOW)
    lifecycle.acknowledge(sent.referral, member=team.members[0], at=NOW)
    with pytest.raises(ValueError, match="unknown counter"):
        lifecycle.close(sent.referral, member=team.members[0], at=NOW, outcome="Léa est partie")
    with django_capture_on_commit_callbacks(execute=True):
        lifecycle.close(sent.referral, member=team.members[0], at=NOW, outcome="helped")

    closed = Referral.objects.get()
    assert (closed.status, closed.closed_on) == (Status.CLOSED, TODAY)
    assert (closed.content_dies_on, closed.dies_on) == (date(2026, 12, 2), date(2027, 2, 23))
    assert open_at(team) == 0
    assert figures(TODAY)["closed:outcome:helped"] == 1
    for step in (
        lambda: lifecycle.close(sent.referral, member=team.members[0], at=NOW),
        lambda: lifecycle.acknowledge(sent.referral, member=team.members[0], at=NOW),
        lambda: lifecycle.decline(sent.referral, member=team.members[0], code="full", at=NOW),
        lambda: lifecycle.write_again(sent.referral, sent.writes_again("?"), readers=sent.readers(), at=NOW),
    ):
        with pytest.raises(Ended):
            step()


# --- 3. the person comes back ---------------------------------------------------------------------------------------


@alone
def test_writing_again_reaches_the_team_that_has_it_and_those_that_may_get_it() -> None:
    first, second, third = a_team(), a_team(), a_team()
    sent = a_referral(first, second, third, at=NOW)
    lifecycle.decline(sent.referral, member=first.members[0], code="full", at=NOW)
    lifecycle.acknowledge(sent.referral, member=second.members[0], at=NOW)
    lifecycle.answer(sent.referral, an_answer(second, sent), member=second.members[0], own=second.addressee, at=NOW)

    lifecycle.write_again(sent.referral, sent.writes_again("Merci."), readers=sent.readers(), at=NOW)

    assert lifecycle.readers_of(sent.referral) == [second.partner.pk, third.partner.pk]
    assert standing(sent)[0] == Status.ACKNOWLEDGED
    assert [team.read(sent.referral)[-1:] for team in (first, second, third)] == [[], ["Merci."], ["Merci."]]
    with pytest.raises(WrongAddressees):
        lifecycle.write_again(sent.referral, sent.writes_again("…"), readers=[first.addressee], at=NOW)


@alone
def test_a_message_sealed_before_the_referral_went_elsewhere_is_refused() -> None:
    first, second = a_team(), a_team()
    sent = a_referral(first, second)
    readers, message = sent.readers(), sent.writes_again("Encore moi.")
    lifecycle.decline(sent.referral, member=first.members[0], code="full", at=NOW)

    with pytest.raises(lifecycle.AlreadyHandled):
        lifecycle.write_again(sent.referral, message, readers=readers, at=NOW)
    again = sent.writes_again("Encore moi.")
    lifecycle.write_again(sent.referral, again, readers=sent.readers(), at=NOW)

    assert (first.read(sent.referral), second.read(sent.referral)[1:]) == ([], ["Encore moi."])


@alone
def test_a_message_sealed_for_a_place_that_is_taken_is_refused() -> None:
    team = a_team()
    sent = taken(team)
    late = sent.writes_again("Je réponds.")
    lifecycle.answer(sent.referral, an_answer(team, sent), member=team.members[0], own=team.addressee, at=NOW)

    with pytest.raises(AlreadyHandled):
        lifecycle.write_again(sent.referral, late, readers=sent.readers(), at=NOW)
    assert sent.referral.messages.count() == 2


@alone
def test_withdrawing_erases_every_row() -> None:
    team, other = a_team(), a_team()
    sent = taken(team, other)
    kept = a_referral(other, at=NOW)
    lifecycle.answer(sent.referral, an_answer(team, sent), member=team.members[0], own=team.addressee, at=NOW)

    lifecycle.withdraw(sent.referral)

    assert list(Referral.objects.all()) == [kept.referral]
    for rows in (PlanStep.objects, Message.objects, Event.objects):
        assert {row.referral_id for row in rows.all()} == {kept.referral.pk}
    assert {wrap.message.referral_id for wrap in MessageWrap.objects.select_related("message")} == {kept.referral.pk}
    assert (open_at(team), open_at(other)) == (0, 1)
    with pytest.raises(Ended):
        lifecycle.withdraw(sent.referral)
    with pytest.raises(Ended):
        lifecycle.acknowledge(sent.referral, member=team.members[0], at=NOW)


@alone
def test_withdrawing_after_the_end_counts_nothing_twice() -> None:
    team = a_team()
    sent = taken(team)
    lifecycle.close(sent.referral, member=team.members[0], at=NOW)

    lifecycle.withdraw(sent.referral)

    assert (open_at(team), Referral.objects.count()) == (0, 0)


# --- 4. nobody answered in time -------------------------------------------------------------------------------------


@alone
def test_what_nobody_takes_goes_on_to_the_duty_desk_and_ends_with_an_end_that_is_said() -> None:
    first, duty = a_team(), a_team(a_partner(is_duty_desk=True))
    sent = a_referral(first, duty, at=NOW)

    assert lifecycle.escalate(sent.referral, at=NOW + timedelta(hours=23, minutes=59)) is False
    assert lifecycle.escalate(sent.referral, at=NOW + timedelta(hours=24)) is True
    assert standing(sent) == (Status.WAITING, [State.OVERDUE, State.WAITING])
    assert (open_at(first), open_at(duty)) == (0, 1)
    assert (first.read(sent.referral), len(duty.read(sent.referral))) == ([], 1)
    assert set(rung()) == {first.partner.pk, duty.partner.pk}
    assert lifecycle.escalate(sent.referral, at=NOW + timedelta(hours=47)) is False
    assert lifecycle.escalate(sent.referral, at=NOW + timedelta(hours=48)) is True

    ended = Referral.objects.get()
    assert standing(sent) == (Status.EXHAUSTED, [State.OVERDUE, State.OVERDUE])
    assert (ended.closed_on, ended.content_dies_on) == (date(2026, 11, 27), date(2026, 12, 11))
    assert (open_at(first), open_at(duty)) == (0, 0)
    assert kinds(sent) == ["submitted", "overdue", "served", "overdue", "exhausted"]
    assert lifecycle.escalate(sent.referral, at=NOW + timedelta(days=9)) is False


@alone
def test_what_was_taken_does_not_escalate() -> None:
    sent = taken(a_team(), a_team())

    assert lifecycle.escalate(sent.referral, at=NOW + timedelta(days=30)) is False


@alone
def test_a_team_that_lost_its_key_passes_on() -> None:
    team, other = a_team(), a_team()
    sent = taken(team, other)

    lifecycle.lose_key(sent.referral, partner=team.partner, at=NOW)

    assert standing(sent) == (Status.WAITING, [State.OVERDUE, State.WAITING])
    assert kinds(sent)[-2:] == ["key_lost", "served"]
    assert (open_at(team), open_at(other)) == (0, 1)


# --- 5. the end -----------------------------------------------------------------------------------------------------


@alone
def test_the_content_dies_and_the_empty_record_stays_until_it_is_buried() -> None:
    team = a_team()
    sent = taken(team)
    lifecycle.close(sent.referral, member=team.members[0], at=NOW)

    lifecycle.erase_content(sent.referral, on=date(2026, 12, 2))

    assert (Message.objects.count(), MessageWrap.objects.count(), Referral.objects.count()) == (0, 0, 1)
    assert Referral.objects.get().content_dies_on is None
    assert kinds(sent)[-1] == "content_erased"
    lifecycle.bury(sent.referral)
    assert (Referral.objects.count(), Event.objects.count(), open_at(team)) == (0, 0, 0)


# --- two at once ----------------------------------------------------------------------------------------------------


def at_once(*acts: Callable[[], object]) -> list[object]:
    """What each act gave or raised, done in threads with a connection each, all starting together."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        barrier.wait()
        try:
            return act()
        except (AlreadyHandled, NotWithThisPartner, Ended) as refusal:
            return type(refusal)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@with_others
@pytest.mark.parametrize("_round", range(5))
def test_of_two_colleagues_one_takes_it(_round: int) -> None:
    team = a_team()
    sent = a_referral(team, at=NOW)

    results = at_once(
        *[lambda member=member: lifecycle.acknowledge(sent.referral, member=member, at=NOW) for member in team.members]
    )

    assert sorted(results, key=str) == sorted([None, AlreadyHandled], key=str)
    assert sent.referral.events.filter(kind="acknowledged").count() == 1


@with_others
@pytest.mark.parametrize("_round", range(5))
def test_taking_and_passing_on_never_both_happen(_round: int) -> None:
    first, second = a_team(), a_team()
    sent = a_referral(first, second, at=NOW)
    late = NOW + timedelta(hours=24)

    took, passed = at_once(
        lambda: lifecycle.acknowledge(sent.referral, member=first.members[0], at=late),
        lambda: lifecycle.escalate(sent.referral, at=late),
    )

    assert (took, passed) in {(None, False), (NotWithThisPartner, True)}
    assert standing(sent) in (
        (Status.ACKNOWLEDGED, [State.ACKNOWLEDGED, State.PLANNED]),
        (Status.WAITING, [State.OVERDUE, State.WAITING]),
    )
    assert open_at(first) + open_at(second) == 1


@with_others
@pytest.mark.parametrize("_round", range(3))
def test_withdrawing_wins_over_whatever_is_being_done(_round: int) -> None:
    team, other = a_team(), a_team()
    sent = taken(team, other)
    answer = an_answer(team, sent)

    at_once(
        lambda: lifecycle.withdraw(sent.referral),
        lambda: lifecycle.answer(sent.referral, answer, member=team.members[0], own=team.addressee, at=NOW),
        lambda: lifecycle.decline(sent.referral, member=team.members[1], code="full", at=NOW),
        lambda: lifecycle.tell_authority(sent.referral, member=team.members[1], at=NOW),
    )

    assert (Referral.objects.count(), Message.objects.count(), Event.objects.count()) == (0, 0, 0)
    assert (open_at(team), open_at(other)) == (0, 0)


@with_others
def test_teams_that_pass_to_each_other_at_once_do_not_wait_for_each_other() -> None:
    left, right = a_team(), a_team()
    there = [a_referral(left, right, at=NOW) for _one in range(8)]
    back = [a_referral(right, left, at=NOW) for _one in range(8)]

    def all_refused(sent: list[Sent], team: Team) -> Callable[[], object]:
        def act() -> None:
            for one in sent:
                lifecycle.decline(one.referral, member=team.members[0], code="full", at=NOW)

        return act

    results = at_once(
        all_refused(there[:4], left),
        all_refused(back[:4], right),
        all_refused(there[4:], left),
        all_refused(back[4:], right),
    )

    assert results == [None] * 4
    assert (open_at(left), open_at(right)) == (8, 8)


# --- whatever happens -----------------------------------------------------------------------------------------------

Step = tuple[str, int, int]
STEPS = (
    "submit",
    "acknowledge",
    "decline",
    "answer",
    "hand_over",
    "close",
    "write",
    "withdraw",
    "escalate",
    "lose",
    "erase",
)
REFUSALS = (AlreadyHandled, NotWithThisPartner, Ended, WrongAddressees)


class World:
    """Three teams, a duty desk, and what becomes of their referrals."""

    def __init__(self) -> None:
        self.teams = [a_team(), a_team(), a_team(), a_team(a_partner(is_duty_desk=True))]
        self.sent: list[Sent] = []
        self.now = NOW

    def do(self, step: Step) -> None:
        """One step by somebody on something; refused when the moment is wrong."""
        what, which, who = step
        self.now += timedelta(hours=1)
        if what == "submit" or not self.sent:
            plan = self.teams[who % 3 :]
            self.sent.append(a_referral(*plan, at=self.now))
            return
        sent, team = self.sent[which % len(self.sent)], self.teams[who % 4]
        member = team.members[which % 2]
        try:
            self.act(what, sent, team, member)
        except REFUSALS:
            return

    def act(self, what: str, sent: Sent, team: Team, member: Member) -> None:
        """The step itself."""
        now, referral, other = self.now, sent.referral, self.teams[(self.teams.index(team) + 1) % 4]
        acts: dict[str, Callable[[], object]] = {
            "acknowledge": lambda: lifecycle.acknowledge(referral, member=member, at=now),
            "decline": lambda: lifecycle.decline(referral, member=member, code="full", at=now),
            "answer": lambda: lifecycle.answer(
                referral, an_answer(team, sent), member=member, own=team.addressee, at=now
            ),
            "hand_over": lambda: lifecycle.hand_over(
                referral, member=member, to=other.addressee, keys=keys_for(other, sent), at=now
            ),
            "close": lambda: lifecycle.close(referral, member=member, at=now),
            "write": lambda: lifecycle.write_again(
                referral, sent.writes_again("Encore."), readers=sent.readers(), at=now
            ),
            "withdraw": lambda: lifecycle.withdraw(referral),
            "escalate": lambda: lifecycle.escalate(referral, at=now + timedelta(hours=24)),
            "lose": lambda: lifecycle.lose_key(referral, partner=team.partner, at=now),
            "erase": lambda: self.erase(sent),
        }
        acts[what]()

    def erase(self, sent: Sent) -> None:
        """What purge does to a referral that ended."""
        if Referral.objects.filter(pk=sent.referral.pk, content_dies_on__isnull=False).exists():
            lifecycle.erase_content(sent.referral, on=self.now.date())


def must_hold() -> None:
    """What is true between any two steps."""
    held = Count("steps", filter=Q(steps__state__in=lifecycle.HELD, steps__referral__status__in=Referral.OPEN))
    for counted, really in Partner.objects.annotate(held=held).values_list("own_open", "held"):
        assert counted == really
    for referral in Referral.objects.prefetch_related("plan"):
        states = [step.state for step in referral.plan.all()]
        waiting, taken_by_one = states.count(State.WAITING), states.count(State.ACKNOWLEDGED)
        assert (waiting, taken_by_one) == {
            Status.WAITING: (1, 0),
            Status.ACKNOWLEDGED: (0, 1),
            Status.ANSWERED: (0, 1),
            Status.CLOSED: (0, 0),
            Status.EXHAUSTED: (0, 0),
        }[Status(referral.status)]
        assert states.count(State.CLOSED) == (referral.status == Status.CLOSED)
        assert (referral.due_at is not None) == (referral.status == Status.WAITING)
        reading = (State.PLANNED, *lifecycle.HELD) if referral.status in Referral.OPEN else (State.CLOSED,)
        may_read = {step.partner_id for step in referral.plan.all() if step.state in reading}
        for message in referral.messages.prefetch_related("wraps"):
            readers = {wrap.partner_id for wrap in message.wraps.all()}
            assert None in readers
            assert readers - {None} <= may_read
            if message.direction == "s":
                assert readers - {None} == may_read


@alone
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(STEPS), st.integers(min_value=0, max_value=7), st.integers(min_value=0, max_value=3)),
        min_size=5,
        max_size=30,
    )
)
def test_whatever_happens_counters_states_and_keys_agree(steps: list[Step]) -> None:
    with transaction.atomic():
        world = World()
        for step in steps:
            world.do(step)
            must_hold()
        transaction.set_rollback(True)


@alone
def test_the_world_of_random_steps_is_one_in_which_things_happen() -> None:
    world = World()
    for step in [
        ("submit", 0, 0),
        ("acknowledge", 0, 0),
        ("answer", 0, 0),
        ("write", 0, 0),
        ("close", 0, 0),
        ("erase", 0, 0),
    ]:
        world.do(step)

    assert kinds(world.sent[0]) == ["submitted", "acknowledged", "answered", "wrote_again", "closed", "content_erased"]


@alone
def test_nothing_is_handed_to_a_team_that_takes_nothing_now() -> None:
    team, paused = a_team(), a_team(a_partner(paused=True))
    sent = a_referral(team, at=NOW)

    with pytest.raises(AlreadyHandled):
        lifecycle.hand_over(
            sent.referral, member=team.members[0], to=paused.addressee, keys=keys_for(paused, sent), at=NOW
        )

    assert standing(sent) == (Status.WAITING, [State.WAITING])
