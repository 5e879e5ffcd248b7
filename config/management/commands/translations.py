"""`manage.py translations`: keeps locale/ in step with the code, in pure Python: no machine lacks a program for it.

French is the source. English has every sentence; the other languages have those that visitors read, and staff read
French. The compiled .mo files are kept in the repository: a fresh clone speaks every language at once.
"""

import io
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation.template import templatize

from resources.tongues import UNREAD, catalog_folder

CODE = ("accounts", "config", "resources", "referrals")
# A date of today would make every run a change.
NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)
# Sentences that stand nowhere else are read by staff, operators and programs only. What is not named here is public: a
# new file is translated into every language unless somebody decides otherwise.
NOT_PUBLIC = (
    "accounts/",
    "config/",
    "referrals/demo.py",
    "referrals/management/",
    "referrals/member_json.py",
    "referrals/peppers.py",
    "referrals/queues.py",
    "referrals/views_inbox.py",
    "referrals/views_team.py",
    "resources/apps.py",
    "resources/desk_forms.py",
    "resources/exchange/data_inclusion.py",
    "resources/exchange/hsds.py",
    "resources/exchange/taxonomies.py",
    "resources/facts.py",
    "resources/management/",
    "resources/moderation.py",
    "resources/verification.py",
    "resources/views_checks.py",
    "resources/views_desk.py",
    "resources/views_pages_desk.py",
    "resources/views_translations.py",
    "templates/account/",
    "templates/styleguide/",
    "templates/emails/",
    "templates/espace/",
    "templates/mfa/",
    "templates/referrals/desk.html",
    "templates/referrals/inbox/",
    "templates/referrals/paper.html",
    "templates/referrals/passphrase.html",
    "templates/referrals/phrases.html",
    "templates/referrals/team/",
    "templates/referrals/unlock.html",
    "templates/resources/desk/",
)
FOR_STAFF_TOO = frozenset({"en"})
# As many as somebody reads; the last line counts them all.
NAMED = 10
# Zero, one, two, few, many, other: the order of gettext's manual. Babel has its last two the other way round.
PLURAL_FORMS = {
    "ar": "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);",
}
HEADER = """\
# Éclaircie, {language}. Under the same licence as the rest of the project. How to translate: docs/translating.md.
# Last-Translator is a person whose own language this is and who has read all of it; «-» is nobody, and pages say so."""
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
        everything, public = found_in(sources()), found_in(filter(is_public, sources()))
        faults: list[str] = []
        for language in settings.LANGUAGE_NAMES:
            if language == settings.LANGUAGE_CODE:
                continue
            catalog = in_step(language, everything if language in FOR_STAFF_TOO else public)
            faults += self.told(language, list(faults_of(catalog, language)))
            for path, content in files_of(catalog, language):
                if path.exists() and path.read_bytes() == content:
                    continue
                if check:
                    faults += self.told(
                        language, [f"{path.relative_to(settings.BASE_DIR)} : à refaire avec « make translations »"]
                    )
                else:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(content)
        if check and faults:
            raise CommandError(f"{len(faults)} à corriger dans locale/")

    def told(self, language: str, faults: list[str]) -> list[str]:
        """The same faults, once the first of them are on the screen."""
        for fault in faults[:NAMED]:
            self.stderr.write(fault)
        if len(faults) > NAMED:
            self.stderr.write(f"{language} : {len(faults)} en tout")
        return faults


def found_in(paths: Iterable[Path]) -> Catalog:
    """Every sentence of these files."""
    found = Catalog()
    for path in paths:
        text = path.read_text(encoding="utf-8")
        if path.suffix != ".py":
            # What is not a sentence has become X; its indentation means nothing.
            text = "\n".join(line.strip() for line in templatize(text).splitlines())
        for _line, message, _comments, context in extract("python", io.BytesIO(text.encode()), keywords=KEYWORDS):
            found.add(message, locations=[(named(path), 0)], context=context)
    return found


def is_public(path: Path) -> bool:
    """Whether visitors may read sentences of this file."""
    return not named(path).startswith(NOT_PUBLIC)


def named(path: Path) -> str:
    """The file as it is called from the top of the project."""
    return str(path.relative_to(settings.BASE_DIR))


def sources() -> Iterator[Path]:
    """Files that may hold a sentence, always in the same order."""
    for app in CODE:
        for path in sorted((settings.BASE_DIR / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path
    yield from sorted(path for path in (settings.BASE_DIR / "templates").rglob("*") if path.suffix in {".html", ".txt"})


def in_step(language: str, sentences: Catalog) -> Catalog:
    """The translations kept so far, with the new sentences and without those that have gone."""
    path = catalog_folder(language) / "django.po"
    with path.open("rb") if path.exists() else io.BytesIO() as file:
        kept = read_po(file, locale=language)
    catalog = Catalog(
        locale=language,
        header_comment=HEADER.format(language=language),
        project="Éclaircie",
        version="1",
        msgid_bugs_address="-",
        last_translator=kept.last_translator if path.exists() else UNREAD,
        language_team="-",
        creation_date=NO_DATE,
        revision_date=NO_DATE,
        fuzzy=False,
    )
    if language in PLURAL_FORMS:
        catalog.mime_headers = [("Plural-Forms", PLURAL_FORMS[language])]
    known = {spaced_alike(message): message for message in kept if message.id and any(forms(message))}
    for message in sentences:
        same = known.get(spaced_alike(message))
        if message.id and same:
            catalog.add(message.id, same.string, flags=same.flags, context=message.context)
    catalog.update(sentences, no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    return catalog


def spaced_alike(message: Message) -> tuple[str | None, str]:
    """What makes two sentences one for a translator: spaces that do not break are a matter of typography."""
    texts = [message.id] if isinstance(message.id, str) else message.id
    return message.context, "\n\n".join(" ".join(text.split()) for text in texts)


def forms(message: Message) -> tuple[str, ...]:
    """The translation, in as many forms as the language has."""
    return tuple(message.string) if isinstance(message.string, list | tuple) else (message.string or "",)


def faults_of(catalog: Catalog, language: str) -> Iterator[str]:
    """Sentences without a sure translation, or whose translation has other placeholders.

    A plural form may leave its number out: «two» is one word in Arabic.
    """
    for message in catalog:
        texts = forms(message)
        if not message.id:
            continue
        if message.fuzzy or not all(texts):
            yield f"{language} : sans traduction sûre : {message.id!r}"
        else:
            yield from (f"{language} : {message.id!r} : {error}" for error in message.check(catalog))
            if isinstance(message.id, str) and placeholders(message.id) != placeholders(texts[0]):
                yield f"{language} : {message.id!r} : pas les mêmes %(mots)s"


def placeholders(text: str) -> set[str]:
    """What is filled in when the sentence is said."""
    return set(re.findall(r"%\(\w+\)|%%\w|%[ns]\b", text))


def files_of(catalog: Catalog, language: str) -> Iterator[tuple[Path, bytes]]:
    """What the two files of a language have to hold."""
    text, compiled = io.BytesIO(), io.BytesIO()
    write_po(text, catalog, width=120, include_lineno=False, sort_output=True)
    write_mo(compiled, catalog)
    yield catalog_folder(language) / "django.po", text.getvalue()
    yield catalog_folder(language) / "django.mo", compiled.getvalue()
