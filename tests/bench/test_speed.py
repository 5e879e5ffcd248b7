"""A visit is timed as a browser makes it, for long enough and never for long."""

import gzip
import sys
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse

import pytest
from django.core.wsgi import get_wsgi_application

from bench.scenarios import Ask, Scenario, WrongAnswer
from bench.speed import Answer, Measured, is_enough, measure, request, row, visit
from tests.builders import a_service

Environ = dict[str, Any]


class Body(list[bytes]):
    """What an application returns; it knows whether the server closed it."""

    closed = False

    def close(self) -> None:
        self.closed = True


def application(environ: Environ, start: StartResponse) -> Iterable[bytes]:
    """Answers a form with 303, and anything else with what it was asked."""
    if environ["REQUEST_METHOD"] == "POST":
        start("303 See Other", [("Location", "/page?r=" + environ["wsgi.input"].read().decode())])
        return Body()
    start("200 OK", [("Content-Encoding", "gzip")])
    return Body([gzip.compress(f"{environ['PATH_INFO']} {environ['QUERY_STRING']}".encode())])


def test_an_address_is_one_request() -> None:
    answer = visit(application, Ask("/page?need=n1"))

    assert (answer.status, answer.text) == (200, "/page need=n1")
    assert len(answer.body) == len(gzip.compress(b"/page need=n1"))


def test_a_form_leads_to_its_page() -> None:
    assert visit(application, Ask("/search", "q=x")).text == "/page r=q=x"


def test_the_answer_is_closed_as_a_server_does() -> None:
    body = Body([b"x"])

    def once(_environ: Environ, start: StartResponse) -> Iterable[bytes]:
        start("200 OK", [])
        return body

    assert request(once, Ask("/")) == Answer(200, {}, b"x")
    assert body.closed


@pytest.mark.parametrize(
    ("visits", "seconds", "enough"),
    [(1, 0.1, False), (100, 1.4, False), (99, 2.1, False), (100, 2.0, True), (3, 3.0, True), (3000, 0.1, True)],
)
def test_requests_go_on_for_long_enough_and_no_longer(visits: int, seconds: float, enough: bool) -> None:  # noqa: FBT001
    assert is_enough(visits, seconds) is enough


def test_a_line_adds_both_processors_and_compares_them_with_the_aim() -> None:
    scenario = Scenario("JSON", (Ask("/"),), "x", 1, most_cpu=4)
    seconds = [0.001] * 94 + [0.009] * 6

    measured = Measured(scenario, seconds, web=0.002, base=0.001, queries=3, size=1400)
    unknown = Measured(scenario, seconds, web=0.002, base=None, queries=5, size=1400)

    assert row(measured) == ["JSON", "1,0", "9,0", "2,0", "1,0", "3,0 / 4 = 0,75 ✓", "3 / 4 = 0,75 ✓", "1 400"]
    assert row(unknown) == ["JSON", "1,0", "9,0", "2,0", "–", "–", "5 / 4 = 1,25 ✗", "1 400"]


@pytest.mark.django_db(transaction=True)
def test_a_scenario_is_measured_on_the_site_itself() -> None:
    services = [a_service(), a_service(), a_service()]
    asks = tuple(Ask(f"/fr/annuaire/{service.public_id}/") for service in services)

    measured = measure(get_wsgi_application(), Scenario("une fiche", asks, "<h1", 1))

    assert measured.queries == 3
    assert len(measured.seconds) >= 2
    assert 0 < measured.web < sum(measured.seconds)
    assert measured.size > 1000
    if sys.platform == "linux":
        assert measured.cpu is not None
        assert measured.cpu >= measured.web


@pytest.mark.django_db(transaction=True)
def test_a_page_that_is_not_there_is_not_measured() -> None:
    with pytest.raises(WrongAnswer, match="404"):
        measure(get_wsgi_application(), Scenario("une fiche", (Ask("/fr/annuaire/nowhere/"),), "<h1", 1))
