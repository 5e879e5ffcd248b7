"""A page to keep without a network: one file that fetches nothing, numbers first, made when somebody asks for it.

Everything comes through exchange/listing.py, and what is for professionals stays out. Nothing links to another site.
Title and name say nothing of the subject, and the words beside the numbers that everybody knows are plain.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from resources import cards, leaflets
from resources.exchange.listing import Contact, Listing
from resources.models import AccessChannel

# Those that everybody needs come first, then the rest of the page of urgent numbers.
FIRST = ("police", "silent", "children", "medical", "suicide")
ALL = (*FIRST, "europe", "missing", "bed", "online", "drugs", "couple", "rape", "childhood", "labour")


@dataclass(frozen=True, slots=True)
class Line:
    """A number and a plain word beside it."""

    number: cards.Way
    words: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A service: what it can be dialled by, then all that its sheet says."""

    numbers: tuple[cards.Way, ...]
    entry: leaflets.Entry


def lines(known: dict[str, cards.Way], *names: str) -> list[Line]:
    """The numbers that pages name (resources/numbers.py), in that order; absent when unpublished."""
    return [Line(known[name], plain_word(name)) for name in names if name in known]


def services(found: Iterable[Listing]) -> list[Kept]:
    """What anybody may know of each, best first."""
    return [
        Kept(
            numbers=tuple(dialled(one) for one in listing.contacts if one.kind in leaflets.CALLED),
            entry=leaflets.entry(listing, to_professionals=False),
        )
        for listing in leaflets.for_everybody(found)
    ]


def dialled(contact: Contact) -> cards.Way:
    """A number that one touch calls or writes to."""
    scheme = "sms" if contact.kind == AccessChannel.Kind.SMS else "tel"
    return cards.Way(contact.kind, cards.figures(contact.value), f"{scheme}:{contact.value}", contact.note)


def plain_word(name: str) -> str:
    """What stands beside a number in a file that others may open: who answers, never why one would call."""
    return {
        "police": _("Police"),
        "silent": _("Secours par SMS"),
        "children": _("Jeunes"),
        "medical": _("SAMU"),
        "suicide": _("Écoute"),
        "europe": _("Secours en Europe"),
        "missing": _("Jeunes et familles"),
        "bed": _("Dormir"),
        "online": _("Internet"),
        "drugs": _("Santé"),
        "couple": _("Écoute des femmes"),
        "rape": _("Écoute des femmes"),
        "childhood": _("Écoute, enfance"),
        "labour": _("Droits au travail"),
    }[name]
