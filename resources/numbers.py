"""The few services that pages name one by one; their numbers are read from the directory at each visit."""

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
FIRST = ("police", "silent", "children", "medical", "suicide")


def numbers(*names: str) -> Numbers:
    """Phone and SMS numbers of services that pages name, as the directory has them now; absent when unpublished."""
    slugs = {NAMED[name]: name for name in names}
    channels = (
        AccessChannel.objects.open_to_all()
        .filter(service__status=Service.Status.PUBLISHED, service__slug__in=slugs, kind__in=WORST_FIRST)
        .select_related("service")
        .only("kind", "value", "note", "service__slug")
    )
    best_last = sorted(channels, key=lambda channel: (WORST_FIRST.index(channel.kind), -channel.pk))
    return {slugs[channel.service.slug]: way(channel) for channel in best_last}
