"""Nothing is published on one person's word: by the functions of moderation, and by the database when they are gone
round."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.utils import timezone

from accounts.models import User
from resources import facts, moderation
from resources.exchange.starter_csv import Refusal
from resources.models import AccessChannel, Affiliation, Organisation, Place, Proposal, Service, Vote
from tests.builders import a_channel, a_commune, a_place, a_service, agreed_by_two, an_organisation

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 25)
NEW_PHONE = [{"kind": "phone", "value": "0199000001", "visibility": "public", "note": ""}]


def a_moderator(name: str = "ines") -> User:
    """Somebody who keeps the directory true."""
    user = User.objects.create_user(f"{name}@example.org")
    user.is_staff = True
    user.save(update_fields=["is_staff"])
    return user


def a_change(service: Service, *, author: User | None = None, **after: Any) -> Proposal:
    """A proposal to change facts of a service."""
    kind = Proposal.Origin.STAFF if author else Proposal.Origin.VISITOR
    return moderation.propose_change(service, after=after, origin=moderation.Origin(kind, author=author), on=TODAY)


def numbers_of(service: Service) -> list[str]:
    """Telephone numbers as they are stored."""
    return list(service.channels.filter(kind="phone").values_list("value", flat=True))


# --- who has to agree -----------------------------------------------------------------------------------------------


def test_a_way_of_contact_waits_for_a_second_moderator() -> None:
    service = a_service(phones=["0199000000"])
    proposal = a_change(service, channels=NEW_PHONE)

    assert moderation.approve(proposal, moderator=a_moderator("ines"), on=TODAY) is False
    assert numbers_of(service) == ["0199000000"]
    assert moderation.approve(proposal, moderator=a_moderator("paul"), on=TODAY) is True
    assert numbers_of(service) == ["0199000001"]


def test_a_detail_takes_one_moderator() -> None:
    service = a_service(opening_hours="Mo-Fr 09:00-17:00")
    proposal = a_change(service, hours="Mo-Fr 09:00-18:00")

    assert moderation.approve(proposal, moderator=a_moderator(), on=TODAY) is True

    service.refresh_from_db()
    assert service.opening_hours == "Mo-Fr 09:00-18:00"


@pytest.mark.parametrize(
    "after",
    [
        {"description": "Appelle le 06 12 34 56 78"},
        {"description": "Écris à aide@exemple.org"},
        {"description": "Va sur www.exemple.org"},
        {"what_happens": "Rappelle sur exemple.fr"},
        {"name": "Ligne 3949"},
        {"closure": {"from": None, "until": None, "note": "voir t.me://x"}},
        {"saturation": {"level": "full", "note": "le 0612345678"}},
        {"hours": 'Mo-Fr 09:00-17:00 "demander Jo"'},
        {"organisation_website": "https://exemple.org"},
        {"places": []},
        {"needs": ["urgence"]},
        {"kind": "hotline"},
    ],
)
def test_a_contact_hidden_in_a_text_or_a_place_above_all_others_takes_two(after: dict[str, Any]) -> None:
    service = a_service()
    a_place(service)

    assert a_change(service, **after).approvals_needed == 2


@pytest.mark.parametrize(
    "after", [{"description": "Un lieu calme."}, {"closure": {"from": "2026-12-20", "until": "2027-01-04", "note": ""}}]
)
def test_plain_words_and_days_take_one(after: dict[str, Any]) -> None:
    assert a_change(a_service(), **after).approvals_needed == 1


RISKY: dict[str, Any] = {
    "hours": "Mo-Fr 14:00-17:00",
    "audience": {"min_age": 18, "max_age": None, "age_rule": "only", "genders": [], "gender_rule": "everyone"},
    "territory": ["75"],
    "closure": {"from": "2026-12-20", "until": None, "note": ""},
    "needs": ["ecoute"],
    "kind": "association",
}


@pytest.mark.parametrize("field", RISKY)
@pytest.mark.parametrize(("said", "needed"), [({"kind": "shelter"}, 2), ({"needs": ["urgence"]}, 2), ({}, 1)])
def test_when_and_for_whom_takes_two_where_people_in_danger_go(said: dict[str, Any], needed: int, field: str) -> None:
    service = a_service(**{"kind": "health", "opening_hours": "24/7", **said})
    proposal = a_change(service, **{field: RISKY[field]})

    assert proposal.approvals_needed == needed
    for number in range(needed):
        assert facts.of(Service.objects.get())[field] != RISKY[field]
        assert moderation.approve(proposal, moderator=a_moderator(f"m{number}"), on=TODAY) is (number + 1 == needed)
    assert facts.of(Service.objects.get())[field] == RISKY[field]


def test_what_became_a_line_meanwhile_takes_two() -> None:
    service = a_service(opening_hours="24/7")
    proposal = a_change(service, hours="Mo-Fr 14:00-17:00")
    became = a_change(service, kind="hotline")
    for name in ("ines", "paul"):
        moderation.approve(became, moderator=a_moderator(name), on=TODAY)

    assert moderation.approve(proposal, moderator=a_moderator("zoe"), on=TODAY) is False


def test_an_emergency_number_is_removed_by_two() -> None:
    service = a_service(kind="hotline", needs=["urgence"])
    ines, paul = a_moderator("ines"), a_moderator("paul")

    assert moderation.hide(service, moderator=ines, reason="fermé", on=TODAY) is False
    assert Service.objects.get().status == "published"
    assert moderation.approve(Proposal.objects.get(), moderator=paul, on=TODAY) is True
    assert (Service.objects.get().status, Proposal.objects.open().count()) == ("hidden", 0)


def test_a_shelter_is_removed_at_once_and_read_again_by_others() -> None:
    a_change(a_service(), description="Attend.")
    service, ines = a_service(kind="shelter"), a_moderator("ines")

    assert moderation.hide(service, moderator=ines, reason="danger", on=TODAY) is True

    service.refresh_from_db()
    first = Proposal.objects.open().by_risk()[0]
    assert (service.status, first.kind, first.service, first.author) == ("hidden", "publish", service, ines)
    assert moderation.may_decide(first, moderator=ines) is False
    for name in ("paul", "zoe"):
        moderation.record_check(first, moderator=a_moderator(name), check_kind="call", on=TODAY)
        moderation.approve(first, moderator=User.objects.get(email=f"{name}@example.org"), on=TODAY)
    service.refresh_from_db()
    assert service.status == "published"


def test_one_person_never_counts_twice() -> None:
    proposal = a_change(a_service(phones=["0199000000"]), channels=NEW_PHONE)
    ines = a_moderator()

    moderation.approve(proposal, moderator=ines, on=TODAY)
    moderation.approve(proposal, moderator=ines, on=TODAY)

    assert moderation.approvals(proposal) == 1
    assert Proposal.objects.get().is_open


def test_the_same_person_under_two_proposals_never_counts_as_two() -> None:
    service = a_service(phones=["0199000000"])
    first = a_change(service, channels=NEW_PHONE)
    second = a_change(service, author=a_moderator("autre"), channels=NEW_PHONE)
    ines = a_moderator()

    moderation.approve(first, moderator=ines, on=TODAY)
    moderation.approve(second, moderator=ines, on=TODAY)

    assert (moderation.approvals(first), moderation.approvals(second)) == (1, 1)
    assert numbers_of(service) == ["0199000000"]


def test_the_author_never_counts() -> None:
    ines = a_moderator()
    proposal = a_change(a_service(), author=ines, description="Autre.")

    with pytest.raises(moderation.NotYours):
        moderation.approve(proposal, moderator=ines, on=TODAY)


def test_a_moderator_of_the_organisation_does_not_decide() -> None:
    service, ines = a_service(), a_moderator()
    Affiliation.objects.create(user=ines, organisation=service.organisation)
    proposal = a_change(service, description="Autre.")

    for act in (
        lambda: moderation.approve(proposal, moderator=ines, on=TODAY),
        lambda: moderation.refuse(proposal, moderator=ines, reason="non", on=TODAY),
        lambda: moderation.amend(proposal, moderator=ines, after={"description": "Le mien."}),
    ):
        with pytest.raises(moderation.NotYours):
            act()


def test_somebody_who_is_no_moderator_does_not_decide() -> None:
    proposal = a_change(a_service(), description="Autre.")

    with pytest.raises(moderation.NotYours):
        moderation.approve(proposal, moderator=User.objects.create_user("lea@example.org"), on=TODAY)


def test_who_amends_agrees_and_earlier_votes_are_void() -> None:
    service = a_service(phones=["0199000000"])
    proposal = a_change(service, channels=NEW_PHONE)
    moderation.approve(proposal, moderator=a_moderator("ines"), on=TODAY)
    other = [{**NEW_PHONE[0], "value": "0199000002"}]

    moderation.amend(proposal, moderator=a_moderator("paul"), after={"channels": other})

    assert moderation.approvals(proposal) == 1
    assert moderation.approve(proposal, moderator=a_moderator("zoe"), on=TODAY) is True
    assert numbers_of(service) == ["0199000002"]


def test_what_somebody_saw_before_an_amendment_is_not_what_they_agree_to() -> None:
    proposal = a_change(a_service(), description="Un.")
    seen = proposal.revision
    moderation.ask_second(proposal, moderator=a_moderator("ines"), reason="à voir")
    moderation.amend(proposal, moderator=a_moderator("paul"), after={"description": "Deux."})

    with pytest.raises(moderation.BaseMoved):
        moderation.approve(proposal, moderator=a_moderator("zoe"), on=TODAY, revision=seen)


def test_a_second_pair_of_eyes_is_needed_once_asked_for() -> None:
    proposal = a_change(a_service(), description="Autre.")
    moderation.ask_second(proposal, moderator=a_moderator("ines"), reason="pas sûre")

    assert moderation.approve(proposal, moderator=a_moderator("paul"), on=TODAY) is False
    assert moderation.approve(proposal, moderator=a_moderator("zoe"), on=TODAY) is True


def test_a_changed_base_is_refused_with_what_it_is_now() -> None:
    service = a_service(description="Un.")
    proposal = a_change(service, description="Deux.")
    Service.objects.filter(pk=service.pk).update(description="Trois.")

    with pytest.raises(moderation.BaseMoved) as refused:
        moderation.approve(proposal, moderator=a_moderator(), on=TODAY)

    assert refused.value.now == {"description": "Trois."}
    assert Vote.objects.count() == 0


def test_the_difference_can_be_judged_anew() -> None:
    service = a_service(description="Un.")
    proposal = a_change(service, description="Deux.")
    Service.objects.filter(pk=service.pk).update(description="Trois.")
    ines = a_moderator()

    moderation.take_over(proposal, moderator=ines)
    moderation.approve(Proposal.objects.get(), moderator=ines, on=TODAY)

    service.refresh_from_db()
    assert service.description == "Deux."


def test_two_open_proposals_on_one_field_are_shown() -> None:
    service = a_service()
    first, second = a_change(service, description="Un."), a_change(service, description="Deux.", hours="Mo")

    assert moderation.conflicts(first) == [second]
    assert moderation.conflicts(second) == [first]


def test_the_same_proposal_is_counted_not_repeated() -> None:
    service = a_service()

    proposals = [a_change(service, description="Un.") for _time in range(3)]

    assert {proposal.pk for proposal in proposals} == {Proposal.objects.get().pk}
    assert Proposal.objects.get().times == 3


def test_a_refusal_has_a_reason() -> None:
    proposal = a_change(a_service(), description="Un.")

    with pytest.raises(Refusal):
        moderation.refuse(proposal, moderator=a_moderator(), reason=" ", on=TODAY)


def test_what_was_decided_stays_decided() -> None:
    proposal = a_change(a_service(), description="Un.")
    moderation.refuse(proposal, moderator=a_moderator("ines"), reason="faux", on=TODAY)

    with pytest.raises(moderation.AlreadyDecided):
        moderation.approve(proposal, moderator=a_moderator("paul"), on=TODAY)
    with refused(), transaction.atomic():
        Proposal.objects.update(status="open", decided_on=None)


# --- publishing -----------------------------------------------------------------------------------------------------


def test_a_new_service_takes_two_and_a_check() -> None:
    after = {
        "name": "Maison du Lac (fictive)",
        "organisation": "Les Amarres",
        "kind": "shelter",
        "channels": NEW_PHONE,
    }
    proposal = moderation.propose_new(after=after, origin=moderation.Origin(), on=TODAY)
    ines, paul = a_moderator("ines"), a_moderator("paul")

    with pytest.raises(moderation.CheckMissing):
        moderation.approve(proposal, moderator=ines, on=TODAY)
    moderation.record_check(proposal, moderator=ines, check_kind="call", on=TODAY, confirmed="Numéro et horaires")
    assert moderation.approve(proposal, moderator=ines, on=TODAY) is False
    assert Service.objects.count() == 0
    assert moderation.approve(proposal, moderator=paul, on=TODAY) is True

    service = Service.objects.get()
    assert (service.status, service.verified_by_check, service.verified_on) == ("published", "call", TODAY)
    assert service.verifications.get().confirmed == "Numéro et horaires"
    assert numbers_of(service) == ["0199000001"]


def test_services_that_wait_are_proposed_once() -> None:
    waiting = a_service(status="pending", phones=["0199000003"], moderator_note="Deux sources se contredisent.")
    a_service()

    assert [moderation.propose_waiting(on=TODAY) for _time in range(2)] == [1, 0]

    proposal = Proposal.objects.get()
    assert (proposal.service, proposal.note, proposal.approvals_needed) == (waiting, "Deux sources se contredisent.", 2)


def test_what_was_agreed_to_is_what_gets_published() -> None:
    """A number changed in between, where nobody looks yet, does not slip through."""
    service = a_service(status="pending", phones=["0199000003"])
    moderation.propose_waiting(on=TODAY)
    proposal = Proposal.objects.get()
    ines, paul = a_moderator("ines"), a_moderator("paul")
    moderation.record_check(proposal, moderator=ines, check_kind="call", on=TODAY)
    moderation.approve(proposal, moderator=ines, on=TODAY)
    AccessChannel.objects.update(value="0199000666")

    moderation.approve(proposal, moderator=paul, on=TODAY)

    assert numbers_of(service) == ["0199000003"]


def test_a_report_of_closure_hides_and_coming_back_takes_two() -> None:
    service = a_service(phones=["0199000000"])
    closed = moderation.report(service, kind="closed", origin=moderation.Origin(), on=TODAY)
    moderation.approve(closed, moderator=a_moderator(), on=TODAY)
    service.refresh_from_db()

    assert service.status == "hidden"
    with refused(), transaction.atomic():
        Service.objects.filter(pk=service.pk).update(status="published")


def test_a_number_that_does_not_answer_is_no_change_yet() -> None:
    report = moderation.report(a_service(), kind="unreachable", origin=moderation.Origin(), on=TODAY)

    with pytest.raises(moderation.NothingChanges):
        moderation.approve(report, moderator=a_moderator(), on=TODAY)


def test_a_place_that_becomes_secret_leaves_no_address() -> None:
    service = a_service(kind="shelter")
    a_place(service, address="3 rue du Refuge", latitude=48.91, longitude=2.45)
    before = a_change(service, places=[])
    secret = {"commune": "93008", "confidential": True, "address": "", "latitude": None, "longitude": None}
    proposal = a_change(service, places=[secret])

    for name in ("ines", "paul"):
        moderation.approve(proposal, moderator=a_moderator(name), on=TODAY)

    assert Place.objects.get().confidential
    assert "Refuge" not in everything_stored()
    assert before.pk != proposal.pk


def everything_stored() -> str:
    """Every row of every table of the directory, as text."""
    tables = [table for table in connection.introspection.table_names() if table.startswith("resources_")]
    with connection.cursor() as cursor:
        said = []
        for table in tables:
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM {table} AS t")  # noqa: S608  # names of tables
            said.append(str(cursor.fetchone()[0]))
    return " ".join(said)


def test_a_secret_place_with_an_address_is_not_even_proposed() -> None:
    a_commune()
    place = {"commune": "93008", "confidential": True, "address": "3 rue", "latitude": None, "longitude": None}

    with pytest.raises(Refusal):
        a_change(a_service(), places=[place])
    with pytest.raises(IntegrityError, match="proposal_of_a_secret_place_has_no_address"), transaction.atomic():
        Proposal.objects.create(
            kind="new", origin="import", proposed_on=TODAY, changes={"places": {"before": None, "after": [place]}}
        )


# --- going round it -------------------------------------------------------------------------------------------------


def refused() -> Any:
    """The database refuses what one person wants to publish."""
    return pytest.raises(IntegrityError, match="nothing is published on one person's word")


def sql(statement: str, *values: Any) -> None:
    """Raw SQL."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


