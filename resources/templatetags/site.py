"""What every page needs of the site itself: where Quitter leads, and the same page in other languages."""

from collections.abc import Hashable
from dataclasses import dataclass

from django import template
from django.conf import settings
from django.template import RequestContext
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from resources.cards import once_per_language, site_name
from resources.numbers import FIRST, Numbers, numbers
from resources.tongues import SOURCE, apart, in_a_sentence, is_unread, listed
from resources.translations import Said

register = template.Library()
register.filter("apart", apart)
register.filter("in_a_sentence", in_a_sentence)
register.filter("listed", listed)


@dataclass(frozen=True, slots=True)
class Tongue:
    """A language of the site and the address of this page in it."""

    code: str
    name: str
    address: str


@register.simple_tag
def exit_address() -> str:
    """Where Quitter leads, in the language of the page."""
    exits: dict[str, str] = settings.EXIT_URLS
    return exits.get(get_language() or SOURCE, exits[SOURCE])


@register.simple_tag
def exit_name() -> str:
    """The site that Quitter opens, as people know it."""
    return site_name(exit_address())


@register.simple_tag
def first_numbers() -> Numbers:
    """Numbers for a page that no view prepared."""
    return numbers(*FIRST)


@register.simple_tag
def nobody_has_read_it() -> bool:
    """Whether the page is in a language that nobody who speaks it as their own has read."""
    return is_unread(get_language() or SOURCE)


@register.simple_tag
def fixed(template: str, **given: Hashable) -> SafeString:
    """A piece of page that is the same for everybody: it sees the language and what is given here, nothing else."""
    return written(template, tuple(given.items()))


@once_per_language
def written(template: str, given: tuple[tuple[str, Hashable], ...]) -> SafeString:
    """The piece, kept for as long as the process lives: nothing of the directory and nothing that was typed
    may be given to it.
    """
    return render_to_string(template, dict(given))


@register.simple_tag(takes_context=True)
def theirs(context: RequestContext) -> SafeString:
    """Attributes of a text that the directory holds in French only; none on a French page."""
    return SafeString("" if context["LANGUAGE_CODE"] == SOURCE else f' lang="{SOURCE}" dir="ltr"')


@register.simple_tag(takes_context=True)
def spoken(context: RequestContext, said: Said) -> SafeString:
    """Attributes of a text that is not in the language of the page; none when it is."""
    return SafeString("" if said.language == context["LANGUAGE_CODE"] else f' lang="{said.language}" dir="ltr"')


@register.simple_tag(takes_context=True)
def other_tongues(context: RequestContext) -> list[Tongue]:
    """The other languages of the site; the page, its filters and what its address seals stay the same."""
    current = context["LANGUAGE_CODE"]
    prefix = f"/{current}/"
    path = context["request"].get_full_path()
    rest = path.removeprefix(prefix) if path.startswith(prefix) else ""
    return [Tongue(code, name, f"/{code}/{rest}") for code, name in settings.LANGUAGES if code != current]
