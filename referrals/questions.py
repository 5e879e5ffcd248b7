"""What is asked before somebody writes: in which order, in whose words, and how an answer is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from referrals import labels
from referrals.answers import Answers
from referrals.models import AgeBand, Referrer, Urgency
from referrals.routing import LANGUAGE_CODES, MOST_NEEDS
from resources.geography import gazetteer
from resources.text import fold
from resources.tongues import apart
from resources.vocabulary import DEPARTEMENTS, LANGUAGES, Gender, Need

DOORS = {"moi": Referrer.SELF, "proche": Referrer.RELATIVE, "temoin": Referrer.WITNESS}
# Danger comes first and is no part of the count: it is asked for her sake, not for the letter's.
STEPS = ("danger", "age", "needs", "where", "when", "who")
LETTER = "letter"
FIELDS: dict[str, tuple[str, ...]] = {
    "danger": ("danger_now",),
    "age": ("age_band",),
    "needs": ("needs",),
    "where": ("departement", "avoid_commune"),
    "when": ("urgency",),
    "who": ("gender", "language"),
}
EVERYTHING = tuple(name for step in STEPS for name in FIELDS[step])
REQUIRED = frozenset({"danger_now", "age_band"})
LONGEST_PLACE = 60  # bytes
NOT_IN_NAMES = dict.fromkeys([*range(32), *map(ord, '"\\<>')], " ")
SELF, OTHER, PRO = "self", "other", "pro"
VOICES = {Referrer.SELF: SELF, Referrer.RELATIVE: OTHER, Referrer.WITNESS: OTHER, Referrer.PROFESSIONAL: PRO}
FOR_HERSELF = tuple(need for need in Need if need not in {Need.URGENCE, Need.FAMILLE, Need.SIGNALEMENT})
FOR_ANOTHER = tuple(need for need in Need if need != Need.URGENCE)


@dataclass(frozen=True, slots=True)
class Choice:
    """One possible answer."""

    value: str
    label: str
    hint: str = ""
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """One field: `kind` is radio, checkbox, select or text (templates/forms/)."""

    name: str
    kind: str
    label: str
    hint: str = ""
    choices: tuple[Choice, ...] = ()
    value: str = ""
    error: str = ""
    required: bool = False

    @property
    def options(self) -> SafeString:
        """The <option>s of a list; nothing for a text."""
        selected = SafeString(" selected")
        return format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((one.value, selected if one.chosen else "", one.label) for one in self.choices),
        )


@dataclass(frozen=True, slots=True)
class Screen:
    """One page of questions; `number` of `count` when it counts, `previous` is the step before."""

    step: str
    title: str
    hint: str
    questions: tuple[Question, ...]
    previous: str | None = None
    number: int = 0
    count: int = field(default=len(STEPS))

    @property
    def may_be_skipped(self) -> bool:
        """Whether nothing on it has to be said."""
        return not any(question.required for question in self.questions)


def voice(values: Mapping[str, Any]) -> str:
    """Whether she is spoken to, of, or a professional is."""
    return VOICES[Referrer(values["referrer"])]


def screen(answers: Answers) -> Screen:
    """The page of a step, as it was answered so far."""
    place = STEPS.index(answers.step)
    title, hint = TITLES[answers.step]()[voice(answers.values)]
    return Screen(
        step=answers.step,
        title=title,
        hint=hint,
        questions=tuple(question(name, answers) for name in FIELDS[answers.step]),
        previous=STEPS[place - 1] if place else None,
        number=place,
    )


def following(step: str) -> str:
    """What comes after a step."""
    place = STEPS.index(step) + 1
    return STEPS[place] if place < len(STEPS) else LETTER


# --- words ----------------------------------------------------------------------------------------------------------


def by_voice(herself: tuple[str, str], another: tuple[str, str], professional: tuple[str, str]) -> dict[str, Any]:
    """Title and hint for each voice."""
    return {SELF: herself, OTHER: another, PRO: professional}


TITLES: dict[str, Callable[[], dict[str, tuple[str, str]]]] = {
    "danger": lambda: by_voice(
        (
            _("Es-tu en danger maintenant ?"),
            _("Par exemple : quelqu’un te menace, tu ne peux pas sortir, tu as une blessure."),
        ),
        (
            _("Cette personne est-elle en danger maintenant ?"),
            _("Par exemple : quelqu’un la menace, elle ne peut pas sortir, elle a une blessure."),
        ),
        (_("La personne est-elle en danger maintenant ?"), _("Jamais enregistré.")),
    ),
    "age": lambda: by_voice(
        (_("Quel âge as-tu ?"), _("Chaque association accueille certains âges.")),
        (_("Quel âge a cette personne ?"), _("Une idée suffit. Chaque association accueille certains âges.")),
        (_("Quel âge a la personne ?"), ""),
    ),
    "needs": lambda: by_voice(
        (_("De quoi as-tu besoin ?"), _("Choisis 1, 2 ou 3 réponses.")),
        (_("De quoi cette personne a-t-elle besoin ?"), _("Choisis 1, 2 ou 3 réponses.")),
        (_("De quoi la personne a-t-elle besoin ?"), _("3 réponses au plus.")),
    ),
    "where": lambda: by_voice(
        (_("Où peut-on t’aider sans risque ?"), _("Le département où tu peux aller sans danger.")),
        (_("Où peut-on l’aider sans risque ?"), _("Le département où cette personne peut aller sans danger.")),
        (_("Où peut-on l’aider sans risque ?"), _("Le département où la personne peut se rendre sans danger.")),
    ),
    "when": lambda: by_voice(
        (_("Quand as-tu besoin d’une réponse ?"), _("Ce temps passé, une autre association est prévenue.")),
        (_("Quand faut-il une réponse ?"), _("Ce temps passé, une autre association est prévenue.")),
        (_("Sous quel délai faut-il une réponse ?"), _("Passé ce délai, l’association suivante est prévenue.")),
    ),
    "who": lambda: by_voice(
        (_("Pour trouver un lieu qui t’accueille"), _("Certaines associations n’accueillent pas tout le monde.")),
        (_("Pour trouver un lieu qui l’accueille"), _("Certaines associations n’accueillent pas tout le monde.")),
        (_("Public accueilli"), _("Certaines associations n’accueillent pas tout le monde.")),
    ),
}


def question(name: str, answers: Answers) -> Question:
    """A field as it was answered so far."""
    said = answers.values.get(name)
    kind, label, hint = ASKED[name](voice(answers.values))
    chosen = said if isinstance(said, list) else [said]
    return Question(
        name=name,
        kind=kind,
        label=label,
        hint=hint,
        choices=tuple(
            Choice(value, text, note, chosen=value in chosen)
            for value, text, note in CHOICES.get(name, no_choices)(voice(answers.values))
        ),
        value=town(answers) if name == "avoid_commune" else "",
        error=error_in_words(name, answers.errors[name]) if name in answers.errors else "",
        required=name in REQUIRED,
    )


def town(answers: Answers) -> str:
    """The commune to avoid by its name, or as it was typed while it has to be mended."""
    insee = str(answers.values.get("avoid_commune", ""))
    return str(answers.values.get("avoid", "")) or (gazetteer().by_insee[insee].name if insee else "")


ASKED: dict[str, Callable[[str], tuple[str, str, str]]] = {
    "danger_now": lambda own: ("radio", TITLES["danger"]()[own][0], ""),
    "age_band": lambda own: ("radio", TITLES["age"]()[own][0], ""),
    "needs": lambda own: ("checkbox", TITLES["needs"]()[own][0], ""),
    "departement": lambda own: ("radio", TITLES["where"]()[own][0], ""),
    "avoid_commune": lambda own: (
        "text",
        _("Une ville à éviter ?"),
        _("Aucune association de cette ville ne sera proposée. Nom ou code postal.")
        if own != SELF
        else _("Celle où tu risques de croiser quelqu’un. On n’y proposera personne."),
    ),
    "urgency": lambda own: ("radio", TITLES["when"]()[own][0], ""),
    "gender": lambda own: ("radio", {SELF: _("Tu es…"), OTHER: _("C’est…"), PRO: _("Genre")}[own], ""),
    "language": lambda own: (
        "select",
        {SELF: _("Ta langue"), OTHER: _("Sa langue"), PRO: _("Langue de la personne")}[own],
        "",
    ),
}

Listed = list[tuple[str, str, str]]


def no_choices(_own: str) -> Listed:
    """For a field that is typed."""
    return []


def dangers(_own: str) -> Listed:
    """Yes, no, perhaps."""
    return [("yes", _("Oui"), ""), ("no", _("Non"), ""), ("unknown", _("Je ne sais pas"), "")]


def ages(own: str) -> Listed:
    """Bands, and the right not to say."""
    unknown = _("Je préfère ne pas dire") if own == SELF else _("Je ne sais pas")
    return [(band.value, unknown if band == AgeBand.UNKNOWN else str(band.label), "") for band in AgeBand]


def needs(own: str) -> Listed:
    """Needs in her words, or in words about somebody else."""
    theirs = {
        Need.SANTE: _("Sa santé"),
        Need.JURIDIQUE: _("Ses droits, un avocat"),
        Need.PAPIERS: _("Ses papiers"),
        Need.PROSTITUTION: _("On la fait travailler, elle se vend"),
        Need.TRAITE: _("On l’exploite, on la tient"),
    }
    if own == SELF:
        return [(need.value, str(need.label), "") for need in FOR_HERSELF]
    if own == PRO:
        return [(need.value, labels.needs()[need], "") for need in FOR_ANOTHER]
    return [(need.value, theirs.get(need, str(need.label)), "") for need in FOR_ANOTHER]


def departements(_own: str) -> Listed:
    """The eight, and nowhere in particular."""
    return [
        *((code, apart(f"{name} ({code})"), "") for code, name in DEPARTEMENTS.items()),
        ("", _("Peu importe, ou plus loin"), ""),
    ]


def urgencies(_own: str) -> Listed:
    """How long an association has to take the message."""
    return [
        (Urgency.NOW, str(Urgency.NOW.label), _("Chaque association a 1 heure pour prendre le message.")),
        (Urgency.DAY, str(Urgency.DAY.label), _("Chaque association a 24 heures, en comptant ses heures d’ouverture.")),
        (
            Urgency.WEEK,
            str(Urgency.WEEK.label),
            _("Chaque association a 72 heures, en comptant ses heures d’ouverture."),
        ),
    ]


def genders(own: str) -> Listed:
    """Whom an association may say it takes."""
    unknown = _("Je préfère ne pas dire") if own == SELF else _("Je ne sais pas")
    return [
        (Gender.FEMALE, _("Une fille, une femme"), ""),
        (Gender.MALE, _("Un garçon, un homme"), ""),
        (Gender.TRANS, _("Une personne trans"), ""),
        ("unknown", unknown, ""),
    ]


def languages(_own: str) -> Listed:
    """Languages by their own names."""
    return [(code, apart(name), "") for code, name in LANGUAGES.items() if code in LANGUAGE_CODES]


CHOICES: dict[str, Callable[[str], Listed]] = {
    "danger_now": dangers,
    "age_band": ages,
    "needs": needs,
    "departement": departements,
    "urgency": urgencies,
    "gender": genders,
    "language": languages,
}


def error_in_words(name: str, code: str) -> str:
    """What to do about a field."""
    words = {
        ("danger_now", "required"): _("Il faut choisir une réponse."),
        ("age_band", "required"): _("Il faut choisir une réponse. Ne pas dire en est une."),
        ("needs", "too_many"): _("3 réponses au plus."),
        ("avoid_commune", "unknown"): _("On ne connaît pas cette ville. Il faut son nom entier, ou rien."),
        ("avoid_commune", "several"): _("Plusieurs villes ont ce code postal. Il faut le nom de la ville."),
    }
    return words.get((name, code), _("Il faut choisir une des réponses."))


# --- answers --------------------------------------------------------------------------------------------------------


def read(posted: QueryDict, *, names: tuple[str, ...], before: Answers) -> Answers:
    """The answers with those of some fields; what cannot be read is in `errors`, and kept as it was before."""
    values, errors = dict(before.values), {}
    for name in names:
        try:
            values.update(READERS.get(name, read_choice)(name, posted, voice(before.values)))
        except Unreadable as refusal:
            errors[name] = refusal.code
            values.update(refusal.kept)
    return Answers(before.step, values, errors)


def skipped(before: Answers) -> Answers:
    """The answers without those of the step, which she would rather not give; the language stays that of the pages."""
    dropped = {*FIELDS[before.step], "avoid"} - {"language"}
    return Answers(before.step, {name: value for name, value in before.values.items() if name not in dropped})


class Unreadable(ValueError):
    """An answer that cannot be read; `kept` is what the page shows again."""

    def __init__(self, code: str, **kept: str) -> None:
        super().__init__(code)
        self.code = code
        self.kept = kept


def read_choice(name: str, posted: QueryDict, own: str) -> dict[str, Any]:
    """One of the answers. Raises Unreadable."""
    value = posted.get(name, "")
    if not value and name in REQUIRED:
        raise Unreadable("required")
    if value and value not in {choice[0] for choice in CHOICES[name](own)}:
        raise Unreadable("unknown")
    return {name: value}


def read_needs(name: str, posted: QueryDict, own: str) -> dict[str, Any]:
    """Three of the answers at most. Raises Unreadable."""
    given = list(dict.fromkeys(posted.getlist(name)))
    if not set(given) <= {choice[0] for choice in CHOICES[name](own)}:
        raise Unreadable("unknown")
    if len(given) > MOST_NEEDS:
        raise Unreadable("too_many")
    return {name: given}


def read_commune(name: str, posted: QueryDict, _own: str) -> dict[str, Any]:
    """The INSEE code of a typed place, and what was typed. Raises Unreadable."""
    typed = (
        " ".join(posted.get(name, "").translate(NOT_IN_NAMES).split()).encode()[:LONGEST_PLACE].decode(errors="ignore")
    )
    return {name: insee_of(typed) if typed else "", "avoid": ""}


def insee_of(typed: str) -> str:
    """A commune by INSEE code, postcode or name; Paris whole for «Paris». Raises Unreadable."""
    known = gazetteer()
    by_postcode = known.by_postcode.get(typed, [])
    arrondissements = [commune for commune in by_postcode if commune.kind == "arrondissement-municipal"]
    found = arrondissements or by_postcode
    if len(found) > 1:
        raise Unreadable("several", avoid=typed)
    named = found[0] if found else known.by_insee.get(typed) or known.by_name.get(fold(typed))
    if named is None:
        raise Unreadable("unknown", avoid=typed)
    return named.insee


READERS: dict[str, Callable[[str, QueryDict, str], dict[str, Any]]] = {
    "needs": read_needs,
    "avoid_commune": read_commune,
}
