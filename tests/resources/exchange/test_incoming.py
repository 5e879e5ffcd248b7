"""Files of others are read row by row: what they say in our words, what is wrong with its line, what is hidden."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from resources.exchange import data_inclusion_in, directory_csv_in, hsds_in, hsds_tables
from resources.exchange.incoming import Fault, FileRefused, Incoming, Row
from resources.vocabulary import DEPARTEMENTS, Gender, Kind, Rule

ID, ORGANISATION = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
STREET = "12 rue des Lilas"
PLACE = {
    "id": "33333333-3333-4333-8333-333333333333",
    "location_type": "physical",
    "latitude": 48.91,
    "longitude": 2.44,
    "addresses": [{"address_1": STREET, "city": "Bobigny", "postal_code": "93000", "address_type": "physical"}],
}
SERVICE: dict[str, Any] = {
    "id": ID,
    "name": "Accueil du canal",
    "status": "active",
    "description": "Un accueil.",
    "minimum_age": 12,
    "maximum_age": 25.0,
    "url": "https://canal.example",
    "email": "bonjour@canal.example",
    "organization": {"id": ORGANISATION, "name": "Canal", "description": "Canal", "website": "https://canal.example"},
    "phones": [{"number": "+33 1 44 52 88 90", "type": "voice"}, {"number": "06 44 52 88 90", "type": "text"}],
    "languages": [{"code": "ro"}, {"code": "fr-FR"}, {"code": "xx"}],
    "schedules": [{"freq": "WEEKLY", "byday": "MO,TU", "opens_at": "09:00", "closes_at": "17:00"}],
    "service_areas": [{"name": "Seine-Saint-Denis"}],
    "service_at_locations": [{"id": ID, "location": PLACE}],
}
WITHOUT_ORGANISATION = {name: value for name, value in SERVICE.items() if name != "organization"} | {
    "organization_id": ORGANISATION
}


def written(folder: Path, name: str, content: object) -> Path:
    """A file with that text, or that object as JSON."""
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def hsds_rows(folder: Path, *services: object) -> list[Row]:
    """Rows of a list of services."""
    return list(hsds_in.read(written(folder, "list.json", {"services": list(services)})))


def only(rows: list[Row]) -> Incoming:
    """The only row, which is not refused."""
    [row] = rows
    assert isinstance(row, Incoming), row
    return row


# --- HSDS -------------------------------------------------------------------------------------------------------------


def test_a_service_of_another_directory(tmp_path: Path) -> None:
    row = only(hsds_rows(tmp_path, SERVICE))

    assert (row.id, row.name, row.kind, row.classified) == (UUID(ID), "Accueil du canal", Kind.ASSOCIATION, False)
    assert (row.provider.id, row.provider.name, row.provider.description) == (UUID(ORGANISATION), "Canal", "")
    assert row.audience is not None
    assert (row.audience.min_age, row.audience.max_age, row.audience.age_rule) == (12, 25, Rule.ONLY)
    assert row.languages == ("ro", "fr")
    assert row.opening_hours == "Mo,Tu 09:00-17:00"
    assert row.departements == ("93",)
    assert [(one.kind, one.value) for one in row.contacts] == [
        ("phone", "0144528890"),
        ("sms", "0644528890"),
        ("web", "https://canal.example"),
        ("email", "bonjour@canal.example"),
    ]
    [site] = row.sites
    assert (site.street, site.postcode, site.commune, site.point) == (STREET, "93000", "Bobigny", (48.91, 2.44))


@pytest.mark.parametrize(
    "shape",
    [
        [SERVICE],
        {"contents": [SERVICE], "empty": False, "total_items": 1},
        {"taxonomies": [{"id": ID}], "services": [SERVICE], "version": "3.1"},
        SERVICE,
        {"organizations": [SERVICE["organization"]], "services": [WITHOUT_ORGANISATION]},
        {"services": [WITHOUT_ORGANISATION], "organizations": [SERVICE["organization"]]},
        {"contents": [SERVICE["organization"] | {"services": [WITHOUT_ORGANISATION]}], "empty": False},
    ],
)
def test_every_shape_that_lists_come_in(tmp_path: Path, shape: object) -> None:
    row = only(list(hsds_in.read(written(tmp_path, "any.json", shape))))
    assert (row.name, row.provider.name) == ("Accueil du canal", "Canal")


def test_a_service_whose_organisation_is_nowhere_is_refused(tmp_path: Path) -> None:
    assert hsds_rows(tmp_path, WITHOUT_ORGANISATION) == [
        [Fault(1, "organization", "absente : ni dans le service, ni dans le fichier")]
    ]


def test_one_object_a_line(tmp_path: Path) -> None:
    other = SERVICE | {"id": ORGANISATION, "name": "Autre"}
    lines = "\n".join(json.dumps(one) for one in (SERVICE, other))
    rows = list(hsds_in.read(written(tmp_path, "list.ndjson", lines)))
    assert [(row.name, row.line) for row in rows if isinstance(row, Incoming)] == [
        ("Accueil du canal", 1),
        ("Autre", 2),
    ]


def test_a_broken_row_says_line_field_and_reason_and_the_rest_goes_on(tmp_path: Path) -> None:
    broken = SERVICE | {"phones": [{"number": "12345678901234"}], "url": "canal", "maximum_age": 3, "email": "nobody"}
    text = '{"services": [\n' + ",\n".join(json.dumps(one) for one in (SERVICE, broken, 7, SERVICE)) + "\n]}"

    rows = list(hsds_in.read(written(tmp_path, "list.json", text)))

    assert [isinstance(row, Incoming) for row in rows] == [True, False, False, True]
    assert rows[1] == [
        Fault(3, "phones.number", "ce n’est pas un numéro de téléphone"),
        Fault(3, "url", "adresse de site incomplète (https://…)"),
        Fault(3, "email", "adresse de courriel incomplète"),
        Fault(3, "âge maximal", "plus petit que l’âge minimal"),
    ]
    assert rows[2] == [Fault(4, "service", "un objet est attendu")]


def test_faults_never_repeat_a_value(tmp_path: Path) -> None:
    [row] = hsds_rows(tmp_path, SERVICE | {"id": "motsecret", "url": "motsecret", "phones": [{"number": "motsecret"}]})
    assert isinstance(row, list)
    assert len(row) == 3
    assert "motsecret" not in " ".join(map(str, row))


@pytest.mark.parametrize(
    ("text", "line"),
    [("", 1), ("pas du JSON", 1), ('{"services": [\n{"id": 1},\n{"id": ]}', 3), ('{"services": []} x', 1), ("[1", 1)],
)
def test_a_file_that_makes_no_sense_says_where(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(FileRefused) as refused:
        list(hsds_in.read(written(tmp_path, "list.json", text)))
    assert refused.value.fault.line == line


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_bytes('[{"name": "é"}]'.encode("latin-1"))
    with pytest.raises(FileRefused):
        list(hsds_in.read(path))


def test_long_lists_are_read_piece_by_piece(tmp_path: Path) -> None:
    """Rows come before the file is read to its end: its last byte may even be wrong."""
    text = "[" + ",".join(json.dumps(SERVICE | {"name": f"Accueil {rank}"}) for rank in range(500)) + ",!"
    rows = hsds_in.read(written(tmp_path, "list.json", text))
    assert [row.name for row in next_rows(rows, 500)] == [f"Accueil {rank}" for rank in range(500)]
    with pytest.raises(FileRefused):
        next(rows)


def next_rows(rows: Iterator[Row], number: int) -> list[Incoming]:
    """The next rows, none of which is refused."""
    return [row for row in (next(rows) for _rank in range(number)) if isinstance(row, Incoming)]


def test_services_that_are_gone_are_refused(tmp_path: Path) -> None:
    assert hsds_rows(tmp_path, SERVICE | {"status": "defunct"}) == [[Fault(1, "status", "ce service n’existe plus")]]


# --- tabular package --------------------------------------------------------------------------------------------------

TABLES: dict[str, list[dict[str, str]]] = {
    "services": [
        {"id": ID, "organization_id": ORGANISATION, "name": "Accueil du canal", "status": "active", "minimum_age": "12"}
    ],
    "organizations": [{"id": ORGANISATION, "name": "Canal", "description": "Canal"}],
    "phones": [
        {"id": "1", "service_id": ID, "number": "01 44 52 88 90", "type": "voice"},
        {"id": "2", "service_id": "other", "number": "01 44 52 88 99", "type": "voice"},
    ],
    "languages": [{"id": "1", "service_id": ID, "code": "ro"}],
    "service_areas": [{"id": "1", "service_id": ID, "name": "Paris"}],
    "service_at_locations": [{"id": "1", "service_id": ID, "location_id": "place"}],
    "locations": [{"id": "place", "location_type": "physical", "latitude": "48.91", "longitude": "2.44"}],
    "addresses": [{"id": "1", "location_id": "place", "address_1": STREET, "city": "Bobigny", "postal_code": "93000"}],
    "attributes": [{"id": "1", "link_id": ID, "taxonomy_term_id": "term"}],
    "taxonomy_terms": [{"id": "term", "code": "1305", "name": "Help Hotlines", "taxonomy": "Open Eligibility"}],
}


def package(path: Path, tables: dict[str, list[dict[str, str]]], *, described: bool = True) -> Path:
    """A tabular package with these tables, one in a folder of its own when it is described."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, rows in tables.items():
            text = io.StringIO()
            writer = csv.DictWriter(text, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
            archive.writestr(f"{'data/' if described else ''}{name}.csv", text.getvalue())
        if described:
            resources = [{"name": name, "path": f"data/{name}.csv"} for name in tables]
            archive.writestr("datapackage.json", json.dumps({"name": "hsds", "resources": resources}))
    return path


@pytest.mark.parametrize("described", [True, False])
def test_tables_are_joined_again(tmp_path: Path, described: bool) -> None:  # noqa: FBT001 -- a parameter of the test
    row = only(list(hsds_tables.read(package(tmp_path / "hsds.zip", TABLES, described=described))))

    assert (row.line, row.name, row.provider.name, row.kind) == (2, "Accueil du canal", "Canal", Kind.HOTLINE)
    assert [(one.kind, one.value) for one in row.contacts] == [("phone", "0144528890")]
    assert (row.languages, row.departements) == (("ro",), ("75",))
    assert [(site.street, site.postcode) for site in row.sites] == [(STREET, "93000")]
    assert row.audience is not None
    assert row.audience.min_age == 12


def test_a_package_without_services_or_that_is_none_is_refused(tmp_path: Path) -> None:
    for path in (package(tmp_path / "a.zip", {"phones": TABLES["phones"]}), written(tmp_path, "b.zip", "rien")):
        with pytest.raises(FileRefused):
            list(hsds_tables.read(path))


# --- data·inclusion ---------------------------------------------------------------------------------------------------

STRUCTURE = {
    "source": "dora",
    "id": "dora--1",
    "nom": "Canal",
    "date_maj": "2026-01-01",
    "site_web": "https://canal.example",
}
OFFER: dict[str, Any] = {
    "source": "dora",
    "structure_id": "dora--1",
    "id": "dora--s1",
    "nom": "Accueil du canal",
    "description": "Un accueil pour parler.",
    "thematiques": ["sante--addictions", "famille--surmonter-conflits-separation-violence"],
    "frais": "gratuit",
    "publics": ["femmes"],
    "telephone": "+33144528890",
    "zone_eligibilite": ["93", "75056"],
    "horaires_accueil": "Mo-Fr 09:00-17:00",
    "mobilisable_par": ["professionnels"],
    "code_insee": "93008",
    "adresse": STREET,
}


def test_a_service_of_the_french_platform(tmp_path: Path) -> None:
    file = written(tmp_path, "di.json", {"services": [OFFER], "structures": [STRUCTURE]})
    row = only(list(data_inclusion_in.read(file)))

    assert (row.name, row.provider.name, row.provider.website) == ("Accueil du canal", "Canal", "https://canal.example")
    assert (row.needs, row.free, row.on_referral_only) == (("addictions", "violences"), True, True)
    assert row.audience is not None
    assert (row.audience.genders, row.audience.gender_rule) == ((Gender.FEMALE,), Rule.ONLY)
    assert row.departements == ("75", "93")
    assert [(site.insee, site.street) for site in row.sites] == [("93008", STREET)]
    again = only(list(data_inclusion_in.read(file)))
    assert again.id == row.id


def test_the_same_as_two_csv_files(tmp_path: Path) -> None:
    structures = written(tmp_path, "structures.csv", "id,nom\r\ndora--1,Canal\r\n")
    services = written(
        tmp_path,
        "services.csv",
        "id;structure_id;nom;thematiques;zone_eligibilite\r\n"
        'dora--s1;dora--1;Accueil;"{sante--addictions,sante--acces-aux-soins}";"[""france""]"\r\n',
    )
    row = only(list(data_inclusion_in.read(services, structures=structures)))
    assert (row.provider.name, row.needs, row.kind) == ("Canal", ("addictions", "sante"), Kind.HEALTH)
    assert row.departements == tuple(DEPARTEMENTS)
    [alone] = data_inclusion_in.read(services)
    assert alone == [Fault(2, "structure_id", "structure absente du fichier")]


# --- our own CSV ------------------------------------------------------------------------------------------------------

HEADER = "name,organisation,kind,phone,commune_codes,addresses,positions,address_confidential,description,closed_from"


def csv_rows(folder: Path, *lines: str) -> list[Row]:
    """Rows of a file of ours."""
    return list(directory_csv_in.read(written(folder, "directory.csv", "\r\n".join((HEADER, *lines)))))


def test_our_own_rows(tmp_path: Path) -> None:
    row = only(
        csv_rows(tmp_path, f'Accueil,Canal,legal,01 44 52 88 90|119,93008|75112,{STREET}|,"48.91,2.44|",no,\'=oui,')
    )
    assert [(one.kind, one.value) for one in row.contacts] == [("phone", "0144528890"), ("phone", "119")]
    assert [(site.insee, site.street, site.point) for site in row.sites] == [
        ("93008", STREET, (48.91, 2.44)),
        ("75112", "", None),
    ]
    assert (row.kind, row.description, row.closed) == (Kind.LEGAL, "=oui", False)


def test_a_column_that_is_missing_refuses_the_file(tmp_path: Path) -> None:
    with pytest.raises(FileRefused) as refused:
        list(directory_csv_in.read(written(tmp_path, "directory.csv", "name,kind\r\nA,legal\r\n")))
    assert refused.value.fault == Fault(1, "organisation", "colonne absente")


# --- what is hidden ---------------------------------------------------------------------------------------------------

HIDING: list[dict[str, Any]] = [
    {"attributes": [{"taxonomy_term": {"code": "1135", "taxonomy": "Open Eligibility"}}]},
    {"name": "CHRS du canal"},
    {"description": "Douze places d’hébergement d’urgence."},
    {"organization": {"id": ORGANISATION, "name": "Foyer Les Lilas"}},
]


@pytest.mark.parametrize("hint", HIDING)
def test_what_may_be_a_shelter_keeps_no_place(tmp_path: Path, hint: dict[str, Any]) -> None:
    """Neither place, nor point, nor a sentence that says the street, wherever the file wrote it."""
    told = {
        "alert": f"Sonner au {STREET.upper()}.",
        "application_process": f"Venir au {STREET}. Puis attendre.",
        "phones": [{"number": "0144528890", "description": f"accueil {STREET}"}],
    }
    service = SERVICE | told | hint
    service["description"] = (
        f"{hint.get('description', 'Une équipe.')} Entrée au 3 bis avenue du Canal. Tous les jours."
    )

    row = only(hsds_rows(tmp_path, service))

    assert (row.confidential, row.sites) == (True, ())
    said = repr(row).lower()
    assert [word for word in ("rue des lilas", "avenue", "93000", "48.91", "bobigny") if word in said] == []
    assert row.what_happens == "Puis attendre."
    assert row.description is not None
    assert row.description.endswith("Tous les jours.")


def test_the_csv_hides_shelters_whatever_it_says_of_them(tmp_path: Path) -> None:
    for kind, confidential in (("shelter", "no"), ("association", "yes")):
        row = only(csv_rows(tmp_path, f'Nom,Canal,{kind},119,93008,{STREET},"48.91,2.44",{confidential},Texte.,'))
        assert (row.confidential, row.sites) == (True, ())


def test_an_accommodation_theme_hides_the_place(tmp_path: Path) -> None:
    theme = "logement-hebergement--rechercher-une-solution-dhebergement-temporaire"
    file = written(tmp_path, "di.json", {"services": [OFFER | {"thematiques": [theme]}], "structures": [STRUCTURE]})
    row = only(list(data_inclusion_in.read(file)))
    assert (row.kind, row.confidential, row.sites) == (Kind.SHELTER, True, ())
