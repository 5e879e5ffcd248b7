"""POST /api/v1/routing answers what contract.md §4 says, or names the field that is wrong; nothing is kept."""

import json
from datetime import date
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from referrals.models import Partner
from resources.models import Service
from tests.builders import a_partner, a_service

pytestmark = pytest.mark.django_db
ROUTING = "/api/v1/routing"
NIGHT = "2026-11-25T03:00"
GIRL: dict[str, Any] = {
    "referrer": "self",
    "age_band": "15-17",
    "gender": "female",
    "departement": "93",
    "avoid_commune": None,
    "needs": ["ecoute"],
    "language": "fr",
    "urgency": "24h",
    "danger_now": False,
    "at": NIGHT,
}
CHILD = "119-allo-enfance-en-danger"


def asked(client: Client, **facts: Any) -> dict[str, Any]:
    """The answer for the girl of 15 to 17, with other facts."""
    response = client.post(ROUTING, json.dumps({**GIRL, **facts}), content_type="application/json")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")
    answer: dict[str, Any] = response.json()
    return answer


def directory(client: Client, **facts: Any) -> list[str]:
    """Slugs of services for her."""
    listed: list[str] = asked(client, **facts)["directory"]
    return listed


def crip(departement: str = "93", **facts: Any) -> Service:
    """The reporting cell of a département."""
    return a_service(
        **{
            "slug": f"crip-{departement}",
            "kind": "reporting",
            "needs": ["signalement"],
            "departements": [departement],
            "max_age": 17,
            "age_rule": "only",
            **facts,
        }
    )


# --- shape ---------------------------------------------------------------------------------------------------------


def test_the_whole_answer(client: Client) -> None:
    a_partner(slug="tilleuls", name="Association fictive Les Tilleuls", needs=["ecoute", "sante"], own_open=1)
    a_partner(slug="recours", last_resort=True)
    a_partner(slug="permanence", is_duty_desk=True)
    a_partner(slug="en-pause", paused=True)
    a_partner(slug="plein", capacity=3, declared_open=1, own_open=2)
    a_service(slug="ecoute-93", needs=["ecoute"], departements=["93"])

    assert asked(client) == {
        "emergency": [CHILD],
        "proposals": [
            {
                "partner": "tilleuls",
                "name": "Association fictive Les Tilleuls",
                "reasons": ["covers_need:ecoute", "serves:93", "takes_age", "speaks:fr", "open_now"],
                "fallback": False,
                "open": True,
            }
        ],
        "directory": ["ecoute-93"],
        "unmet": None,
    }


def test_nobody_can(client: Client) -> None:
    a_partner(active=False)
    line = a_service(needs=["juridique"])

    answer = asked(client, age_band="26plus", needs=["papiers"])

    assert answer == {
        "emergency": ["116-006-aide-aux-victimes"],
        "proposals": [],
        "directory": [line.slug],
        "unmet": "no_partner",
    }


def test_without_a_moment_it_is_now(client: Client) -> None:
    a_partner(opening_hours="24/7")
    body = {key: value for key, value in GIRL.items() if key != "at"}
    answer = client.post(ROUTING, json.dumps(body), content_type="application/json").json()
    assert [proposal["open"] for proposal in answer["proposals"]] == [True]


def test_a_moment_decides_what_is_open(client: Client) -> None:
    a_partner(slug="le-jour", opening_hours="Mo-Fr 09:00-17:00")
    a_partner(slug="un-recours", opening_hours="24/7", last_resort=True)

    def answered(at: str) -> list[tuple[str, bool, bool]]:
        proposals = asked(client, urgency="now", at=at)["proposals"]
        return [(one["partner"], one["fallback"], one["open"]) for one in proposals]

    assert answered(NIGHT) == [("un-recours", True, True), ("le-jour", False, False)]
    assert answered("2026-11-25T10:00") == [("le-jour", False, True)]
    assert answered("2026-11-25T08:30Z") == [("le-jour", False, True)]
    assert answered("2026-11-25T10:00+03:00") == [("un-recours", True, True), ("le-jour", False, False)]


def test_members_that_are_absent_count_as_not_said(client: Client) -> None:
    a_partner(slug="de-tous")
    a_partner(slug="des-filles", genders=["female"])
    a_partner(slug="des-majeurs", min_age=18)

    answer = client.post(ROUTING, "{}", content_type="application/json").json()

    assert [one["partner"] for one in answer["proposals"]] == ["de-tous"]
    assert answer["emergency"] == [CHILD]


