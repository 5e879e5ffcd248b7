"""Texts of the database in another language: what may be shown, and how far it can be trusted."""

import hashlib
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from resources.models import Page, Service, Translation
from resources.tongues import SOURCE

# What may be translated; everything else of a service is a name, a number, or a code that has its own words.
OF_A_PAGE = ("tab", "title", "lead", "text")
OF_A_SERVICE = ("description", "what_happens", "saturation_note", "closure_note")


class Trust(TextChoices):
    """How far a text can be trusted in a language; the worst first."""

    MISSING = "missing", _("Manque")
    OUTDATED = "outdated", _("Périmée\N{NO-BREAK SPACE}: le français a changé")
    MACHINE = "machine", _("Faite avec une machine, à relire")
    REVIEWED = "reviewed", _("Relue")


@dataclass(frozen=True, slots=True)
class Said:
    """A text as it may be shown: its language is the one asked for, or French; `trust` in the translation."""

    text: str
    language: str
    trust: str

    @property
    def is_machine(self) -> bool:
        """Whether no native speaker has read it yet."""
        return self.trust == Trust.MACHINE and self.is_translated

    @property
    def is_translated(self) -> bool:
        """Whether it is in another language than it was written in."""
        return self.language != SOURCE


def fields(about: Page | Service) -> tuple[str, ...]:
    """Texts of it that may be translated, in the order in which they are shown."""
    return OF_A_PAGE if isinstance(about, Page) else OF_A_SERVICE


def digest(text: str) -> str:
    """What a translation keeps of the text that it stands for; PostgreSQL's md5() says the same."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def said(about: Page | Service, field: str, *, language: str) -> Said:
    """A text in that language if a translation of the French text of today is there, else the French text.

    The row must have been read with `in_language(language)`, or by `shown.published`.
    """
    source = str(getattr(about, field))
    text, status, of = (about.translated or {}).get(field) or ("", "", "")
    if not text or language == SOURCE:
        return Said(source, SOURCE, Trust.MISSING)
    if of != digest(source):
        return Said(source, SOURCE, Trust.OUTDATED)
    return Said(text, language, Trust(status))


def trust(about: Page | Service, field: str, kept: Translation | None) -> Trust:
    """How far one text can be trusted; `kept` is its translation if there is one."""
    if kept is None:
        return Trust.MISSING
    if kept.source_digest != digest(str(getattr(about, field))):
        return Trust.OUTDATED
    return Trust(kept.status)


def worst(about: Page | Service, *, language: str) -> Trust | None:
    """The worst trust in a text of it, from translations that were read with it; None when nothing is to translate."""
    kept = {one.field: one for one in about.translations.all() if one.language == language}
    found = [trust(about, field, kept.get(field)) for field in fields(about) if getattr(about, field)]
    return min(found, key=list(Trust).index, default=None)
