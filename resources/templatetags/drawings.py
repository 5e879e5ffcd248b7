"""Line drawings, written once and placed by name, so that no page fetches a picture."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

# 32 × 32, drawn with one line of the text's colour (static/site.css).
PATHS: dict[str, str] = {
    "phone": "M9 4l4 7-3 3a15 15 0 0 0 8 8l3-3 7 4c0 4-3 5-5 5C13 28 4 19 4 9c0-2 1-5 5-5z",
    "sms": "M5 7h22v15H15l-6 5v-5H5zM11 13h10M11 17h6",
    "chat": "M4 6h16v11h-8l-4 4v-4H4zM24 12h4v11h-3v4l-4-4h-8",
    "web": "M16 4a12 12 0 1 0 0 24 12 12 0 1 0 0-24zM4 16h24M16 4c-8 8-8 16 0 24M16 4c8 8 8 16 0 24",
    "mail": "M4 8h24v17H4zM4 9l12 9 12-9",
    "search": "M14 5a9 9 0 1 0 0 18 9 9 0 1 0 0-18zM21 21l7 7",
    "close": "M7 7l18 18M25 7L7 25",
    "book": "M16 10c-4-4-8-4-12-3v18c4-1 8-1 12 3 4-4 8-4 12-3V7c-4-1-8-1-12 3zM16 10v18",
    "key": "M11 9a7 7 0 1 0 0 14 7 7 0 1 0 0-14zM18 16h11M25 16v5M11 16v.1",
    # Needs.
    "urgence": "M12 28l2-16h4l2 16zM13 12V8h6v4M10 9L4 7M22 9l6-2M7 28h18",
    "ecoute": "M4 7h17v12h-8l-5 5v-5H4zM25 12h3v11h-3v4l-4-4h-6",
    "hebergement": "M5 15L16 5l11 10M8 13v14h16V13M13 27v-8h6v8",
    "sante": "M16 27S4 20 4 12a6 6 0 0 1 12-2 6 6 0 0 1 12 2c0 8-12 15-12 15z",
    "juridique": "M16 5v22M10 27h12M6 9h20M6 9l-4 9a4 3 0 0 0 8 0zM26 9l-4 9a4 3 0 0 0 8 0z",
    "numerique": "M10 4h12v24H10zM14.5 24h3M13 9l6 8M19 9l-6 8",
    "sortie": "M7 28V5h11v23M4 28h24M15 16v2M22 22c3 0 3-4 6-4M22 12h6M25 9l3 3-3 3",
    "papiers": "M8 4h11l5 5v19H8zM19 4v5h5M12 15h8M12 20h8",
    "fugue": "M3 13h26M12 28c9-5 8-7 3-9-4-2-2-4 1-6M11 13a5 5 0 0 1 10 0",
    "famille": "M11 5a4 4 0 1 0 0 8 4 4 0 1 0 0-8zM3 27c0-6 3-10 8-10s8 4 8 10M22 9a3 3 0 1 1-1 6M22 18c4 0 7 3 7 9",
    "violences": "M9 18a5 5 0 0 1 0-10 7 7 0 0 1 13-1 5.5 5.5 0 0 1 1 11zM10 22l-1 5M16 22l-1 5M22 22l-1 5",
    "prostitution": "M6 4h20v23H6zM16 4v23M6 15h20M4 27h24",
    "traite": "M21 4a7 7 0 1 0 0 14 7 7 0 1 0 0-14zM16 16L5 27M9 23l4 4M21 9v.1",
    "addictions": "M9 5h14l-2 11a5 5 0 0 1-10 0zM10 11h12M16 21v6M11 28h10",
    "signalement": "M6 28V5M6 6c7-4 11 4 19 0v12c-8 4-12-4-19 0",
}


# Those that show a direction: turned over where people read from right to left.
POINTING = frozenset({"sortie"})


@register.simple_tag
def drawing(name: str) -> SafeString:
    """The drawing of that name; it decorates, so assistive technology passes over it."""
    pointing = SafeString(' class="points"' if name in POINTING else "")
    path = mark_safe(PATHS[name])  # noqa: S308  # our own
    return format_html('<svg viewBox="0 0 32 32"{} aria-hidden="true"><path d="{}"/></svg>', pointing, path)
