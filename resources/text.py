"""How words are folded before they are compared: no case, no accents, no apostrophes, SMS spellings opened."""

import re
import unicodedata

MAX_QUERY = 500
_APOSTROPHES = str.maketrans({"’": " ", "'": " ", "ʼ": " ", "`": " ", "´": " ", "œ": "oe", "æ": "ae"})
_SEPARATORS = re.compile(r"[^\w]+|_")
# Chinese has no spaces, but a number among its letters is a word: 我在92省 says a département.
_BESIDE_IDEOGRAMS = re.compile(r"(?<=[\u2e80-\u9fff])(?=\d)|(?<=\d)(?=[\u2e80-\u9fff])")
_REPEATED = re.compile(r"([^\W\d])\1{2,}")


def fold(text: str) -> str:
    """Lower case, without accents or punctuation, single spaces: «Où dormir ?» → «ou dormir»."""
    decomposed = unicodedata.normalize("NFKD", text.lower().translate(_APOSTROPHES))
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    opened = _BESIDE_IDEOGRAMS.sub(" ", _REPEATED.sub(r"\1\1", bare))
    return " ".join(_SEPARATORS.sub(" ", opened).split())


def words(text: str) -> list[str]:
    """Folded words of a text, in order."""
    return fold(text).split()