# --- the directory beside it ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "service", "is_shown"),
    [
        ({}, {}, True),
        ({}, {"needs": ["sante"]}, False),
        ({}, {"departements": ["93", "75"]}, True),
        ({}, {"departements": ["75"]}, False),
        ({"departement": None}, {"departements": ["75"]}, True),
        ({}, {"status": "pending"}, False),
        ({}, {"status": "hidden"}, False),
        ({}, {"min_age": 17, "age_rule": "only"}, True),
        ({}, {"min_age": 18, "age_rule": "only"}, False),
        ({}, {"max_age": 14, "age_rule": "only"}, False),
        ({}, {"min_age": 18, "age_rule": "first"}, True),
        ({"age_band": "unknown"}, {"min_age": 16, "age_rule": "only"}, False),
        ({"age_band": "unknown"}, {"min_age": 15, "max_age": 17, "age_rule": "only"}, True),
        ({"age_band": "26plus"}, {"max_age": 25, "age_rule": "only"}, False),
        ({"age_band": "26plus"}, {"min_age": 60, "age_rule": "only"}, True),
        ({}, {"genders": ["female", "trans"], "gender_rule": "only"}, True),
        ({}, {"genders": ["male"], "gender_rule": "only"}, False),
        ({}, {"genders": ["male"], "gender_rule": "first"}, True),
        ({"gender": "unknown"}, {"genders": ["female"], "gender_rule": "only"}, False),
        ({"gender": "unknown"}, {"genders": ["female", "male", "trans"], "gender_rule": "only"}, True),
        ({}, {"for_professionals": True}, False),
        ({"referrer": "professional"}, {"for_professionals": True}, True),
        ({}, {"on_referral_only": True}, False),
        ({"referrer": "professional"}, {"on_referral_only": True}, True),
        ({}, {"closed_from": date(2026, 11, 1)}, False),
        ({}, {"closed_from": date(2026, 11, 1), "closed_until": date(2026, 11, 24)}, True),
        ({}, {"closed_from": date(2026, 11, 26)}, True),
    ],
)
def test_services_fit_the_person(
    client: Client, facts: dict[str, Any], service: dict[str, Any], *, is_shown: bool
) -> None:
    other = a_service(needs=["ecoute"])
    shown = a_service(**{"needs": ["ecoute"], **service})
    assert set(directory(client, **facts)) == {other.slug, *([shown.slug] if is_shown else [])}


@pytest.mark.parametrize("age_band", ["under15", "15-17", "unknown"])
@pytest.mark.parametrize("slug", ["crip-93", "crip-93-cellule"])
def test_the_reporting_cell_of_a_minor_comes_first(client: Client, age_band: str, slug: str) -> None:
    a_service(slug="aa", needs=["ecoute"], phones=["0199000000"], kind="hotline")
    crip("92")
    crip("93", slug=slug)
    assert directory(client, age_band=age_band) == [slug, "aa"]


@pytest.mark.parametrize(
    ("facts", "cell"),
    [
        ({"age_band": "18-20"}, {}),
        ({"age_band": "26plus"}, {}),
        ({"departement": None}, {}),
        ({"departement": "92"}, {}),
        ({}, {"status": "pending"}),
        ({}, {"genders": ["male"], "gender_rule": "only"}),
        ({}, {"slug": "crip-931"}),
    ],
)
def test_no_other_reporting_cell_comes(client: Client, facts: dict[str, Any], cell: dict[str, Any]) -> None:
    a_service(slug="aa", needs=["ecoute"])
    crip(**cell)
    assert directory(client, **facts) == ["aa"]


def test_what_was_checked_too_long_ago_stands_only_alone(client: Client) -> None:
    a_service(slug="vieux", needs=["ecoute"], verified_on=date(2026, 1, 1), verified_until=date(2026, 11, 24))
    a_service(slug="ailleurs", needs=["ecoute"], departements=["75"])
    a_service(slug="autre-besoin", needs=["sante"])

    assert directory(client) == ["vieux"]
    a_service(slug="frais", needs=["ecoute"])
    assert directory(client) == ["frais"]


def test_another_need_comes_before_another_place(client: Client) -> None:
    a_service(slug="ailleurs", needs=["ecoute"], departements=["75"])
    assert directory(client) == ["ailleurs"]
    a_service(slug="autre-besoin", needs=["sante"], departements=["93"])
    assert directory(client) == ["autre-besoin"]


