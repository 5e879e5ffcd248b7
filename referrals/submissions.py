"""From facts to those who may read, and from a letter or a sealed body to a referral that is on disk."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from referrals import handoffs, lifecycle, orientation, sealing, statistics
from referrals.codes import Code
from referrals.forms import InvalidForm, Plain
from referrals.keyring import Addressee, addressee, addressees, live_keys, teams_that_open
from referrals.models import ApiToken, Member, Partner, Referral
from referrals.routing import Facts, Proposal, route, takes
from referrals.sealing import SealedReferral


class NobodyCanRead(Exception):
    """No association with a key can take this person, and there is no duty desk; `emergency` are numbers to show."""

    def __init__(self, emergency: tuple[str, ...]) -> None:
        super().__init__("nobody can read")
        self.emergency = emergency


@dataclass(frozen=True, slots=True)
class Option:
    """An association that may be asked, why, and the key it reads with."""

    proposal: Proposal
    stance: str
    team: Addressee


@dataclass(frozen=True, slots=True)
class Offer:
    """What a person is shown before she chooses; `emergency` and `directory` are slugs of the directory."""

    options: tuple[Option, ...]
    duty_desk: Addressee | None
    emergency: tuple[str, ...]
    directory: tuple[str, ...]

    @property
    def can_be_written_to(self) -> bool:
        """Whether anybody at all could read."""
        return bool(self.options) or self.duty_desk is not None


@dataclass(frozen=True, slots=True, repr=False)
class Sent:
    """A referral that is on disk, and the teams that it is handed to, in order. `code` is None when the browser drew
    it."""

    code: Code | None
    referral: Referral
    plan: tuple[Addressee, ...]
    emergency: tuple[str, ...]


def offer(facts: Facts, *, at: datetime) -> Offer:
    """Associations that can take the person and can read, best first, with what is shown beside them; six statements
    at most, nothing is kept."""
    teams = addressees()
    shown = orientation.orient(facts, Partner.objects.filter(slug__in=teams), now=at)
    stances = dict(
        Partner.objects.filter(slug__in=[one.partner for one in shown.proposals]).values_list("slug", "stance")
    )
    return Offer(
        options=tuple(Option(one, stances[one.partner], teams[one.partner]) for one in shown.proposals),
        duty_desk=duty_desk_of(teams),
        emergency=shown.emergency,
        directory=shown.directory,
    )


def send_plain(
    plain: Plain, *, at: datetime, token: str | None = None, author: Member | ApiToken | None = None
) -> Sent:
    """Seal what was typed, in memory, and submit it; afterwards only its addressees can read it.

    With a `token`, the same form sent twice is kept once and gives the same code (15 minutes, see handoffs.py).
    That is looked at first: the form itself may have taken the last place of its partner.
    Raises InvalidForm for partners that cannot take this person, NobodyCanRead.
    """
    before = None if token is None else handoffs.take(token, at=at)
    if before is not None:
        return sent_before(before)
    plan, emergency = plan_for(plain.facts, plain.partners, at=at)
    code, sealed = sealing.seal_first(plain.letter, to=plan)
    with transaction.atomic():
        if token is not None and not handoffs.leave(token, {"code": code.number}, at=at):
            return sent_before(handoffs.take(token, at=at))
        referral = lifecycle.submit(
            sealed,
            plan=plan,
            urgency=plain.facts.urgency,
            at=at,
            counted=counters(plain.facts),
            author=author,
        )
    return Sent(code, referral, tuple(plan), emergency)


def sent_before(kept: Mapping[str, Any] | None) -> Sent:
    """What the same form gave the first time. Raises InvalidForm when that is over: her words were typed back, or all
    was erased."""
    code = Code(kept["code"]) if kept is not None and "code" in kept else None
    referral = None if code is None else Referral.objects.filter(case_key=sealing.keys_of(code)[1].public).first()
    if referral is None:
        raise InvalidForm({"token": ["expired"]})
    return Sent(code, referral, plan_kept(referral), ())


def send_sealed(
    facts: Facts, sealed: SealedReferral, *, plan: Sequence[str], at: datetime, author: Member | ApiToken | None = None
) -> Sent:
    """Submit what a browser sealed to the teams that `plan` names, and perhaps to the duty desk.

    Raises InvalidForm for partners that cannot take this person, lifecycle.WrongAddressees for keys that are missing
    or of an epoch that is over, lifecycle.AlreadySubmitted.
    """
    try:
        asked, emergency = plan_for(facts, tuple(plan), at=at)
        addressed = {key.to for key in sealed.message.keys}
        readers = [one for one in asked if not one.is_duty_desk or one.slug in addressed or len(asked) == 1]
        referral = lifecycle.submit(
            sealed, plan=readers, urgency=facts.urgency, at=at, counted=counters(facts), author=author
        )
    except (InvalidForm, NobodyCanRead, lifecycle.WrongAddressees):
        # Sent again because the answer was lost: what was true then may be so no more, and it is on disk all the same.
        known = lifecycle.kept_before(sealed)
        if known is None:
            raise
        return Sent(None, known, plan_kept(known), ())
    return Sent(None, referral, tuple(readers), emergency)


def plan_kept(referral: Referral) -> tuple[Addressee, ...]:
    """The teams of a referral that is on disk, in the order in which they are asked; two statements."""
    steps = list(referral.plan.order_by("position").values_list("partner_id", flat=True))
    teams = teams_that_open(steps)
    return tuple(teams[partner] for partner in steps if partner in teams)


def plan_for(facts: Facts, chosen: tuple[str, ...] | None, *, at: datetime) -> tuple[list[Addressee], tuple[str, ...]]:
    """Teams in the order in which they are asked, the duty desk last, and the numbers to show; one statement.

    `chosen` are slugs the person agreed to, None for all that are proposed. One that is proposed no more, because an
    hour has passed, stays good as long as it can take her at all.
    Raises InvalidForm, NobodyCanRead.
    """
    keys = list(live_keys())
    teams = {key.partner.slug: addressee(key) for key in keys}
    partners = [orientation.profile(key.partner) for key in keys if not key.partner.is_duty_desk]
    routed = route(facts, partners, at=facts.at or at)
    proposed = [one.partner for one in routed.proposals]
    if chosen is None:
        wanted = proposed
    else:
        able = {partner.slug for partner in partners if takes(partner, facts)}
        desk = duty_desk_of(teams)
        asked = [slug for slug in chosen if desk is None or slug != desk.slug]
        if not set(asked) <= able:
            raise InvalidForm({"partners": ["cannot_take"]})
        wanted = [slug for slug in proposed if slug in asked] + [slug for slug in asked if slug not in proposed]
    plan = [teams[slug] for slug in wanted] + [one for one in [duty_desk_of(teams)] if one is not None]
    if not plan:
        raise NobodyCanRead(routed.emergency)
    return plan, routed.emergency


def duty_desk_of(teams: Mapping[str, Addressee]) -> Addressee | None:
    """The duty desk, when it can read."""
    return next((team for team in teams.values() if team.is_duty_desk), None)


def counters(facts: Facts) -> Iterable[str]:
    """What a new referral raises (statistics.py)."""
    sent = statistics.SENT
    return [
        f"{sent}:referrer:{facts.referrer}",
        f"{sent}:age:{facts.age_band}",
        f"{sent}:departement:{facts.departement or 'none'}",
        *(f"{sent}:need:{need}" for need in facts.needs),
    ]
