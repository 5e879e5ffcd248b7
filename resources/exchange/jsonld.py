"""A service as schema.org's vocabulary describes it, for the machines that read its page."""

import re
from urllib.parse import urlsplit

import phonenumbers

from resources.exchange import listing as listings
from resources.exchange.json_stream import Object, said
from resources.exchange.listing import Address, Contact, Listing, international
from resources.exchange.weekly import Opening, expand
from resources.models import AccessChannel, Service
from resources.vocabulary import DEPARTEMENTS, Gender, Need, Rule

CONTEXT = "https://schema.org"
DAY_NAMES = {
    "Mo": "Monday",
    "Tu": "Tuesday",
    "We": "Wednesday",
    "Th": "Thursday",
    "Fr": "Friday",
    "Sa": "Saturday",
    "Su": "Sunday",
}
# What schema.org calls each way in; mail has no place there and goes to the provider.
CHANNELS = {
    AccessChannel.Kind.PHONE.value: "servicePhone",
    AccessChannel.Kind.SMS.value: "serviceSmsNumber",
    AccessChannel.Kind.WEB.value: "serviceUrl",
    AccessChannel.Kind.CHAT.value: "serviceUrl",
}
# Names and sites that only public bodies bear in France; an emergency number is public too.
PUBLIC_BODY = re.compile(
    r"(Département|Ministère|Préfecture|Tribunal|Parquet|Police|Gendarmerie|Ville de|État|ARS|CDAD"
    r"|Défenseur des droits)\b"
)
PUBLIC_SITE = re.compile(r"(^|\.)(gouv|justice)\.fr$")


def describe(service: Service, *, url: str) -> Object:
    """JSON-LD of a published service; `url` is the absolute address of the page that carries it.

    GovernmentService when a public body answers for it, Service otherwise (EmergencyService is a fire station, and
    these types have neither telephone nor openingHours: numbers go through ServiceChannel). Unknown facts, and the
    place of a confidential service, are absent. The caller escapes it for HTML. Raises NotPublic.
    """
    listing = listings.of(service)
    public = is_public_body(listing)
    return {"@context": CONTEXT} | said(
        **{"@type": "GovernmentService" if public else "Service", "@id": url},
        url=url,
        name=listing.name,
        description=listing.description,
        serviceType=str(listing.kind.label),
        category=[str(Need(need).label) for need in listing.needs],
        provider=provider(listing, public=public),
        areaServed=areas(listing),
        audience=audience(listing),
        availableChannel=channels(listing),
        hoursAvailable=hours(listing),
        offers={"@type": "Offer", "price": 0, "priceCurrency": "EUR"} if listing.free else None,
    )


def is_public_body(listing: Listing) -> bool:
    """Whether the State, a département or the like answers for it, as far as names and sites tell."""
    return (
        listing.emergency
        or PUBLIC_BODY.match(listing.owner.name) is not None
        or any(PUBLIC_SITE.search(urlsplit(site).hostname or "") for site in listing.values(AccessChannel.Kind.WEB))
    )


def provider(listing: Listing, *, public: bool) -> Object:
    """Who answers for it."""
    return said(
        **{"@type": "GovernmentOrganization" if public else "Organization"},
        name=listing.owner.name,
        url=listing.owner.website,
        contactPoint=[{"@type": "ContactPoint", "email": mail} for mail in listing.values(AccessChannel.Kind.EMAIL)],
    )


def areas(listing: Listing) -> list[Object]:
    """Where it works."""
    names = ["Île-de-France"] if listing.whole_region else [DEPARTEMENTS[code] for code in listing.departements]
    return [{"@type": "AdministrativeArea", "name": name} for name in names]


def audience(listing: Listing) -> Object | None:
    """For whom, when it is a limit and not a priority."""
    only_ages, only_genders = listing.age_rule == Rule.ONLY, listing.gender_rule == Rule.ONLY
    limits = said(
        suggestedMinAge=listing.min_age if only_ages else None,
        suggestedMaxAge=listing.max_age if only_ages else None,
        # The vocabulary knows male and female: anything wider is left out rather than narrowed.
        suggestedGender=listing.genders[0].value
        if only_genders and listing.genders in {(Gender.FEMALE,), (Gender.MALE,)}
        else None,
    )
    return {"@type": "PeopleAudience", **limits} if limits else None


def channels(listing: Listing) -> list[Object]:
    """Every public way in."""
    return [
        *(channel(listing, contact) for contact in listing.contacts if contact.kind in CHANNELS),
        *(said(**{"@type": "ServiceChannel"}, serviceLocation=place(address)) for address in listing.addresses),
    ]


def channel(listing: Listing, contact: Contact) -> Object:
    """A number, a site or a chat."""
    number = contact.kind in {AccessChannel.Kind.PHONE, AccessChannel.Kind.SMS}
    return said(
        **{"@type": "ServiceChannel"},
        name=contact.note,
        availableLanguage=list(listing.languages),
        **{CHANNELS[contact.kind]: phone(contact) if number else contact.value},
    )


def phone(contact: Contact) -> Object:
    """A number to call or to write to; a call is said to be free only when its numbering plan says so."""
    return said(
        **{"@type": "ContactPoint"},
        telephone=international(contact.value),
        contactOption="https://schema.org/TollFree" if is_toll_free(contact.value) else "",
    )


def is_toll_free(number: str) -> bool:
    """Whether calling it costs nothing (0 800, 0 805, emergency and European social numbers)."""
    parsed = phonenumbers.parse(number, "FR")
    if phonenumbers.is_valid_short_number_for_region(parsed, "FR"):
        return phonenumbers.expected_cost_for_region(parsed, "FR") == phonenumbers.ShortNumberCost.TOLL_FREE
    return phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.TOLL_FREE


def place(address: Address) -> Object:
    """A place where anybody may come."""
    node = {
        "@type": "Place",
        "address": said(
            **{"@type": "PostalAddress"},
            streetAddress=address.street,
            postalCode=address.postcode,
            addressLocality=address.commune,
            addressRegion=DEPARTEMENTS[address.departement],
            addressCountry="FR",
        ),
    }
    if address.point:
        latitude, longitude = address.point
        node["geo"] = {"@type": "GeoCoordinates", "latitude": latitude, "longitude": longitude}
    return node


def hours(listing: Listing) -> list[Object]:
    """Weekly ranges; nothing when days are known without times, because «no opens» would mean closed."""
    openings = expand(listing.opening_hours) or []
    if any(opening.opens is None for opening in openings):
        return []
    return [opening_hours(opening) for opening in openings]


def opening_hours(opening: Opening) -> Object:
    """One range of some days."""
    return {
        "@type": "OpeningHoursSpecification",
        "dayOfWeek": [f"https://schema.org/{DAY_NAMES[day]}" for day in opening.days],
        "opens": opening.opens,
        "closes": opening.closes,
    }
