"""Terms cover the services they say, in memory and in the database alike, and speak the official codes."""

from uuid import uuid4

import pytest
from data_inclusion.schema.v1 import Thematique  # type: ignore[import-untyped]

from resources.exchange.taxonomies import (
    KINDS,
    MEANING_OF_KIND,
    MEANING_OF_NEED,
    NEEDS,
    OPEN_ELIGIBILITY,
    TAXONOMIES,
    TERM_BY_ID,
    TERMS,
    THEMES,
    services_under_taxonomy,
    services_under_term,
    term_id,
    terms_of,
    themes_of,
)
from resources.models import Service
from resources.vocabulary import Kind, Need
from tests.builders import a_service


def test_every_need_and_kind_has_a_term() -> None:
    """Nothing of our own vocabulary is missing."""
    assert list(MEANING_OF_NEED) == list(Need)
    assert list(MEANING_OF_KIND) == list(Kind)


def test_themes_are_official() -> None:
    """Codes and names are those of the schema."""
    official = {theme.value: theme.label for theme in Thematique}
    ours = {term.code: term.name for term in TERMS if term.taxonomy is THEMES and term.parent}
    assert ours == {code: official[code] for code in ours}
    assert len(ours) == 8


def test_identifiers_are_unique_and_parents_exist() -> None:
    """No two terms share one, none hangs in the air."""
    assert len(TERM_BY_ID) == len(TERMS) == 39
    assert len({taxonomy.id for taxonomy in TAXONOMIES}) == 4
    assert {term.parent_id for term in TERMS if term.parent_id} - set(TERM_BY_ID) == set()


def test_a_service_carries_the_narrowest_terms() -> None:
    """«Advocacy & Legal Aid» without «Legal» above it; themes without their category."""
    terms = [(term.taxonomy.code, term.code) for term in terms_of(("juridique",), "association")]
    assert terms == [
        (NEEDS.code, "juridique"),
        (KINDS.code, "association"),
        (THEMES.code, "difficultes-administratives-ou-juridiques--accompagnement-pour-lacces-aux-droits"),
        (OPEN_ELIGIBILITY.code, "1375"),
    ]
    assert [term.code for term in terms_of((), "legal")] == ["legal", "1111"]


def test_a_need_without_an_equivalent_has_no_theme() -> None:
    """Nothing is better than something wrong."""
    assert themes_of(("ecoute", "sortie"), "association") == []
    assert themes_of(("violences", "prostitution"), "shelter") == ["famille--surmonter-conflits-separation-violence"]


@pytest.mark.django_db
def test_the_database_finds_what_a_term_covers() -> None:
    """The condition asked of the database is the rule applied in memory, for every term."""
    services = [
        a_service(indexed=False, needs=["juridique", "violences"], kind="association"),
        a_service(indexed=False, needs=["hebergement"], kind="shelter"),
        a_service(indexed=False, needs=[], kind="hotline"),
        a_service(indexed=False, needs=["sante", "papiers", "famille"], kind="health"),
    ]
    found = {term.code: set(Service.objects.filter(services_under_term(term.id))) for term in TERMS}
    expected = {
        term.code: {service for service in services if term.covers(service.needs, service.kind)} for term in TERMS
    }
    assert found == expected


@pytest.mark.django_db
def test_a_taxonomy_covers_what_its_terms_cover() -> None:
    """And an unknown one covers nothing."""
    themed = a_service(indexed=False, needs=["sante"])
    plain = a_service(indexed=False, needs=["ecoute"])
    assert list(Service.objects.filter(services_under_taxonomy(THEMES.id))) == [themed]
    assert set(Service.objects.filter(services_under_taxonomy(NEEDS.id))) == {themed, plain}
    assert list(Service.objects.filter(services_under_taxonomy(uuid4()))) == []
    assert list(Service.objects.filter(services_under_term(term_id(NEEDS, "loisirs")))) == []
