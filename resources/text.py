"""How words are folded before they are compared: no case, no accents, no apostrophes, SMS spellings opened."""

import re
import unicodedata

MAX_QUERY = 500
_APOSTROPHES = str.maketrans({"’": " ", "'": " ", "ʼ": " ", "`": " ", "´": " ", "œ": "oe", "æ": "ae"})
_SEPARATORS = re.compile(r"[^\w]+|_")
_REPEATED = re.compile(r"([^\W\d])\1{2,}")


def fold(text: str) -> str:
    """Lower case, without accents or punctuation, single spaces: «Où dormir ?» → «ou dormir»."""
    decomposed = unicodedata.normalize("NFKD", text.lower().translate(_APOSTROPHES))
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(_SEPARATORS.sub(" ", _REPEATED.sub(r"\1\1", bare)).split())


def words(text: str) -> list[str]:
    """Folded words of a text, in order."""
    return fold(text).split()
