"""Monthly figures that nobody can trace back to a referral: counters, raised and never linked."""

import random
from collections.abc import Iterable
from datetime import date

from django.db import connection
from django.db.models import Sum

from referrals.models import AgeBand, MonthlyCount, Referrer, Urgency
from resources.vocabulary import DEPARTEMENTS, Need

SENT, CLOSED = "sent", "closed"
# What a partner's browser may count at closing (it alone has read the referral).
OUTCOMES = ("helped", "oriented", "no_answer", "other")

_RAISE = """
INSERT INTO referrals_monthlycount (month, key, shard, number)
SELECT %(month)s, key, %(shard)s, 1 FROM unnest(%(keys)s::text[]) AS key ORDER BY key
ON CONFLICT ON CONSTRAINT count_is_kept_once DO UPDATE SET number = referrals_monthlycount.number + 1
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


def count(keys: Iterable[str], *, on: date) -> None:
    """Raise each counter of the month by one. Raises ValueError for a counter that is not of the closed list."""
    wanted = sorted(set(keys))
    if not set(wanted) <= ALLOWED:
        raise ValueError("unknown counter")
    with connection.cursor() as cursor:
        shard = random.randrange(MonthlyCount.SHARDS)  # noqa: S311  # spreads writers, hides nothing
        cursor.execute(_RAISE, {"month": on.replace(day=1), "shard": shard, "keys": wanted})


def of_month(month: date) -> dict[str, int]:
    """Figures of a month by counter."""
    rows = MonthlyCount.objects.filter(month=month.replace(day=1)).values("key").annotate(total=Sum("number"))
    return {row["key"]: row["total"] for row in rows}
