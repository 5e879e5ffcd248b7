"""Relevance is counted as the literature counts it, and what must never happen is counted by phrase."""

import pytest

from bench.relevance import Judged, by_register, faults, judge, judgements, ndcg
from resources.models import Service
from tests.builders import a_channel, a_service, index


def judged(
    *, register: str = "sms", gain: float = 1.0, harmful: tuple[str, ...] = (), missed: tuple[str, ...] = ()
) -> Judged:
    return Judged("une phrase", register, gain, harmful, missed, ())


def test_the_best_order_is_worth_one() -> None:
    assert ndcg([3, 2, 1, 0], [1, 2, 3]) == 1.0


def test_a_worse_order_is_worth_less() -> None:
    # (3 / log2 2 + 7 / log2 3) / (7 / log2 2 + 3 / log2 3)
    assert ndcg([2, 3], [3, 2]) == pytest.approx((3 + 7 / 1.5849625) / (7 + 3 / 1.5849625))


def test_what_was_not_found_is_missed_and_what_comes_after_the_tenth_is_worth_nothing() -> None:
    assert ndcg([], [3]) == 0.0
    assert ndcg([0] * 10 + [3], [3]) == 0.0
    assert ndcg([0] * 9 + [3], [3]) == pytest.approx(1 / 3.4594316)


def test_a_phrase_that_nothing_answers_is_no_fault() -> None:
    assert ndcg([0, 0], []) == 1.0


def test_phrases_are_counted_together_then_by_register() -> None:
    phrases = [judged(gain=1.0), judged(gain=0.5, harmful=("a", "b")), judged(register="plain", missed=("15-samu",))]

    assert by_register(phrases) == [
        ["toutes les phrases", "3", "0,833 / 0,9 = 0,93 ✗", "1 / 0 ✗", "1 / 0 ✗", "0 / 0 ✓"],
        ["sms", "2", "0,750 / 0,9 = 0,83 ✗", "1 / 0 ✗", "0 / 0 ✓", "0 / 0 ✓"],
        ["plain", "1", "1,000 / 0,9 = 1,11 ✓", "0 / 0 ✓", "1 / 0 ✗", "0 / 0 ✓"],
    ]


def test_a_phrase_without_an_answer_counts_for_its_alarm_only() -> None:
    off_topic = Judged("un film", "plain", 1.0, (), (), (), alarms=("15-samu",), has_answer=False)

    assert by_register([judged(gain=0.5), off_topic])[0] == [
        "toutes les phrases", "2", "0,500 / 0,9 = 0,56 ✗", "0 / 0 ✓", "0 / 0 ✓", "1 / 0 ✗",
    ]  # fmt: skip
    assert faults([off_topic]) == "  fausse alerte «un film» : 15-samu\n"


def test_faults_are_named() -> None:
    assert faults([judged(), judged(harmful=("a", "b"), missed=("15-samu",))]) == (
        "  nuisible «une phrase» : a, b\n  urgence manquée «une phrase» : 15-samu\n"
    )


@pytest.mark.django_db
def test_an_answer_is_compared_with_its_labels() -> None:
    for slug in ("avocats-nord", "avocats-sud"):
        service = a_service(slug=slug, name=f"Avocats {slug}", needs=["juridique"])
        a_channel(service, kind="phone", value="0199001122")
        index(service)
    assert Service.objects.count() == 2

    found = judge(
        {
            "q": "avocats nord",
            "register": "keyword",
            "relevant": {"avocats-nord": 3},
            "harmful": ["avocats-sud"],
            "emergency": ["15-samu"],
            "filters": {},
        }
    )

    assert found == Judged(
        "avocats nord", "keyword", 1.0, ("avocats-sud",), ("15-samu",), ("avocats-nord", "avocats-sud")
    )


def test_there_are_enough_labelled_phrases_and_each_is_whole() -> None:
    phrases = judgements()

    assert len(phrases) >= 150
    assert len({phrase["q"] for phrase in phrases}) == len(phrases)
    assert all({"q", "register", "relevant", "harmful", "emergency", "filters"} <= phrase.keys() for phrase in phrases)
