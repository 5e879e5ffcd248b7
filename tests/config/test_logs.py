"""Logs tell where, never what."""

import logging
import sys

from config.logs import WithoutValues


def refuse(word: str) -> None:
    """A failure that repeats what it was given, with a cause that does too."""
    try:
        raise KeyError(word)
    except KeyError as cause:
        raise ValueError(word) from cause


def test_an_exception_is_told_without_its_message() -> None:
    try:
        refuse("canari")
    except ValueError:
        record = logging.LogRecord(
            "django.request", logging.ERROR, "", 1, "Internal Server Error", None, sys.exc_info()
        )

    lines = WithoutValues("{levelname} {message}", style="{").format(record).splitlines()

    assert lines[0] == "ERROR Internal Server Error"
    assert [line for line in lines if not line.startswith("  ")] == [
        lines[0],
        "builtins.KeyError",
        "builtins.ValueError",
    ]
    assert lines[1].endswith(" refuse")
    assert not [line for line in lines if "canari" in line]
