"""A code is read back however it was copied, and a slip of one letter never opens another case."""

import random
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from referrals import codes
from referrals.codes import BadCode, Code, Slip, new_code, read_code

NUMBERS = st.integers(0, (1 << codes.BITS) - 1)
EDGES = [0, 1, (1 << 55) - 1, 1 << 55, (1 << 64) - 1, 1 << 64, (1 << 66) - 1]
LIST = codes.words()


def every_slip(words: list[str]) -> list[str]:
    """The words with one letter changed, missing or added, everywhere."""
    return [
        " ".join([*words[:place], slipped, *words[place + 1 :]])
        for place, word in enumerate(words)
        for slipped in codes.one_letter_away(codes.fold(word))
    ]


@given(NUMBERS)
def test_words_and_digits_name_the_number(number: int) -> None:
    code = Code(number)

    assert len(code.words().split(" ")) == 6
    assert re.fullmatch(r"[0-9]{20}", code.digits())
    assert read_code(code.words()) == code
    assert read_code(code.digits()) == code


@pytest.mark.parametrize("number", EDGES)
def test_the_ends_of_the_range_come_back(number: int) -> None:
    assert read_code(Code(number).words()).number == number
    assert read_code(Code(number).digits()).number == number


def test_a_known_code_has_known_words() -> None:
    """Six groups of 11 bits, highest first (docs/sealing.md)."""
    code = Code(int("000000000000000000000100000000010000000000110111111111111111111111", 2))

    assert code.words().split(" ") == [LIST[0], LIST[1], LIST[2], LIST[3], LIST[1023], LIST[2047]]
    assert code.digits() == f"{code.number:020}"


@given(NUMBERS, st.randoms(use_true_random=False))
def test_accents_case_punctuation_and_letters_after_the_fourth_do_not_matter(
    number: int, chance: random.Random
) -> None:
    words = Code(number).words().split(" ")
    written = [
        chance.choice([word, word.upper(), codes.fold(word), word.capitalize(), codes.fold(word)[:4]]) for word in words
    ]

    assert read_code(chance.choice([" ", ", ", "\n", " - ", " · ", "\t"]).join(written) + ".").number == number


@pytest.mark.parametrize("typed", ["{:020d}", " {:020d}\n", "{:020d}.", "-{:020d}-"])
def test_digits_are_read_with_what_stands_around_them(typed: str) -> None:
    assert read_code(typed.format(12345)).number == 12345


def test_the_first_four_letters_alone_name_every_word() -> None:
    assert [codes.read_word(codes.fold(word)[:4]) for word in LIST] == [(place, None) for place in range(2048)]


def test_digits_in_groups_are_read() -> None:
    digits = Code((1 << 66) - 1).digits()

    assert read_code(" ".join(digits[start : start + 4] for start in range(0, 20, 4))).number == (1 << 66) - 1
    assert read_code("-".join(digits[start : start + 5] for start in range(0, 20, 5))).number == (1 << 66) - 1


def test_ligatures_are_two_letters() -> None:
    assert codes.fold("Cœur Æther ÉTÉ ça") == "coeur aether ete ca"


@pytest.mark.parametrize("start", range(0, 2048, 400))
def test_one_wrong_letter_is_refused_or_harmless(start: int) -> None:
    code = read_code(" ".join(LIST[(start + 67 * place) % 2048] for place in range(6)))

    for slipped in every_slip(code.words().split(" ")):
        if min(map(len, slipped.split(" "))) == 4:
            continue  # see the test of the short way
        try:
            read = read_code(slipped)
        except BadCode:
            continue
        assert read == code


