"""JSON files of any size, read object by object: only the one being read is in memory."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

from resources.exchange.incoming import Fault, FileRefused

PIECE = 1 << 16
# A single object longer than this is no service: a file that never closes a text must not fill the memory.
LONGEST_OBJECT = 4 << 20
SPACES = " \t\n\r"


@dataclass(frozen=True, slots=True)
class Member:
    """One element of a list: the member of the file that holds the list («» at the top), its line, its value."""

    of: str
    line: int
    value: object


class Text:
    """A window on the text of a file, which knows the line it is at."""

    def __init__(self, file: IO[str]) -> None:
        self.file = file
        self.held = ""
        self.at = 0
        self.line = 1
        self.decoder = json.JSONDecoder()

    def more(self) -> bool:
        """Read on; False at the end of the file. Raises FileRefused when it is not UTF-8."""
        try:
            piece = self.file.read(PIECE)
        except UnicodeDecodeError as error:
            raise self.refused("UTF-8 attendu") from error
        self.held = self.held[self.at :] + piece
        self.at = 0
        return bool(piece)

    def peek(self) -> str:
        """The next letter that is not a space, "" at the end."""
        while True:
            start = self.at
            while self.at < len(self.held) and self.held[self.at] in SPACES:
                self.at += 1
            self.line += self.held.count("\n", start, self.at)
            if self.at < len(self.held):
                return self.held[self.at]
            if not self.more():
                return ""

    def take(self, *expected: str) -> str:
        """The next letter, which must be one of those. Raises FileRefused."""
        letter = self.peek()
        if letter not in expected or not letter:
            raise self.refused("JSON attendu")
        self.at += 1
        return letter

    def value(self) -> object:
        """The next value, whole. Raises FileRefused."""
        self.peek()
        while True:
            try:
                found, end = self.decoder.raw_decode(self.held, self.at)
            except (ValueError, RecursionError) as error:
                if len(self.held) - self.at > LONGEST_OBJECT or not self.more():
                    raise self.refused("JSON attendu") from error
                continue
            # «12» at the edge of the window may be the beginning of «123».
            if end == len(self.held) and self.more():
                continue
            self.line += self.held.count("\n", self.at, end)
            self.at = end
            return found

    def name(self) -> str:
        """The next member's name, up to its value. Raises FileRefused."""
        found = self.value()
        self.take(":")
        if not isinstance(found, str):
            raise self.refused("JSON attendu")
        return found

    def refused(self, reason: str) -> FileRefused:
        """The error that says where the file stops making sense."""
        return FileRefused(Fault(self.line, "fichier", reason))


def members(file: IO[str], *, wanted: Callable[[str], bool]) -> Iterator[Member]:
    """Elements of the top list, or of the lists that are members of the top object and wanted; one object a line too.

    A single object that has none of the wanted lists is given as it is. Raises FileRefused where the file is no JSON.
    """
    text = Text(file)
    match text.peek():
        case "[":
            yield from elements(text, of="")
        case "{":
            yield from below_object(text, wanted=wanted)
        case _:
            raise text.refused("JSON attendu")
    if text.peek():
        raise text.refused("JSON attendu")


def elements(text: Text, *, of: str) -> Iterator[Member]:
    """Elements of a list, one by one."""
    text.take("[")
    if text.peek() == "]":
        text.take("]")
        return
    while True:
        text.peek()
        line = text.line
        yield Member(of, line, text.value())
        if text.take(",", "]") == "]":
            return


def below_object(text: Text, *, wanted: Callable[[str], bool]) -> Iterator[Member]:
    """The wanted lists of an object; without any, the object itself and those on the lines after it."""
    line = text.line
    text.take("{")
    alone: dict[str, object] = {}
    found = False
    while text.peek() != "}":
        name = text.name()
        if text.peek() != "[" or "id" in alone:
            alone[name] = text.value()
        else:
            # A list that nobody wants is read element by element too, and forgotten.
            for element in elements(text, of=name):
                if wanted(name):
                    found = True
                    yield element
        if text.peek() != "}":
            text.take(",")
    text.take("}")
    if not found and "id" in alone:
        yield Member("", line, alone)
        yield from more_lines(text)


def more_lines(text: Text) -> Iterator[Member]:
    """Objects that follow each other without a comma: one a line (ndjson)."""
    while text.peek() == "{":
        line = text.line
        yield Member("", line, text.value())
