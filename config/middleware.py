"""What holds for every answer: no cookie, nothing kept by the browser, no form filled in from elsewhere."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation

Answer = Callable[[HttpRequest], HttpResponse]

STAFF = "/espace/"
PROGRAMS = "/api/"
OPEN_DATA = "/api/hsds"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
# Nothing on the site needs any of these; saying so keeps them out of reach of anything that would get in.
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "autoplay",
        "browsing-topics",
        "camera",
        "display-capture",
        "encrypted-media",
        "fullscreen",
        "geolocation",
        "gyroscope",
        "hid",
        "identity-credentials-get",
        "idle-detection",
        "interest-cohort",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "picture-in-picture",
        "publickey-credentials-get",
        "screen-wake-lock",
        "serial",
        "storage-access",
        "usb",
        "xr-spatial-tracking",
    )
)


def leave_no_trace(get_response: Answer) -> Answer:
    """Pages and personal answers are never stored, and nothing outside the staff area can set a cookie."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        if not request.path_info.startswith(STAFF):
            response.cookies.clear()
        if is_open_data(request):
            response.headers["Access-Control-Allow-Origin"] = "*"
        elif is_page(response) or request.path_info.startswith(PROGRAMS):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware


def language_of_the_path(get_response: Answer) -> Answer:
    """The first part of the address is the language; without one, French. No cookie is read or set."""

    def middleware(request: HttpRequest) -> HttpResponse:
        language = translation.get_language_from_path(request.path_info) or settings.LANGUAGE_CODE
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response

    return middleware


def same_origin_posts(get_response: Answer) -> Answer:
    """Forms can only be sent from our own pages: what a form token does elsewhere, without its cookie."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method in SAFE_METHODS or request.path_info.startswith(PROGRAMS) or comes_from_here(request):
            return get_response(request)
        return render(request, "403.html", status=403)

    return middleware


def comes_from_here(request: HttpRequest) -> bool:
    """Whether the browser says that the request was made by one of our own pages, or by the visitor directly."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in {"same-origin", "none"}
    # Browsers from before 2023, and any browser on plain HTTP, do not send it. With our Referrer-Policy they write
    # "null" as the origin of our own forms (Fetch standard, "append a request Origin header"), so null has to pass:
    # a wrong refusal keeps somebody from writing, a wrong pass sends a form that anyone could have sent themselves.
    origin = request.headers.get("Origin", "null")
    return origin == "null" or urlsplit(origin).netloc == request.get_host()


def is_page(response: HttpResponse) -> bool:
    """Whether a browser would show the answer as a page, redirections included."""
    return response.headers.get("Content-Type", "").startswith("text/html")


def is_open_data(request: HttpRequest) -> bool:
    """Whether the request is for the one API that any page of the web may read."""
    return request.path_info == OPEN_DATA or request.path_info.startswith(f"{OPEN_DATA}/")
