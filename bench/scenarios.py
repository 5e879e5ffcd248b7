"""What is asked of the site, the same at every run: the pages and questions whose speed matters."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from urllib.parse import urlencode

from bench.synthetic import SEED
from resources.models import public_id_of, stable_uuid
from resources.vocabulary import CODE_OF_NEED, DEPARTEMENTS, Need

SEARCH = "/api/v1/search"
DIRECTORY = "/fr/annuaire/"
PAGE = 20
SMALL = 5_000
SHOWN_SERVICES = 40
PHRASES = (
    "avocat", "un psychologue pour parler", "foyer pour la nuit", "médecin dépistage contraception",
    "mon mec me fait bosser à l’hôtel", "jsuis en fugue g nulle part ou dormir", "il menace de publier mes photos",
    "je veux arrêter et trouver une formation", "titre de séjour asile", "parents soutien famille",
    "protection violences conjugales", "accompagnement prostitution rencontre", "on me tient et on prend mon argent",
    "alcool drogues sevrage", "signaler une enfance en danger", "permanence d’avocats à Bobigny",
    "centre de soins Créteil", "porter plainte contre mon ex", "ma fille de 15 ans ne rentre plus",
    "help me leave him", "necesito un abogado", "am nevoie de un doctor", "chantage sur snap", "écoute jeunes 93",
)  # fmt: skip
# One slip of a finger each, in words that no phrase teaches.
TYPOS = (
    "depistgae", "contracepton", "psycholgue", "hebergemnt", "exploitaton", "accompagnemnt", "disparitoin", "sevarge",
    "insertoin", "conjugaels", "recuiel", "reseuax sociaux", "prostitutoin rencontre", "hebergemnt nuit", "servitdue",
    "formatoin emploi",
)  # fmt: skip
COMMUNES = (
    "93008", "93066", "75118", "75113", "92050", "94028", "95127", "91228", "78646", "77288", "93048", "92004", "94081",
    "95018", "91174", "78361", "77186", "93005", "92012", "94041",
)  # fmt: skip
FILTERED_NEEDS = (Need.ECOUTE, Need.HEBERGEMENT, Need.JURIDIQUE)
NEAR_WORDS = ("avocat", "foyer", "psychologue", "médecin", "écoute") * 4


class WrongAnswer(Exception):
    """The site did not answer what it is timed for."""


@dataclass(frozen=True)
class Ask:
    """One request: a GET, or a POST when there is a form to send."""

    address: str
    form: str | None = None


@dataclass(frozen=True)
class Scenario:
    """Requests of one kind, what shows that an answer is right (`times` matches of `mark`), and the CPU time in
    milliseconds that one may take."""

    name: str
    asks: tuple[Ask, ...]
    mark: str
    times: int
    most_cpu: float | None = None

    def check(self, ask: Ask, status: int, text: str) -> None:
        """Raise WrongAnswer unless this is what was asked for."""
        found = len(re.findall(self.mark, text))
        if status != 200 or found < self.times:
            raise WrongAnswer(f"{self.name} : {ask} → {status}, {found} × {self.mark}")


def scenarios(count: int) -> list[Scenario]:
    """Everything that is timed in a directory of `count` made-up services (some hundreds at least)."""
    card, found, distance = 'class="sheet card"', '"slug":', r'"distance_km":\d'
    chosen = random.Random(SEED).sample(range(count), SHOWN_SERVICES)
    services = tuple(Ask(f"{DIRECTORY}{public_id_of(stable_uuid('made-up', str(number)))}/") for number in chosen)
    page_cpu = 10 if count <= SMALL else 20
    return [
        Scenario("JSON, par besoin", asked(need=Need.values), found, PAGE, most_cpu=4),
        Scenario("JSON, par texte", asked(q=PHRASES), found, PAGE),
        Scenario("JSON, texte avec une faute", asked(q=TYPOS), '"did_you_mean":"', 1, most_cpu=15),
        Scenario("JSON, texte et commune", asked(q=NEAR_WORDS, near=COMMUNES), distance, PAGE, most_cpu=8),
        Scenario("HTML, recherche (POST, 303, page)", typed(PHRASES), card, PAGE, most_cpu=page_cpu),
        Scenario("HTML, filtres", filtered(), card, PAGE),
        Scenario("HTML, accueil", (Ask("/fr/"),), "<h1", 1),
        Scenario("HTML, une fiche", services, "<h1", 1),
    ]


def asked(**values: Sequence[str]) -> tuple[Ask, ...]:
    """JSON searches, the n-th with the n-th of each of these values."""
    together = zip(*values.values(), strict=True)
    return tuple(Ask(f"{SEARCH}?{urlencode(dict(zip(values, each, strict=True)))}") for each in together)


def typed(phrases: Sequence[str]) -> tuple[Ask, ...]:
    """What the search form of the pages sends."""
    return tuple(Ask(DIRECTORY, urlencode({"q": phrase})) for phrase in phrases)


def filtered() -> tuple[Ask, ...]:
    """Pages of the directory by need and département."""
    codes = [CODE_OF_NEED[need] for need in FILTERED_NEEDS]
    return tuple(
        Ask(f"{DIRECTORY}?{urlencode({'need': code, 'departement': departement})}")
        for code, departement in product(codes, DEPARTEMENTS)
    )
