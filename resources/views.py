"""Public pages: a question or an address in, one page out; nothing is kept of the visit."""

import json
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from resources import asked, cards, filters, leaflets, quality
from resources.exchange import jsonld
from resources.exchange import vcard as contact_card
from resources.models import AccessChannel, Service
from resources.moved import leads_on
from resources.numbers import FIRST, NAMED, numbers
from resources.opening import PARIS, today
from resources.outlines import region
from resources.search import Answer, search
from resources.tongues import of_the_page
from resources.vocabulary import CODE_OF_NEED, DEPARTEMENTS, Kind, Need

# The first need is danger itself: the emergency page answers it.
TILES = tuple(need for need in Need if need != Need.URGENCE)
CRIP = "crip-"
LONGEST_NAME = 40


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Numbers first, then the search, needs, the map and the doors."""
    context = {"numbers": numbers(*FIRST), "needs": needs(), "map": region()}
    return render(request, "resources/home.html", context)


@require_safe
def emergency(request: HttpRequest) -> HttpResponse:
    """Which number for which danger, and what it does."""
    return render(request, "resources/emergency.html", {"here": "emergency", "numbers": numbers(*NAMED)})


@require_http_methods(["GET", "HEAD", "POST"])
def directory(request: HttpRequest) -> HttpResponse:
    """Search: words come by POST and leave in a sealed address; filters stay readable codes."""
    sent = request.POST if request.method == "POST" else request.GET
    if request.method == "POST" or "q" in sent:
        return see_other(reverse("resources:directory"), asked.from_form(sent))
    question = asked.from_address(request.GET)
    query, errors = question.query(page=request.GET.get("page", ""))
    for name in errors.keys() & question.filters.keys():
        question = question.without(name)
    now = timezone.now()
    answer = search(query, now=now)
    context = {
        **results(question, answer, today=today()),
        **paging(question, answer, page=query.page, per_page=query.per_page),
        "here": "directory",
        "question": question,
        "errors": errors,
        "fields": filters.fields(question, errors),
        "chips": filters.chips(question),
        "answer": answer,
        "most_kept": leaflets.MOST_LISTED if answer.total > leaflets.MOST_LISTED else None,
        "needs": needs() if not answer.results or not answer.understood else (),
        "numbers": {} if answer.results else numbers(*FIRST),
    }
    return render(request, "resources/directory.html", context, status=400 if errors else 200)


@require_safe
@leads_on
def service(request: HttpRequest, public_id: str) -> HttpResponse:
    """One service: numbers first, then all that is known and how it was checked."""
    readable = Service.objects.published().complete().in_language(of_the_page())
    found = get_object_or_404(readable, public_id=public_id)
    now = timezone.now()
    card = cards.card(found, today=today(), is_open=cards.is_open_at(found, now=now))
    context = {
        "here": "directory",
        "service": found,
        "card": card,
        "what_happens": cards.said(found, "what_happens"),
        "next_opening": cards.next_opening(found, now=now),
        "mails": [cards.way(channel) for channel in found.channels.all() if channel.kind == AccessChannel.Kind.EMAIL],
        "free_calls": [cards.figures(one.value) for one in found.channels.all() if is_a_free_call(one)],
        "valid_until": None if found.check_expired(on=today()) else found.verified_until,
        "was_only_read": found.verified_by_check in cards.READ_ONLY_CHECKS,
        "back": asked.from_address(request.GET).address(),
        "structured": structured(found, request),
    }
    return render(request, "resources/service.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@leads_on
def vcard(request: HttpRequest, public_id: str) -> HttpResponse:
    """One service as a contact, under the name that the person chose for it."""
    found = get_object_or_404(Service.objects.published().complete(), public_id=public_id)
    name = " ".join(request.POST.get("name", "").split())[:LONGEST_NAME]
    headers = {"Content-Disposition": 'attachment; filename="contact.vcf"', "Cache-Control": "no-store"}
    text = contact_card.describe(found, name=name)
    return HttpResponse(text, content_type="text/vcard; charset=utf-8", headers=headers)


@require_safe
def professionals(request: HttpRequest) -> HttpResponse:
    """What is there for those who help: their services, and whom to tell in each département."""
    cell = Q(slug__startswith=CRIP, kind=Kind.REPORTING)
    readable = Service.objects.published().complete().in_language(of_the_page())
    found = readable.filter(Q(for_professionals=True) | cell)
    context = {
        "here": "professionals",
        "cards": [cards.card(one, today=today()) for one in found if one.for_professionals],
        "cells": cells_by_departement([one for one in found if one.slug.startswith(CRIP)]),
        "numbers": numbers("police", "children"),
    }
    return render(request, "resources/professionals.html", context)


@require_safe
def open_data(request: HttpRequest) -> HttpResponse:
    """How programs and other directories take our data."""
    return render(request, "resources/open_data.html")


@require_safe
def quality_of_data(request: HttpRequest) -> HttpResponse:
    """What exists and what is missing, for those who decide: shares, ages and gaps, as tables and pictures."""
    hour = timezone.localtime(timezone=PARIS).replace(minute=0, second=0, microsecond=0)
    measured = quality.at_hour(get_language() or settings.LANGUAGE_CODE, hour)
    return render(request, "resources/quality.html", {"quality": measured, "map": region()})


@require_safe
def legal(request: HttpRequest) -> HttpResponse:
    """Who publishes the site, and whose data it shows."""
    publisher = settings.PUBLISHER
    context = {
        "publisher": publisher,
        "hosting_provider": settings.HOSTING_PROVIDER,
        "is_complete": all(publisher.values()) and bool(settings.HOSTING_PROVIDER),
    }
    return render(request, "resources/legal.html", context)


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What is not kept, and what a browser and a phone keep."""
    return render(request, "resources/privacy.html")


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    """What was tested, and what was not."""
    return render(request, "resources/accessibility.html", {"publisher": settings.PUBLISHER})


