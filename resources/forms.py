"""Questions to the directory as pages and programs send them, read into one Query or refused by field."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.http import QueryDict
from django.utils import timezone

from resources.geography import Spot, locate
from resources.opening import PARIS
from resources.vocabulary import DEPARTEMENTS, LANGUAGES, NEED_CODES, Gender, Need

AGE_BANDS: dict[str, tuple[int, int] | None] = {
    "under15": (0, 14),
    "15-17": (15, 17),
    "18-20": (18, 20),
    "21-25": (21, 25),
    "26plus": (26, 120),
    "unknown": None,
}
LARGEST_PAGE = 100
USUAL_PAGE = 20
FURTHEST_PAGE = 10_000
LONGEST_TEXT = 20_000
OLDEST = 120
NOW = "now"


@dataclass(frozen=True)
class Query:
    """What is asked of the directory."""

    text: str = ""
    needs: tuple[str, ...] = ()
    departement: str | None = None
    near: Spot | None = None
    ages: tuple[int, int] | None = None
    gender: str | None = None
    language: str | None = None
    open_at: datetime | None = None
    page: int = 1
    per_page: int = USUAL_PAGE


class InvalidQuery(ValueError):
    """Values that the directory does not know; `errors` maps field to codes, never to the value."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(", ".join(errors))
        self.errors = errors


class _Unknown(ValueError):
    """One value that is not known; its text is the error code."""


def read_query(values: QueryDict | Mapping[str, Any]) -> Query:
    """Query from GET or form values (QueryDict) or a JSON object.

    Raises InvalidQuery with every wrong field at once. Unknown members are ignored.
    """
    errors: dict[str, list[str]] = {}
    read: dict[str, Any] = {}
    for name, field, parse in _FIELDS:
        try:
            read[name] = parse(_values(values, field))
        except _Unknown as error:
            errors[field] = [str(error)]
    if errors:
        raise InvalidQuery(errors)
    if read["open_at"] is None and _flag(_values(values, "open_now")):
        read["open_at"] = timezone.now()
    return Query(**read)


def _values(values: QueryDict | Mapping[str, Any], field: str) -> list[Any]:
    """Given values of a field that are not empty."""
    if isinstance(values, QueryDict):
        given: Sequence[Any] = values.getlist(field)
    else:
        value = values.get(field)
        given = value if isinstance(value, list) else [value]
    return (
        [value.strip() if isinstance(value, str) else value for value in given if value not in {None, ""}]
        if all(isinstance(value, str | int | float | bool | None) for value in given)
        else [object()]
    )


def _one(given: list[Any]) -> str | None:
    if not given:
        return None
    if not isinstance(given[-1], str | int) or isinstance(given[-1], bool):
        raise _Unknown("invalid")
    return str(given[-1]).strip() or None


def _text(given: list[Any]) -> str:
    if given and not isinstance(given[-1], str):
        raise _Unknown("invalid")
    if not given:
        return ""
    # JSON can hold half a character (a lone surrogate), which no answer could repeat.
    whole: str = given[-1].encode(errors="replace").decode()
    return whole.replace("\0", " ")[:LONGEST_TEXT]


def _needs(given: list[Any]) -> tuple[str, ...]:
    parts = [part.strip() for value in given for part in str(value).split(",") if part.strip()]
    needs = [NEED_CODES.get(part, part) for part in parts]
    if any(need not in Need.values for need in needs):
        raise _Unknown("unknown")
    return tuple(dict.fromkeys(needs))


def _departement(given: list[Any]) -> str | None:
    value = _one(given)
    if value is not None and value not in DEPARTEMENTS:
        raise _Unknown("unknown")
    return value


def _near(given: list[Any]) -> Spot | None:
    value = _one(given)
    if value is None:
        return None
    spot = locate(value[:100])
    if spot is None:
        raise _Unknown("unknown")
    return spot


def _ages(given: list[Any]) -> tuple[int, int] | None:
    value = _one(given)
    if value is None:
        return None
    if value in AGE_BANDS:
        return AGE_BANDS[value]
    # Length first: Python refuses to read thousands of digits.
    if not (value.isascii() and value.isdigit() and len(value) <= 3 and int(value) <= OLDEST):
        raise _Unknown("invalid")
    return int(value), int(value)


def _gender(given: list[Any]) -> str | None:
    value = _one(given)
    if value is not None and value not in {*Gender.values, "unknown"}:
        raise _Unknown("unknown")
    return None if value == "unknown" else value


def _language(given: list[Any]) -> str | None:
    value = _one(given)
    if value is not None and value not in LANGUAGES:
        raise _Unknown("unknown")
    return value


def _open_at(given: list[Any]) -> datetime | None:
    value = _one(given)
    if value is None:
        return None
    if value == NOW:
        return timezone.now()
    try:
        moment = datetime.fromisoformat(value.replace(" ", "+"))
        # There and back: an hour that the change to summer time skips becomes the one that clocks show then.
        return (moment if moment.tzinfo else moment.replace(tzinfo=PARIS)).astimezone(UTC).astimezone(PARIS)
    except (ValueError, OverflowError) as error:
        raise _Unknown("invalid") from error


def _flag(given: list[Any]) -> bool:
    return bool(given) and is_yes(str(given[-1]))


def is_yes(value: str) -> bool:
    """Whether a value switches a filter on."""
    return value.lower() in {"1", "yes", "true", "on", "oui"}


def _whole(largest: int, usual: int) -> Callable[[list[Any]], int]:
    def parse(given: list[Any]) -> int:
        value = _one(given)
        if value is None:
            return usual
        if not (value.isascii() and value.isdigit() and 1 <= int(value[:9]) <= largest and len(value) <= 9):
            raise _Unknown("invalid")
        return int(value)

    return parse


_FIELDS = (
    ("text", "q", _text),
    ("needs", "need", _needs),
    ("departement", "departement", _departement),
    ("near", "near", _near),
    ("ages", "age", _ages),
    ("gender", "gender", _gender),
    ("language", "language", _language),
    ("open_at", "open_at", _open_at),
    ("page", "page", _whole(FURTHEST_PAGE, 1)),
    ("per_page", "per_page", _whole(LARGEST_PAGE, USUAL_PAGE)),
)