WAYS_ROUND: dict[str, Callable[[Service], Any]] = {
    "new channel": lambda shown: AccessChannel.objects.create(service=shown, kind="phone", value="0199000666"),
    "bulk channels": lambda shown: AccessChannel.objects.bulk_create(
        [AccessChannel(service=shown, kind="web", value="https://faux.example.org")]
    ),
    "another value": lambda shown: shown.channels.update(value="0199000666"),
    "another number by SQL": lambda _shown: sql("UPDATE resources_accesschannel SET value = '0199000666'"),
    "taken away": lambda shown: shown.channels.all().delete(),
    "made professionals'": lambda shown: shown.channels.update(visibility="professionals"),
    "another note": lambda shown: shown.channels.update(note="plutôt le 0199000666"),
    "new place": lambda shown: Place.objects.create(service=shown, commune=a_commune(), address="1 rue du Piège"),
    "number in a text": lambda shown: Service.objects.filter(pk=shown.pk).update(description="Le 01 99 00 06 66"),
    "site of the organisation": lambda shown: Organisation.objects.filter(services=shown).update(
        website="https://faux.example.org"
    ),
    "published at birth": lambda _shown: Service.objects.create(
        slug="piege",
        name="Piège",
        kind="shelter",
        organisation=an_organisation(),
        status="published",
        published_at=timezone.now(),
        verified_on=TODAY,
        verified_until=date(2027, 1, 1),
        verified_by_check="call",
    ),
    "published later": lambda _shown: Service.objects.filter(slug="attend").update(
        status="published",
        published_at=timezone.now(),
        verified_on=TODAY,
        verified_until=date(2027, 1, 1),
        verified_by_check="call",
    ),
    "the loader's exception": lambda shown: sql(
        "WITH said AS (SELECT set_config('eclaircie.first_load', 'on', true) AS door)"
        " INSERT INTO resources_accesschannel (service_id, kind, value, visibility, note)"
        " SELECT %s, 'phone', '0199000666', 'public', '' FROM said",
        shown.pk,
    ),
}


