"""Sealing gives what the standards say, opens for whom it was sealed, and for nobody and nothing else."""

import dataclasses
import struct

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from referrals import crypto
from referrals.crypto import CannotOpen, Context, Direction, KeyPair, TooLong, Wrap

# HPKE, mode_base, DHKEM(X25519, HKDF-SHA256) 0x0020, HKDF-SHA256 0x0001, AES-256-GCM 0x0002: from test-vectors.json of
# github.com/cfrg/draft-irtf-cfrg-hpke, which RFC 9180 names; its Appendix A prints other suites.
HPKE = {
    "info": "4f6465206f6e2061204772656369616e2055726e",
    "skRm": "497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6a53320333d",
    "pkRm": "430f4b9859665145a6b1ba274024487bd66f03a2dd577d7753c68d7d7d00c00c",
    "enc": "6c93e09869df3402d7bf231bf540fadd35cd56be14f97178f0954db94b7fc256",
    "key": "f50b0609186798729ed0564b36ef2ef8044f1f9d05636874d1f46c819c7a669f",
    "base_nonce": "151d9929e2449747889bc923",
    "aad": "436f756e742d30",
    "pt": "4265617574792069732074727574682c20747275746820626561757479",
    "ct": "e5d84cd531cfb583096e7cfa9641bd3079cf3a91cda813c52deb5f512be9931980a41de125a925cdad859d5b7a",
}
# RFC 5869, Appendix A.1 to A.3: IKM, salt, info, OKM.
HKDF = [
    (
        "0b" * 22,
        "000102030405060708090a0b0c",
        "f0f1f2f3f4f5f6f7f8f9",
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    ),
    (
        bytes(range(0x50)).hex(),
        bytes(range(0x60, 0xB0)).hex(),
        bytes(range(0xB0, 0x100)).hex(),
        (
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
            "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"
        ),
    ),
    ("0b" * 22, "", "", "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"),
]
CASE = crypto.pair_of(bytes(range(32))).public
CONTEXT = Context(CASE, 0, Direction.SENDER)
OTHER_CONTEXTS = [
    dataclasses.replace(CONTEXT, case=crypto.pair_of(bytes(range(1, 33))).public),
    dataclasses.replace(CONTEXT, sequence=1),
    dataclasses.replace(CONTEXT, direction=Direction.PARTNER),
]
INFO = crypto.key_info(CONTEXT, to="les-tilleuls", epoch=2)


@pytest.fixture
def team() -> KeyPair:
    """A team's pair."""
    return crypto.new_pair()


def flips(whole: bytes) -> list[bytes]:
    """The bytes with one bit changed, once in each byte."""
    return [whole[:place] + bytes([byte ^ (1 << place % 8)]) + whole[place + 1 :] for place, byte in enumerate(whole)]


# --- the standards --------------------------------------------------------------------------------------------------


def test_hpke_derives_the_key_of_the_published_vector() -> None:
    vector = {name: bytes.fromhex(value) for name, value in HPKE.items()}
    key = bytes(range(32))

    published = AESGCM(vector["key"]).encrypt(vector["base_nonce"], vector["pt"], vector["aad"])
    # Our wraps have no associated data; what HPKE derived is the vector's key and nonce all the same.
    ct = AESGCM(vector["key"]).encrypt(vector["base_nonce"], key, b"")

    assert published == vector["ct"]
    assert crypto.pair_of(vector["skRm"]).public == vector["pkRm"]
    assert crypto.unwrap(Wrap(vector["enc"], ct), private=vector["skRm"], info=vector["info"]) == key


@pytest.mark.parametrize(("master", "salt", "info", "derived"), HKDF)
def test_hkdf_is_rfc_5869(master: str, salt: str, info: str, derived: str) -> None:
    given = bytes.fromhex(derived)

    assert (
        crypto.derive(bytes.fromhex(master), info=bytes.fromhex(info), salt=bytes.fromhex(salt), length=len(given))
        == given
    )


def test_argon2id_is_rfc_9106() -> None:
    """Section 5.3, which our parameters are not; then ours, as two other implementations compute them (hash-wasm
    4.13.0 and @noble/hashes 2)."""
    published = Argon2id(
        salt=b"\2" * 16, length=32, iterations=3, lanes=4, memory_cost=32, ad=b"\4" * 12, secret=b"\3" * 8
    )

    assert published.derive(b"\1" * 32).hex() == "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
    assert (
        crypto.stretch(b"eclaircie", salt=bytes(range(16))).hex()
        == "7870b6c152da74ce2555d3d2331d75bb2ec6af0ca0dcff0182413ddf6ec50b49"
    )


