"""The style sheet and the script, minified and put into each page: one request a page, even on a bad network."""

import base64
import hashlib
from functools import cache
from pathlib import Path

import rcssmin
import rjsmin
from django.http import HttpRequest
from django.utils.safestring import SafeString, mark_safe

STATIC_DIR = Path(__file__).resolve().parent.parent / "static"
# Of every page; where somebody writes; where services are shown; where nobody writes; of the page of figures.
STYLES = ("site", "writing", "cards", "finding", "figures")
# Of every page; where somebody writes; where there is much to read.
SCRIPTS = ("site", "quiet", "aloud")
# Of a file that somebody keeps, which no policy guards.
KEPT = "kept"


@cache
def style(name: str) -> SafeString:
    """A sheet of static/ as the text of a <style> tag."""
    return inlined(rcssmin.cssmin(source(f"{name}.css")), tag="style")


@cache
def script(name: str) -> SafeString:
    """A script of static/ as the text of a <script> tag."""
    return inlined(rjsmin.jsmin(source(f"{name}.js")), tag="script")


def style_sources() -> list[str]:
    """What style-src must name for the sheets of pages to apply."""
    return [csp_hash(style(name)) for name in STYLES]


def script_sources() -> list[str]:
    """What script-src must name for the scripts of pages to run."""
    return [csp_hash(script(name)) for name in SCRIPTS]


def source(name: str) -> str:
    """Text of a file of static/."""
    return (STATIC_DIR / name).read_text(encoding="utf-8")


def inlined(text: str, *, tag: str) -> SafeString:
    """The text, known to hold nothing that would close its tag early."""
    if f"</{tag}" in text.lower():
        raise ValueError(f"static/ holds </{tag} and cannot be put into a page")
    return mark_safe(text)  # noqa: S308  # our own file, just checked


def csp_hash(text: str) -> str:
    """CSP source expression of an inline text (CSP level 3, §2.3.1)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def every() -> dict[str, SafeString]:
    """All of them by the names that templates use, written once."""
    styles = {f"{name}_style": style(name) for name in (*STYLES, KEPT)}
    return {**styles, **{f"{name}_script": script(name) for name in SCRIPTS}}


def in_templates(_request: HttpRequest) -> dict[str, SafeString]:
    """Context processor: `site_style`, `quiet_script` and the like."""
    return every()
