"""Monthly figures that nobody can trace back to a referral: counters, raised and never linked."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import partial

from django.db import connection, transaction
from django.db.models import Sum

from referrals.models import AgeBand, MonthlyCount, Referrer, Urgency
from resources.vocabulary import DEPARTEMENTS, Need

SENT, CLOSED = "sent", "closed"
SMALL = 5  # below, a figure could point at somebody
SMALLEST_TABLE = 2  # a table of two unrelated figures has no total to work a hidden one out from
# What a partner's browser may count at closing (it alone has read the referral).
OUTCOMES = ("helped", "oriented", "no_answer", "other")

_NOTE = "INSERT INTO referrals_tally (key) SELECT unnest(%s::text[])"
# Every figure of the months concerned is written again, so that no row tells by its age what was added to it.
_MERGE = """
WITH noted AS (DELETE FROM referrals_tally RETURNING key),
     sums AS (SELECT key, count(*) AS number FROM noted GROUP BY key)
INSERT INTO referrals_monthlycount (month, key, number)
SELECT %(month)s, key, sum(number) FROM (
    SELECT key, number FROM sums UNION ALL SELECT key, 0 FROM referrals_monthlycount WHERE month = %(month)s
) AS figures GROUP BY key ORDER BY key
ON CONFLICT ON CONSTRAINT count_is_kept_once DO UPDATE SET number = referrals_monthlycount.number + excluded.number
"""
ALLOWED = frozenset(
    {
        f"{SENT}:all",
        f"{CLOSED}:all",
        *(f"{SENT}:referrer:{one}" for one in Referrer.values),
        *(f"{SENT}:urgency:{one}" for one in Urgency.values),
        *(f"{SENT}:age:{one}" for one in AgeBand.values),
        *(f"{SENT}:departement:{one}" for one in (*DEPARTEMENTS, "none")),
        *(f"{SENT}:need:{one}" for one in Need.values),
        *(f"{CLOSED}:outcome:{one}" for one in OUTCOMES),
    }
)


def count(keys: Iterable[str]) -> None:
    """Raise each counter of the month by one, when the step that calls this is on disk; `merge` adds them up later.

    Nothing that is written with a referral may say what it was about: notes are made in a transaction of their own, in
    a table without dates that reaches neither WAL nor backups. Raises ValueError for a counter that is not of the
    closed list.
    """
    wanted = sorted(set(keys))
    if not set(wanted) <= ALLOWED:
        raise ValueError("unknown counter")
    transaction.on_commit(partial(note, wanted))


def note(keys: Sequence[str]) -> None:
    """Write down what is to be added."""
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [list(keys)])


def merge(*, on: date) -> None:
    """Add what was noted to the month of a day; the worker does it once an hour."""
    with connection.cursor() as cursor:
        cursor.execute(_MERGE, {"month": on.replace(day=1)})


def of_month(month: date) -> dict[str, int]:
    """Figures of a month by counter."""
    rows = MonthlyCount.objects.filter(month=month.replace(day=1)).values("key").annotate(total=Sum("number"))
    return {row["key"]: row["total"] for row in rows}


def without_small(figures: Mapping[str, int]) -> dict[str, int | None]:
    """Figures fit to be shown: those under 5 are None, zero too, since «none» also says something of somebody.

    When a single one is hidden the smallest other one is hidden as well: else the total would tell it.
    """
    shown: dict[str, int | None] = {name: number if number >= SMALL else None for name, number in figures.items()}
    if list(shown.values()).count(None) == 1 and len(shown) > SMALLEST_TABLE:
        smallest = min((number, name) for name, number in shown.items() if number is not None)[1]
        shown[smallest] = None
    return shown
