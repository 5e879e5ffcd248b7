"""Everything dies on its day, and not a day before."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from referrals import handoffs, keyring, lifecycle, notifications, retention
from referrals.models import (
    AccessRecord,
    Event,
    Handoff,
    Message,
    MessageWrap,
    PlanStep,
    Referral,
    TeamKey,
    TeamKeyShare,
)
from resources.opening import PARIS
from tests.builders import Sent, Team, a_referral, a_team
from tests.referrals.test_keyring import a_next_epoch

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=PARIS)
NOTHING = retention.Purged(0, 0, 0, 0, 0, 0, 0, 0)


def purged(at: datetime, **expected: int) -> None:
    """A purge at a moment erases this and nothing else."""
    done = retention.purge(at=at)
    assert {name: getattr(done, name) for name in expected} == expected
    left = {"contents", "records", "handoffs", "epochs", "failed"} - set(expected)
    assert {name: getattr(done, name) for name in left} == dict.fromkeys(left, 0)


def closed(team: Team) -> Sent:
    """A referral that was taken and closed."""
    sent = a_referral(team, at=NOW)
    lifecycle.acknowledge(sent.referral, member=team.members[0], at=NOW)
    lifecycle.close(sent.referral, member=team.members[0], at=NOW)
    return sent


def test_content_lives_a_week_after_closing_and_the_empty_record_ninety_days() -> None:
    sent = closed(a_team())

    purged(NOW + timedelta(days=6))
    assert Message.objects.count() == 1
    purged(NOW + timedelta(days=7), contents=1)
    assert (Message.objects.count(), MessageWrap.objects.count(), PlanStep.objects.count()) == (0, 0, 1)
    purged(NOW + timedelta(days=89))
    purged(NOW + timedelta(days=90), records=1)
    assert (Referral.objects.count(), PlanStep.objects.count(), Event.objects.count()) == (0, 0, 0)
    assert not Referral.objects.filter(pk=sent.referral.pk).exists()


def test_content_nobody_took_lives_two_weeks() -> None:
    sent = a_referral(a_team(), at=NOW)
    lifecycle.escalate(sent.referral, at=NOW + timedelta(hours=24))

    purged(NOW + timedelta(days=14))
    purged(NOW + timedelta(days=15), contents=1)


def test_nothing_outlives_two_years_and_what_is_open_lets_go_of_its_place() -> None:
    team = a_team()
    a_referral(team, at=NOW)

    purged(NOW + timedelta(days=729))
    purged(NOW + timedelta(days=730), records=1)
    team.partner.refresh_from_db()
    assert (Referral.objects.count(), team.partner.own_open) == (0, 0)


def test_days_are_those_of_paris() -> None:
    closed(a_team())

    purged(datetime(2026, 12, 1, 22, 59, tzinfo=UTC))
    purged(datetime(2026, 12, 1, 23, 0, tzinfo=UTC), contents=1)


def test_one_that_fails_is_named_and_the_others_go(caplog: pytest.LogCaptureFixture) -> None:
    team = a_team()
    stuck, sound = closed(team), closed(team)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END'"
        )
        cursor.execute(
            "CREATE TRIGGER refuse BEFORE DELETE ON referrals_message FOR EACH ROW "
            f"WHEN (OLD.referral_id = {stuck.referral.pk}) EXECUTE FUNCTION refuse()"
        )

    purged(NOW + timedelta(days=7), contents=1, failed=1)

    assert {message.referral_id for message in Message.objects.all()} == {stuck.referral.pk}
    assert f"referral {stuck.referral.pk}: ProgrammingError" in caplog.text
    assert not sound.referral.messages.exists()


def test_access_records_live_six_months() -> None:
    team = a_team()
    AccessRecord.objects.all().delete()
    for day in (date(2026, 5, 25), date(2026, 5, 26)):
        AccessRecord.objects.create(partner=team.partner, member=team.members[0], act="opened", day=day)

    purged(NOW, accesses=1)

    assert AccessRecord.objects.get().day == date(2026, 5, 26)


def test_handoffs_live_a_quarter_of_an_hour() -> None:
    handoffs.leave(handoffs.new_token(), {"a": 1}, at=NOW)

    purged(NOW + timedelta(minutes=14))
    purged(NOW + timedelta(minutes=15), handoffs=1)
    assert not Handoff.objects.exists()


def test_an_epoch_is_destroyed_when_its_last_message_dies() -> None:
    team = a_team(people=3)
    AccessRecord.objects.all().delete()
    sent = closed(team)
    # Nobody can open the first epoch any more: its messages stay sealed to it.
    TeamKeyShare.objects.all().delete()
    keyring.next_epoch(team.members[0], a_next_epoch(team, rewrap=False), on=NOW.date())
    old = TeamKey.objects.get(partner=team.partner, epoch=1)
    share = TeamKeyShare.objects.filter(team_key__epoch=2).first()
    assert share is not None
    TeamKeyShare.objects.create(team_key=old, member_key=share.member_key, enc=share.enc, ct=share.ct)

    purged(NOW + timedelta(days=6))
    assert TeamKeyShare.objects.filter(team_key=old).count() == 1
    purged(NOW + timedelta(days=7), contents=1, epochs=1)

    old.refresh_from_db()
    assert (old.destroyed_on, TeamKeyShare.objects.filter(team_key=old).count()) == (date(2026, 12, 2), 0)
    assert TeamKeyShare.objects.filter(team_key__partner=team.partner, team_key__epoch=2).count() == 3
    assert sent.referral.messages.count() == 0


def test_finished_jobs_and_dead_sessions_go() -> None:
    notifications.ring(a_team().partner.pk, urgency="now")
    notifications.ring(a_team().partner.pk, urgency="now")
    done, waiting = ProcrastinateJob.objects.order_by("id")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'failed' WHERE id = %s", [done.pk])
        cursor.execute("UPDATE procrastinate_events SET at = %s", [NOW - timedelta(hours=25)])
    Session.objects.create(session_key="old", session_data="", expire_date=NOW - timedelta(seconds=1))
    Session.objects.create(session_key="new", session_data="", expire_date=NOW + timedelta(seconds=1))

    result = retention.purge(at=NOW)

    assert (result.jobs, result.sessions) == (1, 1)
    assert list(ProcrastinateJob.objects.values_list("id", flat=True)) == [waiting.pk]
    assert Session.objects.get().session_key == "new"


def test_a_second_purge_finds_nothing() -> None:
    closed(a_team())
    retention.purge(at=NOW + timedelta(days=91))

    assert retention.purge(at=NOW + timedelta(days=91)) == NOTHING
