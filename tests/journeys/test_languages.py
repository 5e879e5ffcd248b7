"""The languages of the site: every public page in each of them, with nothing left in French, and from right to left."""

import gzip
import re
from html.parser import HTMLParser

import pytest
from django.test import Client
from playwright.sync_api import Page
from pytest_django import Settings

from referrals import codes
from resources import cards, tongues
from resources.vocabulary import LANGUAGES
from tests.barriers import OWN, ZOOMED, seen
from tests.builders import a_place, a_referral, a_service, a_team
from tests.conftest import Watch
from tests.journeys.test_barriers import told
from tests.public_pages import FRENCH, States, World, a_world, reachable
from tests.referrals.test_envelopes import some_words
from tests.referrals.test_pages_follow import answered
from tests.resources.test_pages import ROOM_ON_THE_WIRE

pytestmark = pytest.mark.django_db(transaction=True)

OTHERS = ("en", "es", "ro", "ar", "pt")
# Elements that never have an end.
SINGLE = frozenset({"meta", "link", "input", "br", "img", "hr"})
SAID = ("aria-label", "data-wait", "data-two", "data-one", "data-over", "data-count", "data-then", "content")
# Three words in a row: fewer can be the same in two languages.
SENTENCE = re.compile(r"(?:\S*[^\W\d_]{2}\S*\s+){2}\S*[^\W\d_]{2}")
# What is the same in all of them: languages by their own names, and what somebody typed.
NAMES = frozenset(LANGUAGES.values())
TYPED = re.compile(r"J’ai besoin|Bonjour\. |Mo-Fr ")


@pytest.fixture
def all_languages(settings: Settings) -> None:
    """A site that is open in its six languages."""
    settings.LANGUAGES = list(settings.LANGUAGE_NAMES.items())


@pytest.fixture
def world() -> World:
    """A directory with every sort of service, two associations that read, and what was sent to them."""
    return a_world()


