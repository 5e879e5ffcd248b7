"""What measures the weight of pages installs only what is locked, does without it, and shows what it saw."""

import json

import pytest
from pytest_django import Settings

from bench import weight


def test_the_lock_of_lighthouse_has_an_integrity_for_each_and_no_registry() -> None:
    lock = json.loads((weight.LOCKED / "package-lock.json").read_text(encoding="utf-8"))

    installed = {name: one for name, one in lock["packages"].items() if name}
    assert installed["node_modules/lighthouse"]["version"].startswith("12.")
    assert [name for name, one in installed.items() if not one["integrity"].startswith("sha512-")] == []
    assert [name for name, one in installed.items() if "resolved" in one] == []


def test_where_there_is_no_node_the_scores_are_missing(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: object
) -> None:
    settings.VAR_DIR = tmp_path
    monkeypatch.setenv("PATH", "")

    assert weight.lighthouse() is None


def test_a_line_says_bytes_requests_paint_and_scores() -> None:
    assert weight.row("accueil", weight.Weight(11_000, 1, 612.0, 0), [100.0, 100.0, None]) == [
        "accueil",
        "11 000 / 14336 = 0,77 ✓",
        "1 / 3 = 0,33 ✓",
        "612 / 1000 = 0,61 ✓",
        "0",
        "100 / 100 = 1,00 ✓",
        "100 / 100 = 1,00 ✓",
        "–",
    ]
