"""Real data comes in whole or not at all, twice changes nothing, and a broken cell is named."""

import csv
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from resources.management.commands.load_directory import STARTER_CHECKED_ON
from resources.models import AccessChannel, Commune, Organisation, Place, Service, Verification
from tests.builders import a_commune

pytestmark = pytest.mark.django_db
STARTER = Path(__file__).resolve().parents[2] / "resources" / "data" / "services_idf.csv"


@pytest.fixture
def communes() -> None:
    call_command("load_communes", stdout=StringIO())


def load(path: Path) -> str:
    said = StringIO()
    call_command("load_directory", str(path), stdout=said)
    return said.getvalue()


def starter_rows() -> list[dict[str, str]]:
    with STARTER.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def changed(tmp_path: Path) -> Callable[..., Path]:
    """The first rows of the starter file, one of them (the sixth: line 7) with other cells, or columns more."""

    def write(position: int = 5, **cells: str) -> Path:
        rows = starter_rows()[:8]
        columns = [*rows[0], *(column for column in cells if column not in rows[0])]
        rows[position].update(cells)
        path = tmp_path / "annuaire.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(rows)
        return path

    return write


def test_communes_come_in_with_their_corrections(communes: None) -> None:
    assert Commune.objects.count() == 1286
    centres = {
        commune.insee: (commune.latitude, commune.longitude)
        for commune in Commune.objects.filter(insee__in=["75113", "91228", "78158"])
    }
    assert centres == {"75113": (48.8283, 2.3623), "91228": (48.629, 2.428), "78158": (48.8225, 2.122)}
    assert Commune.objects.filter(kind="arrondissement-municipal").values("latitude").distinct().count() == 20


def test_communes_twice_change_nothing(communes: None) -> None:
    before = list(Commune.objects.values_list())

    call_command("load_communes", stdout=StringIO())

    assert list(Commune.objects.values_list()) == before


def test_the_starter_directory_comes_in_whole(communes: None) -> None:
    said = load(STARTER)

    assert said == "85 publiés, 48 en attente de modération, 0 déjà présents.\n"
    confidences = {row["slug"]: row["confidence"] for row in starter_rows()}
    assert dict(Service.objects.values_list("slug", "status")) == {
        slug: "published" if confidence.startswith("verified") else "pending"
        for slug, confidence in confidences.items()
    }


def test_published_rows_carry_the_date_kind_and_end_of_their_check(communes: None) -> None:
    load(STARTER)

    line = Service.objects.get(slug="119-allo-enfance-en-danger")
    clinic = Service.objects.get(slug="pav-75")
    assert (line.verified_on, line.verified_by_check, line.verified_until) == (
        STARTER_CHECKED_ON,
        "official_page",
        date(2027, 2, 21),
    )
    assert (clinic.verified_by_check, clinic.verified_until) == ("secondary_source", date(2027, 5, 22))
    assert Verification.objects.count() == 85


def test_defaults_of_the_file_are_not_taken_for_facts(communes: None) -> None:
    load(STARTER)

    mjd = Service.objects.get(slug="mjd-gennevilliers")
    assert (mjd.languages, mjd.free) == ([], True)
    assert Service.objects.get(slug="acpe").free is None
    assert Service.objects.get(slug="chrs-les-univers-elles").free is False
    assert Service.objects.get(slug="hors-la-rue").languages == ["fr", "ro"]


def test_an_address_in_a_description_becomes_a_way_in(communes: None) -> None:
    load(STARTER)

    lao = Service.objects.get(slug="lao-pow-her")
    assert lao.description == "Lieu d’accueil à Bagnolet pour jeunes femmes victimes de violences."
    assert set(lao.channels.values_list("kind", "value")) == {
        ("phone", "0171295002"),
        ("email", "accueil@lao.associationpowher.org"),
        ("web", "https://www.associationpowher.org"),
    }


def test_confidential_services_have_a_place_without_anything(communes: None) -> None:
    load(STARTER)

    confidential = Place.objects.filter(confidential=True)
    expected = {row["slug"] for row in starter_rows() if row["address_confidential"] == "yes"}
    assert set(confidential.values_list("service__slug", flat=True)) == expected
    assert not confidential.exclude(commune=None, address="", latitude=None, longitude=None).exists()


def test_loading_twice_changes_nothing(communes: None) -> None:
    load(STARTER)
    models = (Service, Organisation, AccessChannel, Place, Verification)
    before = [list(model.objects.order_by("pk").values_list()) for model in models]

    said = load(STARTER)

    assert said == "0 publiés, 0 en attente de modération, 133 déjà présents.\n"
    assert [list(model.objects.order_by("pk").values_list()) for model in models] == before


