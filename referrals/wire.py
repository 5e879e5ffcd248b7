"""Sealed things as JSON carries them (contract.md §3): base64url in, base64url out, sizes checked on the way."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse

from referrals import crypto
from referrals.codes import LOCATOR_BYTES
from referrals.forms import InvalidForm
from referrals.sealing import SealedKey, SealedMessage, SealedReferral

MOST_KEYS = 12
# Answers about a case come in whole steps of this many bytes, known or unknown, so that a length says little.
STEP_OF_TEXTS, STEP_OF_SEALED = 16 * 1024, 64 * 1024
BASE64URL = re.compile(r"[A-Za-z0-9_-]*")


def to_text(value: bytes) -> str:
    """Base64url without padding (RFC 4648 §5)."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def to_bytes(value: object, *sizes: int, field: str) -> bytes:
    """Bytes of one of these sizes. Raises InvalidForm for the field."""
    if not isinstance(value, str) or not BASE64URL.fullmatch(value):
        raise InvalidForm({field: ["invalid"]})
    try:
        read = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except (binascii.Error, ValueError):
        raise InvalidForm({field: ["invalid"]}) from None
    if len(read) not in sizes:
        raise InvalidForm({field: ["size"]})
    return read


def read_locator(values: Mapping[str, Any]) -> bytes:
    """16 bytes. Raises InvalidForm."""
    return to_bytes(values.get("locator"), LOCATOR_BYTES, field="locator")


def read_referral(values: Mapping[str, Any]) -> SealedReferral:
    """The sealed half of a body. Raises InvalidForm."""
    if values.get("v") != crypto.VERSION:
        raise InvalidForm({"v": ["unknown"]})
    return SealedReferral(
        locator=read_locator(values),
        case_key=to_bytes(values.get("sender_key"), crypto.KEY_BYTES, field="sender_key"),
        message=read_message(values, sequence=0),
    )


def read_message(values: Mapping[str, Any], *, sequence: int | None = None) -> SealedMessage:
    """A sealed message; `sequence` is in the body unless said. Raises InvalidForm."""
    place = values.get("sequence") if sequence is None else sequence
    if not isinstance(place, int) or isinstance(place, bool) or not 0 <= place < 1 << 31:
        raise InvalidForm({"sequence": ["invalid"]})
    wraps = values.get("wraps")
    if not isinstance(wraps, list) or not 1 <= len(wraps) <= MOST_KEYS:
        raise InvalidForm({"wraps": ["invalid"]})
    return SealedMessage(
        sequence=place,
        ciphertext=to_bytes(values.get("ciphertext"), *crypto.CIPHERTEXT_BYTES, field="ciphertext"),
        keys=tuple(read_key(wrap) for wrap in wraps),
    )


def read_key(values: object) -> SealedKey:
    """One addressee's key. Raises InvalidForm."""
    if not isinstance(values, Mapping):
        raise InvalidForm({"wraps": ["invalid"]})
    to, epoch = values.get("to"), values.get("epoch")
    if not isinstance(to, str) or not isinstance(epoch, int) or isinstance(epoch, bool) or not 0 <= epoch < 1 << 31:
        raise InvalidForm({"wraps": ["invalid"]})
    return SealedKey(to, epoch, read_wrap(values))


def read_wrap(values: Mapping[str, Any]) -> crypto.Wrap:
    """A sealed key of 32 and 48 bytes. Raises InvalidForm."""
    return crypto.Wrap(
        to_bytes(values.get("enc"), crypto.ENC_BYTES, field="wraps"),
        to_bytes(values.get("ct"), crypto.WRAPPED_KEY_BYTES, field="wraps"),
    )


def padded(content: Mapping[str, Any], *, step: int, status: int = 200) -> HttpResponse:
    """JSON with spaces after it, up to a whole number of steps; never compressed, which would undo that."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return HttpResponse(
        body + b" " * (-len(body) % step),
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store", "Content-Encoding": "identity"},
    )
