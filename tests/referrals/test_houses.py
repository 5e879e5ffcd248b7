"""Whoever is in the team of a partner never decides about its listing: by fact, in Python and in the database."""

from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import User
from referrals.models import Member, Partner
from resources import duplicates, moderation, verification
from resources.models import Affiliation, Proposal, Service
from tests.builders import a_member, a_partner, a_service, an_organisation
from tests.signing_in import a_person

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 25)
WAYS = ("linked", "same name", "says so")


def of_the_house(service: Service, way: str) -> User:
    """A moderator who works for the organisation of a service."""
    person = a_person("ines@example.org", moderator=True)
    if way == "says so":
        Affiliation.objects.create(user=person, organisation=service.organisation)
    else:
        linked = (
            {"organisation": service.organisation} if way == "linked" else {"name": service.organisation.name.upper()}
        )
        a_member(a_partner(**linked), user=person)
    return person


def a_change(service: Service) -> Proposal:
    """A visitor's correction, which takes one voice."""
    return moderation.propose_change(service, after={"description": "Autre."}, origin=moderation.Origin(), on=TODAY)


def vote_by_sql(proposal: Proposal, person: User) -> None:
    """A voice that no function of ours writes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO resources_vote (proposal_id, moderator_id, verdict, revision, reason, voted_at)"
            " VALUES (%s, %s, 'approve', 1, '', now())",
            [proposal.pk, person.pk],
        )


@pytest.mark.parametrize("way", WAYS)
def test_a_member_of_the_team_decides_nothing_about_it(way: str) -> None:
    service, other = a_service(), a_service()
    proposal, ines = a_change(service), of_the_house(service, way)

    for act in (
        lambda: moderation.approve(proposal, moderator=ines, on=TODAY),
        lambda: moderation.refuse(proposal, moderator=ines, reason="non", on=TODAY),
        lambda: moderation.hide(service, moderator=ines, reason="non", on=TODAY),
        lambda: verification.record(service, by=ines, check_kind="call", on=TODAY, confirmed="tout"),
        lambda: verification.new_link(service, by=ines, on=TODAY),
        lambda: duplicates.merge(kept=service, gone=other, moderator=ines, on=TODAY),
        lambda: duplicates.merge(kept=other, gone=service, moderator=ines, on=TODAY),
    ):
        with pytest.raises(moderation.NotYours):
            act()
    assert moderation.approve(a_change(other), moderator=ines, on=TODAY) is True


@pytest.mark.parametrize("way", WAYS)
def test_the_database_refuses_such_a_voice(way: str) -> None:
    service = a_service()
    proposal, ines = a_change(service), of_the_house(service, way)

    with pytest.raises(IntegrityError, match="nothing is published on one person's word"), transaction.atomic():
        vote_by_sql(proposal, ines)


@pytest.mark.parametrize("way", WAYS)
def test_a_voice_given_before_joining_counts_no_longer(way: str) -> None:
    """The first of two agreed, then joined the team: the second agreement is not enough."""
    service = a_service()
    proposal = moderation.propose_publication(service, origin=moderation.Origin(), on=TODAY)
    voice = a_person("paul@example.org", moderator=True)
    ines = a_person("zoe@example.org", moderator=True)
    vote_by_sql(proposal, ines)
    assert moderation.approvals(proposal) == 1

    if way == "says so":
        Affiliation.objects.create(user=ines, organisation=service.organisation)
    else:
        a_member(a_partner(organisation=service.organisation), user=ines)

    assert moderation.approvals(proposal) == 0
    vote_by_sql(proposal, voice)
    with pytest.raises(IntegrityError, match="nothing is published"), transaction.atomic():
        Proposal.objects.filter(pk=proposal.pk).update(status="applied", decided_on=TODAY)


def test_a_new_listing_that_names_the_partner_is_not_theirs_to_decide() -> None:
    partner = a_partner(name="Association fictive Le Seuil")
    ines = a_member(partner, user=a_person("ines@example.org", moderator=True)).user
    proposal = moderation.propose_new(
        after={"name": "Refuge", "organisation": "association fictive le seuil", "kind": "shelter"},
        origin=moderation.Origin(),
        on=TODAY,
    )

    assert moderation.may_decide(proposal, moderator=ines) is False


def test_who_has_left_the_team_decides_again() -> None:
    service = a_service()
    ines = of_the_house(service, "linked")
    assert moderation.houses_of(ines) == sorted([service.organisation.name, Partner.objects.get().name])

    Member.objects.update(left_on=TODAY)

    assert moderation.houses_of(ines) == []
    assert moderation.approve(a_change(service), moderator=ines, on=TODAY) is True


def test_an_organisation_of_the_same_partner_only() -> None:
    service, elsewhere = a_service(), an_organisation()
    a_member(a_partner(organisation=elsewhere), user=a_person("ines@example.org", moderator=True))

    assert moderation.works_for(service, person=User.objects.get(email="ines@example.org")) is False
