"""The shipped models fit the code, and the phrases that teach them are well formed."""

import numpy as np
import pytest

from bench.relevance import judgements
from resources.intent import model
from resources.intent.labels import LABELS, NEEDS
from resources.intent.phrasebook import phrases, report
from resources.ranking.features import FACTS, MEANINGS, bits, meaning_vector
from resources.ranking.model import Table, table
from resources.ranking.training import judged
from resources.text import fold


def test_phrases_are_many_varied_and_listed_once() -> None:
    texts = [fold(phrase.text) for phrase in phrases()]

    assert len(texts) >= 8000
    assert len({phrase.language for phrase in phrases()}) >= 10


def test_needs_are_found_in_phrases_the_model_never_saw() -> None:
    held_out = [phrase for phrase in phrases() if phrase.is_held_out]
    scores = {score.label: score for score in report(model.weights(), held_out)}

    assert len(held_out) >= 300
    assert np.mean([scores[need].precision for need in NEEDS]) >= 0.75
    assert np.mean([scores[need].recall for need in NEEDS]) >= 0.45


def test_a_file_made_for_other_labels_is_refused() -> None:
    shipped = model.weights()
    content = model.Weights(shipped.matrix[:100], shipped.bias, shipped.rarity[:100]).save()

    with pytest.raises(ValueError, match="train_intent"):
        model.Weights.read(content)


def test_a_table_made_for_other_facts_is_refused() -> None:
    content = Table(table().matrix, 1.0).save()
    assert np.allclose(Table.read(content).matrix, table().matrix, atol=0.01)

    assert table().matrix.shape == (len(MEANINGS), len(FACTS))


def test_facts_fit_in_a_number_of_the_database() -> None:
    assert len(set(FACTS)) == len(FACTS) <= 63
    assert bits(["urgence", "sante", "unknown"]) == 0b1001


def test_every_meaning_has_its_number() -> None:
    vector = meaning_vector({"sante": 1.0, "minor": 1.0})

    assert vector.shape == (len(MEANINGS),)
    assert vector[MEANINGS.index("minor&sante")] == 1.0
    assert vector[MEANINGS.index("pro&sante")] == 0.0


def test_what_is_learnt_and_what_is_tested_are_apart() -> None:
    tested = {fold(judgement["q"]) for judgement in judgements()}

    assert len(tested) >= 150
    assert not tested & {fold(row.phrase) for row in judged()}
    assert not tested & {fold(phrase.text) for phrase in phrases()}


def test_probabilities_are_probabilities() -> None:
    probability = model.weights().probabilities("ou dormir ce soir")

    assert probability.shape == (len(LABELS),)
    assert ((probability > 0) & (probability < 1)).all()