def test_what_moderators_changed_is_left_alone(communes: None) -> None:
    load(STARTER)
    Service.objects.filter(slug="acpe").update(status="hidden", description="Corrigé.")

    said = load(STARTER)

    assert said == (
        "0 publiés, 0 en attente de modération, 133 déjà présents, gardés tels quels ; 1 disent autre chose que le"
        " fichier.\n"
    )

    assert Service.objects.values_list("status", "description").get(slug="acpe") == ("hidden", "Corrigé.")


def test_a_service_that_moderators_renamed_is_not_entered_again(communes: None) -> None:
    load(STARTER)
    Service.objects.filter(slug="acpe").update(slug="autre-nom")

    said = load(STARTER)

    assert said == "0 publiés, 0 en attente de modération, 133 déjà présents.\n"
    assert not Service.objects.filter(slug="acpe").exists()


@pytest.mark.django_db(transaction=True)
def test_two_loads_at_the_same_moment_follow_each_other(communes: None) -> None:
    def load_alone() -> str:
        try:
            return load(STARTER)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        loads = [threads.submit(load_alone) for _number in range(2)]

    assert sorted(one.result() for one in loads) == [
        "0 publiés, 0 en attente de modération, 133 déjà présents.\n",
        "85 publiés, 48 en attente de modération, 0 déjà présents.\n",
    ]
    assert Service.objects.count() == 133


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"phone": "12345"}, "ligne 7, colonne phone : numéro inconnu en France"),
        ({"phone": "appelez-nous"}, "ligne 7, colonne phone : ce n’est pas un numéro de téléphone"),
        (
            {"opening_hours": "9h-17h"},
            "ligne 7, colonne opening_hours : horaires illisibles (syntaxe opening_hours d’OpenStreetMap)",
        ),
        (
            {"departements": "75|13"},
            "ligne 7, colonne departements : valeur inconnue (attendu : 75, 77, 78, 91, 92, 93, 94, 95)",
        ),
        ({"slug": "17-police-secours"}, "ligne 7, colonne slug : déjà à la ligne 2"),
        (
            {"slug": "Avec Espaces"},
            "ligne 7, colonne slug : lettres minuscules, chiffres et tirets attendus, 120 au plus",
        ),
        ({"name": " "}, "ligne 7, colonne name : vide"),
        ({"website": "exemple.fr"}, "ligne 7, colonne website : adresse de site incomplète (https://…)"),
        ({"min_age": "douze"}, "ligne 7, colonne min_age : un âge en années est attendu"),
        ({"min_age": "30", "max_age": "20"}, "ligne 7, colonne max_age : plus petit que min_age"),
        (
            {"address_confidential": "yes", "address": "1 rue de l’Abri"},
            "ligne 7, colonne address : interdit : le lieu est confidentiel",
        ),
        (
            {"address_confidential": "yes", "latitude": "48.9", "longitude": "2.4"},
            "ligne 7, colonne latitude : interdit : le lieu est confidentiel",
        ),
        ({"name": "x" * 201}, "ligne 7, colonne name : trop long (200 caractères au plus)"),
        (
            {"opening_hours": "Mo-Fr 09:00-10:00; " * 20 + "Sa off"},
            "ligne 7, colonne opening_hours : trop long (300 caractères au plus)",
        ),
        ({"note": "a\0b"}, "ligne 7, colonne note : caractère nul interdit"),
        ({"phone": "0033142356128"}, "ligne 7, colonne phone : ce n’est pas un numéro de téléphone"),
        ({"phone": "٠١٤٢٣٥٦١٢٨"}, "ligne 7, colonne phone : ce n’est pas un numéro de téléphone"),
        ({"website": "http://["}, "ligne 7, colonne website : adresse de site incomplète (https://…)"),
        ({"website": "HTTPS://exemple.fr"}, "ligne 7, colonne website : adresse de site incomplète (https://…)"),
        (
            {"address": "1 rue de la Paix"},
            "ligne 7, colonne commune : vide : une adresse ou un point est dans une commune",
        ),
        (
            {"commune": "93008", "latitude": "48.9"},
            "ligne 7, colonne longitude : vide, mais latitude est donnée",
        ),
        (
            {"commune": "93008", "latitude": "nan", "longitude": "2.4"},
            "ligne 7, colonne latitude : hors d’Île-de-France",
        ),
        ({"commune": "13055"}, "ligne 7, colonne commune : code INSEE inconnu dans la région"),
        ({"adresse": "1 rue"}, "ligne 1, colonne adresse : colonne inconnue"),
    ],
)
def test_a_broken_row_is_named_and_nothing_is_loaded(
    changed: Callable[..., Path], cells: dict[str, str], reason: str
) -> None:
    a_commune("93008")

    with pytest.raises(CommandError) as refusal:
        load(changed(**cells))

    lines = str(refusal.value).splitlines()
    assert lines[0] == f"annuaire.csv, {reason}"
    assert lines[-1] == "Rien n’a été chargé."
    assert (Service.objects.count(), Organisation.objects.count(), AccessChannel.objects.count()) == (0, 0, 0)


