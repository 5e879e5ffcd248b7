"""The desk: who may open it, what it shows, and that lists cost the same at any length."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from resources import duplicates, facts, history, moderation, quality, verification
from resources.models import Affiliation, OwnerLink, Page, Proposal, Service
from resources.opening import today
from resources.urls_staff import urlpatterns
from tests.builders import a_page, a_place, a_service
from tests.signing_in import a_person, sign_in

pytestmark = pytest.mark.django_db

DESK = "/espace/annuaire/"


@pytest.fixture
def ines(client: Client) -> User:
    """A moderator, signed in."""
    user = a_person("ines@example.org", moderator=True)
    sign_in(client, user)
    return user


def somebody(name: str = "paul") -> tuple[Client, User]:
    """Another moderator in another browser."""
    user, client = a_person(f"{name}@example.org", moderator=True), Client()
    sign_in(client, user)
    return client, user


def reported(service: Service, **after: object) -> Proposal:
    """A visitor's correction."""
    return moderation.propose_change(service, after=after, origin=moderation.Origin(), on=today())


def every_address(proposal: Proposal, service: Service) -> list[str]:
    """Every address of the desk."""
    arguments = {"pk": proposal.pk, "public_id": service.public_id, "number": 1, "field": "name"}
    arguments |= {"slug": Page.objects.get().slug, "language": "en"}
    return [
        reverse(
            f"directory_desk:{pattern.name}",
            kwargs={name: arguments[name] for name in pattern.pattern.converters},
        )
        for pattern in urlpatterns
    ]


