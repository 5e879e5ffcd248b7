"""What a team waits for when 500 requests wait for it: `python -m bench.inbox COUNT`, on the database of bench.sending.

The server's part only: a page of the list, then its sealed first messages, which the member's browser opens.
"""

import secrets
import sys
import time

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import stay
from bench import processes, steps
from bench.figures import percentile, shown, table
from bench.progress import Progress
from bench.sending import FACTS, TEXT
from referrals import crypto, keyring, lifecycle, sealing
from referrals.models import Member, Partner, PlanStep

WAITING = 500
TIMES = 60
TEAM = "equipe-inventee-8"
HEADS = ("", "p50 ms", "p95 ms", "CPU web", "CPU base", "requêtes SQL", "octets")


def fill(partner: Partner) -> None:
    """As many requests as are missing until 500 wait for the team."""
    team = keyring.addressees(slugs=[partner.slug])[partner.slug]
    there = PlanStep.objects.filter(partner=partner, state=PlanStep.State.WAITING).count()
    for _missing in range(WAITING - there):
        pair = crypto.new_pair()
        context = crypto.Context(pair.public, 0, crypto.Direction.SENDER)
        payload = sealing.Letter(TEXT, facts=FACTS).payload()
        message = sealing.seal_message(payload, context=context, to=[team], sender=pair.public)
        sealed = sealing.SealedReferral(secrets.token_bytes(16), pair.public, message)
        lifecycle.submit(sealed, plan=[team], urgency="week", at=timezone.now())


def signed_in(member: Member) -> Client:
    """The browser of a member who went through both steps of signing in."""
    now, session = time.time(), SessionStore()
    session[SESSION_KEY] = str(member.user_id)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = member.user.get_session_auth_hash()
    session.update({stay.BEGAN: now, stay.SEEN: now, stay.PROVEN: now})
    session.save()
    client = Client(SERVER_NAME="127.0.0.1")
    client.cookies[settings.SESSION_COOKIE_NAME] = str(session.session_key)
    return client


def measure(client: Client, name: str, address: str) -> list[str]:
    """A line of the table. Raises RuntimeError when the page does not come."""
    with CaptureQueriesContext(connection) as sent:
        answer = client.get(address)
    statements = len(sent)  # before other requests empty the log
    if answer.status_code != 200:
        raise RuntimeError(f"{address} → {answer.status_code}")
    base, seconds = processes.backend(), []
    web_before, base_before = time.process_time(), processes.cpu_seconds(base)
    for _time in range(TIMES):
        start = time.perf_counter()
        client.get(address)
        seconds.append(time.perf_counter() - start)
    web = (time.process_time() - web_before) / TIMES
    base_after = processes.cpu_seconds(base)
    in_base = None if base_before is None or base_after is None else (base_after - base_before) / TIMES * 1000
    p50, p95 = (percentile(seconds, share) * 1000 for share in (0.5, 0.95))
    size = len(answer.content)
    return [name, shown(p50), shown(p95), shown(web * 1000), shown(in_base), shown(statements, 0), shown(size, 0)]


def main(count: int) -> None:
    """Print the table."""
    steps.end_on_signals()
    tell = Progress()
    tell("Demandes en attente…")
    partner = Partner.objects.get(slug=TEAM)
    fill(partner)
    client = signed_in(Member.objects.filter(partner=partner).select_related("user")[0])
    rows = [
        measure(client, "liste, une page de 50", reverse("referrals_staff:inbox")),
        measure(client, "ses 50 premiers messages, scellés", reverse("referrals_staff:first_messages")),
    ]
    tell.clear()
    sys.stdout.write(table(f"Boîte de {WAITING} demandes : {shown(count, 0)} autres dans la base", HEADS, rows))


if __name__ == "__main__":
    main(int(sys.argv[1]))
