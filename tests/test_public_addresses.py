"""Every address of the site as nobody: the public ones are this list, all others send to the sign-in page.

What must hold on each public page is tested by walking this list, here and in a browser (tests/journeys): a new page
cannot be forgotten.
"""

import re
from collections.abc import Iterator
from uuid import UUID

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from django.urls.resolvers import LocalePrefixPattern

from config import assets
from resources import moderation, pages
from resources.models import Page, Service
from tests.builders import a_service
from tests.threat_model import measured

pytestmark = pytest.mark.django_db

PUBLIC = [
    "",
    "api/^hsds/?$",
    "api/export/data-inclusion.json",
    "api/export/directory.csv",
    "api/export/directory.geojson",
    "api/export/hsds.json",
    "api/hsds/openapi.json",
    "api/hsds/organizations",
    "api/hsds/organizations/<str:id>",
    "api/hsds/service_at_locations",
    "api/hsds/service_at_locations/<str:id>",
    "api/hsds/services",
    "api/hsds/services/<str:id>",
    "api/hsds/taxonomies",
    "api/hsds/taxonomies/<str:id>",
    "api/hsds/taxonomy_terms",
    "api/hsds/taxonomy_terms/<str:id>",
    "api/schema",
    "api/v1/communes",
    "api/v1/follow-up/message",
    "api/v1/follow-up/open",
    "api/v1/follow-up/salt",
    "api/v1/follow-up/withdraw",
    "api/v1/needs",
    "api/v1/referrals",
    "api/v1/referrals/sent",
    "api/v1/routing",
    "api/v1/sealing",
    "api/v1/search",
    "espace/^oubli/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/$",
    "espace/bienvenue/",
    "espace/connexion/",
    "espace/connexion/code/",
    "espace/connexion/ferme/",
    "espace/deconnexion/",
    "espace/invitation/<str:token>/",
    "espace/oubli/",
    "espace/oubli/envoye/",
    "espace/oubli/fait/",
    "fr/",
    "fr/accessibilite/",
    "fr/annuaire/",
    "fr/annuaire/<slug:public_id>/",
    "fr/annuaire/<slug:public_id>/corriger/",
    "fr/annuaire/<slug:public_id>/pdf/",
    "fr/annuaire/<slug:public_id>/vcard/",
    "fr/annuaire/cartes/",
    "fr/annuaire/confirmer/<str:token>/",
    "fr/annuaire/garder/",
    "fr/annuaire/pdf/",
    "fr/annuaire/proposer/",
    "fr/annuaire/proposer/suite/",
    "fr/comprendre/",
    "fr/comprendre/<slug:slug>/",
    "fr/confidentialite/",
    "fr/donnees/",
    "fr/donnees/qualite/",
    "fr/ecrire/",
    "fr/ecrire/suite/",
    "fr/mentions-legales/",
    "fr/pro/",
    "fr/pro/ecrire/",
    "fr/suivi/",
    "fr/traces/",
    "fr/urgence/",
    "fr/urgence/garder/",
    "healthz",
    "readyz",
    "x",
]
# Public answers below the language that are files, not pages.
FILES = [
    "fr/annuaire/<slug:public_id>/pdf/",
    "fr/annuaire/<slug:public_id>/vcard/",
    "fr/annuaire/cartes/",
    "fr/annuaire/garder/",
    "fr/annuaire/pdf/",
    "fr/urgence/garder/",
]
# Words that would tell somebody who looks at a history, a tab or a list of files what was read.
TELLING = re.compile(
    r"victim|prostitu|exploit|\bviol|\brape|suicid|escort|\btraite\b|traffick|prox[eé]n|\bpimp|\bsex|\babus|\babri\b|shelter",
    re.IGNORECASE,
)
SAMPLES = {"int": "1", "uuid": str(UUID(int=1)), "slug": "a", "str": "a", "path": "a"}
SIGN_IN = "/espace/connexion/"


