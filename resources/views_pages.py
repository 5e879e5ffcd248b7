"""Pages that explain, for everybody: what there is, and one page."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from resources import explained
from resources.models import Page
from resources.opening import today
from resources.tongues import of_the_page


@require_safe
def explanations(request: HttpRequest) -> HttpResponse:
    """What there is to understand, each with its first sentence."""
    return render(request, "resources/explained/list.html", {"here": "explained", "pages": titles()})


@require_safe
def explanation(request: HttpRequest, slug: str) -> HttpResponse:
    """One page, its doors, and the other pages."""
    found = {page.slug: page for page in Page.objects.in_language(of_the_page())}
    if slug not in found:
        raise Http404
    context = {
        "here": "explained",
        "page": explained.page(found[slug], language=of_the_page(), today=today()),
        "others": [explained.titled(page, language=of_the_page()) for page in found.values() if page.slug != slug],
    }
    return render(request, "resources/explained/page.html", context)


def titles() -> list[explained.Titled]:
    """Title and first sentence of each page, in order."""
    return [explained.titled(page, language=of_the_page()) for page in Page.objects.in_language(of_the_page())]
