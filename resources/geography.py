"""Where people say they are: postcodes, INSEE codes, communes and départements, alone or inside a sentence."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from resources.exchange import communes_csv
from resources.models import Commune
from resources.text import fold
from resources.vocabulary import DEPARTEMENTS

PARIS = "75056"
EARTH_RADIUS_KM = 6371.0
LONGEST_NAME = 6
# A short name that is also a word counts only after one of these, or when the commune is large.
LEADING_WORDS = frozenset(
    {"a", "au", "aux", "sur", "vers", "pres", "de", "d", "dans", "en", "from", "in", "near", "la", "em"}
)
LARGE_COMMUNE = 15_000
ORDINARY_WORDS = frozenset(
    {
        "us",
        "vert",
        "bois",
        "buc",
        "orge",
        "ris",
        "marines",
        "jouy",
        "limours",
        "mere",
        "le",
        "la",
        "bray",
        "rue",
        "sept",
    }
    | {"villes", "bougival", "parc", "nanteuil", "lilas"}
)
# A number before one of these counts something: «75 euros», «un client de 78 ans».
COUNTED_WORDS = frozenset(
    {
        "ans", "an", "piges", "mois", "semaines", "jours", "jour", "heures", "heure", "h", "minutes", "min",
        "euros", "euro", "e", "balles", "boules", "dollars", "lei", "fois", "clients", "passes", "personnes",
        "kg", "kilos", "km", "metres", "cm", "percent", "years", "year", "yo", "anos", "ani", "anni",
    }
)  # fmt: skip
DEPARTEMENT_NAMES: dict[str, str] = {
    **{fold(name): code for code, name in DEPARTEMENTS.items()},
    "paname": "75",
    "parigi": "75",
    "باريس": "75",
    "بباريس": "75",
    "париж": "75",
    "париже": "75",
    "парижі": "75",
    "seine st denis": "93",
    "neuf trois": "93",
    "neuf cube": "93",
    "9 3": "93",
    "quatre vingt treize": "93",
    "neuf deux": "92",
    "9 2": "92",
    "neuf quatre": "94",
    "9 4": "94",
    "neuf cinq": "95",
    "neuf un": "91",
    "sept sept": "77",
    "sept huit": "78",
    "seine et marne": "77",
    "hauts de seine": "92",
    "val de marne": "94",
    "val d oise": "95",
}

# Stations, woods, quarters and new towns that people name instead of a commune → where most of each lies.
AREAS: dict[str, str] = {
    "marne la vallee": "77468", "val d europe": "77111", "disneyland": "77111",
    "la defense": "92062", "saint quentin en yvelines": "78423", "sqy": "78423",
    "roissy": "95527", "roissy cdg": "95527", "aeroport de roissy": "95527", "aeroport charles de gaulle": "95527",
    "roissy charles de gaulle": "95527", "charles de gaulle etoile": "75108",
    "cergy pontoise": "95127", "plaine saint denis": "93066", "clichy montfermeil": "93014",
    "val de fontenay": "94033", "les tarterets": "91174", "la grande borne": "91286",
    "chatelet": "75101", "les halles": "75101", "saint lazare": "75108", "champs elysees": "75108",
    "pigalle": "75109", "gare du nord": "75110", "gare de l est": "75110", "strasbourg saint denis": "75110",
    "gare de lyon": "75112", "bois de vincennes": "75112", "montparnasse": "75114",
    "bois de boulogne": "75116", "porte dauphine": "75116", "barbes": "75118", "chateau rouge": "75118",
    "goutte d or": "75118", "porte de la chapelle": "75118", "porte de clignancourt": "75118",
    "stalingrad": "75119", "porte de la villette": "75119", "belleville": "75120", "menilmontant": "75120",
}  # fmt: skip

# What everybody calls some communes with double names («boulogne» is missing: it mostly means the wood, in Paris).
SHORT_NAMES: dict[str, str] = {
    "91228": "evry",
    "91174": "corbeil",
    "78158": "le chesnay",
    "77058": "bussy",
    "77296": "moissy",
    "91027": "athis",
    "91687": "viry",
    "92019": "chatenay",
    "92044": "levallois",
    "92063": "rueil",
    "94043": "le kremlin",
}


@dataclass(frozen=True)
class Spot:
    """A place somebody named; latitude and longitude in degrees."""

    name: str
    departement: str
    latitude: float
    longitude: float


@dataclass(frozen=True)
class Gazetteer:
    """The region's communes by everything that people may type."""

    by_insee: dict[str, Commune]
    by_postcode: dict[str, list[Commune]]
    by_name: dict[str, Commune]