def test_no_slip_of_any_word_of_the_list_names_another_word() -> None:
    """All of them: about 760 000 spellings, of which those that begin like another word are read. Four letters alone
    are no slip but the short way of writing a word."""
    first, whole = codes.by_first_letters(), codes.by_whole_word()
    wrong = [
        (word, typed)
        for place, word in enumerate(whole)
        for typed in codes.one_letter_away(word)
        if len(typed) != 4 and first.get(typed[:4], place) != place and codes.read_word(typed)[0] not in {None, place}
    ]

    assert wrong == []
    assert {first[word[:4]] for word in whole} == set(range(2048))


def test_a_spelling_between_two_words_is_refused_without_a_guess() -> None:
    """«apaisser» is one letter from «apaiser», which its first letters name, and one from «abaisser»."""
    assert codes.read_word("apaisser") == (None, None)


def test_the_word_perhaps_meant_is_told() -> None:
    with pytest.raises(BadCode) as refusal:
        read_code("abaisser bbandon abdiquer zzzz aborder aboutir")

    assert refusal.value.slips == (Slip(2, "abandon"), Slip(4, None))
    assert refusal.value.count is None


@pytest.mark.parametrize(
    ("typed", "count"),
    [
        ("", 0),
        ("   \n", 0),
        ("abaisser", 1),
        ("abaisser " * 5, 5),
        ("abaisser " * 7, 7),
        ("1234", 4),
        ("1" * 19, 19),
        ("0" * 21, 21),
        (str(1 << 66), 20),
        ("9" * 20, 20),
        ("🌞 ☔", 0),
    ],
)
def test_a_wrong_count_is_refused_and_told(typed: str, count: int) -> None:
    with pytest.raises(BadCode) as refusal:
        read_code(typed)

    assert refusal.value.count == count


def test_three_letters_name_no_word() -> None:
    with pytest.raises(BadCode):
        read_code("aba aban abdi abol abor abou")


@given(st.text())
def test_whatever_is_typed_is_refused_without_an_echo(typed: str) -> None:
    assume(codes.fold(typed).count(" ") < 5)

    with pytest.raises(BadCode) as refusal:
        read_code(typed + " zzzz")

    assert refusal.value.args == ("not a code",)


def test_a_very_long_text_is_refused_at_once() -> None:
    with pytest.raises(BadCode):
        read_code("a" * 1_000_000)


@pytest.mark.parametrize("number", [-1, 1 << 66])
def test_a_number_outside_66_bits_is_no_code(number: int) -> None:
    with pytest.raises(ValueError, match="66 bits") as refusal:
        Code(number)

    assert str(number) not in str(refusal.value)


def test_new_codes_use_every_bit() -> None:
    drawn = [new_code().number for _ in range(200)]

    assert len(set(drawn)) == 200
    assert all(any(number >> bit & 1 for number in drawn) for bit in range(66))
    assert not all(number >> 65 & 1 for number in drawn)


def test_codes_and_secrets_print_no_value() -> None:
    code = Code(12345)
    secrets = code.secrets(salt=bytes(16))

    assert "12345" not in repr(code)
    assert secrets.locator.hex() not in repr(secrets)
    assert repr(secrets).startswith("<referrals.codes.Secrets object at")


def test_what_a_code_opens_depends_on_code_salt_and_answer() -> None:
    secrets = Code(1).secrets(salt=bytes(16))

    assert (len(secrets.locator), len(secrets.seed)) == (16, 32)
    assert Code(1).secrets(salt=bytes(16)) == secrets
    assert Code(2).secrets(salt=bytes(16)).locator != secrets.locator
    assert Code(1).secrets(salt=b"\1" * 16).locator != secrets.locator
    assert secrets.pair(answer=bytes(32)).public != secrets.pair(answer=b"\1" * 32).public


def test_no_two_words_of_the_list_are_alike() -> None:
    folded = list(codes.by_whole_word())

    assert len(LIST) == len(folded) == len(codes.by_first_letters()) == 2048
    assert all(re.fullmatch(r"[a-z]{5,8}", word) for word in folded)
    assert not any(other in codes.by_whole_word() for word in folded for other in codes.one_letter_away(word) - {word})
