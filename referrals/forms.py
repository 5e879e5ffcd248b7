"""What a person sends, read field by field (contract.md §2): facts for routing, a letter to seal, who may read it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from django.http import QueryDict

from referrals import forgetting, routing
from referrals.models import Referrer
from referrals.sealing import LONGEST_TEXT, Letter

T = TypeVar("T")
LONGEST_LINE = 200
LONGEST = {"nickname": 60}
MOST_PARTNERS = 8
YES = "yes"
# JSON can name one half of a letter beyond the basic plane, which is no text and has no bytes in UTF-8.
HALF_A_LETTER = re.compile("[\ud800-\udfff]")
LISTS = frozenset({"needs", "partners"})
# Danger that somebody is not sure of is shown the same numbers.
DANGER = {"yes": True, "unknown": True, "no": False, "": False}
REPLIES = frozenset({"code", "contact"})
CONTACT = (
    "contact_channel",
    "contact_value",
    "contact_device",
    "contact_hours",
    "contact_message",
    "contact_organisation",
    "contact_other",
    "contact_code_word",
    "contact_answer_word",
    "contact_stop_word",
    "contact_until",
)
PROFESSIONAL = (
    "organisation",
    "callback",
    "bound_by_secrecy",
    "person_agrees",
    "already_known_to_ase",
    "authority_told",
    "own_reference",
)
FACTS = ("referrer", "age_band", "gender", "departement", "avoid_commune", "needs", "language", "urgency")


class InvalidForm(ValueError):
    """What cannot be accepted; `errors` maps field to codes, never to the value."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(", ".join(errors))
        self.errors = errors


@dataclass(frozen=True, slots=True, repr=False)
class Plain:
    """A referral as it was typed, in memory only. `partners` is None when the person left the choice to us."""

    facts: routing.Facts
    letter: Letter
    partners: tuple[str, ...] | None


def from_posted(posted: QueryDict) -> dict[str, Any]:
    """Values of a page's form in the shape that programs send: lists where the contract has lists."""
    return {name: posted.getlist(name) if name in LISTS else posted.get(name, "") for name in posted}


def read_plain(values: object) -> Plain:
    """A whole referral, from a page or a program. Raises InvalidForm with every wrong field at once."""
    if not isinstance(values, Mapping):
        raise InvalidForm({"body": ["invalid"]})
    errors: dict[str, list[str]] = {}
    facts = collected(lambda: read_facts(values), errors)
    text = collected(lambda: read_text(values), errors)
    partners = collected(lambda: read_partners(values), errors)
    lines = {
        name: collected(partial(read_line, values, name, most=LONGEST.get(name, LONGEST_LINE)), errors) or ""
        for name in ("nickname", *CONTACT, *PROFESSIONAL)
    }
    if values.get("consent") != YES:
        errors["consent"] = ["required"]
    if values.get("reply", "code") not in [*REPLIES, ""]:
        errors["reply"] = ["unknown"]
    if errors or facts is None or text is None:
        raise InvalidForm(errors)
    is_professional = facts.referrer == Referrer.PROFESSIONAL
    letter = Letter(
        text=text,
        facts=facts_to_seal(facts),
        nickname=lines["nickname"],
        contact=filled(lines, CONTACT) if values.get("reply") == "contact" else {},
        professional=filled(lines, PROFESSIONAL) if is_professional else {},
    )
    return Plain(facts, letter, partners)


def collected(read: Callable[[], T], errors: dict[str, list[str]]) -> T | None:
    """What `read` gives; its refusals join the others."""
    try:
        return read()
    except InvalidForm as refused:
        errors.update(refused.errors)
        return None


def filled(lines: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    """Those of these lines that say something."""
    return {name: lines[name] for name in names if lines[name]}


def read_facts(values: Mapping[str, Any]) -> routing.Facts:
    """What routing needs. `danger_now` is yes, no or unknown here, a truth value in the JSON of routing; both are read.

    Raises InvalidForm with every wrong field at once.
    """
    given = {name: values[name] for name in FACTS if name in values and (name in LISTS or values[name] != "")}
    said = values.get("danger_now", "")
    danger = said if isinstance(said, bool) else DANGER.get(said) if isinstance(said, str) else None
    errors: dict[str, list[str]] = {"danger_now": ["unknown"]} if danger is None else {}
    try:
        facts = routing.read_facts({**given, "danger_now": danger is True})
    except routing.InvalidFacts as refused:
        raise InvalidForm({**errors, **refused.errors}) from None
    if errors:
        raise InvalidForm(errors)
    return facts


def facts_to_seal(facts: routing.Facts) -> dict[str, Any]:
    """Facts as they travel sealed; what was not said is left out, and danger is never kept."""
    said = {
        "referrer": facts.referrer,
        "age_band": facts.age_band,
        "gender": facts.gender,
        "departement": facts.departement,
        "avoid_commune": facts.avoid_commune,
        "needs": list(facts.needs),
        "language": facts.language,
        "urgency": facts.urgency,
    }
    return {name: value for name, value in said.items() if value is not None}


def read_text(values: Mapping[str, Any]) -> str:
    """The words. Raises InvalidForm: `required`, `too_long` above 7 000 characters, `invalid` when it is no text."""
    forgetting.forget_soon()
    text = values.get("text", "")
    if not isinstance(text, str) or HALF_A_LETTER.search(text):
        raise InvalidForm({"text": ["invalid"]})
    text = text.replace("\r\n", "\n").replace("\0", "").strip()
    if not text:
        raise InvalidForm({"text": ["required"]})
    if len(text) > LONGEST_TEXT:
        raise InvalidForm({"text": ["too_long"]})
    return text


def read_partners(values: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Slugs of those that may read, once each; None when the field is not there. Raises InvalidForm."""
    chosen = values.get("partners")
    if chosen is None:
        return None
    if not isinstance(chosen, list) or not all(isinstance(slug, str) for slug in chosen):
        raise InvalidForm({"partners": ["invalid"]})
    if not chosen:
        raise InvalidForm({"partners": ["required"]})
    if len(chosen) > MOST_PARTNERS:
        raise InvalidForm({"partners": ["too_many"]})
    return tuple(dict.fromkeys(chosen))


def read_line(values: Mapping[str, Any], name: str, *, most: int) -> str:
    """One short text. Raises InvalidForm."""
    value = values.get(name, "")
    if not isinstance(value, str) or HALF_A_LETTER.search(value):
        raise InvalidForm({name: ["invalid"]})
    value = " ".join(value.replace("\0", "").split())
    if len(value) > most:
        raise InvalidForm({name: ["too_long"]})
    return value
