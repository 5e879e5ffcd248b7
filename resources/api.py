"""The JSON questions that programs may ask the directory: search, needs, communes (contract.md §3)."""

from collections.abc import Mapping
from typing import IO, Any

from django.db import connection
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view, parser_classes, permission_classes
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import exception_handler

from resources.forms import InvalidQuery, read_query
from resources.models import AccessChannel, Commune
from resources.search import Answer, Found, search
from resources.text import fold
from resources.vocabulary import CODE_OF_NEED, Need

MOST_COMMUNES = 10
LONGEST_NAME = 60

_COMMUNES = """
SELECT insee FROM resources_commune
WHERE lower(unaccent(name)) LIKE %(prefix)s OR %(typed)s <%% translate(lower(unaccent(name)), '-''', '  ')
   OR EXISTS (SELECT 1 FROM unnest(postcodes) AS postcode WHERE postcode LIKE %(prefix)s)
ORDER BY translate(lower(unaccent(name)), '-''', '  ') = %(typed)s DESC,
         translate(lower(unaccent(name)), '-''', '  ') LIKE %(prefix)s DESC,
         word_similarity(%(typed)s, translate(lower(unaccent(name)), '-''', '  ')) DESC, population DESC, insee
LIMIT %(most)s
"""


class ShallowJSON(JSONParser):
    """JSON that is not nested thousands deep, which Python cannot read."""

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """What was sent. Raises ParseError."""
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise ParseError from error


class FoundService(serializers.Serializer[Found]):
    """One service of an answer."""

    slug = serializers.CharField()
    id = serializers.CharField(help_text="Identifiant court de la page du service.")
    name = serializers.CharField()
    organisation = serializers.CharField()
    kind = serializers.CharField()
    needs = serializers.ListField(child=serializers.CharField())
    departements = serializers.ListField(child=serializers.CharField())
    phones = serializers.ListField(child=serializers.CharField())
    sms = serializers.ListField(child=serializers.CharField())
    website = serializers.CharField(allow_null=True)
    emergency = serializers.BooleanField()
    open = serializers.BooleanField(allow_null=True, help_text="null : horaires inconnus.")
    distance_km = serializers.FloatField(allow_null=True)
    verified_on = serializers.DateField()
    reasons = serializers.ListField(child=serializers.CharField())


class SearchAnswer(serializers.Serializer[Answer]):
    """What the directory answers."""

    results = FoundService(many=True)
    total = serializers.IntegerField(help_text="Compté jusqu’à 1 000.")
    total_is_exact = serializers.BooleanField()
    emergency = serializers.ListField(child=serializers.CharField(), max_length=6)
    did_you_mean = serializers.CharField(allow_null=True)


class SearchQuestion(serializers.Serializer[Any]):
    """What may be asked; every member is optional."""

    q = serializers.CharField(required=False)
    need = serializers.ListField(child=serializers.ChoiceField(choices=Need.choices), required=False)
    near = serializers.CharField(required=False, help_text="Code postal, code INSEE ou commune.")
    departement = serializers.CharField(required=False)
    age = serializers.CharField(required=False, help_text="Âge en années ou tranche (15-17…).")
    gender = serializers.CharField(required=False)
    language = serializers.CharField(required=False, help_text="ISO 639-1.")
    open_at = serializers.CharField(required=False, help_text="Date et heure ISO 8601, ou «now».")
    page = serializers.IntegerField(required=False, min_value=1)
    per_page = serializers.IntegerField(required=False, min_value=1, max_value=100)


def _parameter(name: str, kind: OpenApiTypes = OpenApiTypes.STR, *, many: bool = False) -> OpenApiParameter:
    return OpenApiParameter(name, kind, OpenApiParameter.QUERY, many=many, description="")


