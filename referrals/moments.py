"""What depends on a code is answered at fixed moments: that it took longer, because the code is known, does not show.

The work is made equal first (the same statements, one Argon2id, one opened message); what is left of the difference is
far below a step. Views say so of a request; the outermost layer of the site waits, so that all of the work is within:
middleware, the line of a log, the end of a transaction. Waiting holds a thread and no processor, so a step is no longer
than a quiet machine needs.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpRequest
from rest_framework.request import Request

STEP = 0.05  # seconds; a page that opens a case takes some 30 ms of them
KEPT = "eclaircie.fixed_moment"

Site = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def answer_at_a_fixed_moment(request: HttpRequest | Request) -> None:
    """Have this answer leave a whole number of steps after it was asked for, whatever becomes of it."""
    request.META[KEPT] = True


def keeping_moments(site: Site) -> Site:
    """A WSGI application (PEP 3333) whose answers wait for their moment when a view said so."""

    def late(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        asked = time.perf_counter()
        try:
            return site(environ, start_response)
        finally:
            if environ.get(KEPT) is True:  # what comes with a request is text
                time.sleep(left_of_step(time.perf_counter() - asked))

    return late


def left_of_step(taken: float) -> float:
    """Seconds until the next whole number of steps after so many seconds; none on the dot."""
    return -taken % STEP
