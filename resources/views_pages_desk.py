"""The desk of pages that explain and of translations: read, compare, propose, bring back; put into other languages."""

from dataclasses import dataclass, replace
from datetime import date

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch, Q
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.roles import moderators_only
from resources import desk_forms, explained, facts, history, moderation, pages, translations
from resources.exchange.starter_csv import Refusal
from resources.models import Page, Proposal, Service, Translation
from resources.tongues import SOURCE
from resources.translations import Trust
from resources.views_desk import ROWS_A_PAGE, one_service, today, who

Errors = dict[str, str]


LONG = 400
EXAMPLE = "{numero:119-allo-enfance-en-danger|Jour et nuit}"
LABELS = {
    **{name: field.label for name, field in pages.FIELDS.items()},
    **{name: facts.FIELDS[name].label for name in ("description", "what_happens")},
    "saturation_note": facts.FIELDS["saturation"].label,
    "closure_note": facts.FIELDS["closure"].label,
}


# --- pages ------------------------------------------------------------------------------------------------------------


@require_safe
@moderators_only
def listed(request: HttpRequest) -> HttpResponse:
    """Every page, with what waits for a decision and how far its translations can be trusted."""
    shown = Page.objects.prefetch_related(
        "translations", Prefetch("proposals", queryset=Proposal.objects.open(), to_attr="waiting")
    )
    rows = [(page, [(name, trust_of(page, language=code)) for code, name in others()]) for page in shown]
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


# --- translations -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Text:
    """One text of the form: its source, what it says in the language, and how far that can be trusted.

    `seen` stands for what the form was shown with: what somebody else wrote meanwhile is not written over.
    """

    field: str
    label: str
    source: str
    said: str
    trust: Trust
    is_read: bool
    digest: str
    seen: str
    is_long: bool
    error: str = ""


@require_safe
@moderators_only
def languages(request: HttpRequest) -> HttpResponse:
    """The languages of the site; with only one other, straight to it."""
    if len(others()) == 1:
        return redirect("directory_desk:translations", others()[0][0])
    context = {"here": "directory", "part": "translations", "languages": others()}
    return render(request, "resources/desk/explained/languages.html", context)


@require_safe
@moderators_only
def translated(request: HttpRequest, language: str) -> HttpResponse:
    """Pages and published services, with how far each can be trusted in a language."""
    name = language_name(language)
    kept = Prefetch("translations", queryset=Translation.objects.filter(language=language))
    words = request.GET.get("q", "").strip()[:80]
    services = Service.objects.published().select_related("organisation").prefetch_related(kept).order_by("name", "pk")
    if words:
        services = services.filter(Q(name__icontains=words) | Q(organisation__name__icontains=words))
    shown = Paginator(services, ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "here": "directory",
        "part": "translations",
        "language": language,
        "language_name": name,
        "languages": others(),
        "words": words,
        "pages": [(one, trust_of(one, language=language)) for one in Page.objects.prefetch_related(kept)],
        "page": shown,
        "services": [(one, trust_of(one, language=language)) for one in shown.object_list],
    }
    return render(request, "resources/desk/explained/translations.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@moderators_only
def translate_page(request: HttpRequest, language: str, slug: str) -> HttpResponse:
    """The texts of a page, French and translation side by side."""
    return translate(request, get_object_or_404(Page, slug=slug), language=language)


@require_http_methods(["GET", "HEAD", "POST"])
@moderators_only
def translate_service(request: HttpRequest, language: str, public_id: str) -> HttpResponse:
    """The texts of a service, French and translation side by side."""
    return translate(request, one_service(public_id), language=language)


def translate(request: HttpRequest, about: Page | Service, *, language: str) -> HttpResponse:
    """Show the form, or save what was changed in it; what is wrong is shown again with the reason."""
    context = {
        "here": "directory",
        "part": "translations",
        "about": about,
        "is_page": isinstance(about, Page),
        "language": language,
        "language_name": language_name(language),
        "history": [(LABELS[one.field], one) for one in history.wordings(about, language=language)],
    }
    template = "resources/desk/explained/translate.html"
    texts = texts_of(about, language=language)
    if request.method != "POST":
        return render(request, template, {**context, "texts": texts})
    wrong = save(request, about, texts, language=language)
    if wrong:
        again = [typed(request.POST, one, error=wrong.get(one.field, "")) for one in texts_of(about, language=language)]
        return render(request, template, {**context, "texts": again, "errors": wrong}, status=400)
    messages.success(request, _("C’est enregistré et visible."))
    return redirect(request.path)


def save(request: HttpRequest, about: Page | Service, texts: list[Text], *, language: str) -> Errors:
    """Write each text that is not as it was; what could not be written, by field."""
    wrong: Errors = {}
    for one in texts:
        new = typed(request.POST, one)
        shown_with = request.POST.get(f"seen_{one.field}", "")
        if shown_with == seen(new.said, is_read=new.is_read):
            continue
        if shown_with != one.seen:
            wrong[one.field] = _("Quelqu’un d’autre a traduit ce texte entre-temps. Lisez l’historique, plus bas.")
            continue
        status = Translation.Status.REVIEWED if new.is_read else Translation.Status.MACHINE
        wording = moderation.Wording(language, one.field, new.said, request.POST.get(f"of_{one.field}", ""), status)
        try:
            moderation.translate(about, wording=wording, moderator=who(request))
        except moderation.SourceMoved:
            wrong[one.field] = _("Le français a changé pendant que vous écriviez. Relisez-le.")
        except Refusal as refusal:
            wrong[one.field] = str(refusal)
    return wrong


def texts_of(about: Page | Service, *, language: str) -> list[Text]:
    """The texts that have something to translate."""
    kept = {one.field: one for one in about.translations.filter(language=language)}
    return [text_of(about, field, kept.get(field)) for field in translations.fields(about) if getattr(about, field)]


def text_of(about: Page | Service, field: str, kept: Translation | None) -> Text:
    """One text; `kept` is its translation if there is one."""
    source, said = str(getattr(about, field)), kept.text if kept else ""
    trust = translations.trust(about, field, kept)
    is_read = trust == Trust.REVIEWED
    return Text(
        field=field,
        label=str(LABELS[field]),
        source=source,
        said=said,
        trust=trust,
        is_read=is_read,
        digest=translations.digest(source),
        seen=seen(said, is_read=is_read),
        is_long=len(source) > LONG,
    )


def typed(sent: QueryDict, one: Text, *, error: str = "") -> Text:
    """A text of the form as it was sent."""
    said = sent.get(f"said_{one.field}", "").replace("\r\n", "\n").strip()
    return replace(one, said=said, is_read=bool(said) and f"read_{one.field}" in sent, error=error)


def seen(said: str, *, is_read: bool) -> str:
    """What the form keeps of a translation, to tell whether it was touched, here or by somebody else."""
    return translations.digest(f"{is_read} {said.strip()}")


def trust_of(about: Page | Service, *, language: str) -> Trust | None:
    """The worst trust in a text of it, from translations that were read with it; None when nothing is to translate."""
    kept = {one.field: one for one in about.translations.all() if one.language == language}
    found = [
        translations.trust(about, field, kept.get(field))
        for field in translations.fields(about)
        if getattr(about, field)
    ]
    return min(found, key=list(Trust).index, default=None)


def others() -> list[tuple[str, str]]:
    """Codes and names of the site's languages but French."""
    return [(code, name) for code, name in settings.LANGUAGES if code != SOURCE]


def language_name(code: str) -> str:
    """The name that a language of the site gives itself; 404 for another."""
    if code not in dict(others()):
        raise Http404
    return dict(others())[code]
