"""Places of the directory as GeoJSON (RFC 7946): a point only where it is public, and said how precise it is."""

from collections.abc import Iterator

from resources.exchange import listing as listings
from resources.exchange.json_stream import Object, array, said
from resources.exchange.listing import Address, Listing
from resources.models import AccessChannel


def features(listing: Listing, *, site: str) -> list[Object]:
    """One feature a public place; a service without any has one, with no geometry.

    `precision` is «place» (the place's own point), «commune» (the centre of its commune) or absent (no point):
    a confidential place never has a point, not even its département's.
    """
    if not listing.addresses:
        return [feature(str(listing.id), None, properties(listing, site=site))]
    return [
        feature(
            str(address.offer_id),
            point(address),
            properties(listing, site=site) | where(address),
        )
        for address in listing.addresses
    ]


def feature(identifier: str, geometry: Object | None, members: Object) -> Object:
    """A GeoJSON feature."""
    return {"type": "Feature", "id": identifier, "geometry": geometry, "properties": members}


def point(address: Address) -> Object:
    """Longitude first, as RFC 7946 wants."""
    latitude, longitude = address.point or address.centre
    return {"type": "Point", "coordinates": [longitude, latitude]}


def where(address: Address) -> Object:
    """Which place it is, and what its point is worth."""
    return said(
        precision="place" if address.point else "commune",
        commune=address.commune,
        commune_code=address.insee,
        address=address.street,
        postcode=address.postcode,
    )


def properties(listing: Listing, *, site: str) -> Object:
    """What a map says of a service."""
    return said(
        service_id=str(listing.id),
        page=listing.page(site) if site else "",
        name=listing.name,
        organisation=listing.owner.name,
        kind=listing.kind.value,
        needs=list(listing.needs),
        description=listing.description,
        departements=list(listing.departements),
        phones=listing.values(AccessChannel.Kind.PHONE),
        sms=listing.values(AccessChannel.Kind.SMS),
        websites=listing.values(AccessChannel.Kind.WEB),
        chats=listing.values(AccessChannel.Kind.CHAT),
        opening_hours=listing.opening_hours,
        address_confidential=listing.confidential,
        verified_on=listing.verified_on and listing.verified_on.isoformat(),
    )


def collection(*, site: str) -> Iterator[str]:
    """The whole directory as one FeatureCollection, piece by piece."""
    yield '{"type": "FeatureCollection", "features": '
    yield from array(feature for listing in listings.published() for feature in features(listing, site=site))
    yield "}\n"
