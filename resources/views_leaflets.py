"""Addresses to take along: a question or an address in, one PDF or file out, nothing kept here."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from resources import asked, kept, leaflets
from resources.exchange import listing as listings
from resources.exchange.listing import Listing
from resources.models import Service
from resources.moved import leads_on
from resources.numbers import numbers
from resources.search import search
from resources.tongues import apart
from resources.vocabulary import DEPARTEMENTS

PROFESSIONALS = "pro"


@require_safe
@leads_on
def sheet(request: HttpRequest, public_id: str) -> HttpResponse:
    """One service."""
    found = listings.of(get_object_or_404(Service.objects.published().complete(), public_id=public_id))
    page = reverse("resources:service", args=[public_id])
    document = leaflets.of_service(
        found, address=f"{listings.site_of(request)}{page}", to_professionals=is_for_professionals(request)
    )
    return pdf(document, name="adresse")


@require_safe
def leaflet(request: HttpRequest) -> HttpResponse:
    """A département, or what was searched; `?pour=pro` adds what is for professionals."""
    question = asked.from_address(request.GET)
    found = answering(question)
    document = leaflets.of_search(
        found.listings,
        heading=heading(question),
        address=up_to_date(request, question),
        are_all=found.are_all,
        to_professionals=is_for_professionals(request),
    )
    return pdf(document, name="adresses")


@require_safe
def pocket_cards(request: HttpRequest) -> HttpResponse:
    """Cards with the numbers that everybody knows, and the first that the search gives."""
    question = asked.from_address(request.GET)
    found = answering(question).listings if question.address() else []
    document = leaflets.pocket_cards(
        found,
        known=numbers(*leaflets.NUMBERS_OF_A_CARD),
        address=f"{listings.site_of(request)}{reverse('resources:home')}",
    )
    return pdf(document, name="cartes")


@require_safe
def keep_addresses(request: HttpRequest) -> HttpResponse:
    """A département, or what was searched, as one file that needs no network."""
    question = asked.from_address(request.GET)
    found = answering(question)
    context = {
        "heading": heading(question),
        "known": kept.lines(numbers(*kept.FIRST), *kept.FIRST),
        "services": kept.services(found.listings),
        "most": None if found.are_all else leaflets.MOST_LISTED,
        "address": up_to_date(request, question).partition("://")[2],
    }
    return file(request, context)


@require_safe
def keep_numbers(request: HttpRequest) -> HttpResponse:
    """The urgent numbers as one file that needs no network."""
    context = {
        "heading": _("Numéros"),
        "known": kept.lines(numbers(*kept.ALL), *kept.ALL),
        "services": [],
        "address": f"{listings.site_of(request)}{reverse('resources:emergency')}".partition("://")[2],
    }
    return file(request, context)


@dataclass(frozen=True, slots=True)
class Answering:
    """Services that answer, best first, as many as a sheet or a file holds, and whether these are all there are."""

    listings: list[Listing]
    are_all: bool


def answering(question: asked.Asked) -> Answering:
    """What answers; a filter that is not understood is left out."""
    query, _errors = question.query()
    answer = search(replace(query, per_page=leaflets.MOST_LISTED), now=timezone.now())
    return Answering(
        listings=leaflets.published([found.service.pk for found in answer.results]),
        are_all=answer.total <= leaflets.MOST_LISTED,
    )


def heading(question: asked.Asked) -> str:
    """Where, and nothing of what was looked for: a sheet lies on tables."""
    code = question.filters.get("departement", "")
    return _("Adresses") + (f" – {apart(f'{DEPARTEMENTS[code]} ({code})')}" if code in DEPARTEMENTS else "")


def up_to_date(request: HttpRequest, question: asked.Asked) -> str:
    """Address of the list without what was typed, which nobody may read off a sheet."""
    code = question.filters.get("departement", "")
    tail = f"?departement={code}" if code in DEPARTEMENTS else ""
    return f"{listings.site_of(request)}{reverse('resources:directory')}{tail}"


def is_for_professionals(request: HttpRequest) -> bool:
    """Whether somebody who helps will read it."""
    return request.GET.get("pour") == PROFESSIONALS


def file(request: HttpRequest, context: Mapping[str, object]) -> HttpResponse:
    """Saved where the person saves files; the name says nothing of what is inside."""
    response = render(request, "resources/kept.html", dict(context))
    response["Content-Disposition"] = 'attachment; filename="adresses.html"'
    response["Cache-Control"] = "no-store"
    return response


def pdf(document: bytes, *, name: str) -> HttpResponse:
    """Shown by the browser and kept by nobody; the name says nothing of what is inside."""
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"', "Cache-Control": "no-store"}
    return HttpResponse(document, content_type="application/pdf", headers=headers)
