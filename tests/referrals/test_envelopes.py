"""A page filled up after it was compressed is whole, and says its length to nobody."""

import gzip
from random import Random

import pytest

from referrals import codes, envelopes


def some_words(count: int, *, seed: int = 1) -> bytes:
    """So many words, the same ones for a seed."""
    return " ".join(Random(seed).choices(codes.words(), k=count)).encode()  # noqa: S311  # not a secret


@pytest.mark.parametrize("count", [0, 1, 1000, 3000, 30_000])
def test_what_is_packed_comes_back_with_line_breaks_after_it(count: int) -> None:
    text = some_words(count)

    packed = envelopes.packed(text)

    unpacked = gzip.decompress(packed)
    assert (unpacked[: len(text)], unpacked[len(text) :].strip(b"\n")) == (text, b"")
    assert len(packed) % envelopes.STEP == 0


def test_lengths_just_below_and_above_a_step_are_filled_too() -> None:
    noise = Random(1).randbytes(2 * envelopes.STEP)  # noqa: S311  # not a secret
    lengths = range(envelopes.STEP - 60, envelopes.STEP + 1)

    packed = [envelopes.packed(noise[:length]) for length in lengths]

    assert {len(one) for one in packed} == {envelopes.STEP, 2 * envelopes.STEP}
    assert [
        length for length, one in zip(lengths, packed, strict=True) if noise[:length] not in gzip.decompress(one)
    ] == []


def test_pages_that_say_different_things_are_as_long() -> None:
    assert {len(envelopes.packed(some_words(count, seed=count))) for count in range(0, 3000, 100)} == {envelopes.STEP}
