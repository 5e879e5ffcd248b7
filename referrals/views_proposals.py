"""A visitor says that an address is wrong, or missing: no account, no cookie, two taps from the page of a service.

These pages live with referrals because the six words to come back are theirs.
"""

from datetime import date, datetime

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from referrals import codes, envelopes, handoffs, tickets
from referrals.moments import answer_at_a_fixed_moment
from resources import cards, corrections, moderation
from resources.corrections import Form
from resources.models import AccessChannel, Proposal, Service
from resources.moved import leads_on
from resources.numbers import FIRST, numbers
from resources.opening import today

FOLLOW = "referrals:proposal"
LONGEST_TYPED = 80
NUMBERED = frozenset({AccessChannel.Kind.PHONE, AccessChannel.Kind.SMS})


@require_http_methods(["GET", "HEAD", "POST"])
@leads_on
def correct(request: HttpRequest, public_id: str) -> HttpResponse:
    """Say what is wrong with a service."""
    service = get_object_or_404(Service.objects.published().complete(), public_id=public_id)
    if request.method == "POST":
        form = corrections.read_correction(request.POST, service)
        if is_good(form, request.POST):
            return keep(request, form, service=service)
        return correction(request, form, service=service, status=400)
    return correction(request, Form({"quoi": request.GET.get("q", "")}), service=service)


@require_http_methods(["GET", "HEAD", "POST"])
def suggest(request: HttpRequest) -> HttpResponse:
    """Name a service that is not in the directory."""
    if request.method == "POST":
        form = corrections.read_suggestion(request.POST)
        if is_good(form, request.POST):
            return keep(request, form, service=None)
        return suggestion(request, form, status=400)
    return suggestion(request, Form({}))


@require_http_methods(["GET", "HEAD", "POST"])
def follow(request: HttpRequest) -> HttpResponse:
    """Thanks, with six words if they were wanted; or what became of a proposal, for who types them."""
    now = timezone.now()
    if request.method == "POST":
        typed = " ".join(request.POST.get("code", "").split())[:LONGEST_TYPED]
        return see({"typed": "".join(letter for letter in typed if letter <= "\uffff")}, at=now)
    kept = handoffs.take(request.GET.get("k", ""), at=now) or {}
    context: dict[str, object] = {
        "words": kept.get("words", ""),
        "is_sent": "words" in kept or request.GET.get("p") == "1",
        "is_over": "k" in request.GET and not kept,
        "minutes": handoffs.MINUTES,
        "numbers": numbers(*FIRST),
    }
    if kept.get("words"):
        context["digits"] = codes.read_code(kept["words"]).digits()
    if "typed" in kept:
        answer_at_a_fixed_moment(request)
        context |= found(kept["typed"])
    return envelopes.page(request, "referrals/public/proposal.html", context)


# --- the forms ------------------------------------------------------------------------------------------------------


def correction(request: HttpRequest, form: Form, *, service: Service, status: int = 200) -> HttpResponse:
    """The form about one service."""
    card = cards.card(service, today=today())
    context = {
        **frame(request, form),
        "service": service,
        "card": card,
        "choices": [
            ("1", _("Ce numéro ne répond pas")) if card.numbers else ("", ""),
            ("3", _("C’est fermé, ou ça n’existe plus")),
            ("2", _("Une information est fausse")),
        ],
        "dialled": card.numbers if len(card.numbers) > 1 else (),
    }
    return envelopes.page(request, "referrals/public/correct.html", context, status=status)


def suggestion(request: HttpRequest, form: Form, *, status: int = 200) -> HttpResponse:
    """The form about a service that is not there."""
    context = {
        **frame(request, form),
        "kinds": corrections.kinds(),
        "departements": corrections.departements(),
        "where": request.POST.getlist("ou"),
    }
    return envelopes.page(request, "referrals/public/suggest.html", context, status=status)


def frame(request: HttpRequest, form: Form) -> dict[str, object]:
    """What both forms carry; a form that came back keeps the moment at which it was opened."""
    return {
        "values": form.values,
        "errors": form.errors,
        "opened": request.POST.get("o") or corrections.opened_now(),
        "numbers": numbers(*FIRST),
    }


def is_good(form: Form, sent: QueryDict) -> bool:
    """Whether the form can be kept; else it says what to mend."""
    if not form.errors and not corrections.is_trapped(sent) and corrections.is_hurried(sent.get("o", "")):
        form.errors["o"] = _("C’est allé trop vite. Relis, puis envoie encore une fois.")
    return not form.errors


def keep(request: HttpRequest, form: Form, *, service: Service | None) -> HttpResponse:
    """Open the proposal and go to the thanks; a form with the hidden field filled in is thanked and forgotten."""
    now = timezone.now()
    if corrections.is_trapped(request.POST):
        return thanks()
    proposal = proposed(form, service=service, on=today())
    if request.POST.get("revenir") and proposal is not None:
        return see({"words": tickets.give(proposal).words()}, at=now)
    return thanks()


def proposed(form: Form, *, service: Service | None, on: date) -> Proposal | None:
    """What the form proposes; None when the directory says so already."""
    origin = moderation.Origin(Proposal.Origin.VISITOR, said=form.said)
    if service is None:
        return moderation.propose_new(after=form.after, origin=origin, on=on)
    if form.after:
        try:
            return moderation.propose_change(service, after=form.after, origin=origin, on=on)
        except moderation.NothingChanges:
            return None
    return moderation.report(service, kind=form.kind, origin=origin, on=on)


def thanks() -> HttpResponse:
    """303 to the thanks."""
    return HttpResponse(status=303, headers={"Location": f"{reverse(FOLLOW)}?p=1"})


def see(content: dict[str, str], *, at: datetime) -> HttpResponse:
    """303 to a page that says nothing of itself in its address and lasts 15 minutes."""
    token = handoffs.new_token()
    handoffs.leave(token, content, at=at)
    return HttpResponse(status=303, headers={"Location": f"{reverse(FOLLOW)}?k={token}"})


def found(typed: str) -> dict[str, object]:
    """What the page says of a code."""
    try:
        proposal = tickets.find(codes.read_code(typed))
    except codes.BadCode:
        proposal = None
    if proposal is None:
        return {"error": _("On ne trouve rien avec ces mots. Sont-ils dans le bon ordre ?"), "typed": typed}
    said = {
        Proposal.Status.OPEN: _("L’équipe doit encore vérifier."),
        Proposal.Status.APPLIED: _("C’est vérifié. L’annuaire le dit maintenant."),
        Proposal.Status.REFUSED: _("L’équipe n’a pas pu le confirmer. L’annuaire n’a pas changé."),
    }
    return {"became": said[Proposal.Status(proposal.status)], "day": proposal.proposed_on}