def test_hmac_is_rfc_4231() -> None:
    assert (
        crypto.peppered(b"\x0b" * 20, b"Hi There").hex()
        == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    )


# --- wraps ----------------------------------------------------------------------------------------------------------


def test_a_wrap_opens_for_its_addressee_and_is_80_bytes(team: KeyPair) -> None:
    key = crypto.new_key()

    wrapped = crypto.wrap(key, to=team.public, info=INFO)

    assert (len(wrapped.enc), len(wrapped.ct)) == (crypto.ENC_BYTES, crypto.WRAPPED_KEY_BYTES)
    assert crypto.unwrap(wrapped, private=team.private, info=INFO) == key


def test_two_wraps_of_one_key_have_nothing_in_common(team: KeyPair) -> None:
    key = crypto.new_key()

    first, second = (crypto.wrap(key, to=team.public, info=INFO) for _ in range(2))

    assert first.enc != second.enc
    assert first.ct != second.ct


@pytest.mark.parametrize(
    "info",
    [
        *(crypto.key_info(context, to="les-tilleuls", epoch=2) for context in OTHER_CONTEXTS),
        crypto.key_info(CONTEXT, to="les-tilleuls", epoch=1),
        crypto.key_info(CONTEXT, to="les-erables", epoch=2),
        crypto.key_info(CONTEXT, to=crypto.SENDER, epoch=0),
        crypto.share_info(partner="les-tilleuls", epoch=2),
        CONTEXT.under(b"eclaircie/1/message"),
        INFO[:-1],
        b"",
    ],
)
def test_a_wrap_stays_shut_under_anything_but_its_own_info(team: KeyPair, info: bytes) -> None:
    wrapped = crypto.wrap(crypto.new_key(), to=team.public, info=INFO)

    with pytest.raises(CannotOpen):
        crypto.unwrap(wrapped, private=team.private, info=info)


def test_a_wrap_stays_shut_for_another_key(team: KeyPair) -> None:
    wrapped = crypto.wrap(crypto.new_key(), to=team.public, info=INFO)

    for private in (crypto.new_pair().private, bytes(32), b"short", b""):
        with pytest.raises(CannotOpen):
            crypto.unwrap(wrapped, private=private, info=INFO)


def test_a_wrap_with_one_bit_changed_stays_shut(team: KeyPair) -> None:
    wrapped = crypto.wrap(crypto.new_key(), to=team.public, info=INFO)
    # X25519 ignores the highest bit of a public key (RFC 7748, §5), but HPKE binds the bytes as they were sent.
    changed = [Wrap(enc, wrapped.ct) for enc in flips(wrapped.enc)] + [
        Wrap(wrapped.enc, ct) for ct in flips(wrapped.ct)
    ]
    highest = Wrap(wrapped.enc[:-1] + bytes([wrapped.enc[-1] ^ 0x80]), wrapped.ct)

    for one in [*changed, highest, Wrap(bytes(32), wrapped.ct), Wrap(b"", b""), Wrap(wrapped.enc, wrapped.ct[:-1])]:
        with pytest.raises(CannotOpen):
            crypto.unwrap(one, private=team.private, info=INFO)


@pytest.mark.parametrize("to", [b"", b"\1" * 31, b"\1" * 33])
def test_nothing_is_sealed_to_what_is_no_key(to: bytes) -> None:
    with pytest.raises(ValueError, match="key"):
        crypto.wrap(crypto.new_key(), to=to, info=INFO)


def test_parts_of_a_binding_cannot_slide_into_each_other() -> None:
    """Every part before the addressee has one length, so that no two facts give the same bytes."""
    bindings = {
        crypto.key_info(Context(CASE, sequence, direction), to=to, epoch=epoch)
        for sequence in (0, 1, 0x73)
        for direction in Direction
        for to in ("a", "aa", crypto.SENDER)
        for epoch in (0, 1, 0x61)
    }

    assert len(bindings) == 3 * 2 * 3 * 3
    assert len(CONTEXT.under(b"")) == 1 + 32 + 4 + 1


# --- messages -------------------------------------------------------------------------------------------------------

FIRST, SECOND = (bucket - crypto.LENGTH_BYTES for bucket in crypto.BUCKETS)


