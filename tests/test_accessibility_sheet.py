"""The sheet of RGAA criteria is whole, counts right, and names tests that are there; the public page agrees with it."""

import re
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

ROOT = Path(settings.BASE_DIR)
SHEET = (ROOT / "docs/accessibility.md").read_text(encoding="utf-8")
# RGAA 4.1: so many criteria in each of the 13 themes.
CRITERIA = (9, 2, 3, 13, 8, 2, 5, 10, 4, 14, 13, 11, 12)
STATES = ("met", "not met", "for a person", "not applicable")


def test_every_criterion_has_a_state() -> None:
    rows = re.findall(r"^\| (\d+\.\d+) \| [^|]+ \| ([^|]+) \|", SHEET, re.MULTILINE)

    assert [number for number, _state in rows] == [
        f"{theme}.{number}" for theme, count in enumerate(CRITERIA, 1) for number in range(1, count + 1)
    ]
    counted = Counter(state for _number, state in rows)
    said = re.findall(r"^\| (met|not met|for a person|not applicable)\b[^|]*\| (\d+) \|", SHEET, re.MULTILINE)
    assert {state: int(count) for state, count in said} == {state: counted[state] for state in STATES}


def test_every_test_that_the_sheet_names_is_there() -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))

    named = set(re.findall(r"`(test_\w+)`", SHEET))
    assert len(named) > 10
    assert [name for name in sorted(named) if f"def {name}(" not in tests] == []


@pytest.mark.django_db
def test_the_site_says_what_the_sheet_says(client: Client) -> None:
    page, home = (client.get(f"/fr/{path}").content.decode() for path in ("accessibilite/", ""))

    assert "**«non conforme»**" in SHEET
    assert re.search(r"<h1>Accessibilité\s*: non conforme</h1>", page)
    assert re.search(r"Accessibilité\s*: non conforme</a>", home)
