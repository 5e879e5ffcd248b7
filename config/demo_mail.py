"""The mail that a demonstration sends, to read in a browser; the address exists in a demonstration only."""

import mailbox
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default as modern
from ipaddress import ip_address

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

MOST = 100


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as its reader sees it."""

    to: str
    sent: str
    subject: str
    text: str


@require_safe
@login_not_required
def mails(request: HttpRequest) -> HttpResponse:
    """The latest ones; open without signing in, since invitations come before any account, and on this machine only."""
    if not ip_address(request.META["REMOTE_ADDR"]).is_loopback:
        raise Http404
    return render(request, "espace/demo_mail.html", {"mails": kept()})


def kept() -> list[Mail]:
    """What the server of the demonstration took, newest first."""
    folder = settings.DEMO_DIR / "mail"
    if not folder.is_dir():
        return []
    stored = mailbox.Maildir(folder, create=False)
    newest = sorted(stored.keys(), reverse=True)[:MOST]
    return [read(stored.get_bytes(key)) for key in newest]


def read(raw: bytes) -> Mail:
    """One mail; ours are plain text."""
    message = BytesParser(EmailMessage, policy=modern).parsebytes(raw)
    return Mail(str(message["To"]), str(message["Date"]), str(message["Subject"]), str(message.get_content()))
