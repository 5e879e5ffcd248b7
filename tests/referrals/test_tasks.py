"""Mails that carry nothing reach their readers: through a real worker, a real SMTP server, and its absence."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core import management
from django.db import connection, transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import Settings

from referrals import escalation, lifecycle, notifications, tasks
from referrals.models import Event, Member, PlanStep, Referral
from resources.opening import PARIS
from tests.builders import a_partner, a_referral, a_team, an_answer
from tests.referrals.post import a_free_port, a_mail_server, a_worker, wait_until

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=PARIS)
CANARY = "Je m’appelle Léa et j’ai peur."


@pytest.fixture(autouse=True)
def _no_jobs_of_other_tests(db: None, request: pytest.FixtureRequest) -> Iterator[None]:
    """The tables of the queue are not Django's to empty."""
    yield
    if request.node.get_closest_marker("django_db") is not None:
        forget_jobs()


def forget_jobs() -> None:
    """An empty queue."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")


def jobs(task: str, **of: object) -> list[ProcrastinateJob]:
    """Jobs of a task that wait, oldest first."""
    waiting = ProcrastinateJob.objects.filter(task_name=task, status="todo").order_by("id")
    return [job for job in waiting if all(job.args[name] == value for name, value in of.items())]


def due(job: ProcrastinateJob) -> datetime:
    """When a job is to be done."""
    assert job.scheduled_at is not None
    return job.scheduled_at


def hurry() -> None:
    """What waits for later is due now."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'")
        cursor.execute('SELECT pg_notify(\'procrastinate_any_queue_v1\', \'{"type": "job_inserted", "job_id": 1}\')')


# --- with real processes --------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_mail_waits_for_its_server_arrives_and_says_nothing(tmp_path: Path) -> None:
    forget_jobs()
    team = a_team(a_partner(name="Association Secrète", slug="secrete"))
    silent = team.members[1]
    Member.objects.filter(pk=silent.pk).update(wants_mail=False)
    port, log = a_free_port(), tmp_path / "worker.log"

    sent = a_referral(team, text=CANARY, urgency="now")
    with a_worker(log, port=port):
        wait_until(lambda: bool(jobs(notifications.TELL_MEMBER, attempt=1)))
        with a_mail_server(port) as kept:
            hurry()
            wait_until(lambda: bool(kept.mails))
            wait_until(lambda: not ProcrastinateJob.objects.filter(status="doing").exists())

    ((readers, mail),) = kept.mails
    said = "\n".join([*(f"{name}: {value}" for name, value in mail.items()), mail.get_content()])
    assert readers == [team.members[0].user.email]
    assert mail["Subject"] == "Un message vous attend"
    assert re.findall(r"https?://\S+", said) == ["http://127.0.0.1:8000/espace/"]
    for secret in (CANARY, "Léa", "Secrète", "secrete", str(sent.referral.public_id), str(sent.referral.pk) + "\n"):
        assert secret not in said
    assert Member.objects.get(pk=team.members[0].pk).last_mail_at is not None
    logged = log.read_text(encoding="utf-8")
    assert f"mail to member {team.members[0].pk} not sent, attempt 1: ConnectionRefusedError" in logged
    assert "@" not in logged
    assert "attend" not in logged


@pytest.mark.django_db(transaction=True)
def test_the_worker_passes_on_by_itself(tmp_path: Path) -> None:
    forget_jobs()
    first, second = a_team(), a_team()
    sent = a_referral(first, second, at=timezone.now() - timedelta(hours=25))

    with a_worker(tmp_path / "worker.log", port=a_free_port()):
        wait_until(lambda: sent.referral.plan.filter(partner=second.partner, state="waiting").exists(), seconds=75)

    assert list(sent.referral.plan.values_list("state", flat=True)) == ["overdue", "waiting"]


@pytest.mark.django_db(transaction=True)
def test_what_a_killed_worker_was_doing_is_done_again(tmp_path: Path) -> None:
    forget_jobs()
    team = a_team()
    notifications.ring(team.partner.pk, urgency="now")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id"
        )
        (dead,) = cursor.fetchone()
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s", [dead])
    port = a_free_port()

    with a_mail_server(port) as kept, a_worker(tmp_path / "worker.log", port=port):
        wait_until(lambda: len(kept.mails) == 2, seconds=75)

    assert set(kept.readers()) == {member.user.email for member in team.members}


