"""Public pages: what they say, what they carry, and what they must never give away."""

import functools
import gc
import gzip
import json
import re
from collections.abc import Iterator
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, ModuleType
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation
from django.utils.safestring import SafeString
from pytest_django import DjangoAssertNumQueries, Settings

from config import assets, styleguide
from config.styleguide import contrast
from resources import hours, numbers, sealed
from resources.models import AccessChannel, Service
from resources.vocabulary import CODE_OF_NEED, DEPARTEMENTS
from tests.builders import a_channel, a_place, a_service, a_translation, agreed_by_two, index, many_services

pytestmark = pytest.mark.django_db

TITLES: dict[str, tuple[str, str]] = {
    "": ("Éclaircie", "Éclaircie"),
    "urgence/": ("Numéros – Éclaircie", "Numbers – Éclaircie"),
    "annuaire/": ("Adresses – Éclaircie", "Services – Éclaircie"),
    "pro/": ("Professionnels – Éclaircie", "Professionals – Éclaircie"),
    "donnees/": ("Données – Éclaircie", "Data – Éclaircie"),
    "donnees/qualite/": ("Données – Éclaircie", "Data – Éclaircie"),
    "mentions-legales/": ("Mentions légales – Éclaircie", "Legal notice – Éclaircie"),
    "confidentialite/": ("Confidentialité – Éclaircie", "Privacy – Éclaircie"),
    "accessibilite/": ("Accessibilité – Éclaircie", "Accessibility – Éclaircie"),
    "traces/": ("Aide – Éclaircie", "Help – Éclaircie"),
    "nulle-part/": ("Page introuvable – Éclaircie", "Page not found – Éclaircie"),
}
HEADINGS: dict[str, str] = {
    "": "Tu peux demander de l’aide.",
    "urgence/": "Qui appeler maintenant",
    "annuaire/": "Qui peut t’aider",
    "pro/": "Vous accompagnez quelqu’un",
    "donnees/": "Données ouvertes",
    "donnees/qualite/": "Ce qui existe, ce qui manque",
    "mentions-legales/": "Mentions légales",
    "confidentialite/": "Confidentialité",
    "accessibilite/": "Accessibilité : non conforme",
    "traces/": "Naviguer sans laisser de traces",
    "nulle-part/": "Cette page n’existe pas.",
}
FETCHED = {"src", "srcset", "poster", "data", "background"}
ROOM_ON_THE_WIRE = 14 * 1024
# Words that a person may refuse, or that would tell somebody behind her what she reads.
TELLING = re.compile(r"victime|prostitu|exploit|viol\b|violence|suicid|escort", re.IGNORECASE)


class Seen(HTMLParser):
    """What a test wants to know of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.title = self.heading = ""
        self.exits = 0
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.hidden: dict[str, str] = {}
        self.fields: dict[str, str] = {}
        self.words: list[str] = []
        self._inside: list[str] = []
        # Where a long address may go on to the next line, no word ends.
        self.feed(text.replace("<wbr>", ""))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Addresses, exits and fields."""
        named = {name: value or "" for name, value in attributes}
        self._inside.append(tag)
        self.exits += named.get("id") == "quitter"
        self.fetched += [value for name, value in named.items() if name in FETCHED]
        if tag == "link" and named.get("rel") in {"icon", "stylesheet", "preload", "preconnect", "manifest"}:
            self.fetched.append(named["href"])
        if tag == "a":
            self.links.append(named["href"])
        if tag == "input":
            kept = self.hidden if named.get("type") == "hidden" else self.fields
            kept[named["name"]] = named.get("value", "")

    def handle_data(self, data: str) -> None:
        """Title, main heading, and all the words; spaces that do not break count as spaces."""
        data = data.replace("\N{NO-BREAK SPACE}", " ")
        inside = self._inside[-1] if self._inside else ""
        if inside == "title" and "svg" not in self._inside:
            self.title += data
        elif inside == "h1":
            self.heading += data
        if inside not in {"style", "script"} and data.strip():
            self.words.append(data.strip())

    def handle_endtag(self, tag: str) -> None:
        """Leave an element, with those inside it that have no end."""
        while self._inside and self._inside.pop() != tag:
            pass


