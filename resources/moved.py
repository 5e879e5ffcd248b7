"""Where the address of a merged service leads: for good, in one step, to the service that stays."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Concatenate, ParamSpec

from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.urls import resolve, reverse

from resources.models import Service

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def standing_for(**old: object) -> Service | None:
    """The published service into which another one, found by these fields, was merged."""
    return Service.objects.published().filter(**{f"merged__{name}": value for name, value in old.items()}).first()


def leads_on(view: View[P]) -> View[P]:
    """The view of a service; where it finds none, the same page of the one that stays, with the same question.

    A form that was sent is sent again there (308).
    """

    def led(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except Http404:
            here = resolve(request.path_info)
            stays = standing_for(public_id=here.kwargs["public_id"])
            if stays is None:
                raise
        address = reverse(here.view_name, kwargs={**here.kwargs, "public_id": stays.public_id})
        asked = request.META.get("QUERY_STRING", "")
        return HttpResponsePermanentRedirect(
            f"{address}?{asked}" if asked else address, preserve_request=request.method == "POST"
        )

    update_wrapper(led, view)
    return led
