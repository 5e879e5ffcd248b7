"""The code that stands for a name: 66 random bits, as six words or twenty digits, and the keys that come from it."""

import re
import secrets
import unicodedata
from dataclasses import dataclass
from functools import cache

from mnemonic import Mnemonic

from referrals import crypto

BITS = 66
WORDS = 6
BITS_PER_WORD = 11
DIGITS = 20
LOCATOR_BYTES = 16
LETTERS_THAT_COUNT = 4
LONGEST_TYPED = 400
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"


class BadCode(ValueError):
    """What was typed is no code; `slips` tells, word by word, what looks mistyped. Never carries what was typed."""

    def __init__(self, *, count: int | None = None, slips: tuple["Slip", ...] = ()) -> None:
        super().__init__("not a code")
        self.count = count
        self.slips = slips


@dataclass(frozen=True, slots=True)
class Slip:
    """A word that is not in the list, from 1 to 6, and the word of the list that was perhaps meant."""

    position: int
    meant: str | None


@dataclass(frozen=True, slots=True, repr=False)
class Code:
    """66 bits; never printed by accident."""

    number: int

    def __post_init__(self) -> None:
        if not 0 <= self.number < 1 << BITS:
            raise ValueError("a code has 66 bits")

    def words(self) -> str:
        """Six French words separated by single spaces, as the list spells them."""
        shifts = range(BITS - BITS_PER_WORD, -1, -BITS_PER_WORD)
        return " ".join(words()[self.number >> shift & (1 << BITS_PER_WORD) - 1] for shift in shifts)

    def digits(self) -> str:
        """Twenty digits."""
        return f"{self.number:0{DIGITS}d}"

    def secrets(self, *, salt: bytes) -> "Secrets":
        """What the code opens; one Argon2id, about 20 ms."""
        master = crypto.stretch(self.number.to_bytes(9), salt=salt)
        return Secrets(
            locator=crypto.derive(master, info=b"eclaircie/1/locator", length=LOCATOR_BYTES),
            seed=crypto.derive(master, info=b"eclaircie/1/seed"),
        )


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """`locator` (16 bytes) finds the case, `seed` (32 bytes) opens it together with the server's answer."""

    locator: bytes
    seed: bytes

    def pair(self, *, answer: bytes) -> crypto.KeyPair:
        """The sender's key pair; `answer` is what the server's second pepper makes of the locator."""
        return crypto.pair_of(crypto.derive(self.seed, salt=answer, info=b"eclaircie/1/sender"))


def new_code() -> Code:
    """66 bits from the system's random source."""
    return Code(secrets.randbits(BITS))


def read_code(typed: str) -> Code:
    """The code that somebody typed: words or digits, accents, case and punctuation aside.

    Raises BadCode: a wrong count, a word that the list does not have, or one that is a letter away from another word
    of the list than the one that its first four letters name.
    """
    typed = typed[:LONGEST_TYPED]
    digits = re.sub(r"[\s.\-]", "", typed)
    if re.fullmatch(r"[0-9]+", digits):
        if len(digits) != DIGITS or int(digits) >= 1 << BITS:
            raise BadCode(count=len(digits))
        return Code(int(digits))
    given = re.findall(r"[a-z]+", fold(typed))
    if len(given) != WORDS:
        raise BadCode(count=len(given))
    read = [read_word(word) for word in given]
    if any(index is None for index, _meant in read):
        raise BadCode(
            slips=tuple(Slip(position, meant) for position, (index, meant) in enumerate(read, 1) if index is None)
        )
    number = 0
    for index, _meant in read:
        number = number << BITS_PER_WORD | (index or 0)
    return Code(number)


def read_word(typed: str) -> tuple[int | None, str | None]:
    """Index of the word that folded letters name, or None and the word perhaps meant.

    Four letters alone are the short way of writing a word, even where a word of five has lost one of its own.
    """
    exact = by_whole_word().get(typed)
    if exact is not None:
        return exact, None
    if len(typed) == LETTERS_THAT_COUNT:
        return by_first_letters().get(typed), None
    near = {by_whole_word()[other] for other in one_letter_away(typed) if other in by_whole_word()}
    named = by_first_letters().get(typed[:LETTERS_THAT_COUNT]) if len(typed) >= LETTERS_THAT_COUNT else None
    if named is None or near - {named}:
        return None, words()[next(iter(near))] if len(near) == 1 else None
    return named, None


def one_letter_away(word: str) -> set[str]:
    """Every spelling with one letter changed, missing or added."""
    cuts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    return {
        *(left + right[1:] for left, right in cuts if right),
        *(left + letter + right[1:] for left, right in cuts if right for letter in _ALPHABET),
        *(left + letter + right for left, right in cuts for letter in _ALPHABET),
    }


def fold(text: str) -> str:
    """Lower case without accents; æ and œ as two letters."""
    parts = unicodedata.normalize("NFKD", text.lower().replace("œ", "oe").replace("æ", "ae"))
    return "".join(part for part in parts if not unicodedata.combining(part))


@cache
def words() -> tuple[str, ...]:
    """The 2 048 French words of BIP-39, in its order; no two are one letter apart, none shares its first four."""
    return tuple(unicodedata.normalize("NFC", word) for word in Mnemonic("french").wordlist)


@cache
def by_whole_word() -> dict[str, int]:
    """Folded word → index."""
    return {fold(word): index for index, word in enumerate(words())}


@cache
def by_first_letters() -> dict[str, int]:
    """First four folded letters → index."""
    return {fold(word)[:LETTERS_THAT_COUNT]: index for index, word in enumerate(words())}
