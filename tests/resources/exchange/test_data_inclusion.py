"""What is exported to data·inclusion is what its official models accept, warnings included."""

import json
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from data_inclusion.schema import v1  # type: ignore[import-untyped]

from resources.exchange import data_inclusion
from resources.exchange import listing as listings
from resources.models import Organisation, Service
from tests.builders import a_channel, a_commune, a_place, a_service, an_organisation

pytestmark = pytest.mark.django_db

SITE = "https://eclaircie.example"


def exported() -> dict[str, list[dict[str, Any]]]:
    """The package, read back."""
    package: dict[str, list[dict[str, Any]]] = json.loads("".join(data_inclusion.package(site=SITE)))
    return package


def the_service() -> dict[str, Any]:
    """The only service of the package, accepted by the official model without a warning."""
    [record] = exported()["services"]
    v1.Service.model_validate(record, context={"ignore_warnings": False})
    return record


def test_a_whole_service() -> None:
    """Every member, in the schema's words."""
    organisation = an_organisation(name="Association Exemple", website="https://exemple.fr/é", description="Une aide.")
    service = a_service(
        organisation=organisation,
        name="Accueil.",
        kind="association",
        description="Accueil de jour.",
        needs=["violences", "juridique"],
        departements=["93", "75"],
        age_rule="only",
        min_age=15,
        max_age=25,
        gender_rule="only",
        genders=["female"],
        opening_hours="Mo-Fr 09:00-17:00; PH off",
        free=True,
        what_happens="Une personne rappelle.",
        phones=["0144528890"],
        website="https://exemple.fr",
    )
    a_channel(service, kind="email", value="bonjour@exemple.fr")
    a_place(service, address="1 rue de la Paix", latitude=48.91, longitude=2.44)
    a_place(service, commune=a_commune("75112", name="Paris 12e"))
    today = data_inclusion.today().isoformat()
    package = exported()
    assert package["structures"] == [
        {
            "source": "eclaircie",
            "id": f"eclaircie--{organisation.pk}",
            "nom": "Association Exemple",
            "date_maj": today,
            "description": "Une aide.",
            "site_web": "https://exemple.fr/%C3%A9",
        }
    ]
    v1.Structure.model_validate(package["structures"][0], context={"ignore_warnings": False})
    assert the_service() == {
        "source": "eclaircie",
        "structure_id": f"eclaircie--{organisation.pk}",
        "id": f"eclaircie--{service.pk}",
        "nom": "Accueil",
        "description": "Accueil de jour.",
        "date_maj": today,
        "lien_source": f"{SITE}/fr/annuaire/{service.public_id}/",
        "type": "accompagnement",
        "thematiques": [
            "difficultes-administratives-ou-juridiques--accompagnement-pour-lacces-aux-droits",
            "famille--surmonter-conflits-separation-violence",
        ],
        "frais": "gratuit",
        "publics": ["femmes", "jeunes", "personnes-en-situation-durgence"],
        "publics_precisions": "Seulement : de 15 à 25 ans. Seulement : filles et femmes.",
        "telephone": "+33144528890",
        "courriel": "bonjour@exemple.fr",
        "lien_mobilisation": "https://exemple.fr",
        "modes_accueil": ["en-presentiel"],
        "zone_eligibilite": ["93", "75"],
        "modes_mobilisation": [
            "telephoner",
            "envoyer-un-courriel",
            "se-presenter",
            "utiliser-lien-mobilisation",
        ],
        "mobilisable_par": ["usagers", "professionnels"],
        "mobilisation_precisions": "Une personne rappelle.",
        "horaires_accueil": "Mo-Fr 09:00-17:00; PH off",
        "commune": "Bobigny",
        "code_postal": "93000",
        "code_insee": "93008",
        "adresse": "1 rue de la Paix",
        "latitude": 48.91,
        "longitude": 2.44,
    }


def test_a_bare_service_is_still_valid() -> None:
    """Nothing is invented: what is unknown is absent."""
    a_service(name="AA", kind="hotline", needs=["ecoute"], phones=["3919"], opening_hours="Mo-Fr")
    record = the_service()
    assert record["nom"] == "AA (eclaircie)"
    assert record["description"] == "Ligne d’écoute : Parler à quelqu’un."
    assert record["publics"] == ["tous-publics"]
    assert record["telephone"] == "3919"
    assert record["modes_accueil"] == ["a-distance"]
    assert {"frais", "thematiques", "horaires_accueil", "zone_eligibilite", "commune"} & set(record) == set()


def test_a_confidential_shelter_has_no_place() -> None:
    """One is received on the spot, but nobody is told where."""
    service = a_service(kind="shelter", needs=["hebergement"], on_referral_only=True)
    a_place(service, confidential=True)
    record = the_service()
    assert record["modes_accueil"] == ["en-presentiel"]
    assert record["mobilisable_par"] == ["professionnels"]
    assert record["conditions_acces"] == "Sur orientation d’un professionnel."
    assert {"commune", "code_insee", "code_postal", "latitude", "modes_mobilisation"} & set(record) == set()


def test_an_audience_without_an_equivalent_is_not_everybody() -> None:
    """Adults only: the schema has no word, and «tous-publics» would be false."""
    a_service(age_rule="only", min_age=18)
    assert "publics" not in the_service()


def test_names_are_cut_at_a_word() -> None:
    """At 150 characters, with a sign that something is missing."""
    cut = data_inclusion.name("Maison " * 30)
    assert (len(cut), cut[-8:]) == (147, " Maison…")


def test_texts_lose_control_characters() -> None:
    """They break the readers of the platform."""
    assert data_inclusion.text("Bonjour\x07 à\ntous") == "Bonjour à\ntous"
    assert data_inclusion.text("Oui") == ""


def test_the_date_is_that_of_paris_and_never_in_the_future() -> None:
    """Half past midnight in Paris is still yesterday in UTC."""
    late = datetime(2026, 7, 1, 0, 30, tzinfo=ZoneInfo("Europe/Paris"))
    service = a_service()
    Service.objects.filter(pk=service.pk).update(updated_at=late)
    assert the_service()["date_maj"] == "2026-07-01"
    today = data_inclusion.today()
    assert data_inclusion.last_change(today + timedelta(days=1)) == today.isoformat()
    assert data_inclusion.last_change(date(2026, 1, 2)) == "2026-01-02"


def test_a_structure_that_came_late_is_not_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service whose organisation was not written yet waits, so that every structure_id leads somewhere."""
    early = a_service()
    a_service()
    only_early = Organisation.objects.filter(pk=early.organisation_id)
    monkeypatch.setattr(listings, "publishing_organisations", lambda: only_early)
    assert [record["id"] for record in exported()["services"]] == [f"eclaircie--{early.pk}"]
