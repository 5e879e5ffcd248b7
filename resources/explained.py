"""A page that explains, as people read it: its text in their language, numbers as the directory knows them today."""

from dataclasses import dataclass, replace
from datetime import date

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from resources import cards, prose, translations
from resources.models import AccessChannel, Page, Service
from resources.prose import Named
from resources.tongues import spaced
from resources.translations import Said

# Ways in by the word that names them in a text, the best first.
KINDS: dict[str, tuple[str, ...]] = {
    "numero": (AccessChannel.Kind.PHONE, AccessChannel.Kind.SMS),
    "site": (AccessChannel.Kind.CHAT, AccessChannel.Kind.WEB),
}
Ways = dict[tuple[str, str], cards.Way]


@dataclass(frozen=True, slots=True)
class Titled:
    """A page in a list."""

    slug: str
    title: Said
    lead: Said


@dataclass(frozen=True, slots=True)
class Explained:
    """A page ready to be shown. Its parts may be in different languages, while a translation is on its way."""

    slug: str
    tab: str
    title: Said
    lead: Said
    text: Said
    body: SafeString

    @property
    def is_machine(self) -> bool:
        """Whether something of it was translated by a machine and read by nobody."""
        return any(one.is_machine for one in (self.title, self.lead, self.text))


def page(found: Page, *, language: str, today: date) -> Explained:
    """The page in that language; it was read with `in_language`. One query: the contacts it names."""
    said = {field: typeset(translations.said(found, field, language=language)) for field in translations.OF_A_PAGE}
    return Explained(
        slug=found.slug,
        tab=said["tab"].text,
        title=said["title"],
        lead=said["lead"],
        text=said["text"],
        body=body(said["text"], language=language, today=today),
    )


def titled(found: Page, *, language: str) -> Titled:
    """Title and first sentence; no query."""
    title, lead = (typeset(translations.said(found, field, language=language)) for field in ("title", "lead"))
    return Titled(found.slug, title, lead)


def typeset(said: Said) -> Said:
    """A French text whose signs never stand alone on a line."""
    return said if said.is_translated else replace(said, text=spaced(said.text))


def body(text: Said, *, language: str, today: date) -> SafeString:
    """A text as HTML: links lead to pages in the language that is read, even where the text is in French."""
    ways = ways_in(prose.slugs(text.text), today=today)

    def put(row: tuple[Named, ...]) -> str:
        shown = [(one, way) for one in row if (way := ways.get((one.slug, one.kind)))]
        numbers = [(way, one.words) for one, way in shown if way.is_number]
        links = [(way, one.words) for one, way in shown if not way.is_number]
        return render_to_string("resources/explained/ways.html", {"numbers": numbers, "links": links}) if shown else ""

    return prose.render(text.text, language=language, put=put)


def ways_in(slugs: set[str], *, today: date) -> Ways:
    """Ways in of services that are published and whose check still holds, by slug and by the word that names them."""
    if not slugs:
        return {}
    trusted = Service.objects.published().filter(slug__in=slugs, verified_until__gte=today)
    channels = (
        AccessChannel.objects.open_to_all()
        .filter(service__in=trusted, kind__in=[kind for kinds in KINDS.values() for kind in kinds])
        .select_related("service")
        .only("kind", "value", "note", "service__slug")
    )
    found: Ways = {}
    for word, kinds in KINDS.items():
        for channel in sorted(channels, key=lambda channel: channel.pk):
            known = found.get((channel.service.slug, word))
            if channel.kind in kinds and (known is None or kinds.index(channel.kind) < kinds.index(known.kind)):
                found[channel.service.slug, word] = cards.way(channel)
    return found
