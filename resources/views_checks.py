"""Keeping facts true, page by page: the week's calls, the sheet to print, the owner's link, and the view of quality."""

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.roles import moderators_only
from resources import cards, moderation, quality, verification
from resources.exchange.starter_csv import Refusal
from resources.models import Affiliation, Organisation, Service
from resources.opening import today
from resources.outlines import region
from resources.views_desk import ROWS_A_PAGE, one_service, who

MOST_ON_A_SHEET = 200


@require_safe
@moderators_only
def due(request: HttpRequest) -> HttpResponse:
    """What has to be checked again this week, and how far that is."""
    page = Paginator(verification.due(on=today()), ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "here": "directory",
        "part": "checks",
        "page": page,
        "rows": [(one, ways(one)) for one in page.object_list],
        "progress": verification.progress(on=today()),
        "today": today(),
    }
    return render(request, "resources/desk/checks.html", context)


@require_safe
@moderators_only
def sheet(request: HttpRequest) -> HttpResponse:
    """The calls of the week on paper: room to write beside each."""
    rows = [(one, ways(one)) for one in verification.due(on=today())[:MOST_ON_A_SHEET]]
    context = {"here": "directory", "part": "checks", "rows": rows, "today": today()}
    return render(request, "resources/desk/sheet.html", context)


def ways(service: Service) -> list[str]:
    """Numbers and addresses as people read them."""
    return [cards.way(channel).text for channel in service.channels.all()]


@require_POST
@moderators_only
def check(request: HttpRequest, public_id: str) -> HttpResponse:
    """Record that all is right."""
    service = one_service(public_id)
    try:
        made = verification.record(
            service,
            by=who(request),
            check_kind=request.POST.get("check_kind", ""),
            on=today(),
            confirmed=request.POST.get("confirmed", "")[:2000],
        )
    except (moderation.NotYours, Refusal):
        messages.warning(request, _("Cette vérification n’a pas pu être notée."))
    else:
        words = _("C’est noté. À revoir avant le %(day)s.") % {"day": f"{made.valid_until:%d/%m/%Y}"}
        messages.success(request, words)
    return redirect("directory_desk:service", public_id)


@require_POST
@moderators_only
def owner_link(request: HttpRequest, public_id: str) -> HttpResponse:
    """Make a link for the owner, shown once; an earlier one opens nothing any more."""
    service = one_service(public_id)
    try:
        token = verification.new_link(service, by=who(request), on=today())
    except moderation.NotYours:
        messages.warning(request, _("C’est votre organisme : d’autres vérifient et décident."))
        return redirect("directory_desk:service", public_id)
    address = f"{settings.SITE_URL}{reverse('resources:owner', args=[token])}"
    context = {
        "here": "directory",
        "part": "services",
        "service": service,
        "address": address,
        "days": verification.LINK_DAYS,
    }
    return render(request, "resources/desk/owner_link.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def owner(request: HttpRequest, token: str) -> HttpResponse:
    """The owner of a listing reads it and confirms; only the button uses the link up, so scanners of mail cannot."""
    try:
        if request.method == "POST":
            verification.confirm_by_owner(token, on=today())
            return HttpResponse(status=303, headers={"Location": f"{reverse('resources:owner', args=['merci'])}"})
        service = verification.service_of(token, on=today())
    except verification.LinkIsOver:
        is_done = token == "merci"  # noqa: S105  # where the button leads
        return render(request, "resources/owner.html", {"is_done": is_done}, status=200 if is_done else 410)
    shown = get_object_or_404(Service.objects.published().complete(), pk=service.pk)
    context = {"service": shown, "card": cards.card(shown, today=today()), "token": token}
    return render(request, "resources/owner.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@moderators_only
def affiliations(request: HttpRequest) -> HttpResponse:
    """The organisations that a moderator works for: those of their team, and what they say themselves for good."""
    me = who(request)
    if request.method == "POST":
        name = request.POST.get("organisation", "").strip()
        organisation = Organisation.objects.filter(name__iexact=name).first()
        if organisation is None:
            messages.warning(request, _("Aucun organisme de l’annuaire n’a ce nom."))
        else:
            Affiliation.objects.get_or_create(user=me, organisation=organisation)
            messages.success(request, _("C’est noté : d’autres décideront pour cet organisme."))
        return redirect("directory_desk:affiliations")
    context = {"here": "directory", "part": "mine", "mine": moderation.houses_of(me)}
    return render(request, "resources/desk/affiliations.html", context)


@require_safe
@moderators_only
def quality_view(request: HttpRequest) -> HttpResponse:
    """Shares, ages, missing facts and gaps, as they are now."""
    context = {"here": "directory", "part": "quality", "quality": quality.measure(on=today()), "map": region()}
    return render(request, "resources/desk/quality.html", context)
