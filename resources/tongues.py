"""The languages of the site: which way they are written, and whether somebody whose language it is has read them."""

import re
from collections.abc import Iterable
from functools import cache
from gettext import GNUTranslations
from pathlib import Path

from django.conf import settings
from django.utils.translation import get_language, get_language_bidi

SOURCE = "fr"
UNREAD = "-"
# French spaces that stay on their line: before high signs and dashes, after «, in a number and before what it counts.
STAYING = re.compile(r" (?=[?!:;»–])|(?<=«) |(?<=\d) (?=[\dh%€]|ans\b)")


def catalog_folder(language: str) -> Path:
    """Where Django looks for the sentences of a language."""
    return Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES"


@cache
def is_unread(language: str) -> bool:
    """Whether nobody has signed the catalog of this language as its reader (docs/translating.md)."""
    if language == SOURCE:
        return False
    with (catalog_folder(language) / "django.mo").open("rb") as file:
        return GNUTranslations(file).info().get("last-translator", UNREAD) == UNREAD


def of_the_page() -> str:
    """The language of the address, French where there is none."""
    return get_language() or SOURCE


def apart(text: str) -> str:
    """A name or an address, kept whole among words written from right to left (Unicode's isolates); else as it is."""
    return f"\N{FIRST STRONG ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}" if text and get_language_bidi() else text


def listed(parts: Iterable[str]) -> str:
    """Things in one line, with the comma of the page's script; those that are empty are left out."""
    return ("، " if get_language_bidi() else ", ").join(part for part in parts if part)


def spaced(text: str) -> str:
    """A French text whose signs and figures are not parted from what they belong to at the end of a line."""
    return STAYING.sub("\N{NO-BREAK SPACE}", text)


def in_a_sentence(day: str) -> str:
    """Days and months as they are written among words: with small letters, but in English."""
    return day if get_language() == "en" else day.lower()


def others() -> list[tuple[str, str]]:
    """Codes and names of the site's languages but French."""
    return [(code, name) for code, name in settings.LANGUAGES if code != SOURCE]
