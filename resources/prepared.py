"""Statements that PostgreSQL reads and plans once for each connection: every search sends the same few."""

from collections.abc import Mapping
from typing import Any, cast

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper


class _Prepared(psycopg.Cursor[tuple[Any, ...]]):
    """A cursor whose values travel beside the statement; Django's own writes them into its text."""

    def execute(self, query: str, params: Mapping[str, Any] | None = None) -> "_Prepared":  # type: ignore[override]
        """Run a statement, which is known by its text and by the types of its values."""
        return super().execute(query, params, prepare=True, binary=True)


def cursor() -> CursorWrapper:
    """A cursor of this thread's connection, watched and counted by Django like any other.

    PostgreSQL soon keeps one plan of a statement for all values. Where that would be a bad one, put `(SELECT value)`:
    no plan can then depend on it, and EXPLAIN shows the one that is used. docs/operations.md says what a pool between
    the site and PostgreSQL must know for this.
    """
    connection.ensure_connection()
    made = cast("CursorWrapper", _Prepared(connection.connection))
    return connection.make_debug_cursor(made) if connection.queries_logged else connection.make_cursor(made)
