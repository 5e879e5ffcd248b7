"""Every part of docs/design.md on one page, by day, by night and from right to left; while developing only.

The style sheets are those of the site, with what they keep for a dark device moved below a class, so that both can be
seen at once. The page's own few words are for developers and are not translated.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from config import assets
from resources.templatetags.drawings import PATHS

NIGHT = "@media (prefers-color-scheme: dark) {"
PUBLIC, STAFF = (
    ("site.css", "cards.css", "finding.css", "writing.css"),
    ("site.css", "espace.css", "partner.css", "directory.css"),
)
OWN = """
body { background: #888 }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1rem }
.panel { min-inline-size: 0; overflow: clip; background: var(--paper); color: var(--ink); border-radius: 1rem }
.by-day { color-scheme: light }
.panel .bar, .panel .silence, .panel .idle { position: static; inset: auto }
.panel .seen { display: grid; grid-template-columns: repeat(auto-fill, minmax(8rem, 1fr)); gap: .75rem }
.panel .seen svg { inline-size: 2.4rem; block-size: 2.4rem }
.panel .seen rect { stroke: var(--line) }
"""
Pair = tuple[str, str]
# Each text on every ground that it is written on, and the borders of fields.
READ: tuple[Pair, ...] = (
    *(("ink", ground) for ground in ("paper", "sheet", "sky", "sky-low", "peach", "gold")),
    *((text, ground) for text in ("soft", "link") for ground in ("paper", "sheet", "peach", "gold")),
    ("open", "open-sheet"),
    ("on-button", "button"),
    ("sheet", "ink"),
)
SEEN: tuple[Pair, ...] = (("edge", "paper"), ("edge", "sheet"))


@dataclass(frozen=True, slots=True)
class Scheme:
    """Day or night: the class of its panel, and its colours."""

    name: str
    direction: str
    css_class: str
    colours: dict[str, str]
    contrasts: tuple[tuple[str, str, str], ...]


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb (WCAG 2.2)."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """Contrast of two colours (WCAG 2.2), from 1 to 21."""
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def colours(*, at_night: bool) -> dict[str, str]:
    """The named colours of site.css."""
    day, night = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", part)) for part in split(assets.source("site.css")))
    return {**day, **night} if at_night else day


def split(sheet: str) -> tuple[str, str]:
    """A style sheet without what it keeps for a dark device, and that alone."""
    rest, kept = "", ""
    while (start := sheet.find(NIGHT)) >= 0:
        end, depth = start + len(NIGHT), 1
        while depth:
            depth += {"{": 1, "}": -1}.get(sheet[end], 0)
            end += 1
        rest, kept, sheet = rest + sheet[:start], kept + sheet[start + len(NIGHT) : end - 1], sheet[end:]
    return rest + sheet, kept


@cache
def style(names: tuple[str, ...]) -> SafeString:
    """Sheets in which day and night are classes."""
    text = ""
    for name in names:
        day, night = split(assets.source(name))
        text += re.sub(r":root \{", ":root, .by-day {", day) + ".at-night {" + re.sub(r":root\b", "&", night) + "}"
    return assets.inlined(text + OWN + ".at-night { color-scheme: dark }", tag="style")


def schemes() -> list[Scheme]:
    """Panels side by side; the last ones run from right to left."""
    return [
        Scheme(
            name=f"{'Nuit' if at_night else 'Jour'} ({direction})",
            direction=direction,
            css_class="at-night" if at_night else "by-day",
            colours=colours(at_night=at_night),
            contrasts=contrasts(colours(at_night=at_night)),
        )
        for direction in ("ltr", "rtl")
        for at_night in (False, True)
    ]


def contrasts(known: dict[str, str]) -> tuple[tuple[str, str, str], ...]:
    """Each pair with its figure."""
    return tuple((text, ground, f"{contrast(known[text], known[ground]):.1f}") for text, ground in READ + SEEN)


def guide(names: tuple[str, ...], template: str) -> Callable[[HttpRequest], HttpResponseBase]:
    """A page whose style the policy of pages allows by its hash."""

    @require_safe
    @csp_update({"style-src": [assets.csp_hash(style(names))]})
    def page(request: HttpRequest) -> HttpResponse:
        context = {"guide_style": style(names), "schemes": schemes(), "parts": template, "drawings": sorted(PATHS)}
        return render(request, "styleguide/page.html", context)

    return page
