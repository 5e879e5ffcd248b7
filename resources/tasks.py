"""What the worker does for the directory: a reminder each Monday, and forgetting each night."""

import logging
from datetime import UTC, date, datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from resources import verification
from resources.opening import PARIS

logger = logging.getLogger(__name__)

PATIENT = RetryStrategy(max_attempts=20, wait=300)


@app.periodic(cron="0 7 * * 1")
@app.task(name="resources.remind", queueing_lock="directory_remind", lock="directory_remind", retry=PATIENT)
def remind(timestamp: int) -> None:
    """Each Monday morning: a mail for each moderator is queued, so that one bad address keeps nobody else waiting."""
    with transaction.atomic():
        people = verification.to_remind(on=day(timestamp))
        for user_id in people:
            tell_moderator.defer(user_id=user_id, timestamp=timestamp)
    logger.info("directory: %s reminders", len(people))


@app.task(name="resources.tell_moderator", retry=PATIENT)
def tell_moderator(*, user_id: int, timestamp: int) -> None:
    """What has to be checked again this week."""
    address = f"{settings.SITE_URL}{reverse('directory_desk:checks')}"
    verification.tell(user_id, on=day(timestamp), address=address)


@app.periodic(cron="20 3 * * *")
@app.task(name="resources.purge", queueing_lock="directory_purge", lock="directory_purge", retry=PATIENT)
def purge(timestamp: int) -> None:
    """Each night: words and links that are over."""
    logger.info("directory: %s forgotten", verification.purge(on=day(timestamp)))


def day(timestamp: int) -> date:
    """The day in Paris that a periodic task is for."""
    return datetime.fromtimestamp(timestamp, tz=UTC).astimezone(PARIS).date()
