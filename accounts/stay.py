"""How long somebody stays signed in: a second factor first, a lock after ten idle minutes, the end after a working day.

All of it is kept in the session; nothing about the person's machine is.
"""

import time

from allauth.account.authentication import get_authentication_records
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.http import HttpRequest

from accounts.models import User

IDLE_SECONDS = 10 * 60
DAY_SECONDS = 10 * 3600
FRESH_SECONDS = 5 * 60
# Writing the session at each request would cost more than the request.
NOTED_EVERY_SECONDS = 20

BEGAN, SEEN, PROVEN, LOCKED = "stay_began", "stay_seen", "stay_proven", "stay_locked"


def begin(request: HttpRequest, *, user: AbstractBaseUser) -> None:
    """Start the clock of somebody who has just given a password, and a second factor when they have one."""
    request.session[BEGAN] = request.session[SEEN] = time.time()
    if any(record["method"] == "mfa" for record in get_authentication_records(request, user)):
        prove(request)


def prove(request: HttpRequest) -> None:
    """Note that a second factor was used, or set up, in this session."""
    request.session[PROVEN] = time.time()


def is_proven(session: SessionBase) -> bool:
    """Whether a second factor was used in this session."""
    return PROVEN in session


def is_over(session: SessionBase) -> bool:
    """Whether the working day that began with the sign-in has ended; a session without a beginning never started."""
    return time.time() - moment(session, BEGAN) > DAY_SECONDS


def lock(session: SessionBase) -> None:
    """Ask for the password again before anything else."""
    session[LOCKED] = time.time()


def is_locked(request: HttpRequest) -> bool:
    """Whether the screen was locked, or left alone for too long, since the password was last given."""
    unlocked = last_confirmed(request)
    if moment(request.session, LOCKED) > unlocked:
        return True
    return time.time() - max(moment(request.session, SEEN), unlocked) > IDLE_SECONDS


def note_activity(session: SessionBase) -> None:
    """The person is there."""
    if time.time() - moment(session, SEEN) > NOTED_EVERY_SECONDS:
        session[SEEN] = time.time()


def is_fresh(request: HttpRequest) -> bool:
    """Whether password or second factor were given in the last five minutes."""
    latest = max(moment(request.session, BEGAN), moment(request.session, PROVEN), last_confirmed(request))
    return time.time() - latest < FRESH_SECONDS


def last_confirmed(request: HttpRequest) -> float:
    """When the person last said who they are without leaving; 0 for never."""
    user = request.user if request.user.is_authenticated else None
    records = get_authentication_records(request, user)
    return max((float(record["at"]) for record in records if record.get("reauthenticated")), default=0.0)


def moment(session: SessionBase, name: str) -> float:
    """A moment noted in the session, in seconds since 1970; 0 when it never was."""
    return float(session.get(name, 0.0))


def end_all(user: User) -> None:
    """Sign a person out everywhere."""
    for session in Session.objects.iterator():
        if session.get_decoded().get(SESSION_KEY) == str(user.pk):
            session.delete()
