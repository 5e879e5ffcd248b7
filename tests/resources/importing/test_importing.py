"""An import only ever fills the queue: matched, compared, told beforehand, repeated without effect, rid of places."""

import io
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts.models import User
from resources import importing, moderation
from resources.exchange import hsds_in
from resources.importing import Finding, Outcome
from resources.models import Organisation, Proposal, Service
from tests.builders import a_channel, a_commune, a_place, a_service, an_organisation
from tests.resources.importing.files import a_file, a_record, identifier, run_import

pytestmark = pytest.mark.django_db

STREET = "12 rue des Lilas"


@pytest.fixture(autouse=True)
def _communes() -> None:
    """Nothing is imported into a directory without communes."""
    a_commune()


def findings(path: Path) -> list[Finding]:
    """What an import of the file would do, row by row."""
    found: list[Finding] = []
    importing.look(hsds_in.read(path), tell=found.append)
    return found


def outcome(path: Path) -> Outcome:
    """What it would do with the only row."""
    [finding] = findings(path)
    return finding.outcome


def place(street: str = STREET, city: str = "Bobigny", postcode: str = "93000") -> dict[str, Any]:
    """A place as HSDS writes it."""
    address = {"address_1": street, "city": city, "postal_code": postcode, "address_type": "physical"}
    return {"location": {"location_type": "physical", "latitude": 48.9123, "longitude": 2.4321, "addresses": [address]}}


# --- the dry run ------------------------------------------------------------------------------------------------------


def test_without_apply_everything_is_told_and_nothing_written(tmp_path: Path) -> None:
    a_service(name="Accueil numéro 2", phones=["0199000002"], departements=["93"], slug="accueil-deux")
    path = a_file(
        tmp_path,
        a_record(1),
        a_record(2, languages=[{"code": "ro"}]),
        a_record(3, id="faux"),
        a_record(4, service_areas=[{"name": "Rhône"}], service_at_locations=[place("1 rue X", "Lyon", "69001")]),
    )

    said = run_import(path)

    assert said.splitlines() == [
        "+ ligne 2 : Accueil numéro 1 ; nom, organisme, genre d’aide, description, territoire, contacts",
        "~ ligne 3 : Accueil numéro 2 → accueil-deux ; description, langues",
        "× ligne 4, id : identifiant UUID attendu",
        "1 nouvelles fiches, 1 corrections, 0 conflits, 0 déjà dites, 1 hors de la région, 1 lignes refusées.",
        "Rien n’a été écrit. Pour ouvrir ces propositions : --apply.",
    ]
    assert (Service.objects.count(), Proposal.objects.count(), Organisation.objects.count()) == (1, 0, 1)


# --- into the queue ---------------------------------------------------------------------------------------------------


def test_apply_fills_the_queue_and_publishes_nothing(tmp_path: Path) -> None:
    known = a_service(name="Accueil numéro 2", phones=["0199000002"], departements=["93"])
    before = Service.objects.filter(pk=known.pk).values().get()

    run_import(a_file(tmp_path, a_record(1), a_record(2, languages=[{"code": "ro"}])), "--apply")

    new = Service.objects.exclude(pk=known.pk).get()
    assert (str(new.pk), new.status, new.organisation.name) == (identifier(1), "pending", "Canal (fictif)")
    assert list(Service.objects.published()) == [known]
    assert Service.objects.filter(pk=known.pk).values().get() == before
    queue = {proposal.service_id: proposal for proposal in Proposal.objects.open()}
    assert {pk: (one.kind, one.origin, one.source) for pk, one in queue.items()} == {
        new.pk: ("publish", "import", "hsds : autre.json"),
        known.pk: ("change", "import", "hsds : autre.json"),
    }
    assert queue[known.pk].changes == {
        "description": {"before": "", "after": "Un accueil."},
        "languages": {"before": [], "after": ["ro"]},
    }
    assert queue[new.pk].approvals_needed == 2


def test_the_same_file_again_proposes_nothing(tmp_path: Path) -> None:
    """Whether moderators have decided or not, and whatever they decided: they are asked a thing once."""
    for number in (2, 3):
        a_service(name=f"Accueil numéro {number}", phones=[f"019900000{number}"], departements=["93"])
    path = a_file(tmp_path, *(a_record(number, languages=[{"code": "ro"}]) for number in (1, 2, 3)))
    run_import(path, "--apply")
    first = list(Proposal.objects.order_by("pk").values())
    assert len(first) == 3

    run_import(path, "--apply")
    assert list(Proposal.objects.order_by("pk").values()) == first

    moderators = [User.objects.create(email=f"{name}@example.org", is_staff=True) for name in ("alix", "sam")]
    publication, agreed, refused = Proposal.objects.order_by("kind", "pk")[2], *Proposal.objects.filter(kind="change")
    for one in (publication, refused):
        moderation.refuse(one, moderator=moderators[0], reason="non", on=timezone.localdate())
    moderation.approve(agreed, moderator=moderators[0], on=timezone.localdate())
    said = run_import(path, "--apply")

    assert Proposal.objects.count() == 3
    assert "0 nouvelles fiches, 0 corrections, 0 conflits, 3 déjà dites" in said


