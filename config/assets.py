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


@cache
def style() -> SafeString:
    """Text for the page's one <style> tag."""
    return inlined(rcssmin.cssmin(source("site.css")), tag="style")


@cache
def writing_style() -> SafeString:
    """Text for the second <style> tag of pages where somebody writes."""
    return inlined(rcssmin.cssmin(source("writing.css")), tag="style")


@cache
def finding_style() -> SafeString:
    """Text for the second <style> tag of all other pages."""
    return inlined(rcssmin.cssmin(source("finding.css")), tag="style")


@cache
def figures_style() -> SafeString:
    """Text for the second <style> tag of the page of figures."""
    return inlined(rcssmin.cssmin(source("figures.css")), tag="style")


@cache
def script() -> SafeString:
    """Text for the page's one <script> tag."""
    return inlined(rjsmin.jsmin(source("site.js")), tag="script")


@cache
def quiet_script() -> SafeString:
    """Text for the second <script> tag of pages where somebody writes."""
    return inlined(rjsmin.jsmin(source("quiet.js")), tag="script")


@cache
def aloud_script() -> SafeString:
    """Text for one more <script> tag, of pages with much to read."""
    return inlined(rjsmin.jsmin(source("aloud.js")), tag="script")


@cache
def kept_style() -> SafeString:
    """Text for the <style> tag of a file that somebody keeps."""
    return inlined(rcssmin.cssmin(source("kept.css")), tag="style")


@cache
def style_source() -> str:
    """What style-src must name for `style()` to apply."""
    return csp_hash(style())


@cache
def writing_style_source() -> str:
    """What style-src must name for `writing_style()` to apply."""
    return csp_hash(writing_style())


@cache
def finding_style_source() -> str:
    """What style-src must name for `finding_style()` to apply."""
    return csp_hash(finding_style())


@cache
def figures_style_source() -> str:
    """What style-src must name for `figures_style()` to apply."""
    return csp_hash(figures_style())


@cache
def script_source() -> str:
    """What script-src must name for `script()` to run."""
    return csp_hash(script())


@cache
def quiet_script_source() -> str:
    """What script-src must name for `quiet_script()` to run."""
    return csp_hash(quiet_script())


@cache
def aloud_script_source() -> str:
    """What script-src must name for `aloud_script()` to run."""
    return csp_hash(aloud_script())


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


def in_templates(_request: HttpRequest) -> dict[str, SafeString]:
    """Context processor: `site_style`, `site_script`, and those of pages where one writes, listens or reads figures."""
    return {
        "site_style": style(),
        "site_script": script(),
        "writing_style": writing_style(),
        "finding_style": finding_style(),
        "figures_style": figures_style(),
        "quiet_script": quiet_script(),
        "aloud_script": aloud_script(),
        "kept_style": kept_style(),
    }
