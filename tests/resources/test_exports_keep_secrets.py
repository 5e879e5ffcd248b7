"""Walks every public address and every export over a directory full of secrets, and finds none of them anywhere."""

import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import LocalePrefixPattern, RegexPattern, RoutePattern
from django.utils import timezone

from accounts.models import User
from resources import verification
from resources.exchange import formats, listing
from resources.exchange.taxonomies import TAXONOMIES, TERMS
from resources.models import Service, Verification
from tests.builders import a_channel, a_commune, a_place, a_service, an_organisation, index
from tests.resources import reading_pdf
from tests.signing_in import a_person

pytestmark = pytest.mark.django_db

PUBLIC_NUMBER = "0144528890"
# Each is written nowhere but in one secret place, so that a find says which door was open.
SECRETS = {
    "moderator's note": "canarynote",
    "source": "canarysource",
    "note of a channel for professionals": "canaryprivatenote",
    "site for professionals": "canaryprivatesite",
    "mail for professionals": "canaryprivatemail",
    "chat for professionals": "canaryprivatechat",
    "way for professionals": "canaryprivateway",
    "number for professionals": "142000666",
    "message number for professionals": "642000667",
    "pending service": "canarypending",
    "number of a pending service": "142000668",
    "hidden service": "canaryhidden",
    "organisation without a published service": "canaryorganisation",
    "what a check confirmed": "canaryconfirmed",
    "who checked": "canarychecker",
}
# Exports say less than pages: not even in which commune a confidential place is.
SECRETS_OF_EXPORTS = {
    "commune of a confidential place": "canarycommune",
    "INSEE code of a confidential place": "93066",
    "postcode of a confidential place": "93210",
    "latitude of a confidential place's commune": "48.9362",
    "words about coming to a confidential place": "canarycoming",
}
PARAMETERS: tuple[dict[str, str], ...] = (
    {},
    {"full": "true", "full_service": "true", "per_page": "100"},
    {"format": "ndjson", "full": "true"},
    {"minimal": "true"},
    {"departement": "93", "need": "hebergement", "near": "93000", "age": "17", "open_at": "now"},
    {"need": "n2", "departement": "93"},
    {"pour": "pro"},
)
EXPECTED = {200, 204, 302, 303, 401, 404, 405, 410}
EXPORTS = (
    "api/export/data-inclusion.json",
    "api/export/directory.csv",
    "api/export/directory.geojson",
    "api/export/hsds.json",
    "api/hsds",
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
)
PAPER = (
    "fr/annuaire/<slug:public_id>/pdf/",
    "fr/annuaire/cartes/",
    "fr/annuaire/garder/",
    "fr/annuaire/pdf/",
)
ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True)
class Secretive:
    """What the directory of the test holds: services that are shown, and services that are not."""

    shown: list[Service]
    secret: list[Service]


@pytest.fixture
def directory() -> Secretive:
    """Published services with everything that must stay behind, and services that must not exist outside."""
    staff = User.objects.create_user("canarychecker@example.org")
    bobigny = a_commune()
    elsewhere = a_commune("93066", name="Canarycommune", postcodes=["93210"], latitude=48.9362, longitude=2.3574)
    facts: dict[str, Any] = {
        "needs": ["hebergement", "violences"],
        "departements": ["93"],
        "moderator_note": "canarynote 01 42 00 06 66",
        "source": "https://canarysource.example.org",
    }
    house = a_service(slug="la-maison", name="La maison", phones=[PUBLIC_NUMBER], **facts)
    shelter = a_service(slug="l-abri", name="L’abri", kind="shelter", phones=[PUBLIC_NUMBER], **facts)
    for service in (house, shelter):
        for kind, value in (
            ("phone", "0142000666"),
            ("sms", "0642000667"),
            ("web", "https://canaryprivatesite.example.org"),
            ("chat", "https://canaryprivatechat.example.org"),
            ("email", "canaryprivatemail@example.org"),
            ("place", "canaryprivateway"),
        ):
            a_channel(service, kind=kind, value=value, visibility="professionals", note="canaryprivatenote")
        Verification.objects.create(
            service=service,
            checked_on=date(2026, 11, 1),
            check_kind="call",
            valid_until=date(2027, 2, 1),
            confirmed="canaryconfirmed",
            by=staff,
        )
    a_place(house, commune=bobigny, address="1 rue de la Paix", latitude=48.91, longitude=2.44)
    a_place(shelter, commune=elsewhere, confidential=True)
    a_channel(shelter, kind="place", value="canarycoming")
    alone = an_organisation(name="Canaryorganisation", website="https://canaryorganisation.example.org")
    secret = [
        a_service(
            slug=f"{status}-{number}",
            name=f"canary{status}",
            description=f"canary{status}",
            status=status,
            organisation=organisation,
            phones=["0142000668"],
            website=f"https://canary{status}.example.org",
            **facts,
        )
        for number, organisation in enumerate((alone, house.organisation))
        for status in ("pending", "hidden")
    ]
    for service in secret:
        a_place(service, commune=bobigny, address=f"1 rue canary{service.status}")
    index(house, shelter, *secret)
    return Secretive([house, shelter], secret)


