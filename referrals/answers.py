"""What somebody has answered so far, as the address of the next question carries it: sealed, and never her words.

The server keeps nothing between two questions. Each answer leaves by POST and comes back in the address (303), because
a POST that is answered with a page stays in the browser's session files, and a field in a readable address stays in its
history (ux.md, findings 7 and 8). All tokens have one length. Her words are asked for last, in a page
that carries the answers as ordinary fields: they travel once, to be sealed, and stand in no address.

A page names its token up to eight times, so answers are packed before they are sealed: 60 bytes of 250.
"""

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings

from referrals import crypto

MINUTES_VALID = 30
SIZE = 192
# What answers are made of, as JSON writes it, the usual last: packed, each of these costs a byte or two. A change of it
# ends the tokens that are in use; an answer that it lacks only takes more room.
USUAL = (
    b'"too_many","several","required","witness","relative","professional","self","age_band":"26plus","under15","18-20",'
    b'"21-25","15-17","danger_now":"unknown","yes","no","needs":["numerique","sortie","papiers","fugue","famille",'
    b'"violences","prostitution","traite","addictions","signalement","sante","juridique","hebergement","ecoute"],'
    b'"danger","age","needs","where","when","who","letter",{"referrer":"language":"fr","departement":"7","9",'
    b'"avoid_commune":"75","9","avoid":"","urgency":"24h","week","now","gender":"trans","male","female"},{}]'
)


@dataclass(frozen=True, slots=True, repr=False)
class Answers:
    """Answers by field of contract.md §2, the question that comes next, and fields of it to mend; never printed."""

    step: str
    values: Mapping[str, Any]
    errors: Mapping[str, str] = field(default_factory=dict)

    def token(self, *, at: datetime) -> str:
        """Opaque text for an address, always as long. Raises crypto.TooLong above 192 bytes of packed answers."""
        content = [int(at.timestamp()), self.step, dict(self.values), dict(self.errors)]
        payload = json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()
        sealed = crypto.seal_small(_packed(payload), key=_key(), size=SIZE)
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def at_step(self, step: str) -> "Answers":
        """The same answers before another question."""
        return Answers(step, self.values)


def read(token: str, *, at: datetime) -> Answers | None:
    """The answers of a token, or None when it is none of ours or half an hour old."""
    try:
        sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        sealed_at, step, values, errors = json.loads(_unpacked(crypto.unseal_small(sealed, key=_key())))
    except (crypto.CannotOpen, binascii.Error, zlib.error, ValueError):
        return None
    if int(at.timestamp()) - sealed_at > MINUTES_VALID * 60:
        return None
    return Answers(step, values, errors)


def _packed(payload: bytes) -> bytes:
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS, zdict=USUAL)
    return packer.compress(payload) + packer.flush()


def _unpacked(packed: bytes) -> bytes:
    # What was packed may end with zeros, which were taken off with those of the padding.
    return zlib.decompressobj(-zlib.MAX_WBITS, zdict=USUAL).decompress(packed.ljust(SIZE, b"\0"))


@cache
def _key() -> bytes:
    """From the site's secret, so that every web process has the same one."""
    return crypto.derive(settings.SECRET_KEY.encode(), info=b"eclaircie/1/answers")
