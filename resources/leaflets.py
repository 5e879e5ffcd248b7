"""Addresses on paper: a sheet of one service, a leaflet of several, cards for a pocket, as tagged PDF.

Everything comes through exchange/listing.py, the one door for what anybody may know. Titles and file names say
nothing of the subject, nor does the face of a card; the document carries its fonts, and neither day nor author.
"""

import io
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from uuid import UUID

import segno
import typst
from django.utils.translation import get_language, get_language_info
from django.utils.translation import gettext as _

from resources import cards
from resources.exchange import listing as listings
from resources.exchange.listing import Address, Listing
from resources.models import AccessChannel, Service
from resources.tongues import apart, listed, spaced
from resources.vocabulary import LANGUAGES, Kind

MOST_LISTED = 24
CARDS_ON_A_SHEET = 8
MOST_ON_A_CARD = 2
CALLED = (AccessChannel.Kind.PHONE.value, AccessChannel.Kind.SMS.value)
SHEETS = files("resources") / "sheets"
# All but what the fonts draw: Latin, Greek, Cyrillic and Arabic letters, and signs (resources/sheets/fonts/README.md).
UNDRAWN = re.compile(
    "[^\u0020-\u0377\u0384-\u038a\u038c\u038e-\u03a1\u03a3-\u04ff\u1e00-\u1eff"
    "\u060c\u061b\u061f\u0621-\u063a\u0640-\u0655\u0660-\u066d\u0670\u0671ٹټپځڅچډڈړڑږژښڤکګگںڼھۀہیېےە"
    "\u06f0-\u06f9\u2000-\u2040\u2068\u2069€№™←↑→↓−≈≠≤≥]+"
)
# Plain words for the numbers of every card; none says why one would call.
NUMBERS_OF_A_CARD = ("medical", "police", "silent", "children", "suicide")


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is written on paper, and a hint beside it."""

    figures: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of facts: what it is about, and what is known; in French when the directory says it in its own words."""

    about: str
    known: str
    is_french: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One service as a sheet shows it."""

    name: str
    kind: str
    summary: str
    numbers: tuple[Number, ...]
    links: tuple[str, ...]
    notices: tuple[str, ...]
    facts: tuple[Fact, ...]
    checked: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole document: its neutral title, what stands above, and below, and where its QR code leads."""

    title: str
    heading: str
    lead: str
    entries: tuple[Entry, ...]
    foot: str
    qr: str
    address: str
    qr_words: str


# --- what to print --------------------------------------------------------------------------------------------------


def published(ids: Sequence[UUID]) -> list[Listing]:
    """Public facts of those of the services that are published, in that order; three queries."""
    found = {one.pk: one for one in Service.objects.published().complete().filter(pk__in=ids)}
    return [listings.of(found[pk]) for pk in ids if pk in found]


def for_everybody(found: Iterable[Listing]) -> list[Listing]:
    """Without what only professionals can use; a line that answers everybody stays."""
    return [one for one in found if not one.for_professionals or one.kind == Kind.HOTLINE]


def entry(listing: Listing, *, to_professionals: bool) -> Entry:
    """A service in words; addresses of mail and ways in through a professional are for professionals."""
    numbers = tuple(Number(cards.figures(one.value), hint_of(one)) for one in listing.contacts if one.kind in CALLED)
    kinds = [AccessChannel.Kind.WEB.value, AccessChannel.Kind.CHAT.value]
    links = [cards.site_name(value) for value in listing.values(*kinds)]
    if to_professionals:
        links += listing.values(AccessChannel.Kind.EMAIL)
    return Entry(
        name=listing.name,
        kind=" · ".join(dict.fromkeys([str(listing.kind.label), apart(listing.owner.name)])),
        summary=spaced(listing.description),
        numbers=numbers,
        links=tuple(dict.fromkeys(links)),
        notices=tuple(notices(listing)),
        facts=tuple(facts_of(listing, has_number=bool(numbers), to_professionals=to_professionals)),
        checked=checked(listing),
    )


