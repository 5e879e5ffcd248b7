"""What people of the field may write on a page: a little Markdown, links to https or to us, and names of services where
their numbers come. Nothing else becomes HTML."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve
from django.utils import translation
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.token import Token

from resources.tongues import SOURCE

RULES = ["heading", "list", "emphasis", "link", "escape"]
HEADINGS = frozenset({"h2", "h3"})
# A line that stands for the way to reach a service: {numero:slug} or {site:slug|words}.
NAMED = re.compile(r"\{(numero|site):([a-z0-9-]+)(?:\|([^{}|]+))?\}")
TYPED_NUMBER = re.compile(r"\d(?:[ .\-\u00a0\u202f]?\d){8,}")
TYPED_ADDRESS = re.compile(r"https?:|www\.|tel:|sms:|\S@\S", re.IGNORECASE)


class NotAllowed(ValueError):
    """Something that a page may not hold; the message says what."""


@dataclass(frozen=True, slots=True)
class Named:
    """A service that is named where its way in comes: `kind` is «numero» or «site»."""

    kind: str
    slug: str
    words: str


Block = str | tuple[Named, ...]


def blocks(text: str) -> Iterator[Block]:
    """The text in order: Markdown, and rows of named services."""
    written: list[str] = []
    named: list[Named] = []
    for line in text.splitlines():
        found = NAMED.fullmatch(line.strip())
        if found:
            if any(written):
                yield "\n".join(written)
            written = []
            named.append(Named(found[1], found[2], (found[3] or "").strip()))
            continue
        if named and line.strip():
            yield tuple(named)
            named = []
        written.append(line)
    if named:
        yield tuple(named)
    if any(written):
        yield "\n".join(written)


def slugs(text: str) -> set[str]:
    """Services that the text names."""
    return {one.slug for block in blocks(text) if isinstance(block, tuple) for one in block}


def check(text: str) -> None:
    """Raises NotAllowed: a heading of another level, a link elsewhere, a contact that is typed instead of named."""
    for block in blocks(text):
        if isinstance(block, tuple):
            continue
        for token in flat(reader().parse(block)):
            check_token(token)


def check_token(token: Token) -> None:
    """One piece of a text. Raises NotAllowed."""
    if token.type == "heading_open" and token.tag not in HEADINGS:
        raise NotAllowed("un titre s’écrit avec ## ou ###")
    if token.type == "link_open":
        check_link(str(token.attrGet("href") or ""))
    if token.type == "text":
        if "{" in token.content or "}" in token.content:
            raise NotAllowed("{numero:…} et {site:…} sont seuls sur leur ligne")
        if TYPED_NUMBER.search(token.content) or TYPED_ADDRESS.search(token.content):
            raise NotAllowed("un numéro, un site ou un courriel ne s’écrit pas ici : nommez le service")


def check_link(address: str) -> None:
    """https, or one of our public pages, written without its language. Raises NotAllowed."""
    if address.startswith("/") and not address.startswith("//"):
        try:
            with translation.override(SOURCE):
                resolve(f"/{SOURCE}{urlsplit(address).path}")
        except Resolver404:
            raise NotAllowed(f"cette page du site n’existe pas : {address}") from None
    elif urlsplit(address).scheme != "https" or not urlsplit(address).hostname:
        raise NotAllowed(f"un lien commence par https:// ou par / : {address}")


def render(text: str, *, language: str, put: Callable[[tuple[Named, ...]], str]) -> SafeString:
    """The text as HTML, its links to us in that language; `put` gives the HTML of a row of named services."""
    said = (put(block) if isinstance(block, tuple) else html(block, language) for block in blocks(text))
    return SafeString("".join(said))


def html(block: str, language: str) -> str:
    """Markdown as HTML; a link that check would refuse becomes an anchor that leads nowhere."""
    tokens = reader().parse(block)
    for token in flat(tokens):
        if token.type == "link_open":
            address = str(token.attrGet("href") or "")
            if address.startswith("/") and not address.startswith("//"):
                token.attrSet("href", f"/{language}{address}")
            elif address.startswith("https://"):
                token.attrSet("rel", "noreferrer nofollow")
            else:
                token.attrSet("href", "#")
    return str(reader().renderer.render(tokens, reader().options, {}))


def flat(tokens: list[Token]) -> Iterator[Token]:
    """Tokens and those inside them."""
    for token in tokens:
        yield token
        yield from flat(token.children or [])


@cache
def reader() -> MarkdownIt:
    """Markdown with five rules; HTML is text."""
    return MarkdownIt("zero", {"html": False}).enable(RULES)
