"""The gate of /espace/: every page below it is closed unless its view says otherwise."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.http import urlencode

from accounts import stay

STAFF_AREA = "/espace/"

View = TypeVar("View", bound=Callable[..., Any])
Answer = Callable[[HttpRequest], HttpResponse]


def open_before_second_factor(view: View) -> View:
    """Let in whoever has given a password and has no second factor yet: the pages that set one up."""
    view.open_before_second_factor = True  # type: ignore[attr-defined]
    return view


def open_while_locked(view: View) -> View:
    """Let in whoever is signed in even when the screen is locked: the pages that unlock it."""
    view.open_while_locked = True  # type: ignore[attr-defined]
    return open_before_second_factor(view)


def gate(get_response: Answer) -> Answer:
    """Middleware: nobody reaches a view below /espace/ before a second factor was used in this session.

    A view opens itself with Django's `login_not_required`, or with the two decorators above.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    middleware.process_view = refusal  # type: ignore[attr-defined]
    return middleware


def refusal(
    request: HttpRequest, view: Callable[..., Any], _args: list[Any], _kwargs: dict[str, Any]
) -> HttpResponse | None:
    """Where somebody is sent who may not see this page now; None lets them in."""
    if not request.path_info.startswith(STAFF_AREA) or not getattr(view, "login_required", True):
        return None
    if not request.user.is_authenticated:
        return send_to(request, "account_login")
    if stay.is_over(request.session) or was_protected_since(request):
        logout(request)
        return send_to(request, "account_login")
    if stay.is_locked(request):
        return None if hasattr(view, "open_while_locked") else send_to(request, "account_reauthenticate")
    stay.note_activity(request.session)
    if not stay.is_proven(request.session) and not hasattr(view, "open_before_second_factor"):
        return send_to(request, "mfa_index")
    return None


def was_protected_since(request: HttpRequest) -> bool:
    """Whether a second factor was set up in another session since this one began with a password alone."""
    user = request.user
    return user.is_authenticated and not stay.is_proven(request.session) and is_mfa_enabled(user)


def send_to(request: HttpRequest, name: str) -> HttpResponse:
    """Another page, which leads back here afterwards; a script that asked for data is told 401 instead."""
    if request.headers.get("Sec-Fetch-Dest") == "empty":
        return HttpResponse(status=HTTPStatus.UNAUTHORIZED)
    back = request.get_full_path() if request.method == "GET" else STAFF_AREA
    return HttpResponseRedirect(f"{resolve_url(name)}?{urlencode({'next': back})}")
