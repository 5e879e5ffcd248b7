"""The only module that touches the encryption library: keys, wraps and sealed messages (docs/sealing.md). No Django."""

import hashlib
import hmac
import secrets
import struct
from dataclasses import dataclass
from enum import StrEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION = 1
KEY_BYTES = 32
ENC_BYTES = 32
WRAPPED_KEY_BYTES = 48  # a key and the tag of 16 bytes
NONCE_BYTES = 12
TAG_BYTES = 16
LENGTH_BYTES = 4
BUCKETS = (8 * 1024, 64 * 1024)
CIPHERTEXT_BYTES = tuple(NONCE_BYTES + bucket + TAG_BYTES for bucket in BUCKETS)
LONGEST_PAYLOAD = BUCKETS[-1] - LENGTH_BYTES
LOCKED_KEY_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES
SALT_BYTES = 16
SENDER = "sender"  # the addressee that is no partner

# RFC 9180: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
# OWASP's first choice for Argon2id: 19 MiB, two passes, one lane.
_MEMORY_KIB, _PASSES, _LANES = 19 * 1024, 2, 1


class CannotOpen(Exception):
    """A wrong key, context or epoch, or bytes that changed; says nothing more, and carries no value."""


class TooLong(ValueError):
    """A payload over LONGEST_PAYLOAD bytes."""


class Direction(StrEnum):
    """Who wrote a message."""

    SENDER = "s"
    PARTNER = "p"


@dataclass(frozen=True, slots=True)
class Context:
    """What a message is bound to: its case (the sender's public key, 32 bytes), its place in it, and who wrote it."""

    case: bytes
    sequence: int
    direction: Direction

    def under(self, label: bytes) -> bytes:
        """The bytes that a ciphertext is bound to."""
        return b"%b\0%b%b%b" % (label, self.case, struct.pack(">I", self.sequence), self.direction.encode())


@dataclass(frozen=True, slots=True, repr=False)
class KeyPair:
    """An X25519 pair, 32 bytes each; never printed."""

    private: bytes
    public: bytes


@dataclass(frozen=True, slots=True)
class Wrap:
    """A key of 32 bytes, sealed to one public key: 32 and 48 bytes (RFC 9180 §6.1)."""

    enc: bytes
    ct: bytes


def new_pair() -> KeyPair:
    """A random X25519 pair."""
    return pair_of(secrets.token_bytes(KEY_BYTES))


def pair_of(private: bytes) -> KeyPair:
    """The pair of a private key of 32 bytes. Raises ValueError for another size."""
    return KeyPair(private, X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw())


def new_key() -> bytes:
    """A random message key of 32 bytes."""
    return secrets.token_bytes(KEY_BYTES)


def wrap(key: bytes, *, to: bytes, info: bytes) -> Wrap:
    """Seal a key to a public key; only its private half opens it, and only under the same `info`.

    Raises ValueError when `to` is no public key of 32 bytes.
    """
    sealed = _SUITE.encrypt(key, X25519PublicKey.from_public_bytes(to), info=info)
    return Wrap(sealed[:ENC_BYTES], sealed[ENC_BYTES:])


def unwrap(wrapped: Wrap, *, private: bytes, info: bytes) -> bytes:
    """The key in a wrap. Raises CannotOpen."""
    try:
        return _SUITE.decrypt(wrapped.enc + wrapped.ct, X25519PrivateKey.from_private_bytes(private), info=info)
    except (InvalidTag, ValueError):
        raise CannotOpen from None


def key_info(context: Context, *, to: str, epoch: int) -> bytes:
    """What the wrap of a message's key is bound to: `to` is a partner's slug, or SENDER with epoch 0."""
    return context.under(b"eclaircie/1/key") + struct.pack(">I", epoch) + to.encode()


def share_info(*, partner: str, epoch: int) -> bytes:
    """What a member's share of a team key is bound to."""
    return b"eclaircie/1/team\0" + struct.pack(">I", epoch) + partner.encode()


def seal(payload: bytes, *, key: bytes, context: Context) -> bytes:
    """Encrypt a payload padded to the smallest bucket; the length says which bucket and nothing else.

    Raises TooLong above LONGEST_PAYLOAD bytes.
    """
    bucket = next((size for size in BUCKETS if LENGTH_BYTES + len(payload) <= size), None)
    if bucket is None:
        raise TooLong
    padded = struct.pack(">I", len(payload)) + payload + bytes(bucket - LENGTH_BYTES - len(payload))
    return _lock(key, padded, aad=context.under(b"eclaircie/1/message"))


def unseal(ciphertext: bytes, *, key: bytes, context: Context) -> bytes:
    """The payload of a sealed message. Raises CannotOpen."""
    padded = _unlock(key, ciphertext, aad=context.under(b"eclaircie/1/message"))
    (length,) = struct.unpack_from(">I", padded)
    if length > len(padded) - LENGTH_BYTES:
        raise CannotOpen
    return padded[LENGTH_BYTES : LENGTH_BYTES + length]


def lock_private_key(pair: KeyPair, *, under: bytes, way: str) -> bytes:
    """A member's private key under a key of 32 bytes: 60 bytes. `way` is passphrase, paper or passkey."""
    return _lock(under, pair.private, aad=_member_aad(pair.public, way))


def unlock_private_key(locked: bytes, *, public: bytes, under: bytes, way: str) -> KeyPair:
    """The pair of a member. Raises CannotOpen."""
    return KeyPair(_unlock(under, locked, aad=_member_aad(public, way)), public)


def stretch(secret: bytes, *, salt: bytes) -> bytes:
    """Argon2id (RFC 9106): 32 bytes, in about 20 ms and 19 MiB."""
    return Argon2id(salt=salt, length=KEY_BYTES, iterations=_PASSES, lanes=_LANES, memory_cost=_MEMORY_KIB).derive(
        secret
    )


def derive(master: bytes, *, info: bytes, salt: bytes = b"", length: int = KEY_BYTES) -> bytes:
    """HKDF-SHA256 (RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(master)


def peppered(pepper: bytes, value: bytes) -> bytes:
    """HMAC-SHA256: what nobody computes without the pepper."""
    return hmac.digest(pepper, value, hashlib.sha256)


def seal_small(payload: bytes, *, key: bytes, size: int) -> bytes:
    """Encrypt a short payload padded to `size` bytes. Raises TooLong."""
    if len(payload) > size:
        raise TooLong
    return _lock(key, payload.ljust(size, b"\0"), aad=b"eclaircie/1/small")


def unseal_small(ciphertext: bytes, *, key: bytes) -> bytes:
    """The payload, without the zeros after it. Raises CannotOpen."""
    return _unlock(key, ciphertext, aad=b"eclaircie/1/small").rstrip(b"\0")


def _member_aad(public: bytes, way: str) -> bytes:
    return b"eclaircie/1/member/%b\0%b" % (way.encode(), public)


def _lock(key: bytes, plain: bytes, *, aad: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, aad)


def _unlock(key: bytes, ciphertext: bytes, *, aad: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(ciphertext[:NONCE_BYTES], ciphertext[NONCE_BYTES:], aad)
    except (InvalidTag, ValueError):
        raise CannotOpen from None
