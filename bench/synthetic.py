"""Made-up services in any number, the same ones for the same seed, shaped like the region's real ones."""

import random
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from itertools import accumulate

from django.db import connection, connections, models, transaction
from django.utils import timezone
from psycopg import sql

from bench.progress import Progress
from resources import indexing
from resources.models import AccessChannel, Commune, Organisation, Place, Service, public_id_of, stable_uuid
from resources.vocabulary import DEPARTEMENTS, Gender, Kind, Need, Rule

SEED = 20261123
CHUNK = 2000  # a multiple of four: so many services make an organisation
CHECKED_ON = date(2026, 11, 1)
HOURS = (
    "", "", "", "24/7", "Mo-Fr", "Mo-Fr 09:00-17:00", "Mo-Fr 09:00-12:30,13:30-17:30", "Mo-Su 09:00-23:00",
    "Mo-Sa 10:00-19:00", "Mo,Tu,Th,Fr 10:00-17:00", "We 14:00-18:00", "Tu 14:00-18:00; Th 09:00-12:00",
    "Mo-Fr 18:00-23:00", "Sa,Su 10:00-18:00", "Mo-Su 20:00-08:00", "Mo-Th 09:30-17:30; Fr 09:30-16:30",
)  # fmt: skip
KIND_NAMES = {
    Kind.HOTLINE: "Ligne d’écoute", Kind.SHELTER: "Maison d’accueil", Kind.LEGAL: "Permanence d’avocats",
    Kind.HEALTH: "Centre de soins", Kind.ASSOCIATION: "Association", Kind.REPORTING: "Cellule de recueil",
    Kind.INSTITUTION: "Service départemental",
}  # fmt: skip
NEED_WORDS = {
    Need.URGENCE: "urgence danger mise en sécurité", Need.ECOUTE: "écoute parler soutien psychologue",
    Need.HEBERGEMENT: "hébergement abri foyer nuit", Need.SANTE: "santé soins dépistage contraception médecin",
    Need.JURIDIQUE: "avocat juriste droits plainte justice", Need.NUMERIQUE: "chantage images réseaux sociaux retrait",
    Need.SORTIE: "insertion emploi formation parcours de sortie", Need.PAPIERS: "titre de séjour papiers asile",
    Need.FUGUE: "fugue disparition mineurs", Need.FAMILLE: "parents proches familles soutien",
    Need.VIOLENCES: "violences conjugales femmes protection",
    Need.PROSTITUTION: "prostitution rencontre accompagnement", Need.TRAITE: "traite exploitation servitude",
    Need.ADDICTIONS: "addictions alcool drogues sevrage", Need.SIGNALEMENT: "signalement enfance en danger recueil",
}  # fmt: skip
FIRST_NAMES = (
    "Camille",
    "Simone",
    "Rosa",
    "Olympe",
    "Joséphine",
    "Gisèle",
    "Hubertine",
    "Louise",
    "Solange",
    "Aimée",
    "Flora",
    "Lucie",
)
PLACE_NAMES = (
    "des Tilleuls",
    "du Canal",
    "de la Gare",
    "des Lilas",
    "du Moulin",
    "de l’Horizon",
    "des Acacias",
    "du Pont",
    "de la Source",
    "du Parc",
)


def fill(count: int, *, tell: Callable[[str], None] = lambda _line: None) -> None:
    """Put `count` made-up published services into an empty directory whose communes are loaded."""
    with without_search_indexes(tell), ThreadPoolExecutor(1) as writer:
        stored: Future[None] = writer.submit(store, [])
        for done, batch in batches(count):
            # PostgreSQL writes one batch while Python makes up the next.
            stored.result()
            stored = writer.submit(store, batch)
            tell(f"{done} fiches sur {count}")
        stored.result()
        writer.submit(connections.close_all).result()
    tell("mots")
    indexing.count_words()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


@contextmanager
def without_search_indexes(tell: Callable[[str], None]) -> Iterator[None]:
    """Search indexes are made once all rows are there: keeping them in step row by row takes most of the time."""
    with connection.schema_editor() as editor:
        for index in Service._meta.indexes:
            editor.remove_index(Service, index)
    yield
    tell("index")
    with connection.schema_editor() as editor:
        for index in Service._meta.indexes:
            editor.add_index(Service, index)


def batches(count: int) -> Iterator[tuple[int, list[Service]]]:
    """The services in order, each batch with how many there are by its end."""
    chance = random.Random(SEED)
    communes = list(Commune.objects.order_by("insee"))
    population = list(accumulate(commune.population for commune in communes))
    now = timezone.now()
    for start in range(0, count, CHUNK):
        end = min(start + CHUNK, count)
        yield end, [made_up(number, chance, communes, population, now=now) for number in range(start, end)]


