"""What django-allauth asks this site: no open sign-up, no IP address, no secret in clear in the database."""

import base64
import hashlib
from functools import cache
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as current
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.totp.internal.auth import generate_totp_secret
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.encoding import force_bytes

from accounts import stay

SITE = "Éclaircie"


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in by address and password."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """People are invited."""
        return False

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        """Sign in, and start the clock of the stay."""
        super().login(request, user)
        stay.begin(request, user=user)

    def reauthenticate(self, user: AbstractBaseUser, password: str) -> bool:
        """Whether the password is this person's."""
        return bool(self.authenticate(current.request, email=address_of(user), password=password) == user)

    def is_reauthentication_required(self, *, app: str, **_kwargs: object) -> bool:  # noqa: ARG002
        """Second factors are changed in the minutes after a password or a code; the very first one at once."""
        request = current.request
        return stay.is_proven(request.session) and not stay.is_fresh(request)

    def get_client_ip(self, request: HttpRequest) -> str:  # noqa: ARG002
        """Nobody's address is looked at, so that no limit and no mail can hold one."""
        return ""

    def get_http_user_agent(self, request: HttpRequest) -> str:  # noqa: ARG002
        """Nor the browser."""
        return ""

    def send_notification_mail(
        self,
        template_prefix: str,  # noqa: ARG002
        user: AbstractBaseUser,
        context: dict[str, Any] | None = None,  # noqa: ARG002
        email: str | None = None,  # noqa: ARG002
    ) -> None:
        """Tell somebody that the way into their account changed; not what, nor from where."""
        EmailMessage(
            subject=render_to_string("emails/account_changed_subject.txt").strip(),
            body=render_to_string("emails/account_changed_message.txt").strip(),
            to=[address_of(user)],
        ).send()


class MFAAdapter(DefaultMFAAdapter):
    """Second factors."""

    def get_totp_issuer(self) -> str:
        """What the telephone shows above the code."""
        return SITE

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """What the passkey is for."""
        return {**super().get_public_key_credential_rp_entity(), "name": SITE}

    def encrypt(self, text: str) -> str:
        """A stolen database makes no codes."""
        return box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """What `encrypt` was given; once the site's secret has changed, a secret that no code fits."""
        try:
            return box().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            return generate_totp_secret()


def address_of(user: AbstractBaseUser) -> str:
    """The e-mail address that names the account."""
    return str(user.get_username())


@cache
def box() -> MultiFernet:
    """Keys derived from the site's secret and from those that it replaced, the current one first."""
    return MultiFernet([Fernet(key_of(secret)) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def key_of(secret: str | bytes) -> bytes:
    """A Fernet key."""
    return base64.urlsafe_b64encode(hashlib.sha256(b"accounts.second_factor:" + force_bytes(secret)).digest())
