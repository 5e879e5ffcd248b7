"""What anybody may know of a service: every format is written from this, none reads the rows themselves."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import phonenumbers
from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.encoding import iri_to_uri
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from resources.models import AccessChannel, Organisation, Place, Service, stable_uuid
from resources.tongues import apart, in_a_sentence
from resources.vocabulary import DEPARTEMENTS, Gender, Kind, Rule

# Services read at once by an export: what bounds its memory.
CHUNK = 500
# The page of a service (contract.md §2), always in French: exports do not depend on who asks.
PAGE = "/fr/annuaire/{public_id}/"
SHORTEST_ORDINARY_NUMBER = 7
POSTCODE = re.compile(r"\b\d{5}\b")


class NotPublic(ValueError):
    """A service that is not published was about to be shown."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The organisation that answers for a service."""

    id: UUID
    name: str
    description: str
    website: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Address:
    """Where a service receives anybody; `postcode` is empty when the commune has several and none is known.

    `point` is the place's own latitude and longitude in degrees, `centre` its commune's: never the one for the other.
    """

    location_id: UUID
    offer_id: UUID
    insee: str
    commune: str
    departement: str
    postcode: str
    street: str
    point: tuple[float, float] | None
    centre: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Contact:
    """One public way in; numbers as digits, short codes as they are dialled."""

    id: UUID
    kind: str
    value: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The public facts of a published service."""

    id: UUID
    slug: str
    public_id: str
    name: str
    kind: Kind
    description: str
    needs: tuple[str, ...]
    owner: Owner
    contacts: tuple[Contact, ...]
    addresses: tuple[Address, ...]
    confidential: bool
    for_professionals: bool
    on_referral_only: bool
    emergency: bool
    min_age: int | None
    max_age: int | None
    age_rule: Rule
    genders: tuple[Gender, ...]
    gender_rule: Rule
    languages: tuple[str, ...]
    departements: tuple[str, ...]
    opening_hours: str
    free: bool | None
    anonymous: bool | None
    what_happens: str
    saturation: Service.Saturation
    saturation_note: str
    closed: bool
    closed_from: date | None
    closed_until: date | None
    closure_note: str
    verified_on: date | None
    verified_by_check: Service.Check
    verified_until: date | None
    to_recheck: bool
    updated_at: datetime

    def values(self, *kinds: str) -> list[str]:
        """Values of the contacts of these kinds, in order."""
        return [contact.value for contact in self.contacts if contact.kind in kinds]

    def first(self, *kinds: str) -> str:
        """First of those values, or nothing."""
        return next(iter(self.values(*kinds)), "")

    def page(self, site: str) -> str:
        """Address of its page; `site` is where the site answers, without a final slash."""
        return site + PAGE.format(public_id=self.public_id)

    @property
    def whole_region(self) -> bool:
        """Whether it works in all départements of the region (or beyond)."""
        return len(self.departements) == len(DEPARTEMENTS)

    @property
    def eligibility(self) -> str:
        """Sentences that say for whom it is; empty when nothing limits it."""
        return " ".join(
            sentence
            for sentence in (
                _("Pour les professionnels.") if self.for_professionals else "",
                ages_in_words(self.age_rule, self.min_age, self.max_age),
                genders_in_words(self.gender_rule, self.genders),
            )
            if sentence
        )

    @property
    def access(self) -> str:
        """Sentences that say how one gets in and what happens then; empty when unknown."""
        return " ".join(
            sentence
            for sentence in (
                _("Sur orientation d’un professionnel.") if self.on_referral_only else "",
                {True: _("On peut rester anonyme."), False: _("Il faut donner son nom."), None: ""}[self.anonymous],
                self.what_happens,
                *self.values(AccessChannel.Kind.PLACE),
            )
            if sentence
        )

    @property
    def alert(self) -> str:
        """Sentences that somebody must read before going there; empty when all is well."""
        full = self.saturation in {Service.Saturation.FULL, Service.Saturation.WAITING}
        return " ".join(
            sentence
            for sentence in (
                closure_in_words(self) if self.closed else "",
                f"{self.saturation.label}." if full else "",
                self.saturation_note,
                _("À vérifier : la dernière vérification a expiré.") if self.to_recheck else "",
            )
            if sentence
        )


def of(service: Service, *, on: date | None = None) -> Listing:
    """The public facts of a service as they stand on a day (by default today in Paris).

    The service should come from `ServiceQuerySet.complete()`: then no query is made. Whatever it was read with,
    channels for professionals, confidential places and everything meant for moderators stay behind.
    Raises NotPublic when the service is not published.
    """
    if service.status != Service.Status.PUBLISHED:
        raise NotPublic(service.pk)
    day = on or timezone.localdate()
    places = list(service.places.all())
    confidential = any(place.confidential for place in places)
    return Listing(
        id=service.pk,
        slug=service.slug,
        public_id=service.public_id,
        name=service.name,
        kind=Kind(service.kind),
        description=service.description,
        needs=tuple(service.needs),
        owner=owner_of(service.organisation),
        contacts=contacts_of(service, confidential=confidential),
        addresses=addresses_of(service, places),
        confidential=confidential,
        for_professionals=service.for_professionals,
        on_referral_only=service.on_referral_only,
        emergency=service.is_emergency,
        min_age=service.min_age,
        max_age=service.max_age,
        age_rule=Rule(service.age_rule),
        genders=tuple(Gender(gender) for gender in service.genders),
        gender_rule=Rule(service.gender_rule),
        languages=tuple(service.languages),
        departements=tuple(service.departements),
        opening_hours=service.opening_hours,
        free=service.free,
        anonymous=service.anonymous,
        what_happens=service.what_happens,
        saturation=Service.Saturation(service.saturation),
        saturation_note=service.saturation_note,
        closed=service.is_closed(on=day),
        closed_from=service.closed_from,
        closed_until=service.closed_until,
        closure_note=service.closure_note,
        verified_on=service.verified_on,
        verified_by_check=Service.Check(service.verified_by_check),
        verified_until=service.verified_until,
        to_recheck=service.check_expired(on=day),
        updated_at=service.updated_at,
    )


def site_of(request: HttpRequest) -> str:
    """Where the site answers, without a final slash: the configured address, else the one that was asked."""
    return settings.PUBLIC_URL or f"{request.scheme}://{request.get_host()}"


def published() -> Iterator[Listing]:
    """Every published service, read CHUNK by CHUNK: memory stays the same at any size."""
    today = timezone.localdate()
    for service in Service.objects.published().complete().order_by("pk").iterator(chunk_size=CHUNK):
        yield of(service, on=today)


def publishing_organisations() -> QuerySet[Organisation]:
    """Organisations that have at least one published service; the others are nobody's business."""
    return Organisation.objects.filter(
        Exists(Service.objects.published().filter(organisation=OuterRef("pk")))
    ).order_by("pk")


