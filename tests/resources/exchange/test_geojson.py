"""Only public points are on a map, in the right order, and centres of communes are called so."""

import json
from typing import Any

import pytest

from resources.exchange import geojson
from tests.builders import a_place, a_service

pytestmark = pytest.mark.django_db

SITE = "https://eclaircie.example"
# Île-de-France, longitude then latitude: swapped axes fall outside.
WEST, SOUTH, EAST, NORTH = 1.4, 48.0, 3.6, 49.3


def exported() -> list[dict[str, Any]]:
    """Features of the file, read back."""
    collection = json.loads("".join(geojson.collection(site=SITE)))
    assert collection["type"] == "FeatureCollection"
    features: list[dict[str, Any]] = collection["features"]
    return features


def test_an_empty_directory_is_an_empty_collection() -> None:
    """Still valid GeoJSON."""
    assert exported() == []


def test_a_place_with_its_own_point() -> None:
    """Longitude first, inside the region, and said to be the place."""
    service = a_service(phones=["119"], needs=["ecoute"], kind="health")
    a_place(service, address="1 rue de la Paix", latitude=48.91, longitude=2.44)
    [feature] = exported()
    longitude, latitude = feature["geometry"]["coordinates"]
    assert feature["geometry"] == {"type": "Point", "coordinates": [2.44, 48.91]}
    assert WEST < longitude < EAST
    assert SOUTH < latitude < NORTH
    assert feature["properties"] == {
        "service_id": str(service.pk),
        "page": f"{SITE}/fr/annuaire/{service.public_id}/",
        "name": service.name,
        "organisation": service.organisation.name,
        "kind": "health",
        "needs": ["ecoute"],
        "phones": ["119"],
        "address_confidential": False,
        "verified_on": "2026-11-01",
        "precision": "place",
        "commune": "Bobigny",
        "commune_code": "93008",
        "address": "1 rue de la Paix",
        "postcode": "93000",
    }


def test_a_place_without_a_point_is_the_centre_of_its_commune_and_says_so() -> None:
    """Nobody is sent to a town hall square for an office."""
    service = a_service()
    a_place(service)
    [feature] = exported()
    assert feature["geometry"]["coordinates"] == [2.4501, 48.9098]
    assert feature["properties"]["precision"] == "commune"


def test_every_public_place_is_a_feature_of_its_own() -> None:
    """With different identifiers."""
    service = a_service()
    a_place(service)
    a_place(service, latitude=48.91, longitude=2.44)
    features = exported()
    assert [feature["properties"]["precision"] for feature in features] == ["commune", "place"]
    assert len({feature["id"] for feature in features}) == 2


@pytest.mark.parametrize("departements", [[], ["93"]])
def test_a_confidential_place_has_no_point_at_all(departements: list[str]) -> None:
    """Not its commune's, not its département's."""
    service = a_service(departements=departements)
    a_place(service, confidential=True)
    [feature] = exported()
    assert feature["geometry"] is None
    assert {"precision", "commune", "commune_code"} & set(feature["properties"]) == set()
    assert feature["properties"]["address_confidential"] is True
