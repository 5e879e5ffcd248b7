"""Every public page and every state of one, for tests that look at all of them.

Pages are found by following links from the first one, so that a new page is looked at as soon as it can be reached;
what no link leads to stands in `States`.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from html.parser import HTMLParser
from typing import Any

from django.test import Client, RequestFactory
from django.urls import resolve
from django.utils import timezone

from config import views
from referrals import codes, lifecycle
from resources import verification
from resources.models import Service
from tests.builders import Team, a_channel, a_page, a_partner, a_place, a_referral, a_service, a_team, an_answer, index
from tests.referrals.test_pages_write import TEXT, WHOLE, WRITE, goes_to, walk
from tests.resources.test_pages import emergency_services
from tests.signing_in import a_person
from tests.test_public_addresses import every_route, is_closed

MOST_OF_ONE_ROUTE = 8
# What a browser saves or is sent away from, and never shows.
NO_PAGES = {
    "fr/annuaire/<slug:public_id>/pdf/",
    "fr/annuaire/<slug:public_id>/vcard/",
    "fr/annuaire/cartes/",
    "fr/annuaire/pdf/",
    "fr/annuaire/garder/",
    "fr/urgence/garder/",
}
LONG = "Permanence-d’écoute-et-d’accompagnement-socio-éducatif-anticonstitutionnellement-longue"
FRENCH = "Zéphyr"


# --- what is there to be seen ----------------------------------------------------------------------------------------


class Links(HTMLParser):
    """Where a page leads, without what is asked there."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """An address of ours."""
        address = re.split("[?#]", dict(attributes).get("href") or "")[0]
        if tag == "a" and address.startswith("/") and address not in self.found:
            self.found.append(address)


def route_of(address: str) -> str:
    """The route of an address, as the list of public addresses writes it."""
    in_french = re.sub(r"^/\w\w/", "/fr/", address.split("?", maxsplit=1)[0])
    return str(resolve(in_french).route)


def pages() -> set[str]:
    """Routes of all public pages."""
    return {route for route in every_route() if route.startswith("fr/") and not is_closed(route)} - NO_PAGES


def reachable(client: Client, *, language: str) -> list[str]:
    """Every page that links lead to from the first one, in one language; eight of each sort."""
    found: list[str] = []
    waiting = [f"/{language}/"]
    for address in waiting:
        answer = client.get(address)
        if not is_page(answer):
            continue
        found.append(address)
        for link in Links(answer.content.decode()).found:
            alike = [one for one in waiting if route_of(one) == route_of(link)] if is_ours(link, language) else waiting
            if link not in waiting and len(alike) < MOST_OF_ONE_ROUTE and is_ours(link, language):
                waiting.append(link)
    return found


def is_page(answer: Any) -> bool:
    """Whether a browser would show the answer."""
    is_kept = answer.headers.get("Content-Disposition", "").startswith("attachment")
    return answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html") and not is_kept


def is_ours(address: str, language: str) -> bool:
    """Whether an address is a page of this language."""
    return address.startswith(f"/{language}/")


@dataclass
class World:
    """A directory with every sort of service, two associations that read, and what was sent to them."""

    team: Team
    services: dict[str, Service]


def a_world(*, has_directory: bool = False) -> World:
    """Associations, and services of every sort, whose texts say that they are French; with the numbers of the first
    page, unless the starter directory is there already."""
    if not has_directory:
        emergency_services()
        a_service(
            slug="crip-93", name=f"CRIP 93 {FRENCH}", kind="reporting", departements=["93"], phones=["0800009393"]
        )
    a_team(a_partner(slug="permanence", name=f"Permanence (fictive) {FRENCH}", is_duty_desk=True))
    team = a_team(a_partner(slug="port-d-aube", name=f"Port d’aube (fictif) {FRENCH}", stance=f"{FRENCH} écoute."))
    today = timezone.localdate()
    said: dict[str, Any] = {
        "description": f"{FRENCH} : un lieu pour souffler.",
        "needs": ["hebergement"],
        "departements": ["93"],
    }
    services = {
        "full": a_service(
            name=f"Maison pleine {FRENCH}",
            phones=["0199001122"],
            saturation="full",
            saturation_note=f"{FRENCH} revient.",
            **said,
        ),
        "closed": a_service(
            name=f"Maison fermée {FRENCH}",
            closed_from=today,
            closure_note=f"{FRENCH} en travaux.",
            phones=["0199001133"],
            **said,
        ),
        "to be checked": a_service(
            name=f"Maison à revoir {FRENCH}", verified_on=date(2025, 1, 1), verified_until=date(2025, 6, 1), **said
        ),
        "for professionals": a_service(
            name=f"Centre {FRENCH}", for_professionals=True, website="https://exemple.fr", **said
        ),
        "long": a_service(
            name=f"{LONG} {FRENCH}",
            phones=["0199001144", "0199001155"],
            website="https://un-nom-de-site-vraiment-tres-long.exemple-de-domaine.fr",
            what_happens=f"{FRENCH} te rappelle. " * 12,
            opening_hours="Mo-Fr 09:00-12:00,14:00-17:30; Sa 10:00-12:00; PH off",
            languages=["fr", "ar", "ro", "es"],
            **{**said, "description": f"{FRENCH} : {LONG}. " * 6},
        ),
    }
    a_page(
        slug="normal",
        title=f"{FRENCH} et {LONG}",
        lead=f"{FRENCH} lit.",
        text=f"## {FRENCH}\n\n- Un [lien](/urgence/)\n\n1. **Deux**\n\n{{numero:17-police-secours|{FRENCH}}}\n"
        f"{{site:{services['long'].slug}|{FRENCH}}}\n\n[Un autre site](https://exemple.fr)",
    )
    a_channel(services["long"], kind="chat", value="https://tchat.exemple.fr", note=f"{FRENCH}, de 9 h à 21 h")
    a_place(services["long"])
    index(*services.values())
    return World(team, services)


@dataclass
class States:
    """States of public pages that no link leads to, by name, with their address or what was answered."""

    client: Client
    world: World
    addresses: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)

    def all(self) -> "States":
        """Each of them."""
        self.searching()
        self.writing()
        self.code()
        self.coming_back()
        self.mending()
        self.failing()
        return self

    def shown(self) -> list[str]:
        """Addresses of pages that are there."""
        return [address for name, address in self.addresses.items() if name != "nowhere"]

    def searching(self) -> None:
        """Lists: results, none, words that are not understood, a wrong place, danger."""
        said = {
            "results": {"q": "un abri pour dormir", "departement": "93"},
            "words of nobody": {"q": "xylqz"},
            "unknown place": {"near": "Nulle-Part-les-Bains"},
            "danger": {"q": "je veux mourir ce soir"},
            "a guess": {"q": "hebergemnt"},
        }
        self.addresses |= {name: goes_to(self.client.post("/fr/annuaire/", sent)) for name, sent in said.items()}
        self.addresses |= {"no result": "/fr/annuaire/?departement=78&need=n5", "gone search": "/fr/annuaire/?r=perdu"}
        self.addresses |= {"wrong filter": "/fr/annuaire/?need=rien&departement=93"}

    def writing(self) -> None:
        """Each question, asked and answered wrongly, the letter, and both as professionals see them."""
        steps = ["danger", "age", "needs", "where", "when", "who", "letter"]
        self.addresses |= {f"question: {step}": walk(self.client, until=step) for step in steps}
        self.addresses["after danger"] = walk(self.client, until="age", danger={"danger_now": "yes"})
        self.addresses["letter of a relative"] = walk(self.client, door="proche")
        self.addresses["answers are gone"] = f"{WRITE}?e=perdu"
        facts = {"step": "facts", "age_band": "15-17", "gender": "female", "needs": ["ecoute"], "urgency": "24h"}
        professional = self.client.post(
            "/fr/pro/ecrire/", {**facts, "danger_now": "no", "language": "fr", "departement": "93"}
        )
        self.addresses["letter of a professional"] = goes_to(professional)

    def code(self) -> None:
        """The code, two words typed back, wrongly, well, and the page when its time is over."""
        code = goes_to(self.client.post(WRITE, WHOLE))
        self.addresses |= {"code": code, "two words": f"{code}&p=2", "two wrong words": f"{code}&p=2&r=1"}
        self.addresses["code is gone"] = f"{WRITE}suite/?k=perdu"
        other = goes_to(self.client.post(WRITE, {**WHOLE, "text": "Autre chose."}))
        words = re.findall(r'<output id="code"[^>]*>([^<]*)<', self.client.get(other).content.decode())[0].split(" ")
        places = re.findall(r'name="word_(\d)"', self.client.get(f"{other}&p=2").content.decode())
        typed = {f"word_{place}": words[int(place) - 1] for place in places}
        self.addresses["end"] = goes_to(self.client.post(f"{WRITE}suite/", {"k": other.split("k=")[1], **typed}))

    def coming_back(self) -> None:
        """What a code opens without a script: waiting, answered, asked whether to erase, erased, unknown, slipped."""
        answered = a_referral(self.world.team, text=f"{TEXT} {LONG}")
        lifecycle.acknowledge(answered.referral, member=self.world.team.members[0], at=timezone.now())
        lifecycle.answer(
            answered.referral,
            an_answer(self.world.team, answered, f"Bonjour. {LONG}"),
            member=self.world.team.members[0],
            own=self.world.team.addressee,
            at=timezone.now(),
        )
        typed = {
            "waiting": a_referral(self.world.team).code.words(),
            "answered": answered.code.words(),
            "code of nobody": codes.new_code().words(),
            "slip": "abaisser abandon abdiquer abeille abolir oborder",
        }
        self.addresses |= {
            name: goes_to(self.client.post("/fr/suivi/", {"code": said})) for name, said in typed.items()
        }
        self.addresses |= {"erase?": f"{self.addresses['answered']}&p=2", "message gone": "/fr/suivi/?k=perdu"}
        self.addresses |= {"erased": "/fr/suivi/?p=4", "message sent": f"{self.addresses['answered']}&p=3"}

    def mending(self) -> None:
        """Forms that came back with something to mend; those that answer a POST are shown from what was answered."""
        service = self.world.services["long"]
        correct = f"/fr/annuaire/{service.public_id}/corriger/"
        self.addresses["correct"] = correct
        self.answers |= {
            "correct, wrong": self.client.post(correct, {"quoi": "2", "numero": "12", "site": "x"}),
            "correct, nothing": self.client.post(correct, {}),
            "suggest, wrong": self.client.post("/fr/annuaire/proposer/", {"numero": "12"}),
            "letter, wrong": self.client.post(WRITE, {**WHOLE, "text": "", "consent": "", "partners": ""}),
            "professional, wrong": self.client.post("/fr/pro/ecrire/", {**WHOLE, "text": "", "consent": ""}),
        }
        wrong = self.client.post("/fr/pro/ecrire/", {"step": "facts", "avoid_commune": "Nulle-Part"})
        self.addresses["facts, wrong"] = goes_to(wrong)
        carried = walk(self.client, until="age").split("e=")[1]
        self.addresses["question, wrong"] = goes_to(self.client.post(WRITE, {"e": carried, "step": "age"}))
        self.answers["proposal of nobody"] = self.client.get(
            goes_to(self.client.post("/fr/annuaire/proposer/suite/", {"code": codes.new_code().words()}))
        )
        self.addresses["thanks"] = "/fr/annuaire/proposer/suite/?p=1"
        link = verification.new_link(service, by=a_person(moderator=True), on=timezone.localdate())
        self.addresses["owner"] = f"/fr/annuaire/confirmer/{link}/"

    def failing(self) -> None:
        """Pages that say what went wrong."""
        self.addresses["nowhere"] = "/fr/nulle-part/"
        self.answers["refused"] = self.client.post(WRITE, headers={"Sec-Fetch-Site": "cross-site"})
        self.answers["broken"] = views.server_error(RequestFactory().get("/fr/"))

    def in_language(self, language: str) -> list[str]:
        """All addresses, in another language."""
        return [address.replace("/fr/", f"/{language}/", 1) for address in self.addresses.values()]