@extend_schema(
    methods=["GET"],
    operation_id="search",
    parameters=[
        _parameter("need", many=True),
        *(_parameter(name) for name in ("q", "near", "departement", "age", "gender", "language", "open_at")),
        _parameter("page", OpenApiTypes.INT),
        _parameter("per_page", OpenApiTypes.INT),
    ],
    responses=SearchAnswer,
)
@extend_schema(
    methods=["POST"],
    operation_id="search_by_post",
    request=SearchQuestion,
    responses=SearchAnswer,
    examples=[OpenApiExample("Une phrase", {"q": "avocat bobigny", "age": "15-17"}, request_only=True)],
)
@api_view(["GET", "POST"])
@permission_classes([AllowAny])
@parser_classes([ShallowJSON])
def search_services(request: Request) -> Response:
    """Services for a question, best first; POST keeps the words out of addresses and logs."""
    asked = request.query_params if request.method == "GET" else request.data
    if not isinstance(asked, Mapping):
        return Response({"errors": {"body": ["invalid"]}}, status=400)
    try:
        query = read_query(asked)
    except InvalidQuery as invalid:
        return Response({"errors": invalid.errors}, status=400)
    answer = search(query, now=timezone.now())
    return Response(
        {
            "results": [as_json(found) for found in answer.results],
            "total": answer.total,
            "total_is_exact": answer.total_is_exact,
            "emergency": [service.slug for service in answer.emergency],
            "did_you_mean": answer.did_you_mean,
        }
    )


def as_json(found: Found) -> dict[str, Any]:
    """One service as contract.md §3 shapes it; only channels open to all are there to be read."""
    service = found.service
    by_kind: dict[str, list[str]] = {}
    for channel in service.channels.all():
        by_kind.setdefault(channel.kind, []).append(channel.value)
    return {
        "slug": service.slug,
        "id": service.public_id,
        "name": service.name,
        "organisation": service.organisation.name,
        "kind": service.kind,
        "needs": service.needs,
        "departements": service.departements,
        "phones": by_kind.get(AccessChannel.Kind.PHONE, []),
        "sms": by_kind.get(AccessChannel.Kind.SMS, []),
        "website": next(iter(by_kind.get(AccessChannel.Kind.WEB, [])), None),
        "emergency": service.is_emergency,
        "open": found.open,
        "distance_km": found.distance_km,
        "verified_on": service.verified_on,
        "reasons": found.reasons,
    }


class NeedName(serializers.Serializer[Any]):
    """One need."""

    need = serializers.CharField()
    code = serializers.CharField(help_text="Ce que portent les adresses des pages.")
    label = serializers.CharField()  # type: ignore[assignment]  # a field named as one of Field's own attributes


@extend_schema(operation_id="needs", responses=NeedName(many=True))
@api_view(["GET"])
@permission_classes([AllowAny])
def needs(_request: Request) -> Response:
    """The closed list of needs."""
    return Response([{"need": need.value, "code": CODE_OF_NEED[need.value], "label": str(need.label)} for need in Need])


class CommuneName(serializers.Serializer[Commune]):
    """One commune."""

    insee = serializers.CharField()
    name = serializers.CharField()
    departement = serializers.CharField()
    postcodes = serializers.ListField(child=serializers.CharField())


@extend_schema(operation_id="communes", parameters=[_parameter("q")], responses=CommuneName(many=True))
@api_view(["GET"])
@permission_classes([AllowAny])
def communes(request: Request) -> Response:
    """Communes whose name begins with or resembles `q`, or whose postcode begins with it; ten at most."""
    typed = fold(request.query_params.get("q", "")[:LONGEST_NAME])
    if not typed:
        return Response([])
    with connection.cursor() as cursor:
        cursor.execute(_COMMUNES, {"typed": typed, "prefix": f"{typed}%", "most": MOST_COMMUNES})
        order = [row[0] for row in cursor.fetchall()]
    known = Commune.objects.in_bulk(order)
    return Response(
        [
            {
                "insee": insee,
                "name": known[insee].name,
                "departement": known[insee].departement,
                "postcodes": known[insee].postcodes,
            }
            for insee in order
        ]
    )


def errors(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every refusal in one shape: `{"errors": {field: [codes]}}`, never the value, never a traceback."""
    response = exception_handler(error, context)
    if response is not None:
        code = error.default_code if isinstance(error, APIException) else "not_found"
        field = "body" if response.status_code == 400 else "request"
        response.data = {"errors": {field: ["invalid" if code == "parse_error" else code]}}
    return response
