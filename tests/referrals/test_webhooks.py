"""What an organisation's system is told: a word and a day, signed, through a real worker and a real server."""

import base64
import hashlib
import hmac
import json
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.db import connection, transaction
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import Settings

from referrals import crypto, escalation, lifecycle, outbound, sealing, tasks, tokens, webhooks
from referrals.models import Receipt, Referral, Webhook
from resources.opening import PARIS
from tests.builders import Sent, Team, a_partner, a_referral, a_team, an_answer
from tests.referrals.post import a_free_port, a_worker, wait_until

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=PARIS)
TODAY = "2026-11-25"
TEXT = "Le canari vert chante à midi."


@pytest.fixture(autouse=True)
def _no_jobs_of_other_tests(db: None, request: pytest.FixtureRequest) -> Iterator[None]:
    """The tables of the queue are not Django's to empty."""
    yield
    forget_jobs()


def forget_jobs() -> None:
    """An empty queue."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")


def queued() -> list[ProcrastinateJob]:
    """Messages that wait, oldest first."""
    return list(ProcrastinateJob.objects.filter(task_name=webhooks.TELL_SYSTEM, status="todo").order_by("id"))


def has_attempts(numbers: list[int]) -> bool:
    """Whether the messages that wait were tried so many times, oldest first."""
    return [job.attempts for job in queued()] == numbers


def hurry() -> None:
    """What waits for later is due now."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'")
        cursor.execute('SELECT pg_notify(\'procrastinate_any_queue_v1\', \'{"type": "job_inserted", "job_id": 1}\')')


@dataclass
class Received:
    """What a server was sent, and what it answers: a status for each request, the last one again and again."""

    answers: list[int]
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def bodies(self) -> list[dict[str, str]]:
        """What was said."""
        return [json.loads(body) for _path, _headers, body in self.requests]


