"""What is measured of a page is what a visitor reads of it."""

import pytest
from django.test import Client

from bench import synthetic_referrals
from bench.readability import Sentences, pages, row
from resources import moderation
from resources import pages as starter
from resources.models import Service
from tests.builders import a_service

PAGE = """<html><head><title>Titre de la page</title></head><body><nav>Aller au contenu</nav><main>
<h1>Tu peux <span class="sr">vite et bien</span> demander de l’aide</h1>
<svg><path d="M0 0"/><text>un deux trois quatre</text></svg>
<p>Écris comme tu parles. Rien n’est gardé<span hidden> ou presque rien</span> : ni mot, ni nom.</p>
<ul><li><a href="/fr/">17</a></li><li>Jour et nuit</li></ul><input type="hidden" name="e" value="x">
<template><p>Cela ne se voit pas encore.</p></template></main><footer>Mentions légales du site</footer></body></html>"""


def test_only_what_is_seen_in_main_counts_and_labels_do_not() -> None:
    page = Sentences(PAGE)

    assert page.text() == (
        "Tu peux demander de l'aide. Écris comme tu parles. Rien n'est gardé. ni mot, ni nom. Jour et nuit."
    )
    assert page.carried == {"e": "x"}


def test_a_page_beside_its_aims() -> None:
    name, words, ease, length, long = row("page", Sentences(PAGE))

    assert (name, words, length, long) == ("page", "19", "3,8 / 12 = 0,32 ✓", "0")
    assert ease.endswith("✓")


def test_a_long_sentence_is_named() -> None:
    sentence = f"Il dit {'que tout va bien et ' * 5}que rien ne presse."

    assert Sentences(f"<main><p>{sentence}</p></main>").long_sentences() == [sentence]


@pytest.mark.django_db
def test_every_page_of_writing_is_measured(client: Client) -> None:
    synthetic_referrals.make_teams()
    moderation.load_pages(starter.starter())
    a_service(status=Service.Status.PUBLISHED)

    names = [name for name, _page in pages(client)]

    assert names[0] == "accueil"
    assert len([name for name in names if name.startswith("comprendre/")]) == 7
    assert names[-5:] == ["écrire : qui", "écrire : la lettre", "écrire : le code", "écrire : deux mots", "revenir"]