def routes(resolver: URLResolver, before: str = "") -> Iterator[str]:
    """Every route below a resolver, as it is written in the code."""
    for entry in resolver.url_patterns:
        pattern = entry.pattern
        text = "fr/" if isinstance(pattern, LocalePrefixPattern) else str(pattern)
        if isinstance(entry, URLPattern):
            yield before + text
        else:
            yield from routes(entry, before + text)


def sample(route: str) -> str:
    """An address that the route matches."""
    plain = re.sub(r"\(\?P<\w+>[^)]+\)", "a", route).replace("^", "").replace("$", "").replace("/?", "")
    return "/" + re.sub(r"<(?:(\w+):)?\w+>", lambda found: SAMPLES.get(found[1] or "str", "a"), plain)


def every_route() -> list[str]:
    """Every route of the site."""
    return sorted(set(routes(get_resolver())))


def is_closed(route: str) -> bool:
    """Whether nobody is sent to the sign-in page."""
    response = Client().get(sample(route))
    return response.status_code == 302 and response.headers["Location"].startswith(f"{SIGN_IN}?next=")


def test_what_is_public_is_this_list() -> None:
    assert [route for route in every_route() if not is_closed(route)] == PUBLIC


def test_only_the_staff_area_is_closed() -> None:
    closed = [route for route in every_route() if is_closed(route)]

    assert closed != []
    assert [route for route in closed if not route.startswith("espace/")] == []


def test_every_sample_is_the_address_of_its_route() -> None:
    assert [route for route in every_route() if not resolves(route)] == []


def resolves(route: str) -> bool:
    """Whether the sample leads to the route, and not to an earlier one or nowhere."""
    return str(resolve(sample(route)).route) == route.replace("/^", "/")


# --- what holds on each page ------------------------------------------------------------------------------------------


def public_pages(service: Service, *, language: str = "fr") -> list[str]:
    """Address of every page that a visitor can open in a language."""
    explained = [page.slug for page in Page.objects.all()] or ["a"]
    routes = [route.removeprefix("fr/") for route in PUBLIC if route.startswith("fr/") and route not in FILES]
    own = [
        route.replace("<slug:public_id>", service.public_id).replace("<slug:slug>", slug)
        for route in routes
        for slug in (explained if "<slug:slug>" in route else explained[:1])
    ]
    return [f"/{language}{sample(route)}" for route in own]


def telling_service(*, website: str = "https://exemple.fr") -> Service:
    """A service whose name says all that an address or a title must not."""
    return a_service(
        name="Abri pour victimes de viol et de traite",
        phones=["0199001122"],
        website=website,
        needs=["prostitution"],
    )


