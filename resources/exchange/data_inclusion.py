"""data·inclusion schema v1: structures and services as the French platform of the same name takes them."""

import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from resources.exchange import listing as listings
from resources.exchange.json_stream import Object, array, said
from resources.exchange.listing import Address, Listing, Owner
from resources.exchange.taxonomies import themes_of
from resources.exchange.weekly import expand
from resources.models import AccessChannel
from resources.vocabulary import Gender, Kind, Need, Rule

SOURCE = "eclaircie"
SHORTEST_NAME, LONGEST_NAME = 3, 150
SHORTEST_TEXT, LONGEST_TEXT = 5, 10_000
# The schema's word for victims of violence and people without shelter; it has none nearer to our public.
URGENT_NEEDS = frozenset({Need.URGENCE, Need.HEBERGEMENT, Need.VIOLENCES, Need.PROSTITUTION, Need.TRAITE})
# Ages that the schema calls «jeunes»: adolescents and young adults.
OLDEST_YOUNG = 30
TYPE_OF_KIND = {
    Kind.HOTLINE: "information",
    Kind.SHELTER: "accompagnement",
    Kind.LEGAL: "information",
    Kind.HEALTH: "accompagnement",
    Kind.ASSOCIATION: "accompagnement",
    Kind.REPORTING: "information",
    Kind.INSTITUTION: "information",
}


def structure(owner: Owner) -> Object:
    """An organisation."""
    return said(
        source=SOURCE,
        id=identifier(owner.id),
        nom=name(owner.name),
        date_maj=last_change(timezone.localdate(owner.updated_at)),
        description=text(owner.description),
        site_web=owner.website,
    )


def service(listing: Listing, *, site: str) -> Object:
    """A service; the schema has room for one place and one number, so the first of each goes in."""
    audience = publics(listing)
    return said(
        source=SOURCE,
        structure_id=identifier(listing.owner.id),
        id=identifier(listing.id),
        nom=name(listing.name),
        description=text(listing.description) or description_of(listing),
        date_maj=last_change(timezone.localdate(listing.updated_at)),
        lien_source=listing.page(site) if site else "",
        type=TYPE_OF_KIND[listing.kind],
        thematiques=themes_of(listing.needs, listing.kind),
        frais={True: "gratuit", False: "payant", None: ""}[listing.free],
        publics=audience,
        publics_precisions=listing.eligibility,
        conditions_acces=_("Sur orientation d’un professionnel.") if listing.on_referral_only else "",
        telephone=listings.international(listing.first(AccessChannel.Kind.PHONE)) if has_phone(listing) else "",
        courriel=listing.first(AccessChannel.Kind.EMAIL),
        lien_mobilisation=listing.first(AccessChannel.Kind.CHAT) or listing.first(AccessChannel.Kind.WEB),
        modes_accueil=ways_of_receiving(listing),
        zone_eligibilite=list(listing.departements),
        modes_mobilisation=ways_in(listing),
        mobilisable_par=["professionnels"] if by_professionals(listing) else ["usagers", "professionnels"],
        mobilisation_precisions=listing.what_happens,
        horaires_accueil=listing.opening_hours if says_times(listing.opening_hours) else "",
        **(where(listing.addresses[0]) if listing.addresses else {}),
    )


def where(address: Address) -> Object:
    """Place of a service; a commune's centre is not written as its position."""
    latitude, longitude = address.point or (None, None)
    return {
        "commune": address.commune,
        "code_insee": address.insee,
        "code_postal": address.postcode,
        "adresse": address.street,
        "latitude": latitude,
        "longitude": longitude,
    }


def identifier(of: UUID) -> str:
    """«eclaircie--» and the identifier that HSDS gives the same object."""
    return f"{SOURCE}--{of}"


def name(said: str) -> str:
    """A name of 3 to 150 characters without a final full stop, cut at a word."""
    tidy = " ".join(said.split()).rstrip(".").rstrip()
    if len(tidy) > LONGEST_NAME:
        tidy = tidy[: LONGEST_NAME - 1].rsplit(" ", 1)[0].rstrip(" .,;:-") + "…"
    return tidy if len(tidy) >= SHORTEST_NAME else f"{tidy} ({SOURCE})"


