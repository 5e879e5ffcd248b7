"""Who may write in the name of an organisation: a token that is shown once and kept as a hash, until a day."""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import IntegrityError, transaction

from referrals import webhooks
from referrals.models import ApiToken, Scope, Webhook

PREFIX = "ecl_"  # scanners of leaked secrets know by it what they found
TOKEN_BYTES = 32
DAYS = 365
MOST_DAYS = 3 * 365
LONGEST_NAME = 200


class AlreadyThere(Exception):
    """The organisation has a token; it can be renewed or revoked."""


class NoToken(Exception):
    """The organisation has no token."""


@dataclass(frozen=True, slots=True, repr=False)
class Issued:
    """A token as it is shown once; `secret` signs what its webhook is sent, None when no address was given."""

    token: ApiToken
    shown: str
    secret: str | None


def create(
    organisation: str, *, days: int, on: date, scopes: Iterable[Scope] = (), webhook: str | None = None
) -> Issued:
    """A token for an organisation that has none, good for so many days and for everything unless scopes are given;
    perhaps with the address to tell of changes.

    Raises AlreadyThere, outbound.WrongAddress.
    """
    shown = new_token()
    token = ApiToken(
        organisation=organisation,
        token_hash=hash_of(shown),
        scopes=list(scopes) or list(Scope),
        created_on=on,
        expires_on=on + timedelta(days=days),
    )
    with transaction.atomic():
        try:
            with transaction.atomic():
                token.save()
        except IntegrityError:
            raise AlreadyThere from None
        return Issued(token, shown, registered(token, webhook, on=on))


def renew(
    organisation: str, *, days: int, on: date, scopes: Iterable[Scope] = (), webhook: str | None = None
) -> Issued:
    """Another token in place of the one that an organisation has, which opens nothing from now on.

    Its receipts stay; so do its scopes and its webhook unless others are given. Raises NoToken, outbound.WrongAddress.
    """
    shown = new_token()
    with transaction.atomic():
        token = living(organisation)
        token.token_hash, token.created_on, token.last_used_on = hash_of(shown), on, None
        token.expires_on = on + timedelta(days=days)
        token.scopes = list(scopes) or token.scopes
        token.save()
        return Issued(token, shown, registered(token, webhook, on=on))


def revoke(organisation: str, *, on: date) -> ApiToken:
    """From now on the token opens nothing, its webhook is told nothing, and no referral is tied to the organisation.

    Raises NoToken.
    """
    with transaction.atomic():
        token = living(organisation)
        token.revoked_on = on
        token.save(update_fields=["revoked_on"])
        Webhook.objects.filter(token=token).delete()
        token.receipts.all().delete()
        return token


def recognise(shown: str, *, on: date) -> ApiToken | None:
    """The token that somebody shows, if it is good on that day, which is noted; None whatever is wrong."""
    token = ApiToken.objects.filter(
        token_hash=hash_of(shown), revoked_on__isnull=True, created_on__lte=on, expires_on__gt=on
    ).first()
    if token is not None and token.last_used_on != on:
        ApiToken.objects.filter(pk=token.pk).update(last_used_on=on)
    return token


def may_follow(token: ApiToken) -> bool:
    """Whether the organisation can learn what became of a referral; if not, nothing is kept that ties it to one."""
    return Scope.READ in token.scopes or Webhook.objects.filter(token=token).exists()


def living(organisation: str) -> ApiToken:
    """The token that is not revoked, for this transaction alone. Raises NoToken."""
    token = ApiToken.objects.select_for_update().filter(organisation=organisation, revoked_on__isnull=True).first()
    if token is None:
        raise NoToken
    return token


def registered(token: ApiToken, address: str | None, *, on: date) -> str | None:
    """The secret of the webhook when there is an address to register."""
    return None if address is None else webhooks.register(token, address, on=on)


def new_token() -> str:
    """256 random bits, in letters and digits."""
    return PREFIX + secrets.token_urlsafe(TOKEN_BYTES)


def hash_of(shown: str) -> bytes:
    """What the database holds: tokens are random, so nothing is stretched."""
    return hashlib.sha256(shown.encode()).digest()