def owner_of(organisation: Organisation) -> Owner:
    """The public facts of an organisation."""
    return Owner(
        id=organisation.pk,
        name=organisation.name,
        description=organisation.description,
        website=iri_to_uri(organisation.website),
        updated_at=organisation.updated_at,
    )


def contacts_of(service: Service, *, confidential: bool) -> tuple[Contact, ...]:
    """Public ways in; words about coming to a confidential place are left out, because they may say where it is."""
    return tuple(
        Contact(
            id=stable_uuid("channel", str(service.pk), channel.kind, channel.value),
            kind=channel.kind,
            value=iri_to_uri(channel.value) if channel.kind in WEB_KINDS else channel.value,
            note=channel.note,
        )
        for channel in service.channels.all()
        if channel.visibility == AccessChannel.Visibility.PUBLIC
        and not (confidential and channel.kind == AccessChannel.Kind.PLACE)
    )


WEB_KINDS = frozenset({AccessChannel.Kind.WEB, AccessChannel.Kind.CHAT})


def addresses_of(service: Service, places: Iterable[Place]) -> tuple[Address, ...]:
    """Places where anybody may come; identifiers survive a correction of the street and a reload."""
    addresses = []
    seen: Counter[str] = Counter()
    for place in sorted(places, key=lambda place: place.pk):
        commune = place.commune
        if place.confidential or commune is None:
            continue
        seen[commune.insee] += 1
        key = (str(service.pk), commune.insee, str(seen[commune.insee]))
        own = place.latitude is not None and place.longitude is not None
        addresses.append(
            Address(
                location_id=stable_uuid("location", *key),
                offer_id=offer_id(service.pk, commune.insee, seen[commune.insee]),
                insee=commune.insee,
                commune=commune.name,
                departement=commune.departement,
                postcode=postcode_of(place.address, commune.postcodes),
                street=place.address,
                point=(place.latitude, place.longitude) if own else None,  # type: ignore[arg-type]  # checked above
                centre=(commune.latitude, commune.longitude),
            )
        )
    return tuple(addresses)


