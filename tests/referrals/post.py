"""A real SMTP server on loopback, which keeps what it is sent, and a real worker beside the tests."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP as MAIL
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings
from django.db import connection

from bench import databases
from config import environment, postgres


class Kept:
    """What the server took: who it was for, and the mail."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], EmailMessage]] = []
        self.refused: set[str] = set()

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Refuse some addresses."""
        if address in self.refused:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep a mail."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        self.mails.append((list(envelope.rcpt_tos), BytesParser(EmailMessage, policy=MAIL).parsebytes(content)))
        return "250 OK"

    def readers(self) -> list[str]:
        """Who got a mail, in order."""
        return [address for addresses, _mail in self.mails for address in addresses]


def a_free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def a_mail_server(port: int) -> Iterator[Kept]:
    """A server that takes mail on a port of loopback."""
    kept = Kept()
    controller = Controller(kept, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield kept
    finally:
        controller.stop()


def url_of_the_test_database() -> str:
    """The address of the database that this test writes to, on whichever server."""
    server = environment.secret("DATABASE_URL") or postgres.in_use().url
    return databases.address(server, str(connection.settings_dict["NAME"]))


@contextmanager
def a_worker(log: Path, *, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A real worker on the test database, which sends mail to a port of loopback."""
    env = environment.for_child(
        DATABASE_URL=url_of_the_test_database(),
        ECLAIRCIE_EMAIL_HOST="127.0.0.1",
        ECLAIRCIE_EMAIL_PORT=str(port),
        ECLAIRCIE_PUBLIC_URL="http://127.0.0.1:8000",
        DJANGO_SETTINGS_MODULE="config.settings",
    )
    with log.open("wb") as output:
        worker = subprocess.Popen(
            [sys.executable, "manage.py", "work"], cwd=settings.BASE_DIR, env=env, stdout=output, stderr=output
        )
        try:
            yield worker
        finally:
            worker.terminate()
            worker.wait(timeout=20)


def wait_until(true: Callable[[], bool], *, seconds: float = 20) -> None:
    """Until something is true, or fail."""
    limit = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < limit, "it did not happen"
        time.sleep(0.05)
