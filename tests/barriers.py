"""What may stand in somebody's way on a page as it is shown: what axe-core finds, and what our own eyes add."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, ViewportSize

AXE = Path(__file__).resolve().parents[1] / "frontend/node_modules/axe-core/axe.min.js"
OWN = Path(__file__).with_name("barriers.js")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice", "RGAAv4"]
CONTRAST = ["color-contrast", "color-contrast-enhanced"]
LEAST_CONTRAST, LEAST_TARGET = 7, 44
# At 400 % of a window of 1280 by 1024, which is also narrower and lower than any telephone.
ZOOMED: ViewportSize = {"width": 320, "height": 256}
LARGER_TEXT = "html { font-size: 225% !important }"  # twice our 112.5 %
SPACED_TEXT = """* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }
p { margin-block-end: 2em !important }"""


def keep_looking(page: Page) -> None:
    """Load the eyes into every page that is shown from now on, which costs less than to `look` at each."""
    page.add_init_script(path=AXE)
    page.add_init_script(path=OWN)


def look(page: Page) -> None:
    """Load the eyes; by `evaluate`, because the policy of our pages refuses a script that is added to them."""
    if not page.evaluate("'axe' in window && 'barriers' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
        page.evaluate(OWN.read_text(encoding="utf-8"))


def faults(page: Page, *, rules: list[str] | None = None) -> list[str]:
    """Rules of axe-core that the page breaks: WCAG A and AA, RGAA, good practice, contrast of level AAA."""
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": TAGS}
    enhanced = {} if rules else {"color-contrast-enhanced": {"enabled": True}}
    options = {"runOnly": only, "rules": enhanced, "resultTypes": ["violations"], "iframes": False, "preload": False}
    found: list[dict[str, Any]] = page.evaluate("options => axe.run(options).then(told => told.violations)", options)
    return [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]


def seen(page: Page, question: str, *given: object) -> list[str]:
    """What one of our own questions finds."""
    found: list[str] = page.evaluate("([question, given]) => barriers[question](...given)", [question, list(given)])
    return found


@contextmanager
def worn(page: Page, style: str) -> Iterator[None]:
    """The page with a style sheet of its reader."""
    put = """style => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(style);
        document.adoptedStyleSheets = [sheet];
    }"""
    page.evaluate(put, style)
    yield
    page.evaluate(put, "")


def barriers(page: Page, *, targets: bool = True, colours: bool = True) -> list[str]:
    """Everything at once, by day, by night and in the colours of the reader, at 400 %, with larger and spaced text.

    The page must have been opened in a window that is `ZOOMED`. `targets`: whether controls must be 44 px high.
    `colours`: whether to look by night and in the reader's colours; not where only words differ from another page.
    """
    look(page)
    page.evaluate("scrollTo(0, 0)")
    found = faults(page)
    for question in ("outline", "landmarks", "sideways", "focus", "moving"):
        found += seen(page, question)
    found += seen(page, "contrast", LEAST_CONTRAST)
    if targets:
        found += seen(page, "small", LEAST_TARGET)
    for style in (LARGER_TEXT, SPACED_TEXT):
        with worn(page, style):
            found += [f"{style[:12]}… {one}" for one in (*seen(page, "sideways"), *seen(page, "cut"))]
    return found + (in_other_colours(page) if colours else [])


def in_other_colours(page: Page) -> list[str]:
    """What cannot be read by night or in the colours of the reader."""
    page.emulate_media(color_scheme="dark")
    found = [f"dark {one}" for one in (*faults(page, rules=CONTRAST), *seen(page, "contrast", LEAST_CONTRAST))]
    page.emulate_media(color_scheme="light", forced_colors="active")
    found += [f"forced colours {one}" for one in (*seen(page, "contrast", LEAST_CONTRAST), *seen(page, "focus"))]
    page.emulate_media(forced_colors="none")
    return found
