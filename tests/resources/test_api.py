"""The JSON search answers whatever it is sent: a page of services or a field that is wrong, never a breakdown."""

import json

import pytest
from django.test import Client

from tests.builders import a_commune, a_service

pytestmark = pytest.mark.django_db
SEARCH = "/api/v1/search"
HALF_A_CHARACTER = "\ud800"


def refused(client: Client, **asked: object) -> dict[str, list[str]]:
    """Errors of a question sent as JSON."""
    response = client.post(SEARCH, json.dumps(asked), content_type="application/json")
    assert response.status_code == 400
    errors: dict[str, list[str]] = response.json()["errors"]
    return errors


@pytest.mark.parametrize(
    "age", ["9" * 5000, "0" * 4000 + "16", "121", "-1", "1e1", "١٦", "²", "\0", True, 1.5, {}, [[]]]
)
def test_an_age_is_a_short_number(client: Client, age: object) -> None:
    assert refused(client, age=age) == {"age": ["invalid"]}


@pytest.mark.parametrize("page", ["9" * 5000, "0", "10001", "-1", "١", "1.0", True, {}])
def test_a_page_is_a_short_number(client: Client, page: object) -> None:
    assert refused(client, page=page, per_page=page) == {"page": ["invalid"], "per_page": ["invalid"]}


@pytest.mark.parametrize(
    "moment",
    ["0001-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59Z", "hier", "2026-02-30"],
)
def test_a_moment_outside_the_calendar_is_refused(client: Client, moment: str) -> None:
    a_service(opening_hours="Mo-Fr 09:00-17:00")

    response = client.get(SEARCH, {"open_at": moment})

    assert (response.status_code, response.json()) == (400, {"errors": {"open_at": ["invalid"]}})


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-03-29T02:30", True),  # clocks go from 2 to 3: this is 3:30
        ("2026-03-29T01:30", None),
        ("2026-10-25T02:30", None),  # twice: the first counts
        ("1800-06-01T10:00", None),
    ],
)
def test_an_hour_that_clocks_skip_is_an_hour(client: Client, moment: str, *, is_open: bool | None) -> None:
    a_service(opening_hours="Mo-Su 03:15-03:45")

    results = client.get(SEARCH, {"open_at": moment}).json()["results"]

    assert [found["open"] for found in results] == ([is_open] if is_open else [])


@pytest.mark.parametrize(
    "needs", ["juridique, sante", ["juridique", " sante "], "n4,n3,n4", ["juridique"] * 5000 + ["n3"]]
)
def test_needs_may_be_many_and_spaced(client: Client, needs: object) -> None:
    wanted = {a_service(needs=["juridique"]).slug, a_service(needs=["sante"]).slug}
    a_service(needs=["papiers"])

    response = client.post(SEARCH, json.dumps({"need": needs}), content_type="application/json")

    assert {found["slug"] for found in response.json()["results"]} == wanted


def test_half_a_character_is_never_repeated(client: Client) -> None:
    a_service(name="Avocat pour toi")

    asked = json.dumps({"q": f"{HALF_A_CHARACTER} avocatt"})
    response = client.post(SEARCH, asked, content_type="application/json")

    assert response.status_code == 200
    assert response.json()["did_you_mean"] == "? avocat"


@pytest.mark.parametrize(
    "field", ["q", "need", "near", "departement", "age", "gender", "language", "open_at", "open_now"]
)
@pytest.mark.parametrize("value", [HALF_A_CHARACTER, "a\0b", "%", 10**40, -1, False, [], {}, [{}], [None], ["x", {}]])
def test_no_value_of_any_field_breaks_the_search(client: Client, field: str, value: object) -> None:
    response = client.post(SEARCH, json.dumps({field: value}), content_type="application/json")

    assert response.status_code in {200, 400}
    assert list(response.json().get("errors", {field: []})) == [field]


@pytest.mark.parametrize(
    "body",
    ["[" * 100_000, '{"q":' * 100_000, "NaN", '{"age": NaN}', '{"age": ' + "9" * 5000 + "}", b"\xff", "[]", '"x"'],
)
def test_what_is_no_question_is_refused(client: Client, body: str | bytes) -> None:
    response = client.post(SEARCH, body, content_type="application/json")

    assert (response.status_code, response.json()) == (400, {"errors": {"body": ["invalid"]}})


@pytest.mark.parametrize("typed", ["\0", "%", "_", "'", "١٦", "a" * 5000, "\u3316" * 60])
def test_no_text_breaks_the_list_of_communes(client: Client, typed: str) -> None:
    a_commune()

    response = client.get("/api/v1/communes", {"q": typed})

    assert (response.status_code, response.json()) == (200, [])
