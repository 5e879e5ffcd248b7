"""The desk of pages that explain: read, compare, propose, bring back."""

from datetime import date

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.roles import moderators_only
from resources import desk_forms, explained, facts, history, moderation, pages, translations
from resources.exchange.starter_csv import Refusal
from resources.models import Page, Proposal
from resources.opening import today
from resources.tongues import SOURCE, others
from resources.views_desk import who

Errors = dict[str, str]

EXAMPLE = "{numero:119-allo-enfance-en-danger|Jour et nuit}"


@require_safe
@moderators_only
def listed(request: HttpRequest) -> HttpResponse:
    """Every page, with what waits for a decision and how far its translations can be trusted."""
    shown = Page.objects.prefetch_related(
        "translations", Prefetch("proposals", queryset=Proposal.objects.open(), to_attr="waiting")
    )
    rows = [(page, [(name, translations.worst(page, language=code)) for code, name in others()]) for page in shown]
    return render(request, "resources/desk/explained/list.html", {"here": "directory", "part": "pages", "rows": rows})


@require_safe
@moderators_only
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """What visitors read, what waits, and every version of it."""
    shown = get_object_or_404(Page, slug=slug)
    versions = history.versions_of_page(shown)
    context = {
        "here": "directory",
        "part": "pages",
        "page": shown,
        "preview": explained.page(shown, language=SOURCE, today=today()),
        "open": Proposal.objects.open().filter(page=shown).order_by("pk"),
        "versions": [
            (version, desk_forms.text_differences(version.changes) if version.number > 1 else [])
            for version in versions
        ],
        "others": others(),
    }
    return render(request, "resources/desk/explained/page.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@moderators_only
def change(request: HttpRequest, slug: str) -> HttpResponse:
    """Write other words, look at them, and propose them; `?d=` begins with those of a proposal."""
    shown = get_object_or_404(Page, slug=slug)
    if request.method != "POST":
        return form(request, shown, said=begun(shown, request.GET.get("d", "")), errors={})
    said, errors = read(request.POST)
    if errors or "propose" not in request.POST:
        return form(request, shown, said=said, errors=errors, status=400 if errors else 200)
    try:
        opened = moderation.propose_page(
            shown, after=said, author=who(request), source=request.POST.get("reason", ""), on=today()
        )
    except moderation.NothingChanges:
        messages.info(request, _("La page dit déjà cela."))
        return redirect("directory_desk:page", slug)
    messages.success(request, _("C’est proposé. Une autre personne de l’équipe publie."))
    return redirect("directory_desk:proposal", opened.pk)


def form(request: HttpRequest, shown: Page, *, said: facts.Facts, errors: Errors, status: int = 200) -> HttpResponse:
    """The form, with what visitors would read and what would change; without both while something is wrong."""
    changes = facts.changes_between(pages.of(shown), said)
    context = {
        "here": "directory",
        "part": "pages",
        "page": shown,
        "fields": [(name, field.label, said[name], errors.get(name)) for name, field in pages.FIELDS.items()],
        "errors": [(pages.FIELDS[name].label, words) for name, words in errors.items()],
        "differences": desk_forms.text_differences(changes) if changes and not errors else [],
        "preview": preview(said, today=today()) if not errors else None,
        "reason": request.POST.get("reason", ""),
        "example": EXAMPLE,
    }
    return render(request, "resources/desk/explained/edit.html", context, status=status)


def begun(shown: Page, proposal: str) -> facts.Facts:
    """What the form begins with: the page, or what a proposal about it wanted."""
    said = pages.of(shown)
    if proposal.isdecimal():
        wanted = get_object_or_404(Proposal, pk=int(proposal), page=shown)
        said |= {name: change["after"] for name, change in wanted.changes.items()}
    return said


def read(sent: QueryDict) -> tuple[facts.Facts, Errors]:
    """The texts as they were sent, and what is wrong with them, by field."""
    said: facts.Facts = {}
    errors: Errors = {}
    for name in pages.FIELDS:
        said[name] = sent.get(name, "").replace("\r\n", "\n")
        try:
            said[name] = pages.checked(name, said[name])
        except Refusal as refusal:
            errors[name] = str(refusal)
    return said, errors


def preview(said: facts.Facts, *, today: date) -> explained.Explained:
    """A page that is nowhere yet, as visitors would read it."""
    return explained.page(Page(**said), language=SOURCE, today=today)


@require_POST
@moderators_only
def bring_back(request: HttpRequest, slug: str, number: int, field: str) -> HttpResponse:
    """Propose what a field said before a version; another moderator publishes it."""
    shown = get_object_or_404(Page, slug=slug)
    versions = {version.number: version for version in history.versions_of_page(shown)}
    try:
        before = versions[number].changes[field]["before"]
        opened = moderation.propose_page(
            shown, after={field: before}, author=who(request), source=_("Retour en arrière"), on=today()
        )
    except (KeyError, Refusal):
        messages.warning(request, _("Ce retour n’est pas possible."))
    except moderation.NothingChanges:
        messages.info(request, _("La page dit déjà cela."))
    else:
        messages.success(request, _("C’est proposé. Une autre personne de l’équipe publie."))
        return redirect("directory_desk:proposal", opened.pk)
    return redirect("directory_desk:page", slug)
