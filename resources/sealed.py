"""What somebody searched, sealed by the server so that an address can carry it without saying it."""

import base64
import hashlib
from functools import cache

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

SECONDS_VALID = 15 * 60
PADDED_BYTES = 256


@cache
def box() -> Fernet:
    """Key derived from the site's secret; every web process has the same one."""
    digest = hashlib.sha256(b"resources.sealed:" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))


def seal(text: str) -> str:
    """Opaque token for an address; short texts all give the same length."""
    return box().encrypt(text.encode().ljust(PADDED_BYTES, b"\0")).decode()


def unseal(token: str) -> str | None:
    """The text, or None when the token is wrong or older than 15 minutes."""
    try:
        return box().decrypt(token.encode(), ttl=SECONDS_VALID).rstrip(b"\0").decode()
    except (InvalidToken, UnicodeDecodeError):
        return None
