"""Pages that hold somebody's code or words: never compressed, and all of one length on the wire.

Compressed, a page would be as long as its words are varied (and BREACH could guess them); padded, the page of a known
code and that of an unknown one are as long as each other. Whoever watches the wire still sees that a second page is
opened or a form sent from it, and that an exchange of some 15 000 letters has outgrown the first step: equal length
hides whether a typed code was good, and the length of what was said, not that somebody writes.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

STEP = 48 * 1024


def page(request: HttpRequest, template: str, context: dict[str, object], *, status: int = 200) -> HttpResponse:
    """A page of a whole number of steps of 48 KiB, kept by nobody."""
    response = render(request, template, context, status=status)
    response.content += b"\n" * (-len(response.content) % STEP)
    response.headers["Content-Encoding"] = "identity"  # which is how the compressing middleware is told to pass
    response.headers["Cache-Control"] = "no-store"
    return response
