"""Pages that hold somebody's code or words: never compressed, and all of one length on the wire.

Compressed, a page would be as long as its words are varied (and BREACH could guess them); padded, the page of a known
code and that of an unknown one are as long as each other until an exchange outgrows the first step of the ladder.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

# The page of a code that nobody has is about 30 KB: what is left takes some 20 000 letters of messages.
STEP = 64 * 1024


def page(request: HttpRequest, template: str, context: dict[str, object], *, status: int = 200) -> HttpResponse:
    """A page of a whole number of steps of 64 KiB, kept by nobody."""
    response = render(request, template, context, status=status)
    response.content += b"\n" * (-len(response.content) % STEP)
    response.headers["Content-Encoding"] = "identity"  # which is how the compressing middleware is told to pass
    response.headers["Cache-Control"] = "no-store"
    return response
