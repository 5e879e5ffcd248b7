"""Simple weekly hours are expanded exactly; anything richer is left as it is."""

import pytest

from resources.exchange.weekly import DAYS, Opening, expand

WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr")


@pytest.mark.parametrize(
    ("expression", "openings"),
    [
        ("", []),
        ("24/7", [Opening(DAYS, "00:00", "23:59")]),
        ("Mo-Fr 09:00-17:00", [Opening(WEEKDAYS, "09:00", "17:00")]),
        ("Mo-Su 18:00-24:00", [Opening(DAYS, "18:00", "23:59")]),
        ("09:00-17:00", [Opening(DAYS, "09:00", "17:00")]),
        ("Mo-Fr", [Opening(WEEKDAYS, None, None)]),
        (
            "Mo-Fr 09:00-12:30,13:30-17:00",
            [Opening(WEEKDAYS, "09:00", "12:30"), Opening(WEEKDAYS, "13:30", "17:00")],
        ),
        (
            "Mo,Th 09:15-12:00,14:00-18:00; Tu,We,Fr 09:15-12:00,13:00-17:00",
            [
                Opening(WEEKDAYS, "09:15", "12:00"),
                Opening(("Mo", "Th"), "14:00", "18:00"),
                Opening(("Tu", "We", "Fr"), "13:00", "17:00"),
            ],
        ),
        # A later rule replaces what an earlier one said of the same days.
        ("Mo-Fr 09:00-17:00; We off", [Opening(("Mo", "Tu", "Th", "Fr"), "09:00", "17:00")]),
        (
            "Mo-Fr 09:00-17:00; Fr 09:00-12:00",
            [Opening(("Mo", "Tu", "We", "Th"), "09:00", "17:00"), Opening(("Fr",), "09:00", "12:00")],
        ),
        ("Fr-Mo 22:00-06:00", [Opening(("Mo", "Fr", "Sa", "Su"), "22:00", "06:00")]),
        ("Mo-Fr 10:00-19:00; PH off", [Opening(WEEKDAYS, "10:00", "19:00")]),
    ],
)
def test_weekly_hours(expression: str, openings: list[Opening]) -> None:
    """Each simple expression gives these ranges."""
    assert expand(expression) == openings


@pytest.mark.parametrize(
    "expression",
    [
        "Jul-Aug off; Mo-Fr 09:00-17:00",
        "Mo[1] 14:00-17:00",
        "week 1-53/2 Mo 14:00-17:00",
        "Mo-Fr 09:00-17:00, Sa 10:00-12:00",
        "sunrise-sunset",
        "Mo-Fr 09:00+",
        "Mo-Fr 9h-17h",
        "Mo-Fr 09:00-26:00",
        'Mo-Fr 09:00-17:00 "sur rendez-vous"',
        "PH 10:00-12:00",
    ],
)
def test_richer_hours_are_not_weekly(expression: str) -> None:
    """What a week cannot say is not guessed."""
    assert expand(expression) is None