def test_pages_are_pages_and_files_are_files(client: Client) -> None:
    service = telling_service()

    answers = {
        route: client.get(sample(route.replace("<slug:public_id>", service.public_id)))
        for route in PUBLIC
        if route.startswith("fr/")
    }

    pages = [route for route, answer in answers.items() if answer.headers["Content-Type"].startswith("text/html")]
    kept = [route for route, answer in answers.items() if answer.headers.get("Content-Disposition")]
    assert sorted({*answers}.difference(pages).union(kept)) == FILES


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
def test_every_page_can_be_left_and_tells_nothing(client: Client, language: str) -> None:
    service, faults = telling_service(), list[str]()
    moderation.load_pages(pages.starter())

    for address in public_pages(service, language=language):
        text = client.get(address).content.decode()
        faults += [f"{address}: {fault}" for fault in faults_of(text, language=language)]

    assert faults == []


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_every_page_of_an_error_can_be_left_and_tells_nothing(
    client: Client, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    client.raise_request_exception = False
    for language, _name in settings.LANGUAGES:
        answered, text = failing(client, monkeypatch, f"/{language}/annuaire/", status=status)

        assert answered == status
        assert faults_of(text, language=language) == []


def failing(client: Client, monkeypatch: pytest.MonkeyPatch, address: str, *, status: int) -> tuple[int, str]:
    """Status and text of an answer of each kind of failure."""
    if status == 400:
        answer = client.post(address, {"q": "x" * 600_000})
    elif status == 403:
        answer = client.post(address, headers={"Sec-Fetch-Site": "cross-site"})
    elif status == 404:
        answer = client.get(f"{address}nulle-part/")
    else:
        monkeypatch.setattr("resources.views.search", None)
        answer = client.get(address)
    return answer.status_code, answer.content.decode()


def test_too_many_tries_happen_in_the_staff_area_only() -> None:
    """Its page has no exit control: nothing public counts what somebody does (settings, ACCOUNT_RATE_LIMITS)."""
    assert '{% extends "espace/base.html" %}' in (settings.BASE_DIR / "templates/429.html").read_text(encoding="utf-8")
    assert settings.REST_FRAMEWORK.get("DEFAULT_THROTTLE_CLASSES") is None


def faults_of(text: str, *, language: str) -> list[str]:
    """What is wrong with a page: its way out, its title, the addresses and file names that stand in it."""
    head, found, _main = text.partition("<main")
    ways = re.findall(r"<a [^>]*data-quitter[^>]*>", head)
    right = f'href="{settings.EXIT_URLS[language]}" rel="noreferrer nofollow" data-quitter'
    checks = {
        "two ways out before the content": found and len(ways) == 2 and all(right in way for way in ways),
        "one of them is the control": sum('id="quitter"' in way for way in ways) == 1,
        "the style and the script are there": assets.style("site") in text and assets.script("site") in text,
        "nothing opens a second tab": "target=" not in text,
        "Shift is promised by the script alone": told_without_script(text) == [],
    }
    title = re.search(r"<title>(.*?)</title>", text, re.DOTALL)
    addresses = re.findall(r'(?:href|action|src|id|download)="([^"]*)"', text)
    said = [title[1] if title else "no title", *(one for one in addresses if not one.startswith(("data:", "https:")))]
    return [
        *(name for name, holds in checks.items() if not holds),
        *(f"says {one}" for one in said if TELLING.search(one)),
    ]


def told_without_script(text: str) -> list[str]:
    """Sentences that only hold with JavaScript, and that somebody without it would read."""
    shown = re.sub(r'<(\w+) class="scripted">.*?</\1>|<(script|template).*?</\2>', "", text, flags=re.DOTALL)
    return re.findall(r">[^<]*(?:\bMaj\b|\bShift\b)[^<]*<", shown)


def test_titles_are_those_that_the_threat_model_names(client: Client) -> None:
    moderation.load_pages(pages.starter())

    texts = [client.get(address).content.decode() for address in public_pages(telling_service())]

    titles = {
        title.replace("\N{NO-BREAK SPACE}", " ") for text in texts for title in re.findall("<title>(.*?)</title>", text)
    }
    assert titles - measured()["title"] == set()


def test_visitors_see_no_page_outside_the_frame_that_has_the_way_out() -> None:
    """Of the others, one is of the staff, one a file that somebody keeps, one for developers."""
    folder = settings.BASE_DIR / "templates"
    whole = {path for path in folder.rglob("*.html") if "<!doctype" in path.read_text(encoding="utf-8").lower()}

    assert sorted(str(path.relative_to(folder)) for path in whole) == [
        "base.html",
        "espace/base.html",
        "resources/kept.html",
        "styleguide/page.html",
    ]


def test_files_bear_neutral_names(client: Client) -> None:
    service = telling_service()

    answers = [client.get(sample(route.replace("<slug:public_id>", service.public_id))) for route in FILES]

    names = [answer.headers["Content-Disposition"] for answer in answers]
    assert names == [
        'inline; filename="adresse.pdf"',
        'attachment; filename="contact.vcf"',
        'inline; filename="cartes.pdf"',
        'attachment; filename="adresses.html"',
        'inline; filename="adresses.pdf"',
        'attachment; filename="adresses.html"',
    ]
    assert "FN:Claire" in answers[1].content.decode()
    assert TELLING.search(answers[1].content.decode()) is None
