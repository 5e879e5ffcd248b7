"""Hours mean what they say: open, closed or unknown, on holidays too, and in words."""

from datetime import datetime

import pytest
from django.utils import translation

from resources.opening import PARIS, hour_in_words, in_words, is_open, is_said_open, next_change, next_opening

MONDAY_TEN = datetime(2026, 11, 23, 10, 0, tzinfo=PARIS)


@pytest.mark.parametrize(
    ("expression", "at", "expected"),
    [
        ("", MONDAY_TEN, None),
        ("24/7", MONDAY_TEN, True),
        ("Mo-Fr 09:00-17:00", MONDAY_TEN, True),
        ("Mo-Fr 09:00-17:00", MONDAY_TEN.replace(hour=17), False),
        ("Mo-Fr", MONDAY_TEN, None),
        ("Mo-Fr", datetime(2026, 11, 22, 10, 0, tzinfo=PARIS), False),
        ("Mo-Su 20:00-08:00", MONDAY_TEN.replace(hour=3), True),
        ("Mo-Fr 09:00-17:00; PH off", datetime(2026, 5, 1, 10, 0, tzinfo=PARIS), False),
        ("Mo-Fr 09:00-17:00 unknown", MONDAY_TEN, None),
    ],
)
def test_open_closed_or_unknown(expression: str, at: datetime, *, expected: bool | None) -> None:
    assert is_open(expression, at=at) is expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("Mo-Fr 09:00-17:00", None),
        ("Mo-Sa 09:00-17:00", None),
        ("Mo-Su 09:00-17:00", True),
        ("Mo-Fr 09:00-17:00; PH off", False),
        ("Mo-Fr 09:00-17:00; PH 10:00-12:00", True),
        ("Mo-Fr 14:00-17:00", False),
        ("24/7", True),
        ("", None),
    ],
)
def test_on_a_holiday_who_is_closed_on_sundays_is_not_said_to_be_open(
    expression: str, *, expected: bool | None
) -> None:
    christmas = datetime(2026, 12, 25, 10, 0, tzinfo=PARIS)

    assert is_said_open(expression, at=christmas) is expected
    assert is_said_open("Mo-Fr 09:00-17:00", at=MONDAY_TEN) is True


def test_nobody_is_said_to_open_on_a_holiday_without_saying_so() -> None:
    eve = datetime(2026, 12, 24, 18, 0, tzinfo=PARIS)

    said = [
        next_opening(hours, at=eve)
        for hours in ("Mo-Fr 09:00-12:00,14:00-17:00", "Mo-Fr 09:00-17:00; PH 10:00-12:00", "Mo-Su 09:00-17:00", "24/7")
    ]

    assert said == [
        datetime(2026, 12, 28, 9, 0, tzinfo=PARIS),
        datetime(2026, 12, 25, 10, 0, tzinfo=PARIS),
        datetime(2026, 12, 25, 9, 0, tzinfo=PARIS),
        None,
    ]


def test_the_hour_of_paris_counts() -> None:
    assert is_open("Mo 10:00-11:00", at=datetime.fromisoformat("2026-11-23T09:30:00+00:00")) is True


def test_the_next_change_is_told_when_there_is_one() -> None:
    assert next_change("Mo-Fr 09:00-17:00", at=MONDAY_TEN) == MONDAY_TEN.replace(hour=17)
    assert next_change("24/7", at=MONDAY_TEN) is None
    assert next_change("", at=MONDAY_TEN) is None


@pytest.mark.parametrize(
    ("expression", "lines"),
    [
        ("", []),
        ("24/7", ["Tous les jours, jour et nuit"]),
        ("Mo-Fr 09:00-17:30", ["Du lundi au vendredi : 9 h à 17 h 30"]),
        ("Mo-Su 09:00-23:00", ["Tous les jours : 9 h à 23 h"]),
        ("Mo,Th 09:00-12:00; Tu 14:00-18:00", ["Lundi, jeudi : 9 h à 12 h", "Mardi : 14 h à 18 h"]),
        ("Mo", ["Lundi"]),
        ("week 1-10 Mo 09:00-12:00", ["week 1-10 Mo 09:00-12:00"]),
        ("Mo-Fr 09:00-12:00, We 14:00-18:00", ["Mo-Fr 09:00-12:00, We 14:00-18:00"]),
        ('Mo-Fr "sur rendez-vous: appeler"', ['Mo-Fr "sur rendez-vous: appeler"']),
        ("Mo-Fr (sunrise+01:00)-18:00", ["Mo-Fr (sunrise+01:00)-18:00"]),
        ("Mo-Fr 09:00-17:00 off", ["Mo-Fr 09:00-17:00 off"]),
    ],
)
def test_hours_in_words(expression: str, lines: list[str]) -> None:
    assert [line.replace("\N{NO-BREAK SPACE}", " ") for line in in_words(expression)] == lines


def test_hours_in_other_languages_are_written_as_they_write_them() -> None:
    said = {}
    for language in ("en", "es", "ro", "ar", "pt"):
        with translation.override(language):
            said[language] = [hour_in_words("09:00"), hour_in_words("17:30"), hour_in_words("26:00")]

    assert said == {
        "en": ["9:00", "17:30", "2:00"],
        "es": ["09:00", "17:30", "02:00"],
        "ro": ["09:00", "17:30", "02:00"],
        "ar": ["9:00\xa0ص", "5:30\xa0م", "2:00\xa0ص"],
        "pt": ["09:00", "17:30", "02:00"],
    }
