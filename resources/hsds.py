"""The HSDS 3.1 API below /api/hsds (contract.md §3): read-only, without key, every parameter narrows (AND)."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache, wraps
from statistics import fmean as mean
from typing import Any, TypeVar
from uuid import UUID

from django.contrib.postgres.search import SearchQuery
from django.db.models import Exists, FloatField, OuterRef, QuerySet, Value
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import ACos, Coalesce, Cos, Greatest, Least, Radians, Sin
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.decorators import api_view, content_negotiation_class, permission_classes
from rest_framework.exceptions import ValidationError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from resources.exchange import hsds
from resources.exchange import listing as listings
from resources.exchange.json_stream import Object, array, line, said
from resources.exchange.listing import Address, site_of
from resources.exchange.taxonomies import (
    TAXONOMIES,
    TAXONOMY_BY_ID,
    TERM_BY_ID,
    TERMS,
    Taxonomy,
    Term,
    services_under_taxonomy,
    services_under_term,
)
from resources.geography import EARTH_RADIUS_KM, gazetteer
from resources.models import Commune, Organisation, Place, Service, ServiceQuerySet
from resources.moved import standing_for
from resources.text import fold

USUAL_PAGE = 50
LARGEST_PAGE = 1000
FURTHEST_PAGE = 1_000_000
LONGEST_SEARCH = 200
FURTHEST_METRES = 500_000
NDJSON = "ndjson"
ARRONDISSEMENT = "arrondissement-municipal"
SCHEMAS = "https://raw.githubusercontent.com/openreferral/specification/3.1/schema"
# A plus sign that nobody encoded arrives as a space: «2026-01-01T00:00:00 02:00».
LOST_PLUS = re.compile(r"(?<=[\d.]) (?=\d\d:?\d\d$)")

Row = TypeVar("Row")
View = Callable[..., HttpResponseBase]
Parameters = type[serializers.Serializer[Any]]
Shape = serializers.Serializer[Any]


# --- what may be asked ---------------------------------------------------------------------------------------------


class Moment(serializers.DateTimeField):
    """A day or a moment; without offset, Paris."""

    def to_internal_value(self, value: datetime | str) -> datetime:
        """Read it, mending a lost plus sign."""
        try:
            return super().to_internal_value(LOST_PLUS.sub("+", value) if isinstance(value, str) else value)
        except OverflowError:
            self.fail("overflow")


class ListParameters(serializers.Serializer[Any]):
    """Parameters of every list."""

    page = serializers.IntegerField(min_value=1, max_value=FURTHEST_PAGE, default=1, help_text="La première est 1.")
    per_page = serializers.IntegerField(min_value=1, max_value=LARGEST_PAGE, default=USUAL_PAGE)
    format = serializers.ChoiceField(["json", NDJSON], default="json", help_text="ndjson : tout, un objet par ligne.")
    search = serializers.CharField(
        max_length=LONGEST_SEARCH, allow_blank=True, default="", help_text="Recherche dans le texte."
    )


class OrganizationParameters(ListParameters):
    """Parameters of /organizations."""

    full = serializers.BooleanField(default=False, help_text="Avec lieux et services.")
    full_service = serializers.BooleanField(default=False, help_text="Comme full.")
    taxonomy_term_id = serializers.UUIDField(required=False)
    taxonomy_id = serializers.UUIDField(required=False)


class PlaceParameters(ListParameters):
    """Parameters of /service_at_locations."""

    full = serializers.BooleanField(default=False, help_text="Avec tout ce que contient le service.")
    taxonomy_term_id = serializers.UUIDField(required=False)
    taxonomy_id = serializers.UUIDField(required=False)
    organization_id = serializers.UUIDField(required=False)
    modified_after = Moment(required=False, help_text="Modifiés à cet instant ou après.")
    postcode = serializers.RegexField(r"^\d{5}$", required=False, help_text="Code postal couvert par le service.")
    proximity = serializers.IntegerField(
        min_value=0,
        max_value=FURTHEST_METRES,
        required=False,
        help_text="Distance au centre de postcode, en mètres ; demande postcode.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A distance is counted from somewhere."""
        if "proximity" in attrs and "postcode" not in attrs:
            raise ValidationError({"postcode": ["required"]}, code="required")
        return attrs