def test_a_broken_row_is_told_and_the_rest_goes_on_or_nothing_does(tmp_path: Path) -> None:
    path = a_file(tmp_path, a_record(1), a_record(2, url="incomplet"), a_record(3))

    with pytest.raises(CommandError, match="rien n’a été écrit"):
        run_import(path, "--apply", "--strict")
    assert (Service.objects.count(), Proposal.objects.count(), Organisation.objects.count()) == (0, 0, 0)

    said = run_import(path, "--apply")
    assert "× ligne 3, url : adresse de site incomplète (https://…)" in said
    assert [str(pk) for pk in Service.objects.values_list("pk", flat=True).order_by("pk")] == [
        identifier(1),
        identifier(3),
    ]


def test_what_comes_before_a_file_breaks_off_is_kept_unless_strict(tmp_path: Path) -> None:
    path = a_file(tmp_path, a_record(1), a_record(2))
    path.write_text(path.read_text(encoding="utf-8").removesuffix("]}") + ', {"id": ', encoding="utf-8")

    with pytest.raises(CommandError, match="rien n’a été écrit"):
        run_import(path, "--apply", "--strict")
    assert Service.objects.count() == 0

    with pytest.raises(CommandError, match="pas été lu jusqu’au bout"):
        run_import(path, "--apply")
    assert Service.objects.count() == 2


# --- matching ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "record", "expected"),
    [
        ({"phones": ["0199000001"]}, {"name": "L’accueil 1"}, Outcome.CHANGE),
        ({"phones": ["+33199000001"]}, {}, Outcome.CHANGE),
        ({"website": "http://www.canal.example"}, {"phones": [], "url": "https://canal.example/"}, Outcome.CHANGE),
        ({}, {"phones": []}, Outcome.CHANGE),
        ({"phones": ["0199000001"]}, {"name": "Cabinet de Maître Dupont"}, Outcome.NEW),
        ({"departements": ["77"]}, {"phones": []}, Outcome.NEW),
        ({"departements": ["77"], "phones": ["0199000001"]}, {}, Outcome.NEW),
        ({"name": "Accueil numéro 2"}, {"phones": []}, Outcome.NEW),
        ({"name": "Tout autre chose"}, {}, Outcome.NEW),
    ],
)
def test_who_is_who(tmp_path: Path, facts: dict[str, Any], record: dict[str, Any], expected: Outcome) -> None:
    """The same number or site under a like name, or a very like name in one département; never less."""
    a_service(**{"name": "Accueil numéro 1", "departements": ["93"], **facts})
    assert outcome(a_file(tmp_path, a_record(1, **record))) == expected


def test_two_services_that_could_be_meant_are_a_conflict(tmp_path: Path) -> None:
    for slug in ("un", "deux"):
        a_service(name="Accueil numéro 1", phones=["0199000001"], slug=slug, departements=["93"])
    [finding] = findings(a_file(tmp_path, a_record(1)))
    assert finding.outcome == Outcome.CONFLICT
    assert finding.reason in {
        "plusieurs services possibles : deux, un",
        "plusieurs services possibles : un, deux",
    }


def test_two_rows_about_one_service_are_a_conflict(tmp_path: Path) -> None:
    found = findings(a_file(tmp_path, a_record(1), a_record(1, name="Autre nom")))
    assert [(one.outcome, one.reason) for one in found] == [
        (Outcome.NEW, ""),
        (Outcome.CONFLICT, "même service qu’à la ligne 2"),
    ]


def test_what_moderators_took_away_does_not_come_back(tmp_path: Path) -> None:
    a_service(name="Accueil numéro 1", phones=["0199000001"], status="hidden")
    path = a_file(tmp_path, a_record(1))
    assert [(one.outcome, one.reason) for one in findings(path)] == [(Outcome.CONFLICT, "retiré par les modérateurs")]
    run_import(path, "--apply")
    assert Proposal.objects.count() == 0


