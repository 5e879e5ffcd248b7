"""What every answer says to the browser, and which forms are refused."""

from collections.abc import Callable

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from config import assets, middleware

requests = RequestFactory()


def page_with_a_cookie(_request: HttpRequest) -> HttpResponse:
    """A view that tries to set a cookie."""
    response = HttpResponse("<p>")
    response.set_cookie("trace", "1")
    return response


def data(_request: HttpRequest) -> HttpResponse:
    """A view for programs."""
    return HttpResponse("{}", content_type="application/json")


def hashes(kind: Callable[[str], str], *names: str) -> str:
    """What a policy says of these, in order."""
    return " ".join(assets.csp_hash(kind(name)) for name in names)


def test_a_page_keeps_to_itself(client: Client) -> None:
    response = client.get("/")

    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert "geolocation=()" in response.headers["Permissions-Policy"].split(", ")
    assert sorted(response.headers["Content-Security-Policy"].split("; ")) == [
        "base-uri 'none'",
        "connect-src 'self'",
        "default-src 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "img-src 'self' data:",
        f"script-src {hashes(assets.script, 'site', 'quiet', 'aloud')}",
        f"style-src {hashes(assets.style, 'site', 'writing', 'cards', 'finding', 'figures')}",
    ]


@pytest.mark.parametrize("path", ["/", "/fr/", "/api/v1/search", "/api/hsds/services", "/espace"])
def test_no_cookie_leaves_the_public_site(path: str) -> None:
    response = middleware.leave_no_trace(page_with_a_cookie)(requests.get(path))

    assert response.cookies.output() == ""


def test_the_staff_area_may_set_a_cookie() -> None:
    response = middleware.leave_no_trace(page_with_a_cookie)(requests.get("/espace/entrer/"))

    assert list(response.cookies) == ["trace"]


@pytest.mark.parametrize(
    ("path", "origin", "cache"),
    [
        ("/api/hsds", "*", None),
        ("/api/hsds/services", "*", None),
        ("/api/hsdsx", None, "no-store"),
        ("/api/v1/search", None, "no-store"),
        ("/fr/annuaire/abc/vcard/", None, None),
    ],
)
def test_only_the_open_api_is_for_other_sites(path: str, origin: str | None, cache: str | None) -> None:
    response = middleware.leave_no_trace(data)(requests.get(path))

    assert response.headers.get("Access-Control-Allow-Origin") == origin
    assert response.headers.get("Cache-Control") == cache


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "null"}, False),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://testserver"}, False),
        ({"Origin": "http://testserver"}, True),
        ({"Origin": "null"}, True),
        ({}, True),
        ({"Origin": "http://ailleurs.example"}, False),
        ({"Origin": "http://testserver.ailleurs.example"}, False),
        ({"Origin": "http://ailleurs.example/testserver"}, False),
    ],
)
def test_a_form_is_sent_from_our_own_pages(headers: dict[str, str], passes: bool) -> None:  # noqa: FBT001
    assert middleware.comes_from_here(requests.post("/fr/annuaire/", headers=headers)) is passes


@pytest.mark.django_db
def test_a_form_from_elsewhere_is_refused_and_programs_are_not(client: Client) -> None:
    elsewhere = {"Sec-Fetch-Site": "cross-site"}

    assert client.post("/fr/", headers=elsewhere).status_code == 403
    assert client.get("/", headers=elsewhere).status_code == 302
    assert client.post("/api/nowhere", headers=elsewhere).status_code == 404


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("en-GB,fr;q=0.5", "en"), ("fr", "fr"), ("tlh", "fr"), ("", "fr"), ("a" * 2000, "fr")],
)
def test_the_root_answers_in_the_language_of_the_browser(client: Client, accepted: str, language: str) -> None:
    response = client.get("/", headers={"Accept-Language": accepted})

    assert response.status_code == 302
    assert response.headers["Location"] == f"/{language}/"
    assert "Accept-Language" in response.headers["Vary"].split(", ")


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "language"), [("/en/nowhere/", "en"), ("/fr/nowhere/", "fr"), ("/nowhere/", "fr")])
def test_the_path_alone_says_the_language(client: Client, path: str, language: str) -> None:
    client.cookies["django_language"] = "es"

    response = client.get(path, headers={"Accept-Language": "ar"})

    assert response.headers["Content-Language"] == language


@pytest.mark.django_db
@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "://", "\u00e9", "null"])
def test_an_origin_that_is_no_address_is_refused_or_let_pass_and_breaks_nothing(client: Client, origin: str) -> None:
    answer = client.post("/fr/annuaire/", {"q": "abri"}, headers={"origin": origin})

    assert answer.status_code == (303 if origin == "null" else 403)


@pytest.mark.django_db
@pytest.mark.parametrize("charset", ["rot13", "utf-7", "utf-16", "nothing", "idna"])
def test_bodies_are_utf8_whatever_a_header_says(client: Client, charset: str) -> None:
    form = client.generic("POST", "/fr/annuaire/", b"q=abri", f"application/x-www-form-urlencoded; charset={charset}")
    json = client.generic("POST", "/api/v1/search", b'{"q": "abri"}', f"application/json; charset={charset}")

    assert (form.status_code, json.status_code) == (303, 200)