class ServiceParameters(PlaceParameters):
    """Parameters of /services."""

    minimal = serializers.BooleanField(
        default=False, help_text="Identifiants et dates seulement, en une page sauf demande contraire."
    )


class TermParameters(ListParameters):
    """Parameters of /taxonomy_terms."""

    taxonomy_id = serializers.UUIDField(required=False)
    parent_id = serializers.UUIDField(required=False)
    top_only = serializers.BooleanField(default=False, help_text="Seulement les termes sans parent.")


class DetailParameters(serializers.Serializer[Any]):
    """Parameters of one organisation."""

    full_service = serializers.BooleanField(default=True, help_text="Avec les services.")


def read(parameters: Parameters, request: Request) -> dict[str, Any]:
    """Parameters that were asked, checked; empty ones count as absent, unknown ones are ignored.

    Raises ValidationError.
    """
    given = {name: value for name, value in request.query_params.dict().items() if value.strip()}
    serializer = parameters(data=given)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


# --- how an answer leaves ------------------------------------------------------------------------------------------


class NotHere(LookupError):
    """No such object, or none that is public."""


class Elsewhere(LookupError):
    """The object was merged into another one, which is public; `now` is where."""

    def __init__(self, now: str) -> None:
        super().__init__(now)
        self.now = now


