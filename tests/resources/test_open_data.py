"""The OpenAPI documents are valid and complete, and the downloads are files that arrive as they are read."""

import csv
import io
import json
from typing import Any

import pytest
from django.test import Client
from openapi_spec_validator import OpenAPIV31SpecValidator
from pytest_django import DjangoAssertNumQueries

from resources.exchange.formats import FORMATS, Format
from tests.builders import a_place, a_service, many_services

METHODS = {"get", "post", "put", "patch", "delete", "head", "options", "trace"}


def document(path: str) -> dict[str, Any]:
    """An OpenAPI document of the site."""
    response = Client().get(path)
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")
    answer: dict[str, Any] = response.json()
    return answer


@pytest.mark.parametrize("path", ["/api/schema", "/api/hsds/openapi.json"])
def test_documents_are_valid(path: str) -> None:
    """OpenAPI 3.1, with an identifier of its own for each operation."""
    described = document(path)
    assert described["openapi"].startswith("3.1")
    assert [error.message for error in OpenAPIV31SpecValidator(described).iter_errors()] == []
    operations = [
        operation["operationId"]
        for item in described["paths"].values()
        for method, operation in item.items()
        if method in METHODS
    ]
    assert len(set(operations)) == len(operations) > 0


def test_the_document_names_every_open_address() -> None:
    """What contract.md §3 lists is described."""
    described = document("/api/schema")
    assert {
        "/api/v1/search",
        "/api/v1/needs",
        "/api/v1/communes",
        "/api/export/hsds.json",
        "/api/export/data-inclusion.json",
        "/api/export/directory.csv",
        "/api/export/directory.geojson",
        "/api/hsds/",
        "/api/hsds/services",
        "/api/hsds/services/{id}",
        "/api/hsds/organizations",
        "/api/hsds/organizations/{id}",
        "/api/hsds/service_at_locations",
        "/api/hsds/service_at_locations/{id}",
        "/api/hsds/taxonomies",
        "/api/hsds/taxonomies/{id}",
        "/api/hsds/taxonomy_terms",
        "/api/hsds/taxonomy_terms/{id}",
    } <= set(described["paths"])
    parameters = described["paths"]["/api/hsds/services"]["get"]["parameters"]
    assert {parameter["name"] for parameter in parameters} == {
        "page",
        "per_page",
        "search",
        "taxonomy_term_id",
        "taxonomy_id",
        "organization_id",
        "modified_after",
        "minimal",
        "full",
        "format",
        "proximity",
        "postcode",
    }


def test_the_hsds_document_has_the_paths_of_the_standard() -> None:
    """Relative to its own address, so that a validator finds /services."""
    described = document("/api/hsds/openapi.json")
    assert described["servers"] == [{"url": "http://testserver/api/hsds"}]
    assert set(described["paths"]) == {
        "/",
        "/services",
        "/services/{id}",
        "/organizations",
        "/organizations/{id}",
        "/service_at_locations",
        "/service_at_locations/{id}",
        "/taxonomies",
        "/taxonomies/{id}",
        "/taxonomy_terms",
        "/taxonomy_terms/{id}",
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    "form", [form for form in FORMATS.values() if form.name != "vcard"], ids=lambda form: form.name
)
def test_downloads_stream(form: Format) -> None:
    """Sent piece by piece under a plain file name, without a cookie."""
    a_place(a_service(name="Accueil", phones=["119"]))
    response = Client().get(f"/api/export/{form.filename}")
    assert response.status_code == 200
    assert response.streaming
    assert response.headers["Content-Type"] == form.media_type
    assert response.headers["Content-Disposition"] == f'attachment; filename="{form.filename}"'
    assert "Set-Cookie" not in response.headers
    text = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
    assert text.count("Accueil") >= 1
    if form.name == "csv":
        assert len(list(csv.reader(io.StringIO(text)))) == 2
    else:
        assert isinstance(json.loads(text), dict)


@pytest.mark.django_db
def test_the_address_book_is_not_for_download() -> None:
    """Contact cards that name services are for professionals who run the command."""
    assert Client().get("/api/export/directory.vcf").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("rows", [3, 300])
@pytest.mark.parametrize(
    ("filename", "queries"),
    [("directory.csv", 3), ("directory.geojson", 3), ("data-inclusion.json", 4), ("hsds.json", 7)],
)
def test_downloads_cost_the_same_at_any_size(
    filename: str, queries: int, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Below one chunk, so many queries whatever the number of services."""
    many_services(rows)
    with django_assert_num_queries(queries):
        response = Client().get(f"/api/export/{filename}")
        assert len(b"".join(response.streaming_content)) > rows * 100  # type: ignore[attr-defined]
