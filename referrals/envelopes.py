"""Pages that hold somebody's code or words: light, and all of one length on the wire.

Compressed alone, a page would be as long as its words are varied; filled up after it was compressed, the page of a
known code and that of an unknown one are as long as each other. Whoever watches the wire still sees that a second page
is opened or a form sent from it, and that an exchange of some 10 000 letters has outgrown the first step: equal length
hides whether a typed code was good, and the length of what was said, not that somebody writes.
"""

import struct
import zlib

from django.http import HttpRequest, HttpResponse
from django.middleware.gzip import re_accepts_gzip
from django.shortcuts import render

STEP = 14 * 1024  # all that a public page may weigh (docs/design.md)
PLAIN_STEP = 48 * 1024
HEADER = bytes.fromhex("1f8b08000000000000ff")  # gzip, with no name and no time (RFC 1952, §2.3)
TRAILER_BYTES = 8
STORED = struct.Struct("<BHH")  # the head of a block that is not compressed, the last one (RFC 1951, §3.2.4)


def page(request: HttpRequest, template: str, context: dict[str, object], *, status: int = 200) -> HttpResponse:
    """A page of a whole number of steps of 14 KiB, or of 48 KiB for the rare browser that cannot unpack; kept by
    nobody."""
    response = render(request, template, context, status=status)
    # The compressing middleware passes what already says how it is encoded.
    if re_accepts_gzip.search(request.headers.get("Accept-Encoding", "")):
        response.content = packed(response.content)
        response.headers["Content-Encoding"] = "gzip"
    else:
        response.content += b"\n" * (-len(response.content) % PLAIN_STEP)
        response.headers["Content-Encoding"] = "identity"
    response.headers["Cache-Control"] = "no-store"
    return response


def packed(text: bytes) -> bytes:
    """The text in gzip, then so many line breaks, not compressed, that whole steps are full."""
    squeezing = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    squeezed = HEADER + squeezing.compress(text) + squeezing.flush(zlib.Z_FULL_FLUSH)
    missing = -(len(squeezed) + STORED.size + TRAILER_BYTES) % STEP
    filling = b"\n" * missing
    total = struct.pack("<II", zlib.crc32(filling, zlib.crc32(text)), len(text) + missing)
    return squeezed + STORED.pack(1, missing, missing ^ 0xFFFF) + filling + total