def offer_id(service: UUID, insee: str, rank: int) -> UUID:
    """Identifier of a service at one of its places; its first half is the service's, so that it leads back to it."""
    place = stable_uuid("offer", str(service), insee, str(rank))
    return UUID(bytes=service.bytes[:8] + place.bytes[8:])


def service_ids_like(offer: UUID) -> tuple[UUID, UUID]:
    """Smallest and largest identifier that the service of an offer can have."""
    return UUID(bytes=offer.bytes[:8] + bytes(8)), UUID(bytes=offer.bytes[:8] + b"\xff" * 8)


def postcode_of(street: str, postcodes: Sequence[str]) -> str:
    """Postcode written in the street line, else the commune's only one, else nothing."""
    written = [code for code in postcodes if code in POSTCODE.findall(street)]
    if written:
        return written[0]
    return postcodes[0] if len(postcodes) == 1 else ""


def international(number: str) -> str:
    """«0144528890» → «+33144528890»; short codes stay as they are dialled («119», never «+33119»)."""
    if number.startswith("+") or len(number) < SHORTEST_ORDINARY_NUMBER:
        return number
    parsed = phonenumbers.parse(number, "FR")
    if not phonenumbers.is_valid_number(parsed):
        return number
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def ages_in_words(rule: Rule, youngest: int | None, oldest: int | None) -> str:
    """«De 12 à 21 ans.», «En priorité : jusqu’à 17 ans.»; empty when everybody may come."""
    if rule == Rule.EVERYONE:
        return ""
    if youngest is not None and oldest is not None:
        ages = _("de %(youngest)s à %(oldest)s ans") % {"youngest": youngest, "oldest": oldest}
    elif youngest is not None:
        ages = _("à partir de %(youngest)s ans") % {"youngest": youngest}
    else:
        ages = _("jusqu’à %(oldest)s ans") % {"oldest": oldest}
    return limit(rule, ages)


def genders_in_words(rule: Rule, genders: Sequence[Gender]) -> str:
    """«Filles et femmes seulement.», «En priorité : personnes trans.»; empty when everybody may come."""
    if rule == Rule.EVERYONE:
        return ""
    return limit(rule, ", ".join(str(gender.label).lower() for gender in genders))


def limit(rule: Rule, audience: str) -> str:
    """An audience as a sentence that says how strict it is."""
    sentence = {
        Rule.FIRST: _("En priorité : %(audience)s."),
        Rule.ONLY: _("Seulement : %(audience)s."),
    }[rule]
    return sentence % {"audience": audience}


def closure_in_words(listing: Listing) -> str:
    """«Fermé jusqu’au 3 janvier 2027. Travaux.»."""
    if listing.closed_until is None:
        said = _("Fermé pour le moment.")
    else:
        said = _("Fermé jusqu’au %(day)s inclus.") % {"day": in_a_sentence(date_format(listing.closed_until))}
    return f"{said} {apart(listing.closure_note)}".strip()
