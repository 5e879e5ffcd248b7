"""The desk of translations: texts of pages and of services, French beside the language that they are put into."""

from dataclasses import dataclass, replace

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch, Q
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.roles import moderators_only
from resources import facts, history, moderation, pages, translations
from resources.exchange.starter_csv import Refusal
from resources.models import Page, Service, Translation
from resources.tongues import others
from resources.translations import Trust
from resources.views_desk import ROWS_A_PAGE, one_service, who

Errors = dict[str, str]

LONG = 400
LABELS = {
    **{name: field.label for name, field in pages.FIELDS.items()},
    **{name: facts.FIELDS[name].label for name in ("description", "what_happens")},
    "saturation_note": facts.FIELDS["saturation"].label,
    "closure_note": facts.FIELDS["closure"].label,
}


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
        "pages": [(one, translations.worst(one, language=language)) for one in Page.objects.prefetch_related(kept)],
        "page": shown,
        "services": [(one, translations.worst(one, language=language)) for one in shown.object_list],
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


def language_name(code: str) -> str:
    """The name that a language of the site gives itself; 404 for another."""
    if code not in dict(others()):
        raise Http404
    return dict(others())[code]
