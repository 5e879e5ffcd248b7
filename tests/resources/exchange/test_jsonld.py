"""A page describes its service in schema.org's words, and says nothing it does not know."""

from typing import Any

import pytest

from resources.exchange import jsonld
from resources.exchange.listing import NotPublic
from resources.models import Service
from resources.vocabulary import DEPARTEMENTS
from tests.builders import a_channel, a_place, a_service, an_organisation

pytestmark = pytest.mark.django_db

URL = "https://eclaircie.example/fr/annuaire/abcdefgh/"


def described(service: Service) -> dict[str, Any]:
    """JSON-LD of a service."""
    return jsonld.describe(service, url=URL)


def test_a_whole_service() -> None:
    """Numbers go through ServiceChannel, hours through OpeningHoursSpecification."""
    service = a_service(
        organisation=an_organisation(name="Association Exemple", website="https://exemple.fr"),
        name="Accueil",
        description="Accueil de jour.",
        needs=["ecoute", "juridique"],
        departements=["93"],
        age_rule="only",
        min_age=15,
        max_age=25,
        gender_rule="only",
        genders=["female"],
        languages=["fr", "ro"],
        opening_hours="Mo-Fr 09:00-17:00",
        free=True,
        phones=["0800059595"],
        website="https://exemple.fr/accueil",
    )
    a_channel(service, kind="sms", value="0699000000", note="Pour écrire")
    a_channel(service, kind="email", value="bonjour@exemple.fr")
    a_place(service, address="1 rue de la Paix", latitude=48.91, longitude=2.44)
    spoken = {"availableLanguage": ["fr", "ro"]}
    assert described(service) == {
        "@context": "https://schema.org",
        "@type": "Service",
        "@id": URL,
        "url": URL,
        "name": "Accueil",
        "description": "Accueil de jour.",
        "serviceType": "Association",
        "category": ["Parler à quelqu’un", "Mes droits, un avocat"],
        "provider": {
            "@type": "Organization",
            "name": "Association Exemple",
            "url": "https://exemple.fr",
            "contactPoint": [{"@type": "ContactPoint", "email": "bonjour@exemple.fr"}],
        },
        "areaServed": [{"@type": "AdministrativeArea", "name": "Seine-Saint-Denis"}],
        "audience": {
            "@type": "PeopleAudience",
            "suggestedMinAge": 15,
            "suggestedMaxAge": 25,
            "suggestedGender": "female",
        },
        "availableChannel": [
            {
                "@type": "ServiceChannel",
                **spoken,
                "servicePhone": {
                    "@type": "ContactPoint",
                    "telephone": "+33800059595",
                    "contactOption": "https://schema.org/TollFree",
                },
            },
            {
                "@type": "ServiceChannel",
                "name": "Pour écrire",
                **spoken,
                "serviceSmsNumber": {"@type": "ContactPoint", "telephone": "+33699000000"},
            },
            {"@type": "ServiceChannel", **spoken, "serviceUrl": "https://exemple.fr/accueil"},
            {
                "@type": "ServiceChannel",
                "serviceLocation": {
                    "@type": "Place",
                    "address": {
                        "@type": "PostalAddress",
                        "streetAddress": "1 rue de la Paix",
                        "postalCode": "93000",
                        "addressLocality": "Bobigny",
                        "addressRegion": "Seine-Saint-Denis",
                        "addressCountry": "FR",
                    },
                    "geo": {"@type": "GeoCoordinates", "latitude": 48.91, "longitude": 2.44},
                },
            },
        ],
        "hoursAvailable": [
            {
                "@type": "OpeningHoursSpecification",
                "dayOfWeek": [
                    f"https://schema.org/{day}" for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
                ],
                "opens": "09:00",
                "closes": "17:00",
            }
        ],
        "offers": {"@type": "Offer", "price": 0, "priceCurrency": "EUR"},
    }


def test_a_bare_service_says_little() -> None:
    """Unknown hours, audience, price and place are absent, not empty."""
    service = a_service(
        organisation=an_organisation(name="Association Exemple"),
        name="Ligne",
        opening_hours="Mo-Fr",
        age_rule="first",
        max_age=25,
        departements=list(DEPARTEMENTS),
    )
    a_place(service, confidential=True)
    assert described(service) == {
        "@context": "https://schema.org",
        "@type": "Service",
        "@id": URL,
        "url": URL,
        "name": "Ligne",
        "serviceType": "Association",
        "provider": {"@type": "Organization", "name": "Association Exemple"},
        "areaServed": [{"@type": "AdministrativeArea", "name": "Île-de-France"}],
    }


@pytest.mark.parametrize(
    ("organisation", "facts", "kind"),
    [
        ("Département du Val-de-Marne", {}, "GovernmentService"),
        ("Préfecture de police de Paris", {}, "GovernmentService"),
        ("France enfance protégée", {"website": "https://www.allo119.gouv.fr"}, "GovernmentService"),
        ("Services de secours", {"kind": "hotline", "needs": ["urgence"]}, "GovernmentService"),
        ("Association e-Enfance", {"website": "https://3018.fr"}, "Service"),
        ("Étatique", {"website": "https://gouv.fr.exemple.org"}, "Service"),
    ],
)
def test_public_bodies_give_government_services(organisation: str, facts: dict[str, Any], kind: str) -> None:
    """By their name, their site, or an emergency number."""
    assert described(a_service(organisation=an_organisation(name=organisation), **facts))["@type"] == kind


@pytest.mark.parametrize(
    ("number", "free"), [("119", True), ("116006", True), ("0800059595", True), ("0144528890", False), ("3919", False)]
)
def test_only_numbers_known_to_be_free_say_so(number: str, free: bool) -> None:  # noqa: FBT001  # a test case
    """The numbering plan says it; for 3919 it does not."""
    assert jsonld.is_toll_free(number) is free


def test_a_gender_that_the_vocabulary_lacks_is_not_narrowed() -> None:
    """Women and trans people are not «female» alone."""
    service = a_service(gender_rule="only", genders=["female", "trans"])
    assert "audience" not in described(service)


def test_an_unpublished_service_is_not_described() -> None:
    """The door is shut."""
    with pytest.raises(NotPublic):
        described(a_service(status="hidden"))
