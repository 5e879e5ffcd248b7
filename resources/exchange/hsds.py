"""Open Referral HSDS 3.1: services, organisations, locations and taxonomies as its JSON schemas describe them."""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from resources.exchange import listing as listings
from resources.exchange.json_stream import Object, array, said
from resources.exchange.listing import Address, Contact, Listing, Owner
from resources.exchange.taxonomies import TAXONOMIES, TERMS, Taxonomy, Term, terms_of
from resources.exchange.weekly import expand
from resources.models import AccessChannel, Organisation, Place, Service, stable_uuid
from resources.vocabulary import DEPARTEMENTS, LANGUAGES, Rule

# With «3.1» alone the validator of Open Referral UK looks for a UK 3.1 document that does not exist; a version that
# is not a plain number makes it read our own openapi_url (standards: docs/open-data.md).
VERSION = "3.1.3"
PROFILE = "https://docs.openreferral.org/en/3.1/hsds/overview.html"
TERMS_PATH = "/api/hsds/taxonomy_terms"
PHONE_TYPES = {AccessChannel.Kind.PHONE.value: "voice", AccessChannel.Kind.SMS.value: "text"}
FORMAT_OF_HOURS = "OpenStreetMap opening_hours"


def service(listing: Listing) -> Object:
    """A service as lists carry it (compiled/service_list.json), with its organisation."""
    return said(
        id=str(listing.id),
        organization_id=str(listing.owner.id),
        name=listing.name,
        description=listing.description,
        url=listing.first(AccessChannel.Kind.WEB),
        email=listing.first(AccessChannel.Kind.EMAIL),
        status="temporarily closed" if listing.closed else "active",
        application_process=listing.access,
        fees_description={True: _("Gratuit."), False: _("Payant."), None: ""}[listing.free],
        eligibility_description=listing.eligibility,
        # A priority is not a limit: only strict ages are figures.
        minimum_age=listing.min_age if listing.age_rule == Rule.ONLY else None,
        maximum_age=listing.max_age if listing.age_rule == Rule.ONLY else None,
        assured_date=listing.verified_on and listing.verified_on.isoformat(),
        alert=listing.alert,
        last_modified=listing.updated_at.isoformat(),
        organization=organization(listing.owner),
    )


def full_service(listing: Listing, *, site: str) -> Object:
    """A service with everything that belongs to it (compiled/service.json)."""
    return service(listing) | said(
        additional_urls=additional_urls(listing, site=site),
        phones=phones(listing),
        schedules=schedules(listing),
        service_areas=service_areas(listing),
        service_at_locations=[offer(listing, address) for address in listing.addresses],
        languages=languages(listing),
        attributes=attributes(listing, site=site),
    )


def minimal_service(identifier: UUID, last_modified: datetime) -> Object:
    """What `minimal=true` asks for: which services exist, and since when they are as they are."""
    return {"id": str(identifier), "last_modified": last_modified.isoformat()}


def organization(owner: Owner) -> Object:
    """An organisation as lists carry it (compiled/organization_list.json); a description is compulsory there."""
    return said(id=str(owner.id), name=owner.name, description=owner.description or owner.name, website=owner.website)


def full_organization(organisation: Organisation, *, site: str) -> Object:
    """An organisation with its locations and its services; those must come from `organisations_with_services`."""
    owned = [listings.of(service) for service in organisation.services.all()]
    return organization(listings.owner_of(organisation)) | said(
        locations=[location(listing, address) for listing in owned for address in listing.addresses],
        services=[without_organization(full_service(listing, site=site)) for listing in owned],
    )


def without_organization(described: Object) -> Object:
    """A service inside its organisation does not repeat it."""
    return {name: value for name, value in described.items() if name != "organization"}


def organisations_with_services() -> QuerySet[Organisation]:
    """Organisations that publish, with their published services, in four queries."""
    published = Service.objects.published().complete().order_by("pk")
    return listings.publishing_organisations().prefetch_related(Prefetch("services", queryset=published))


