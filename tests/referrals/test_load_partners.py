"""The file of partners comes in whole or not at all, twice changes nothing, and a wrong row is named."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from io import StringIO
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from referrals.models import Partner
from referrals.orientation import profiles, propose
from referrals.routing import Facts
from resources.opening import PARIS
from resources.vocabulary import DEPARTEMENTS, Gender, Need
from tests.builders import a_partner, an_organisation

pytestmark = pytest.mark.django_db
DEMO = Path(__file__).resolve().parents[2] / "referrals" / "data" / "partners_demo.json"
NIGHT, NOON = datetime(2026, 11, 25, 3, 0, tzinfo=PARIS), datetime(2026, 11, 25, 12, 0, tzinfo=PARIS)

Write = Callable[..., Path]


def load(path: Path) -> str:
    """What the command says."""
    said = StringIO()
    call_command("load_partners", str(path), stdout=said)
    return said.getvalue()


def refused(path: Path) -> list[str]:
    """Lines of a refusal, which must have written nothing."""
    before = list(Partner.objects.values())
    with pytest.raises(CommandError) as caught:
        load(path)
    assert list(Partner.objects.values()) == before
    lines = str(caught.value).splitlines()
    assert lines[-1] == "Rien n’a été chargé."
    return lines[:-1]


def demo() -> list[dict[str, Any]]:
    """Partners of the demonstration."""
    partners: list[dict[str, Any]] = json.loads(DEMO.read_text(encoding="utf-8"))["partners"]
    return partners


@pytest.fixture
def written(tmp_path: Path) -> Write:
    """A file of the demonstration partners in which the third has other members; None takes one away."""

    def write(position: int = 2, /, *, without: str = "", **members: object) -> Path:
        partners = demo()
        partners[position].update(members)
        partners[position].pop(without, None)
        path = tmp_path / "partenaires.json"
        path.write_text(json.dumps({"partners": partners}), encoding="utf-8")
        return path

    return write


def test_the_demonstration_comes_in_whole() -> None:
    assert load(DEMO) == "11 ajoutés, 0 changés, 0 déjà à jour.\n"

    stored = {partner.slug: partner for partner in Partner.objects.all()}
    assert list(stored) == sorted(partner["slug"] for partner in demo())
    lawyers = stored["le-phare"]
    assert (lawyers.name, lawyers.needs, lawyers.departements, lawyers.min_age, lawyers.max_age) == (
        "Association fictive Le Phare",
        ["juridique", "papiers", "signalement"],
        list(DEPARTEMENTS),
        None,
        None,
    )
    assert (lawyers.genders, lawyers.languages, lawyers.referrers, lawyers.urgencies) == (
        ["female", "male", "trans"],
        ["fr", "en", "es", "pt"],
        ["self", "relative", "professional"],
        ["24h", "week"],
    )
    assert (lawyers.commune, lawyers.capacity, lawyers.declared_open, lawyers.own_open) == ("75110", 25, 8, 0)
    assert (lawyers.opening_hours, lawyers.active, lawyers.last_resort, lawyers.is_duty_desk) == (
        "Mo-Fr 09:30-18:00; PH off",
        True,
        False,
        False,
    )
    assert list(Partner.objects.duty_desk().values_list("slug", flat=True)) == ["permanence-eclaircie"]


def test_loading_twice_changes_nothing() -> None:
    load(DEMO)
    before = list(Partner.objects.values())

    assert load(DEMO) == "0 ajoutés, 0 changés, 11 déjà à jour.\n"
    assert list(Partner.objects.values()) == before


def test_a_partner_is_linked_to_its_entry_in_the_directory(written: Write) -> None:
    organisation = an_organisation(name="Association fictive Le Phare")
    load(DEMO)

    load(written(organisation="association fictive le phare"))
    linked = Partner.objects.get(organisation__isnull=False)
    load(DEMO)  # a file that does not say leaves it
    linked.refresh_from_db()

    assert (linked.slug, linked.organisation) == (demo()[2]["slug"], organisation)
    assert refused(written(organisation="Personne")) == [
        f"partenaires.json, partenaire 3 ({linked.slug}), champ organisation : aucun organisme de l’annuaire n’a ce nom"
    ]
    load(written(organisation=None))
    assert not Partner.objects.filter(organisation__isnull=False).exists()


def test_a_new_file_changes_what_it_says_and_nothing_else(written: Write) -> None:
    load(DEMO)
    Partner.objects.filter(slug="le-phare").update(own_open=2, paused=True, stance="Nos propres mots.")
    a_partner(slug="hors-du-fichier", declared_open=1)

    said = load(written(capacity=40, open_referrals=11, without="stance", colour="bleu"))

    assert said == "0 ajoutés, 1 changés, 10 déjà à jour.\n"
    phare = Partner.objects.get(slug="le-phare")
    assert (phare.capacity, phare.declared_open, phare.own_open, phare.paused, phare.stance) == (
        40,
        11,
        2,
        True,
        "Nos propres mots.",
    )
    assert Partner.objects.get(slug="hors-du-fichier").declared_open == 1


WRONG: list[tuple[str, object]] = [
    *product(["slug"], ["", "a b", "é", "sender", "x" * 81, None, 3, "a\n"]),
    *product(["name"], ["", "   ", "x" * 201, "a\0b", "a\ud800", None, [], 1]),
    *product(["needs"], ["ecoute", ["autre"], [None], [["ecoute"]], None, {}, "", [1]]),
    *product(["departements"], [["69"], [93], "93", None]),
    *product(["min_age", "max_age"], [-1, 121, 15.0, "15", True, [], float("nan")]),
    *product(["genders"], [["women"], ["unknown"], None]),
    *product(["languages"], [["français"], ["xx"], ["FR"], None]),
    *product(["referrers"], [["police"], None]),
    *product(["urgencies"], [["soon"], None]),
    *product(["commune"], ["13055", "93000", "", None, 93008, "93999"]),
    *product(["capacity", "open_referrals"], [-1, 1.5, "3", None, True, 10**12, float("inf")]),
    *product(["active", "last_resort", "is_duty_desk"], ["yes", 1, None]),
    *product(["opening_hours"], ["banane", "Mo-Fr 09:00-", None, 24, "24/7 ; ".join("x" * 301)]),
    *product(["stance"], [None, "x" * 2001, 1]),
]


@pytest.mark.parametrize(("field", "value"), WRONG, ids=[f"{field}={str(value)[:12]!a}" for field, value in WRONG])
def test_a_wrong_value_is_named_and_stops_all(written: Write, field: str, value: object) -> None:
    name = "partenaire 3" if field == "slug" else "partenaire 3 (le-phare)"
    lines = refused(written(**{field: value}))
    assert [line.rpartition(" : ")[0] for line in lines] == [f"partenaires.json, {name}, champ {field}"]


@pytest.mark.parametrize("field", sorted(set(demo()[0]) - {"stance"}))
def test_a_missing_member_is_named(written: Write, field: str) -> None:
    name = "partenaire 3" if field == "slug" else "partenaire 3 (le-phare)"
    assert refused(written(without=field)) == [f"partenaires.json, {name}, champ {field} : absent"]


def test_every_problem_of_the_file_is_named(written: Write) -> None:
    lines = refused(written(min_age=20, max_age=18, capacity="x", slug="la-passerelle"))
    assert lines == [
        f"partenaires.json, partenaire 3 (la-passerelle), champ {problem}"
        for problem in [
            "capacity : un nombre entier de 0 à 1000000 est attendu",
            "max_age : plus petit que min_age",
            "slug : déjà au partenaire 2",
        ]
    ]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", "fichier, champ - : JSON en UTF-8 attendu"),
        (b"{", "fichier, champ - : JSON en UTF-8 attendu"),
        (b"\xff\xfe", "fichier, champ - : JSON en UTF-8 attendu"),
        (b"[" * 100_000, "fichier, champ - : JSON en UTF-8 attendu"),
        (b"[]", "fichier, champ partners : une liste est attendue"),
        (b"{}", "fichier, champ partners : une liste est attendue"),
        (b'{"partners": {}}', "fichier, champ partners : une liste est attendue"),
        (b'{"partners": [3]}', "partenaire 1, champ - : un objet est attendu"),
    ],
)
def test_a_file_that_is_something_else_is_refused(tmp_path: Path, content: bytes, line: str) -> None:
    path = tmp_path / "autre.json"
    path.write_bytes(content)
    assert refused(path) == [f"autre.json, {line}"]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="lecture impossible"):
        load(tmp_path / "absent.json")


def test_there_is_one_duty_desk(written: Write) -> None:
    assert refused(written(is_duty_desk=True)) == [
        "partenaires.json, partenaire 11 (permanence-eclaircie), champ is_duty_desk : déjà au partenaire 3"
    ]
    a_partner(slug="autre-permanence", is_duty_desk=True)
    assert refused(DEMO) == [
        "partners_demo.json, partenaire 11 (permanence-eclaircie), champ is_duty_desk : il y a déjà une permanence"
    ]


def test_the_duty_desk_can_move(tmp_path: Path) -> None:
    load(DEMO)
    partners = demo()
    partners[0]["is_duty_desk"], partners[-1]["is_duty_desk"] = True, False
    path = tmp_path / "partenaires.json"
    path.write_text(json.dumps({"partners": partners}), encoding="utf-8")

    assert load(path) == "0 ajoutés, 2 changés, 9 déjà à jour.\n"
    assert list(Partner.objects.duty_desk().values_list("slug", flat=True)) == ["les-tilleuls"]


def test_a_code_given_twice_counts_once(written: Write) -> None:
    load(written(needs=["juridique", "juridique"]))
    assert Partner.objects.get(slug="le-phare").needs == ["juridique"]


@pytest.mark.django_db(transaction=True)
def test_two_loads_at_once_agree() -> None:
    def run(_number: int) -> str:
        try:
            return load(DEMO)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as both:
        said = sorted(both.map(run, range(2)))
    assert said == ["0 ajoutés, 0 changés, 11 déjà à jour.\n", "11 ajoutés, 0 changés, 0 déjà à jour.\n"]


# --- the demonstration itself --------------------------------------------------------------------------------------


def test_demonstration_partners_say_that_they_are_fictional() -> None:
    assert [one["slug"] for one in demo() if "fictif" not in one["name"] and "fictive" not in one["name"]] == []
    assert [one["slug"] for one in demo() if not one["stance"].startswith("Association inventée")] == []
    assert [
        one["slug"] for one in demo() if any(letter.isdigit() for letter in one["stance"].replace("12-25", ""))
    ] == []


def test_the_demonstration_covers_the_region() -> None:
    partners = [one for one in demo() if not one["last_resort"]]
    assert {code for one in partners for code in one["departements"]} == set(DEPARTEMENTS)
    assert {gender for one in partners for gender in one["genders"]} == set(Gender.values)
    assert set(Need.values) - {need for one in partners for need in one["needs"]} == {"urgence"}
    assert len([one for one in demo() if one["last_resort"] and not one.get("is_duty_desk")]) == 2


@pytest.mark.parametrize("at", [NIGHT, NOON])
@pytest.mark.parametrize("urgency", ["now", "24h", "week"])
@pytest.mark.parametrize("needs", [("ecoute",), ("hebergement",), ("ecoute", "hebergement")])
@pytest.mark.parametrize("referrer", ["self", "relative", "witness", "professional"])
def test_a_girl_in_seine_saint_denis_has_a_choice(
    at: datetime, urgency: str, needs: tuple[str, ...], referrer: str
) -> None:
    load(DEMO)
    facts = Facts(referrer=referrer, age_band="15-17", gender="female", departement="93", needs=needs, urgency=urgency)

    routed = propose(facts, Partner.objects.all(), now=at)

    assert {"les-tilleuls", "la-passerelle"} <= {one.partner for one in routed.proposals if one.open}


def test_the_duty_desk_is_no_profile_and_what_is_open_counts_on_both_sides() -> None:
    load(DEMO)
    Partner.objects.filter(slug="le-phare").update(own_open=3)
    Partner.objects.filter(slug="le-courant").update(paused=True)

    known = {profile.slug: profile for profile in profiles(Partner.objects.all())}

    assert len(known) == 10
    assert "permanence-eclaircie" not in known
    assert known["le-phare"].open_referrals == 11
    assert [slug for slug, profile in known.items() if not profile.active] == ["le-courant"]