def see(client: Client, address: str, *, status: int = 200) -> Seen:
    """A page, whose status is right."""
    response = client.get(address)
    assert response.status_code == status
    return Seen(response.content.decode())


def emergency_services() -> None:
    """The five numbers of the first page."""
    for slug, kind, number in (
        ("17-police-secours", "phone", "17"),
        ("114-urgence-par-sms", "sms", "114"),
        ("119-allo-enfance-en-danger", "phone", "119"),
        ("15-samu", "phone", "15"),
        ("3114-prevention-du-suicide", "phone", "3114"),
    ):
        service = a_service(slug=slug, name=slug, kind="hotline", needs=["urgence"], indexed=False)
        a_channel(service, kind=kind, value=number)
        index(service)


def hide(service: Service) -> None:
    """Two moderators take a service away."""
    with agreed_by_two(service):
        Service.objects.filter(pk=service.pk).update(status=Service.Status.HIDDEN)


@pytest.mark.parametrize("path", TITLES)
@pytest.mark.parametrize(("language", "position"), [("fr", 0), ("en", 1)])
def test_a_page_tells_nothing_and_can_be_left(client: Client, path: str, language: str, position: int) -> None:
    emergency_services()

    response = client.get(f"/{language}/{path}")

    seen = Seen(response.content.decode())
    assert response.status_code == (404 if path == "nulle-part/" else 200)
    assert seen.title == TITLES[path][position]
    assert TELLING.search(seen.title) is None
    assert seen.exits == 1
    assert seen.links.count(settings.EXIT_URLS[language]) == 2
    assert [address for address in seen.fetched if not address.startswith("data:")] == []
    assert dict(response.cookies) == {}
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Content-Language"] == language


@pytest.mark.parametrize("path", HEADINGS)
def test_a_page_speaks_french_first(client: Client, path: str) -> None:
    with translation.override("en"):
        response = client.get(f"/fr/{path}")

    assert Seen(response.content.decode()).heading == HEADINGS[path]


@pytest.mark.parametrize("path", TITLES)
def test_a_page_fits_in_the_first_answer_of_a_bad_network(client: Client, path: str) -> None:
    emergency_services()

    assert len(gzip.compress(client.get(f"/fr/{path}").content, 6)) <= ROOM_ON_THE_WIRE


def test_the_style_sheet_and_the_script_stay_small() -> None:
    static = Path(settings.BASE_DIR) / "static"

    assert sum((static / name).stat().st_size for name in ("site.css", "cards.css", "finding.css")) <= 22 * 1024
    for second in ("aloud.js", "quiet.js"):  # no page has both
        assert sum((static / name).stat().st_size for name in ("site.js", second)) <= 8 * 1024


@pytest.mark.parametrize("name", ["site.css", "cards.css", "finding.css", "writing.css"])
def test_a_style_sheet_can_be_read_from_right_to_left(name: str) -> None:
    physical = re.compile(
        r"(?:^|[;{\s])((?:margin|padding|border)-(?:left|right|top|bottom)|(?:left|right|top|bottom|width|height)\s*:)",
        re.MULTILINE,
    )

    assert physical.findall(assets.source(name)) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_seven_to_one(scheme: str) -> None:
    known = styleguide.colours(at_night=scheme == "dark")

    assert [pair for pair in styleguide.READ if contrast(known[pair[0]], known[pair[1]]) < 7] == []
    assert [pair for pair in styleguide.SEEN if contrast(known[pair[0]], known[pair[1]]) < 3] == []


def test_the_first_page_shows_the_numbers_that_the_directory_has(client: Client) -> None:
    emergency_services()
    hide(Service.objects.get(slug="15-samu"))

    links = see(client, "/fr/").links

    assert [link for link in links if link.startswith(("tel:", "sms:"))] == ["tel:17", "sms:114", "tel:119", "tel:3114"]


def test_the_map_and_the_list_lead_to_the_same_places(client: Client) -> None:
    links = [link for link in see(client, "/fr/").links if "departement=" in link]

    assert links == 2 * [f"/fr/annuaire/?departement={code}" for code in DEPARTEMENTS]


