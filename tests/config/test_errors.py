"""The page of last resort works when little else does."""

import pytest
from django.test import Client, RequestFactory

from config import assets, views


def test_the_error_page_needs_no_database() -> None:
    # pytest-django refuses every query of a test that did not ask for the database.
    response = views.server_error(RequestFactory().get("/fr/"))
    page = response.content.decode()

    assert response.status_code == 500
    assert assets.style("site") in page
    assert 'id="quitter"' in page
    assert 'href="tel:17"' in page


@pytest.mark.parametrize(
    ("address", "body", "expected"),
    [
        ("/api/v1/search", b'{"text": "' + b"x" * 3_000_000 + b'"}', (400, {"errors": {"body": ["invalid"]}})),
        ("/api/v1/referrals", b'{"text": "' + b"x" * 3_000_000 + b'"}', (400, {"errors": {"body": ["invalid"]}})),
        ("/api/v1/nowhere", b"{}", (404, {"errors": {"request": ["not_found"]}})),
    ],
)
@pytest.mark.django_db
def test_programs_are_refused_in_json(address: str, body: bytes, expected: tuple[int, object]) -> None:
    answer = Client().post(address, body, content_type="application/json")

    assert (answer.status_code, answer.json()) == expected


def test_a_fault_is_told_to_programs_in_json() -> None:
    response = views.server_error(RequestFactory().get("/api/v1/search"))

    assert (response.status_code, response.content) == (500, b'{"errors": {"request": ["error"]}}')


@pytest.mark.parametrize("charset", ["rot13", "utf-7", "hex", "idna", "unicode_escape", "nowhere"])
@pytest.mark.parametrize("address", ["/fr/annuaire/", "/fr/suivi/", "/fr/ecrire/", "/api/v1/search"])
@pytest.mark.django_db
def test_an_odd_charset_is_no_fault(address: str, charset: str) -> None:
    form = f"application/x-www-form-urlencoded; charset={charset}"

    assert Client().generic("POST", address, b"code=a&q=b", content_type=form).status_code < 500


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "//", "http://"])
@pytest.mark.django_db
def test_a_broken_origin_is_refused(origin: str) -> None:
    assert Client(HTTP_ORIGIN=origin).post("/fr/suivi/", {"code": "a"}).status_code == 403
