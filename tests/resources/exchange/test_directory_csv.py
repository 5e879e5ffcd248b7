"""The CSV file is one row a service, safe to open in a spreadsheet, and documented column by column."""

import csv
import io
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings

from resources.exchange import directory_csv
from tests.builders import a_channel, a_commune, a_place, a_service, an_organisation

SITE = "https://eclaircie.example"


def exported() -> list[dict[str, str]]:
    """Rows of the file, read back."""
    return list(csv.DictReader(io.StringIO("".join(directory_csv.rows(site=SITE)), newline="")))


@pytest.mark.django_db
def test_a_whole_row() -> None:
    """Every column says its fact; several values are separated by a bar."""
    organisation = an_organisation(name="Association Exemple")
    service = a_service(
        slug="accueil",
        organisation=organisation,
        name="Accueil, jour",
        kind="association",
        description="Ligne 1\nLigne « 2 »",
        needs=["violences", "ecoute"],
        departements=["93", "75"],
        age_rule="only",
        max_age=25,
        opening_hours="24/7",
        languages=["fr", "ro"],
        free=True,
        anonymous=False,
        closed_from=date(2026, 12, 24),
        phones=["0144528890", "119"],
        website="https://exemple.fr",
    )
    a_channel(service, kind="sms", value="114")
    a_place(service, address="1 rue de la Paix", latitude=48.91, longitude=2.44)
    a_place(service, commune=a_commune("75112", name="Paris 12e"))
    service.refresh_from_db()
    [row] = exported()
    assert row == {
        "id": str(service.pk),
        "slug": "accueil",
        "page": f"{SITE}/fr/annuaire/{service.public_id}/",
        "name": "Accueil, jour",
        "organisation": "Association Exemple",
        "organisation_id": str(organisation.pk),
        "kind": "association",
        "needs": "violences|ecoute",
        "description": "Ligne 1\nLigne « 2 »",
        "departements": "93|75",
        "phone": "01 44 52 88 90|119",
        "sms": "114",
        "chat": "",
        "email": "",
        "website": "https://exemple.fr",
        "opening_hours": "24/7",
        "languages": "fr|ro",
        "min_age": "",
        "max_age": "25",
        "age_rule": "only",
        "genders": "",
        "gender_rule": "everyone",
        "free": "yes",
        "anonymous": "no",
        "for_professionals": "no",
        "on_referral_only": "no",
        "what_happens": "",
        "address_confidential": "no",
        "commune_codes": "93008|75112",
        "communes": "Bobigny|Paris 12e",
        "addresses": "1 rue de la Paix|",
        "positions": "48.91,2.44|",
        "saturation": "unknown",
        "saturation_note": "",
        "closed_from": "2026-12-24",
        "closed_until": "",
        "closure_note": "",
        "verified_on": "2026-11-01",
        "verified_by_check": "call",
        "verified_until": "2027-12-06",
        "updated_at": service.updated_at.isoformat(),
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=1+1", "'=1+1"),
        ("+33199000000", "'+33199000000"),
        ("-2", "'-2"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("a=1", "a=1"),
        ("", ""),
        (None, ""),
        (0, "0"),
    ],
)
def test_no_cell_is_a_formula(value: object, text: str) -> None:
    """A text that a spreadsheet would run begins with an apostrophe."""
    assert directory_csv.cell(value) == text


@pytest.mark.django_db
def test_a_name_cannot_run_in_a_spreadsheet() -> None:
    """The guard stands on every column, not on a chosen few."""
    a_service(name='=HYPERLINK("http://x")')
    assert exported()[0]["name"] == '\'=HYPERLINK("http://x")'


def test_every_column_is_documented() -> None:
    """docs/open-data.md names each of them."""
    documentation = (Path(settings.BASE_DIR) / "docs" / "open-data.md").read_text(encoding="utf-8")
    missing = [column for column, _read in directory_csv.COLUMNS if f"`{column}`" not in documentation]
    assert missing == []