def test_needs_stand_in_addresses_as_codes(client: Client) -> None:
    links = [link for link in see(client, "/fr/").links if "need=" in link]

    assert links == [f"/fr/annuaire/?need={code}" for need, code in CODE_OF_NEED.items() if need != "urgence"]
    assert [link for link in links if TELLING.search(link)] == []


def test_what_is_searched_never_stands_in_an_address(client: Client) -> None:
    service = a_service(name="Un abri", needs=["hebergement"], description="Dormir au chaud", phones=["0199001122"])

    answer = client.post(
        "/fr/annuaire/", {"q": "je veux dormir au chaud", "departement": "", "need": "n2", "near": "Bobigny"}
    )

    address = answer.headers["Location"]
    assert (answer.status_code, address.split("r=")[0]) == (303, "/fr/annuaire/?need=n2&")
    assert [word for word in ("dormir", "chaud", "Bobigny") if word.lower() in address.lower()] == []
    seen = see(client, address)
    assert seen.fields["q"] == "je veux dormir au chaud"
    assert seen.fields["near"] == "Bobigny"
    assert seen.title == "Adresses – Éclaircie"
    assert [word for link in seen.links for word in ("dormir", "obigny") if word in link] == []
    assert next(link for link in seen.links if service.public_id in link).startswith(
        f"/fr/annuaire/{service.public_id}/?need=n2&r="
    )


PROGRAM = (ModuleType, FunctionType, BuiltinFunctionType)
TEXTS = (str, SafeString)


def remembered() -> Iterator[str]:
    """Every text that the process keeps between two requests in what remembers arguments or answers."""
    waiting: list[object] = [kept for kept in gc.get_objects() if type(kept) is functools._lru_cache_wrapper]
    seen: set[int] = set()
    while waiting:
        found = waiting.pop()
        if id(found) in seen or issubclass(type(found), (type, *PROGRAM)):
            continue
        seen.add(id(found))
        if type(found) in TEXTS:
            yield str(found)
        waiting += gc.get_referents(found)


def test_nothing_that_was_typed_is_remembered(client: Client) -> None:
    a_service(name="Un abri", needs=["hebergement"], departements=["93"], phones=["0199001122"])
    asked = {"q": "dormir zorglubine", "near": "boBigNy", "need": "n2", "age": "15-17"}

    page = client.get(client.post("/fr/annuaire/", asked).headers["Location"]).content.decode()
    lost = client.post("/fr/annuaire/", {**asked, "near": "boBigNyx"})
    again = client.get(lost.headers["Location"]).content.decode()

    kept = set(remembered())
    assert "zorglubine" in page
    assert "boBigNy" in page
    assert "boBigNyx" in again
    assert any("Préciser" in text or "Aller au contenu" in text for text in kept)
    assert [text for text in kept if "zorglubine" in text.lower() or "boBigNy" in text] == []


def test_no_distance_is_remembered(client: Client) -> None:
    a_place(a_service(name="Un abri", needs=["hebergement"], departements=["93"]))

    page = client.get("/fr/annuaire/?need=n2&near=Montreuil").content.decode()

    assert re.search(r"à environ \d+ km", page)
    assert [text for text in remembered() if re.search(r"\d km", text)] == []


def test_words_in_an_old_address_are_sealed_at_once(client: Client) -> None:
    answer = client.get("/fr/annuaire/", {"q": "dormir", "departement": "93"})

    assert (answer.status_code, answer.headers["Location"].split("r=")[0]) == (303, "/fr/annuaire/?departement=93&")


def test_nothing_asked_leads_to_the_bare_page(client: Client) -> None:
    answer = client.post("/fr/annuaire/", {"q": "  ", "departement": "", "age": ""})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/fr/annuaire/")


def test_a_seal_that_is_gone_is_said(client: Client) -> None:
    words = see(client, "/fr/annuaire/?r=perdu").words

    assert "Ta recherche est effacée : on ne la garde que 15 minutes. Écris-la encore une fois." in words