def hint_of(contact: listings.Contact) -> str:
    """«SMS», and what the directory notes of the number."""
    kind = _("par SMS") if contact.kind == AccessChannel.Kind.SMS else ""
    return listed((kind, apart(contact.note)))


def notices(listing: Listing) -> list[str]:
    """What must be known before going."""
    said = [listings.closure_in_words(listing)] if listing.closed else []
    if listing.saturation in {Service.Saturation.FULL, Service.Saturation.WAITING}:
        said.append(f"{listing.saturation.label}. {apart(listing.saturation_note)}".strip())
    if listing.on_referral_only:
        said.append(_("Pour y entrer, il faut passer par un professionnel."))
    if listing.for_professionals:
        is_line = listing.kind == Kind.HOTLINE
        said.append(_("Aussi pour les professionnels.") if is_line else _("Pour les professionnels."))
    return said


def facts_of(listing: Listing, *, has_number: bool, to_professionals: bool) -> list[Fact]:
    """What is known; an unknown fact is left out, for paper cannot be asked again."""
    anonymous = {True: _("oui"), False: _("non"), None: ""}[listing.anonymous]
    ages = (listing.min_age, listing.max_age, listing.age_rule.value)
    genders = (tuple(one.value for one in listing.genders), listing.gender_rule.value)
    rows = (
        (_("Pour"), cards.audience(ages, genders)),
        (_("Où"), where(listing, has_number=has_number)),
        (_("Quand"), " · ".join(cards.hours(listing.opening_hours))),
        (_("Langues"), listed(map(language, listing.languages))),
        (_("Gratuit"), {True: _("oui"), False: _("non"), None: ""}[listing.free]),
        (_("Sans donner son nom") if to_professionals else _("Sans donner ton nom"), anonymous),
    )
    facts = [Fact(about, known) for about, known in rows if known]
    if listing.what_happens:
        facts.append(Fact(_("Ensuite"), listing.what_happens, is_french=True))
    return facts


def where(listing: Listing, *, has_number: bool) -> str:
    """Places, else the territory; of a confidential place, only how its address is given."""
    territory = cards.territory(listing.departements)
    if listing.confidential:
        secret = _("Adresse donnée par téléphone") if has_number else _("Adresse non publique")
        return f"{secret} · {territory}" if listing.departements else secret
    if not listing.addresses:
        return territory if listing.departements else ""
    return " · ".join(place(address) for address in listing.addresses)


def place(address: Address) -> str:
    """«1 rue de la Paix, Bobigny (93)»."""
    commune = f"{address.commune} ({address.departement})"
    return apart(f"{address.street}, {commune}" if address.street else commune)


def language(code: str) -> str:
    """A language in the words of the sheet, or as it calls itself when our font can draw that; else nothing."""
    try:
        return str(get_language_info(code)["name_translated"]).lower()
    except KeyError:
        named = LANGUAGES.get(code, "")
        return "" if UNDRAWN.search(named) else apart(named)


def checked(listing: Listing) -> str:
    """When and how the facts were last checked, or that they have to be."""
    if listing.verified_on is None or listing.to_recheck:
        return _("À vérifier avant d’y aller")
    return cards.check(listing.verified_by_check.value, listing.verified_on)


# --- the three documents --------------------------------------------------------------------------------------------


def of_service(listing: Listing, *, address: str, to_professionals: bool = False) -> bytes:
    """One service on one sheet, as PDF/UA; `address` is where it is up to date."""
    sheet = Sheet(
        title=_("Adresse"),
        heading="",
        lead="",
        entries=(entry(listing, to_professionals=to_professionals),),
        foot=foot(),
        qr_words=_("La fiche à jour"),
        **address_and_code(address),
    )
    return made("service", sheet)