@pytest.mark.parametrize("way", WAYS_ROUND)
def test_no_way_round_publishes_on_one_persons_word(way: str) -> None:
    shown = a_service(phones=["0199000000"])
    a_service(status="pending", slug="attend", phones=["0199000666"])

    with refused(), transaction.atomic():
        WAYS_ROUND[way](shown)


WRONG_WAYS = {
    "hours": "opening_hours = 'Mo-Fr 14:00-17:00'",
    "ages": "min_age = 18, age_rule = 'only'",
    "genders": "genders = '{male}', gender_rule = 'only'",
    "territory": "departements = '{77}'",
    "closed": "closed_from = '2026-01-01'",
    "no more a line": "kind = 'association'",
    "no more urgent": "needs = '{}'",
    "removed": "status = 'hidden'",
}


@pytest.mark.parametrize("way", WRONG_WAYS)
@pytest.mark.parametrize("approved_by", [0, 1])
def test_no_way_round_sends_people_in_danger_the_wrong_way(way: str, approved_by: int) -> None:
    line = a_service(kind="hotline", needs=["urgence"], opening_hours="24/7", departements=["75"])
    proposal = a_change(line, hours="Mo-Fr 14:00-17:00")
    for number in range(approved_by):
        moderation.approve(proposal, moderator=a_moderator(f"m{number}"), on=TODAY)

    with refused(), transaction.atomic():
        moderation.set_for_this_transaction("eclaircie.proposal", str(proposal.pk))
        sql(f"UPDATE resources_service SET {WRONG_WAYS[way]}")  # noqa: S608  # literals of this file


