"""One design language: sheets and pages name the same things, docs/design.md says them, the guide shows them."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from config import environment, styleguide

ROOT = Path(settings.BASE_DIR)
# A class whose end is a value: risk-{{ … }}, lit-{{ … }}.
ENDS_IN_A_VALUE = {"risk-": ("2", "3"), "lit-": ("0", "1", "2", "3")}
LISTED = re.compile(r"""class=(?:"((?:\{%.*?%\}|\{\{.*?\}\}|[^"])*)"|'([^']*)')""", re.DOTALL)
TAG = re.compile(r"\{%.*?%\}", re.DOTALL)
VALUE = re.compile(r"\{\{.*?\}\}", re.DOTALL)


def without_words(sheet: str) -> str:
    """A style sheet without its remarks and quoted texts."""
    return re.sub(r"""/\*.*?\*/|url\([^)]*\)|"[^"]*\"""", "", sheet, flags=re.DOTALL)


def classes_of_sheets() -> set[str]:
    """Every class that a rule names."""
    selectors = (
        selector
        for path in (ROOT / "static").glob("*.css")
        for selector in re.findall(r"([^{};]+)\{", without_words(path.read_text(encoding="utf-8")))
        if not selector.strip().startswith("@")
    )
    return {name for selector in selectors for name in re.findall(r"\.(-?[a-zA-Z_][\w-]*)", selector)}


def written() -> Iterator[str]:
    """All that can put a class on a page; what only shows parts to developers does not count."""
    for folder, ends in (
        ("templates", ("html",)),
        ("resources", ("py",)),
        ("referrals", ("py",)),
        ("config", ("py",)),
        ("static", ("js",)),
        ("frontend/src", ("ts", "js")),
    ):
        for end in ends:
            for path in sorted((ROOT / folder).rglob(f"*.{end}")):
                if "styleguide" not in str(path.relative_to(ROOT)):
                    yield path.read_text(encoding="utf-8")


def classes_of_pages() -> set[str]:
    """Every class that a template or a program writes into a page; those that end in a value, with all of theirs."""
    found: set[str] = set()
    for text in written():
        for listed in LISTED.finditer(text):
            for name in VALUE.sub("\0", TAG.sub(" ", listed[1] or listed[2] or "")).split():
                start, value, _end = name.partition("\0")
                found.update(f"{start}{end}" for end in ENDS_IN_A_VALUE.get(start, ())) if value else found.add(name)
    return found


def test_every_class_of_a_page_has_a_rule_or_a_script_that_looks_for_it() -> None:
    looked_for = set(re.findall(r"""["' ]\.([\w-]+)""", "\n".join(written())))

    assert sorted(classes_of_pages() - classes_of_sheets() - looked_for) == []


def test_every_rule_is_of_a_class_that_something_writes() -> None:
    words = set(re.findall(r"[\w-]+", "\n".join(written())))

    assert sorted(classes_of_sheets() - classes_of_pages() - words) == []


@pytest.mark.parametrize(("column", "scheme"), [(2, "day"), (3, "night")])
def test_the_page_of_design_says_the_colours_that_are_used(column: int, scheme: str) -> None:
    used = styleguide.colours(at_night=scheme == "night")
    said = {}
    for line in (ROOT / "docs" / "design.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        names = re.findall(r"`([a-z-]+)`", cells[1]) if len(cells) > 6 else []
        said.update(dict(zip(names, re.findall(r"#[0-9a-f]{6}", cells[column]), strict=False)) if names else {})

    assert len(said) >= 10
    assert {name: used[name] for name in said} == said


@pytest.mark.parametrize(("column", "scheme"), [(5, "day"), (6, "night")])
def test_the_page_of_design_says_the_contrasts_that_are_measured(column: int, scheme: str) -> None:
    used = styleguide.colours(at_night=scheme == "night")
    faults = []
    for line in (ROOT / "docs" / "design.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) < 8 or not re.match(r"`(ink|soft|link|edge)`$", cells[1]):
            continue
        name = cells[1].strip("`")
        measured = [f"{styleguide.contrast(used[name], used[ground]):.1f}" for ground in ("paper", "sheet")]
        if cells[column].split(" / ") != measured:
            faults.append((name, cells[column], measured))
    assert faults == []


@pytest.mark.django_db
def test_the_guide_is_no_address_of_a_site_in_service(client: Client) -> None:
    assert [client.get(f"/fr/styleguide/{below}").status_code for below in ("", "espace/")] == [404, 404]


def test_the_guide_shows_each_part_by_day_by_night_and_from_right_to_left() -> None:
    script = (
        "import django; django.setup()\n"
        "from django.test import Client\n"
        "for below in ('', 'espace/'):\n"
        "    page = Client().get(f'/fr/styleguide/{below}', headers={'host': 'localhost'})\n"
        "    print(page.status_code, page.headers['Content-Security-Policy'])\n"
        "    print(page.content.decode())\n"
    )
    given = {"DJANGO_SETTINGS_MODULE": "config.settings", "ECLAIRCIE_DEBUG": "1", "DATABASE_URL": "postgresql:///none"}
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**environment.for_child(), **given},
        capture_output=True,
        text=True,
        check=True,
    )

    assert run.stdout.count("\n200 ") + run.stdout.startswith("200 ") == 2
    for panel in ('by-day" dir="ltr', 'at-night" dir="ltr', 'by-day" dir="rtl', 'at-night" dir="rtl'):
        assert run.stdout.count(f'class="panel {panel}"') == 2