def of_search(
    found: Iterable[Listing], *, heading: str, address: str, to_professionals: bool = False, are_all: bool = True
) -> bytes:
    """Several services as an A4 leaflet, as PDF/UA; `address` is where the list is up to date, and where the others are
    when these are not all."""
    shown = list(found) if to_professionals else for_everybody(found)
    lead = (
        _("Pour les professionnels. Ne laissez pas cette feuille à la vue de tous.")
        if to_professionals
        else _("Garde cette feuille là où personne d’autre ne la voit.")
    )
    if not are_all:
        rest = _("Cette feuille tient %(most)s adresses au plus. Il y en a d’autres sur la liste à jour.")
        lead = f"{lead} {rest % {'most': MOST_LISTED}}"
    sheet = Sheet(
        title=_("Adresses"),
        heading=heading,
        lead=lead if shown else _("Aucune adresse"),
        entries=tuple(entry(one, to_professionals=to_professionals) for one in shown[:MOST_LISTED]),
        foot=foot(),
        qr_words=_("La liste à jour"),
        **address_and_code(address),
    )
    return made("leaflet", sheet)


def pocket_cards(found: Iterable[Listing], *, known: dict[str, cards.Way], address: str) -> bytes:
    """Eight cards on an A4 sheet to cut, as PDF/UA: ordinary numbers, then those of the services, without a name.

    `known` are the numbers that pages name (resources/numbers.py). A service stands there as its number and hours.
    """
    usual = [Number(known[name].text, plain_word(name)) for name in NUMBERS_OF_A_CARD if name in known]
    own = [Number(figures, hint) for one in for_everybody(found) for figures, hint in card_line(one)]
    there = {number.figures for number in usual}
    return made(
        "cards",
        {
            "title": _("Carte"),
            "heading": _("Numéros utiles"),
            "numbers": [asdict(number) for number in usual],
            "own": [asdict(number) for number in own if number.figures not in there][:MOST_ON_A_CARD],
            "count": CARDS_ON_A_SHEET,
            "qr_words": _("Plus de numéros"),
            **address_and_code(address),
        },
    )


def card_line(listing: Listing) -> list[tuple[str, str]]:
    """The first number of a service, with its hours when they are short enough for a card."""
    number = listing.first(*CALLED)
    if not number:
        return []
    hours = cards.hours(listing.opening_hours)
    return [(cards.figures(number), hours[0] if len(hours) == 1 else "")]


def plain_word(name: str) -> str:
    """What a card says beside a number that everybody knows."""
    return {
        "medical": _("SAMU"),
        "police": _("Police"),
        "silent": _("Secours par SMS"),
        "children": _("Jeunes"),
        "suicide": _("Écoute"),
    }[name]


def foot() -> str:
    """When the sheet was printed is left out on purpose: what it says is dated service by service."""
    return _("Un numéro peut changer. Avant d’appeler, regarde la page à jour.")


def address_and_code(address: str) -> dict[str, Any]:
    """An address without its scheme as people read it, and as a QR code."""
    return {"address": address.partition("://")[2].rstrip("/"), "qr": qr(address)}


def qr(address: str) -> str:
    """QR code of an address, as SVG."""
    picture = io.BytesIO()
    segno.make(address, error="m", micro=False).save(picture, kind="svg", border=0, dark="#1c2640", xmldecl=False)
    return picture.getvalue().decode()


# --- typesetting ----------------------------------------------------------------------------------------------------


@cache
def template(name: str) -> bytes:
    """A template of resources/sheets, after what all of them share."""
    return (SHEETS / "common.typ").read_bytes() + (SHEETS / f"{name}.typ").read_bytes()


@cache
def fonts() -> typst.Fonts:
    """The fonts of typst, and ours for the letters that they lack; never those of the machine."""
    return typst.Fonts(include_system_fonts=False, font_paths=[str(SHEETS / "fonts")])


def made(name: str, content: Sheet | dict[str, Any]) -> bytes:
    """The document: tagged (PDF/UA-1), its language said, its fonts embedded.

    Facts travel as data and are never read as markup. What no font draws is left out, for one such sign would be
    refused with the whole document.
    """
    data = asdict(content) if isinstance(content, Sheet) else content
    said = {**data, "language": (get_language() or "fr").partition("-")[0]}
    document = typst.compile(
        template(name),
        format="pdf",
        font_paths=fonts(),
        pdf_standards=["ua-1"],
        sys_inputs={"data": UNDRAWN.sub("", json.dumps(said, ensure_ascii=False))},
    )
    assert isinstance(document, bytes)  # noqa: S101 -- one format gives one document
    return document
