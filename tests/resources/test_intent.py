"""The shipped models fit the code, and the phrases that teach them are well formed."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.relevance import SETS, judgements
from resources.intent import model
from resources.intent.labels import LABELS, NEEDS
from resources.intent.phrasebook import half_of, manners_of, phrases, read_judged, report
from resources.intent.spelling import as_written, sound, spellings
from resources.ranking.features import FACTS, MEANINGS, bits, meaning_vector
from resources.ranking.model import Net, net
from resources.ranking.training import BATCH, Examples, Judged, example, fit, judged, side_by_side
from resources.text import fold


def test_phrases_are_many_varied_and_listed_once() -> None:
    texts = [fold(phrase.text) for phrase in phrases()]

    assert len(texts) >= 8000
    assert len({phrase.language for phrase in phrases()}) >= 10


@pytest.mark.parametrize(
    ("labels", "language", "in_youths_words", "manners"),
    [
        ({"self", "prostitution"}, "fr", True, {"young"}),
        ({"self", "adult"}, "fr", True, set()),
        ({"self", "minor"}, "ro", False, {"young", "foreign"}),
        ({"pro", "minor"}, "fr", False, set()),
        ({"relative", "famille"}, "en", False, {"foreign"}),
    ],
)
def test_how_a_phrase_is_written_needs_no_label(
    labels: set[str], language: str, *, in_youths_words: bool, manners: set[str]
) -> None:
    assert manners_of(frozenset(labels), language=language, in_youths_words=in_youths_words) == manners


def test_a_judged_answer_teaches_what_its_phrases_mean(tmp_path: Path) -> None:
    file = tmp_path / "regard.json"
    labelled = {"q": ["jsp ou dormir", "dormir ou"], "labels": ["hebergement", "self"], "young": True}
    file.write_text(json.dumps([labelled, {"q": "avocat"}]), encoding="utf-8")

    found = list(read_judged(file))

    assert [(one.text, one.entry, one.language) for one in found] == [
        ("jsp ou dormir", "jsp ou dormir", "fr"),
        ("dormir ou", "jsp ou dormir", "fr"),
    ]
    assert {one.labels for one in found} == {frozenset({"hebergement", "self", "young"})}
    assert len({one.is_held_out for one in found}) == 1


@pytest.mark.parametrize("labels", [[], ["hebergement"], ["self", "autre"], ["self", "pro"]])
def test_a_judged_answer_with_wrong_labels_is_named(tmp_path: Path, labels: list[str]) -> None:
    file = tmp_path / "regard.json"
    file.write_text(json.dumps([{"q": "avocat", "labels": labels}]), encoding="utf-8")

    with pytest.raises(ValueError, match=r"regard\.json, «avocat»: .* expected"):
        list(read_judged(file))


def test_each_half_of_the_judged_answers_is_read_by_who_learnt_the_other() -> None:
    learnt = [phrase for phrase in phrases() if phrase.entry and not phrase.is_held_out]
    halves = [sum(half_of(phrase.entry) == half for phrase in learnt) for half in (0, 1)]

    assert {row.entry for row in judged() if row.has_labels} <= {phrase.entry for phrase in phrases()}
    assert min(halves) / len(learnt) > 0.45


def test_needs_are_found_in_phrases_the_model_never_saw() -> None:
    held_out = [phrase for phrase in phrases() if phrase.is_held_out]
    scores = {score.label: score for score in report(model.weights(), held_out)}

    assert len(held_out) >= 300
    assert np.mean([scores[need].precision for need in NEEDS]) >= 0.75
    assert np.mean([scores[need].recall for need in NEEDS]) >= 0.45


def test_a_file_made_for_other_labels_is_refused() -> None:
    shipped = model.weights()
    content = model.Weights(shipped.matrix[:100], shipped.scale, shipped.bias, shipped.rarity[:100]).save()

    with pytest.raises(ValueError, match="train_intent"):
        model.Weights.read(content)


def test_a_net_made_for_other_facts_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = net().save()
    monkeypatch.setattr("resources.ranking.model.FACTS", FACTS[:-1])

    with pytest.raises(ValueError, match="train_ranking"):
        Net.read(content)


def test_a_net_is_read_as_it_was_saved() -> None:
    shipped = net()
    labels = {"sante": 1.0, "minor": 0.5}

    assert np.allclose(Net.read(shipped.save()).trait_weights(labels), shipped.trait_weights(labels), atol=0.01)
    assert shipped.trait_weights(labels).shape == (len(shipped.traits),)


def test_several_nets_side_by_side_give_their_mean() -> None:
    shipped = net()
    other = replace(shipped, always=shipped.always + 2, words=shipped.words + 2)
    labels = {"sante": 1.0, "minor": 0.5}

    both = side_by_side([shipped, other])

    assert np.allclose(both.trait_weights(labels), shipped.trait_weights(labels) + 1, atol=1e-4)
    assert both.words == pytest.approx(shipped.words + 1)


def test_what_is_graded_higher_is_learnt_to_come_first_and_what_harms_last() -> None:
    """Three services apart by one fact each; asked for health: the first is best, the last would harm."""
    facts = np.zeros((3, len(FACTS)), dtype=np.float32)
    facts[[0, 1, 2], [FACTS.index(fact) for fact in ("sante", "ecoute", "juridique")]] = 1
    judgement = Judged("mal au ventre", {"a": 3, "b": 1}, frozenset({"c"}))
    learnt = [
        example(judgement, labels={"sante": 1.0}, slugs=["a", "b", "c"], words={}, allowed={"a", "b", "c"})
        for _time in range(8 * BATCH)
    ]

    fitted = fit(facts, [1 << position for position in range(len(FACTS))], Examples.joined(learnt), beginning=0)
    best, good, harmful = facts @ fitted.trait_weights({"sante": 1.0})

    assert best > good > harmful


def test_traits_are_every_fact_then_pairs_of_facts() -> None:
    traits = net().traits

    assert list(traits[: len(FACTS)]) == [1 << position for position in range(len(FACTS))]
    assert all(trait.bit_count() == 2 and trait < 1 << len(FACTS) for trait in traits[len(FACTS) :])
    assert len(set(traits)) == len(traits)


def test_facts_fit_in_a_number_of_the_database() -> None:
    assert len(set(FACTS)) == len(FACTS) <= 63
    assert bits(["urgence", "sante", "unknown"]) == 0b1001


def test_every_meaning_has_its_number() -> None:
    vector = meaning_vector({"sante": 1.0, "minor": 0.5})

    assert vector.shape == (len(MEANINGS),)
    assert vector[MEANINGS.index("sante")] == 1.0
    assert 0.5 < vector[MEANINGS.index("minor")] < 1.0
    assert vector[MEANINGS.index("pro")] == 0.0


def test_what_is_learnt_and_what_is_tested_are_apart() -> None:
    tested = {fold(row["q"]) for file in SETS.values() for row in judgements(file)}

    assert len(tested) >= 580
    assert not tested & {fold(row.phrase) for row in judged()}
    assert not tested & {fold(phrase.text) for phrase in phrases()}


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("jveu pa dormir dehor", "je veux pas dormir dehors"),
        ("chui ds la rue", "je suis dans la rue"),
        ("jdormais chez lui", "je dormais chez lui"),
        ("je cherche un avocat", "je cherche un avocat"),
        ("spune mi unde", "spune mi unde"),
    ],
)
def test_a_hurried_spelling_is_read_as_it_would_be_written(typed: str, written: str) -> None:
    assert as_written(typed) == written.split()


@pytest.mark.parametrize(
    "alike",
    [
        ("force", "forcer", "forse"),
        ("oblige", "oblije"),
        ("copain", "copin", "kopin"),
        ("besoin", "bezoin"),
        ("enceinte", "ensainte"),
        ("hotel", "otel"),
    ],
)
def test_spellings_that_sound_alike_are_one(alike: tuple[str, ...]) -> None:
    assert len({sound(word) for word in alike}) == 1


def test_no_word_is_lost_when_it_is_heard() -> None:
    phrase = "je t ai dit a h x 15 eau est et es помогите 救命 ouh"

    assert len(sound(phrase).split()) == len(phrase.split())
    assert sound("помогите 救命") == "помогите 救命"


def test_spellings_are_folded_and_mean_something_else() -> None:
    assert all(fold(text) == text for pair in spellings().items() for text in pair)
    assert all(typed != meant and " " not in typed for typed, meant in spellings().items())


def test_one_judgement_may_answer_several_phrases() -> None:
    rows = judged()

    assert len({row.phrase for row in rows}) >= 3000
    assert all(row.relevant and not set(row.relevant) & row.harmful for row in rows)


def test_probabilities_are_probabilities() -> None:
    probability = model.weights().probabilities("ou dormir ce soir")

    assert probability.shape == (len(LABELS),)
    assert ((probability > 0) & (probability < 1)).all()