def test_another_open_proposal_on_the_field_is_shown_and_left(tmp_path: Path) -> None:
    service = a_service(name="Accueil numéro 1", phones=["0199000001"], departements=["93"])
    theirs = moderation.propose_change(
        service, after={"languages": ["es"]}, origin=moderation.Origin(), on=timezone.localdate()
    )
    path = a_file(tmp_path, a_record(1, languages=[{"code": "ro"}], description=""))

    [finding] = findings(path)
    run_import(path, "--apply")

    assert (finding.outcome, finding.disputed) == (Outcome.CONFLICT, ("languages",))
    assert "autre proposition ouverte sur : langues" in run_import(
        a_file(tmp_path, a_record(1, languages=[{"code": "ar"}]))
    )
    theirs.refresh_from_db()
    assert theirs.changes["languages"]["after"] == ["es"]
    assert Proposal.objects.open().count() == 2


# --- comparing --------------------------------------------------------------------------------------------------------


def test_our_words_stay_ours_when_another_file_speaks_of_the_same_service(tmp_path: Path) -> None:
    """Contacts and hours are shown beside ours, empty facts are filled; a file that leaves a fact out erases none."""
    service = a_service(
        name="Accueil Numéro 1",
        description="Nos mots.",
        phones=["0199000001"],
        website="https://canal.example",
        departements=["93"],
        opening_hours="Mo 09:00-12:00",
    )
    a_channel(service, value="0199000077", visibility="professionals")
    schedule = {"freq": "WEEKLY", "byday": "MO", "opens_at": "09:00", "closes_at": "17:00"}
    phones = [{"number": "0199000001"}, {"number": "0199000078"}, {"number": "0199000077"}]

    run_import(a_file(tmp_path, a_record(1, schedules=[schedule], phones=phones, free=True)), "--apply")

    changes = Proposal.objects.get().changes
    assert set(changes) == {"channels", "hours"}
    assert changes["hours"]["after"] == "Mo 09:00-17:00"
    assert [(one["value"], one["visibility"]) for one in changes["channels"]["after"]] == [
        ("0199000001", "public"),
        ("0199000077", "professionals"),
        ("0199000078", "public"),
        ("https://canal.example", "public"),
    ]


def test_a_corrected_export_of_ours_replaces_a_number(tmp_path: Path) -> None:
    service = a_service(phones=["0199000001"], website="https://canal.example", departements=["93"])
    path = tmp_path / "hsds.json"
    call_command("export_directory", "--format", "hsds", "--output", str(path), stdout=io.StringIO())
    path.write_text(path.read_text(encoding="utf-8").replace("199000001", "199000002"), encoding="utf-8")

    run_import(path, "--apply")

    proposal = Proposal.objects.get()
    assert (proposal.service, proposal.approvals_needed) == (service, 2)
    assert [one["value"] for one in proposal.changes["channels"]["after"]] == ["0199000002", "https://canal.example"]


@pytest.mark.parametrize("form", ["hsds", "csv", "data-inclusion"])
def test_our_own_exports_tell_us_nothing_new(tmp_path: Path, form: str) -> None:
    organisation = an_organisation(
        name="Association Exemple", website="https://exemple.example", description="Une aide."
    )
    service = a_service(
        organisation=organisation,
        name="Accueil, jour",
        kind="legal",
        needs=["traite", "violences", "ecoute"],
        departements=["75", "93"],
        age_rule="first",
        min_age=15,
        max_age=25,
        gender_rule="only",
        genders=["female", "trans"],
        languages=["fr", "ro"],
        opening_hours="Mo-Fr 09:00-17:00; PH off",
        free=True,
        anonymous=True,
        on_referral_only=True,
        what_happens="Une personne rappelle.",
        saturation="waiting",
        saturation_note="Trois semaines.",
        closed_from=date(2026, 11, 1),
        closed_until=date(2027, 1, 3),
        closure_note="Travaux.",
        phones=["0144528890", "119", "+33144528891"],
        website="https://exemple.example/a",
    )
    a_channel(service, kind="chat", value="https://exemple.example/tchat", note="Tous les jours")
    a_channel(service, kind="web", value="https://exemple.example/b")
    a_channel(service, kind="email", value="bonjour@exemple.example")
    a_channel(service, kind="sms", value="114")
    a_channel(service, value="0144528899", visibility="professionals")
    a_place(service, address="1 rue de la Paix, 93000", latitude=48.91, longitude=2.44)
    a_place(service, commune=a_commune("75112", name="Paris 12e", postcodes=["75012"]))
    a_service(kind="shelter", name="La halte", phones=["0144528892"])
    path = tmp_path / "export"
    call_command("export_directory", "--format", form, "--output", str(path), stdout=io.StringIO())
    suffix = ".csv" if form == "csv" else ".json"
    path = path.rename(path.with_suffix(suffix))

    said = run_import(path, "--apply", form=form)

    assert "0 nouvelles fiches, 0 corrections, 0 conflits, 2 déjà dites" in said, (said, proposed())
    assert Proposal.objects.count() == 0


