"""Pages that explain: which texts one has, what each may hold, and the starter files that the first ones come from."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from resources import prose
from resources.exchange.starter_csv import Refusal, required
from resources.facts import Facts, Field, Json, text
from resources.models import Page
from resources.text import fold
from resources.tongues import SOURCE

STARTER = Path(__file__).parent / "data" / "pages"
# What each starter text ends with, one file a language: who has not read it yet.
CLOSING = "closing.txt"
LONGEST_TAB = 30
LONGEST_TITLE = 200
LONGEST_LEAD = 300
LONGEST_PAGE = 12_000
# The browser shows the tab to whoever looks over a shoulder, and keeps it in its history.
TELLING = re.compile(
    r"victim|prostitu|exploit|\bviol|violence|suicid|escort|sexe|sexu|chantage|blackmail|proxen|michet|\btraite\b|\babus|\brape"
)
HEADER = re.compile(r"---\n(.*?)\n---\n(.*)", re.DOTALL)


def line(value: Json, *, longest: int) -> str:
    """One line, not empty. Raises Refusal."""
    written = required(text(longest)(value))
    if "\n" in written:
        raise Refusal("une seule ligne est attendue")
    return written


def tab(value: Json) -> str:
    """A title that says nothing to whoever looks over a shoulder. Raises Refusal."""
    written = line(value, longest=LONGEST_TAB)
    if TELLING.search(fold(written)):
        raise Refusal("ce titre se voit dans l’onglet : il ne nomme pas le sujet")
    return written


def body(value: Json) -> str:
    """Markdown that resources/prose.py can show. Raises Refusal."""
    written = required(text(LONGEST_PAGE)(value)).replace("\r\n", "\n")
    try:
        prose.check(written)
    except prose.NotAllowed as wrong:
        raise Refusal(str(wrong)) from wrong
    return written


FIELDS: dict[str, Field] = {
    "tab": Field(_("Titre de l’onglet"), tab),
    "title": Field(_("Titre"), lambda value: line(value, longest=LONGEST_TITLE)),
    "lead": Field(_("Première phrase"), lambda value: line(value, longest=LONGEST_LEAD)),
    "text": Field(_("Texte"), body),
}


def checked(field: str, value: Json) -> str:
    """A text that a page may hold, in any language. Raises Refusal: an unknown field, or what it may not hold."""
    if field not in FIELDS:
        raise Refusal("champ inconnu")
    return str(FIELDS[field].check(value))


def of(page: Page) -> Facts:
    """What a page says now."""
    return {field: getattr(page, field) for field in FIELDS}


@dataclass(frozen=True, slots=True)
class Written:
    """A starter file: the page's slug, the language, and its four texts."""

    slug: str
    language: str
    position: int
    texts: Mapping[str, str]


def starter(folder: Path = STARTER) -> Iterator[Written]:
    """The starter files, French first. Raises Refusal, which names the file."""
    languages = sorted((one.name for one in folder.iterdir() if one.is_dir()), key=lambda code: (code != SOURCE, code))
    for language in languages:
        closing = (folder / language / CLOSING).read_text(encoding="utf-8")
        for path in sorted((folder / language).glob("*.md")):
            yield read(path, language=language, closing=closing)


def read(path: Path, *, language: str, closing: str) -> Written:
    """One file: lines «name: words» between two lines of dashes, then the text, which the closing words end. Raises
    Refusal."""
    found = HEADER.fullmatch(path.read_text(encoding="utf-8"))
    if found is None:
        raise Refusal(f"{language}/{path.name} : l’en-tête manque")
    lines = (entry.partition(":") for entry in found[1].splitlines())
    header = {name.strip(): words.strip() for name, _colon, words in lines}
    given = {**header, "text": f"{found[2].strip()}\n\n{closing.strip()}"}
    texts = {}
    for field in FIELDS:
        try:
            texts[field] = checked(field, given.get(field, ""))
        except Refusal as wrong:
            raise Refusal(f"{language}/{path.name}, {field} : {wrong}") from wrong
    return Written(path.stem, language, int(header.get("position", "0")), texts)
