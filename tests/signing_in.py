"""Staff for tests: an account, the codes of a telephone, and being signed in at once where that is not tested."""

import time

from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client
from playwright.sync_api import Page

from accounts import stay
from accounts.models import User

PASSWORD = "quatre mots plutôt rares"


def a_person(email: str = "lea@exemple.org", *, moderator: bool = False, operator: bool = False) -> User:
    """Somebody with an account and a password, and no second factor yet."""
    user = User.objects.create_user(email, PASSWORD)
    user.is_staff, user.is_superuser = moderator, operator
    user.save()
    return user


def a_telephone(user: User) -> str:
    """A secret that makes codes for this person."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def code_of(secret: str, *, later: int = 0) -> str:
    """The six digits that a telephone shows now, or so many half-minutes later."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // settings.MFA_TOTP_PERIOD + later))


def sign_in(client: Client, user: User, **facts: float | None) -> None:
    """Make a test client somebody who went through both steps; `facts` overwrite what the session holds."""
    client.cookies[settings.SESSION_COOKIE_NAME] = a_session(user, **facts)


def sign_in_browser(page: Page, user: User, *, site: str, **facts: float | None) -> None:
    """Make a browser somebody who went through both steps; `site` is the live server's address."""
    page.context.add_cookies(
        [
            {
                "name": settings.SESSION_COOKIE_NAME,
                "value": a_session(user, **facts),
                "url": f"{site}{settings.SESSION_COOKIE_PATH}",
                "httpOnly": True,
                "sameSite": "Lax",
            }
        ]
    )


def a_session(user: User, **facts: float | None) -> str:
    """The key of a session that has just begun, with a second factor used; None takes a fact away."""
    now = time.time()
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.update({stay.BEGAN: now, stay.SEEN: now, stay.PROVEN: now, **facts})
    for name in [name for name, value in facts.items() if value is None]:
        del session[name]
    session.save()
    return str(session.session_key)
