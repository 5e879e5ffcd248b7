"""The few services that pages name one by one; their numbers are read from the directory at most once a minute."""

import time
from dataclasses import dataclass, field

from resources.cards import Way, way
from resources.models import AccessChannel, Service

Numbers = dict[str, Way]
WORST_FIRST = (AccessChannel.Kind.CHAT, AccessChannel.Kind.SMS, AccessChannel.Kind.PHONE)

NAMED: dict[str, str] = {
    "police": "17-police-secours",
    "europe": "112-urgence-europeenne",
    "silent": "114-urgence-par-sms",
    "medical": "15-samu",
    "children": "119-allo-enfance-en-danger",
    "suicide": "3114-prevention-du-suicide",
    "missing": "116-000-enfants-disparus",
    "bed": "115-samu-social",
    "online": "3018-violences-numeriques",
    "couple": "3919-violences-femmes-info",
    "rape": "viols-femmes-informations",
    "childhood": "ligne-violences-sexuelles-enfance",
    "labour": "ccem",
    "drugs": "drogues-info-service",
    "minors_chat": "espace-mineurs-ma-securite",
}
SECONDS_KEPT = 60.0
FIRST = ("police", "silent", "children", "medical", "suicide")


@dataclass
class _Kept:
    """All the numbers and when they were read (monotonic seconds)."""

    numbers: Numbers = field(default_factory=dict)
    read_at: float = float("-inf")


_kept = _Kept()


def numbers(*names: str) -> Numbers:
    """Phone and SMS numbers of services that pages name; absent when unpublished.

    Every first page of somebody in danger asks for them: each process reads them again after a minute, so that is how
    long a correction can take to show.
    """
    if time.monotonic() - _kept.read_at > SECONDS_KEPT:
        _kept.numbers = read()
        _kept.read_at = time.monotonic()
    return {name: _kept.numbers[name] for name in names if name in _kept.numbers}


def forget() -> None:
    """Read again at the next page (after the directory has changed)."""
    _kept.read_at = float("-inf")


def read() -> Numbers:
    """The numbers as the directory has them now: of published services, open to all."""
    slugs = {slug: name for name, slug in NAMED.items()}
    channels = (
        AccessChannel.objects.open_to_all()
        .filter(service__status=Service.Status.PUBLISHED, service__slug__in=slugs, kind__in=WORST_FIRST)
        .select_related("service")
        .only("kind", "value", "note", "service__slug")
    )
    best_last = sorted(channels, key=lambda channel: (WORST_FIRST.index(channel.kind), -channel.pk))
    return {slugs[channel.service.slug]: way(channel) for channel in best_last}
