"""The tables of moderation refuse nonsense; each constraint is named as the sentence that it enforces."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction

from accounts.models import User
from resources.models import Affiliation, OwnerLink, Proposal, Service, Ticket, Vote
from tests.builders import a_page, a_service
from tests.signing_in import a_person

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 25)


def a_proposal(service: Service | None, **facts: Any) -> Proposal:
    """A visitor's correction."""
    defaults = {"kind": "change", "origin": "visitor", "proposed_on": TODAY}
    return Proposal.objects.create(**{"service": service, **defaults, **facts})


def a_vote(service: Service, person: User, **facts: Any) -> Vote:
    """One voice."""
    defaults = {"verdict": "approve", "revision": 1, "moderator": person}
    proposal = facts.pop("proposal", None) or a_proposal(service)
    return Vote.objects.create(**{"proposal": proposal, **defaults, **facts})


def twice(act: Callable[[], object]) -> None:
    """Do it once more."""
    act()
    act()


def decided_with_words(service: Service, person: User) -> None:
    """A decision that keeps what a visitor said."""
    proposal = a_proposal(service, said="Bonjour")
    a_vote(service, person, proposal=proposal)
    Proposal.objects.filter(pk=proposal.pk).update(status="applied", decided_on=TODAY)


def two_votes(service: Service, person: User) -> None:
    """Two voices of one person."""
    proposal = a_proposal(service)
    twice(lambda: a_vote(service, person, proposal=proposal))


WRONG: dict[str, Callable[[Service, User], object]] = {
    "proposal_kind_is_known": lambda s, _p: a_proposal(s, kind="rumour"),
    "proposal_origin_is_known": lambda s, _p: a_proposal(s, origin="fax"),
    "proposal_is_open_until_a_day": lambda s, _p: a_proposal(s, decided_on=TODAY),
    "proposal_is_about_a_service_a_page_or_a_new_one": lambda _s, _p: a_proposal(None),
    "proposal_of_a_page_has_an_author": lambda _s, _p: a_proposal(None, page=a_page()),
    "proposal_of_a_visitor_has_no_author": lambda s, p: a_proposal(s, author=p),
    "proposal_decided_keeps_no_words_of_a_visitor": decided_with_words,
    "proposal_risk_is_known": lambda s, _p: a_proposal(s, risk=9),
    "vote_is_one_a_person": two_votes,
    "vote_verdict_is_known": lambda s, p: a_vote(s, p, verdict="maybe"),
    "vote_refusal_has_a_reason": lambda s, p: a_vote(s, p, verdict="refuse"),
    "affiliation_is_said_once": lambda s, p: twice(
        lambda: Affiliation.objects.create(user=p, organisation=s.organisation)
    ),
    "ticket_keeps_a_digest": lambda s, _p: Ticket.objects.create(
        proposal=a_proposal(s), locator=b"six mots", pepper_epoch=1
    ),
    "owner_link_keeps_a_digest": lambda s, _p: OwnerLink.objects.create(service=s, digest=b"jeton", expires_on=TODAY),
}


@pytest.mark.parametrize("constraint", WRONG)
def test_the_database_refuses(constraint: str) -> None:
    service, person = a_service(), a_person(moderator=True)

    with pytest.raises(IntegrityError, match=f'"{constraint}"'), transaction.atomic():
        WRONG[constraint](service, person)


def test_every_constraint_of_moderation_is_proven_here() -> None:
    tables: tuple[type[models.Model], ...] = (Proposal, Vote, Affiliation, Ticket, OwnerLink)

    assert {constraint.name for table in tables for constraint in table._meta.constraints} == set(WRONG)
    assert {model.__name__ for model in apps.get_app_config("resources").get_models()} >= {"ServiceEvent", "PlaceEvent"}
