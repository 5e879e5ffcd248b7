"""What somebody has answered so far, as the address of the next question carries it: sealed, and never her words.

The server keeps nothing between two questions. Each answer leaves by POST and comes back in the address (303), because
a POST that is answered with a page stays in the browser's session files, and a field in a readable address stays in its
history (ux.md, findings 7 and 8). All tokens have one length. Her words are asked for last, in a page
that carries the answers as ordinary fields: they travel once, to be sealed, and stand in no address.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings

from referrals import crypto

MINUTES_VALID = 30
SIZE = 400


@dataclass(frozen=True, slots=True, repr=False)
class Answers:
    """Answers by field of contract.md §2, the question that comes next, and fields of it to mend; never printed."""

    step: str
    values: Mapping[str, Any]
    errors: Mapping[str, str] = field(default_factory=dict)

    def token(self, *, at: datetime) -> str:
        """Opaque text for an address, always as long. Raises crypto.TooLong above 400 bytes of answers."""
        content = [int(at.timestamp()), self.step, dict(self.values), dict(self.errors)]
        payload = json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()
        return base64.urlsafe_b64encode(crypto.seal_small(payload, key=_key(), size=SIZE)).rstrip(b"=").decode()

    def at_step(self, step: str) -> "Answers":
        """The same answers before another question."""
        return Answers(step, self.values)


def read(token: str, *, at: datetime) -> Answers | None:
    """The answers of a token, or None when it is none of ours or half an hour old."""
    try:
        sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        sealed_at, step, values, errors = json.loads(crypto.unseal_small(sealed, key=_key()))
    except (crypto.CannotOpen, binascii.Error, ValueError):
        return None
    if int(at.timestamp()) - sealed_at > MINUTES_VALID * 60:
        return None
    return Answers(step, values, errors)


@cache
def _key() -> bytes:
    """From the site's secret, so that every web process has the same one."""
    return crypto.derive(settings.SECRET_KEY.encode(), info=b"eclaircie/1/answers")
