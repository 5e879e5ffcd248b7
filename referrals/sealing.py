"""What a browser does, done by the server for those whose browser cannot: seal and open, in memory, and forget."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from referrals import crypto, forgetting
from referrals.codes import Code, Secrets, new_code
from referrals.crypto import CannotOpen, Context, Direction
from referrals.keyring import Addressee
from referrals.peppers import peppers

LONGEST_TEXT = 7000


@dataclass(frozen=True, slots=True)
class SealedKey:
    """A message key sealed to one addressee: a partner's slug and epoch, or SENDER and 0."""

    to: str
    epoch: int
    wrap: crypto.Wrap


@dataclass(frozen=True, slots=True)
class SealedMessage:
    """A message as it is stored: its place in the case, 8 220 or 65 564 bytes, and its key once per addressee."""

    sequence: int
    ciphertext: bytes
    keys: tuple[SealedKey, ...]


@dataclass(frozen=True, slots=True, repr=False)
class SealedReferral:
    """A first message, with what finds it again (16 bytes) and the sender's public key (32 bytes)."""

    locator: bytes
    case_key: bytes
    message: SealedMessage


@dataclass(frozen=True, slots=True, repr=False)
class Letter:
    """What a person writes, before it is sealed; never printed. Empty parts are left out of the message."""

    text: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    nickname: str = ""
    contact: Mapping[str, str] = field(default_factory=dict)
    professional: Mapping[str, str] = field(default_factory=dict)

    def payload(self) -> bytes:
        """The JSON of docs/sealing.md."""
        parts = {
            "facts": dict(self.facts),
            "nickname": self.nickname,
            "contact": dict(self.contact),
            "professional": dict(self.professional),
        }
        written = {"v": crypto.VERSION, "text": self.text, **{name: part for name, part in parts.items() if part}}
        return json.dumps(written, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True, repr=False)
class Opened:
    """A message in clear, in memory only."""

    sequence: int
    text: str


def seal_first(letter: Letter, *, to: Iterable[Addressee]) -> tuple[Code, SealedReferral]:
    """Draw a code and seal a first message to teams and to the sender. About 20 ms of Argon2id, before any query.

    Raises crypto.TooLong.
    """
    code = new_code()
    secrets, pair = keys_of(code)
    context = Context(pair.public, 0, Direction.SENDER)
    message = seal_message(letter.payload(), context=context, to=to, sender=pair.public)
    return code, SealedReferral(secrets.locator, pair.public, message)


def seal_again(text: str, *, pair: crypto.KeyPair, sequence: int, to: Iterable[Addressee]) -> SealedMessage:
    """Seal one more message of the sender. Raises crypto.TooLong."""
    context = Context(pair.public, sequence, Direction.SENDER)
    return seal_message(Letter(text).payload(), context=context, to=to, sender=pair.public)


def seal_message(payload: bytes, *, context: Context, to: Iterable[Addressee], sender: bytes) -> SealedMessage:
    """Seal a payload under a key of its own, and that key to each team and to the sender. Raises crypto.TooLong."""
    key = crypto.new_key()
    addressed = [(one.slug, one.epoch, one.public_key) for one in to] + [(crypto.SENDER, 0, sender)]
    return SealedMessage(
        context.sequence,
        crypto.seal(payload, key=key, context=context),
        tuple(
            SealedKey(slug, epoch, crypto.wrap(key, to=public, info=crypto.key_info(context, to=slug, epoch=epoch)))
            for slug, epoch, public in addressed
        ),
    )


def keys_of(code: Code, *, epoch: int | None = None) -> tuple[Secrets, crypto.KeyPair]:
    """What a code finds and opens, under the pepper of an epoch (the current one unless said)."""
    forgetting.forget_soon()
    kept = peppers()
    secrets = code.secrets(salt=kept.salt)
    return secrets, pair_of(secrets, epoch=epoch)


def site_salt() -> bytes:
    """The salt that every code is stretched with, 16 bytes; not secret."""
    return peppers().salt


def pair_of(secrets: Secrets, *, epoch: int | None = None) -> crypto.KeyPair:
    """The sender's keys, under the pepper of an epoch (the current one unless said)."""
    kept = peppers()
    pepper = kept.current if epoch is None else kept.of(epoch)
    return secrets.pair(answer=pepper.completes(secrets.locator))


def open_messages(stored: Sequence[tuple[Context, bytes, crypto.Wrap]], *, private: bytes) -> list[Opened | None]:
    """Messages that were sealed to the sender; None in the place of one that cannot be opened, because a partner's
    browser sealed it wrongly: it hides none of the others."""
    return [open_or_not(context, ciphertext, wrap, private=private) for context, ciphertext, wrap in stored]


def open_or_not(context: Context, ciphertext: bytes, wrap: crypto.Wrap, *, private: bytes) -> Opened | None:
    """One message sealed to the sender, or None."""
    try:
        return open_message(context, ciphertext, wrap, private=private)
    except CannotOpen:
        return None


def open_message(context: Context, ciphertext: bytes, wrap: crypto.Wrap, *, private: bytes) -> Opened:
    """One message sealed to the sender. Raises CannotOpen."""
    key = crypto.unwrap(wrap, private=private, info=crypto.key_info(context, to=crypto.SENDER, epoch=0))
    try:
        written = json.loads(crypto.unseal(ciphertext, key=key, context=context))
        return Opened(context.sequence, str(written["text"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        raise CannotOpen from None
