"""Cards of a list, written once per set of facts: lists of twenty stay cheap."""

from collections.abc import Sequence
from dataclasses import replace

from django import template
from django.template.loader import render_to_string
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from resources.cards import Card, Way, once_per_language
from resources.templatetags.drawings import drawing

register = template.Library()
# Stand in a kept card where the address of the question and the distance come, which say where somebody is or what she
# asked: characters that Unicode leaves without use.
TAIL, DISTANCE = "\ue000", "\ue001"


@register.simple_tag
def sheets(cards: Sequence[Card], tail: str) -> SafeString:
    """Cards one below the other, whose links carry the question."""
    return SafeString("".join(map(with_its_distance, cards)).replace(TAIL, escape(tail)))


def with_its_distance(card: Card) -> str:
    """A kept card, in which the distance is written last."""
    if not card.distance:
        return listed(card)
    return listed(replace(card, distance=DISTANCE)).replace(DISTANCE, escape(card.distance))


@once_per_language
def listed(card: Card) -> str:
    """A card as HTML. It is kept by all that it says, so it is never out of date; the question is not part of it."""
    return render_to_string("includes/card.html", {"card": card, "tail": TAIL})


@register.simple_tag
def ways(card: Card) -> SafeString:
    """Buttons that call, write or open: numbers first."""
    return buttons((*card.numbers, *card.links))


@once_per_language
def buttons(ways: tuple[Way, ...]) -> SafeString:
    """The list of buttons; nothing without a way in."""
    listed = format_html_join("", "<li>{}</li>", ((call(way) if way.is_number else link(way),) for way in ways))
    return format_html('<ul class="ways" role="list">{}</ul>', listed) if ways else SafeString("")


def call(way: Way) -> SafeString:
    """A phone or SMS number."""
    return format_html(
        '<a class="call" href="{}">{}{} <bdi class="figures" dir="ltr">{}</bdi></a>',
        way.href,
        drawing(way.kind),
        way.verb,
        way.text,
    )


def link(way: Way) -> SafeString:
    """A chat or a site, named so that the words alone say where it leads."""
    return format_html(
        '<a class="way" href="{}" rel="noreferrer nofollow">{}<span>{}<bdi dir="ltr">{}</bdi></span></a>',
        way.href,
        drawing(way.kind),
        f"{_('Tchat')} " if way.kind == "chat" else "",
        at_dots(way.text),
    )


@register.filter
def at_dots(host: str) -> SafeString:
    """The name of a site or an address of mail, which breaks before a dot or after @ where one line is too short."""
    return SafeString(escape(host).replace(".", "<wbr>.").replace("@", "@<wbr>"))


@register.simple_tag
def facts(card: Card) -> SafeString:
    """For whom, where, when, in which languages, and why it is shown."""
    return described(card.audience, card.where, card.hours, card.languages, card.reasons)


@once_per_language
def described(
    audience: str, where: tuple[str, ...], hours: tuple[str, ...], languages: str, reasons: str
) -> SafeString:
    """The list of facts; those that nobody knows are left out."""
    named = (
        (pgettext("for whom", "Pour"), audience),
        (_("Où"), " · ".join(where)),
        (_("Quand"), " · ".join(hours)),
        (_("Langues"), languages),
        (_("Pourquoi"), reasons),
    )
    listed = format_html_join("", "<dt>{}</dt><dd>{}</dd>", ((name, said) for name, said in named if said))
    return format_html('<dl class="facts">{}</dl>', listed)
