"""What time brings to the directory: a mail a week to its moderators, through a real SMTP server, and forgetting."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import Settings

from resources import moderation, tasks, verification
from resources.models import OwnerLink, Proposal, Ticket
from tests.builders import a_service
from tests.referrals.post import a_free_port, a_mail_server
from tests.signing_in import a_person

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 25)
NOW = int(datetime(2026, 11, 25, 7, tzinfo=UTC).timestamp())


def test_a_week_without_work_sends_nothing() -> None:
    a_person(moderator=True)
    a_service(verified_until=TODAY + timedelta(days=60))

    assert verification.to_remind(on=TODAY) == []


@pytest.mark.django_db(transaction=True)
def test_each_monday_a_mail_is_queued_for_each_moderator() -> None:
    people = [a_person(f"{name}@example.org", moderator=True) for name in ("ines", "paul")]
    a_person("operator@example.org", operator=True)
    a_service(verified_until=TODAY)

    tasks.remind(timestamp=NOW)

    waiting = ProcrastinateJob.objects.filter(task_name="resources.tell_moderator", status="todo")
    assert sorted(job.args["user_id"] for job in waiting) == [person.pk for person in people]
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")


def test_the_mail_counts_and_names_nothing(settings: Settings) -> None:
    ines = a_person("ines@example.org", moderator=True)
    a_service(name="Permanence secrète", verified_until=TODAY)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", a_free_port()

    with a_mail_server(settings.EMAIL_PORT) as post:
        tasks.tell_moderator(user_id=ines.pk, timestamp=NOW)

    ((readers, mail),) = post.mails
    text = mail.get_content()
    assert readers == ["ines@example.org"]
    assert "Fiches à revérifier cette semaine\N{NO-BREAK SPACE}: 1." in text
    assert f"{settings.SITE_URL}/espace/annuaire/verifications/" in text
    assert "secrète" not in str(mail)


def test_what_is_over_is_forgotten_and_the_rest_stays() -> None:
    service = a_service()
    old, recent = (
        moderation.report(service, kind=kind, origin=moderation.Origin(), on=TODAY)
        for kind in ("closed", "unreachable")
    )
    for number, proposal in enumerate((old, recent)):
        Ticket.objects.create(proposal=proposal, locator=bytes([number]) * 32, pepper_epoch=1)
        moderation.refuse(
            proposal, moderator=a_person(f"m{number}@example.org", moderator=True), reason="non", on=TODAY
        )
    Proposal.objects.filter(pk=old.pk).update(decided_on=TODAY - timedelta(days=91))
    OwnerLink.objects.create(service=service, digest=b"1" * 32, expires_on=TODAY - timedelta(days=1))

    assert verification.purge(on=TODAY) == 2
    assert list(Ticket.objects.values_list("proposal", flat=True)) == [recent.pk]


def test_the_day_of_a_task_is_the_day_in_paris() -> None:
    assert tasks.day(1764113400) == date(2025, 11, 26)
