"""What is timed is the same at every run, and is seen to be what it should be."""

import re

import pytest

from bench.scenarios import Ask, Scenario, WrongAnswer, scenarios

ONE = Scenario("JSON, par besoin", (Ask("/api/v1/search"),), '"slug":', 2)


def test_the_same_questions_are_asked_every_time() -> None:
    assert scenarios(5_000) == scenarios(5_000)
    assert [scenario.name for scenario in scenarios(5_000)] == [scenario.name for scenario in scenarios(300_000)]


def test_every_scenario_asks_something_and_no_question_twice() -> None:
    for scenario in scenarios(5_000):
        assert len(set(scenario.asks)) == len(scenario.asks) >= 1
        assert all(ask.address.startswith("/") for ask in scenario.asks)


def test_typed_words_are_posted_by_pages_and_never_stand_in_their_address() -> None:
    pages = [ask for scenario in scenarios(5_000) if scenario.name.startswith("HTML") for ask in scenario.asks]

    assert any(ask.form is not None for ask in pages)
    assert not any("q=" in ask.address for ask in pages)


@pytest.mark.parametrize(("count", "most"), [(5_000, 10), (300_000, 20)])
def test_a_large_directory_may_take_longer_for_a_page(count: int, most: int) -> None:
    aims = {scenario.name: scenario.most_cpu for scenario in scenarios(count) if scenario.most_cpu is not None}

    assert aims == {
        "JSON, par besoin": 4,
        "JSON, texte avec une faute": 15,
        "JSON, texte et commune": 8,
        "HTML, recherche (POST, 303, page)": most,
    }


def test_a_right_answer_passes() -> None:
    ONE.check(ONE.asks[0], 200, '{"slug":"a"},{"slug":"b"}')


@pytest.mark.parametrize(("status", "text"), [(500, '"slug":"slug":'), (200, '{"slug":"a"}'), (200, "")])
def test_a_wrong_answer_stops_everything(status: int, text: str) -> None:
    with pytest.raises(WrongAnswer, match=re.escape("JSON, par besoin")):
        ONE.check(ONE.asks[0], status, text)
