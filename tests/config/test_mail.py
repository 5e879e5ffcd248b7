"""Mail: through the server that the settings name, else nowhere, and the log says so."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.core.mail import get_connection, send_mail

from config.environment import for_child


class Postbox:
    """A mail server that keeps what it gets."""

    def __init__(self) -> None:
        self.got: list[Envelope] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """One mail."""
        self.got.append(envelope)
        return "250 OK"


@pytest.fixture
def postbox() -> Iterator[tuple[Postbox, int]]:
    """A server on loopback, and its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    box = Postbox()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


def settings_say(expression: str, **environment: str) -> str:
    """What the settings hold under this environment, or the line that stopped the start."""
    code = f"from config import settings; print({expression})"
    run = subprocess.run(
        [sys.executable, "-c", code], env=for_child(**environment), capture_output=True, text=True, check=False
    )
    return (run.stdout or run.stderr).strip()


def test_a_mail_reaches_the_server_of_the_settings(postbox: tuple[Postbox, int]) -> None:
    box, port = postbox
    smtp = get_connection("django.core.mail.backends.smtp.EmailBackend", host="127.0.0.1", port=port)

    send_mail("Une invitation vous attend", "Bonjour", None, ["lea@exemple.org"], connection=smtp)

    [envelope] = box.got
    read = BytesParser(EmailMessage, policy=policy.default).parsebytes(envelope.original_content or b"")
    assert envelope.rcpt_tos == ["lea@exemple.org"]
    assert (read["Subject"], read["From"]) == ("Une invitation vous attend", "Éclaircie <ne-pas-repondre@localhost>")


def test_without_a_server_nothing_leaves_and_the_log_says_so(caplog: pytest.LogCaptureFixture) -> None:
    sent = send_mail("secret", "secret", None, ["lea@exemple.org"], connection=get_connection("config.mail.NoServer"))

    assert sent == 0
    assert [record.getMessage() for record in caplog.records] == ["ECLAIRCIE_EMAIL_HOST is not set: 1 mail(s) not sent"]


def test_the_environment_names_the_server() -> None:
    shown = "settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS"

    assert settings_say(shown, ECLAIRCIE_EMAIL_HOST="") == "config.mail.NoServer  25 False"
    assert settings_say(
        shown, ECLAIRCIE_EMAIL_HOST="mail.exemple.org", ECLAIRCIE_EMAIL_PORT="587", ECLAIRCIE_EMAIL_TLS="starttls"
    ) == ("django.core.mail.backends.smtp.EmailBackend mail.exemple.org 587 True")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EMAIL_HOST", "mail.exemple.org:25"),
        ("EMAIL_PORT", "0"),
        ("EMAIL_TLS", "oui"),
        ("EMAIL_FROM", "personne"),
        ("EMAIL_FROM", "a@exemple.org\nBcc: b@exemple.org"),
    ],
)
def test_a_wrong_value_stops_the_start(name: str, value: str) -> None:
    said = settings_say("settings.EMAIL_HOST", **{f"ECLAIRCIE_{name}": value})

    assert said.startswith(f"Réglage ECLAIRCIE_{name} : valeur refusée.")
    assert value not in said
