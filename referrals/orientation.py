"""From a person's facts to what she is shown: partners asked of the database, routed, with services beside them."""

from dataclasses import dataclass
from datetime import datetime

from referrals.models import Partner, PartnerQuerySet, Referrer, Urgency
from referrals.routing import UNKNOWN, Facts, Profile, Proposal, Routed, route
from resources.fitting import Person, fitting
from resources.forms import AGE_BANDS

MINOR_AGES = (15, 17)


@dataclass(frozen=True, slots=True)
class Orientation:
    """All that contract.md §4 answers; `emergency` and `directory` are slugs of the directory."""

    emergency: tuple[str, ...]
    proposals: tuple[Proposal, ...]
    directory: tuple[str, ...]
    unmet: str | None


def orient(facts: Facts, partners: PartnerQuerySet, *, now: datetime) -> Orientation:
    """Numbers, proposals among these partners, and services, at `facts.at` or else now; four statements at most.

    Nothing is written and nothing is kept.
    """
    routed = propose(facts, partners, now=now)
    directory = fitting(person(facts), at=facts.at or now, already_shown=routed.emergency)
    return Orientation(routed.emergency, routed.proposals, tuple(directory), routed.unmet)


def propose(facts: Facts, partners: PartnerQuerySet, *, now: datetime) -> Routed:
    """Proposals among these partners and the numbers before them, in one statement (routing.py)."""
    return route(facts, profiles(partners), at=facts.at or now)


def profiles(partners: PartnerQuerySet) -> list[Profile]:
    """These partners as routing sees them, in one statement; the duty desk is never proposed.

    What is open counts on both sides: what the partner declared, and what it has open here. A partner that paused
    itself is not active.
    """
    return [profile(partner) for partner in partners.filter(is_duty_desk=False).defer("stance").order_by()]


def profile(partner: Partner) -> Profile:
    """A partner as routing sees it."""
    return Profile(
        slug=partner.slug,
        name=partner.name,
        needs=tuple(partner.needs),
        departements=tuple(partner.departements),
        min_age=partner.min_age,
        max_age=partner.max_age,
        genders=tuple(partner.genders),
        languages=tuple(partner.languages),
        referrers=tuple(partner.referrers),
        urgencies=tuple(partner.urgencies),
        commune=partner.commune,
        capacity=partner.capacity,
        open_referrals=partner.declared_open + partner.own_open,
        active=partner.active and not partner.paused,
        opening_hours=partner.opening_hours,
        last_resort=partner.last_resort,
    )


def person(facts: Facts) -> Person:
    """Who the directory is asked for: as in routing, unknown age counts as a minor and unknown gender asks for all."""
    ages = AGE_BANDS[facts.age_band]
    return Person(
        needs=facts.needs,
        departement=facts.departement,
        ages=ages or MINOR_AGES,
        takes_all_ages=ages is None,
        gender=None if facts.gender == UNKNOWN else facts.gender,
        language=facts.language,
        is_minor=facts.may_be_a_minor,
        is_professional=facts.referrer == Referrer.PROFESSIONAL,
        needs_it_now=facts.urgency == Urgency.NOW,
    )