def test_six_at_most_and_more_needs_first(client: Client) -> None:
    for number in range(8):
        a_service(slug=f"un-{number}", needs=["ecoute"])
    a_service(slug="deux", needs=["ecoute", "sante"])
    assert directory(client, needs=["ecoute", "sante"]) == ["deux", "un-0", "un-1", "un-2", "un-3", "un-4"]


def test_order_of_what_fits(client: Client) -> None:
    a_service(slug=CHILD, needs=["ecoute"], kind="hotline", phones=["119"])  # shown above already
    a_service(slug="complet", needs=["ecoute"], saturation="full")
    a_service(slug="autre-langue", needs=["ecoute"], languages=["ar"])
    a_service(slug="langue-inconnue", needs=["ecoute"])
    a_service(slug="sa-langue", needs=["ecoute"], languages=["ro"])
    a_service(slug="pres", needs=["ecoute"], departements=["93"])
    assert directory(client, language="ro") == [
        "sa-langue",
        "pres",
        "langue-inconnue",
        "autre-langue",
        "complet",
        CHILD,
    ]


def test_a_service_that_names_no_language_speaks_french(client: Client) -> None:
    a_service(slug="a-dit-le-parler", needs=["ecoute"], languages=["fr", "en"])
    a_service(slug="b-n-en-dit-rien", needs=["ecoute"], phones=["0199000000"])
    assert directory(client) == ["b-n-en-dit-rien", "a-dit-le-parler"]


def test_open_services_come_first_when_urgent(client: Client) -> None:
    a_service(slug="a-ferme", needs=["ecoute"], opening_hours="Mo-Fr 09:00-17:00")
    a_service(slug="b-inconnu", needs=["ecoute"])
    a_service(slug="c-ouvert", needs=["ecoute"], opening_hours="Mo-Su 20:00-08:00")
    assert directory(client, urgency="now") == ["c-ouvert", "a-ferme", "b-inconnu"]
    assert directory(client, urgency="week") == ["a-ferme", "b-inconnu", "c-ouvert"]


def test_on_a_holiday_nobody_counts_as_open_who_may_be_closed(client: Client) -> None:
    a_service(slug="a-en-semaine", needs=["ecoute"], opening_hours="Mo-Fr 09:00-17:00")
    a_service(slug="b-toujours", needs=["ecoute"], opening_hours="Mo-Su 09:00-17:00")

    assert directory(client, urgency="now", at="2026-12-25T10:00") == ["b-toujours", "a-en-semaine"]
    assert directory(client, urgency="now", at="2026-12-24T10:00") == ["a-en-semaine", "b-toujours"]


# --- the bundled directory -----------------------------------------------------------------------------------------


@pytest.fixture
def starter(db: None) -> None:
    """The starter directory and no partner."""
    call_command("load_communes", stdout=StringIO())
    call_command("load_directory", "resources/data/services_idf.csv", stdout=StringIO())


AGES = {"under15": (0, 14), "15-17": (15, 17), "18-20": (18, 20), "21-25": (21, 25), "26plus": (26, 120)}


@pytest.mark.parametrize("at", [NIGHT, "2031-01-01T12:00"])
def test_with_no_partner_everybody_is_given_numbers_and_services(client: Client, starter: None, at: str) -> None:
    services = {service.slug: service for service in Service.objects.published()}
    for age_band in [*AGES, "unknown"]:
        for gender in ["female", "male", "trans", "unknown"]:
            for departement in ["77", "92", None]:
                for needs in [["papiers"], ["fugue", "addictions"], []]:
                    answer = asked(
                        client, age_band=age_band, gender=gender, departement=departement, needs=needs, at=at
                    )
                    assert answer["unmet"] == "no_partner"
                    assert answer["emergency"]
                    assert 1 <= len(answer["directory"]) == len(set(answer["directory"])) <= 6
                    for slug in answer["directory"]:
                        assert_takes(services[slug], age_band, gender)
                    if departement == "92" and age_band in {"under15", "15-17", "unknown"}:
                        assert answer["directory"][0] == "crip-92"


def assert_takes(service: Service, age_band: str, gender: str) -> None:
    """The service excludes neither."""
    youngest, oldest = AGES.get(age_band, (15, 17))
    if service.age_rule == "only":
        assert (service.min_age or 0) <= oldest
        assert service.max_age is None or service.max_age >= youngest
    if service.gender_rule == "only":
        assert gender in service.genders