@pytest.mark.parametrize("way", WAYS_ROUND)
def test_a_proposal_that_one_person_approved_opens_nothing(way: str) -> None:
    """The transaction names a proposal that says just that, and one moderator agreed."""
    shown = a_service(phones=["0199000000"])
    a_service(status="pending", slug="attend", phones=["0199000666"])
    proposal = a_change(shown, channels=[{**NEW_PHONE[0], "value": "0199000666"}])
    moderation.approve(proposal, moderator=a_moderator(), on=TODAY)

    with refused(), transaction.atomic():
        moderation.set_for_this_transaction("eclaircie.proposal", str(proposal.pk))
        WAYS_ROUND[way](shown)


def test_two_approvals_open_only_what_the_proposal_says() -> None:
    shown = a_service(phones=["0199000000"])

    with refused(), agreed_by_two(shown, channels=[AccessChannel(kind="phone", value="0199000001")]):
        AccessChannel.objects.create(service=shown, kind="phone", value="0199000666")


def test_an_old_agreement_opens_nothing_again() -> None:
    service = a_service(phones=["0199000000"])
    proposal = a_change(service, channels=NEW_PHONE)
    for name in ("ines", "paul"):
        moderation.approve(proposal, moderator=a_moderator(name), on=TODAY)
    back = a_change(service, channels=[{**NEW_PHONE[0], "value": "0199000000"}])
    for name in ("zoe", "max"):
        moderation.approve(back, moderator=a_moderator(name), on=TODAY)

    with refused(), transaction.atomic():
        moderation.set_for_this_transaction("eclaircie.proposal", str(proposal.pk))
        service.channels.update(value="0199000001")


