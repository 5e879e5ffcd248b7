"""The desk of those who keep the directory true: the queue, one proposal, one service with its history."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_stubs_ext import StrOrPromise, StrPromise

from accounts.models import User
from accounts.roles import moderators_only
from resources import desk_forms, duplicates, explained, facts, history, moderation, pages
from resources.exchange.starter_csv import Refusal
from resources.models import Page, Proposal, ProposalQuerySet, Service, Vote
from resources.opening import today
from resources.tongues import SOURCE

ROWS_A_PAGE = 25
FIELDS = {**facts.FIELDS, **pages.FIELDS}


# Why a step did not happen.
WHY_NOT: dict[type[Exception], tuple[int, StrPromise]] = {
    moderation.AlreadyDecided: (409, _("Quelqu’un d’autre vient de décider.")),
    moderation.NotYours: (403, _("Vous ne pouvez pas décider ici.")),
    moderation.CheckMissing: (409, _("Dites d’abord comment cela a été vérifié.")),
    moderation.NothingChanges: (409, _("Il n’y a rien à publier : corrigez d’abord la fiche, ou refusez.")),
    moderation.BaseMoved: (
        409,
        _("La fiche ou la proposition a changé depuis que vous l’avez lue. Relisez la différence."),
    ),
}


# --- the queue --------------------------------------------------------------------------------------------------------


@require_safe
@moderators_only
def queue(request: HttpRequest) -> HttpResponse:
    """What was proposed, the most dangerous and the oldest first; a wide screen shows the first of them beside it."""
    board = beside(request)
    rows = board["rows"]
    first = rows[0].proposal if isinstance(rows, list) and rows else None
    context = {**board, **(whole(request, first) if first else {}), "is_list": True}
    return render(request, "resources/desk/board.html", context)


@dataclass(frozen=True, slots=True)
class Line:
    """One proposal in the list."""

    proposal: Proposal
    heading: str
    touched: str
    is_chosen: bool


def beside(request: HttpRequest, chosen: Proposal | None = None) -> dict[str, object]:
    """The list: three files, one of them open, and what stands before and after the proposal that was chosen."""
    tab = request.GET.get("file", "")
    listed = listings(who(request))
    page = Paginator(listed.get(tab, listed[""]), ROWS_A_PAGE).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    pks = [one.pk for one in shown]
    at = pks.index(chosen.pk) if chosen is not None and chosen.pk in pks else None
    first = 1 if chosen is None else 0  # without a choice, the first is shown already
    return {
        "here": "directory",
        "part": "queue",
        "tab": tab if tab in listed else "",
        "tabs": [(name, label, listed[name].count()) for name, label in tab_labels()],
        "listed": page,
        "rows": [Line(one, heading(one), touched(one), chosen is not None and one.pk == chosen.pk) for one in shown],
        "previous": pks[at - 1] if at else None,
        "following": next(iter(pks[first if at is None else at + 1 :]), None),
    }


def tab_labels() -> list[tuple[str, StrOrPromise]]:
    """Parts of the queue."""
    return [("", _("À décider")), ("second", _("Déjà vues par vous")), ("closes", _("Décidées"))]


def listings(me: User) -> dict[str, ProposalQuerySet]:
    """The three lists."""
    shown = Proposal.objects.select_related("service__organisation", "page", "author").annotate(
        agreed=Count("votes", filter=Q(votes__verdict=Vote.Verdict.APPROVE))
    )
    mine = Vote.objects.filter(moderator=me).values("proposal")
    return {
        "": shown.open().exclude(pk__in=mine).by_risk(),
        "second": shown.open().filter(pk__in=mine).by_risk(),
        "closes": shown.exclude(status=Proposal.Status.OPEN).order_by("-decided_on", "-pk"),
    }


def touched(proposal: Proposal) -> str:
    """Names of the fields that a correction touches."""
    if proposal.kind in moderation.PUBLISHING:
        return ""
    return ", ".join(str(known.label) for name, known in FIELDS.items() if name in proposal.changes)


def heading(proposal: Proposal) -> str:
    """The service that a proposal is about, or the name that it gives a new one."""
    if proposal.page is not None:
        return proposal.page.title
    if proposal.service is not None:
        return proposal.service.name
    return str(proposal.changes.get("name", {}).get("after") or _("Sans nom"))


# --- one proposal -----------------------------------------------------------------------------------------------------


@require_safe
@moderators_only
def proposal(request: HttpRequest, pk: int) -> HttpResponse:
    """Before and after, what contradicts it, what resembles it, and what to do."""
    return show(request, found(pk))


def show(request: HttpRequest, shown: Proposal, *, status: int = 200, error: str = "") -> HttpResponse:
    """The page of a proposal; a wide screen shows the list beside it."""
    context = {**beside(request, shown), **whole(request, shown), "error": error}
    return render(request, "resources/desk/board.html", context, status=status)


def whole(request: HttpRequest, shown: Proposal) -> dict[str, object]:
    """All that has to be known to decide."""
    if shown.page is not None:
        return whole_of_page(request, shown, shown.page)
    others = moderation.conflicts(shown)
    disputed = {name: tuple(one.pk for one in others if name in one.changes) for name in shown.changes}
    moved = moderation.moved(shown) if shown.is_open else {}
    said = said_after(shown)
    return {
        **decided_so_far(shown, me=who(request)),
        "service": shown.service,
        "differences": desk_forms.differences(shown.changes, now=moved, disputed=disputed),
        "moved": moved,
        "others": others,
        "is_publishing": shown.kind in moderation.PUBLISHING,
        "can_apply": bool(shown.changes) or is_removal(shown),
        "is_removal": shown.is_open and is_removal(shown),
        "checks": checks(),
        "twins": twins(said, not_this=shown.service_id) if shown.is_open and said["name"] else [],
        "today": today(),
    }


def whole_of_page(request: HttpRequest, shown: Proposal, page: Page) -> dict[str, object]:
    """The same for a page that explains: what differs, and what visitors would read."""
    others = moderation.conflicts(shown)
    disputed = {name: tuple(one.pk for one in others if name in one.changes) for name in shown.changes}
    moved = moderation.moved(shown) if shown.is_open else {}
    said = pages.of(page) | {name: change["after"] for name, change in shown.changes.items()}
    return {
        **decided_so_far(shown, me=who(request)),
        "page": page,
        "differences": desk_forms.text_differences(shown.changes, now=moved, disputed=disputed),
        "preview": explained.page(Page(**said), language=SOURCE, today=today()),
        "moved": moved,
        "others": others,
        "can_apply": True,
    }


def decided_so_far(shown: Proposal, *, me: User) -> dict[str, object]:
    """What is said of every proposal: its name, the votes, and what this moderator may do."""
    votes = list(shown.votes.select_related("moderator"))
    return {
        "proposal": shown,
        "heading": heading(shown),
        "votes": votes,
        "agreed": moderation.approvals(shown) if shown.is_open else len(votes),
        "may_decide": moderation.may_decide(shown, moderator=me),
        "has_agreed": any(
            vote.moderator_id == me.pk and vote.verdict == Vote.Verdict.APPROVE and vote.revision == shown.revision
            for vote in votes
        ),
    }


def twins(said: facts.Facts, *, not_this: UUID | None) -> list[tuple[duplicates.Twin, list[desk_forms.Difference]]]:
    """Services that may be the same, each beside what is said here, where the two differ."""
    return [
        (twin, desk_forms.differences(facts.changes_between(said, facts.of(twin.service))))
        for twin in duplicates.twins(said, not_this=not_this)
    ]


def is_removal(shown: Proposal) -> bool:
    """Whether agreeing takes the service out of the directory."""
    return shown.kind == Proposal.Kind.CLOSED and not shown.changes


def said_after(shown: Proposal) -> facts.Facts:
    """What the directory would say with the proposal."""
    now = facts.of(shown.service) if shown.service is not None else facts.blank()
    return {**now, **{name: change["after"] for name, change in shown.changes.items()}}


Act = Callable[[HttpRequest, Proposal, User], StrOrPromise]


def act(request: HttpRequest, pk: int, step: Act) -> HttpResponse:
    """Do one step; go on to the next proposal, or say on the page of this one why not."""
    shown = found(pk)
    try:
        done = step(request, shown, who(request))
    except Refusal as refusal:
        return show(request, found(pk), status=400, error=f"{refusal}.".capitalize())
    except tuple(WHY_NOT) as refusal:
        status, words = WHY_NOT[type(refusal)]
        return show(request, found(pk), status=status, error=str(words))
    messages.success(request, str(done))
    return onward(request, after=pk)


def onward(request: HttpRequest, *, after: int) -> HttpResponse:
    """The next proposal that this moderator has not seen yet; the queue when none is left."""
    if "rester" in request.POST:
        return redirect("directory_desk:proposal", after)
    following = listings(who(request))[""].exclude(pk=after).first()
    return redirect("directory_desk:proposal", following.pk) if following else redirect("directory_desk:queue")


@require_POST
@moderators_only
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Agree, with how it was checked if that was said."""

    def step(request: HttpRequest, shown: Proposal, me: User) -> StrOrPromise:
        if request.POST.get("check_kind"):
            moderation.record_check(
                shown,
                moderator=me,
                check_kind=request.POST["check_kind"],
                on=today(),
                confirmed=request.POST.get("confirmed", "")[:2000],
            )
        revision = request.POST.get("revision", "")
        applied = moderation.approve(
            shown,
            moderator=me,
            on=today(),
            reason=request.POST.get("reason", ""),
            revision=int(revision) if revision.isdecimal() else None,
        )
        if applied and is_removal(shown):
            return _("La fiche est retirée.")
        return _("C’est publié.") if applied else _("Votre accord est noté. Une autre personne doit être d’accord.")

    return act(request, pk, step)