def test_typed_markup_is_shown_as_text(client: Client) -> None:
    typed = '"><script>alert(1)</script>'
    address = client.post("/fr/annuaire/", {"q": typed}).headers["Location"]

    response = client.get(address)

    assert b"<script>alert" not in response.content
    assert Seen(response.content.decode()).fields["q"] == typed


def test_an_unknown_filter_is_left_out_and_said(client: Client) -> None:
    a_service(name="Ici", departements=["93"])

    seen = see(client, "/fr/annuaire/?departement=93&need=rien", status=400)

    assert "On ne connaît pas un des filtres. Il est enlevé." in seen.words
    assert "Ici" in seen.words
    assert [link for link in seen.links if "need=rien" in link and link.startswith("/fr/")] == []


def test_an_unknown_place_is_shown_again_with_its_error(client: Client) -> None:
    address = client.post("/fr/annuaire/", {"near": "Nulle-Part-les-Bains"}).headers["Location"]

    seen = see(client, address, status=400)

    assert seen.fields["near"] == "Nulle-Part-les-Bains"
    assert "Lieu inconnu" in seen.words


def test_links_do_not_grow_with_what_is_sent(client: Client) -> None:
    sent = {
        "need": ",".join(["n2", "hebergement"] * 500),
        "open_now": "x" * 5000,
        "near": "93000" + " " * 95 + "y" * 5000,
    }

    seen = see(client, "/fr/annuaire/?" + urlencode(sent | {"departement": "93"}))

    carried = [link for link in seen.links if "departement=93" in link and "/annuaire/?" in link and "/en/" not in link]
    assert carried
    assert max(map(len, carried)) < 150


def test_needs_in_any_number_are_one_choice(client: Client) -> None:
    links = see(client, "/fr/annuaire/?need=juridique, n2,n4&need=n2&departement=93&open_now=yes").links

    assert "/fr/annuaire/?need=n4,n2&open_now=1" in links


def test_a_filter_goes_away_in_one_tap(client: Client) -> None:
    links = see(client, "/fr/annuaire/?need=n2&departement=93&age=16").links

    lighter = [
        "/fr/annuaire/?departement=93&age=16",
        "/fr/annuaire/?need=n2&age=16",
        "/fr/annuaire/?need=n2&departement=93",
    ]
    assert [link for link in links if link in lighter] == lighter


def test_a_guess_is_a_button_that_keeps_the_filters(client: Client) -> None:
    a_service(name="Hébergement du soir", departements=["93"])
    address = client.post("/fr/annuaire/", {"q": "hebergemnt", "departement": "93"}).headers["Location"]

    assert see(client, address).hidden == {"departement": "93", "q": "hébergement"}


def test_danger_puts_numbers_above_everything(client: Client) -> None:
    emergency_services()
    address = client.post("/fr/annuaire/", {"q": "je veux mourir ce soir"}).headers["Location"]

    seen = see(client, address)

    assert "Si c’est maintenant" in seen.words
    assert next(link for link in seen.links if link.startswith("tel:")) == "tel:3114"


def test_no_result_still_helps(client: Client) -> None:
    emergency_services()
    for line in Service.objects.all():
        line.departements = ["75"]
        with agreed_by_two(line):
            line.save()
    index(*Service.objects.all())

    seen = see(client, "/fr/annuaire/?departement=93")

    assert "Aucune adresse" in seen.words
    numbers = ["tel:17", "sms:114", "tel:119", "tel:15", "tel:3114"]
    assert [link for link in seen.links if link.startswith(("tel:", "sms:"))] == numbers


@pytest.mark.parametrize("language", ["fr", "en"])
def test_letters_that_are_no_words_lead_to_what_may_be_chosen(client: Client, language: str) -> None:
    a_service(needs=["ecoute"])

    asked = client.post(f"/{language}/annuaire/", {"q": "xylqz"})
    page = client.get(asked["Location"]).content.decode()

    assert page.count('<a href="#choisir">') == 1
    assert page.count('<h2 id="choisir">') == 1


