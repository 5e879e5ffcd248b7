"""Precision and recall are counted over what was said, predicted and right."""

import numpy as np

from bench.intent import row, timed, together
from resources.intent import phrasebook
from resources.intent.labels import LABELS
from resources.intent.model import BUCKETS, Weights
from resources.intent.phrasebook import Phrase, Score


def test_labels_are_counted_together() -> None:
    both = together("besoins", [Score("ecoute", 10, 8, 6), Score("sante", 2, 4, 2)])

    assert both == Score("besoins", phrases=12, predicted=12, right=8)
    assert (both.precision, both.recall) == (8 / 12, 8 / 12)


def test_a_line_shows_precision_recall_and_f1() -> None:
    assert row(Score("ecoute", 10, 5, 4)) == ["ecoute", "10", "0,80", "0,40", "0,53"]
    assert row(Score("ecoute", 10, 0, 0)) == ["ecoute", "10", "0,00", "0,00", "0,00"]


def test_a_model_that_always_says_one_thing_is_right_when_it_was_that() -> None:
    bias = np.full(len(LABELS), -9, dtype=np.float32)
    bias[LABELS.index("ecoute")] = 9
    always = Weights.rounded(np.zeros((BUCKETS, len(LABELS)), np.float32), bias, np.ones(BUCKETS, np.float32))
    said = [Phrase("parler", frozenset({"ecoute", "self"}), "fr"), Phrase("dormir", frozenset({"self"}), "fr")]

    scores = {score.label: score for score in phrasebook.report(always, said)}

    assert scores["ecoute"] == Score("ecoute", phrases=1, predicted=2, right=1)
    assert scores["self"] == Score("self", phrases=2, predicted=0, right=0)
    assert scores["sante"] == Score("sante", phrases=0, predicted=0, right=0)


def test_phrases_set_aside_stay_few_and_known() -> None:
    phrases = phrasebook.phrases()
    held_out = [phrase for phrase in phrases if phrase.is_held_out]

    assert 0.04 < len(held_out) / len(phrases) < 0.08


def test_every_phrase_is_timed() -> None:
    read: list[str] = []

    line = timed("modèle", read.append, ["a", "b", "c"])

    assert line[0] == "modèle"
    assert read == ["a", *["a", "b", "c"] * 3]