# --- ringing --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_several_things_ring_once_and_urgent_ones_at_once() -> None:
    team = a_team()
    for _one in range(3):
        a_referral(team, urgency="24h")
        a_referral(team, urgency="now")

    calm, urgent = jobs(notifications.TELL_TEAM)

    assert (calm.args["urgent"], urgent.args["urgent"]) == (False, True)
    assert timedelta(seconds=25) < due(calm) - timezone.now() < timedelta(seconds=31)
    assert due(urgent) <= timezone.now()


@pytest.mark.django_db
def test_a_step_that_fails_rings_nobody() -> None:
    team = a_team()

    with transaction.atomic():
        a_referral(team)
        transaction.set_rollback(True)

    assert jobs(notifications.TELL_TEAM) == []


@pytest.mark.django_db
def test_a_member_gets_one_mail_in_a_quarter_of_an_hour_and_what_comes_meanwhile_waits(
    settings: Settings,
) -> None:
    team = a_team(people=2)
    Member.objects.filter(pk=team.members[0].pk).update(last_mail_at=NOW - timedelta(minutes=5))

    notifications.ring_members(team.partner.pk, urgent=False, at=NOW)

    (later,) = jobs(notifications.TELL_MEMBER, member_id=team.members[0].pk)
    (at_once,) = jobs(notifications.TELL_MEMBER, member_id=team.members[1].pk)
    assert (later.scheduled_at, at_once.scheduled_at) == (NOW + timedelta(minutes=10), NOW)
    forget_jobs()
    assert notifications.tell(team.members[0].pk, urgent=False, attempt=0, at=NOW) is False
    assert jobs(notifications.TELL_MEMBER)[0].scheduled_at == NOW + timedelta(minutes=10)
    assert notifications.tell(team.members[0].pk, urgent=True, attempt=0, at=NOW) is True


@pytest.mark.django_db
def test_who_left_or_wants_no_mail_is_left_alone() -> None:
    team = a_team(people=4)
    left, silent, closed, told = team.members
    Member.objects.filter(pk=left.pk).update(left_on=NOW.date())
    Member.objects.filter(pk=silent.pk).update(wants_mail=False)
    closed.user.is_active = False
    closed.user.save()

    assert notifications.ring_members(team.partner.pk, urgent=False, at=NOW) == 1
    assert [job.args["member_id"] for job in jobs(notifications.TELL_MEMBER)] == [told.pk]
    assert notifications.tell(left.pk, urgent=True, attempt=0, at=NOW) is False


@pytest.mark.django_db
def test_waits_grow_and_last_for_two_days(settings: Settings) -> None:
    member = a_team().members[0]
    waited, at, waits = timedelta(), NOW, []
    no_server(settings, a_free_port())

    for attempt in range(notifications.MOST_ATTEMPTS):
        assert notifications.tell(member.pk, urgent=False, attempt=attempt, at=at) is False
        queued = jobs(notifications.TELL_MEMBER)
        if not queued:
            break
        waits.append(due(queued[0]) - at)
        waited, at = waited + waits[-1], due(queued[0])
        forget_jobs()

    assert [wait.total_seconds() for wait in waits[:7]] == [30, 60, 120, 240, 480, 600, 600]
    assert timedelta(hours=47) < waited < timedelta(hours=50)


@pytest.mark.django_db
def test_an_address_that_is_refused_does_not_keep_the_others(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    team = a_team()
    port = a_free_port()
    with_server(settings, port)

    with a_mail_server(port) as kept:
        kept.refused.add(team.members[0].user.email)
        results = [notifications.tell(member.pk, urgent=False, attempt=0, at=NOW) for member in team.members]

    assert results == [False, True]
    assert kept.readers() == [team.members[1].user.email]
    assert [job.args["attempt"] for job in jobs(notifications.TELL_MEMBER)] == [1]
    (ours,) = [record.getMessage() for record in caplog.records if record.name == "referrals.notifications"]
    assert ours == f"mail to member {team.members[0].pk} not sent, attempt 1: SMTPRecipientsRefused"


# --- time -----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_one_referral_that_fails_does_not_keep_the_others(caplog: pytest.LogCaptureFixture) -> None:
    first, second = a_team(), a_team()
    broken, sound = a_referral(first, second, at=NOW), a_referral(first, second, at=NOW)
    PlanStep.objects.filter(referral=broken.referral, position=0).update(state="planned")

    done = escalation.escalate(at=NOW + timedelta(hours=24))

    assert (done.changed, done.failed) == (1, 1)
    assert list(sound.referral.plan.values_list("state", flat=True)) == ["overdue", "waiting"]
    assert f"referral {broken.referral.pk}: DoesNotExist" in caplog.text


@pytest.mark.django_db
def test_escalation_reaches_the_duty_desk_and_its_silence_is_said() -> None:
    first, second, duty = a_team(), a_team(), a_team(a_partner(is_duty_desk=True))
    sent = a_referral(first, second, duty, urgency="now", at=NOW)

    stands = []
    for hour in range(1, 5):
        escalation.escalate(at=NOW + timedelta(hours=hour))
        stands.append((Referral.objects.get().status, sent.referral.plan.filter(state="waiting").count()))

    assert stands == [("waiting", 1), ("waiting", 1), ("exhausted", 0), ("exhausted", 0)]
    assert list(sent.referral.plan.values_list("state", flat=True)) == ["overdue"] * 3


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("hours", "after", "reminded"),
    [("24/7", 11.9, 0), ("24/7", 12, 2), ("Mo-Fr 09:00-17:00", 12, 0), ("Mo-Fr 09:00-17:00", 28, 2)],
)
def test_a_team_is_reminded_when_half_of_its_time_is_gone(hours: str, after: float, reminded: int) -> None:
    # 12 hours of opening from Wednesday 10:00: seven that day, five on Thursday, 28 hours later at 14:00.
    a_referral(a_team(a_partner(opening_hours=hours)), at=NOW)

    assert escalation.remind(at=NOW + timedelta(hours=after)) == reminded