def store(batch: list[Service]) -> None:
    """Save services with the organisations, channels and places that `made_up` hung on them."""
    organisations: dict[object, Organisation] = {}
    for service in batch:
        organisations.setdefault(service.organisation_id, service.organisation)
    with transaction.atomic(), without_triggers(Organisation, Service, AccessChannel, Place):
        copy(Organisation, organisations.values())
        copy(Service, batch)
        copy(AccessChannel, (channel for service in batch for channel in service.channels.all()))
        copy(Place, (place for service in batch for place in service.places.all()))


@contextmanager
def without_triggers(*written: type[models.Model]) -> Iterator[None]:
    """Made-up rows have no moderators: the triggers of moderation and history sleep in this transaction. Whoever owns
    the tables may put them to sleep; foreign keys are checked all the same."""
    with connection.cursor() as cursor:
        for model in written:
            cursor.execute(f"ALTER TABLE {model._meta.db_table} DISABLE TRIGGER USER")
        yield
        # A table whose foreign keys are still to be checked cannot be altered.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for model in written:
            cursor.execute(f"ALTER TABLE {model._meta.db_table} ENABLE TRIGGER USER")


def copy(model: type[models.Model], rows: Iterable[models.Model]) -> None:
    """Save new rows with COPY, several times faster than INSERT; PostgreSQL numbers those without an identifier."""
    written = [field for field in model._meta.concrete_fields if not field.generated]
    fields = {field.column: field for field in written if field.column and not isinstance(field, models.AutoField)}
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model._meta.db_table), sql.SQL(", ").join([sql.Identifier(column) for column in fields])
    )
    with connection.cursor() as cursor, cursor.copy(statement) as stream:
        for row in rows:
            values = [(field, field.pre_save(row, add=True)) for field in fields.values()]
            stream.write_row([field.get_db_prep_save(value, connection=connection) for field, value in values])


def made_up(
    number: int, chance: random.Random, communes: list[Commune], population: list[int], *, now: datetime
) -> Service:
    """One service; its channels and places are prefetched rows, not saved yet. `population` is cumulated."""
    kind = chance.choice(list(Kind))
    needs = [need.value for need in chance.sample(list(Need), k=chance.choice((1, 1, 2, 2, 3)))]
    commune = chance.choices(communes, cum_weights=population)[0]
    name = f"{KIND_NAMES[kind]} {chance.choice(FIRST_NAMES)} {chance.choice(PLACE_NAMES)} {number}"
    young, women = chance.random() < 0.2, chance.random() < 0.2
    identifier = stable_uuid("made-up", str(number))
    organisation_name = f"Réseau {chance.choice(FIRST_NAMES)} {number // 4}"
    organisation = Organisation(
        id=stable_uuid("made-up organisation", str(number // 4)), name=f"{organisation_name[:12]} {number // 4}"
    )
    service = Service(
        id=identifier,
        slug=f"made-up-{number}",
        public_id=public_id_of(identifier),
        organisation=organisation,
        name=name,
        kind=kind,
        description=" ; ".join(NEED_WORDS[Need(need)] for need in needs) + f" à {commune.name}.",
        needs=needs,
        min_age=12 if young else None,
        max_age=chance.choice((17, 21, 25)) if young else None,
        age_rule=Rule.ONLY if young else Rule.EVERYONE,
        genders=[Gender.FEMALE] if women else [],
        gender_rule=Rule.ONLY if women else Rule.EVERYONE,
        languages=chance.choice(([], [], [], ["fr", "en"], ["fr", "ar"], ["fr", "ro"])),
        departements=list(DEPARTEMENTS) if chance.random() < 0.05 else [commune.departement],
        opening_hours=chance.choice(HOURS),
        status=Service.Status.PUBLISHED,
        published_at=now,
        verified_on=CHECKED_ON,
        verified_by_check=Service.Check.CALL,
        verified_until=CHECKED_ON + timedelta(days=chance.randint(30, 180)),
        on_referral_only=kind == Kind.SHELTER and chance.random() < 0.5,
    )
    channels = list(ways_in(service, number, chance))
    place = Place(service=service, commune=commune, confidential=kind == Kind.SHELTER)
    service._prefetched_objects_cache = {"channels": channels, "places": [place]}  # type: ignore[attr-defined]
    indexing.describe(service)
    return service


def ways_in(service: Service, number: int, chance: random.Random) -> Iterator[AccessChannel]:
    """Numbers of the range that the French regulator keeps for fiction, and reserved names."""
    if chance.random() < 0.8:
        yield AccessChannel(service=service, kind=AccessChannel.Kind.PHONE, value=f"01990{number % 100_000:05}")
    if chance.random() < 0.6:
        yield AccessChannel(service=service, kind=AccessChannel.Kind.WEB, value=f"https://{number}.example.org")


if __name__ == "__main__":
    fill(int(sys.argv[1]), tell=Progress())
