"""The spelling of text messages: what a plain French sentence becomes under a hurried thumb."""

import random
import re
import zlib
from collections.abc import Sequence

from resources.text import fold

SHORTENED = 0.6
SLIPPED = 0.1
SHORTEST_SLIPPED = 5

# Folded words → how they are shortened.
_SHORT: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"\bje suis\b", ("jsuis", "chui", "j suis", "jss")),
    (r"\bj ai\b", ("jai", "g")),
    (r"\bje (?=[bcdfgjklmpqrstvx])", ("j", "j ")),
    (r"\bqu est ce que\b", ("kes", "keske")),
    (r"\best ce que\b", ("esk", "es ke")),
    (r"\bc est\b", ("c", "cest")),
    (r"\bparce que?\b", ("pcq", "pck", "pasque")),
    (r"\bquelqu un\b", ("qqn", "kelkun", "kkun")),
    (r"\bquelque chose\b", ("qqch", "qlq chose")),
    (r"\bquoi\b", ("koi", "kwa")),
    (r"\bque\b", ("ke", "q")),
    (r"\bqui\b", ("ki",)),
    (r"\bqu ", ("k ",)),
    (r"\bquand\b", ("qd", "kan")),
    (r"\bpour\b", ("pr",)),
    (r"\bdans\b", ("ds",)),
    (r"\btoute?\b", ("tt",)),
    (r"\btous\b", ("ts",)),
    (r"\bavec\b", ("avc", "ac")),
    (r"\bpas\b", ("pa",)),
    (r"\bbeaucoup\b", ("bcp",)),
    (r"\bcomment\b", ("cmt", "comen")),
    (r"\bmaintenant\b", ("mtn", "mnt")),
    (r"\btoujours\b", ("tjr", "tjrs")),
    (r"\bvraiment\b", ("vrmt",)),
    (r"\bpeut etre\b", ("ptetre",)),
    (r"\bil y a\b", ("ya", "y a")),
    (r"\bm a\b", ("ma",)),
    (r"\bne? ", ("",)),
    (r"\bsans\b", ("ss",)),
    (r"\bplus\b", ("plu",)),
    (r"\bmeme\b", ("mm",)),
    (r"\bsalut\b", ("slt",)),
    (r"\bs il te plait\b", ("stp",)),
    (r"\bs il vous plait\b", ("svp",)),
    (r"\bvous\b", ("vs",)),
    (r"\bnous\b", ("ns",)),
    (r"\belle\b", ("el",)),
    (r"\bfait\b", ("fai",)),
    (r"\bveux\b", ("veu", "ve")),
    (r"\bpeux\b", ("peu",)),
    (r"\bproblemes?\b", ("pb",)),
    (r"\bdes\b", ("d",)),
    (r"\btelephone\b", ("tel",)),
    (r"\baujourd hui\b", ("ajd", "auj")),
)
SHORT = tuple((re.compile(pattern), forms) for pattern, forms in _SHORT)


def as_texted(text: str) -> str:
    """The folded sentence, shortened and with slips; the same sentence always gives the same one."""
    folded = fold(text)
    # Chance decides spellings here, no secret.
    chance = random.Random(zlib.crc32(folded.encode()))  # noqa: S311
    for pattern, forms in SHORT:
        folded = shortened(folded, pattern, forms, chance)
    return " ".join(slipped(word, chance) for word in folded.split())


def shortened(text: str, pattern: re.Pattern[str], forms: Sequence[str], chance: random.Random) -> str:
    """The text with most of what the pattern finds written shorter."""
    return pattern.sub(lambda found: chance.choice(forms) if chance.random() < SHORTENED else found[0], text)


def slipped(word: str, chance: random.Random) -> str:
    """A long word with, now and then, one slip: a letter dropped, swapped with the next, doubled, or the end cut."""
    if len(word) < SHORTEST_SLIPPED or not word.isalpha() or chance.random() >= SLIPPED:
        return word
    at = chance.randrange(1, len(word) - 1)
    return chance.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + word[at] + word[at:],
            word[:-1],
        )
    )
