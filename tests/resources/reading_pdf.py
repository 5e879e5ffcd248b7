"""A PDF as those see it who cannot see: its text, its title, its language, its tags."""

import io
from dataclasses import dataclass
from typing import Any

from pypdf import PdfReader


@dataclass(frozen=True)
class Document:
    """What a document says, and how it is described to a screen reader."""

    text: str
    pages: int
    title: str
    shows_title: bool
    language: str
    is_tagged: bool
    names: frozenset[str]
    fonts_embedded: bool


def read(content: bytes) -> Document:
    """The document; fails when it is none."""
    reader = PdfReader(io.BytesIO(content), strict=True)
    root = reader.root_object
    return Document(
        text="\n".join(page.extract_text() for page in reader.pages),
        pages=len(reader.pages),
        title=(reader.metadata.title if reader.metadata else "") or "",
        shows_title=bool(root.get("/ViewerPreferences", {}).get("/DisplayDocTitle", False)),
        language=str(root.get("/Lang", "")),
        is_tagged=bool(root.get("/MarkInfo", {}).get("/Marked", False)) and "/StructTreeRoot" in root,
        names=frozenset(tags(root.get("/StructTreeRoot", {}).get("/K"))),
        fonts_embedded=all(map(is_embedded, fonts(reader))),
    )


def begins(content: bytes, words: str) -> float:
    """How far from the left edge of the first page some words begin, in points."""
    found: list[float] = []

    def visit(text: str, matrix: list[float], *_more: object) -> None:
        if text.strip() == words:
            found.append(matrix[4])

    PdfReader(io.BytesIO(content)).pages[0].extract_text(visitor_text=visit)
    return found[0]


def tags(node: object) -> list[str]:
    """Names of all the tags below one."""
    found: list[str] = []
    waiting = [node]
    while waiting:
        one = waiting.pop()
        one = one.get_object() if hasattr(one, "get_object") else one
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            found += [str(one["/S"])] if "/S" in one else []
            waiting.append(one.get("/K"))
    return found


def fonts(reader: PdfReader) -> list[Any]:
    """Fonts that the pages use."""
    resources: list[Any] = [page["/Resources"] for page in reader.pages]
    return [font.get_object() for one in resources for font in one.get("/Font", {}).values()]


def is_embedded(font: Any) -> bool:
    """Whether a font travels in the file."""
    inner = font["/DescendantFonts"][0].get_object()
    return any(name in inner["/FontDescriptor"] for name in ("/FontFile", "/FontFile2", "/FontFile3"))