@require_POST
@moderators_only
def refuse(request: HttpRequest, pk: int) -> HttpResponse:
    """Decide against it."""

    def step(request: HttpRequest, shown: Proposal, me: User) -> StrOrPromise:
        moderation.refuse(shown, moderator=me, reason=request.POST.get("reason", ""), on=today())
        return _("C’est refusé.")

    return act(request, pk, step)


@require_POST
@moderators_only
def ask_second(request: HttpRequest, pk: int) -> HttpResponse:
    """Want a second pair of eyes."""

    def step(request: HttpRequest, shown: Proposal, me: User) -> StrOrPromise:
        moderation.ask_second(shown, moderator=me, reason=request.POST.get("reason", ""))
        return _("Un second avis est demandé.")

    return act(request, pk, step)


@require_POST
@moderators_only
def take_over(request: HttpRequest, pk: int) -> HttpResponse:
    """Judge the difference with what the service says now."""

    def step(_request: HttpRequest, shown: Proposal, me: User) -> StrOrPromise:
        moderation.take_over(shown, moderator=me)
        return _("La différence est refaite avec la fiche d’aujourd’hui.")

    return act(request, pk, step)


@require_http_methods(["GET", "HEAD", "POST"])
@moderators_only
def amend(request: HttpRequest, pk: int) -> HttpResponse:
    """Write other values into the proposal."""
    shown = found(pk)
    if shown.page is not None:  # what is proposed for a page stays: who would say something else proposes anew
        return redirect(f"{reverse('directory_desk:change_page', args=[shown.page.slug])}?d={pk}")
    said = desk_forms.form_of(said_after(shown)).said
    if request.method != "POST":
        return edit(request, desk_forms.form_of(said), title=heading(shown), proposal=shown)
    after, form = desk_forms.read_facts(request.POST, shown=said)
    if form.errors:
        return edit(request, form, title=heading(shown), proposal=shown, status=400)

    def step(request: HttpRequest, shown: Proposal, me: User) -> StrOrPromise:
        moderation.amend(shown, moderator=me, after=after, reason=request.POST.get("reason", ""))
        return _("C’est corrigé, et vous êtes d’accord. Il faut maintenant décider.")

    return act(request, pk, step)


