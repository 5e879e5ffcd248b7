"""locale/ follows the sentences of the code, and says what is missing."""

import re
from io import StringIO
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from django.conf import settings
from django.core.management import CommandError, call_command
from pytest_django import Settings

from config.management.commands.translations import found_in, sources
from resources.tongues import catalog_folder

TEMPLATE = """{% load i18n %}
      {% comment %}rien{% endcomment %}
  <p title="{% translate "Une adresse" %}">{% blocktranslate %}Bonjour {{ name }},
  c’est « ici »{% endblocktranslate %}</p>
    {% translate "Avril" context "mois" %}
{% blocktranslate count n=n %}{{ n }} ligne{% plural %}{{ n }} lignes{% endblocktranslate %}
"""


@pytest.fixture
def locale(settings: Settings, tmp_path: Path) -> Path:
    """A small project in French and English; the folder of its English."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "views.py").write_text('title = _("Accueil") + note("pas une phrase")\n', encoding="utf-8")
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "home.html").write_text(TEMPLATE, encoding="utf-8")
    settings.BASE_DIR = tmp_path
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    settings.LANGUAGE_NAMES = {"fr": "Français", "en": "English"}
    return tmp_path / "locale" / "en" / "LC_MESSAGES"


def translate(locale: Path, french: str, english: str) -> None:
    """Fill in one sentence, as a translator does."""
    path = locale / "django.po"
    text = path.read_text(encoding="utf-8")
    assert f'msgid "{french}"\nmsgstr ""' in text
    path.write_text(
        text.replace(f'msgid "{french}"\nmsgstr ""', f'msgid "{french}"\nmsgstr "{english}"'), encoding="utf-8"
    )


def faults(*arguments: str) -> list[str]:
    """What the command has to say."""
    said = StringIO()
    try:
        call_command("translations", *arguments, stderr=said)
    except CommandError as refusal:
        said.write(f"{refusal}\n")
    return said.getvalue().splitlines()


def test_every_sentence_is_found_once_translated_nothing_is_left_to_do(locale: Path) -> None:
    assert faults() == [
        "en : sans traduction sûre : 'Accueil'",
        "en : sans traduction sûre : 'Une adresse'",
        "en : sans traduction sûre : 'Bonjour %(name)s,\\n  c’est « ici »'",
        "en : sans traduction sûre : 'Avril'",
        "en : sans traduction sûre : ('%(n)s ligne', '%(n)s lignes')",
    ]

    translate(locale, "Accueil", "Home")

    assert faults("--check") == [
        "en : sans traduction sûre : 'Une adresse'",
        "en : sans traduction sûre : 'Bonjour %(name)s,\\n  c’est « ici »'",
        "en : sans traduction sûre : 'Avril'",
        "en : sans traduction sûre : ('%(n)s ligne', '%(n)s lignes')",
        "locale/en/LC_MESSAGES/django.mo : à refaire avec « make translations »",
        "5 à corriger dans locale/",
    ]
    assert len(faults()) == 4
    assert faults("--check")[-1] == "4 à corriger dans locale/"


def test_a_sentence_that_has_gone_is_forgotten(locale: Path) -> None:
    faults()
    (locale.parents[2] / "templates" / "home.html").write_text("", encoding="utf-8")

    assert faults() == ["en : sans traduction sûre : 'Accueil'"]
    assert "Avril" not in (locale / "django.po").read_text(encoding="utf-8")


def test_other_languages_have_what_visitors_read_and_only_that(locale: Path, settings: Settings) -> None:
    settings.LANGUAGE_NAMES = {"fr": "Français", "ar": "العربية"}

    assert faults() == [
        "ar : sans traduction sûre : 'Une adresse'",
        "ar : sans traduction sûre : 'Bonjour %(name)s,\\n  c’est « ici »'",
        "ar : sans traduction sûre : 'Avril'",
        "ar : sans traduction sûre : ('%(n)s ligne', '%(n)s lignes')",
    ]
    catalog = (locale.parents[1] / "ar" / "LC_MESSAGES" / "django.po").read_text(encoding="utf-8")
    assert "Accueil" not in catalog
    assert 'msgstr[5] ""' in catalog
    assert '"Last-Translator: -\\n"' in catalog


def test_who_has_read_a_language_is_kept(locale: Path) -> None:
    faults()
    path = locale / "django.po"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"Last-Translator: -', '"Last-Translator: Ada'), encoding="utf-8")

    faults()

    assert '"Last-Translator: Ada\\n"' in path.read_text(encoding="utf-8")


def test_a_translation_that_loses_a_name_is_refused(locale: Path) -> None:
    faults()
    path = locale / "django.po"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"  c’est « ici »"\nmsgstr ""', '"  c’est « ici »"\nmsgstr "Hello"'), encoding="utf-8")

    assert "en : 'Bonjour %(name)s,\\n  c’est « ici »' : pas les mêmes %(mots)s" in faults("--check")


def test_many_missing_sentences_are_counted(locale: Path) -> None:
    words = "\n".join(f'_("mot {number}")' for number in range(20))
    (locale.parents[2] / "config" / "views.py").write_text(words, encoding="utf-8")

    assert faults()[10:] == ["en : 24 en tout"]


def test_french_keeps_its_signs_with_the_word_before() -> None:
    shown = [path for path in sources() if "management" not in path.parts and "exchange" not in path.parts]
    texts = [text for message in found_in(shown) for text in forms_of(message)]

    assert [text for text in texts if re.search(r" [:;!?»]|« ", text)] == []


def test_arabic_shows_numbers_of_laws_the_right_way() -> None:
    mark = "\N{LEFT-TO-RIGHT MARK}"
    pages = sorted((settings.BASE_DIR / "resources" / "data" / "pages" / "ar").glob("*.md"))
    texts = [(catalog_folder("ar") / "django.po").read_text(encoding="utf-8")]
    texts += [path.read_text(encoding="utf-8") for path in pages]

    numbers = [found for text in texts for found in re.findall(rf"المادة ({mark}?)\d+-\d", text)]

    assert len(numbers) > 5
    assert set(numbers) == {mark}


def forms_of(message: Message) -> list[str]:
    """The sentence, or its singular and plural."""
    return [message.id] if isinstance(message.id, str) else list(message.id)


def test_a_space_that_no_longer_breaks_costs_no_translation(locale: Path) -> None:
    faults()
    translate(locale, "Une adresse", "An address")
    template = locale.parents[2] / "templates" / "home.html"
    template.write_text(TEMPLATE.replace("Une adresse", "Une\N{NO-BREAK SPACE}adresse"), encoding="utf-8")

    faults()

    assert 'msgid "Une\N{NO-BREAK SPACE}adresse"\nmsgstr "An address"' in (locale / "django.po").read_text(
        encoding="utf-8"
    )