def test_the_desk_is_for_moderators_only() -> None:
    service = a_service()
    proposal = reported(service, description="Autre.")
    a_page()
    nobody, member, operator = Client(), Client(), Client()
    sign_in(member, a_person("lea@example.org"))
    sign_in(operator, a_person("op@example.org", operator=True))

    for address in every_address(proposal, service):
        for method in ("get", "post"):
            assert getattr(nobody, method)(address).headers["Location"].startswith("/espace/connexion/"), address
            for stranger in (member, operator):
                assert getattr(stranger, method)(address).status_code in {404, 405}, address
    proposal.refresh_from_db()
    assert (proposal.is_open, Proposal.objects.count()) == (True, 1)


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(
    ("address", "queries"),
    [(DESK, 17), (f"{DESK}fiches/", 5), (f"{DESK}verifications/", 8), (f"{DESK}qualite/", 5)],
)
def test_lists_cost_the_same_at_any_length(
    client: Client, ines: User, address: str, queries: int, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for row in range(rows):
        name, phone = ("Tilleuls", "Passerelle", "Phare")[row], f"019900000{row}"  # no twins, which cost three more
        reported(a_service(name=name, phones=[phone], verified_until=date(2026, 11, 20)), description="Autre.")

    with django_assert_num_queries(queries):  # two of them for the session and its person
        assert client.get(address).status_code == 200


def test_the_list_stands_beside_the_proposal_and_leads_from_one_to_the_next(client: Client, ines: User) -> None:
    first, second, third = (reported(a_service(name=name), description="Autre.") for name in ("Un", "Deux", "Trois"))

    page = client.get(f"{DESK}propositions/{second.pk}/?file=&page=1").content.decode()

    for pk, rel, key in ((first.pk, "prev", "p"), (third.pk, "next", "s")):
        assert f'propositions/{pk}/?file=&amp;page=1" accesskey="{key}" rel="{rel}"' in page
    assert page.count('aria-current="true"') == 1
    assert f'propositions/{second.pk}/?file=&amp;page=1" aria-current="true">Deux' in page
    alone = client.get(DESK).content.decode()
    assert f'action="{DESK}propositions/{first.pk}/accord/"' in alone
    assert 'rel="prev"' not in alone


def test_agreeing_that_it_is_closed_says_what_it_does(client: Client, ines: User) -> None:
    service = a_service()
    closed = moderation.report(service, kind="closed", origin=moderation.Origin(), on=today())
    address = f"{DESK}propositions/{closed.pk}/"

    assert "la fiche quitte l’annuaire" in client.get(address).content.decode()
    done = client.post(f"{address}accord/", {"revision": "1"}, follow=True)

    assert "La fiche est retirée." in done.content.decode()


def test_the_queue_begins_with_what_may_hurt(client: Client, ines: User) -> None:
    reported(a_service(name="Détail"), description="Autre.")
    line = a_service(name="Ligne", kind="hotline", phones=["0199000000"])
    moderation.report(line, kind="unreachable", origin=moderation.Origin(), on=today())

    page = client.get(DESK).content.decode()

    assert page.index("Ligne") < page.index("Détail")


def test_a_proposal_shows_before_after_notes_and_conflicts(client: Client, ines: User) -> None:
    service = a_service(description="Avant.", moderator_note="Deux sources se contredisent.")
    first, second = reported(service, description="Après."), reported(service, description="Encore autre.")

    page = client.get(f"{DESK}propositions/{first.pk}/").content.decode()

    for said in ("Avant.", "Après.", "Deux sources se contredisent.", f"nº {second.pk}"):
        assert said in page


def test_two_moderators_publish_through_the_desk(client: Client, ines: User) -> None:
    service = a_service(phones=["0199000000"])
    proposal = reported(
        service, channels=[{"kind": "phone", "value": "0199000001", "visibility": "public", "note": ""}]
    )
    other, _paul = somebody()

    for browser in (client, other):
        browser.post(f"{DESK}propositions/{proposal.pk}/accord/", {"revision": "1"})

    assert list(service.channels.values_list("value", flat=True)) == ["0199000001"]


def test_who_amends_sees_the_proposal_again(client: Client, ines: User) -> None:
    service = a_service(phones=["0199000000"])
    report = moderation.report(service, kind="unreachable", origin=moderation.Origin(), on=today())
    address = f"{DESK}propositions/{report.pk}/corriger/"
    sent = {
        "rester": "1", "name": service.name, "organisation": service.organisation.name, "kind": service.kind,
        "age_rule": "everyone", "gender_rule": "everyone", "level": "unknown",
        "channel_kind": ["phone", "phone"], "channel_value": ["01 99 00 00 02", ""],
        "channel_visibility": ["public", "public"], "channel_note": ["", ""],
    }  # fmt: skip

    answer = client.post(address, sent)

    assert answer.headers["Location"] == f"{DESK}propositions/{report.pk}/"
    report.refresh_from_db()
    assert list(report.changes) == ["channels"]
    assert moderation.approvals(report) == 1


def test_a_wrong_form_is_shown_again_as_typed(client: Client, ines: User) -> None:
    service = a_service()
    sent = {"name": "Autre nom", "organisation": "X", "kind": "health", "hours": "lundi matin", "age_rule": "only"}

    answer = client.post(f"{DESK}fiches/{service.public_id}/corriger/", sent)

    assert answer.status_code == 400
    assert 'value="lundi matin"' in answer.content.decode()
    assert Proposal.objects.count() == 0


@pytest.mark.parametrize(
    ("act", "sent", "status"),
    [("accord", {"revision": "7"}, 409), ("refus", {"reason": ""}, 400)],
)
def test_a_step_that_cannot_happen_says_why(
    client: Client, ines: User, act: str, sent: dict[str, str], status: int
) -> None:
    proposal = reported(a_service(), description="Autre.")

    answer = client.post(f"{DESK}propositions/{proposal.pk}/{act}/", sent)

    assert answer.status_code == status
    assert 'role="alert"' in answer.content.decode()


def test_a_moderator_of_the_organisation_is_refused(client: Client, ines: User) -> None:
    service = a_service()
    proposal = reported(service, description="Autre.")
    client.post(f"{DESK}organismes/", {"organisation": service.organisation.name})

    answer = client.post(f"{DESK}propositions/{proposal.pk}/accord/", {"revision": "1"})

    assert (answer.status_code, Affiliation.objects.count()) == (403, 1)


# --- history --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_history_sees_moderation_bulk_updates_and_raw_sql() -> None:
    service = a_service(description="Un.", phones=["0199000000"])
    ines = a_person("ines@example.org", moderator=True)
    moderation.approve(reported(service, description="Deux."), moderator=ines, on=today(), reason="appel")
    Service.objects.filter(pk=service.pk).update(description="Trois.")

    latest, moderated = history.versions(Service.objects.get())[:2]

    assert (latest.changes, latest.was_moderated) == ({"description": {"before": "Deux.", "after": "Trois."}}, False)
    assert (moderated.who, moderated.why) == ("ines@example.org", "appel")
    assert moderated.changes == {"description": {"before": "Un.", "after": "Deux."}}
    assert latest.said["channels"][0]["value"] == "0199000000"


@pytest.mark.django_db(transaction=True)
def test_a_detail_comes_back_with_one_action(client: Client) -> None:
    service = a_service(description="Un.")
    ines = a_person("ines@example.org", moderator=True)
    sign_in(client, ines)
    moderation.approve(reported(service, description="Deux."), moderator=ines, on=today())
    number = history.versions(service)[0].number

    client.post(f"{DESK}fiches/{service.public_id}/retour/{number}/description/")

    service.refresh_from_db()
    assert service.description == "Un."


# --- duplicates -----------------------------------------------------------------------------------------------------


def test_twins_are_found_by_name_and_by_number_and_become_one() -> None:
    kept = a_service(name="Maison des Tilleuls", phones=["0199000000"])
    by_name = a_service(name="La maison des tilleuls", languages=["ro"])
    by_number = a_service(name="Tout autre nom", phones=["0199000000"])
    a_service(name="Rien à voir")
    said = facts.of(kept)

    found = duplicates.twins(said, not_this=kept.pk)
    assert [twin.service for twin in found] == [by_number, by_name]
    assert found[0].shared == ("0199000000",)

    ines = a_person("ines@example.org", moderator=True)
    opened = duplicates.merge(kept=kept, gone=by_name, moderator=ines, on=today())

    by_name.refresh_from_db()
    assert by_name.status == "hidden"
    assert opened is not None
    assert opened.changes == {"languages": {"before": [], "after": ["ro"]}}


def test_twins_are_shown_beside_each_other(client: Client, ines: User) -> None:
    kept = a_service(name="Maison des Tilleuls", phones=["0199000000"], description="La première.")
    a_service(name="La maison des tilleuls", description="La seconde.", organisation=kept.organisation)

    page = client.get(f"{DESK}fiches/{kept.public_id}/").content.decode()

    compared = page[page.index('class="diff alike"') :].partition("</table>")[0]
    for here, there in (("La première.", "La seconde."), ("Maison des Tilleuls", "La maison des tilleuls")):
        assert compared.index(here) < compared.index(there)
    assert "Organisme<" not in compared


# --- verification ---------------------------------------------------------------------------------------------------


def test_a_check_makes_the_facts_hold_again(client: Client, ines: User) -> None:
    service = a_service(kind="hotline", verified_until=today() - timedelta(days=1))
    assert list(verification.due(on=today())) == [service]

    client.post(f"{DESK}fiches/{service.public_id}/verifier/", {"check_kind": "call", "confirmed": "Numéro, horaires"})

    service.refresh_from_db()
    assert (service.verified_on, service.verified_until) == (today(), today() + timedelta(days=90))
    assert list(verification.due(on=today())) == []
    assert verification.progress(on=today()) == verification.Progress(1, 1)


def test_only_the_button_uses_an_owners_link_up(client: Client) -> None:
    service = a_service(verified_until=today() - timedelta(days=1))
    token = verification.new_link(service, by=a_person(moderator=True), on=today())
    address = f"/fr/annuaire/confirmer/{token}/"

    for _scan in range(3):
        assert client.get(address).status_code == 200
        assert client.head(address).status_code == 200
    service.refresh_from_db()
    assert service.verified_by_check == "call"

    assert client.post(address).status_code == 303
    assert client.post(address).status_code == 410
    service.refresh_from_db()
    assert (service.verified_by_check, service.verified_on) == ("owner", today())
    assert OwnerLink.objects.count() == 0


def test_a_new_owners_link_ends_the_earlier_one_and_old_ones_end_alone() -> None:
    service = a_service()
    ines = a_person("ines@example.org", moderator=True)
    first, second = (verification.new_link(service, by=ines, on=today()) for _time in range(2))

    with pytest.raises(verification.LinkIsOver):
        verification.confirm_by_owner(first, on=today())
    with pytest.raises(verification.LinkIsOver):
        verification.confirm_by_owner(second, on=today() + timedelta(days=15))


# --- quality --------------------------------------------------------------------------------------------------------


def test_gaps_are_counted_by_departement() -> None:
    a_service(kind="shelter", departements=["93"], genders=["female"], gender_rule="only")
    a_service(kind="shelter", departements=["75"], min_age=18, age_rule="only")
    a_place(a_service(kind="legal", departements=["75", "77", "78", "91", "92", "93", "94", "95"]))

    measured = quality.measure(on=today())

    lines = {line.label: {cell.departement: cell.count for cell in line.cells} for line in measured.coverage}
    assert (lines["Hébergement"]["93"], lines["Hébergement"]["75"], lines["Hébergement"]["77"]) == (1, 1, 0)
    assert (lines["Hébergement pour garçons mineurs"]["93"], lines["Hébergement pour filles mineures"]["93"]) == (0, 1)
    assert lines["Avocat pour enfants"]["75"] == 0
    assert measured.total == 3


def test_everybody_sees_what_is_missing_and_no_more(client: Client) -> None:
    quality.at_hour.cache_clear()
    shelter = a_service(kind="shelter", departements=["93"], name="Refuge secret", moderator_note="Note.")
    a_place(shelter, confidential=True, commune=None)
    verification.record(
        shelter, by=a_person("ines@example.org", moderator=True), check_kind="call", on=today(), confirmed="Par Zoé"
    )
    a_service(status="pending", kind="shelter", departements=["77"])

    page = client.get("/fr/donnees/qualite/").content.decode()

    row = page[page.index('<th scope="row">Hébergement</th>') :].partition("</tr>")[0]
    assert row.count('class="none">0<') == 7
    assert "<td>1</td>" in row
    assert "<b>Hébergement</b> rien\xa0: 75, 77, 78, 91, 92, 94, 95" in page
    assert "1 adresses publiées. 100\xa0% ont une vérification valable. 100\xa0% ont été appelées" in page
    for secret in ("ines@", "Zoé", "Note.", "Refuge", shelter.public_id):
        assert secret not in page


def test_the_public_page_is_counted_once_an_hour(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    quality.at_hour.cache_clear()
    client.get("/fr/donnees/qualite/")
    with django_assert_num_queries(0):
        client.get("/fr/donnees/qualite/")
