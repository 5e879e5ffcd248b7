"""What the codes inside a sealed message mean, in words for a team; the browser alone puts the two together."""

from django.utils.translation import gettext as _

from referrals.models import AgeBand, Referrer, Urgency
from resources.vocabulary import DEPARTEMENTS, LANGUAGES, Gender, Need

MINORS = (AgeBand.UNDER_15.value, AgeBand.FROM_15.value, AgeBand.UNKNOWN.value)

Labels = dict[str, dict[str, str]]


def of_facts() -> Labels:
    """Values of each fact that routing used."""
    return {
        "referrer": {
            Referrer.SELF: _("La personne elle-même"),
            Referrer.RELATIVE: _("Quelqu’un qui la connaît"),
            Referrer.WITNESS: _("Un témoin"),
            Referrer.PROFESSIONAL: _("Un professionnel"),
        },
        "age_band": {
            AgeBand.UNDER_15: _("Moins de 15 ans"),
            AgeBand.FROM_15: _("15 à 17 ans"),
            AgeBand.FROM_18: _("18 à 20 ans"),
            AgeBand.FROM_21: _("21 à 25 ans"),
            AgeBand.FROM_26: _("26 ans ou plus"),
            AgeBand.UNKNOWN: _("Âge non dit"),
        },
        "gender": {
            Gender.FEMALE: _("Une fille, une femme"),
            Gender.MALE: _("Un garçon, un homme"),
            Gender.TRANS: _("Une personne trans"),
            "unknown": _("Non dit"),
        },
        "departement": {code: f"{name} ({code})" for code, name in DEPARTEMENTS.items()},
        "needs": needs(),
        "language": dict(LANGUAGES),
        "urgency": {urgency.value: str(urgency.label) for urgency in Urgency},
        "names": {
            "referrer": _("Qui écrit"),
            "age_band": _("Âge"),
            "gender": _("Genre"),
            "departement": _("Où l’aider"),
            "avoid_commune": _("Commune à éviter"),
            "needs": _("Besoins"),
            "language": _("Langue"),
        },
    }


def needs() -> dict[str, str]:
    """Needs in a professional's words."""
    return {
        Need.URGENCE: _("Mise en sécurité"),
        Need.ECOUTE: _("Écoute"),
        Need.HEBERGEMENT: _("Hébergement"),
        Need.SANTE: _("Santé"),
        Need.JURIDIQUE: _("Droit"),
        Need.NUMERIQUE: _("Images, chantage en ligne"),
        Need.SORTIE: _("Arrêter, faire autre chose"),
        Need.PAPIERS: _("Papiers"),
        Need.FUGUE: _("Fugue"),
        Need.FAMILLE: _("Soutien aux proches"),
        Need.VIOLENCES: _("Violences"),
        Need.PROSTITUTION: _("Exploitation sexuelle"),
        Need.TRAITE: _("Traite"),
        Need.ADDICTIONS: _("Addictions"),
        Need.SIGNALEMENT: _("Signalement"),
    }


def of_contact() -> Labels:
    """The safe-contact block (domain.md §4.5)."""
    return {
        "names": {
            "contact_channel": _("Moyen"),
            "contact_value": _("Où"),
            "contact_device": _("Appareil"),
            "contact_hours": _("Jours et heures sûrs"),
            "contact_organisation": _("Dire le nom de l’association"),
            "contact_other": _("Si quelqu’un d’autre répond"),
            "contact_code_word": _("Le mot que vous dites"),
            "contact_answer_word": _("Sa réponse, si tout va bien"),
            "contact_stop_word": _("Son mot pour « pas maintenant »"),
            "contact_until": _("Valable jusqu’au"),
        },
        "contact_channel": {
            "none": _("Aucun : la personne revient avec son code"),
            "call": _("Appel"),
            "text": _("SMS"),
            "sms": _("SMS"),
            "email": _("Courriel"),
        },
        "contact_device": {
            "mine": _("À elle seule"),
            "shared": _("Partagé"),
            "watched": _("Surveillé"),
        },
        "contact_organisation": yes_or_no(),
    }


def of_professional() -> Labels:
    """What a professional adds."""
    return {
        "names": {
            "organisation": _("Structure"),
            "callback": _("Rappel"),
            "bound_by_secrecy": _("Tenu au secret professionnel"),
            "person_agrees": _("La personne est d’accord"),
            "already_known_to_ase": _("Déjà suivie par l’aide sociale à l’enfance"),
            "authority_told": _("CRIP ou procureur prévenu"),
            "own_reference": _("Référence"),
        },
        "bound_by_secrecy": yes_or_no(),
        "person_agrees": yes_or_no(),
        "already_known_to_ase": yes_or_no(),
    }


def yes_or_no() -> dict[str, str]:
    """Answers of three words."""
    return {"yes": _("Oui"), "no": _("Non"), "unknown": _("On ne sait pas")}
