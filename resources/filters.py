"""Filters of the search page: fields to set them, and chips that take one away."""

from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from resources.asked import Asked
from resources.tongues import apart
from resources.vocabulary import CODE_OF_NEED, DEPARTEMENTS, LANGUAGES, Gender, Need

SELECTED = SafeString(" selected")


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on, and the address without it."""

    label: str
    without: str


def chips(question: Asked) -> list[Chip]:
    """Filters that are on; removing one is one tap."""
    named = []
    for name, value in question.filters.items():
        words = apart(value) if name == "near" else in_words(name, value)
        if words:
            named.append(Chip(words, question.without(name).address()))
    if question.place:
        named.append(Chip(apart(question.place), question.without("near").address()))
    return named


@dataclass(frozen=True, slots=True)
class Field:
    """One filter of the search form (templates/forms/field.html)."""

    name: str
    label: str
    hint: str = ""
    value: str = ""
    options: SafeString | None = None
    error: str = ""


def fields(question: Asked, errors: dict[str, list[str]]) -> list[Field]:
    """Filters of the search form, as they are set."""
    set_to = question.filters

    def choice(name: str, label: str) -> Field:
        chosen = set_to.get(name, "")
        known = chosen if in_words(name, chosen) else ""
        return Field(name, label, options=options(name, known, current_language()))

    return [
        choice("need", _("Ce que je cherche")),
        choice("departement", _("Département")),
        Field(
            "near",
            _("Près de"),
            hint=_("Ville ou code postal"),
            value=question.place or set_to.get("near", ""),
            error=_("Lieu inconnu") if "near" in errors else "",
        ),
        choice("age", _("Âge")),
        choice("gender", _("Pour qui")),
        choice("language", _("Langue")),
    ]


def current_language() -> str:
    """Language of the page."""
    return get_language() or settings.LANGUAGE_CODE


def in_words(name: str, value: str) -> str:
    """A filter as the page says it; empty for a value that is not known."""
    known = dict(choices(current_language()))[name]
    if name == "age" and value.isascii() and value.isdigit():
        return ngettext("%(age)s an", "%(age)s ans", int(value)) % {"age": value}
    return ", ".join(known[part] for part in value.split(",") if part in known)


@lru_cache(maxsize=16)
def choices(_language: str) -> tuple[tuple[str, dict[str, str]], ...]:
    """What each filter can be, in the language of the page."""
    ages = {
        "under15": _("Moins de 15 ans"),
        "15-17": _("15 à 17 ans"),
        "18-20": _("18 à 20 ans"),
        "21-25": _("21 à 25 ans"),
        "26plus": _("26 ans et plus"),
    }
    return (
        ("need", {CODE_OF_NEED[need]: str(need.label) for need in Need}),
        ("departement", {code: apart(f"{name} ({code})") for code, name in DEPARTEMENTS.items()}),
        ("age", ages),
        ("gender", {gender.value: str(gender.label) for gender in Gender}),
        ("language", {code: apart(name) for code, name in LANGUAGES.items()}),
        ("open_now", {"1": _("Ouvert maintenant")}),
    )


@lru_cache(maxsize=2048)
def options(name: str, chosen: str, language: str) -> SafeString:
    """The <option>s of a filter; the same for everybody, so they are written once."""
    listed = [("", _("Peu importe")), *dict(choices(language))[name].items()]
    if all(chosen != value for value, _label in listed):
        listed.append((chosen, in_words(name, chosen)))
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        ((value, SELECTED if value == chosen else "", label) for value, label in listed),
    )