def test_every_emergency_number_is_in_the_bundled_directory(client: Client, starter: None) -> None:
    everything = asked(client, danger_now=True, needs=["fugue", "numerique", "sante"], urgency="now")
    shelter = asked(client, age_band="26plus", needs=["hebergement"], urgency="now")
    nobody = asked(client, age_band="26plus")
    shown = {*everything["emergency"], *shelter["emergency"], *nobody["emergency"]}
    assert shown == {
        "17-police-secours",
        "114-urgence-par-sms",
        CHILD,
        "116-000-enfants-disparus",
        "3018-violences-numeriques",
        "115-samu-social",
        "15-samu",
        "116-006-aide-aux-victimes",
    }
    assert Service.objects.published().filter(slug__in=shown).count() == len(shown)


# --- how much it costs, and what it leaves -------------------------------------------------------------------------


@pytest.mark.parametrize("partners", [1, 3])
def test_three_statements_or_four(
    client: Client, partners: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _number in range(partners):
        a_partner()
        a_service(needs=["ecoute"])
    crip()
    with django_assert_num_queries(3):
        asked(client)
    with django_assert_num_queries(2):
        asked(client, age_band="26plus")
    with django_assert_num_queries(4):
        asked(client, needs=["papiers"])


def test_nothing_is_written(client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    a_partner()
    before = list(Partner.objects.values())
    with django_assert_num_queries(4) as captured:
        asked(client)
    assert [query["sql"].split()[0] for query in captured.captured_queries] == ["SELECT"] * 4
    assert list(Partner.objects.values()) == before


def test_the_answer_sets_nothing_and_is_not_stored(client: Client) -> None:
    response = client.post(ROUTING, json.dumps(GIRL), content_type="application/json")
    assert response.headers["Cache-Control"] == "no-store"
    assert not response.cookies


# --- what is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "errors"),
    [
        ({"needs": ["ecoute", "sante", "papiers", "traite"]}, {"needs": ["too_many"]}),
        ({"needs": "ecoute"}, {"needs": ["invalid"]}),
        ({"needs": [["ecoute"]]}, {"needs": ["invalid"]}),
        ({"avoid_commune": "13055"}, {"avoid_commune": ["unknown"]}),
        ({"departement": "69"}, {"departement": ["unknown"]}),
        ({"departement": 93}, {"departement": ["invalid"]}),
        ({"danger_now": "yes"}, {"danger_now": ["invalid"]}),
        ({"at": "demain"}, {"at": ["invalid"]}),
        (
            {"referrer": "x", "age_band": 16, "gender": None, "language": "français", "urgency": []},
            {
                "referrer": ["unknown"],
                "age_band": ["invalid"],
                "gender": ["invalid"],
                "language": ["unknown"],
                "urgency": ["invalid"],
            },
        ),
    ],
)
def test_a_wrong_value_names_its_field(client: Client, facts: dict[str, Any], errors: dict[str, Any]) -> None:
    response = client.post(ROUTING, json.dumps({**GIRL, **facts}), content_type="application/json")
    assert (response.status_code, response.json()) == (400, {"errors": errors})


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "null",
        "3",
        '"x"',
        "{",
        "\x00",
        b"\xff\xfe{}",
        '{"at": NaN}',
        '{"needs": ' + "[" * 100_000,
        '{"at": ' + "1" * 10_000 + "}",
        json.dumps({"more": "x" * 600_000}),
    ],
    ids=str,
)
def test_a_body_that_is_no_object_is_refused(client: Client, body: str | bytes) -> None:
    response = client.post(ROUTING, body, content_type="application/json")
    assert (response.status_code, response.json()) == (400, {"errors": {"body": ["invalid"]}})


def test_unknown_members_are_ignored(client: Client) -> None:
    a_partner(slug="a")
    assert [one["partner"] for one in asked(client, name="Léa", nested={"x": [{}] * 50})["proposals"]] == ["a"]


def test_only_posts_are_answered(client: Client) -> None:
    response = client.get(ROUTING, {"age_band": "15-17"})
    assert (response.status_code, response.json()) == (405, {"errors": {"request": ["method_not_allowed"]}})


def test_it_is_described(client: Client) -> None:
    described = client.get("/api/schema").json()
    operation = described["paths"]["/api/v1/routing"]["post"]
    assert operation["operationId"] == "routing"
    answer = described["components"]["schemas"]["RoutingAnswer"]
    assert sorted(answer["properties"]) == ["directory", "emergency", "proposals", "unmet"]
