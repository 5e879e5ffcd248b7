"""`manage.py work`: the worker that sends mails and does what time brings; as many as wanted, on any machine."""

import asyncio

from django.core.management.base import BaseCommand
from procrastinate import App
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector

# Mail servers are slow to answer: while some jobs wait for one, escalation goes on.
AT_ONCE = 4
SECONDS_TO_FINISH = 3


class Command(BaseCommand):
    """Work until asked to stop (Ctrl-C, or SIGTERM)."""

    help = "Envoie les courriers et fait ce que le temps demande, jusqu’à l’arrêt."

    def handle(self, *_args: object, **_options: object) -> None:
        """One process, on a connection of its own beside Django's."""
        connector = app.connector
        if not isinstance(connector, DjangoConnector):
            raise TypeError("the queue is Django's database")
        with app.replace_connector(connector.get_worker_connector()) as working:
            asyncio.run(work(working))


async def work(queue: App) -> None:
    """Take jobs as they come; one that succeeded leaves no row."""
    async with queue.open_async():
        await queue.run_worker_async(
            concurrency=AT_ONCE, delete_jobs="successful", shutdown_graceful_timeout=SECONDS_TO_FINISH
        )
