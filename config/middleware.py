"""What holds for every answer: no cookie, nothing kept by the browser, no form filled in from elsewhere.

Sessions, form tokens and messages exist below /espace/ only; public pages never meet them.
"""

from collections.abc import Callable
from typing import Any

from csp.constants import SELF, WASM_UNSAFE_EVAL
from csp.decorators import csp_replace
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import render
from django.utils import translation

from accounts.gate import STAFF_AREA, gate

Answer = Callable[[HttpRequest], HttpResponse]
Middleware = Callable[[Answer], Any]

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

# In the staff area, passkeys are asked for; scripts are files of ours, and Argon2 runs as WebAssembly.
STAFF_PERMISSIONS_POLICY = PERMISSIONS_POLICY.replace(
    "publickey-credentials-get=()", "publickey-credentials-get=(self)"
)
STAFF_CONTENT_POLICY = {"script-src": [SELF, WASM_UNSAFE_EVAL], "style-src": [SELF]}
# The key that a partner's member has opened stays in the browser until one of these pages.
WHERE_KEYS_ARE_FORGOTTEN = ("/espace/connexion/", "/espace/deconnexion/", "/espace/verrouiller/")
HOOKS = ("process_view", "process_exception", "process_template_response")


def in_the_staff_area(middleware: Middleware) -> Middleware:
    """The middleware, asleep outside /espace/."""
    return where(is_staff_area, middleware)


def outside_the_staff_area(middleware: Middleware) -> Middleware:
    """The middleware, asleep below /espace/."""
    return where(lambda request: not is_staff_area(request), middleware)


def where(wanted: Callable[[HttpRequest], bool], middleware: Middleware) -> Middleware:
    """The middleware for some requests only; the others pass beside it and its hooks."""

    def factory(get_response: Answer) -> Answer:
        inner = middleware(get_response)

        def outer(request: HttpRequest) -> HttpResponse:
            passed: HttpResponse = (inner if wanted(request) else get_response)(request)
            return passed

        for hook in HOOKS:
            if hasattr(inner, hook):
                setattr(outer, hook, hook_where(wanted, getattr(inner, hook)))
        return outer

    return factory


def hook_where(wanted: Callable[[HttpRequest], bool], hook: Callable[..., Any]) -> Callable[..., Any]:
    """A hook that does nothing for other requests."""

    def chosen(request: HttpRequest, *args: object) -> object:
        return hook(request, *args) if wanted(request) else None

    return chosen


def is_staff_area(request: HttpRequest) -> bool:
    """Whether the address is below /espace/."""
    return request.path_info.startswith(STAFF_AREA)


staff_sessions = in_the_staff_area(SessionMiddleware)
staff_accounts = in_the_staff_area(AuthenticationMiddleware)
staff_messages = in_the_staff_area(MessageMiddleware)
staff_form_tokens = in_the_staff_area(CsrfViewMiddleware)
staff_gate = in_the_staff_area(gate)
# Compressing pages that hold a secret next to chosen text would let that secret be guessed (BREACH). Public pages hold
# none: no session, no token, nothing that belongs to one visitor. Pages below /espace/ do, and are never compressed.
public_gzip = outside_the_staff_area(GZipMiddleware)


def staff_headers(get_response: Answer) -> Callable[[HttpRequest], HttpResponseBase]:
    """What a browser may do with pages below /espace/: scripts and styles are files, passkeys work."""
    answer = csp_replace(STAFF_CONTENT_POLICY)(get_response)

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if not is_staff_area(request):
            return get_response(request)
        response = answer(request)
        response.headers["Permissions-Policy"] = STAFF_PERMISSIONS_POLICY
        # With no-referrer, browsers would send "Origin: null" with our own forms, which form tokens refuse.
        response.headers["Referrer-Policy"] = "same-origin"
        if request.path_info.startswith(WHERE_KEYS_ARE_FORGOTTEN):
            response.headers["Clear-Site-Data"] = '"storage"'
        return response

    return middleware


def leave_no_trace(get_response: Answer) -> Answer:
    """Pages and personal answers are never stored, and nothing outside the staff area can set a cookie."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        if not is_staff_area(request):
            response.cookies.clear()
        if is_open_data(request):
            response.headers["Access-Control-Allow-Origin"] = "*"
        elif is_page(response) or is_staff_area(request) or request.path_info.startswith(PROGRAMS):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware


def everything_is_utf8(get_response: Answer) -> Answer:
    """Bodies are read as UTF-8, which all our forms send, whatever encoding a header names."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.encoding = "utf-8"
        return get_response(request)

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
    host = request.get_host()
    return request.headers.get("Origin", "null") in {"null", f"http://{host}", f"https://{host}"}


def is_page(response: HttpResponse) -> bool:
    """Whether a browser would show the answer as a page, redirections included."""
    return response.headers.get("Content-Type", "").startswith("text/html")


def is_open_data(request: HttpRequest) -> bool:
    """Whether the request is for the one API that any page of the web may read."""
    return request.path_info == OPEN_DATA or request.path_info.startswith(f"{OPEN_DATA}/")