def test_all_problems_are_told_at_once(changed: Callable[..., Path]) -> None:
    a_commune("93008")

    with pytest.raises(CommandError) as refusal:
        load(changed(phone="12345", kind="autre", genders="none"))

    assert [line.split(" : ")[0] for line in str(refusal.value).splitlines()[:-1]] == [
        "annuaire.csv, ligne 7, colonne phone",
        "annuaire.csv, ligne 7, colonne kind",
        "annuaire.csv, ligne 7, colonne genders",
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xff\xfe\x00", "ligne 1, colonne - : lettres illisibles : il faut un fichier CSV enregistré en UTF-8"),
        (
            b"slug\na\n\xe9t\xe9\n",
            "ligne 3, colonne - : lettres illisibles : il faut un fichier CSV enregistré en UTF-8",
        ),
        (b'slug,name\n"a', "ligne 1, colonne organisation : colonne absente"),
        (b'"slug', "ligne 1, colonne - : CSV mal formé (unexpected end of data)"),
        (b"", "ligne 1, colonne - : fichier vide"),
        (b"\xef\xbb\xbf\n\n", "ligne 1, colonne - : fichier vide"),
    ],
)
def test_what_is_no_directory_file_is_refused_in_words(
    communes: None, tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "autre.csv"
    path.write_bytes(content)

    with pytest.raises(CommandError) as refusal:
        load(path)

    lines = str(refusal.value).splitlines()
    assert (lines[0], lines[-1]) == (f"autre.csv, {reason}", "Rien n’a été chargé.")


def test_a_letter_of_another_encoding_is_named_by_its_line(changed: Callable[..., Path]) -> None:
    a_commune("93008")
    path = changed(name="Été")
    path.write_bytes(path.read_bytes().replace("Été".encode(), b"\xc9t\xe9"))

    with pytest.raises(CommandError, match="ligne 7, colonne - : lettres illisibles"):
        load(path)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("", ""),
        ("Ancien numéro. [2020, seen_old]", "Ancien numéro. (page ancienne, 2020)"),
        (
            "Vu : 01 [2001?, seen_old] | Ici [nd, verified_secondary] | Sûr [verified]",
            "Vu : 01 (page ancienne, 2001?)\n\nIci (source indirecte, sans date)\n\nSûr (page officielle, sans date)",
        ),
        ("Deux fois [2020, seen_old] | Deux fois [2020, seen_old]", "Deux fois (page ancienne, 2020)"),
        ("Appeler [le matin] d’abord.", "Appeler [le matin] d’abord."),
    ],
)
def test_a_note_says_in_words_what_was_read(changed: Callable[..., Path], written: str, kept: str) -> None:
    a_commune("93008")

    load(changed(note=written))

    assert Service.objects.get(slug=starter_rows()[5]["slug"]).moderator_note == kept


def test_a_source_says_in_words_what_was_read(changed: Callable[..., Path]) -> None:
    a_commune("93008")

    load(changed(source="memory (à vérifier); opening_hours: https://exemple.fr/phone:1; website: https://exemple.fr"))

    assert Service.objects.get(slug=starter_rows()[5]["slug"]).source == (
        "de mémoire (à vérifier); horaires : https://exemple.fr/phone:1; site : https://exemple.fr"
    )


def test_no_note_of_the_starter_directory_shows_a_code(communes: None) -> None:
    load(STARTER)

    notes = Service.objects.exclude(moderator_note="").values_list("moderator_note", flat=True)
    assert len(notes) == sum(1 for row in starter_rows() if row["note"])
    assert not [note for note in notes if re.search(r"\[|seen_old|verified", note)]


def test_a_missing_file_is_refused_in_words(communes: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="lecture impossible"):
        load(tmp_path / "absent.csv")


def test_communes_must_be_there_first() -> None:
    with pytest.raises(CommandError, match="load_communes"):
        load(STARTER)
