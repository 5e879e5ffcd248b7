"""Answers that belong to no part of the site: the first redirection, is it up, something broke."""

from functools import cache

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

INTERFACES = "/api/"


@require_safe
def choose_language(request: HttpRequest) -> HttpResponse:
    """`/` → the home page in the language that the browser asks for."""
    response = HttpResponseRedirect(f"/{translation.get_language_from_request(request)}/")
    patch_vary_headers(response, ["Accept-Language"])
    return response


@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """The process answers; says nothing of the database."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    """The database answers and has the tables that this version expects."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        missing = missing_migrations()
    except Error:
        return HttpResponse("database\n", content_type="text/plain", status=503)
    if missing:
        return HttpResponse("migrations\n", content_type="text/plain", status=503)
    return HttpResponse("ok\n", content_type="text/plain")


class NotMigrated(Exception):
    """The database waits for `manage.py migrate`."""


def missing_migrations() -> bool:
    """Whether migrations are still to be applied; remembered once there are none, because they never go away."""
    try:
        require_migrations()
    except NotMigrated:
        return True
    return False


@cache
def require_migrations() -> None:
    """Raise NotMigrated unless every migration is applied; looked up until it is true, then never again."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise NotMigrated


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001  # Django's signature
    """What was sent is too long, or no form at all: the page with its style and the exit control; JSON for programs."""
    if is_for_programs(request):
        return JsonResponse({"errors": {"body": ["invalid"]}}, status=400)
    return render(request, "400.html", status=400)


def server_error(request: HttpRequest) -> HttpResponse:
    """Something broke: the page with its style and the exit control, unlike Django's bare one; JSON for programs."""
    if is_for_programs(request):
        return JsonResponse({"errors": {"request": ["error"]}}, status=500)
    return render(request, "500.html", status=500)


def is_for_programs(request: HttpRequest) -> bool:
    """Whether a program asks, which reads no page."""
    return request.path_info.startswith(INTERFACES)
