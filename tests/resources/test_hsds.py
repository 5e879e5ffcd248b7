"""The HSDS API answers as the standard says: pages, parameters that narrow, official schemas, nothing hidden."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from jsonschema import Draft202012Validator
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from resources.exchange.taxonomies import KINDS, NEEDS, OPEN_ELIGIBILITY, THEMES, term_id
from resources.models import Service
from resources.vocabulary import DEPARTEMENTS
from tests.builders import a_channel, a_commune, a_place, a_service, an_organisation, index, many_services

pytestmark = pytest.mark.django_db

BASE = "/api/hsds"
SITE = "http://testserver"
# Never fetched: every schema is in the registry.
SCHEMA_BASE = "https://hsds.invalid/"
SCHEMAS = Path(__file__).parent / "exchange" / "hsds_schemas"
SCHEMA_OF_LIST = {
    "/services": "compiled/service_list.json",
    "/organizations": "compiled/organization_list.json",
    "/service_at_locations": "compiled/service_at_location_list.json",
    "/taxonomies": "taxonomy.json",
    "/taxonomy_terms": "taxonomy_term.json",
}
SCHEMA_OF_ONE = {
    "/services": "service.json",
    "/organizations": "organization.json",
    "/service_at_locations": "service_at_location.json",
    "/taxonomies": "taxonomy.json",
    "/taxonomy_terms": "taxonomy_term.json",
}
PAGE_MEMBERS = {
    "total_items",
    "total_pages",
    "page_number",
    "size",
    "first_page",
    "last_page",
    "empty",
    "contents",
}


@pytest.fixture
def client() -> Client:
    """A program that keeps nothing between two questions."""
    return Client()


def get(client: Client, path: str, **parameters: object) -> dict[str, Any]:
    """A right answer, as JSON, open to every page of the web."""
    response = client.get(BASE + path, {name: str(value) for name, value in parameters.items()})
    assert response.status_code == 200, response.content
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "Set-Cookie" not in response.headers
    body = b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined]
    answer: dict[str, Any] = json.loads(body)
    return answer


def names(page: dict[str, Any]) -> list[str]:
    """Names in a page, sorted."""
    return sorted(each["name"] for each in page["contents"])


def found(client: Client, **parameters: object) -> list[str]:
    """Names of the services that the parameters keep."""
    return names(get(client, "/services", **parameters))


@cache
def registry() -> Registry[Any]:
    """The official schemas by file name."""
    return Registry().with_resources(
        (f"{SCHEMA_BASE}{path.relative_to(SCHEMAS)}", Resource.from_contents(json.loads(path.read_text()), DRAFT202012))
        for path in SCHEMAS.rglob("*.json")
    )


def faults(schema: str, instance: object) -> list[str]:
    """What the official schema says against an object."""
    validator = Draft202012Validator(
        {"$ref": f"{SCHEMA_BASE}{schema}"}, registry=registry(), format_checker=Draft202012Validator.FORMAT_CHECKER
    )
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(instance)]


def members(value: object) -> Iterator[tuple[str, object]]:
    """Every member of nested objects."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name, inner
            yield from members(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from members(inner)


def a_full_directory() -> Service:
    """A service with everything, and others that lack each thing."""
    everything = a_service(
        organisation=an_organisation(name="Association Exemple", website="https://exemple.fr", description="Aide."),
        name="Accueil",
        kind="legal",
        description="Accueil de jour, avec un juriste.",
        needs=["juridique", "violences"],
        departements=["93", "75"],
        age_rule="only",
        min_age=12,
        max_age=25,
        gender_rule="first",
        genders=["female"],
        languages=["fr", "ro"],
        opening_hours="Mo-Fr 09:00-12:00,14:00-17:00; PH off",
        free=True,
        anonymous=True,
        what_happens="Une personne rappelle.",
        phones=["0144528890"],
        website="https://exemple.fr/accueil",
    )
    a_channel(everything, kind="sms", value="114", note="Par écrit")
    a_channel(everything, kind="chat", value="https://exemple.fr/chat")
    a_channel(everything, kind="email", value="bonjour@exemple.fr")
    a_place(everything, address="1 rue de la Paix", latitude=48.91, longitude=2.44)
    a_place(
        everything, commune=a_commune("75112", name="Paris 12e", postcodes=["75012"], latitude=48.84, longitude=2.39)
    )
    hidden = a_service(name="Abri", kind="shelter", needs=["hebergement"], opening_hours="Mo[1] 14:00-17:00")
    a_place(hidden, confidential=True)
    a_service(
        name="Ligne",
        kind="hotline",
        departements=list(DEPARTEMENTS),
        opening_hours="24/7",
        phones=["119"],
        closed_from=date(2026, 1, 1),
        verified_on=date(2026, 1, 1),
        verified_until=date(2026, 4, 1),
    )
    return everything


def test_root_says_what_it_is(client: Client) -> None:
    """With and without a final slash, without a redirection."""
    answer = get(client, "")
    assert get(client, "/") == answer
    assert answer == {
        "version": "3.1.3",
        "profile": "https://docs.openreferral.org/en/3.1/hsds/overview.html",
        "openapi_url": f"{SITE}/api/hsds/openapi.json",
        "description": answer["description"],
        "publisher": {"name": "Éclaircie", "website": f"{SITE}/"},
    }


def test_addresses_use_the_configured_site(client: Client, settings: Settings) -> None:
    """Behind a proxy, the public address counts."""
    settings.PUBLIC_URL = "https://eclaircie.example"
    assert get(client, "/")["openapi_url"] == "https://eclaircie.example/api/hsds/openapi.json"


@pytest.mark.parametrize("path", SCHEMA_OF_LIST)
@pytest.mark.parametrize("full", ["false", "true"])
def test_official_schemas_accept_lists_and_details(client: Client, path: str, full: str) -> None:
    """No fault, no null, no empty member, only UUIDs for identifiers; what a list names can be fetched."""
    a_full_directory()
    page = get(client, path, full=full)
    assert set(page) == PAGE_MEMBERS
    assert page["contents"] != []
    schema = (SCHEMA_OF_ONE if full == "true" else SCHEMA_OF_LIST)[path]
    for each in page["contents"]:
        one = get(client, f"{path}/{each['id']}")
        assert (faults(schema, each), faults(SCHEMA_OF_ONE[path], one)) == ([], [])
        assert one["id"] == each["id"]
        for name, value in members([each, one]):
            assert value not in (None, "", []), name
            if name == "id" or name.endswith("_id"):
                assert str(UUID(str(value))) == value


def test_a_whole_service(client: Client) -> None:
    """Every member, down to its schedules, areas, places and terms."""
    everything = a_full_directory()
    everything.refresh_from_db()
    answer = get(client, f"/services/{everything.pk}")
    own = str(everything.pk)
    nested = {name: answer.pop(name) for name in list(answer) if isinstance(answer[name], list)}
    assert answer == {
        "id": own,
        "organization_id": str(everything.organisation_id),
        "name": "Accueil",
        "description": "Accueil de jour, avec un juriste.",
        "url": "https://exemple.fr/accueil",
        "email": "bonjour@exemple.fr",
        "status": "active",
        "application_process": "On peut rester anonyme. Une personne rappelle.",
        "fees_description": "Gratuit.",
        "eligibility_description": "Seulement : de 12 à 25 ans. En priorité : filles et femmes.",
        "minimum_age": 12,
        "maximum_age": 25,
        "assured_date": "2026-11-01",
        "last_modified": everything.updated_at.isoformat(),
        "organization": {
            "id": str(everything.organisation_id),
            "name": "Association Exemple",
            "description": "Aide.",
            "website": "https://exemple.fr",
        },
    }
    without_ids = {
        name: [{key: value for key, value in each.items() if key not in {"id", "service_id"}} for each in objects]
        for name, objects in nested.items()
    }
    assert without_ids["additional_urls"] == [
        {"label": "Tchat", "url": "https://exemple.fr/chat"},
        {"label": "Éclaircie", "url": f"{SITE}/fr/annuaire/{everything.public_id}/"},
    ]
    assert without_ids["phones"] == [
        {"number": "+33144528890", "type": "voice"},
        {"number": "114", "type": "text", "description": "Par écrit"},
    ]
    weekly = {
        "freq": "WEEKLY",
        "wkst": "MO",
        "byday": "MO,TU,WE,TH,FR",
        "description": "Mo-Fr 09:00-12:00,14:00-17:00; PH off",
        "notes": "OpenStreetMap opening_hours, Europe/Paris",
    }
    assert without_ids["schedules"] == [
        {**weekly, "opens_at": "09:00", "closes_at": "12:00"},
        {**weekly, "opens_at": "14:00", "closes_at": "17:00"},
    ]
    assert without_ids["service_areas"] == [
        {"name": "Seine-Saint-Denis", "uri": "http://id.insee.fr/geo/departement/93"},
        {"name": "Paris", "uri": "http://id.insee.fr/geo/departement/75"},
    ]
    assert without_ids["languages"] == [{"name": "français", "code": "fr"}, {"name": "română", "code": "ro"}]
    assert [(each["label"], each["taxonomy_term"]["code"]) for each in nested["attributes"]] == [
        ("Mes droits, un avocat", "juridique"),
        ("Des violences", "violences"),
        ("Accès au droit", "legal"),
        (
            "Accompagnement pour l’accès aux droits",
            "difficultes-administratives-ou-juridiques--accompagnement-pour-lacces-aux-droits",
        ),
        (
            "Surmonter les conflits liés à la séparation ou à la violence",
            "famille--surmonter-conflits-separation-violence",
        ),
        ("Advocacy & Legal Aid", "1375"),
        ("Help Escape Violence", "1124"),
    ]
    first, second = (each["location"] for each in nested["service_at_locations"])
    assert {name: value for name, value in first.items() if not name.endswith("id")} == {
        "location_type": "physical",
        "name": "Bobigny",
        "latitude": 48.91,
        "longitude": 2.44,
        "external_identifier": "93008",
        "external_identifier_type": "INSEE",
        "addresses": [
            {
                "id": first["addresses"][0]["id"],
                "location_id": first["id"],
                "address_1": "1 rue de la Paix",
                "city": "Bobigny",
                "region": "Île-de-France",
                "state_province": "Seine-Saint-Denis",
                "postal_code": "93000",
                "country": "FR",
                "address_type": "physical",
            }
        ],
    }
    # A commune without a street: no part of an address, and no point that would be its town hall's.
    assert {"latitude", "longitude", "addresses", "description"} & set(second) == set()


def test_a_street_without_a_sure_postcode_is_a_description(client: Client) -> None:
    """HSDS refuses an address in part; the street is not lost."""
    service = a_service()
    commune = a_commune("75116", name="Paris 16e", postcodes=["75016", "75116"])
    a_place(service, commune=commune, address="1 rue de Passy")
    [offer] = get(client, f"/services/{service.pk}")["service_at_locations"]
    assert offer["location"]["description"] == "1 rue de Passy"
    assert "addresses" not in offer["location"]


def test_richer_hours_keep_their_expression_only(client: Client) -> None:
    """Nothing is guessed; round the clock is 00:00 to 23:59."""
    a_full_directory()
    by_name = {each["name"]: each for each in get(client, "/services", full="true")["contents"]}
    [abri] = by_name["Abri"]["schedules"]
    [ligne] = by_name["Ligne"]["schedules"]
    assert abri == {
        "id": abri["id"],
        "service_id": abri["service_id"],
        "description": "Mo[1] 14:00-17:00",
        "notes": "OpenStreetMap opening_hours, Europe/Paris",
    }
    assert (ligne["opens_at"], ligne["closes_at"], ligne["byday"]) == ("00:00", "23:59", "MO,TU,WE,TH,FR,SA,SU")


def test_closures_and_expired_checks_are_said(client: Client) -> None:
    """As a status and an alert."""
    a_full_directory()
    by_name = {each["name"]: each for each in get(client, "/services")["contents"]}
    assert (by_name["Ligne"]["status"], by_name["Ligne"]["alert"]) == (
        "temporarily closed",
        "Fermé pour le moment. À vérifier : la dernière vérification a expiré.",
    )
    assert (by_name["Abri"]["status"], "alert" in by_name["Abri"]) == ("active", False)


def test_a_confidential_place_has_no_location(client: Client) -> None:
    """Neither below its service, nor its organisation, nor in the list of places."""
    service = a_service()
    a_place(service, confidential=True)
    assert "service_at_locations" not in get(client, f"/services/{service.pk}")
    assert "locations" not in get(client, f"/organizations/{service.organisation_id}")
    assert get(client, "/service_at_locations")["contents"] == []


def test_pages(client: Client) -> None:
    """Seven members and the contents, first page 1, nothing twice, nothing missing."""
    for number in range(5):
        a_service(name=f"Service {number}", indexed=False)
    pages = [get(client, "/services", page=number, per_page=2) for number in (1, 2, 3, 4)]
    assert [{name: page[name] for name in sorted(PAGE_MEMBERS - {"contents"})} for page in pages] == [
        {
            "empty": size == 0,
            "first_page": number == 1,
            "last_page": number >= 3,
            "page_number": number,
            "size": size,
            "total_items": 5,
            "total_pages": 3,
        }
        for number, size in ((1, 2), (2, 2), (3, 1), (4, 0))
    ]
    assert sorted(name for page in pages for name in names(page)) == [f"Service {number}" for number in range(5)]


def test_an_empty_directory(client: Client) -> None:
    """No page, and that is the first and the last."""
    assert get(client, "/services") == {
        "total_items": 0,
        "total_pages": 0,
        "page_number": 1,
        "size": 0,
        "first_page": True,
        "last_page": True,
        "empty": True,
        "contents": [],
    }


def test_minimal_is_everything_in_one_page(client: Client) -> None:
    """Identifiers and dates; paged only when pages are asked."""
    services = [a_service(indexed=False) for _ in range(3)]
    page = get(client, "/services", minimal="true")
    assert page == {
        "contents": sorted(
            ({"id": str(each.pk), "last_modified": each.updated_at.isoformat()} for each in services),
            key=lambda each: each["id"],
        ),
        "total_items": 3,
        "total_pages": 1,
        "page_number": 1,
        "size": 3,
        "first_page": True,
        "last_page": True,
        "empty": False,
    }
    assert get(client, "/services", minimal="true", per_page=2)["total_pages"] == 2
    assert get(client, "/services", minimal="true", search="introuvable")["empty"] is True


def test_ndjson_streams_everything(client: Client) -> None:
    """One object a line, whatever the page; with `full`, full objects."""
    a_full_directory()
    for path in SCHEMA_OF_LIST:
        response = client.get(
            BASE + path, {"format": "ndjson", "per_page": "1"}, headers={"Accept": "application/x-ndjson"}
        )
        assert response.headers["Content-Type"] == "application/x-ndjson"
        lines = [json.loads(line) for line in b"".join(response.streaming_content).splitlines()]  # type: ignore[attr-defined]
        assert lines == get(client, path)["contents"]
    response = client.get(f"{BASE}/services", {"format": "ndjson", "full": "true"})
    lines = [json.loads(line) for line in b"".join(response.streaming_content).splitlines()]  # type: ignore[attr-defined]
    assert lines == get(client, "/services", full="true")["contents"]


def test_search_stems_and_folds(client: Client) -> None:
    """Words of the name, the organisation or the description, in French."""
    a_full_directory()
    assert found(client, search="juristes") == ["Accueil"]
    assert found(client, search="ACCUEIL exemple") == ["Accueil"]
    assert found(client, search="zzqxjkvzzq") == []


def test_terms_and_taxonomies_narrow(client: Client) -> None:
    """Ours and others'; a wider term finds what its narrower ones cover; unknown ones find nothing."""
    a_full_directory()
    assert found(client, taxonomy_term_id=term_id(NEEDS, "juridique")) == ["Accueil"]
    assert found(client, taxonomy_term_id=term_id(KINDS, "shelter")) == ["Abri"]
    assert found(client, taxonomy_term_id=term_id(THEMES, "logement-hebergement")) == ["Abri"]
    assert found(client, taxonomy_term_id=term_id(OPEN_ELIGIBILITY, "1305")) == ["Ligne"]
    assert found(client, taxonomy_id=THEMES.id) == ["Abri", "Accueil"]
    assert found(client, taxonomy_id=KINDS.id) == ["Abri", "Accueil", "Ligne"]
    assert found(client, taxonomy_term_id=uuid4()) == []
    assert found(client, taxonomy_id=uuid4()) == []


def test_organisation_and_date_narrow(client: Client) -> None:
    """The date is included; its plus sign may be lost on the way."""
    everything = a_full_directory()
    old = datetime(2026, 1, 1, 12, tzinfo=UTC)
    Service.objects.exclude(pk=everything.pk).update(updated_at=old)
    assert found(client, organization_id=everything.organisation_id) == ["Accueil"]
    assert found(client, organization_id=uuid4()) == []
    assert found(client, modified_after=old.isoformat()) == ["Abri", "Accueil", "Ligne"]
    assert found(client, modified_after=(old + timedelta(seconds=1)).isoformat()) == ["Accueil"]
    assert found(client, modified_after="2026-01-01 13:00:00 01:00") == ["Abri", "Accueil", "Ligne"]
    assert found(client, modified_after="2999-01-01") == []


def test_postcode_and_proximity_narrow(client: Client) -> None:
    """Territory for the one, metres from its centre for the other; unknown postcodes cover nothing."""
    a_full_directory()
    assert found(client, postcode="93000") == ["Abri", "Accueil", "Ligne"]
    assert found(client, postcode="78000") == ["Abri", "Ligne"]
    assert found(client, postcode="00000") == []
    assert found(client, postcode="93000", proximity=2000) == ["Accueil"]
    assert found(client, postcode="93200", proximity=2000) == []
    assert found(client, postcode="00000", proximity=2000) == []

    def communes(**parameters: object) -> list[str]:
        page = get(client, "/service_at_locations", **parameters)
        return sorted(each["location"]["name"] for each in page["contents"])

    assert communes() == ["Bobigny", "Paris 12e"]
    assert communes(postcode="75012", proximity=3000) == ["Paris 12e"]
    assert communes(postcode="93000", proximity=20_000) == ["Bobigny", "Paris 12e"]
    assert communes(postcode="93000", proximity=700) == []


def test_parameters_are_cumulative(client: Client) -> None:
    """Each one more never widens (AND), on every list that takes them."""
    everything = a_full_directory()
    one = {"organization_id": everything.organisation_id, "taxonomy_id": NEEDS.id, "search": "juriste"}
    for path in ("/services", "/service_at_locations"):
        assert get(client, path, **one)["empty"] is False
        for name, other in {
            "taxonomy_term_id": term_id(KINDS, "hotline"),
            "modified_after": "2999-01-01",
            "postcode": "78000",
        }.items():
            assert get(client, path, **one, **{name: other})["empty"] is True, (path, name)
    both = {"search": "exemple", "taxonomy_term_id": term_id(KINDS, "legal")}
    assert names(get(client, "/organizations", **both)) == ["Association Exemple"]
    assert names(get(client, "/organizations", **{**both, "search": "association", "taxonomy_id": uuid4()})) == []


def test_organisations(client: Client) -> None:
    """By name without accents or case; with places and services when they are asked for."""
    everything = a_full_directory()
    a_service(organisation=an_organisation(name="Éveil"), status="pending")
    path = f"/organizations/{everything.organisation_id}"
    [listed] = get(client, "/organizations", search="assôciation EXEMPLE")["contents"]
    assert listed == {
        "id": str(everything.organisation_id),
        "name": "Association Exemple",
        "description": "Aide.",
        "website": "https://exemple.fr",
    }
    full = get(client, path)
    assert set(full) - set(listed) == {"locations", "services"}
    assert [each["name"] for each in full["locations"]] == ["Bobigny", "Paris 12e"]
    assert [each["name"] for each in full["services"]] == ["Accueil"]
    assert set(get(client, path, full_service="false")) - set(listed) == {"locations"}
    assert get(client, "/organizations", search="exemple", full_service="true")["contents"] == [full]
    assert names(get(client, "/organizations", search="éveil")) == []


def test_taxonomies_and_terms(client: Client) -> None:
    """Four classifications; terms by taxonomy, parent or top."""
    assert names(get(client, "/taxonomies")) == [
        "Besoins",
        "Open Eligibility",
        "Sortes d’aide",
        "Thématiques data·inclusion",
    ]
    assert names(get(client, "/taxonomies", search="eligibility")) == ["Open Eligibility"]
    assert get(client, "/taxonomy_terms")["total_items"] == 39
    assert get(client, "/taxonomy_terms", taxonomy_id=KINDS.id)["total_items"] == 7
    assert names(get(client, "/taxonomy_terms", taxonomy_id=THEMES.id, top_only="true")) == [
        "Difficultés administratives ou juridiques",
        "Famille",
        "Logement et hébergement",
        "Santé",
    ]
    assert names(get(client, "/taxonomy_terms", parent_id=term_id(THEMES, "sante"))) == [
        "Accès aux soins",
        "Addictions",
    ]
    assert names(get(client, "/taxonomy_terms", parent_id=term_id(THEMES, "sante"), search="soins")) == [
        "Accès aux soins"
    ]
    assert names(get(client, "/taxonomy_terms", parent_id=uuid4())) == []
    own = get(client, f"/taxonomy_terms/{term_id(NEEDS, 'fugue')}")
    assert own["term_uri"] == f"{SITE}{BASE}/taxonomy_terms/{own['id']}"
    assert own["taxonomy_detail"]["id"] == str(NEEDS.id)


@pytest.mark.parametrize(
    ("path", "parameters", "errors"),
    [
        ("/services", {"page": "0"}, {"page": ["min_value"]}),
        ("/services", {"page": "abc", "per_page": "1001"}, {"page": ["invalid"], "per_page": ["max_value"]}),
        ("/services", {"page": "99999999999999999999"}, {"page": ["max_value"]}),
        ("/services", {"format": "xml"}, {"format": ["invalid_choice"]}),
        ("/services", {"full": "perhaps"}, {"full": ["invalid"]}),
        ("/services", {"taxonomy_id": "nope"}, {"taxonomy_id": ["invalid"]}),
        ("/services", {"modified_after": "hier"}, {"modified_after": ["invalid"]}),
        ("/services", {"modified_after": "9999-12-31T23:59:59-23:00"}, {"modified_after": ["overflow"]}),
        ("/services", {"modified_after": "0001-01-01"}, {"modified_after": ["overflow"]}),
        ("/services", {"proximity": "500"}, {"postcode": ["required"]}),
        ("/services", {"postcode": "93000", "proximity": "nan"}, {"proximity": ["invalid"]}),
        ("/services", {"postcode": "9300"}, {"postcode": ["invalid"]}),
        ("/services", {"search": "a\0b"}, {"search": ["null_characters_not_allowed"]}),
        ("/services", {"search": "a" * 201}, {"search": ["max_length"]}),
        ("/organizations", {"taxonomy_term_id": "1"}, {"taxonomy_term_id": ["invalid"]}),
        ("/service_at_locations", {"organization_id": "1"}, {"organization_id": ["invalid"]}),
        ("/taxonomies", {"per_page": "-1"}, {"per_page": ["min_value"]}),
        ("/taxonomy_terms", {"parent_id": "1"}, {"parent_id": ["invalid"]}),
    ],
)
def test_wrong_parameters_are_named(client: Client, path: str, parameters: dict[str, str], errors: object) -> None:
    """Which one and how, never its value."""
    response = client.get(BASE + path, parameters)
    assert (response.status_code, response.json()) == (400, {"errors": errors})


@pytest.mark.parametrize("search", ["' OR 1=1 --", "<script>", "😀", "a & | ! ( :*", '"', "-", "\\"])
def test_odd_words_are_only_words(client: Client, search: str) -> None:
    """No error, no result, no echo."""
    for path in SCHEMA_OF_LIST:
        response = client.get(BASE + path, {"search": search})
        assert response.status_code == 200
        assert search not in response.content.decode() or len(search) == 1


def test_empty_and_unknown_parameters_are_as_absent(client: Client) -> None:
    """Forms of harvesters send empty fields."""
    a_service(name="Accueil")
    assert found(client, page="", per_page=" ", taxonomy_id="", modified_after="", search="", unknown="x") == [
        "Accueil"
    ]


@pytest.mark.parametrize("path", SCHEMA_OF_LIST)
@pytest.mark.parametrize("wanted", ["aa173621-68fc-417c-81e9-aa8c835ba31a", "nope", "0", "%00"])
def test_unknown_identifiers(client: Client, path: str, wanted: str) -> None:
    """404 in JSON."""
    response = client.get(f"{BASE}{path}/{wanted}")
    assert (response.status_code, response.json()) == (404, {"errors": {"id": ["not_found"]}})
    assert response.headers["Access-Control-Allow-Origin"] == "*"


def test_unpublished_objects_do_not_exist(client: Client) -> None:
    """Neither service, nor organisation, nor place."""
    service = a_service()
    a_place(service)
    offer = get(client, "/service_at_locations")["contents"][0]["id"]
    Service.objects.filter(pk=service.pk).update(status="hidden")
    for path in (
        f"/services/{service.pk}",
        f"/organizations/{service.organisation_id}",
        f"/service_at_locations/{offer}",
    ):
        assert client.get(BASE + path).status_code == 404
    for path in ("/services", "/organizations", "/service_at_locations"):
        assert get(client, path)["total_items"] == 0


def test_nothing_can_be_written(client: Client) -> None:
    """The API only reads."""
    for path in ("", *SCHEMA_OF_LIST):
        assert client.post(BASE + path, {}, content_type="application/json").status_code == 405


LISTS_AND_QUERIES = [
    ("/services", {}, 4),
    ("/services", {"full": "true", "taxonomy_id": str(NEEDS.id), "search": "service"}, 4),
    ("/services", {"postcode": "93000", "proximity": "5000"}, 4),
    ("/services", {"minimal": "true"}, 1),
    ("/services", {"format": "ndjson"}, 3),
    ("/organizations", {}, 2),
    ("/organizations", {"full": "true", "taxonomy_id": str(NEEDS.id)}, 5),
    ("/service_at_locations", {}, 5),
    ("/service_at_locations", {"full": "true", "postcode": "93000", "proximity": "5000"}, 5),
    ("/taxonomies", {}, 0),
    ("/taxonomy_terms", {}, 0),
]


@pytest.mark.parametrize("rows", [3, 300])
def test_lists_cost_the_same_at_any_size(
    client: Client, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """So many queries for a page of 3 or of 300."""
    index(*many_services(rows, phones=["0199000000"], commune=a_commune(), needs=["ecoute"], departements=["93"]))
    for path, parameters, queries in LISTS_AND_QUERIES:
        with django_assert_num_queries(queries, info=f"{path} {parameters}"):
            response = client.get(
                BASE + path, {**parameters, "per_page": "300"} if parameters != {"minimal": "true"} else parameters
            )
            if response.streaming:
                list(response.streaming_content)  # type: ignore[attr-defined]
        assert response.status_code == 200
        if not response.streaming and "taxonom" not in path:
            assert response.json()["size"] == rows, path


def test_one_object_costs_few_queries(client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """Whatever it holds."""
    everything = a_full_directory()
    offer = get(client, "/service_at_locations")["contents"][0]["id"]
    for path, queries in (
        (f"/services/{everything.pk}", 3),
        (f"/organizations/{everything.organisation_id}", 4),
        (f"/service_at_locations/{offer}", 3),
        (f"/taxonomy_terms/{term_id(NEEDS, 'ecoute')}", 0),
    ):
        with django_assert_num_queries(queries, info=re.sub(r"[0-9a-f-]{36}", "{id}", path)):
            get(client, path)