@cache
def gazetteer() -> Gazetteer:
    """Read once per process from the bundled file (1 286 rows)."""
    by_insee: dict[str, Commune] = {}
    by_postcode: dict[str, list[Commune]] = defaultdict(list)
    by_name: dict[str, Commune] = {}
    for commune in sorted(communes_csv.read(), key=lambda commune: -commune.population):
        by_insee[commune.insee] = commune
        for postcode in commune.postcodes:
            by_postcode[postcode].append(commune)
        for name in names_of(commune):
            by_name.setdefault(name, commune)
    by_name |= {name: by_insee[insee] for name, insee in AREAS.items()}
    return Gazetteer(by_insee, dict(by_postcode), by_name)


def names_of(commune: Commune) -> set[str]:
    """Folded names of a commune: «saint ouen sur seine», «st ouen sur seine», «saint ouen», «paris 18»."""
    full = fold(commune.name)
    names = {full, *filter(None, [SHORT_NAMES.get(commune.insee)])}
    arrondissement = re.fullmatch(r"paris (\d+)er? arrondissement|paris (\d+)e arrondissement", full)
    if arrondissement:
        number = arrondissement[1] or arrondissement[2]
        names |= {f"paris {number}", f"paris {number}e", f"paris {number}eme", f"{number}e arrondissement"}
    if commune.population >= LARGE_COMMUNE:
        names.add(re.sub(r" (sur|sous|les|en|le|la) .*$", "", full))
        names.add(re.sub(r"^(le|la|les|l) ", "", full))
    names |= {re.sub(r"\bsainte\b", "ste", re.sub(r"\bsaint\b", "st", name)) for name in names}
    return names


def spot_of(commune: Commune) -> Spot:
    """The centre of a commune."""
    return Spot(commune.name, commune.departement, commune.latitude, commune.longitude)


def locate(text: str) -> Spot | None:
    """What somebody typed as a place: postcode first, then INSEE code, then commune name; None when unknown."""
    typed = fold(text)
    known = gazetteer()
    if typed in known.by_postcode:
        communes = known.by_postcode[typed]
        exact = [commune for commune in communes if commune.kind == "arrondissement-municipal"] or communes
        return Spot(
            exact[0].name if len(exact) == 1 else typed,
            exact[0].departement,
            sum(commune.latitude for commune in exact) / len(exact),
            sum(commune.longitude for commune in exact) / len(exact),
        )
    commune = known.by_insee.get(text.strip().upper()) or known.by_name.get(typed)
    if commune is not None:
        return spot_of(commune)
    departement = DEPARTEMENT_NAMES.get(typed) or (typed if typed in DEPARTEMENTS else None)
    return middle_of(departement) if departement else None


@cache
def middle_of(departement: str) -> Spot:
    """Where the people of a département live, on average."""
    communes = [
        commune
        for commune in gazetteer().by_insee.values()
        if commune.departement == departement and commune.kind != "arrondissement-municipal"
    ]
    people = sum(commune.population for commune in communes)
    return Spot(
        DEPARTEMENTS[departement],
        departement,
        round(sum(commune.latitude * commune.population for commune in communes) / people, 4),
        round(sum(commune.longitude * commune.population for commune in communes) / people, 4),
    )


def places_in(words: Sequence[str]) -> tuple[list[Spot], set[int]]:
    """Places named in a folded sentence, and the positions of the words that name them."""
    known = gazetteer()
    spots: list[Spot] = []
    used: set[int] = set()
    position = 0
    while position < len(words):
        for length in range(min(LONGEST_NAME, len(words) - position), 0, -1):
            name = " ".join(words[position : position + length])
            before = words[position - 1] if position else ""
            after = words[position + length] if position + length < len(words) else ""
            spot = named(name, before=before, after=after, known=known)
            if spot is not None:
                spots.append(spot)
                used.update(range(position, position + length))
                position += length - 1
                break
        position += 1
    return list(dict.fromkeys(spots)), used


def named(name: str, *, before: str, after: str, known: Gazetteer) -> Spot | None:
    """The place that these words name, if they surely do."""
    if name in DEPARTEMENT_NAMES:
        return spot_of(known.by_insee[PARIS]) if name == "paris" else middle_of(DEPARTEMENT_NAMES[name])
    if name in DEPARTEMENTS and before not in {"a", "il", "y"} and after not in COUNTED_WORDS:
        return middle_of(name)
    if name in known.by_postcode:
        return locate(name)
    commune = known.by_name.get(name)
    # «un avocat pour la défense de ma fille» is no quarter.
    is_defence = name == "la defense" and (before == "pour" or after in {"de", "des", "du", "d"})
    if commune is None or name in ORDINARY_WORDS or is_defence or (len(name) < 4 and name not in AREAS):
        return None
    if " " in name or name in AREAS or commune.population >= LARGE_COMMUNE or before in LEADING_WORDS:
        return spot_of(commune)
    return None
