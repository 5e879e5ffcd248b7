"""Codes of routing and of a referral's life, in words that a child understands."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from referrals import questions
from referrals.models import PlanStep, Referral, Urgency
from resources.vocabulary import DEPARTEMENTS, LANGUAGES

State, Status = PlanStep.State, Referral.Status


def reasons(codes: Iterable[str], *, voice: str) -> str:
    """Why an association is proposed, in short sentences; codes that pages do not know are left out."""
    labels = {value: label for value, label, _hint in questions.needs(voice)}
    parts = [code.partition(":") for code in codes]
    needs = [labels[value] for kind, _colon, value in parts if kind == "covers_need" and value in labels]
    said = [_("Elle aide pour : %(needs)s.") % {"needs": " · ".join(needs).lower()}] if needs else []
    return " ".join(said + [words for kind, _colon, value in parts for words in reason(kind, value, voice=voice)])


def reason(kind: str, value: str, *, voice: str) -> list[str]:
    """One reason; none for what the page says elsewhere, or does not know."""
    match kind:
        case "serves" if value in DEPARTEMENTS:
            return [_("Elle agit dans le %(code)s.") % {"code": value}]
        case "takes_age":
            return [_("Elle accueille ton âge.") if voice == questions.SELF else _("Elle accueille cet âge.")]
        case "speaks" if value in LANGUAGES and value != "fr":
            return [_("Elle parle : %(language)s.") % {"language": LANGUAGES[value]}]
        case "specialist":
            return [_("C’est son métier.")]
        case "last_resort":
            return [_("Elle répond quand les autres ne peuvent pas.")]
        case _:
            return []


def answer_within(urgency: str) -> str:
    """How long an association has to take a message."""
    return {
        Urgency.NOW: _("1 heure"),
        Urgency.DAY: _("24 heures, en comptant ses heures d’ouverture"),
        Urgency.WEEK: _("72 heures, en comptant ses heures d’ouverture"),
    }[Urgency(urgency)]


def status(of: str, *, is_with_the_last: bool = False) -> tuple[str, str]:
    """Where it stands, and what happens now; somebody is the last of the plan when nobody is asked afterwards."""
    if of == Status.WAITING and is_with_the_last:
        return (
            _("Le message attend d’être lu."),
            _("La dernière équipe de la liste est prévenue. Si elle ne répond pas à temps, ce sera écrit ici."),
        )
    return {
        Status.WAITING: (
            _("Le message attend d’être lu."),
            _("Une association est prévenue. Si elle ne répond pas à temps, la suivante l’est."),
        ),
        Status.ACKNOWLEDGED: (
            _("Une association a pris le message."),
            _("Elle l’a lu. Sa réponse arrivera ici."),
        ),
        Status.ANSWERED: (
            _("Une réponse est arrivée."),
            _("Elle est plus bas. On peut y répondre."),
        ),
        Status.CLOSED: (
            _("L’échange est terminé."),
            _("Les messages s’effacent 7 jours après la fin. On peut toujours en écrire un nouveau."),
        ),
        Status.EXHAUSTED: (
            _("Personne n’a pu prendre le message."),
            _("Ce n’est pas ta faute. Des personnes répondent à ces numéros. Tu peux aussi écrire encore."),
        ),
    }[Status(of)]


def state(of: str) -> str:
    """What became of an association of the plan."""
    return {
        State.PLANNED: _("pas encore prévenue"),
        State.WAITING: _("prévenue, pas encore de réponse"),
        State.ACKNOWLEDGED: _("a pris le message"),
        State.DECLINED: _("ne peut pas aider cette fois"),
        State.OVERDUE: _("n’a pas répondu à temps"),
        State.HANDED_OVER: _("a passé le relais"),
        State.CLOSED: _("a terminé l’échange"),
    }[State(of)]
