"""One word for many spellings: what a hurried thumb typed, as it would be written, then as it sounds in French."""

import csv
import re
from functools import cache
from importlib.resources import files

JE = re.compile(r"j(?=[bcdfgklmnpqrstvx]\w\w)")

# French letters → sounds, in this order; a capital is a sound that several letters make. Silent endings fall, so that
# most forms of a verb sound alike.
_SOUNDS: tuple[tuple[str, str], ...] = (
    (r"(?<=[aeiouy])s(?=[aeiouy])", "z"),
    (r"eaux?|aux?\b|au", "o"),
    (r"qu|q|k|ck|cc(?=[aou])|c(?=[aoulrt]|\b)|ch(?=[lr])", "K"),
    (r"ph", "f"),
    (r"sch|ch|sh", "C"),
    (r"ge(?=[ao])|g(?=[eiy])|j", "j"),
    (r"gu(?=[eiy])", "g"),
    (r"gn", "n"),
    (r"sc(?=[eiy])|c(?=[eiy])|ss", "s"),
    (r"[ae]i(?=ll)", "e"),
    (r"ill(?=[aeo])|il\b|ille", "y"),
    (r"ain|ein|aim|(?<=i)en|in(?![aeiouyn])|im(?=[bp])|un(?![aeiouyn])|yn", "I"),
    (r"[ea]n(?![aeiouyn])|[ea]m(?=[bp])", "A"),
    (r"on(?![aeiouyn])|om(?=[bp])", "O"),
    (r"oeu|eu|oe", "e"),
    (r"oi|wa|oy", "W"),
    (r"ou|oo", "u"),
    (r"(?<=\w\w)(er|ez|ai[st]?|et|aient|ee?s?|est)\b", "e"),
    (r"[ae]i", "e"),
    (r"(?<=\w)[stdxpz]+\b", ""),
    (r"(?<=\w\w)e\b", ""),
    (r"(?<=\w)h|\bh(?=\w)", ""),
    (r"y", "i"),
    (r"w", "v"),
    (r"(\D)\1+", r"\1"),
)
SOUNDS = tuple((re.compile(letters), sound) for letters, sound in _SOUNDS)


@cache
def spellings() -> dict[str, str]:
    """Folded spellings of text messages and words of the street → the ordinary words for them."""
    with (files("resources") / "intent" / "spellings_fr.csv").open(encoding="utf-8") as file:
        return {row["typed"]: row["meant"] for row in csv.DictReader(file)}


def as_written(folded: str) -> list[str]:
    """The words of a folded text with their usual spelling: «jveu pa» → je, veux, pas."""
    return " ".join(spellings().get(word) or apart(word) for word in folded.split()).split()


def apart(word: str) -> str:
    """«je» and its verb, which thumbs join: «jdormais» → «je dormais»; the verb may be shortened too."""
    if not JE.match(word):
        return word
    return f"je {spellings().get(word[1:], word[1:])}"


def sound(text: str) -> str:
    """How the words of a folded text sound, roughly, word by word: «force», «forcer» and «forse» are one; words in
    other alphabets stay as they are.
    """
    for letters, sounds in SOUNDS:
        text = letters.sub(sounds, text)
    return text
