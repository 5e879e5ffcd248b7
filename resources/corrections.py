"""What a visitor proposes, read from a form without an account: few fields, each checked, nothing about the visitor.

A flood is slowed without knowing who sends it: a form says when it was opened, a field that people do not see stays
empty, and the same proposal is counted, not repeated. Nothing is refused because others sent much.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.core import signing
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from resources import facts
from resources.exchange.starter_csv import Refusal
from resources.facts import Facts, Json
from resources.models import AccessChannel, Proposal, Service
from resources.moderation import LONGEST_SAID
from resources.tongues import apart
from resources.vocabulary import DEPARTEMENTS, Kind

SALT = "resources.corrections"
SHORTEST_SECONDS = 2
LONGEST_SECONDS = 24 * 3600
# What is wrong, as it stands in an address: a code, never a word.
REASONS: dict[str, str] = {
    "1": Proposal.Kind.UNREACHABLE.value,
    "2": Proposal.Kind.CHANGE.value,
    "3": Proposal.Kind.CLOSED.value,
}
TRAP = "suite"
WHAT_TO_MEND: dict[str, StrPromise] = {
    "nom": gettext_lazy("Écris un nom, 200 lettres au plus."),
    "organisme": gettext_lazy("Écris un nom d’organisme, 200 lettres au plus."),
    "genre": gettext_lazy("Choisis de quel genre d’aide il s’agit."),
    "ou": gettext_lazy("Choisis des départements de la liste."),
    "numero": gettext_lazy("Ce n’est pas un numéro de téléphone."),
    "site": gettext_lazy("L’adresse d’un site commence par https://"),
    "description": gettext_lazy("C’est trop long."),
}


@dataclass
class Form:
    """A form as it is shown again: what was typed, and what to mend."""

    values: Mapping[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    after: Facts = field(default_factory=dict)
    kind: str = ""
    said: str = ""


def opened_now() -> str:
    """The hidden field that says when the form was opened; signed, so that it cannot be made up."""
    return signing.TimestampSigner(salt=SALT).sign("1")


def is_hurried(token: str) -> bool:
    """Whether a form came back sooner than anybody can read it, without having been opened, or a day later."""
    signer = signing.TimestampSigner(salt=SALT)
    try:
        signer.unsign(token, max_age=LONGEST_SECONDS)
    except signing.BadSignature:
        return True
    try:
        signer.unsign(token, max_age=SHORTEST_SECONDS)
    except signing.SignatureExpired:
        return False
    return True


def is_trapped(sent: QueryDict) -> bool:
    """Whether the field that people do not see was filled in."""
    return bool(sent.get(TRAP))


def read_correction(sent: QueryDict, service: Service) -> Form:
    """What is wrong with a service, and what is right when somebody knows it."""
    form = Form(typed(sent), kind=REASONS.get(sent.get("quoi", ""), ""), said=words(sent))
    if not form.kind:
        form.errors["quoi"] = _("Choisis ce qui ne va pas.")
        return form
    if form.kind == Proposal.Kind.CHANGE:
        read_change(form, service)
    if form.kind == Proposal.Kind.UNREACHABLE and (dialled := sent.get("lequel", "")):
        form.said = f"{dialled[:20]} {form.said}".strip()[:LONGEST_SAID]
    return form


def read_change(form: Form, service: Service) -> None:
    """The right number, site or name; other facts are said in words, and moderators put them in their fields."""
    now = facts.of(service)
    wanted: Facts = {}
    channels = now["channels"]
    for name, kind in (("numero", AccessChannel.Kind.PHONE), ("site", AccessChannel.Kind.WEB)):
        if written := form.values.get(name, "").strip():
            channels = with_another(channels, kind=kind, value=written)
            collect(form, wanted, name=name, field_name="channels", value=channels)
    if written := form.values.get("nom", "").strip():
        collect(form, wanted, name="nom", field_name="name", value=written)
    if not form.errors:
        form.after = {name: value for name, value in wanted.items() if value != now[name]}
        if not form.after and not form.said:
            form.errors["mots"] = _("Écris ce qui est juste, ou ce qui ne va pas.")


def collect(form: Form, wanted: Facts, *, name: str, field_name: str, value: Json) -> None:
    """A checked value, or what to mend in the field of the form."""
    try:
        wanted[field_name] = facts.checked(field_name, value)
    except Refusal:
        form.errors[name] = str(WHAT_TO_MEND[name])


def with_another(channels: list[Json], *, kind: str, value: str) -> list[Json]:
    """The first public way in of a kind replaced, or one added."""
    public = AccessChannel.Visibility.PUBLIC
    old = next((one for one in channels if one["kind"] == kind and one["visibility"] == public), None)
    new = {"kind": kind, "value": value, "visibility": public.value, "note": ""}
    return [*(one for one in channels if one is not old), new]


def read_suggestion(sent: QueryDict) -> Form:
    """A service that is not in the directory."""
    form = Form(typed(sent), kind=Proposal.Kind.NEW, said=words(sent))
    channels = [
        {"kind": kind, "value": written, "visibility": "public", "note": ""}
        for name, kind in (("numero", "phone"), ("site", "web"))
        if (written := sent.get(name, "").strip())
    ]
    given: dict[str, tuple[str, Json]] = {
        "nom": ("name", sent.get("nom", "")),
        "organisme": ("organisation", sent.get("organisme", "").strip() or sent.get("nom", "")),
        "genre": ("kind", sent.get("genre", "")),
        "ou": ("territory", sent.getlist("ou")),
        "description": ("description", sent.get("description", "")),
    }
    for name, (field_name, value) in given.items():
        collect(form, form.after, name=name, field_name=field_name, value=value)
    for name, kind in (("numero", "phone"), ("site", "web")):
        collect(form, {}, name=name, field_name="channels", value=[one for one in channels if one["kind"] == kind])
    if not form.errors:
        form.after["channels"] = facts.checked("channels", channels)
        if not channels:
            form.errors["numero"] = _("Écris un numéro ou un site : sans cela, nous ne pouvons rien vérifier.")
    return form


def typed(sent: QueryDict) -> dict[str, str]:
    """What was typed, by field."""
    return {name: sent.get(name, "") for name in sent}


def words(sent: QueryDict) -> str:
    """What was added in one's own words, on one line."""
    return " ".join(sent.get("mots", "").replace("\0", " ").split())[:LONGEST_SAID]


def kinds() -> list[tuple[str, str]]:
    """Kinds of help to choose from."""
    return [(kind.value, str(kind.label)) for kind in Kind]


def departements() -> list[tuple[str, str]]:
    """Where it may be."""
    return [(code, apart(f"{name} ({code})")) for code, name in DEPARTEMENTS.items()]
