"""The closed lists that the whole directory speaks: needs, kinds, genders, départements and their codes."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Need(TextChoices):
    """What a person looks for (contract.md §4); the label speaks to her."""

    URGENCE = "urgence", _("Être en sécurité maintenant")
    ECOUTE = "ecoute", _("Parler à quelqu’un")
    HEBERGEMENT = "hebergement", _("Dormir à l’abri")
    SANTE = "sante", _("Ma santé")
    JURIDIQUE = "juridique", _("Mes droits, un avocat")
    NUMERIQUE = "numerique", _("Images, chantage en ligne")
    SORTIE = "sortie", _("Arrêter, faire autre chose")
    PAPIERS = "papiers", _("Mes papiers")
    FUGUE = "fugue", _("Une fugue, un départ")
    FAMILLE = "famille", _("Soutien aux proches")
    VIOLENCES = "violences", _("Des violences")
    PROSTITUTION = "prostitution", _("On me fait travailler, je me vends")
    TRAITE = "traite", _("On m’exploite, on me tient")
    ADDICTIONS = "addictions", _("Alcool, drogues")
    SIGNALEMENT = "signalement", _("Prévenir, signaler")


# Addresses of pages carry these codes, never the telling word (contract.md §2). Order is frozen: links live.
NEED_CODES: dict[str, str] = {f"n{position}": need.value for position, need in enumerate(Need)}
CODE_OF_NEED: dict[str, str] = {need: code for code, need in NEED_CODES.items()}


class Kind(TextChoices):
    """What sort of help a service is."""

    HOTLINE = "hotline", _("Ligne d’écoute")
    SHELTER = "shelter", _("Hébergement")
    LEGAL = "legal", _("Accès au droit")
    HEALTH = "health", _("Santé")
    ASSOCIATION = "association", _("Association")
    REPORTING = "reporting", _("Signalement")
    INSTITUTION = "institution", _("Institution")


class Gender(TextChoices):
    """Genders a service can be for (contract.md §2)."""

    FEMALE = "female", _("Filles et femmes")
    MALE = "male", _("Garçons et hommes")
    TRANS = "trans", _("Personnes trans")


class Rule(TextChoices):
    """How strictly an audience is meant: unconditional, preferential, exclusive (design.md §4)."""

    EVERYONE = "everyone", _("Tout le monde")
    FIRST = "first", _("En priorité")
    ONLY = "only", _("Seulement")


DEPARTEMENTS: dict[str, str] = {
    "75": "Paris",
    "77": "Seine-et-Marne",
    "78": "Yvelines",
    "91": "Essonne",
    "92": "Hauts-de-Seine",
    "93": "Seine-Saint-Denis",
    "94": "Val-de-Marne",
    "95": "Val-d’Oise",
}

NEIGHBOURS: dict[str, tuple[str, ...]] = {
    "75": ("92", "93", "94"),
    "77": ("91", "93", "94", "95"),
    "78": ("91", "92", "95"),
    "91": ("77", "78", "92", "94"),
    "92": ("75", "78", "91", "93", "94", "95"),
    "93": ("75", "77", "92", "94", "95"),
    "94": ("75", "77", "91", "92", "93"),
    "95": ("77", "78", "92", "93"),
}

# ISO 639 codes that services use, with the name each language gives itself.
LANGUAGES: dict[str, str] = {
    "fr": "français",
    "en": "English",
    "es": "español",
    "pt": "português",
    "ro": "română",
    "ar": "العربية",
    "it": "italiano",
    "de": "Deutsch",
    "pl": "polski",
    "tr": "Türkçe",
    "ru": "русский",
    "uk": "українська",
    "bg": "български",
    "sq": "shqip",
    "sr": "srpski",
    "hu": "magyar",
    "zh": "中文",
    "vi": "tiếng Việt",
    "th": "ไทย",
    "hi": "हिन्दी",
    "bn": "বাংলা",
    "ur": "اردو",
    "ta": "தமிழ்",
    "fa": "فارسی",
    "prs": "دری",
    "ps": "پښتو",
    "he": "עברית",
    "ku": "kurdî",
    "kab": "taqbaylit",
    "am": "አማርኛ",
    "ti": "ትግርኛ",
    "so": "soomaali",
    "sw": "kiswahili",
    "wo": "wolof",
    "bm": "bamanankan",
    "ff": "pulaar",
    "ln": "lingála",
    "yo": "yorùbá",
    "ig": "igbo",
    "bin": "ẹ̀dó",
    "fsl": "langue des signes",
}
