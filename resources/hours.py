"""The few hundred distinct opening hours that published services have, whatever the number of services."""

import time
from dataclasses import dataclass

from django.db import connection

SECONDS_KEPT = 60.0

# Hops from one value to the next along the index: as many steps as there are distinct values.
_DISTINCT = """
WITH RECURSIVE hop(hours) AS (
    SELECT min(opening_hours) FROM resources_service WHERE status = 'published' AND opening_hours > ''
    UNION ALL
    SELECT (SELECT min(opening_hours) FROM resources_service
            WHERE status = 'published' AND opening_hours > hop.hours)
    FROM hop WHERE hop.hours IS NOT NULL
)
SELECT hours FROM hop WHERE hours IS NOT NULL
"""


@dataclass
class _Kept:
    """The list and when it was read (monotonic seconds)."""

    hours: tuple[str, ...] = ()
    read_at: float = float("-inf")


_kept = _Kept()


def hours_in_use() -> tuple[str, ...]:
    """Distinct expressions, read at most once a minute in each process."""
    if time.monotonic() - _kept.read_at > SECONDS_KEPT:
        with connection.cursor() as cursor:
            cursor.execute(_DISTINCT)
            _kept.hours = tuple(row[0] for row in cursor.fetchall())
        _kept.read_at = time.monotonic()
    return _kept.hours


def forget() -> None:
    """Read again at the next question (after the directory has changed)."""
    _kept.read_at = float("-inf")