@pytest.mark.parametrize(
    ("length", "stored"), [(0, 8220), (1, 8220), (FIRST, 8220), (FIRST + 1, 65564), (SECOND, 65564)]
)
def test_a_message_comes_back_and_its_size_says_only_which_bucket(length: int, stored: int) -> None:
    key, payload = crypto.new_key(), b"\0z" * (length // 2) + b"\0" * (length % 2)

    ciphertext = crypto.seal(payload, key=key, context=CONTEXT)

    assert len(ciphertext) == stored
    assert stored in crypto.CIPHERTEXT_BYTES
    assert crypto.unseal(ciphertext, key=key, context=CONTEXT) == payload


def test_a_message_over_the_last_bucket_is_refused() -> None:
    with pytest.raises(TooLong):
        crypto.seal(bytes(crypto.LONGEST_PAYLOAD + 1), key=crypto.new_key(), context=CONTEXT)


@pytest.mark.parametrize("context", OTHER_CONTEXTS)
def test_a_message_stays_shut_in_another_place(context: Context) -> None:
    key = crypto.new_key()

    with pytest.raises(CannotOpen):
        crypto.unseal(crypto.seal(b"bonjour", key=key, context=CONTEXT), key=key, context=context)


def test_a_message_stays_shut_for_another_key() -> None:
    ciphertext = crypto.seal(b"bonjour", key=crypto.new_key(), context=CONTEXT)

    for key in (crypto.new_key(), bytes(32), b"short"):
        with pytest.raises(CannotOpen):
            crypto.unseal(ciphertext, key=key, context=CONTEXT)


def test_a_message_with_one_bit_changed_stays_shut() -> None:
    key = crypto.new_key()
    ciphertext = crypto.seal(b"bonjour", key=key, context=CONTEXT)

    for changed in [*flips(ciphertext), ciphertext[:-1], ciphertext + b"\0", ciphertext[:11], b""]:
        with pytest.raises(CannotOpen):
            crypto.unseal(changed, key=key, context=CONTEXT)


def test_a_length_that_lies_opens_nothing() -> None:
    """What a broken or hostile browser could seal: a length beyond the bytes that are there."""
    key, nonce = crypto.new_key(), bytes(12)
    padded = struct.pack(">I", FIRST + 1) + bytes(FIRST)
    ciphertext = nonce + AESGCM(key).encrypt(nonce, padded, CONTEXT.under(b"eclaircie/1/message"))

    with pytest.raises(CannotOpen):
        crypto.unseal(ciphertext, key=key, context=CONTEXT)


def test_sealing_twice_gives_other_bytes() -> None:
    key = crypto.new_key()

    assert crypto.seal(b"bonjour", key=key, context=CONTEXT) != crypto.seal(b"bonjour", key=key, context=CONTEXT)


# --- keys of members ------------------------------------------------------------------------------------------------


def test_a_locked_key_opens_in_its_own_way_only(team: KeyPair) -> None:
    under = crypto.new_key()

    locked = crypto.lock_private_key(team, under=under, way="paper")

    assert len(locked) == crypto.LOCKED_KEY_BYTES
    assert crypto.unlock_private_key(locked, public=team.public, under=under, way="paper") == team
    for public, key, way in (
        (team.public, under, "passphrase"),
        (team.public, crypto.new_key(), "paper"),
        (crypto.new_pair().public, under, "paper"),
    ):
        with pytest.raises(CannotOpen):
            crypto.unlock_private_key(locked, public=public, under=key, way=way)


def test_a_locked_key_with_one_bit_changed_stays_shut(team: KeyPair) -> None:
    under = crypto.new_key()

    for changed in flips(crypto.lock_private_key(team, under=under, way="passphrase")):
        with pytest.raises(CannotOpen):
            crypto.unlock_private_key(changed, public=team.public, under=under, way="passphrase")


# --- small things ---------------------------------------------------------------------------------------------------


def test_a_short_payload_is_padded_and_comes_back() -> None:
    key = crypto.new_key()

    sealed = crypto.seal_small(b"bonjour", key=key, size=512)

    assert len(sealed) == 12 + 512 + 16
    assert crypto.unseal_small(sealed, key=key) == b"bonjour"
    with pytest.raises(TooLong):
        crypto.seal_small(bytes(513), key=key, size=512)
    with pytest.raises(CannotOpen):
        crypto.unseal_small(sealed, key=crypto.new_key())


def test_refusals_and_keys_print_no_value(team: KeyPair) -> None:
    with pytest.raises(CannotOpen) as refusal:
        crypto.unseal(bytes(8220), key=bytes(32), context=CONTEXT)

    assert str(refusal.value) == ""
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__
    assert repr(team).startswith("<referrals.crypto.KeyPair object at")