def test_votes_of_strangers_and_of_the_house_are_refused() -> None:
    service, ines = a_service(), a_moderator()
    proposal = a_change(service, description="Autre.")
    Affiliation.objects.create(user=ines, organisation=service.organisation)

    for person in (ines, User.objects.create_user("lea@example.org")):
        with refused(), transaction.atomic():
            Vote.objects.create(proposal=proposal, moderator=person, verdict="approve", revision=1)


def test_a_proposal_is_not_applied_by_writing_so() -> None:
    proposal = a_change(a_service(), description="Autre.")

    with refused(), transaction.atomic():
        Proposal.objects.filter(pk=proposal.pk).update(status="applied", decided_on=TODAY)


def test_keeping_a_place_secret_waits_for_nobody() -> None:
    place = a_place(a_service(), address="3 rue du Refuge")

    Place.objects.filter(pk=place.pk).update(confidential=True, address="")

    assert "Refuge" not in everything_stored()


def test_professionals_own_numbers_are_not_public_contacts() -> None:
    service = a_service()

    AccessChannel.objects.create(service=service, kind="phone", value="0199000009", visibility="professionals")

    with refused(), transaction.atomic():
        service.channels.update(visibility="public")


# --- history --------------------------------------------------------------------------------------------------------


def test_a_detail_comes_back_at_once_and_a_contact_with_a_second_person() -> None:
    service = a_service(description="Un.", phones=["0199000000"])
    ines = a_moderator()

    detail = moderation.bring_back(service, after={"description": "Deux."}, moderator=ines, on=TODAY)
    contact = moderation.bring_back(service, after={"channels": NEW_PHONE}, moderator=ines, on=TODAY)

    assert (detail.status, contact.status) == ("applied", "open")
    assert moderation.approve(contact, moderator=a_moderator("paul"), on=TODAY) is True


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("check", ["official_page", "call"])
def test_the_exception_of_the_loader_ends_with_its_transaction(check: str) -> None:
    """What was entered earlier, by whomever, is not published by saying that this is a first load."""
    a_service(status="pending", slug="attend", phones=["0199000666"], verified_by_check=check)

    with refused(), transaction.atomic():
        moderation.set_for_this_transaction("eclaircie.first_load", "on")
        WAYS_ROUND["published later"](Service.objects.get())


# --- at the same moment ---------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_race_of_approvals_ends_in_one_publication() -> None:
    service = a_service(phones=["0199000000"])
    proposal = a_change(service, channels=NEW_PHONE)
    moderators = [a_moderator(f"m{number}") for number in range(6)]

    def agree(moderator: User) -> str:
        try:
            return str(moderation.approve(proposal, moderator=moderator, on=TODAY))
        except moderation.AlreadyDecided:
            return "decided"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as people:
        outcomes = sorted(people.map(agree, moderators))

    assert outcomes == ["False", "True", "decided", "decided", "decided", "decided"]
    assert numbers_of(service) == ["0199000001"]
    assert facts.of(Service.objects.get())["channels"] == NEW_PHONE


def test_a_channel_of_a_pending_service_is_free() -> None:
    service = a_service(status="pending")

    a_channel(service, value="0199000004")

    assert numbers_of(service) == ["0199000004"]