def proposed() -> list[dict[str, Any]]:
    """What stands in the queue."""
    return list(Proposal.objects.values_list("changes", flat=True))


def test_what_a_poorer_format_says_of_us_is_no_correction(tmp_path: Path) -> None:
    """data·inclusion has no room for our audiences, closes no name with a dot, knows one word for two of ours."""
    a_service(
        name="Accueil.",
        for_professionals=True,
        gender_rule="only",
        genders=["female", "trans"],
        phones=["0144528890"],
        organisation=an_organisation(name="Association Exemple."),
    )
    path = tmp_path / "export.json"
    call_command("export_directory", "--format", "data-inclusion", "--output", str(path), stdout=io.StringIO())

    said = run_import(path, "--apply", form="data-inclusion")

    assert "1 déjà dites" in said, (said, proposed())


def test_odd_rows_are_refused_or_mended_and_never_stop_the_rest(tmp_path: Path) -> None:
    owner = a_record(1)["organization"]
    path = a_file(
        tmp_path,
        a_record(1, name="\ud800"),
        a_record(2, description="mot " * 1000),
        a_record(3, organization=owner | {"name": "CANAL (FICTIF)"}),
        a_record(4, name="n" * 300),
        a_record(5, organization=owner | {"website": f"https://canal.example/{'x' * 250}"}),
    )

    run_import(path, "--apply")

    assert [str(pk) for pk in Service.objects.values_list("pk", flat=True).order_by("pk")] == [
        identifier(2),
        identifier(3),
    ]
    assert Organisation.objects.count() == 1
    description = Service.objects.get(pk=identifier(2)).description
    assert (len(description) <= 2000, description.endswith("mot…")) == (True, True)


def test_a_commune_that_cannot_be_told_refuses_the_row(tmp_path: Path) -> None:
    path = a_file(tmp_path, a_record(1, service_at_locations=[place(city="Bobigni", postcode="93999")]))
    assert [(one.outcome, one.reason) for one in findings(path)] == [
        (Outcome.BROKEN, "ligne 2, lieu : commune inconnue dans la région")
    ]


# --- what stays hidden ------------------------------------------------------------------------------------------------


def everything_stored() -> str:
    """Every row of every table, as text."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        found = []
        for table in tables:
            cursor.execute(f'SELECT row_to_json(stored)::text FROM "{table}" AS stored')  # noqa: S608
            found += [row for (row,) in cursor.fetchall()]
    return "\n".join(found)


def test_no_place_of_a_shelter_is_stored_anywhere(tmp_path: Path) -> None:
    """Not in a service, a proposal, its history or the queue of work; a place that is public is."""
    told = {
        "service_at_locations": [place()],
        "description": f"Un abri. Venir au {STREET}.",
        "alert": f"Sonner au {STREET}.",
        "phones": [{"number": "0199000001", "description": f"porte du {STREET}"}],
    }
    path = a_file(
        tmp_path,
        a_record(1, name="CHRS du canal", **told),
        a_record(2, service_at_locations=[place("34 quai Public")]),
    )

    said = run_import(path, "--apply", "--verbosity", "2")

    stored = everything_stored()
    assert "34 quai Public" in stored
    assert [word for word in (STREET, "rue des Lilas") if word in stored + said] == []
    shelter = Service.objects.get(pk=identifier(1))
    assert [(one.confidential, one.commune_id, one.address) for one in shelter.places.all()] == [(True, None, "")]
    assert len(re.findall("48.9123", stored)) > 0
    assert shelter.latitude is None
    proposal = Proposal.objects.get(service=shelter)
    assert proposal.changes["places"]["after"] == [
        {"commune": None, "confidential": True, "address": "", "latitude": None, "longitude": None}
    ]


def test_a_place_that_moderators_keep_secret_stays_secret(tmp_path: Path) -> None:
    service = a_service(name="Accueil numéro 1", phones=["0199000001"], departements=["93"])
    a_place(service, confidential=True)
    path = a_file(tmp_path, a_record(1, service_at_locations=[place()], description=f"Venir au {STREET}. Bonjour."))

    run_import(path, "--apply")

    assert [one["description"]["after"] for one in proposed()] == ["Bonjour."]
    assert STREET not in everything_stored()


# --- size -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 3])
def test_looking_asks_the_database_the_same_whatever_the_rows(
    rows: int, tmp_path: Path, django_assert_num_queries: Any
) -> None:
    for number in range(rows):
        a_service(name=f"Accueil numéro {number}", phones=[f"019900000{number}"], departements=["93"])
    path = a_file(tmp_path, *(a_record(number) for number in range(rows)))
    with django_assert_num_queries(8):
        assert [one.outcome for one in findings(path)] == [Outcome.CHANGE] * rows