def edit(
    request: HttpRequest,
    form: desk_forms.FactsForm,
    *,
    title: str,
    proposal: Proposal | None = None,
    service: Service | None = None,
    status: int = 200,
) -> HttpResponse:
    """The form over all the facts."""
    labels = {name: str(known.label) for name, known in facts.FIELDS.items()}
    context = {
        "here": "directory",
        "part": "services" if proposal is None else "queue",
        "form": form,
        "errors": [(labels[name], words) for name, words in form.errors.items()],
        "labels": labels,
        "title": title,
        "proposal": proposal,
        "service": service,
        **form.lists,
    }
    return render(request, "resources/desk/edit.html", context, status=status)


# --- one service ------------------------------------------------------------------------------------------------------


@require_safe
@moderators_only
def services(request: HttpRequest) -> HttpResponse:
    """Every service, published or not, by name."""
    words = request.GET.get("q", "").strip()[:80]
    listed = Service.objects.select_related("organisation").order_by("name", "pk")
    if words:
        listed = listed.filter(Q(name__icontains=words) | Q(organisation__name__icontains=words))
    page = Paginator(listed, ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = {"here": "directory", "part": "services", "page": page, "words": words, "today": today()}
    return render(request, "resources/desk/services.html", context)


@require_safe
@moderators_only
def service(request: HttpRequest, public_id: str) -> HttpResponse:
    """All that is known of a service, its checks, its history."""
    shown = one_service(public_id)
    said = facts.of(shown)
    lines = [
        (known.label, desk_forms.in_words(name, said[name]))
        for name, known in facts.FIELDS.items()
        if desk_forms.in_words(name, said[name])
    ]
    context = {
        "here": "directory",
        "part": "services",
        "service": shown,
        "facts": lines,
        "versions": [
            (version, desk_forms.differences(version.changes) if version.number > 1 else [])
            for version in history.versions(shown)
        ],
        "verifications": shown.verifications.select_related("by")[:10],
        "open": Proposal.objects.open().filter(service=shown).by_risk(),
        "twins": twins(said, not_this=shown.pk),
        "expired": shown.check_expired(on=today()),
        "is_mine": moderation.works_for(shown, person=who(request)),
        "checks": checks(),
    }
    return render(request, "resources/desk/service.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@moderators_only
def propose(request: HttpRequest, public_id: str) -> HttpResponse:
    """Staff edits go through the same door: a proposal, which others decide."""
    shown = one_service(public_id)
    said = desk_forms.form_of(facts.of(shown)).said
    if request.method != "POST":
        return edit(request, desk_forms.form_of(said), title=shown.name, service=shown)
    after, form = desk_forms.read_facts(request.POST, shown=said)
    if form.errors:
        return edit(request, form, title=shown.name, service=shown, status=400)
    origin = moderation.Origin(Proposal.Origin.STAFF, author=who(request), source=request.POST.get("reason", "")[:300])
    try:
        opened = moderation.propose_change(shown, after=after, origin=origin, on=today())
    except moderation.NothingChanges:
        messages.info(request, _("La fiche dit déjà cela."))
        return redirect("directory_desk:service", public_id)
    messages.success(request, _("C’est proposé. D’autres décident : votre voix ne compte pas ici."))
    return redirect("directory_desk:proposal", opened.pk)


@require_POST
@moderators_only
def publish(request: HttpRequest, public_id: str) -> HttpResponse:
    """Propose that a service that waits, or was hidden, is published as it is."""
    origin = moderation.Origin(Proposal.Origin.STAFF, author=who(request))
    opened = moderation.propose_publication(one_service(public_id), origin=origin, on=today())
    return redirect("directory_desk:proposal", opened.pk)


@require_POST
@moderators_only
def hide(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take a service out of the directory at once."""
    reason = request.POST.get("reason", "").strip()
    if not reason:
        messages.warning(request, _("Dites pourquoi."))
        return redirect("directory_desk:service", public_id)
    try:
        gone = moderation.hide(one_service(public_id), moderator=who(request), reason=reason, on=today())
    except moderation.NotYours:
        messages.warning(request, _("Vous ne pouvez pas décider ici."))
    else:
        waits = _("C’est un numéro d’urgence : une autre personne doit être d’accord.")
        messages.success(request, _("La fiche est retirée.") if gone else waits)
    return redirect("directory_desk:service", public_id)


@require_POST
@moderators_only
def bring_back(request: HttpRequest, public_id: str, number: int, field: str) -> HttpResponse:
    """Bring back what a field said before a version."""
    shown = one_service(public_id)
    try:
        before = history.value_before(shown, number=number, field=field)
        opened = moderation.bring_back(shown, after={field: before}, moderator=who(request), on=today())
    except (KeyError, moderation.NothingChanges):
        messages.info(request, _("La fiche dit déjà cela."))
    except (moderation.NotYours, Refusal):
        messages.warning(request, _("Ce retour n’est pas possible."))
    else:
        if opened.is_open:
            messages.success(request, _("C’est proposé, et vous êtes d’accord. Une autre personne doit l’être aussi."))
            return redirect("directory_desk:proposal", opened.pk)
        messages.success(request, _("La fiche dit de nouveau cela."))
    return redirect("directory_desk:service", public_id)


@require_POST
@moderators_only
def merge(request: HttpRequest, public_id: str) -> HttpResponse:
    """Make one service of two: this one stays."""
    kept = one_service(public_id)
    gone = one_service(request.POST.get("gone", ""))
    try:
        opened = duplicates.merge(kept=kept, gone=gone, moderator=who(request), on=today())
    except moderation.NotYours:
        messages.warning(request, _("Vous ne pouvez pas décider ici."))
        return redirect("directory_desk:service", public_id)
    except Refusal as refusal:
        messages.warning(request, f"{refusal}.".capitalize())
        return redirect("directory_desk:service", public_id)
    messages.success(request, _("L’autre fiche est retirée. Son ancienne adresse mène à celle-ci."))
    if opened is not None:
        return redirect("directory_desk:proposal", opened.pk)
    return redirect("directory_desk:service", public_id)


# --- shared ---------------------------------------------------------------------------------------------------------


def found(pk: int) -> Proposal:
    """A proposal with what its page shows."""
    return get_object_or_404(Proposal.objects.select_related("service__organisation", "page", "author"), pk=pk)


def one_service(public_id: str) -> Service:
    """A service, published or not."""
    return get_object_or_404(Service.objects.select_related("organisation"), public_id=public_id)


def checks() -> list[tuple[str, str]]:
    """How facts may have been checked."""
    kinds = (Service.Check.CALL, Service.Check.VISIT, Service.Check.OWNER, Service.Check.OFFICIAL_PAGE)
    return [(kind.value, str(kind.label)) for kind in kinds]


def who(request: HttpRequest) -> User:
    """The moderator who is signed in."""
    if not isinstance(request.user, User):
        raise moderation.NotYours
    return request.user
