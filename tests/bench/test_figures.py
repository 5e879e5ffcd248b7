"""Figures are computed and shown as readers expect them."""

import pytest

from bench.figures import against, mean, percentile, shown, table


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.95, 95), (0.0, 1), (1.0, 100), (0.001, 1), (0.951, 96)])
def test_a_percentile_is_a_value_that_was_seen(share: float, expected: int) -> None:
    assert percentile(list(range(100, 0, -1)), share) == expected


def test_a_percentile_of_one_and_of_three_values() -> None:
    assert (percentile([7.5], 0.5), percentile([7.5], 0.95)) == (7.5, 7.5)
    assert (percentile([3, 1, 2], 0.5), percentile([3, 1, 2], 0.95)) == (2, 3)


def test_nothing_has_no_percentile_but_a_mean_of_zero() -> None:
    with pytest.raises(ValueError, match="no percentile of nothing"):
        percentile([], 0.5)
    assert (mean([]), mean([1, 2, 6])) == (0.0, 3.0)


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [(1234567.891, 1, "1 234 567,9"), (0.5, 2, "0,50"), (300_000, 0, "300 000"), (None, 1, "–")],
)
def test_numbers_are_written_as_in_french(value: float | None, digits: int, expected: str) -> None:
    assert shown(value, digits) == expected


@pytest.mark.parametrize(
    ("value", "aim", "expected"),
    [
        (6.2, 10, "6,2 / 10 = 0,62 ✓"),
        (10.0, 10, "10,0 / 10 = 1,00 ✓"),
        (25.0, 10, "25,0 / 10 = 2,50 ✗"),
        (0.0, 0, "0,0 / 0 ✓"),
        (3.0, 0, "3,0 / 0 ✗"),
        (6.2, None, "6,2"),
        (None, 10, "–"),
    ],
)
def test_a_figure_stands_beside_its_aim(value: float | None, aim: float | None, expected: str) -> None:
    assert against(value, aim) == expected


def test_some_aims_are_to_be_reached_from_below() -> None:
    assert against(0.95, 0.9, digits=3, at_least=True) == "0,950 / 0,9 = 1,06 ✓"
    assert against(0.796, 0.9, digits=3, at_least=True) == "0,796 / 0,9 = 0,88 ✗"


def test_columns_of_a_table_line_up() -> None:
    assert table("Vitesse", ["", "ms"], [["une fiche", "3,1"], ["accueil", "12,0"]]) == (
        "\nVitesse\n             ms\n─────────  ────\nune fiche   3,1\naccueil    12,0\n"
    )
