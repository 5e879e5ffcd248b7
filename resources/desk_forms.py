"""Facts as moderators see and write them: in words for a comparison, in fields for a form, and back into values."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from difflib import SequenceMatcher

from django.http import QueryDict
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from resources import cards, facts, opening, pages
from resources.exchange.starter_csv import Refusal
from resources.facts import FIELDS, Changes, Facts, Json
from resources.models import AccessChannel, Commune, Service
from resources.vocabulary import DEPARTEMENTS, LANGUAGES, Gender, Kind, Need, Rule

EMPTY_ROWS = 2
NUMBERED = frozenset({"phone", "sms"})
UNKNOWN = "?"


# --- in words -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """One field of a proposal: lines before and after, and what it says now if that has moved."""

    name: str
    label: str
    before: list[str]
    after: list[str]
    now: list[str] | None = None
    is_contact: bool = False
    disputed_by: tuple[int, ...] = ()


def differences(
    changes: Changes, *, now: Facts | None = None, disputed: dict[str, tuple[int, ...]] | None = None
) -> list[Difference]:
    """Field by field in the order of the form; `now` holds those that moved, `disputed` other proposals on a field."""
    found = [
        Difference(
            name=name,
            label=str(known.label),
            before=in_words(name, changes[name]["before"]),
            after=in_words(name, changes[name]["after"]),
            now=in_words(name, now[name]) if now and name in now else None,
            is_contact=name in facts.CONTACT,
            disputed_by=(disputed or {}).get(name, ()),
        )
        for name, known in FIELDS.items()
        if name in changes
    ]
    return [one for one in found if one.before or one.after]


def text_differences(
    changes: Changes, *, now: Facts | None = None, disputed: dict[str, tuple[int, ...]] | None = None
) -> list[Difference]:
    """The same for a page that explains: of each text, only the lines that differ."""
    found = []
    for name, known in pages.FIELDS.items():
        if name in changes:
            before, after = lines_that_differ(changes[name]["before"] or "", changes[name]["after"])
            moved = now[name].splitlines() if now and name in now else None
            others = (disputed or {}).get(name, ())
            found.append(Difference(name, str(known.label), before, after, now=moved, disputed_by=others))
    return found


def lines_that_differ(before: str, after: str) -> tuple[list[str], list[str]]:
    """Lines that went and lines that came; «…» stands for what is the same in between."""
    old, new = ([line for line in text.splitlines() if line.strip()] for text in (before, after))
    gone: list[str] = []
    come: list[str] = []
    for kind, old_from, old_to, new_from, new_to in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            gone += ["…"] * bool(gone or come)
            come += ["…"] * bool(gone or come)
        else:
            gone += old[old_from:old_to]
            come += new[new_from:new_to]
    return gone, come


def in_words(name: str, value: Json) -> list[str]:
    """A value as lines that people read; nothing for what is empty or unknown."""
    if value in (None, "", []):
        return []
    if isinstance(value, bool):
        return [_("oui") if value else _("non")]
    return WORDS.get(name, lambda text: [str(text)])(value)


def audience_in_words(value: Json) -> list[str]:
    """For whom, and how strictly."""
    ages = cards.age_range(value["min_age"], value["max_age"])
    genders = ", ".join(str(Gender(one).label) for one in value["genders"])
    lines = [
        f"{said} ({str(Rule(value[rule]).label).lower()})"
        for said, rule in ((ages, "age_rule"), (genders, "gender_rule"))
        if said
    ]
    return lines or [_("Tout le monde")]


def channel_in_words(one: Json) -> str:
    """One way in."""
    kind = AccessChannel.Kind(one["kind"])
    written = cards.figures(one["value"]) if one["kind"] in NUMBERED else one["value"]
    private = one["visibility"] == AccessChannel.Visibility.PROFESSIONALS
    parts = [f"{kind.label} : {written}", one["note"], _("professionnels seulement") if private else ""]
    return " · ".join(part for part in parts if part)


def place_in_words(one: Json) -> str:
    """One place; a confidential one says that it is."""
    commune = Commune.objects.filter(pk=one["commune"]).first() if one["commune"] else None
    parts = [one["address"], str(commune) if commune else "", _("lieu confidentiel") if one["confidential"] else ""]
    return ", ".join(part for part in parts if part) or _("lieu non public")


def saturation_in_words(value: Json) -> list[str]:
    """How full."""
    if value["level"] == Service.Saturation.UNKNOWN and not value["note"]:
        return []
    return [part for part in (str(Service.Saturation(value["level"]).label), value["note"]) if part]


def closure_in_words(value: Json) -> list[str]:
    """Closed from when until when."""
    days = [
        f"{word} {date_format(date.fromisoformat(value[name]), 'd/m/Y')}"
        for name, word in (("from", _("du")), ("until", _("au")))
        if value[name]
    ]
    return [part for part in (" ".join(days), value["note"]) if part]


def labels_of(known: type[Need]) -> Callable[[Json], list[str]]:
    """Codes as their labels, on one line."""
    return lambda codes: [", ".join(str(known(code).label) for code in codes)]


WORDS: dict[str, Callable[[Json], list[str]]] = {
    "kind": lambda code: [str(Kind(code).label)] if code else [],
    "needs": labels_of(Need),
    "audience": audience_in_words,
    "hours": lambda text: [text, *opening.in_words(text)],
    "territory": lambda codes: [", ".join(f"{DEPARTEMENTS[code]} ({code})" for code in codes)],
    "languages": lambda codes: [", ".join(LANGUAGES.get(code, code) for code in codes)],
    "channels": lambda rows: [channel_in_words(one) for one in rows],
    "places": lambda rows: [place_in_words(one) for one in rows],
    "saturation": saturation_in_words,
    "closure": closure_in_words,
}


# --- in fields ------------------------------------------------------------------------------------------------------


@dataclass
class FactsForm:
    """A form over all the facts of a service; `said` is what it shows, `errors` by field what to mend."""

    said: Facts
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def channels(self) -> list[Json]:
        """Rows of ways in, and empty ones."""
        empty = {"kind": "phone", "value": "", "visibility": "public", "note": ""}
        return [*(self.said["channels"] or []), *[empty] * EMPTY_ROWS]

    @property
    def places(self) -> list[Json]:
        """Rows of places, and an empty one."""
        empty = {"commune": "", "confidential": False, "address": "", "latitude": None, "longitude": None}
        return [*(self.said["places"] or []), empty]

    @property
    def lists(self) -> dict[str, object]:
        """Closed lists that the form offers."""
        return {
            "kinds": Kind.choices,
            "needs": Need.choices,
            "genders": Gender.choices,
            "rules": Rule.choices,
            "departements": list(DEPARTEMENTS.items()),
            "saturations": Service.Saturation.choices,
            "channel_kinds": AccessChannel.Kind.choices,
            "visibilities": AccessChannel.Visibility.choices,
            "yes_no": [("", _("inconnu")), ("yes", _("oui")), ("no", _("non"))],
        }


def form_of(said: Facts) -> FactsForm:
    """The form that shows these facts; what is not known is shown empty."""
    blank = facts.blank()
    return FactsForm({name: blank[name] if said.get(name) is None else said[name] for name in FIELDS})


def read_facts(sent: QueryDict, *, shown: Facts) -> tuple[Facts, FactsForm]:
    """What somebody changed of the facts that the form showed, and the form as it was sent, with errors."""
    form, after = FactsForm({}), {}
    for name in FIELDS:
        try:
            raw = READERS.get(name, lambda sent, name=name: sent.get(name, ""))(sent)
            form.said[name] = raw
            form.said[name] = facts.checked(name, raw)
        except Refusal as refusal:
            form.errors[name] = str(refusal)
            form.said.setdefault(name, shown[name])
            continue
        if form.said[name] != shown[name]:
            after[name] = form.said[name]
    return after, form


def three_state(name: str) -> Callable[[QueryDict], Json]:
    """Yes, no, not known."""
    return lambda sent: {"yes": True, "no": False}.get(sent.get(name, ""))


def whole(text: str) -> int | None:
    """A number of years, or nothing. Raises Refusal."""
    if not text.strip():
        return None
    if not text.strip().isascii() or not text.strip().isdigit() or len(text.strip()) > 3:
        raise Refusal("un âge en années est attendu")
    return int(text)


def read_audience(sent: QueryDict) -> Json:
    """Ages and genders with their rules."""
    return {
        "min_age": whole(sent.get("min_age", "")),
        "max_age": whole(sent.get("max_age", "")),
        "age_rule": sent.get("age_rule", ""),
        "genders": sent.getlist("genders"),
        "gender_rule": sent.get("gender_rule", ""),
    }


def read_languages(sent: QueryDict) -> Json:
    """Codes separated by commas or blanks."""
    return sent.get("languages", "").replace(",", " ").lower().split()


def read_channels(sent: QueryDict) -> Json:
    """Rows with a value."""
    columns = [sent.getlist(f"channel_{name}") for name in ("kind", "value", "visibility", "note")]
    return [
        {"kind": kind, "value": value.strip(), "visibility": visibility, "note": note.strip()}
        for kind, value, visibility, note in zip(*columns, strict=False)
        if value.strip()
    ]


def read_places(sent: QueryDict) -> Json:
    """Rows with a commune, an address, or the word that the place is confidential."""
    columns = [sent.getlist(f"place_{name}") for name in ("commune", "confidential", "address", "point")]
    return [
        {
            "commune": commune.strip() or None,
            "confidential": confidential == "yes",
            "address": address.strip(),
            **point_of(point),
        }
        for commune, confidential, address, point in zip(*columns, strict=False)
        if commune.strip() or address.strip() or confidential == "yes"
    ]


def point_of(text: str) -> dict[str, float | None]:
    """«48.91 2.45» or nothing. Raises Refusal."""
    parts = text.replace(",", ".").split()
    if not parts:
        return {"latitude": None, "longitude": None}
    try:
        latitude, longitude = (float(part) for part in parts)
    except ValueError as error:
        raise Refusal("deux nombres : latitude, longitude") from error
    return {"latitude": latitude, "longitude": longitude}


READERS: dict[str, Callable[[QueryDict], Json]] = {
    "needs": lambda sent: sent.getlist("needs"),
    "territory": lambda sent: sent.getlist("territory"),
    "languages": read_languages,
    "audience": read_audience,
    "free": three_state("free"),
    "anonymous": three_state("anonymous"),
    "for_professionals": lambda sent: "for_professionals" in sent,
    "on_referral_only": lambda sent: "on_referral_only" in sent,
    "channels": read_channels,
    "places": read_places,
    "saturation": lambda sent: {"level": sent.get("level", ""), "note": sent.get("level_note", "")},
    "closure": lambda sent: {
        "from": sent.get("closed_from", ""),
        "until": sent.get("closed_until", ""),
        "note": sent.get("closure_note", ""),
    },
}