class Spoken(HTMLParser):
    """Sentences of a page, each with the language that the page says it is in."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.said: list[tuple[str, str]] = []
        self.tongues: list[dict[str, str]] = []
        self.page: dict[str, str] = {}
        self._inside: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """What an element says of itself, and its language."""
        named = {name: value or "" for name, value in attributes}
        language = named.get("lang") or (self._inside[-1][1] if self._inside else "")
        if tag == "html":
            self.page = named
        if "hreflang" in named and "lang" in named:
            self.tongues.append(named)
        if named.get("name") == "viewport":
            return
        self.said += [(language, named[name]) for name in SAID if SENTENCE.search(named.get(name, ""))]
        if tag not in SINGLE:
            self._inside.append((tag, language))

    def handle_endtag(self, tag: str) -> None:
        """Leave an element, with those inside it that have no end."""
        while self._inside and self._inside.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        """Words, but those of programs."""
        tag, language = self._inside[-1] if self._inside else ("", "")
        if tag not in {"style", "script"} and SENTENCE.search(data):
            self.said.append((language, " ".join(data.split())))


def page_of(client: Client, address: str) -> bytes:
    """A page, whatever it has to say."""
    content = bytes(client.get(address).content)
    assert b"<main" in content, address
    return content


def spoken(client: Client, address: str) -> Spoken:
    """The sentences of a page."""
    return Spoken(page_of(client, address).decode())


def left_in_french(french: Spoken, own: Spoken) -> list[str]:
    """Sentences that a page says as the French one does, without saying that they are French."""
    same = {words for _language, words in french.said}
    return [
        words for said_in, words in own.said if said_in == own.page["lang"] and words in same and not is_same(words)
    ]


def is_same(words: str) -> bool:
    """Whether words are not to be translated."""
    return set(words.split(", ")) <= NAMES or TYPED.match(words) is not None


def in_language(address: str, language: str) -> str:
    """The same page in another language."""
    return f"/{language}/{address.removeprefix('/fr/')}"


@pytest.mark.usefixtures("all_languages")
def test_every_page_is_wholly_in_its_language_and_light(client: Client, world: World) -> None:
    left: dict[str, list[str]] = {}
    heavy: dict[str, int] = {}
    addresses = reachable(client, language="fr")

    for address in addresses:
        french = spoken(client, address)
        for language in OTHERS:
            own = in_language(address, language)
            content = page_of(client, own)
            left[own] = left_in_french(french, Spoken(content.decode()))
            weight = len(gzip.compress(content, 6))
            heavy |= {own: weight} if weight > ROOM_ON_THE_WIRE else {}

    assert len(addresses) > 20
    assert (told(left), heavy) == ([], {})


@pytest.mark.usefixtures("all_languages")
def test_arabic_is_whole_in_every_state_and_turns_over(client: Client, world: World, page: Page, watch: Watch) -> None:
    addresses = [address for name, address in States(client, world).all().addresses.items() if name != "nowhere"]
    reached = reachable(client, language="fr")
    found: dict[str, list[str]] = {}
    page.set_viewport_size(ZOOMED)

    for address in [*reached, *addresses]:
        arabic = in_language(address, "ar")
        page.goto(arabic)
        page.evaluate(OWN.read_text(encoding="utf-8"))
        assert page.evaluate("[document.documentElement.lang, document.dir]") == ["ar", "rtl"]
        found[arabic] = [*seen(page, "sideways"), *seen(page, "foreign", FRENCH)]
    left = {one: left_in_french(spoken(client, one), spoken(client, in_language(one, "ar"))) for one in addresses}

    watch.forgive("Failed to load resource")
    assert told(found) == []
    assert told(left) == []


@pytest.mark.usefixtures("all_languages")
def test_the_switch_keeps_the_page_with_what_was_asked(client: Client) -> None:
    sent = client.post("/ar/annuaire/", {"q": "أحتاج مكانا للنوم", "departement": "93"})
    address = sent.headers["Location"]

    shown = spoken(client, address)

    assert re.fullmatch(r"/ar/annuaire/\?departement=93&r=[\w=-]+", address)
    assert shown.page["lang"] == "ar"
    assert [one["hreflang"] for one in shown.tongues] == ["fr", "en", "es", "ro", "pt"]
    assert [one["lang"] for one in shown.tongues] == ["fr", "en", "es", "ro", "pt"]
    assert [one["href"] for one in shown.tongues] == [
        f"/{language}/{address.removeprefix('/ar/')}" for language in ("fr", "en", "es", "ro", "pt")
    ]
    assert Client().get(shown.tongues[0]["href"]).content.decode().count("أحتاج مكانا للنوم") > 0


@pytest.mark.usefixtures("all_languages")
def test_the_same_words_find_the_same_services_on_pages_of_any_language(client: Client) -> None:
    for name in ("Un abri pour la nuit", "Un avocat"):
        a_service(name=name, needs=["hebergement" if "abri" in name else "juridique"], phones=["0199001122"])
    found = {}
    for language in ("fr", *OTHERS):
        sent = client.post(f"/{language}/annuaire/", {"q": "un abri pour dormir"})
        page = client.get(sent.headers["Location"]).content.decode()
        found[language] = re.findall(r"<h2[^>]*><a[^>]*>([^<]*)</a></h2>", page)

    assert found["fr"] != []
    assert {tuple(names) for names in found.values()} == {tuple(found["fr"])}


def test_a_language_that_is_not_opened_is_not_there(client: Client) -> None:
    assert [client.get(f"/{language}/").status_code for language in ("fr", *OTHERS)] == [200, 200, 404, 404, 404, 404]


@pytest.mark.usefixtures("all_languages")
@pytest.mark.parametrize(
    ("asked", "address"),
    [
        ("ar-MA,fr;q=0.5", "/ar/"),
        ("pt-BR", "/pt/"),
        ("ro", "/ro/"),
        ("de,es;q=0.3", "/es/"),
        ("zh", "/fr/"),
        ("", "/fr/"),
    ],
)
def test_the_first_address_asks_the_browser_and_no_cookie(client: Client, asked: str, address: str) -> None:
    client.cookies["django_language"] = "en"

    response = client.get("/", headers={"Accept-Language": asked})

    assert (response.status_code, response.headers["Location"]) == (302, address)
    assert "Accept-Language" in response.headers["Vary"]
    assert dict(response.cookies) == {}


@pytest.mark.usefixtures("all_languages")
def test_a_language_that_nobody_has_read_says_so(client: Client) -> None:
    said = {
        language: "mentions-legales/" in foot(client, language).rpartition("</nav>")[2] for language in ("fr", *OTHERS)
    }

    assert said == {"fr": False, "en": False, "es": True, "ro": True, "ar": True, "pt": True}


def foot(client: Client, language: str) -> str:
    """The foot of a page."""
    return client.get(f"/{language}/urgence/").content.decode().split("<footer")[1]


@pytest.mark.usefixtures("all_languages")
def test_french_names_stay_whole_among_arabic_words(client: Client) -> None:
    service = a_service(departements=["93"], languages=["fr", "ar"], website="https://un-nom.exemple.fr")
    a_place(service)

    arabic = client.get(f"/ar/annuaire/{service.public_id}/").content.decode()
    french = client.get(f"/fr/annuaire/{service.public_id}/").content.decode()

    assert re.search("\u2068[^\u2069]*Bobigny \\(93\\)\u2069", arabic)
    assert "\u2068français\u2069، \u2068العربية\u2069" in arabic
    assert '<bdi dir="ltr">un-nom<wbr>.exemple<wbr>.fr</bdi>' in arabic
    assert "\u2068" not in french
    assert (tongues.apart(""), cards.territory(("93",))) == ("", "Seine-Saint-Denis (93)")


@pytest.mark.usefixtures("all_languages")
def test_a_known_and_an_unknown_code_are_as_long_in_any_language(client: Client) -> None:
    team = a_team()
    sent = a_referral(team, text=some_words(400, seed=1).decode())
    answered(team, sent, some_words(400, seed=2).decode())
    lengths = set()

    for language in OTHERS:
        for code in (sent.code, codes.new_code()):
            address = client.post(f"/{language}/suivi/", {"code": code.words()}).headers["Location"]
            lengths.add(len(client.get(address, headers={"Accept-Encoding": "gzip"}).content))

    assert lengths == {ROOM_ON_THE_WIRE}