@require_safe
def traces(request: HttpRequest) -> HttpResponse:
    """What Quitter does and what it cannot do."""
    return render(request, "resources/traces.html", {"numbers": numbers("police", "europe", "silent")})


@require_POST
def leave(_request: HttpRequest) -> HttpResponse:
    """Answer to the beacon of Quitter: the browser forgets the pages that it holds ready for Back (ux.md §3)."""
    return HttpResponse(status=204, headers={"Clear-Site-Data": '"cache"', "Cache-Control": "no-store"})


def see_other(address: str, question: asked.Asked) -> HttpResponse:
    """303: the browser asks again with an address that does not say the words."""
    carried = question.address()
    return HttpResponse(status=303, headers={"Location": f"{address}?{carried}" if carried else address})


@dataclass(frozen=True, slots=True)
class Tile:
    """A need as a picture, words and the code that stands in the address."""

    name: str
    label: str
    code: str


@cards.once_per_language
def needs() -> tuple[Tile, ...]:
    """What people look for, in the order of the vocabulary."""
    return tuple(Tile(need.value, str(need.label), CODE_OF_NEED[need]) for need in TILES)


def results(question: asked.Asked, answer: Answer, *, today: date) -> dict[str, object]:
    """Cards of the page and the strip above them."""
    carried = question.address()
    return {
        "cards": [cards.card(found.service, today=today, is_open=found.open, found=found) for found in answer.results],
        "strip": [cards.card(service, today=today) for service in answer.emergency],
        "count": cards.count_in_words(answer.total, is_exact=answer.total_is_exact),
        "carried": carried,
        "tail": f"?{carried}" if carried else "",
    }


def paging(question: asked.Asked, answer: Answer, *, page: int, per_page: int) -> dict[str, object]:
    """Addresses of the pages before and after."""
    last = max(1, -(-answer.total // per_page))
    return {
        "page": page,
        "last_page": last,
        "previous": question.address(page=page - 1) if page > 1 else None,
        "next": question.address(page=page + 1) if page < last else None,
        "is_first": page == 1,
    }


@dataclass(frozen=True, slots=True)
class Cell:
    """Whom professionals tell about a child in a département: its own line, or none that is published."""

    code: str
    departement: str
    card: cards.Card | None


def cells_by_departement(found: list[Service]) -> list[Cell]:
    """One line per département, whether its cell publishes a number or not."""
    by_code = {service.departements[0]: service for service in found if service.departements}
    return [
        Cell(code, name, cards.card(by_code[code], today=today()) if code in by_code else None)
        for code, name in DEPARTEMENTS.items()
    ]


def is_a_free_call(channel: AccessChannel) -> bool:
    """Whether the numbering plan says that calling it costs nothing; an SMS may cost all the same."""
    return channel.kind == AccessChannel.Kind.PHONE and jsonld.is_toll_free(channel.value)


def origin(request: HttpRequest) -> str:
    """Where the site is, as others must write it."""
    return settings.PUBLIC_URL or f"{request.scheme}://{request.get_host()}"


def structured(found: Service, request: HttpRequest) -> SafeString:
    """The service for search engines; nothing in it can close the script element."""
    described = jsonld.describe(found, url=f"{origin(request)}{reverse('resources:service', args=[found.public_id])}")
    text = json.dumps(described, ensure_ascii=False, separators=(",", ":"))
    return mark_safe(text.replace("<", "\\u003c").replace("&", "\\u0026"))  # noqa: S308  # escaped above
