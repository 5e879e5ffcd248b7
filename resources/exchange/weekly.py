"""Opening hours as plain weekly ranges, for the formats that do not speak OpenStreetMap's syntax."""

import re
from dataclasses import dataclass

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
ALWAYS = "24/7"
MIDNIGHT, LAST_MINUTE = "24:00", "23:59"
CLOSED = frozenset({"off", "closed"})
# French public holidays cannot be written as a weekly rule: the formats repeat the whole expression beside it.
HOLIDAY_RULE = re.compile(r"PH (?:off|closed)")
RANGE = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")


@dataclass(frozen=True, slots=True)
class Opening:
    """Days («Mo», «Tu»…) that share one range; a range past midnight closes earlier than it opens.

    Without times when the hours of those days are not known.
    """

    days: tuple[str, ...]
    opens: str | None
    closes: str | None


class NotWeekly(ValueError):
    """An expression that says more than simple weekly rules can."""


def expand(expression: str) -> list[Opening] | None:
    """Ranges of a week in the order of days, None when the expression is not made of simple weekly rules.

    Unknown hours («») have no range. As in OpenStreetMap a later rule replaces what earlier ones said of its days
    («Mo-Fr 09:00-17:00; We off»).
    Round the clock is 00:00–23:59 (HSDS guidance, schema.org practice).
    """
    if not expression:
        return []
    if expression == ALWAYS:
        return [Opening(DAYS, "00:00", LAST_MINUTE)]
    try:
        week = read_week(expression)
    except NotWeekly:
        return None
    together: dict[tuple[str, str] | None, list[str]] = {}
    for day in DAYS:
        for times in week.get(day, []):
            together.setdefault(times, []).append(day)
    return [
        Opening(tuple(days), *(times or (None, None)))
        for times, days in sorted(together.items(), key=lambda item: (DAYS.index(item[1][0]), item[0] or ("", "")))
    ]


def read_week(expression: str) -> dict[str, list[tuple[str, str] | None]]:
    """Ranges of each day; None stands for a day whose hours are not given. Raises NotWeekly."""
    week: dict[str, list[tuple[str, str] | None]] = {}
    for rule in expression.split(";"):
        said = rule.strip()
        if HOLIDAY_RULE.fullmatch(said):
            continue
        days, times = read_rule(said)
        week.update(dict.fromkeys(days, times))
    return week


def read_rule(rule: str) -> tuple[list[str], list[tuple[str, str] | None]]:
    """«Mo,We 09:00-12:00,14:00-18:00» → its days and ranges. Raises NotWeekly."""
    first, _space, rest = rule.partition(" ")
    if first[:2] in DAYS:
        return read_days(first), read_times(rest)
    return list(DAYS), read_times(rule)


def read_days(text: str) -> list[str]:
    """«Mo-We,Sa» → days in order; «Fr-Mo» goes round the end of the week. Raises NotWeekly."""
    named: set[str] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if first not in DAYS or (dash and last not in DAYS):
            raise NotWeekly(text)
        start, end = DAYS.index(first), DAYS.index(last or first)
        length = (end - start) % len(DAYS) + 1
        named |= {DAYS[(start + step) % len(DAYS)] for step in range(length)}
    return [day for day in DAYS if day in named]


def read_times(text: str) -> list[tuple[str, str] | None]:
    """«09:00-12:00,14:00-18:00» → ranges; nothing → one unknown range; «off» → none. Raises NotWeekly."""
    if not text:
        return [None]
    if text in CLOSED:
        return []
    ranges: list[tuple[str, str] | None] = []
    for part in text.split(","):
        if not RANGE.fullmatch(part.strip()):
            raise NotWeekly(text)
        opens, _dash, closes = part.strip().partition("-")
        ranges.append((opens, LAST_MINUTE if closes == MIDNIGHT else closes))
    return ranges
