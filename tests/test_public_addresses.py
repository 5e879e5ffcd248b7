"""Every address of the site as nobody: the public ones are this list, all others send to the sign-in page."""

import re
from collections.abc import Iterator
from uuid import UUID

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from django.urls.resolvers import LocalePrefixPattern

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
    "fr/annuaire/pdf/",
    "fr/annuaire/proposer/",
    "fr/annuaire/proposer/suite/",
    "fr/confidentialite/",
    "fr/donnees/",
    "fr/ecrire/",
    "fr/ecrire/suite/",
    "fr/mentions-legales/",
    "fr/pro/",
    "fr/pro/ecrire/",
    "fr/suivi/",
    "fr/traces/",
    "fr/urgence/",
    "healthz",
    "readyz",
    "x",
]
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