def routes(patterns: Iterable[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    """Every route of the site as it is written, nested ones put together; pages in every language."""
    for pattern in patterns:
        for written in route_of(pattern.pattern):
            if isinstance(pattern, URLResolver):
                yield from routes(pattern.url_patterns, before + written)
            else:
                yield before + written


def route_of(pattern: object) -> list[str]:
    """What one pattern adds to an address."""
    if isinstance(pattern, LocalePrefixPattern):
        return [f"{code}/" for code, _name in settings.LANGUAGES]
    if isinstance(pattern, RegexPattern):
        return [str(pattern).strip("^$").removesuffix("/?")]
    assert isinstance(pattern, RoutePattern)
    return [str(pattern)]


def arguments(directory: Secretive) -> dict[str, list[str]]:
    """Values for every argument that a route can have, of things shown and of things that are not."""
    services = directory.shown + directory.secret
    offers = [listing.offer_id(service.pk, insee, 1) for service in services for insee in ("93008", "93066")]
    identifiers = [
        *(service.pk for service in services),
        *(service.organisation_id for service in services),
        *offers,
        *(taxonomy.id for taxonomy in TAXONOMIES),
        *(term.id for term in TERMS),
    ]
    moderator = a_person("liens@example.org", moderator=True)
    return {
        "id": [str(identifier) for identifier in identifiers],
        "public_id": [service.public_id for service in services],
        "slug": ["normal"],
        "token": [
            "merci",
            *(verification.new_link(service, by=moderator, on=timezone.localdate()) for service in services),
        ],
    }


def addresses(directory: Secretive) -> Iterator[tuple[str, str]]:
    """Every route below the public site with every address it gives; a route with an unknown argument fails."""
    values = arguments(directory)
    for route in routes(get_resolver().url_patterns):
        if route.startswith("espace/"):
            continue
        named = ARGUMENT.findall(route)
        assert set(named) <= set(values), f"give this test a value for the arguments of {route}"
        assert len(named) <= 1, f"this test knows routes with one argument, not {route}"
        for value in values[named[0]] if named else [""]:
            yield route, "/" + ARGUMENT.sub(value, route)


def body_of(response: HttpResponseBase) -> str:
    """What an answer says, headers included."""
    content = b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined]
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
    if response.headers.get("Content-Type") == "application/pdf":
        document = reading_pdf.read(content)
        return f"{headers}\n{document.title}\n{document.text}"
    return f"{headers}\n{content.decode()}"


def told(text: str, secrets: dict[str, str]) -> list[str]:
    """Which secrets a text tells, numbers however they are spaced and letters whatever their case."""
    folded = text.lower()
    digits = re.sub(r"[\s.\-()+\u00a0\u202f]", "", folded)
    return [name for name, secret in secrets.items() if secret in (digits if secret.isdigit() else folded)]


def test_no_public_address_tells_a_secret(directory: Secretive) -> None:
    """Every GET route, every known argument, several sets of parameters: what must stay behind stays behind."""
    client = Client()
    leaks, walked, with_number = [], set(), set()
    for route, address in addresses(directory):
        for parameters in PARAMETERS:
            response = client.get(address, parameters)
            body = body_of(response)
            is_export = route.startswith(("api/export", "api/hsds")) or route in PAPER
            leaks += [(address, parameters, name) for name in told(body, SECRETS)]
            leaks += [(address, parameters, name) for name in told(body, SECRETS_OF_EXPORTS if is_export else {})]
            if response.status_code != 400:
                assert response.status_code in EXPECTED, (address, parameters, response.status_code)
                walked.add(route)
            if PUBLIC_NUMBER[1:] in re.sub(r"\s", "", body):
                with_number.add(route)
    assert leaks == []
    assert set(EXPORTS) <= walked
    # The walk saw the public facts of the same services: it did not miss secrets for want of reading anything.
    assert {
        "api/export/data-inclusion.json",
        "api/export/directory.csv",
        "api/export/directory.geojson",
        "api/export/hsds.json",
        "api/hsds/organizations",
        "api/hsds/organizations/<str:id>",
        "api/hsds/service_at_locations",
        "api/hsds/service_at_locations/<str:id>",
        "api/hsds/services",
        "api/hsds/services/<str:id>",
        "api/v1/search",
        "fr/annuaire/",
        "fr/annuaire/<slug:public_id>/",
        "fr/annuaire/<slug:public_id>/vcard/",
        *PAPER,
    } <= with_number


def test_no_export_tells_a_secret(directory: Secretive, tmp_path: Path) -> None:
    """Every format that the command writes, read whole; the public number is in each of them."""
    for name, form in formats.FORMATS.items():
        path = tmp_path / form.filename
        call_command("export_directory", "--format", name, "--output", str(path), stdout=io.StringIO())
        text = path.read_text(encoding="utf-8")
        assert (name, told(text, {**SECRETS, **SECRETS_OF_EXPORTS})) == (name, [])
        assert PUBLIC_NUMBER[1:] in re.sub(r"\s", "", text), name
        for service in directory.secret:
            assert str(service.pk) not in text, name


def test_the_walk_would_see_a_leak(directory: Secretive) -> None:
    """Every secret is really in the database, and the reading that finds it knows how numbers are written."""
    held = json.dumps(list(Service.objects.values_list("name", "moderator_note", "source", "organisation__name")))
    assert told(held, SECRETS) == [
        "moderator's note",
        "source",
        "number for professionals",
        "pending service",
        "hidden service",
        "organisation without a published service",
    ]
    assert len(directory.secret) == 4
    assert told("+33 1 42 00.06-66 CanaryNote", SECRETS) == ["moderator's note", "number for professionals"]


def test_unpublished_services_are_not_found_by_their_words() -> None:
    """Search by the very words of a pending service finds nothing, and suggests nothing of it."""
    a_service(name="Canarypending", description="Canarypending", status="pending")
    shown = a_service(name="La maison", description="Une maison ouverte.")
    index(shown)
    client = Client()
    for question in ("canarypending", "canarypendin"):
        for path in ("/api/v1/search", "/api/hsds/services", "/api/hsds/organizations"):
            response = client.get(path, {"q": question, "search": question})
            assert response.status_code == 200
            assert "canarypending" not in response.content.decode().lower()