def offer(listing: Listing, address: Address) -> Object:
    """A service at one of its places, inside that service."""
    return {
        "id": str(address.offer_id),
        "service_id": str(listing.id),
        "location_id": str(address.location_id),
        "location": location(listing, address),
    }


def service_at_location(listing: Listing, address: Address) -> Object:
    """A service at one of its places, as lists carry it (compiled/service_at_location_list.json)."""
    return offer(listing, address) | {"service": service(listing)}


def full_service_at_location(listing: Listing, address: Address, *, site: str) -> Object:
    """The same with everything that belongs to the service."""
    return (
        offer(listing, address)
        | said(phones=phones(listing), schedules=schedules(listing), service_areas=service_areas(listing))
        | {"service": full_service(listing, site=site)}
    )


def published_places() -> QuerySet[Place]:
    """Places of published services where anybody may come; each leads to its complete service."""
    return (
        Place.objects.filter(confidential=False, commune__isnull=False, service__status=Service.Status.PUBLISHED)
        .order_by("pk")
        .prefetch_related(Prefetch("service", queryset=Service.objects.published().complete()))
    )


def at_place(place: Place) -> tuple[Listing, Address]:
    """A place of `published_places` as its service shows it."""
    listing = listings.of(place.service)
    open_places = sorted(
        other.pk for other in place.service.places.all() if not other.confidential and other.commune is not None
    )
    return listing, listing.addresses[open_places.index(place.pk)]


def location(listing: Listing, address: Address) -> Object:
    """A place; the centre of a commune is never passed off as its point, and HSDS refuses an address in part."""
    whole = bool(address.street and address.postcode)
    latitude, longitude = address.point or (None, None)
    return said(
        id=str(address.location_id),
        location_type="physical",
        organization_id=str(listing.owner.id),
        name=address.commune,
        description=address.street if not whole else "",
        latitude=latitude,
        longitude=longitude,
        external_identifier=address.insee,
        external_identifier_type="INSEE",
        addresses=[postal_address(address)] if whole else [],
    )


def postal_address(address: Address) -> Object:
    """Street, postcode and commune, all known."""
    return {
        "id": str(stable_uuid("address", str(address.location_id))),
        "location_id": str(address.location_id),
        "address_1": address.street,
        "city": address.commune,
        "region": "Île-de-France",
        "state_province": DEPARTEMENTS[address.departement],
        "postal_code": address.postcode,
        "country": "FR",
        "address_type": "physical",
    }


def phones(listing: Listing) -> list[Object]:
    """Numbers to call or to write to."""
    return [
        said(
            id=str(contact.id),
            service_id=str(listing.id),
            number=listings.international(contact.value),
            type=PHONE_TYPES[contact.kind],
            description=contact.note,
        )
        for contact in listing.contacts
        if contact.kind in PHONE_TYPES
    ]


def additional_urls(listing: Listing, *, site: str) -> list[Object]:
    """Chats, further sites, and the page of the service on our site."""
    kinds = {AccessChannel.Kind.CHAT.value, AccessChannel.Kind.WEB.value}
    sites = [contact for contact in listing.contacts if contact.kind in kinds]
    first = next((contact for contact in sites if contact.kind == AccessChannel.Kind.WEB), None)
    urls = [additional_url(listing, contact) for contact in sites if contact is not first]
    if site:
        page = stable_uuid("url", str(listing.id), "page")
        urls.append({"id": str(page), "service_id": str(listing.id), "label": "Éclaircie", "url": listing.page(site)})
    return urls


def additional_url(listing: Listing, contact: Contact) -> Object:
    """A web address beside the first one."""
    label = contact.note or str(AccessChannel.Kind(contact.kind).label)
    return {"id": str(contact.id), "service_id": str(listing.id), "label": label, "url": contact.value}