class AlwaysTheSame(BaseContentNegotiation):
    """One representation whatever is accepted: `format` says which, as HSDS wants."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:  # noqa: ARG002
        """The only one."""
        return next(iter(parsers), None)

    def select_renderer(
        self,
        request: Request,  # noqa: ARG002
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,  # noqa: ARG002
    ) -> tuple[BaseRenderer, str]:
        """The only one."""
        first = next(iter(renderers))
        return first, first.media_type or "application/json"


# Which parameters are wrong, and in what way; never their value.
REFUSED = inline_serializer(
    "Refused", {"errors": serializers.DictField(child=serializers.ListField(child=serializers.CharField()))}
)


def one(name: str, schema: str) -> Shape:
    """Shape of one object, for the OpenAPI document: its schema is the official one."""
    return inline_serializer(f"Hsds{name}", {"id": serializers.UUIDField(help_text=f"{SCHEMAS}/{schema}")})


def page_of(name: str, schema: str) -> Shape:
    """Shape of a page of objects, for the OpenAPI document."""
    return inline_serializer(
        f"Hsds{name}Page",
        {
            "total_items": serializers.IntegerField(),
            "total_pages": serializers.IntegerField(),
            "page_number": serializers.IntegerField(),
            "size": serializers.IntegerField(help_text="Objets dans cette page."),
            "first_page": serializers.BooleanField(),
            "last_page": serializers.BooleanField(),
            "empty": serializers.BooleanField(),
            "contents": serializers.ListField(child=serializers.DictField(), help_text=f"{SCHEMAS}/{schema}"),
        },
    )


def endpoint(
    operation_id: str,
    *,
    answers: Shape,
    parameters: Parameters | None = None,
    identified: bool = False,
) -> Callable[[View], View]:
    """Make a function an endpoint that anybody may read, described in the OpenAPI document.

    `identified`: the address ends with an identifier, which the function gets as a UUID after the request.
    """
    asked: list[Any] = [parameters] if parameters else []
    responses: dict[int, Any] = {200: answers}
    if parameters:
        responses[400] = REFUSED
    if identified:
        asked.append(OpenApiParameter("id", OpenApiTypes.UUID, OpenApiParameter.PATH))
        responses[404] = REFUSED

    def decorate(view: View) -> View:
        def answered(request: Request, **where: str) -> HttpResponseBase:
            try:
                return view(request, *map(identifier, where.values()))
            except ValidationError as error:
                return Response({"errors": error.get_codes()}, status=400)
            except NotHere:
                return Response({"errors": {"id": ["not_found"]}}, status=404)
            except Elsewhere as merged:
                return Response(
                    {"errors": {"id": ["merged"]}, "moved_to": merged.now},
                    status=301,
                    headers={"Location": merged.now},
                )

        named: View = wraps(view)(answered)
        opened = permission_classes([AllowAny])(content_negotiation_class(AlwaysTheSame)(named))
        documented = extend_schema(operation_id=operation_id, tags=["hsds"], parameters=asked, responses=responses)
        return documented(api_view(["GET"])(opened))

    return decorate


def identifier(text: str) -> UUID:
    """Identifier at the end of an address. Raises NotHere when it is none."""
    try:
        return UUID(text)
    except ValueError as error:
        raise NotHere(text) from error


def answer(rows: QuerySet[Any, Row], asked: dict[str, Any], describe: Callable[[Row], Object]) -> HttpResponseBase:
    """Rows as a page of the HSDS kind, or all of them one a line."""
    if asked["format"] == NDJSON:
        return ndjson(describe(row) for row in rows.iterator(chunk_size=listings.CHUNK))
    first = (asked["page"] - 1) * asked["per_page"]
    total = rows.count()
    return Response(page([describe(row) for row in rows[first : first + asked["per_page"]]], total=total, asked=asked))


def answer_from_memory(objects: Sequence[Object], asked: dict[str, Any]) -> HttpResponseBase:
    """The same for the few objects that are not in the database."""
    if asked["format"] == NDJSON:
        return ndjson(objects)
    first = (asked["page"] - 1) * asked["per_page"]
    return Response(page(objects[first : first + asked["per_page"]], total=len(objects), asked=asked))


def page(contents: Sequence[Object], *, total: int, asked: dict[str, Any]) -> Object:
    """The page object of the HSDS API reference, all seven members and the contents."""
    pages = math.ceil(total / asked["per_page"])
    return {
        "total_items": total,
        "total_pages": pages,
        "page_number": asked["page"],
        "size": len(contents),
        "first_page": asked["page"] == 1,
        "last_page": asked["page"] >= pages,
        "empty": not contents,
        "contents": contents,
    }


def ndjson(objects: Iterable[Object]) -> StreamingHttpResponse:
    """Every object on a line of its own, sent as it is read."""
    return StreamingHttpResponse((f"{line(described)}\n" for described in objects), content_type="application/x-ndjson")


def single_page(objects: Iterable[Object]) -> Iterator[str]:
    """One page of everything; what is counted comes after what was counted, so that it is true at any moment."""
    total = 0

    def counted() -> Iterator[Object]:
        nonlocal total
        for described in objects:
            total += 1
            yield described

    yield '{"contents": '
    yield from array(counted())
    rest = {
        "total_items": total,
        "total_pages": min(total, 1),
        "page_number": 1,
        "size": total,
        "first_page": True,
        "last_page": True,
        "empty": total == 0,
    }
    yield ", " + line(rest).removeprefix("{")


# --- which rows are asked ------------------------------------------------------------------------------------------


def services_asked(asked: dict[str, Any]) -> ServiceQuerySet:
    """Published services that every given parameter keeps; where they are is `places_asked`."""
    rows = Service.objects.published()
    if asked["search"]:
        rows = rows.filter(document=SearchQuery(asked["search"], config="fr_folded", search_type="websearch"))
    if "taxonomy_term_id" in asked:
        rows = rows.filter(services_under_term(asked["taxonomy_term_id"]))
    if "taxonomy_id" in asked:
        rows = rows.filter(services_under_taxonomy(asked["taxonomy_id"]))
    if "organization_id" in asked:
        rows = rows.filter(organisation=asked["organization_id"])
    if "modified_after" in asked:
        rows = rows.filter(updated_at__gte=asked["modified_after"])
    if "postcode" in asked:
        communes = communes_of(asked["postcode"])
        rows = rows.covering(communes[0].departement) if communes else rows.none()
    return rows


def places_asked(asked: dict[str, Any]) -> QuerySet[Place]:
    """Public places, those within `proximity` metres of the centre of `postcode` when it is given.

    A place without a point of its own counts as the centre of its commune.
    """
    rows = hsds.published_places()
    if "proximity" not in asked:
        return rows
    communes = communes_of(asked["postcode"])
    if not communes:
        return rows.none()
    return rows.alias(metres=metres_from(communes)).filter(metres__lte=asked["proximity"])


def communes_of(postcode: str) -> list[Commune]:
    """Communes of the region that share a postcode; for Paris its arrondissement, not the whole town."""
    communes = gazetteer().by_postcode.get(postcode, [])
    return [commune for commune in communes if commune.kind == ARRONDISSEMENT] or communes


def metres_from(communes: Sequence[Commune]) -> CombinedExpression:
    """Distance of a place to the middle of communes, on the ground (spherical law of cosines; decimetres near zero)."""
    latitude = Radians(Coalesce("latitude", "commune__latitude"))
    longitude = Radians(Coalesce("longitude", "commune__longitude"))
    north = math.radians(mean(commune.latitude for commune in communes))
    east = Value(math.radians(mean(commune.longitude for commune in communes)), output_field=FloatField())
    cosine = Sin(latitude) * Value(math.sin(north)) + Cos(latitude) * Value(math.cos(north)) * Cos(longitude - east)
    return ACos(Least(Greatest(cosine, Value(-1.0)), Value(1.0))) * Value(EARTH_RADIUS_KM * 1000)


def organisations_asked(asked: dict[str, Any]) -> QuerySet[Organisation]:
    """Organisations that publish a service under the given terms, and whose name holds the words searched."""
    rows = hsds.organisations_with_services() if is_full(asked) else listings.publishing_organisations()
    if asked["search"]:
        rows = rows.filter(name__unaccent__icontains=asked["search"])
    terms = said(taxonomy_term_id=asked.get("taxonomy_term_id"), taxonomy_id=asked.get("taxonomy_id"))
    if terms:
        rows = rows.filter(Exists(services_asked({"search": "", **terms}).filter(organisation=OuterRef("pk"))))
    return rows


def is_full(asked: dict[str, Any]) -> bool:
    """Both names mean the same: an organisation is fully nested when its services are."""
    return bool(asked["full"] or asked["full_service"])


def holds(asked: dict[str, Any], *texts: object) -> bool:
    """Whether the words searched stand in one of these texts."""
    return fold(asked["search"]) in fold(" ".join(map(str, texts)))


# --- endpoints -----------------------------------------------------------------------------------------------------


@endpoint(
    "hsds_root",
    answers=inline_serializer(
        "HsdsRoot",
        {
            "version": serializers.CharField(),
            "profile": serializers.URLField(),
            "openapi_url": serializers.URLField(),
            "description": serializers.CharField(),
            "publisher": serializers.DictField(child=serializers.CharField()),
        },
    ),
)
def root(request: Request) -> Response:
    """Which version of HSDS this is, and where its OpenAPI document stands."""
    site = site_of(request)
    return Response(
        {
            "version": hsds.VERSION,
            "profile": hsds.PROFILE,
            "openapi_url": site + reverse("api:hsds_openapi"),
            "description": DESCRIPTION,
            "publisher": {"name": "Éclaircie", "website": f"{site}/"},
        }
    )


@endpoint("hsds_services", parameters=ServiceParameters, answers=page_of("Service", "compiled/service_list.json"))
def services(request: Request) -> HttpResponseBase:
    """Published services."""
    asked = read(ServiceParameters, request)
    rows = services_asked(asked).order_by("pk")
    if "proximity" in asked:
        rows = rows.filter(Exists(places_asked(asked).filter(service=OuterRef("pk"))))
    if asked["minimal"]:
        return minimal(rows, asked, paged=not {"page", "per_page"}.isdisjoint(request.query_params))
    site, full = site_of(request), asked["full"]

    def describe(row: Service) -> Object:
        listing = listings.of(row)
        return hsds.full_service(listing, site=site) if full else hsds.service(listing)

    return answer(rows.complete(), asked, describe)


def minimal(rows: ServiceQuerySet, asked: dict[str, Any], *, paged: bool) -> HttpResponseBase:
    """Identifiers and dates only: everything in one page unless pages were asked."""
    dated = rows.values_list("pk", "updated_at")
    if paged or asked["format"] == NDJSON:
        return answer(dated, asked, minimal_service)
    everything = map(minimal_service, dated.iterator(chunk_size=listings.CHUNK))
    return StreamingHttpResponse(single_page(everything), content_type="application/json")


def minimal_service(row: tuple[UUID, datetime]) -> Object:
    """One of them."""
    return hsds.minimal_service(*row)


@endpoint("hsds_service", answers=one("Service", "compiled/service.json"), identified=True)
def service(request: Request, wanted: UUID) -> Response:
    """One service with everything that belongs to it; 301 to the one that stays when it was merged."""
    row = Service.objects.published().complete().filter(pk=wanted).first()
    if row is None:
        stays = standing_for(pk=wanted)
        if stays is None:
            raise NotHere(wanted)
        raise Elsewhere(f"{site_of(request)}{reverse('api:hsds')}/services/{stays.pk}")
    return Response(hsds.full_service(listings.of(row), site=site_of(request)))


@endpoint(
    "hsds_organizations",
    parameters=OrganizationParameters,
    answers=page_of("Organization", "compiled/organization_list.json"),
)
def organizations(request: Request) -> HttpResponseBase:
    """Organisations that have a published service."""
    asked = read(OrganizationParameters, request)
    site, full = site_of(request), is_full(asked)

    def describe(row: Organisation) -> Object:
        return hsds.full_organization(row, site=site) if full else hsds.organization(listings.owner_of(row))

    return answer(organisations_asked(asked), asked, describe)


@endpoint(
    "hsds_organization",
    parameters=DetailParameters,
    answers=one("Organization", "compiled/organization.json"),
    identified=True,
)
def organization(request: Request, wanted: UUID) -> Response:
    """One organisation with its places, and its services unless `full_service=false`."""
    asked = read(DetailParameters, request)
    row = hsds.organisations_with_services().filter(pk=wanted).first()
    if row is None:
        raise NotHere(wanted)
    described = hsds.full_organization(row, site=site_of(request))
    if not asked["full_service"]:
        described.pop("services")
    return Response(described)


@endpoint(
    "hsds_service_at_locations",
    parameters=PlaceParameters,
    answers=page_of("ServiceAtLocation", "compiled/service_at_location_list.json"),
)
def service_at_locations(request: Request) -> HttpResponseBase:
    """Services at the places where anybody may come."""
    asked = read(PlaceParameters, request)
    rows = places_asked(asked).filter(service__in=services_asked(asked).values("pk"))
    site, full = site_of(request), asked["full"]

    def describe(row: Place) -> Object:
        listing, address = hsds.at_place(row)
        if full:
            return hsds.full_service_at_location(listing, address, site=site)
        return hsds.service_at_location(listing, address)

    return answer(rows, asked, describe)


@endpoint(
    "hsds_service_at_location", answers=one("ServiceAtLocation", "compiled/service_at_location.json"), identified=True
)
def service_at_location(request: Request, wanted: UUID) -> Response:
    """One service at one of its places, with everything that belongs to the service; 301 when the service was merged
    into one that receives in the same commune."""
    alike = Service.objects.complete().filter(pk__range=listings.service_ids_like(wanted))
    for service, address in offers(alike.published(), wanted):
        return Response(hsds.full_service_at_location(listings.of(service), address, site=site_of(request)))
    for gone, address in offers(alike.filter(merged_into__in=Service.objects.published()), wanted):
        stays = nearest(address, listings.of(Service.objects.complete().get(merged__pk=gone.pk)).addresses)
        if stays is not None:
            raise Elsewhere(f"{site_of(request)}{reverse('api:hsds')}/service_at_locations/{stays.offer_id}")
    raise NotHere(wanted)


def offers(services: ServiceQuerySet, wanted: UUID) -> Iterator[tuple[Service, Address]]:
    """The service and the place that have this identifier together: one pair at most."""
    for service in services:
        for address in listings.addresses_of(service, service.places.all()):
            if address.offer_id == wanted:
                yield service, address


def nearest(old: Address, others: Iterable[Address]) -> Address | None:
    """The place that takes over from an old one: in the same commune, in the same street if there is one."""
    there = [one for one in others if one.insee == old.insee]
    return min(there, key=lambda one: one.street != old.street, default=None)


@endpoint("hsds_taxonomies", parameters=ListParameters, answers=page_of("Taxonomy", "taxonomy.json"))
def taxonomies(request: Request) -> HttpResponseBase:
    """The classifications in use."""
    asked = read(ListParameters, request)
    found = [each for each in TAXONOMIES if holds(asked, each.name, each.description, each.code)]
    return answer_from_memory([hsds.taxonomy(each) for each in found], asked)


@endpoint("hsds_taxonomy", answers=one("Taxonomy", "taxonomy.json"), identified=True)
def taxonomy(_request: Request, wanted: UUID) -> Response:
    """One classification."""
    return Response(hsds.taxonomy(known(TAXONOMY_BY_ID, wanted)))


@endpoint("hsds_taxonomy_terms", parameters=TermParameters, answers=page_of("TaxonomyTerm", "taxonomy_term.json"))
def taxonomy_terms(request: Request) -> HttpResponseBase:
    """The terms in use."""
    asked = read(TermParameters, request)
    site = site_of(request)
    found = [term for term in TERMS if is_asked(term, asked)]
    return answer_from_memory([hsds.taxonomy_term(term, site=site) for term in found], asked)


def is_asked(term: Term, asked: dict[str, Any]) -> bool:
    """Whether every given parameter keeps a term."""
    return (
        holds(asked, term.name, term.description, term.code)
        and asked.get("taxonomy_id") in {None, term.taxonomy.id}
        and ("parent_id" not in asked or asked["parent_id"] == term.parent_id)
        and not (asked["top_only"] and term.parent)
    )


@endpoint("hsds_taxonomy_term", answers=one("TaxonomyTerm", "taxonomy_term.json"), identified=True)
def taxonomy_term(request: Request, wanted: UUID) -> Response:
    """One term with its taxonomy."""
    return Response(hsds.full_taxonomy_term(known(TERM_BY_ID, wanted), site=site_of(request)))


Known = TypeVar("Known", Taxonomy, Term)


def known(objects: dict[UUID, Known], wanted: UUID) -> Known:
    """Object of that identifier. Raises NotHere."""
    try:
        return objects[wanted]
    except KeyError as error:
        raise NotHere(wanted) from error


# --- the OpenAPI document of this API alone, with paths as HSDS writes them ----------------------------------------

DESCRIPTION = (
    "Annuaire Éclaircie au format Open Referral HSDS 3.1 : services vérifiés d’Île-de-France, "
    "moyens de contact publics seulement, aucun lieu confidentiel."
)


@extend_schema(exclude=True)
@api_view(["GET"])
@permission_classes([AllowAny])
@content_negotiation_class(AlwaysTheSame)
def openapi(request: Request) -> Response:
    """OpenAPI document of the HSDS API, as `openapi_url` of `/` promises."""
    return Response(document() | {"servers": [{"url": f"{site_of(request)}{reverse('api:hsds')}"}]})


@cache
def document() -> Object:
    """The document without its servers, made once in each process."""
    generator = SchemaGenerator(patterns=[path("", root), *ROUTES])  # type: ignore[no-untyped-call]
    schema: Object = generator.get_schema(public=True)  # type: ignore[no-untyped-call]
    return {**schema, "info": {**schema["info"], "title": "Éclaircie – HSDS", "description": DESCRIPTION}}


ROUTES = [
    path("openapi.json", openapi, name="hsds_openapi"),
    path("services", services),
    path("services/<str:id>", service),
    path("organizations", organizations),
    path("organizations/<str:id>", organization),
    path("service_at_locations", service_at_locations),
    path("service_at_locations/<str:id>", service_at_location),
    path("taxonomies", taxonomies),
    path("taxonomies/<str:id>", taxonomy),
    path("taxonomy_terms", taxonomy_terms),
    path("taxonomy_terms/<str:id>", taxonomy_term),
]
