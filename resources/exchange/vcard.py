"""A service as a contact card that says nothing of what it is: a name like any other and numbers (ux.md §7)."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from resources.exchange import listing as listings
from resources.exchange.listing import Listing, international
from resources.models import AccessChannel, Service

LONGEST_LINE = 75
TYPES = {AccessChannel.Kind.PHONE.value: "voice", AccessChannel.Kind.SMS.value: "text"}
ESCAPES = str.maketrans({"\\": r"\\", ",": r"\,", ";": r"\;", "\n": r"\n", "\r": None})


def describe(service: Service, *, name: str = "") -> str:
    """vCard 4.0 (RFC 6350) of a published service: a first name and its numbers, nothing else.

    `name` is what the person chose to call it. No organisation, note, address of a site or of mail: a telephone
    shows them to whoever looks, and copies them to a family's account. Raises NotPublic.
    """
    return card(listings.of(service), name=name or _("Claire"))


def card(listing: Listing, *, name: str) -> str:
    """The card; short codes are written tel:119, never with a country code."""
    numbers = [
        f"TEL;VALUE=uri;TYPE={TYPES[contact.kind]}:tel:{international(contact.value)}"
        for contact in listing.contacts
        if contact.kind in TYPES
    ]
    lines = ["BEGIN:VCARD", "VERSION:4.0", f"FN:{name.translate(ESCAPES)}", *numbers, "END:VCARD"]
    return "".join(f"{folded(line)}\r\n" for line in lines)


def folded(line: str) -> str:
    """A line longer than 75 octets goes on after a line break and a space (RFC 6350 §3.2), never inside a letter."""
    parts, size = [""], 0
    for letter in line:
        width = len(letter.encode())
        if size + width > LONGEST_LINE:
            parts.append("")
            size = 1
        parts[-1] += letter
        size += width
    return "\r\n ".join(parts)


def cards() -> Iterator[str]:
    """Cards of every service that has a number, under its real name: an address book for professionals."""
    for listing in listings.published():
        if listing.first(*TYPES):
            yield card(listing, name=listing.name)
