"""Only pages that seal may load a bundle, bundles stay light, and the site does without them."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from csp.middleware import CSPMiddleware
from django.conf import settings as site
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.test import RequestFactory
from pytest_django import Settings

from referrals import bundles

DIST = Path(site.BUNDLES_DIR)
LOADED_FIRST = re.compile(r"""(?:from|import)\s*["']\./([^"']+)["']""")
LOADED_LATER = re.compile(r"""import\(["']\./([^"']+)["']\)""")


def empty(_request: HttpRequest) -> HttpResponse:
    """A page."""
    return HttpResponse("")


def sources(view: Callable[[HttpRequest], HttpResponseBase]) -> list[str]:
    """What script-src of a page's policy names."""
    answer = CSPMiddleware(view)(RequestFactory().get("/fr/"))
    assert isinstance(answer, HttpResponse)
    (named,) = re.findall(r"script-src ([^;]+)", answer.headers["Content-Security-Policy"])
    return str(named).split(" ")


def with_first(names: set[str]) -> set[str]:
    """Scripts, and those that the browser must have before they run."""
    found, waiting = set(), set(names)
    while waiting:
        found.add(one := waiting.pop())
        waiting |= set(LOADED_FIRST.findall((DIST / one).read_text(encoding="utf-8"))) - found
    return found


def first_and_later(name: str) -> tuple[set[str], set[str]]:
    """What a page that names a bundle loads at once, and what it may load when somebody begins to write."""
    first = with_first({name})
    asked = {later for one in first for later in LOADED_LATER.findall((DIST / one).read_text(encoding="utf-8"))}
    return first, with_first(asked) - first


def gzipped(names: set[str]) -> int:
    """Bytes on the wire."""
    return sum(len(gzip.compress((DIST / name).read_bytes())) for name in names)


def test_the_policy_of_pages_that_seal_adds_two_sources_and_no_other_page_has_them() -> None:
    usual = sources(empty)

    assert sources(bundles.may_seal(empty)) == [*usual, "'self'", "'wasm-unsafe-eval'"]
    assert all(source.startswith("'sha256-") for source in usual)


def test_without_bundles_pages_are_told_that_there_are_none(settings: Settings, tmp_path: Path) -> None:
    settings.BUNDLES_DIR = tmp_path

    assert bundles.address("write.js") is None


def test_a_bundle_that_was_built_too_late_has_no_address_yet(settings: Settings, tmp_path: Path) -> None:
    settings.BUNDLES_DIR = tmp_path
    settings.STATIC_ROOT = tmp_path / "gathered"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "config.static_files.Fingerprinted"}}
    (tmp_path / "write.js").touch()

    assert bundles.address("write.js") is None


def test_a_bundle_has_an_address() -> None:
    assert bundles.address("write.js") == "/static/write.js"
    assert bundles.address("no-such.js") is None


@pytest.mark.parametrize("name", ["write.js", "follow.js"])
def test_what_a_page_loads_first_is_light_and_the_rest_comes_later(name: str) -> None:
    first, later = first_and_later(name)

    assert gzipped(first) < 2_000
    assert 20_000 < gzipped(later) < 32_000


@pytest.mark.parametrize("name", ["write.js", "follow.js"])
def test_nothing_that_seals_for_the_public_keeps_or_says_anything(name: str) -> None:
    first, later = first_and_later(name)
    text = "".join((DIST / script).read_text(encoding="utf-8") for script in first | later)

    assert re.findall(r"console\.|localStorage|sessionStorage|indexedDB|document\.cookie|\beval\(", text) == []


def test_every_lock_has_an_integrity_and_no_address() -> None:
    lock = (DIST.parent / "package-lock.json").read_text(encoding="utf-8")

    assert lock.count('"integrity": "sha512-') == lock.count('"version"')
    assert "http" not in lock
