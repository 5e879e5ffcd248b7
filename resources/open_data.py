"""The whole directory as files to download, and the OpenAPI document of everything that programs may ask."""

from collections.abc import Callable
from functools import cache

from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from resources.exchange.formats import FORMATS, Format
from resources.exchange.json_stream import Object
from resources.exchange.listing import site_of


def download(form: Format) -> Callable[..., HttpResponseBase]:
    """The address where one format of the directory is downloaded, sent as it is read."""

    @extend_schema(
        operation_id=f"export_{form.name.replace('-', '_')}",
        tags=["export"],
        responses={(200, form.media_type.partition(";")[0]): OpenApiResponse(OpenApiTypes.STR, form.filename)},
    )
    @api_view(["GET"])
    @permission_classes([AllowAny])
    def downloaded(request: Request) -> HttpResponseBase:
        """Tout l’annuaire publié, dans un fichier."""
        return StreamingHttpResponse(
            form.write(site_of(request)),
            content_type=form.media_type,
            headers={"Content-Disposition": f'attachment; filename="{form.filename}"'},
        )

    return downloaded


DOWNLOADS = {form.filename: download(form) for form in FORMATS.values() if form.name != "vcard"}


@extend_schema(exclude=True)
@api_view(["GET"])
@permission_classes([AllowAny])
def schema(_request: Request) -> Response:
    """OpenAPI 3.1 document of every address below /api/."""
    return Response(document())


@cache
def document() -> Object:
    """The document, made once in each process."""
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    made: Object = generator.get_schema(public=True)  # type: ignore[no-untyped-call]
    return made