def schedules(listing: Listing) -> list[Object]:
    """Weekly ranges when the hours are that simple; each repeats the whole expression, in Paris time."""
    if not listing.opening_hours:
        return []
    shared = {
        "service_id": str(listing.id),
        "description": listing.opening_hours,
        "notes": f"{FORMAT_OF_HOURS}, Europe/Paris",
    }
    openings = expand(listing.opening_hours)
    if not openings:
        return [{"id": str(stable_uuid("schedule", str(listing.id))), **shared}]
    return [
        said(
            id=str(stable_uuid("schedule", str(listing.id), byday(opening.days), opening.opens or "")),
            freq="WEEKLY",
            wkst="MO",
            byday=byday(opening.days),
            opens_at=opening.opens,
            closes_at=opening.closes,
            **shared,
        )
        for opening in openings
    ]


def byday(days: Iterable[str]) -> str:
    """Days as iCalendar writes them: «MO,TU»."""
    return ",".join(day.upper() for day in days)


def service_areas(listing: Listing) -> list[Object]:
    """Where it works: the region, or its départements; nothing when that is not public."""
    if listing.whole_region:
        return [service_area(listing, "Île-de-France", "region/11")]
    return [service_area(listing, DEPARTEMENTS[code], f"departement/{code}") for code in listing.departements]


def service_area(listing: Listing, name: str, path: str) -> Object:
    """An area of the official geographic code (INSEE)."""
    return {
        "id": str(stable_uuid("service_area", str(listing.id), path)),
        "service_id": str(listing.id),
        "name": name,
        "uri": f"http://id.insee.fr/geo/{path}",
    }


def languages(listing: Listing) -> list[Object]:
    """Languages known to be spoken."""
    return [
        {
            "id": str(stable_uuid("language", str(listing.id), code)),
            "service_id": str(listing.id),
            "name": LANGUAGES[code],
            "code": code,
        }
        for code in listing.languages
    ]


def attributes(listing: Listing, *, site: str) -> list[Object]:
    """The terms that classify it, in every taxonomy."""
    return [
        {
            "id": str(stable_uuid("attribute", str(listing.id), str(term.id))),
            "link_id": str(listing.id),
            "link_type": "service",
            "link_entity": "service",
            "taxonomy_term_id": str(term.id),
            "label": str(term.name),
            "taxonomy_term": taxonomy_term(term, site=site),
        }
        for term in terms_of(listing.needs, listing.kind)
    ]


def taxonomy(of: Taxonomy) -> Object:
    """A classification."""
    return said(id=str(of.id), name=str(of.name), description=str(of.description), uri=of.uri)


def taxonomy_term(term: Term, *, site: str) -> Object:
    """A term; those of others have no address of ours."""
    return said(
        id=str(term.id),
        code=term.code,
        name=str(term.name),
        description=str(term.description),
        parent_id=term.parent_id and str(term.parent_id),
        taxonomy=str(term.taxonomy.name),
        taxonomy_id=str(term.taxonomy.id),
        language=term.taxonomy.language,
        term_uri=f"{site}{TERMS_PATH}/{term.id}" if site and not term.taxonomy.uri else "",
    )


def full_taxonomy_term(term: Term, *, site: str) -> Object:
    """A term with its taxonomy."""
    return taxonomy_term(term, site=site) | {"taxonomy_detail": taxonomy(term.taxonomy)}


def package(*, site: str) -> Iterator[str]:
    """The whole directory as one JSON object, piece by piece; each member is a list that HSDS has a schema for."""
    head = {"version": VERSION, "profile": PROFILE, "generated": timezone.now().isoformat()}
    yield json.dumps(head).removesuffix("}")
    members: dict[str, Callable[[], Iterable[Object]]] = {
        "services": lambda: (full_service(listing, site=site) for listing in listings.published()),
        "organizations": lambda: (
            organization(listings.owner_of(organisation))
            for organisation in listings.publishing_organisations().iterator(chunk_size=listings.CHUNK)
        ),
        "service_at_locations": lambda: (
            offer(listing, address) for listing in listings.published() for address in listing.addresses
        ),
        "taxonomies": lambda: map(taxonomy, TAXONOMIES),
        "taxonomy_terms": lambda: (taxonomy_term(term, site=site) for term in TERMS),
    }
    for name, objects in members.items():
        yield f',\n"{name}": '
        yield from array(objects())
    yield "}\n"
