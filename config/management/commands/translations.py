"""`manage.py translations`: keeps locale/ in step with the code, in pure Python: no machine lacks a program for it.

French is the source. The compiled .mo files are kept in the repository: a fresh clone speaks every language at once.
"""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation.template import templatize

CODE = ("accounts", "config", "resources", "referrals")
# A date of today would make every run a change.
NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}


class Command(BaseCommand):
    """Writes .po and .mo, or with --check refuses what is not in step or not translated."""

    help = "Met locale/ au pas des phrases du code ; --check refuse ce qui ne l’est pas."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """One option."""
        parser.add_argument(
            "--check", action="store_true", help=_("n’écrit rien ; échoue s’il y a quelque chose à faire")
        )

    def handle(self, *_args: object, check: bool, **_options: object) -> None:
        """Every language but French."""
        sentences = found_in_code()
        faults: list[str] = []
        for language, _name in settings.LANGUAGES:
            if language == settings.LANGUAGE_CODE:
                continue
            catalog = in_step(language, sentences)
            faults += faults_of(catalog, language)
            for path, content in files_of(catalog, language):
                if path.exists() and path.read_bytes() == content:
                    continue
                if check:
                    faults.append(f"{path.relative_to(settings.BASE_DIR)} : à refaire avec « make translations »")
                else:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(content)
        for fault in faults:
            self.stderr.write(fault)
        if check and faults:
            raise CommandError(f"{len(faults)} à corriger dans locale/")


def found_in_code() -> Catalog:
    """Every sentence of the code and of the templates."""
    found = Catalog()
    for path in sources():
        text = path.read_text(encoding="utf-8")
        if path.suffix != ".py":
            # What is not a sentence has become X; its indentation means nothing.
            text = "\n".join(line.strip() for line in templatize(text).splitlines())
        for _line, message, _comments, context in extract("python", io.BytesIO(text.encode()), keywords=KEYWORDS):
            found.add(message, locations=[(str(path.relative_to(settings.BASE_DIR)), 0)], context=context)
    return found


def sources() -> Iterator[Path]:
    """Files that may hold a sentence, always in the same order."""
    for app in CODE:
        for path in sorted((settings.BASE_DIR / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path
    yield from sorted(path for path in (settings.BASE_DIR / "templates").rglob("*") if path.suffix in {".html", ".txt"})


def in_step(language: str, sentences: Catalog) -> Catalog:
    """The translations kept so far, with the new sentences and without those that have gone."""
    path = folder_of(language) / "django.po"
    with path.open("rb") if path.exists() else io.BytesIO() as file:
        kept = read_po(file, locale=language)
    catalog = Catalog(
        locale=language,
        header_comment=f"# Éclaircie, {language}. Under the same licence as the rest of the project.",
        project="Éclaircie",
        version="1",
        msgid_bugs_address="-",
        last_translator="-",
        language_team="-",
        creation_date=NO_DATE,
        revision_date=NO_DATE,
        fuzzy=False,
    )
    for message in kept:
        if message.id:
            catalog[message.id] = message
    catalog.update(sentences, no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    return catalog


def faults_of(catalog: Catalog, language: str) -> Iterator[str]:
    """Sentences without a sure translation, or whose translation has other placeholders."""
    for message in catalog:
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        if not message.id:
            continue
        if message.fuzzy or not all(texts):
            yield f"{language} : sans traduction sûre : {message.id!r}"
        else:
            yield from (f"{language} : {message.id!r} : {error}" for error in message.check(catalog))


def files_of(catalog: Catalog, language: str) -> Iterator[tuple[Path, bytes]]:
    """What the two files of a language have to hold."""
    text, compiled = io.BytesIO(), io.BytesIO()
    write_po(text, catalog, width=120, include_lineno=False, sort_output=True)
    write_mo(compiled, catalog)
    yield folder_of(language) / "django.po", text.getvalue()
    yield folder_of(language) / "django.mo", compiled.getvalue()


def folder_of(language: str) -> Path:
    """Where Django looks for a language."""
    return Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES"