def text(said: str) -> str:
    """A text of 5 to 10 000 characters without control characters, or nothing."""
    plain = "".join(letter for letter in said if letter == "\n" or unicodedata.category(letter) != "Cc").strip()
    return plain[:LONGEST_TEXT] if len(plain) >= SHORTEST_TEXT else ""


def description_of(listing: Listing) -> str:
    """What the kind and the needs say of a service that nobody described."""
    needs = ", ".join(str(Need(need).label) for need in listing.needs)
    return f"{listing.kind.label} : {needs}." if needs else f"{listing.kind.label}."


def last_change(day: date) -> str:
    """Day in Paris, never later than today: the schema refuses the future, and its machines may live on UTC."""
    return min(day, today()).isoformat()


def today() -> date:
    """Today in UTC: for an hour or two after midnight Paris is already in the future."""
    return datetime.now(UTC).date()


def publics(listing: Listing) -> list[str]:
    """Audiences in the schema's words; `publics_precisions` says the exact one."""
    limited = Rule.ONLY in {listing.age_rule, listing.gender_rule}
    audience = [
        code
        for code, applies in (
            ("femmes", listing.gender_rule == Rule.ONLY and Gender.FEMALE in listing.genders),
            ("jeunes", listing.age_rule == Rule.ONLY and is_young(listing.max_age)),
            ("familles", Need.FAMILLE in listing.needs),
            ("personnes-en-situation-durgence", not URGENT_NEEDS.isdisjoint(listing.needs)),
        )
        if applies
    ]
    return audience or ([] if limited else ["tous-publics"])


def is_young(oldest: int | None) -> bool:
    """Whether an age limit keeps everybody but the young away."""
    return oldest is not None and oldest <= OLDEST_YOUNG


def has_phone(listing: Listing) -> bool:
    """Whether one can call."""
    return bool(listing.first(AccessChannel.Kind.PHONE))


def by_professionals(listing: Listing) -> bool:
    """Whether only professionals can ask."""
    return listing.for_professionals or listing.on_referral_only


def says_times(expression: str) -> bool:
    """Whether hours are given: «Mo-Fr» alone would be read there as round the clock, which nobody said."""
    openings = expand(expression)
    return openings is None or all(opening.opens is not None for opening in openings)


def ways_of_receiving(listing: Listing) -> list[str]:
    """On the spot, at a distance, or both; nothing when nobody knows."""
    at_distance = listing.kind == Kind.HOTLINE or listing.first(AccessChannel.Kind.CHAT, AccessChannel.Kind.SMS)
    on_the_spot = listing.addresses or listing.confidential
    return [code for code, applies in (("a-distance", at_distance), ("en-presentiel", on_the_spot)) if applies]


def ways_in(listing: Listing) -> list[str]:
    """How one reaches the service; nobody is told to turn up without a street."""
    can_come = any(address.street for address in listing.addresses) and not by_professionals(listing)
    link = listing.first(AccessChannel.Kind.CHAT, AccessChannel.Kind.WEB)
    return [
        code
        for code, applies in (
            ("telephoner", has_phone(listing)),
            ("envoyer-un-courriel", listing.first(AccessChannel.Kind.EMAIL)),
            ("se-presenter", can_come),
            ("utiliser-lien-mobilisation", link),
        )
        if applies
    ]


def package(*, site: str) -> Iterator[str]:
    """Structures then services as one JSON object, piece by piece.

    A service whose organisation appeared after the structures were written waits for the next export, so that
    every structure_id leads somewhere.
    """
    written: set[UUID] = set()
    yield '{"structures": '
    yield from array(structures(written))
    yield ',\n"services": '
    yield from array(service(listing, site=site) for listing in listings.published() if listing.owner.id in written)
    yield "}\n"


def structures(written: set[UUID]) -> Iterator[Object]:
    """Every organisation that publishes; their identifiers are added to `written`."""
    for organisation in listings.publishing_organisations().iterator(chunk_size=listings.CHUNK):
        written.add(organisation.pk)
        yield structure(listings.owner_of(organisation))
