"""How she may be reached without danger, and what a professional adds: fields of the letter, and their words."""

from collections.abc import Mapping
from datetime import date, timedelta

from django.http import QueryDict
from django.utils.translation import gettext as _

from referrals.forms import LONGEST_LINE
from referrals.questions import PRO, Choice, Question

DAYS_VALID = 7
Errors = Mapping[str, list[str]]
Typed = QueryDict | None


def contact_questions(typed: Typed, errors: Errors, *, own: str, on: date) -> list[Question]:
    """The safe-contact block (domain.md §4.5): no message and no name unless she says yes."""
    pro = own == PRO

    def says(hers: str, theirs: str) -> str:
        return theirs if pro else hers

    yes_or_no = [("no", _("Non")), ("yes", _("Oui"))]
    return [
        pick(
            "contact_channel",
            _("Comment ?"),
            [("call", _("Appel")), ("text", _("SMS")), ("email", _("Courriel"))],
            typed,
            errors,
        ),
        line("contact_value", _("Numéro ou adresse"), typed, errors),
        pick(
            "contact_device",
            says(_("À qui est ce téléphone ?"), _("À qui est ce téléphone ?")),
            [
                ("mine", says(_("À moi seulement"), _("À la personne seulement"))),
                ("shared", _("Partagé avec quelqu’un")),
                ("watched", _("Peut-être surveillé")),
            ],
            typed,
            errors,
        ),
        line("contact_hours", _("Jours et heures sans danger"), typed, errors, hint=_("Exemple : mardi, 10 h à 12 h")),
        pick(
            "contact_message",
            says(_("Peut-on te laisser un message ?"), _("Peut-on laisser un message ?")),
            yes_or_no,
            typed,
            errors,
        ),
        pick("contact_organisation", _("Peut-on dire le nom de l’association ?"), yes_or_no, typed, errors),
        line(
            "contact_other",
            _("Si quelqu’un d’autre répond, que dire ?"),
            typed,
            errors,
            hint=_("Exemple : « erreur de numéro »"),
        ),
        line(
            "contact_code_word",
            says(_("Un mot pour te prouver que c’est nous"), _("Un mot que dira l’association")),
            typed,
            errors,
        ),
        line(
            "contact_answer_word",
            says(_("Ta réponse à ce mot, si tout va bien"), _("La réponse, si tout va bien")),
            typed,
            errors,
        ),
        line(
            "contact_stop_word",
            says(_("Un mot pour dire « pas maintenant »"), _("Un mot pour dire « pas maintenant »")),
            typed,
            errors,
        ),
        line(
            "contact_until",
            _("Bon jusqu’au"),
            typed,
            errors,
            usual=(on + timedelta(days=DAYS_VALID)).strftime("%d/%m/%Y"),
        ),
    ]


def professional_questions(typed: Typed, errors: Errors) -> list[Question]:
    """What a professional adds; all of it is sealed with the letter."""
    known = [("unknown", _("Je ne sais pas")), ("yes", _("Oui")), ("no", _("Non"))]
    return [
        line("organisation", _("Votre service"), typed, errors, hint=_("Type de structure, sans nom de personne")),
        line("callback", _("Où vous rappeler"), typed, errors, hint=_("Numéro ou adresse professionnelle")),
        pick("bound_by_secrecy", _("Êtes-vous tenu au secret professionnel ?"), known, typed, errors),
        pick(
            "person_agrees",
            _("La personne est-elle d’accord ?"),
            [("unknown", _("Elle ne sait pas")), ("yes", _("Oui")), ("no", _("Non"))],
            typed,
            errors,
        ),
        pick("already_known_to_ase", _("Déjà suivie par l’Aide sociale à l’enfance (ASE) ?"), known, typed, errors),
        line(
            "authority_told",
            _("CRIP ou procureur informé ?"),
            typed,
            errors,
            hint=_("Non, ou la date. Rien ne part d’ici vers eux."),
        ),
        line(
            "own_reference",
            _("Votre référence"),
            typed,
            errors,
            hint=_("Votre numéro de dossier, sans nom"),
        ),
    ]


def pick(name: str, label: str, choices: list[tuple[str, str]], typed: Typed, errors: Errors) -> Question:
    """A short list."""
    said = choices[0][0] if typed is None else typed.get(name, choices[0][0])
    return Question(
        name=name,
        kind="select",
        label=label,
        choices=tuple(Choice(value, words, chosen=value == said) for value, words in choices),
        error=wrong(name, errors),
    )


def line(name: str, label: str, typed: Typed, errors: Errors, *, hint: str = "", usual: str = "") -> Question:
    """A short text."""
    value = usual if typed is None else typed.get(name, usual)
    return Question(name=name, kind="text", label=label, hint=hint, value=value, error=wrong(name, errors))


def wrong(name: str, errors: Errors) -> str:
    """What to do about a field."""
    return _("Trop long : %(most)s caractères au plus.") % {"most": LONGEST_LINE} if name in errors else ""
