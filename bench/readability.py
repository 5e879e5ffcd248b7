"""How easy French pages are to read: Flesch's ease for French, and words a sentence, of what stands in <main>.

`python -m bench.readability` prints them for the database of DATABASE_URL, which holds the real starter directory.
Labels of one or two words are no sentences and are left out; so is what a visitor does not see. The syllables are
textstat's, which finds a little too few in French: the ease is there to compare pages, the sentences to be believed.
"""

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import textstat
from django.db import transaction
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.test import Client
from django.test.utils import override_settings
from django.urls import reverse
from django.utils import translation

from bench import synthetic_referrals
from bench.figures import against, shown, table
from resources.models import Service

HEADS = ("", "mots", "facilité (Flesch) / but", "mots par phrase / but", "phrases longues")
LEAST_EASE, MOST_WORDS = 70, 12
LONG = 20  # words
LABEL = 2  # words
WITHOUT_WORDS = frozenset({"head", "script", "style", "template", "svg", "option"})
WITHOUT_END = frozenset({"input", "meta", "link", "br", "img", "hr"})
INSIDE_A_SENTENCE = frozenset({"a", "b", "bdi", "code", "em", "span", "strong", "time"})
ENDS = re.compile(r"[.!?…:]$")
QUESTIONS: dict[str, dict[str, Any]] = {
    "danger": {"danger_now": "no"},
    "âge": {"age_band": "15-17"},
    "besoins": {"needs": ["ecoute"]},
    "lieu": {"departement": "93"},
    "délai": {"urgency": "24h"},
    "qui": {"gender": "female", "language": "fr"},
}
STEPS = ("danger", "age", "needs", "where", "when", "who")

# In English, its first language, it would fetch a dictionary.
textstat.set_lang("fr")


class Sentences(HTMLParser):
    """Texts of <main>, one a block, as a visitor sees them; hidden fields that the next address needs."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.blocks: list[str] = []
        self.carried: dict[str, str] = {}
        self.links: list[str] = []
        self._text = ""
        self._inside: list[tuple[str, bool]] = []
        self.feed(page)
        self._end_of_block()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """A block begins, or something that is not seen."""
        named = dict(attributes)
        if tag == "a":
            self.links.append(named.get("href") or "")
        if tag == "input" and named.get("type") == "hidden":
            self.carried[named.get("name") or ""] = named.get("value") or ""
        if tag not in INSIDE_A_SENTENCE:
            self._end_of_block()
        is_unseen = tag in WITHOUT_WORDS or "hidden" in named or "sr" in (named.get("class") or "").split()
        if tag not in WITHOUT_END:
            self._inside.append((tag, is_unseen))

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """A shape of a drawing says nothing."""

    def handle_endtag(self, tag: str) -> None:
        """A block ends, with those inside it that have no end."""
        if tag not in INSIDE_A_SENTENCE:
            self._end_of_block()
        while self._inside and self._inside.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        """Words of the block."""
        if ("main", False) in self._inside and not any(is_unseen for _tag, is_unseen in self._inside):
            self._text += data

    def _end_of_block(self) -> None:
        """Keep the block when it says something."""
        text = " ".join(self._text.replace("’", "'").split())
        self._text = ""
        if len(re.findall(r"\w+", text)) > LABEL:
            self.blocks.append(text if ENDS.search(text) else f"{text}.")

    def text(self) -> str:
        """All blocks; the two points that French sets before what explains end a sentence as a full stop does."""
        return re.sub(r"\s[:;](\s|$)", ". ", " ".join(self.blocks))

    def long_sentences(self) -> list[str]:
        """Sentences that are too long for somebody who is tired."""
        return [one for one in re.split(r"(?<=[.!?…])\s+", self.text()) if textstat.lexicon_count(one) > LONG]


def pages(client: Client) -> Iterator[tuple[str, Sentences]]:
    """Pages in the order in which somebody meets them: the first and where it leads, those that explain, a service,
    and writing."""
    home = reverse("resources:home")
    first = seen(client.get(home))
    yield "accueil", first
    explained = reverse("resources:explained")
    links = [*first.links, *(link for link in seen(client.get(explained)).links if link.startswith(explained))]
    for path in dict.fromkeys(urlsplit(link).path for link in links if link.startswith(home) and "?" not in link):
        if path != home:
            yield path.removeprefix(home).strip("/"), seen(client.get(path))
    slug = Service.objects.published().order_by("slug").values_list("public_id", flat=True)[0]
    yield "une adresse", seen(client.get(reverse("resources:service", args=[slug])))
    yield "proposer", seen(client.get(reverse("referrals:suggest")))
    yield from writing(client)


def writing(client: Client) -> Iterator[tuple[str, Sentences]]:
    """Each question, the letter, and the pages of the code."""
    write, back = reverse("referrals:write"), reverse("referrals:come_back")
    page = seen(client.get(write, {"pour": "moi"}))
    for step, (name, said) in zip(STEPS, QUESTIONS.items(), strict=True):
        yield f"écrire : {name}", page
        page = seen(client.post(write, {"e": page.carried["e"], "step": step, **said}, follow=True))
    yield "écrire : la lettre", page
    answers = {name: value for said in QUESTIONS.values() for name, value in said.items()}
    sent = client.post(write, {**answers, "referrer": "self", "text": "Bonjour.", "consent": "yes"})
    address = sent.headers["Location"]
    yield "écrire : le code", seen(client.get(address))
    yield "écrire : deux mots", seen(client.get(f"{address}&p=2"))
    yield "revenir", seen(client.get(back))


def seen(response: HttpResponseBase) -> Sentences:
    """The page that was answered; its address is right."""
    assert isinstance(response, HttpResponse), "a page is not streamed"
    assert response.status_code == 200, response.status_code
    return Sentences(response.content.decode())


def row(name: str, page: Sentences) -> list[str]:
    """One line: how easy the page is."""
    text = page.text()
    return [
        name,
        shown(textstat.lexicon_count(text), 0),
        against(textstat.flesch_reading_ease(text), LEAST_EASE, at_least=True),
        against(textstat.words_per_sentence(text), MOST_WORDS),
        shown(len(page.long_sentences()), 0),
    ]


def main() -> None:
    """Print the table. Teams that can be written to are made for it, and unmade."""
    with override_settings(ALLOWED_HOSTS=["testserver"]), translation.override("fr"), transaction.atomic():
        synthetic_referrals.make_teams()
        found = list(pages(Client()))
        transaction.set_rollback(True)
    title = "Lecture : pages en français, texte de <main>"
    sys.stdout.write(table(title, HEADS, [row(name, page) for name, page in found]))
    sys.stdout.writelines(f"  {name} : {sentence}\n" for name, page in found for sentence in page.long_sentences())


if __name__ == "__main__":
    main()