def test_results_are_read_page_by_page(client: Client) -> None:
    index(*many_services(21, needs=["ecoute"]))

    first, second = see(client, "/fr/annuaire/?need=n1"), see(client, "/fr/annuaire/?need=n1&page=2")

    assert "/fr/annuaire/?need=n1&page=2" in first.links
    assert "21 adresses" in first.words
    shown = re.compile(r"/fr/annuaire/[2-9a-hjkmnp-tv-z]{8}/")  # short ids: no o, so not «proposer»
    assert [sum(bool(shown.match(link)) for link in page.links) for page in (first, second)] == [20, 1]


def test_a_correction_shows_in_a_list_at_once(client: Client) -> None:
    """Cards are kept by all that they say."""
    service = a_service(name="Ancien nom", needs=["ecoute"], phones=["0199001122"])
    before = client.get("/fr/annuaire/?need=n1").content.decode()
    Service.objects.filter(pk=service.pk).update(name="Nouveau nom")
    with agreed_by_two(service, channels=[AccessChannel(kind="phone", value="0199003344")]):
        service.channels.update(value="0199003344")

    after = client.get("/fr/annuaire/?need=n1").content.decode()

    assert ["Ancien nom" in before, "tel:0199001122" in before] == [True, True]
    told = ("Ancien nom", "tel:0199001122", "Nouveau nom", "tel:0199003344")
    assert [words in after for words in told] == [False, False, True, True]


