"""What pages say of a service, in words: worked out once per row, so that templates only print."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar
from urllib.parse import urlsplit

import phonenumbers
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from resources import opening, translations
from resources.models import AccessChannel, Place, Service
from resources.search import Found
from resources.tongues import apart, in_a_sentence, listed, of_the_page, spaced
from resources.translations import Said
from resources.vocabulary import DEPARTEMENTS, LANGUAGES, Gender, Kind, Need, Rule

SHORT_NUMBER = 6
NATIONAL_NUMBER = 10
CALLED = (AccessChannel.Kind.PHONE, AccessChannel.Kind.SMS)
# A check that read copies of pages, and spoke to nobody.
READ_ONLY_CHECKS = (Service.Check.OFFICIAL_PAGE, Service.Check.SECONDARY_SOURCE)

Facts = ParamSpec("Facts")
Words = TypeVar("Words")


def once_per_language(put: Callable[Facts, Words]) -> Callable[Facts, Words]:
    """Remember what facts become in words: pages say the same few hundred things all day."""

    @lru_cache(maxsize=4096)
    def kept(_language: str | None, *facts: Facts.args, **named: Facts.kwargs) -> Words:
        return put(*facts, **named)

    @wraps(put)
    def words(*facts: Facts.args, **named: Facts.kwargs) -> Words:
        return kept(get_language(), *facts, **named)  # type: ignore[arg-type]  # facts are texts, dates and tuples of them

    return words


@dataclass(frozen=True, slots=True)
class Way:
    """One way to reach a service: what is shown and where the button leads."""

    kind: str
    text: str
    href: str
    note: str = ""

    @property
    def is_number(self) -> bool:
        """Whether a telephone dials it."""
        return self.kind in CALLED

    @property
    def verb(self) -> str:
        """What touching it does."""
        match self.kind:
            case "sms":
                return _("SMS au")
            case "chat":
                return _("Ouvrir le tchat")
            case _:
                return _("Appeler")

    @property
    def is_long(self) -> bool:
        """Whether the figures need a smaller size to stay on one line."""
        return len(self.text) > SHORT_NUMBER - 1


@dataclass(frozen=True, slots=True)
class Notice:
    """What must be known before going, and what the service adds in its own words."""

    words: str
    note: Said | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """A service as pages show it."""

    public_id: str
    name: str
    kind: str
    organisation: str
    summary: Said
    gist: Said
    numbers: tuple[Way, ...]
    links: tuple[Way, ...]
    state: str
    is_open: bool
    hours: tuple[str, ...]
    where: tuple[str, ...]
    audience: str
    languages: str
    distance: str
    reasons: str
    notices: tuple[Notice, ...]
    checked: str


def card(service: Service, *, today: date, is_open: bool | None = None, found: Found | None = None) -> Card:
    """All that a list says of a service; `found` adds what depends on the question.

    Channels must be prefetched and public (`ServiceQuerySet.complete`).
    """
    channels = list(service.channels.all())
    summary = said(service, "description")
    gist = summary.text.partition(". ")[0]
    numbers = tuple(way(channel) for channel in channels if channel.kind in CALLED)
    return Card(
        public_id=service.public_id,
        name=spaced(service.name),
        kind=kind(service.kind),
        organisation=service.organisation.name,
        summary=summary,
        gist=Said(gist, summary.language, summary.trust),
        numbers=numbers,
        links=links(channels),
        state=state(service.opening_hours, is_open=is_open),
        is_open=bool(is_open),
        hours=hours(service.opening_hours),
        where=where(service, has_number=bool(numbers)),
        audience=audience(
            (service.min_age, service.max_age, service.age_rule), (tuple(service.genders), service.gender_rule)
        ),
        languages=languages(tuple(service.languages)),
        distance=distance(service, found.distance_km) if found else "",
        reasons=reasons(found.reasons) if found else "",
        notices=notices(service, today=today),
        checked=checked(service, today=today),
    )


def said(service: Service, field: str) -> Said:
    """A text of a service in the language of the page if the row was read with a translation, else in French."""
    found = translations.said(service, field, language=of_the_page())
    return found if found.is_translated else Said(spaced(found.text), found.language, found.trust)


def way(channel: AccessChannel) -> Way:
    """A channel as a button."""
    match channel.kind:
        case AccessChannel.Kind.PHONE:
            return Way("phone", figures(channel.value), f"tel:{channel.value}", channel.note)
        case AccessChannel.Kind.SMS:
            return Way("sms", figures(channel.value), f"sms:{channel.value}", channel.note)
        case AccessChannel.Kind.EMAIL:
            return Way("mail", channel.value, "", channel.note)
        case AccessChannel.Kind.CHAT | AccessChannel.Kind.WEB:
            return Way(channel.kind, site_name(channel.value), channel.value, channel.note)
        case _:
            return Way(channel.kind, channel.value, "", channel.note)


def links(channels: list[AccessChannel]) -> tuple[Way, ...]:
    """Chats first, then sites; the same address is not offered twice."""
    chosen: dict[str, AccessChannel] = {}
    for kind_first in (AccessChannel.Kind.CHAT, AccessChannel.Kind.WEB):
        for channel in channels:
            if channel.kind == kind_first:
                chosen.setdefault(channel.value, channel)
    return tuple(way(channel) for channel in chosen.values())


def figures(value: str) -> str:
    """A stored number as people read it: «01 42 35 61 28», «0 800 05 95 95», «116 006», «3114»."""
    if value.startswith("+"):
        return international(value)
    if len(value) == SHORT_NUMBER:
        return f"{value[:3]} {value[3:]}"
    if len(value) != NATIONAL_NUMBER:
        return value
    pairs = [value[start : start + 2] for start in range(0, NATIONAL_NUMBER, 2)]
    if value.startswith("08"):
        return " ".join([value[0], value[1:4], *pairs[2:]])
    return " ".join(pairs)


@lru_cache(maxsize=4096)
def international(value: str) -> str:
    """«+33142356128» → «01 42 35 61 28»; numbers from elsewhere keep their prefix."""
    try:
        number = phonenumbers.parse(value, "FR")
    except phonenumbers.NumberParseException:
        return value
    if number.country_code == phonenumbers.country_code_for_region("FR"):
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


@lru_cache(maxsize=4096)
def site_name(address: str) -> str:
    """The site that an address leads to, as people know it: «allo119.gouv.fr»."""
    return (urlsplit(address).hostname or address).removeprefix("www.")


@once_per_language
def kind(code: str) -> str:
    """What sort of help it is."""
    return str(Kind(code).label)


@once_per_language
def hours(expression: str) -> tuple[str, ...]:
    """Opening hours, one line each."""
    return tuple(opening.in_words(expression))


@once_per_language
def state(expression: str, *, is_open: bool | None) -> str:
    """Open, closed, or that it is not known."""
    if is_open:
        return _("Jour et nuit") if expression == opening.ALWAYS else _("Ouvert maintenant")
    if is_open is False:
        return _("Fermé maintenant")
    return _("Heures à demander") if hours(expression) else _("Horaires non précisés")


def is_open_at(service: Service, *, now: datetime) -> bool | None:
    """Whether it is open at that moment; None when the hours do not say."""
    return opening.is_said_open(service.opening_hours, at=now)


def next_opening(service: Service, *, now: datetime) -> str:
    """«Ferme à 17 h», «Ouvre lundi à 9 h»; nothing when hours are unknown or never change."""
    is_open = is_open_at(service, now=now)
    look_ahead = opening.next_change if is_open else opening.next_opening
    change = look_ahead(service.opening_hours, at=now)
    if is_open is None or change is None:
        return ""
    moment = {
        "day": in_a_sentence(f"{date_format(change, 'l')} {date_format(change, 'MONTH_DAY_FORMAT')}"),
        "hour": opening.hour_in_words(f"{change:%H:%M}"),
    }
    if change.date() == now.astimezone(opening.PARIS).date():
        return (_("Ferme à %(hour)s.") if is_open else _("Ouvre à %(hour)s.")) % moment
    return (_("Ferme %(day)s à %(hour)s.") if is_open else _("Ouvre %(day)s à %(hour)s.")) % moment


def where(service: Service, *, has_number: bool) -> tuple[str, ...]:
    """Places first, then the territory unless they already say it."""
    places = list(service.places.all())
    lines = tuple(place_in_words(place, has_number=has_number) for place in places)
    communes = {place.commune.departement for place in places if place.commune and not place.confidential}
    if (places and not service.departements) or (communes and set(service.departements) == communes):
        return lines
    return (*lines, territory(tuple(service.departements)))


@once_per_language
def territory(departements: tuple[str, ...]) -> str:
    """Where it works."""
    if len(departements) == len(DEPARTEMENTS):
        return _("Toute l’Île-de-France")
    if not departements:
        return _("Lieu non public")
    return listed(apart(f"{DEPARTEMENTS[code]} ({code})") for code in departements)


@once_per_language
def audience(ages: tuple[int | None, int | None, str], genders: tuple[tuple[str, ...], str]) -> str:
    """For whom it is, and how strictly: youngest, oldest and rule, then genders and rule."""
    youngest, oldest, age_rule = ages
    codes, gender_rule = genders
    who = listed(str(Gender(code).label) for code in codes)
    parts = [marked(who, gender_rule), marked(age_range(youngest, oldest), age_rule)]
    return " · ".join(part for part in parts if part) or _("Tout le monde")


def marked(words: str, rule: str) -> str:
    """An audience, saying when it only comes first."""
    return _("%(audience)s en priorité") % {"audience": words} if words and rule == Rule.FIRST else words


def age_range(youngest: int | None, oldest: int | None) -> str:
    """«de 15 à 25 ans», «moins de 18 ans», «à partir de 18 ans»."""
    if youngest is not None and oldest is not None:
        return _("de %(youngest)s à %(oldest)s ans") % {"youngest": youngest, "oldest": oldest}
    if oldest is not None:
        return _("moins de %(age)s ans") % {"age": oldest + 1}
    if youngest is not None:
        return _("à partir de %(age)s ans") % {"age": youngest}
    return ""


@once_per_language
def languages(codes: tuple[str, ...]) -> str:
    """Languages by the names they give themselves; empty when nobody knows."""
    return listed(apart(LANGUAGES.get(code, code)) for code in codes)


def place_in_words(place: Place, *, has_number: bool) -> str:
    """Where people are received; of a confidential place, only how its address is given."""
    if place.confidential or place.commune is None:
        return _("Adresse donnée par téléphone") if has_number else _("Adresse non publique")
    commune = f"{place.commune.name} ({place.commune.departement})"
    return apart(f"{place.address}, {commune}" if place.address else commune)


def distance(service: Service, kilometres: float | None) -> str:
    """A distance as people say it; only to a place that is public, never finer than a kilometre."""
    if kilometres is None or not any(place.commune and not place.confidential for place in service.places.all()):
        return ""
    if kilometres < 1:
        return _("à moins d’1 km")
    return _("à environ %(distance)s km") % {"distance": round(kilometres)}


@once_per_language
def reasons(codes: tuple[str, ...]) -> str:
    """Why a service answers the question, from the codes of resources/search.py."""
    words = [reason(*code.partition(":")[::2]) for code in codes]
    return " · ".join(word for word in words if word)


def reason(name: str, value: str) -> str:
    """One reason in words; those that the card already shows elsewhere say nothing."""
    match name:
        case "covers_need":
            return str(Need(value).label)
        case "serves":
            return DEPARTEMENTS[value]
        case "says_it":
            return _("tes mots")
        case "takes_age":
            return _("ton âge")
        case "speaks":
            return LANGUAGES[value]
        case _:
            return ""


def notices(service: Service, *, today: date) -> tuple[Notice, ...]:
    """What must be known before going: closed for now, full, only through a professional."""
    found = []
    if service.is_closed(on=today):
        found.append(Notice(closure(service), note(service, "closure_note")))
    if service.saturation in {Service.Saturation.FULL, Service.Saturation.WAITING}:
        found.append(Notice(f"{Service.Saturation(service.saturation).label}.", note(service, "saturation_note")))
    if service.on_referral_only:
        found.append(Notice(_("Pour y entrer, il faut passer par un professionnel.")))
    if service.for_professionals:
        # A line that answers everybody must not turn a young person away.
        also = service.kind == Kind.HOTLINE
        found.append(Notice(_("Aussi pour les professionnels.") if also else _("Pour les professionnels.")))
    return tuple(found)


def note(service: Service, field: str) -> Said | None:
    """What a service adds in its own words, if it does."""
    return said(service, field) if getattr(service, field) else None


def closure(service: Service) -> str:
    """That it is closed for now, and until when if that is known."""
    if service.closed_until:
        until = in_a_sentence(date_format(service.closed_until))
        return _("Fermé pour l’instant, jusqu’au %(until)s.") % {"until": until}
    return _("Fermé pour l’instant.")


def checked(service: Service, *, today: date) -> str:
    """When and how the facts were last checked, or that they have to be."""
    if service.verified_on is None or service.check_expired(on=today):
        return _("À vérifier")
    return check(service.verified_by_check, service.verified_on)


@once_per_language
def check(made: str, day: date) -> str:
    """How facts were checked, and when."""
    words = {
        Service.Check.OFFICIAL_PAGE: _("Copie de page officielle lue le %(day)s"),
        Service.Check.SECONDARY_SOURCE: _("Source indirecte lue le %(day)s, à confirmer"),
        Service.Check.CALL: _("Vérifié par téléphone le %(day)s"),
        Service.Check.VISIT: _("Vérifié sur place le %(day)s"),
        Service.Check.OWNER: _("Confirmé par l’organisme le %(day)s"),
    }
    return words[Service.Check(made)] % {"day": date_format(day, "SHORT_DATE_FORMAT")}


def count_in_words(total: int, *, is_exact: bool) -> str:
    """How many services answer."""
    if not total:
        return _("Aucune adresse")
    if not is_exact:
        return _("Plus de %(total)s adresses") % {"total": total}
    return ngettext("%(total)s adresse", "%(total)s adresses", total) % {"total": total}
