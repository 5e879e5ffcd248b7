"""The scripts that seal and open in the browser: where a page finds one, and what its policy must allow."""

from collections.abc import Callable
from typing import Any, ParamSpec, cast

from csp.constants import SELF, WASM_UNSAFE_EVAL
from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpResponseBase
from django.templatetags.static import static

P = ParamSpec("P")

# Argon2id runs in WebAssembly: three times as fast as in JavaScript. This allows it, and no `eval`.
SOURCES = {"script-src": [SELF, WASM_UNSAFE_EVAL]}


def may_seal(view: Callable[P, HttpResponseBase]) -> Callable[P, HttpResponseBase]:
    """For the views of pages that load a bundle; every other page keeps its stricter policy."""
    return cast("Callable[P, HttpResponseBase]", csp_update(SOURCES)(cast("Any", view)))


def address(name: str) -> str | None:
    """Where a page loads a bundle (`write.js`, `follow.js`, `team.js`); None when none was built, and the server seals.

    For `<script type="module" src="…">`: browsers too old for modules skip it. What was built after the site gathered
    its static files has no address before the next start, and is none until then.
    """
    if not (settings.BUNDLES_DIR / name).is_file():
        return None
    try:
        return static(name)
    except ValueError:
        return None