def test_emergency_numbers_are_read_again_after_a_minute(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Till then a process shows the one it knows; what only professionals may know is never among them."""
    police = a_service(slug="17-police-secours", phones=["17"])
    a_channel(police, value="0155555555", visibility="professionals")
    first = client.get("/fr/").content.decode()
    hide(police)

    soon = client.get("/fr/").content.decode()
    monkeypatch.setattr(numbers, "SECONDS_KEPT", 0.0)
    later = client.get("/fr/").content.decode()

    assert ["tel:17" in text for text in (first, soon, later)] == [True, True, False]
    assert ["0155555555" in text for text in (first, soon, later)] == [False, False, False]


@pytest.mark.parametrize("how_many", [3, 25])
def test_a_list_costs_the_same_at_any_length(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, how_many: int
) -> None:
    for _ in range(how_many):
        a_place(a_service(needs=["ecoute"], phones=["0199001122"], website="https://exemple.fr"))
    hours.hours_in_use()

    with django_assert_num_queries(2):
        client.get("/fr/annuaire/?need=n1")


def test_a_service_shows_its_number_first_and_no_more_than_it_may(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    service = a_service(
        name="La Fenêtre",
        phones=["0142356128"],
        opening_hours="24/7",
        departements=["93"],
        genders=["female"],
        gender_rule="only",
        min_age=15,
        max_age=25,
        age_rule="first",
        moderator_note="note secrète",
    )
    a_channel(service, value="0155555555", visibility="professionals")
    a_place(service, confidential=True)

    with django_assert_num_queries(3):
        response = client.get(f"/fr/annuaire/{service.public_id}/?need=n2")

    text = response.content.decode()
    seen = Seen(text)
    assert seen.title == "Adresse – Éclaircie"
    assert seen.heading == "La Fenêtre"
    assert [link for link in seen.links if link.startswith("tel:")] == ["tel:0142356128"]
    assert [
        word for word in ("01 42 35 61 28", "Jour et nuit", "Vérifié par téléphone le 01/11/2026") if word in text
    ] == [
        "01 42 35 61 28",
        "Jour et nuit",
        "Vérifié par téléphone le 01/11/2026",
    ]
    assert "Filles et femmes · de 15 à 25 ans en priorité" in seen.words
    assert "Adresse donnée par téléphone · Seine-Saint-Denis (93)" in seen.words
    assert [secret for secret in ("0155555555", "01 55 55 55 55", "Bobigny", "note secrète") if secret in text] == []
    assert "/fr/annuaire/?need=n2" in seen.links


def test_a_service_describes_itself_to_machines(client: Client) -> None:
    service = a_service(name="</script><b>gras", phones=["0142356128"])

    text = client.get(f"/fr/annuaire/{service.public_id}/").content.decode()

    described = re.search(r'<script type="application/ld\+json">(.*?)</script>', text, re.DOTALL)
    assert described is not None
    assert json.loads(described[1])["name"] == "</script><b>gras"
    assert "<b>gras" not in text


@pytest.mark.parametrize("status", [Service.Status.PENDING, Service.Status.HIDDEN])
@pytest.mark.parametrize("below", ["", "vcard/"])
def test_what_is_not_published_is_not_there_and_the_page_still_helps(client: Client, status: str, below: str) -> None:
    emergency_services()
    service = a_service(name="Pas encore", status=status)

    seen = see(client, f"/fr/annuaire/{service.public_id}/{below}", status=404)

    assert "Pas encore" not in seen.words
    numbers = ["tel:17", "sms:114", "tel:119", "tel:15", "tel:3114"]
    assert [link for link in seen.links if link.startswith(("tel:", "sms:"))] == numbers


def test_a_contact_bears_the_name_that_was_chosen(client: Client) -> None:
    service = a_service(name="Ligne secrète", phones=["0142356128"])

    response = client.post(f"/fr/annuaire/{service.public_id}/vcard/", {"name": "Tata Jeanne"})

    assert response.headers["Content-Disposition"] == 'attachment; filename="contact.vcf"'
    assert "FN:Tata Jeanne\r\n" in response.content.decode()
    assert "secrète" not in response.content.decode()


@pytest.mark.parametrize("how_many", [1, 4])
def test_the_page_for_professionals_costs_the_same_at_any_length(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, how_many: int
) -> None:
    for _ in range(how_many):
        a_place(a_service(for_professionals=True, phones=["0199001122"]))

    with django_assert_num_queries(4):
        client.get("/fr/pro/")


def test_professionals_see_whom_to_tell_in_each_departement(client: Client) -> None:
    emergency_services()
    a_service(slug="crip-92", name="CRIP 92", kind="reporting", departements=["92"], phones=["0800009292"])
    a_service(name="Centre de ressources", for_professionals=True)
    a_service(name="Pour tous")

    seen = see(client, "/fr/pro/")

    departements = [f"{name} ({code})" for code, name in DEPARTEMENTS.items()]
    assert [word for word in seen.words if re.search(r" \(\d\d\)$", word)] == [
        *departements,  # cells
        *departements,  # leaflets
    ]
    called = [link for link in seen.links if link.startswith("tel:")]
    assert called == ["tel:17", "tel:119", *4 * ["tel:119"], "tel:0800009292", *3 * ["tel:119"]]
    assert ("Centre de ressources" in seen.words, "Pour tous" in seen.words) == (True, False)


def test_the_other_language_keeps_the_page_and_the_filters(client: Client) -> None:
    links = see(client, "/fr/annuaire/?need=n2&departement=93").links

    assert [link for link in links if link.startswith("/en/")] == ["/en/annuaire/?need=n2&departement=93"]


def test_the_legal_notice_says_what_is_missing(client: Client, settings: Settings) -> None:
    settings.PUBLISHER = {"name": "Association Aube", "address": "1 rue du Port", "phone": "", "director": "A. Martin"}
    settings.HOSTING_PROVIDER = "Hébergeur SA"

    words = see(client, "/fr/mentions-legales/").words

    assert [word for word in words if word in {"Association Aube", "1 rue du Port", "A. Martin", "Hébergeur SA"}] == [
        "Association Aube",
        "1 rue du Port",
        "A. Martin",
        "Hébergeur SA",
    ]
    assert words.count("à compléter avant l’ouverture au public") == 1


def test_leaving_makes_the_browser_forget_the_pages_it_holds(client: Client) -> None:
    answer = client.post("/x")

    assert (answer.status_code, answer.content, answer.headers["Clear-Site-Data"]) == (204, b"", '"cache"')
    assert client.get("/x").status_code == 405


def test_the_page_of_a_breakdown_needs_no_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.raise_request_exception = False

    def broken(*_names: str) -> None:
        raise RuntimeError

    monkeypatch.setattr("resources.views.numbers", broken)

    seen = see(client, "/fr/", status=500)

    numbers = ["tel:17", "sms:114", "tel:119", "tel:15", "tel:112", "tel:3114"]
    assert [link for link in seen.links if link.startswith(("tel:", "sms:"))] == numbers
    assert (seen.title, seen.exits) == ("Panne – Éclaircie", 1)


def test_a_sealed_search_says_its_words_to_the_site_only() -> None:
    token = sealed.seal("dormir\nBobigny")

    assert ("dormir" in token, "Bobigny" in token, sealed.unseal(token)) == (False, False, "dormir\nBobigny")


def test_an_expired_check_is_said(client: Client) -> None:
    service = a_service(verified_on=date(2025, 1, 1), verified_until=date(2025, 6, 1))

    assert "À vérifier" in see(client, f"/fr/annuaire/{service.public_id}/").words


def test_hours_that_are_none_break_no_page(client: Client) -> None:
    service = a_service(opening_hours="Mo-Fr 25:99-:: 10:00")

    for path in ("annuaire/", "annuaire/?open_now=1", f"annuaire/{service.public_id}/"):
        page = client.get(f"/fr/{path}").content.decode()
        assert service.name in page
        assert "Horaires non précisés" in page
        assert service.opening_hours not in re.sub("<script.*?</script>", "", page, flags=re.DOTALL)


@pytest.mark.parametrize(
    ("number", "free", "said", "unsaid"),
    [
        ("119", None, '<dt>Appel gratuit</dt><dd><bdi dir="ltr">119</bdi></dd>', "<dt>Gratuit</dt>"),
        ("3919", None, "<dt>Gratuit</dt><dd>non précisé</dd>", "Appel gratuit"),
        ("+33142356128", True, "<dt>Gratuit</dt><dd>oui</dd>", "Appel gratuit"),
    ],
)
def test_a_call_is_said_to_be_free_only_where_the_numbering_plan_says_so(
    client: Client, *, number: str, free: bool | None, said: str, unsaid: str
) -> None:
    service = a_service(needs=["ecoute"], free=free)
    a_channel(service, value=number)

    page = client.get(f"/fr/annuaire/{service.public_id}/").content.decode()

    assert said in page
    assert unsaid not in page


def test_a_free_number_that_only_professionals_may_know_is_not_said(client: Client) -> None:
    service = a_service(needs=["ecoute"])
    a_channel(service, value="0800059595", visibility="professionals")

    page = client.get(f"/fr/annuaire/{service.public_id}/").content.decode()

    assert "<dt>Gratuit</dt>" in page
    assert [told for told in ("Appel gratuit", "0 800 05 95 95", "0800059595") if told in page] == []


def test_what_a_service_says_of_itself_is_read_in_english_when_it_is_there(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    service = a_service(
        needs=["ecoute"],
        description="Un lieu calme. On t’écoute.",
        what_happens="On te rappelle.",
        saturation="full",
        saturation_note="Rappelle lundi.",
    )
    a_translation(service, field="description", text="A quiet place. Somebody listens.")
    a_translation(service, field="saturation_note", text="Call again on Monday.")
    hours.hours_in_use()

    with django_assert_num_queries(3):
        page = client.get(f"/en/annuaire/{service.public_id}/").content.decode()
    with django_assert_num_queries(2):
        listed = client.get("/en/annuaire/?need=n1").content.decode()

    assert "<p>A quiet place. Somebody listens.</p>" in page
    assert "No native speaker has read it yet." in page.split("<footer")[0]
    assert '<p lang="fr" dir="auto">On te rappelle.</p>' in page.replace('dir="ltr"', 'dir="auto"')
    assert "<span>Call again on Monday.</span>" in page
    assert "A quiet place. Somebody listens." in listed
    assert "translated with the help of a machine" in listed
    in_french = client.get(f"/fr/annuaire/{service.public_id}/").content.decode()
    assert ("Un lieu calme." in in_french, "A quiet place" in in_french) == (True, False)


def test_a_service_that_nobody_translated_says_so(client: Client) -> None:
    service = a_service(description="Un lieu calme.")

    page = client.get(f"/en/annuaire/{service.public_id}/").content.decode()

    assert "For now this text exists in French only." in page
