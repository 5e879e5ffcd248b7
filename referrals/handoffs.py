"""From one page to the next without a cookie: a few bytes for the same person, sealed under the address of the page.

The address holds a random token; the row holds what it opens, for minutes, in a table that reaches neither WAL nor base
backups. Neither half says anything without the other, and both end together.
"""

import base64
import hashlib
import json
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from referrals import crypto
from referrals.models import HANDOFF_BYTES, Handoff

MINUTES = 15
TOKEN_BYTES = 24


def new_token() -> str:
    """32 letters and digits that stand in an address or a hidden field."""
    return base64.urlsafe_b64encode(secrets.token_bytes(TOKEN_BYTES)).decode()


def leave(token: str, content: dict[str, Any], *, at: datetime) -> bool:
    """Keep a small content for whoever comes with the token in the next 15 minutes.

    False when the token was used before: the first content stands. Raises crypto.TooLong above 512 bytes.
    """
    sealed = crypto.seal_small(json.dumps(content).encode(), key=key_of(token), size=HANDOFF_BYTES)
    try:
        with transaction.atomic():
            Handoff.objects.create(key_hash=hash_of(token), sealed=sealed, dies_at=at + timedelta(minutes=MINUTES))
    except IntegrityError:
        return False
    return True


def take(token: str, *, at: datetime) -> dict[str, Any] | None:
    """What was left under a token, as often as it is asked; None when nothing was, or no longer."""
    row = Handoff.objects.filter(key_hash=hash_of(token), dies_at__gt=at).first()
    if row is None:
        return None
    content: dict[str, Any] = json.loads(crypto.unseal_small(bytes(row.sealed), key=key_of(token)))
    return content


def end(token: str) -> None:
    """Forget what was left under a token."""
    Handoff.objects.filter(key_hash=hash_of(token)).delete()


def use_up(token: str) -> None:
    """Forget what was left under a token, and let nothing else be left there as long as it would have lived: `take`
    gives an empty content. A form that is sent again does not pass for a new one."""
    nothing = crypto.seal_small(b"{}", key=key_of(token), size=HANDOFF_BYTES)
    Handoff.objects.filter(key_hash=hash_of(token)).update(sealed=nothing)


def purge(*, at: datetime) -> int:
    """Forget what is over; how many."""
    return Handoff.objects.filter(dies_at__lte=at).delete()[0]


def hash_of(token: str) -> bytes:
    """What the row is found by."""
    return hashlib.sha256(b"eclaircie/1/handoff\0" + token.encode()).digest()


def key_of(token: str) -> bytes:
    """What the row opens with; tokens are random, so nothing is stretched."""
    return crypto.derive(token.encode(), info=b"eclaircie/1/handoff")
