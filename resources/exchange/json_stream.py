"""JSON as every format writes it: no empty member, and lists of any length that are never held whole."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

Object = dict[str, Any]


def said(**members: object) -> Object:
    """Members that have a value: an unknown fact is left out, not written as null or empty."""
    return {name: value for name, value in members.items() if value not in (None, "", [])}


def line(described: Object) -> str:
    """One object on one line, letters as they are."""
    return json.dumps(described, ensure_ascii=False)


def array(objects: Iterable[Object]) -> Iterator[str]:
    """A JSON array piece by piece, one object a line."""
    opened = False
    for described in objects:
        yield (",\n" if opened else "[\n") + line(described)
        opened = True
    yield "\n]" if opened else "[]"