@contextmanager
def a_server(*answers: int, tls: ssl.SSLContext | None = None, moved_to: str = "") -> Iterator[tuple[int, Received]]:
    """A real HTTP server on loopback; its port, and what it receives."""
    received = Received(list(answers) or [200])

    class Handler(BaseHTTPRequestHandler):
        """Keep what comes."""

        def do_POST(self) -> None:
            """Keep it, and answer the next status."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            received.requests.append((self.path, headers, body))
            status = received.answers.pop(0) if len(received.answers) > 1 else received.answers[0]
            self.send_response(status)
            if moved_to:
                self.send_header("Location", moved_to)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port, received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def a_dripping_server() -> Iterator[int]:
    """A server that takes connections, and sends five bytes a second that do not end a line for five seconds."""

    class Handler(BaseHTTPRequestHandler):
        """Drip."""

        def handle(self) -> None:
            """One byte after another."""
            with suppress(OSError):
                for _byte in range(25):
                    self.wfile.write(b"H")
                    time.sleep(0.2)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def an_organisation(port: int, *, address: str = "http://127.0.0.1:{port}/suivi?de=nous") -> tokens.Issued:
    """One whose system is told on a port of loopback."""
    return tokens.create("Lycée (fictif)", days=365, on=NOW.date(), webhook=address.format(port=port))


def followed(issued: tokens.Issued, *teams: Team, at: datetime = NOW) -> tuple[Sent, str]:
    """A referral that the organisation sent, and the id that it knows."""
    plan = [team.addressee for team in teams]
    code, sealed = sealing.seal_first(sealing.Letter(TEXT), to=plan)
    referral = lifecycle.submit(sealed, plan=plan, urgency="24h", at=at, author=issued.token)
    return Sent(referral, code), str(Receipt.objects.get(referral=referral).own_id)


def said() -> list[tuple[str, str]]:
    """Words and days that wait to be sent."""
    bodies = [json.loads(job.args["body"]) for job in queued()]
    return [(body["status"], body["at"]) for body in bodies]


def a_delivery(**changes: Any) -> None:
    """Send something to the one webhook there is."""
    usual = {"message": "m", "body": "{}", "attempt": 0, "at": NOW}
    webhooks.deliver(Webhook.objects.get().pk, **{**usual, **changes})


# --- with a real worker ---------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_system_is_told_in_order_signed_and_without_a_word_of_the_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_jobs()
    monkeypatch.setenv("ECLAIRCIE_DEMO", "1")
    first = a_team(a_partner(name="Association Secrète", slug="secrete"))
    log = tmp_path / "worker.log"

    with a_server(503, 302, 200) as (port, received):
        issued = an_organisation(port)
        sent, own_id = followed(issued, first, at=timezone.now())
        lifecycle.acknowledge(sent.referral, member=first.members[0], at=timezone.now())
        own = first.addressee
        lifecycle.answer(sent.referral, an_answer(first, sent), member=first.members[0], own=own, at=timezone.now())
        with a_worker(log, port=a_free_port()):
            for attempt in (1, 2):
                wait_until(partial(has_attempts, [attempt, 0]))
                hurry()
            wait_until(lambda: len(received.requests) == 4)
            wait_until(lambda: not ProcrastinateJob.objects.filter(task_name=webhooks.TELL_SYSTEM).exists())

    day = lifecycle.day_of(timezone.now()).isoformat()
    acknowledged = {"id": own_id, "status": "acknowledged", "at": day}
    assert received.bodies() == [acknowledged] * 3 + [{"id": own_id, "status": "answered", "at": day}]
    assert issued.secret is not None
    for path, headers, body in received.requests:
        assert path == "/suivi?de=nous"
        assert headers["host"] == f"127.0.0.1:{port}"
        assert headers["content-type"] == "application/json"
        assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
        key = base64.b64decode(issued.secret.removeprefix("whsec_"))
        text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.digest(key, text, hashlib.sha256)).decode()
        assert headers["webhook-signature"] == f"v1,{expected}"
    ids = [headers["webhook-id"] for _path, headers, _body in received.requests]
    assert ids[0] == ids[1] == ids[2] != ids[3]
    everything = repr(received.requests)
    for secret in (TEXT, "secrete", "Secrète", str(sent.referral.public_id), sent.code.words(), issued.secret):
        assert secret not in everything
    logged = log.read_text(encoding="utf-8")
    number = Webhook.objects.get().pk
    for attempt, status in ((1, 503), (2, 302)):
        assert f"webhook {number} not delivered, attempt {attempt}: {status}\n" in logged
    for kept_out in (own_id, "suivi", str(port), "Traceback", "answered"):
        assert kept_out not in logged


@pytest.mark.django_db(transaction=True)
def test_without_a_demonstration_the_worker_reaches_nothing_on_its_own_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_jobs()
    monkeypatch.setenv("ECLAIRCIE_DEMO", "0")
    team, log = a_team(), tmp_path / "worker.log"

    with a_server() as (port, received):
        issued = an_organisation(port)
        sent, _own_id = followed(issued, team, at=timezone.now())
        lifecycle.acknowledge(sent.referral, member=team.members[0], at=timezone.now())
        with a_worker(log, port=a_free_port()):
            wait_until(partial(has_attempts, [1]))

    assert received.requests == []
    assert "not delivered, attempt 1: NotPublic" in log.read_text(encoding="utf-8")


# --- what is said, and when -----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_each_change_of_state_is_told_once() -> None:
    issued = an_organisation(1)
    first, second, third = a_team(), a_team(), a_team()
    sent, own_id = followed(issued, first, second, third)
    referral = sent.referral

    lifecycle.decline(referral, member=first.members[0], code="full", at=NOW)
    escalation.escalate(at=NOW + timedelta(days=2))
    lifecycle.acknowledge(referral, member=third.members[0], at=NOW + timedelta(days=2))
    for _twice in range(2):
        answer = an_answer(third, sent)
        lifecycle.answer(referral, answer, member=third.members[0], own=third.addressee, at=NOW + timedelta(days=3))
    lifecycle.tell_authority(referral, member=third.members[0], at=NOW + timedelta(days=3))
    lifecycle.close(referral, member=third.members[0], at=NOW + timedelta(days=4))

    assert said() == [
        ("declined", TODAY),
        ("overdue", "2026-11-27"),
        ("acknowledged", "2026-11-27"),
        ("answered", "2026-11-28"),
        ("closed", "2026-11-29"),
    ]
    webhook = Webhook.objects.get().pk
    for job in queued():
        assert sorted(job.args) == ["body", "message", "webhook_id"]
        assert job.args["webhook_id"] == webhook
        assert sorted(json.loads(job.args["body"])) == ["at", "id", "status"]
        assert json.loads(job.args["body"])["id"] == own_id
    assert len({job.args["message"] for job in queued()}) == 5
    assert {(job.lock, job.priority) for job in queued()} == {(f"receipt-{own_id}", -1)}
    assert Receipt.objects.values_list("status", "day").get() == ("closed", datetime(2026, 11, 29).date())  # noqa: DTZ001


@pytest.mark.django_db
def test_that_the_person_writes_again_is_not_told() -> None:
    issued, team = an_organisation(1), a_team()
    sent, _own_id = followed(issued, team)
    lifecycle.acknowledge(sent.referral, member=team.members[0], at=NOW)
    lifecycle.answer(sent.referral, an_answer(team, sent), member=team.members[0], own=team.addressee, at=NOW)

    lifecycle.write_again(sent.referral, sent.writes_again("Encore."), readers=sent.readers(), at=NOW)
    lifecycle.answer(sent.referral, an_answer(team, sent), member=team.members[0], own=team.addressee, at=NOW)

    assert [status for status, _day in said()] == ["acknowledged", "answered"]
    assert Receipt.objects.get().status == "answered"


@pytest.mark.django_db
def test_the_end_of_a_plan_a_lost_key_and_a_handover_are_told() -> None:
    issued = an_organisation(1)
    first, second, third = a_team(), a_team(), a_team()
    sent, _own_id = followed(issued, first, second)

    lifecycle.lose_key(sent.referral, partner=first.partner, at=NOW)
    lifecycle.acknowledge(sent.referral, member=second.members[0], at=NOW)
    key = sent.referral.messages.get()
    wrap = crypto.Wrap(bytes(crypto.ENC_BYTES), bytes(crypto.WRAPPED_KEY_BYTES))
    lifecycle.hand_over(sent.referral, member=second.members[0], to=third.addressee, keys={key.pk: wrap}, at=NOW)
    lifecycle.decline(sent.referral, member=third.members[0], code="full", at=NOW)

    assert [status for status, _day in said()] == ["overdue", "acknowledged", "handed_over", "declined", "exhausted"]


@pytest.mark.django_db
def test_a_key_lost_further_down_the_plan_changes_no_state() -> None:
    issued, first, second = an_organisation(1), a_team(), a_team()
    sent, _own_id = followed(issued, first, second)

    lifecycle.lose_step(sent.referral, partner=second.partner, at=NOW)

    assert said() == []


@pytest.mark.django_db
def test_a_withdrawal_is_told_after_everything_is_gone_and_a_burial_is_not() -> None:
    issued, team = an_organisation(1), a_team()
    withdrawn, own_id = followed(issued, team)
    buried, _other_id = followed(issued, team)

    lifecycle.withdraw(withdrawn.referral)
    lifecycle.bury(buried.referral)

    (job,) = queued()
    today = lifecycle.day_of(timezone.now()).isoformat()
    assert json.loads(job.args["body"]) == {"id": own_id, "status": "withdrawn", "at": today}
    assert (Referral.objects.count(), Receipt.objects.count()) == (0, 0)


@pytest.mark.django_db
def test_a_step_that_fails_tells_nobody() -> None:
    issued, team = an_organisation(1), a_team()
    sent, _own_id = followed(issued, team)

    with transaction.atomic():
        lifecycle.acknowledge(sent.referral, member=team.members[0], at=NOW)
        transaction.set_rollback(True)

    assert (said(), Receipt.objects.get().status) == ([], "waiting")


@pytest.mark.django_db
def test_nobody_is_told_of_referrals_that_no_system_sent_or_that_named_no_address() -> None:
    an_organisation(1)
    team = a_team()
    silent = tokens.create("Clinique (fictive)", days=30, on=NOW.date())
    anonymous, (sent, _own_id) = a_referral(team), followed(silent, team)

    for referral in (anonymous.referral, sent.referral):
        lifecycle.acknowledge(referral, member=team.members[0], at=NOW)

    assert (said(), Receipt.objects.get().status) == ([], "acknowledged")


@pytest.mark.django_db
def test_after_a_revocation_what_was_queued_is_dropped(settings: Settings) -> None:
    settings.DEMO = True
    with a_server() as (port, received):
        issued = an_organisation(port)
        number = Webhook.objects.get().pk
        tokens.revoke(issued.token.organisation, on=NOW.date())
        webhooks.deliver(number, message="m", body="{}", attempt=0, at=NOW)

    assert received.requests == []


# --- signing --------------------------------------------------------------------------------------------------------


def test_the_signature_is_the_one_of_the_specification() -> None:
    # Standard Webhooks 1.0, reference libraries.
    made = webhooks.signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        message="msg_p5jXN8AQM9LWM0D4loKWxJek",
        moment="1614265330",
        body='{"test": 2432232314}',
    )

    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.django_db
def test_a_secret_opens_with_the_sites_key_and_for_its_address_only(settings: Settings) -> None:
    issued = an_organisation(1)
    webhook = Webhook.objects.get()
    assert issued.secret is not None
    made = webhooks.signed(webhook, message="m", body="{}", at=NOW)

    expected = webhooks.signature(issued.secret, message="m", moment=str(int(NOW.timestamp())), body="{}")
    assert made["webhook-signature"] == expected
    webhook.address = "https://elsewhere.example.org/"
    with pytest.raises(crypto.CannotOpen):
        webhooks.signed(webhook, message="m", body="{}", at=NOW)
    settings.SECRET_KEY = "another-key-" * 5
    with pytest.raises(crypto.CannotOpen):
        webhooks.signed(Webhook.objects.get(), message="m", body="{}", at=NOW)
    with pytest.raises(webhooks.NotDelivered):
        a_delivery()


# --- trying again ---------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("status", [301, 400, 404, 410, 500, 503])
def test_any_answer_but_success_is_tried_again(settings: Settings, status: int) -> None:
    settings.DEMO = True
    with a_server(status) as (port, received):
        an_organisation(port)
        with pytest.raises(webhooks.NotDelivered):
            a_delivery()

    assert len(received.requests) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_success_is_one(settings: Settings, status: int) -> None:
    settings.DEMO = True
    with a_server(status) as (port, received):
        an_organisation(port)
        a_delivery()

    assert len(received.requests) == 1


@pytest.mark.django_db
def test_after_the_last_try_nothing_is_raised_and_the_log_names_a_number_only(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DEMO = True
    an_organisation(a_free_port())
    with pytest.raises(webhooks.NotDelivered):
        a_delivery(attempt=webhooks.MOST_ATTEMPTS - 2)

    a_delivery(attempt=webhooks.MOST_ATTEMPTS - 1)

    number = Webhook.objects.get().pk
    ours = [record.getMessage() for record in caplog.records if record.name == "referrals.webhooks"]
    assert ours == [f"webhook {number} not delivered, attempt {n}: ConnectionRefusedError" for n in (53, 54)]


def test_waits_grow_and_last_for_a_day() -> None:
    waits = []
    for attempt in range(webhooks.MOST_ATTEMPTS - 1):  # the last one raises nothing
        job = tasks.tell_system.configure().job.evolve(attempts=attempt)
        decision = tasks.FOR_A_DAY.get_retry_decision(exception=webhooks.NotDelivered(), job=job)
        assert decision is not None
        assert decision.retry_at is not None
        waits.append(round((decision.retry_at - datetime.now(UTC)) / timedelta(minutes=1)))

    assert waits == list(range(1, 54))
    assert timedelta(hours=23) < timedelta(minutes=sum(waits)) < timedelta(hours=24)


# --- where nothing is sent ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "http://example.org/",
        "http://127.0.0.1.example.org/",
        "http://192.168.1.1/",
        "ftp://127.0.0.1/",
        "https://",
        "https:///a",
        "https://nom:secret@example.org/",
        "https://example.org/#a",
        "https://example.org/a b",
        "https://example.org/\r\nX-Injected: 1",
        "https://example.org/é",
        "https://exämple.org/",
        "https://example.org:0/",
        "https://example.org:65536/",
        "https://example.org\\@127.0.0.1/",
        " https://example.org/",
        "https://example.org/" + "a" * 500,
    ],
)
def test_an_address_is_https_and_nothing_but_host_port_and_path(address: str) -> None:
    with pytest.raises(outbound.WrongAddress):
        outbound.read_address(address)


def test_addresses_are_taken_apart() -> None:
    full = outbound.read_address("https://example.org:8443/a/b?c=d")
    bare = outbound.read_address("https://[2001:db8::1]")
    here = outbound.read_address("http://localhost:8080/")

    assert (full.is_encrypted, full.host, full.port, full.authority, full.path) == (
        True, "example.org", 8443, "example.org:8443", "/a/b?c=d",
    )  # fmt: skip
    assert (bare.host, bare.port, bare.authority, bare.path) == ("2001:db8::1", 443, "[2001:db8::1]", "/")
    assert (here.is_encrypted, here.host, here.port) == (False, "localhost", 8080)


LOCAL = [
    "127.0.0.1", "127.9.9.9", "::1", "0.0.0.0", "::", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1",  # noqa: S104
    "169.254.169.254", "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "239.255.255.255", "240.0.0.1", "255.255.255.255", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "ff02::1",
    "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::1", "2002:a00:1::",
    "2001:0:7f00:1::", "2001:db8::1", "100::1", "fec0::1",
]  # fmt: skip


@pytest.mark.parametrize("machine", LOCAL)
def test_nothing_but_the_internet_is_reached(machine: str) -> None:
    assert outbound.may_be_reached(ip_address(machine), loopback=False) is False


def test_a_demonstration_reaches_its_own_machine_and_no_other() -> None:
    reached = [machine for machine in LOCAL if outbound.may_be_reached(ip_address(machine), loopback=True)]

    assert reached == ["127.0.0.1", "127.9.9.9", "::1"]


@pytest.mark.parametrize(
    "machine", ["8.8.8.8", "193.0.0.1", "172.32.0.1", "100.128.0.1", "2a01:4f8::1", "2606:4700::1"]
)
def test_machines_of_the_internet_are_reached(machine: str) -> None:
    assert outbound.may_be_reached(ip_address(machine), loopback=False) is True


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "0", "[::1]"]
)
def test_names_and_odd_figures_that_lead_to_this_machine_are_refused_before_a_connection(host: str) -> None:
    with a_server() as (port, received):
        target = outbound.read_address(f"https://{host}:{port}/")
        with pytest.raises(outbound.NotPublic):
            outbound.post(target, b"{}", headers={}, loopback=False)

    assert received.requests == []


def test_the_machine_that_was_checked_is_the_one_that_is_asked() -> None:
    # A second look-up could give another answer than the one that was checked: there is none.
    asked: list[str] = []

    def note(event: str, about: tuple[Any, ...]) -> None:
        if event == "socket.getaddrinfo":
            asked.append(str(about[0]))

    sys.addaudithook(note)
    with a_server() as (port, received):
        asked.clear()
        outbound.post(outbound.read_address(f"http://localhost:{port}/"), b"{}", headers={}, loopback=True)
        looked_up = list(asked)

    assert (len(received.requests), looked_up) == (1, ["localhost"])


@pytest.mark.django_db
def test_a_redirection_is_not_followed(settings: Settings) -> None:
    settings.DEMO = True
    with a_server() as (inner, reached), a_server(307, moved_to=f"http://127.0.0.1:{inner}/") as (port, received):
        an_organisation(port)
        with pytest.raises(webhooks.NotDelivered):
            a_delivery()

    assert (len(received.requests), reached.requests) == (1, [])


def test_who_drips_is_left_after_the_time_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert outbound.SECONDS == 10
    monkeypatch.setattr(outbound, "SECONDS", 1.0)
    with a_dripping_server() as port:
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            outbound.post(outbound.read_address(f"http://127.0.0.1:{port}/"), b"{}", headers={}, loopback=True)

    assert 0.9 < time.monotonic() - began < 2


def test_a_header_stays_on_its_line() -> None:
    target = outbound.read_address("https://example.org/")

    for value in ("a\r\nb", "a\n", "", "é", " a"):
        with pytest.raises(ValueError):  # noqa: PT011  # it says nothing
            outbound.request(target, b"{}", headers={"webhook-id": value})


# --- encrypted ------------------------------------------------------------------------------------------------------


def a_certificate(folder: Path, *, name: str) -> tuple[Path, ssl.SSLContext]:
    """A certificate that signs itself for a name: where it is, and a server's side of it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    moment = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - timedelta(days=1))
        .not_valid_after(moment + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    whole, public = folder / f"{name}.key.pem", folder / f"{name}.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    whole.write_bytes(private + public.read_bytes())
    side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    side.load_cert_chain(whole)
    return public, side


def test_a_certificate_must_be_known_and_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right, right_side = a_certificate(tmp_path, name="localhost")
    other, other_side = a_certificate(tmp_path, name="example.org")
    outcomes = []

    for known, side in ((right, right_side), (other, right_side), (other, other_side)):
        monkeypatch.setenv("SSL_CERT_FILE", str(known))
        with a_server(tls=side) as (port, received):
            target = outbound.read_address(f"https://localhost:{port}/a")
            try:
                outcomes.append((outbound.post(target, b"{}", headers={}, loopback=True), len(received.requests)))
            except ssl.SSLCertVerificationError as refused:
                outcomes.append((refused.verify_code, len(received.requests)))

    assert outcomes[0] == (200, 1)
    assert [count for _code, count in outcomes[1:]] == [0, 0]
    assert outcomes[1][0] in {18, 20}  # X509_V_ERR: self-signed, no issuer
    assert outcomes[2][0] == 62  # X509_V_ERR_HOSTNAME_MISMATCH