@pytest.mark.django_db
def test_what_was_taken_and_not_answered_is_reminded_from_the_next_day() -> None:
    team = a_team()
    sent = a_referral(team, at=NOW)
    lifecycle.acknowledge(sent.referral, member=team.members[0], at=NOW)

    assert escalation.remind(at=NOW + timedelta(hours=13)) == 0
    assert escalation.remind(at=NOW + timedelta(hours=15)) == 2
    lifecycle.answer(sent.referral, an_answer(team, sent), member=team.members[0], own=team.addressee, at=NOW)
    assert escalation.remind(at=NOW + timedelta(days=2)) == 0
    lifecycle.write_again(
        sent.referral, sent.writes_again("Encore."), readers=sent.readers(), at=NOW + timedelta(days=3)
    )
    assert escalation.remind(at=NOW + timedelta(days=3)) == 0
    assert escalation.remind(at=NOW + timedelta(days=4)) == 2


@pytest.mark.django_db
def test_a_member_is_reminded_once_in_half_a_day() -> None:
    team = a_team()
    a_referral(team, urgency="week", at=NOW)
    later = NOW + timedelta(hours=40)
    Member.objects.filter(pk=team.members[0].pk).update(last_mail_at=later - timedelta(hours=11))
    Member.objects.filter(pk=team.members[1].pk).update(last_mail_at=later - timedelta(hours=12))

    assert escalation.remind(at=later) == 1
    assert [job.args["member_id"] for job in jobs(notifications.TELL_MEMBER)] == [team.members[1].pk]


@pytest.mark.django_db
def test_the_commands_take_a_moment_and_say_what_they_did(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = a_team(), a_team()
    a_referral(first, second, at=NOW)

    management.call_command("remind", at=NOW + timedelta(hours=13))
    management.call_command("escalate", "--at", "2026-11-26T10:00")
    management.call_command("purge", "--at", "2029-01-01T10:00+01:00")

    said = capsys.readouterr().out.splitlines()
    assert said[:2] == ["2 rappels mis en file.", "1 passées au suivant, 0 en échec."]
    assert said[2].startswith("Effacés : 0 contenus, 1 dossiers, ")
    assert (Referral.objects.count(), Event.objects.count()) == (0, 0)
    with pytest.raises(management.CommandError, match="2026-11-25T10:00"):
        management.call_command("escalate", "--at", "demain")


@pytest.mark.django_db
def test_every_task_has_its_time() -> None:
    times = {task.task.name: task.cron for task in app.periodic_registry.periodic_tasks.values()}

    assert times == {
        "referrals.escalate": "* * * * *",
        "referrals.remind": "5 * * * *",
        "referrals.purge": "35 * * * *",
        "referrals.take_over": "* * * * *",
        "resources.remind": "0 7 * * 1",
        "resources.purge": "20 3 * * *",
    }
    assert tasks.moment(1_796_000_000).tzinfo is not None


def with_server(settings: Settings, port: int) -> None:
    """Mail goes to a port of loopback, through Django's own SMTP code."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port


def no_server(settings: Settings, port: int) -> None:
    """Mail goes to a port on which nobody listens."""
    with_server(settings, port)
