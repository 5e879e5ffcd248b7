"""Monthly figures that nobody can trace back to a referral: counters, raised and never linked."""

import random
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Sum

from referrals.models import AgeBand, MonthlyCount, Referrer, Urgency
from resources.vocabulary import DEPARTEMENTS, Need

SENT, CLOSED = "sent", "closed"
SMALL = 5  # below, a figure could point at somebody
SMALLEST_TABLE = 2  # a table of two unrelated figures has no total to work a hidden one out from
# What a partner's browser may count at closing (it alone has read the referral).
OUTCOMES = ("helped", "oriented", "no_answer", "other")

# In the order of keys, so that two writers never wait for each other.
RAISE = """INSERT INTO referrals_monthlycount (month, key, shard, number)
    SELECT %(month)s, key, %(shard)s, 1 FROM unnest(%(keys)s::text[]) AS key ORDER BY key
    ON CONFLICT ON CONSTRAINT count_is_kept_once DO UPDATE SET number = referrals_monthlycount.number + 1"""
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


def count(keys: Iterable[str], *, on: date) -> None:
    """Raise each counter of the month by one. Raises ValueError for a counter that is not of the closed list."""
    with connection.cursor() as cursor:
        cursor.execute(RAISE, raised(keys, on=on))


def raised(keys: Iterable[str], *, on: date) -> dict[str, Any]:
    """Parameters of RAISE. Raises ValueError for a counter that is not of the closed list."""
    wanted = sorted(set(keys))
    if not set(wanted) <= ALLOWED:
        raise ValueError("unknown counter")
    shard = random.randrange(MonthlyCount.SHARDS)  # noqa: S311  # spreads writers, hides nothing
    return {"month": on.replace(day=1), "shard": shard, "keys": wanted}


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
