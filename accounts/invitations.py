"""How somebody gets an account: a link that works once, for a week, sent by mail and saying nothing."""

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth.hashers import make_password
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts.models import Invitation, User

VALID_FOR = timedelta(days=7)
TOKEN_BYTES = 32


class AlreadyHere(Exception):
    """The address has an account that somebody uses, or used."""


class NoLongerValid(Exception):
    """The link is unknown, was used, is too old, or was replaced by a newer one."""


def invite(email: str, *, moderator: bool = False, operator: bool = False) -> tuple[Invitation, str]:
    """An account that nobody can enter yet, and the token that opens it once; earlier tokens stop working.

    The account exists at once, so that it can be given a place in a team (`invitation.user`). Raises AlreadyHere.
    """
    address = email.strip().lower()
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with transaction.atomic():
        Invitation.objects.expired().delete()
        user, _created = User.objects.select_for_update().get_or_create(
            email=address, defaults={"is_active": False, "password": make_password(None)}
        )
        if user.is_active or user.has_usable_password():
            raise AlreadyHere
        user.is_staff, user.is_superuser = moderator, operator
        user.save(update_fields=["is_staff", "is_superuser"])
        Invitation.objects.filter(user=user).delete()
        invitation = Invitation.objects.create(
            user=user, digest=digest_of(token), expires_at=timezone.now() + VALID_FOR
        )
    return invitation, token


def send(invitation: Invitation, *, token: str, site: str) -> None:
    """Mail the link. `site` is the site's address without a slash at its end."""
    EmailMessage(
        subject=render_to_string("emails/invitation_subject.txt").strip(),
        body=render_to_string("emails/invitation_message.txt", {"link": site + path_of(token)}).strip(),
        to=[invitation.user.email],
    ).send()


def path_of(token: str) -> str:
    """The address that opens an invitation, on this site."""
    return reverse("open_invitation", args=[token])


def find(token: str) -> Invitation:
    """The invitation that a token opens. Raises NoLongerValid."""
    found = Invitation.objects.valid().filter(digest=digest_of(token)).select_related("user").first()
    if found is None:
        raise NoLongerValid
    return found


def accept(invitation: Invitation, *, password: str) -> User:
    """The account, open, with a password; exactly one caller succeeds, the others get NoLongerValid."""
    with transaction.atomic():
        used, _details = Invitation.objects.valid().filter(pk=invitation.pk).delete()
        if used != 1:
            raise NoLongerValid
        user = invitation.user
        user.set_password(password)
        user.is_active = True
        user.save(update_fields=["password", "is_active"])
    return user


def digest_of(token: str) -> bytes:
    """What the database holds of a token."""
    return hashlib.sha256(token.encode()).digest()
