"""The shipped models fit the code, and the phrases that teach them are well formed."""

import numpy as np
import pytest

from bench.relevance import BLIND_JUDGEMENTS, JUDGEMENTS, judgements
from resources.intent import model
from resources.intent.labels import LABELS, NEEDS
from resources.intent.phrasebook import manners_of, phrases, report
from resources.intent.texting import as_texted
from resources.ranking.features import FACTS, MEANINGS, bits, meaning_vector
from resources.ranking.model import Table, table
from resources.ranking.training import judged
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


def test_a_table_made_for_other_facts_is_refused() -> None:
    shipped = table()
    content = Table(shipped.matrix, 1.0, shipped.traits).save()

    assert np.allclose(Table.read(content).matrix, shipped.matrix, atol=0.01)
    assert shipped.matrix.shape == (len(MEANINGS), len(shipped.traits))


def test_traits_are_every_fact_then_pairs_of_facts() -> None:
    traits = table().traits

    assert list(traits[: len(FACTS)]) == [1 << position for position in range(len(FACTS))]
    assert all(trait.bit_count() == 2 and trait < 1 << len(FACTS) for trait in traits[len(FACTS) :])
    assert len(set(traits)) == len(traits)


def test_facts_fit_in_a_number_of_the_database() -> None:
    assert len(set(FACTS)) == len(FACTS) <= 63
    assert bits(["urgence", "sante", "unknown"]) == 0b1001


def test_every_meaning_has_its_number() -> None:
    vector = meaning_vector({"sante": 1.0, "minor": 1.0})

    assert vector.shape == (len(MEANINGS),)
    assert vector[MEANINGS.index("sante&minor")] == 1.0
    assert vector[MEANINGS.index("sante&pro")] == 0.0


def test_what_is_learnt_and_what_is_tested_are_apart() -> None:
    tested = {fold(row["q"]) for file in (JUDGEMENTS, BLIND_JUDGEMENTS) for row in judgements(file)}

    assert len(tested) >= 400
    assert not tested & {fold(row.phrase) for row in judged()}
    assert not tested & {fold(phrase.text) for phrase in phrases()}


def test_a_texted_sentence_keeps_its_meaning_and_never_changes() -> None:
    texted = as_texted("Je suis dans la rue parce que mon père m’a mise dehors")

    assert texted == as_texted("je suis dans la rue parce que mon pere m a mise dehors")
    assert texted != fold("Je suis dans la rue parce que mon père m’a mise dehors")


def test_one_judgement_may_answer_several_phrases() -> None:
    rows = judged()

    assert len({row.phrase for row in rows}) >= 3000
    assert all(row.relevant and not set(row.relevant) & row.harmful for row in rows)


def test_probabilities_are_probabilities() -> None:
    probability = model.weights().probabilities("ou dormir ce soir")

    assert probability.shape == (len(LABELS),)
    assert ((probability > 0) & (probability < 1)).all()
