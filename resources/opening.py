"""Opening hours (OpenStreetMap's syntax, French holidays): open at a moment, until when, and in words."""

import re
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import opening_hours
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from resources.tongues import SOURCE, apart, listed

PARIS = ZoneInfo("Europe/Paris")
ALWAYS = "24/7"
SUNDAY = 6
# Openings and closings looked at before nothing is said: a long week-end of days with a break at noon.
MOST_CHANGES = 16
RANGES = re.compile(r"\d{1,2}:\d{2}-\d{1,2}:\d{2}(, ?\d{1,2}:\d{2}-\d{1,2}:\d{2})*")


def today() -> date:
    """The day in Paris, by which checks end."""
    return timezone.localdate(timezone=PARIS)


@lru_cache(maxsize=4096)
def parsed(expression: str) -> opening_hours.OpeningHours:
    """Hours ready to be asked; expressions are checked when they enter the directory."""
    return opening_hours.OpeningHours(expression, country="FR", timezone=PARIS)


@lru_cache(maxsize=8192)
def is_open_at_minute(expression: str, minute: datetime) -> bool | None:
    """Whether open at that minute, None when the hours do not say, or are no hours: one bad row breaks no page."""
    if not opening_hours.validate(expression):
        return None
    kind, _comment = parsed(expression).state(minute)
    return {opening_hours.State.OPEN: True, opening_hours.State.CLOSED: False}.get(kind)


def is_open(expression: str, *, at: datetime) -> bool | None:
    """Whether open at that moment; None when unknown. Days without hours («Mo-Fr») never say «open now»."""
    if not expression:
        return None
    if expression == ALWAYS:
        return True
    answer = is_open_at_minute(expression, at.astimezone(PARIS).replace(second=0, microsecond=0))
    return None if answer and not says_hours(expression) else answer


def is_said_open(expression: str, *, at: datetime) -> bool | None:
    """What the directory says of a moment: as `is_open`, but unknown on a public holiday for who is closed on Sundays.

    OpenStreetMap reads «Mo-Fr» as open on a Friday that is the 25th of December; hours that name holidays («PH») know.
    """
    answer = is_open(expression, at=at)
    if not answer or expression == ALWAYS or "PH" in expression or not is_holiday(at):
        return answer
    sunday = at.astimezone(PARIS) + timedelta(days=SUNDAY - at.astimezone(PARIS).weekday())
    return True if is_open(expression, at=sunday) else None


def is_holiday(at: datetime) -> bool:
    """Whether the day in Paris is a public holiday of France."""
    return bool(is_open_at_minute("PH", at.astimezone(PARIS).replace(second=0, microsecond=0)))


def says_hours(expression: str) -> bool:
    """Whether the expression gives times, not days only."""
    return ":" in expression or expression == ALWAYS


def next_change(expression: str, *, at: datetime) -> datetime | None:
    """When it opens or closes next, Europe/Paris; None when never or unknown."""
    if not expression or expression == ALWAYS or not says_hours(expression) or not opening_hours.validate(expression):
        return None
    return parsed(expression).next_change(at.astimezone(PARIS))


def next_opening(expression: str, *, at: datetime) -> datetime | None:
    """When the directory may next say that it is open, Europe/Paris; None when never, unknown, or far away."""
    for _change in range(MOST_CHANGES):
        change = next_change(expression, at=at)
        if change is None or is_said_open(expression, at=change):
            return change
        at = change
    return None


DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")


def day_name(day: str) -> str:
    """Name of a day in the language of the page."""
    return {
        "Mo": _("lundi"),
        "Tu": _("mardi"),
        "We": _("mercredi"),
        "Th": _("jeudi"),
        "Fr": _("vendredi"),
        "Sa": _("samedi"),
        "Su": _("dimanche"),
    }[day]


def in_words(expression: str) -> list[str]:
    """Lines such as «lundi au vendredi : 9 h à 17 h»; an expression beyond simple weekly rules stays as it is.

    None when the hours are unknown, or no hours at all.
    """
    if not expression.strip() or not opening_hours.validate(expression):
        return []
    if expression == ALWAYS:
        return [_("Tous les jours, jour et nuit")]
    lines = []
    for rule in expression.split(";"):
        days, space, hours = rule.strip().partition(" ")
        named = days_in_words(days)
        if named is None or (space and not RANGES.fullmatch(hours)):
            return [apart(expression)]
        times = listed(map(hour_range, hours.split(","))) if hours else ""
        lines.append(_("%(days)s : %(hours)s") % {"days": named, "hours": times} if times else named)
    return [line[:1].upper() + line[1:] for line in lines]


def days_in_words(days: str) -> str | None:
    """«Mo-Fr» → «lundi au vendredi»; None when not days."""
    parts = []
    for part in days.split(","):
        first, dash, last = part.partition("-")
        if first not in DAYS or (dash and last not in DAYS):
            return None
        if (first, last) == ("Mo", "Su"):
            parts.append(_("tous les jours"))
        elif dash:
            parts.append(_("du %(first)s au %(last)s") % {"first": day_name(first), "last": day_name(last)})
        else:
            parts.append(day_name(first))
    return listed(parts)


def hour_range(part: str) -> str:
    """«09:00-17:30» → «9 h à 17 h 30», on one line; with a dash in other languages."""
    between = "\N{NO-BREAK SPACE}à\N{NO-BREAK SPACE}" if get_language() == SOURCE else " – "
    return between.join(hour_in_words(hour) for hour in part.strip().split("-"))


def hour_in_words(hour: str) -> str:
    """«09:00» → «9 h», «17:30» → «17 h 30», never broken across lines; in other languages as they write hours."""
    hours, _colon, minutes = hour.partition(":")
    if get_language() != SOURCE:
        # A rule may end after midnight: «22:00-26:00».
        return time_format(time(int(hours) % 24, int(minutes)), "TIME_FORMAT").replace(" ", "\N{NO-BREAK SPACE}")
    return f"{int(hours)}\N{NO-BREAK SPACE}h" + (f"\N{NO-BREAK SPACE}{minutes}" if minutes not in {"", "00"} else "")
