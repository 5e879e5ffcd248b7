"""Logs tell where, never what."""

import logging

import pytest

from config.logs import WithoutValues


def refuse(word: str) -> int:
    """A failure that repeats what it was given, with a cause that does too."""
    try:
        return {"another": 1}[word]
    except KeyError as cause:
        raise ValueError(word) from cause


def test_an_exception_is_told_without_its_message() -> None:
    with pytest.raises(ValueError, match="canari") as failure:
        refuse("canari")
    what = (failure.type, failure.value, failure.tb)
    record = logging.LogRecord("django.request", logging.ERROR, "", 1, "Internal Server Error", None, what)

    lines = WithoutValues("{levelname} {message}", style="{").format(record).splitlines()

    assert [line for line in lines if not line.startswith("  ")] == [
        "ERROR Internal Server Error",
        "builtins.KeyError",
        "builtins.ValueError",
    ]
    assert lines[1].endswith(" refuse")
    assert [line for line in lines if "canari" in line] == []
