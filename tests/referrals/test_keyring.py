"""Who can open what, from the first key to the last: people come, leave, lose keys, and epochs follow each other."""

from datetime import date, datetime, timedelta
from secrets import token_bytes

import pytest

from referrals import crypto, keyring, lifecycle, sealing
from referrals.crypto import CannotOpen
from referrals.keyring import KeyringError, NewEpoch
from referrals.models import (
    AccessRecord,
    Member,
    MemberKey,
    MessageWrap,
    Partner,
    Referral,
    TeamKey,
    TeamKeyShare,
)
from resources.opening import PARIS
from tests.builders import JOINED_ON, PASSPHRASE, Team, a_key_of, a_member, a_partner, a_referral, a_team

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=PARIS)
TODAY = NOW.date()


def a_next_epoch(team: Team, *, without: Member | None = None, rewrap: bool = True) -> NewEpoch:
    """What a member's browser makes: a new pair, shares for those who stay, keys of open cases sealed to it. The team
    has the new key from now on."""
    current = TeamKey.objects.get(partner=team.partner, retired_on__isnull=True)
    made, epoch = crypto.new_pair(), current.epoch + 1
    info = crypto.share_info(partner=team.partner.slug, epoch=epoch)
    keys = MemberKey.objects.filter(member__partner=team.partner, member__left_on__isnull=True)
    shares = {
        key.pk: crypto.wrap(made.private, to=bytes(key.public_key), info=info)
        for key in keys
        if without is None or key.member_id != without.pk
    }
    rewraps = {}
    for message in keyring.messages_to_rewrap(team.partner) if rewrap else []:
        context = crypto.Context(
            bytes(message.referral.case_key), message.sequence, crypto.Direction(message.direction)
        )
        wrap = MessageWrap.objects.get(message=message, partner=team.partner)
        old = crypto.key_info(context, to=team.partner.slug, epoch=wrap.epoch)
        key = crypto.unwrap(crypto.Wrap(bytes(wrap.enc), bytes(wrap.ct)), private=team.key.private, info=old)
        new = crypto.key_info(context, to=team.partner.slug, epoch=epoch)
        rewraps[message.pk] = crypto.wrap(key, to=made.public, info=new)
    team.key = made
    return NewEpoch(epoch, made.public, shares, rewraps)


def opened_share(team: Team, number: int, *, epoch: int) -> bytes:
    """The team's private key as a member opens it with their own."""
    share = TeamKeyShare.objects.get(team_key__epoch=epoch, member_key=team.members[number].key)
    info = crypto.share_info(partner=team.partner.slug, epoch=epoch)
    return crypto.unwrap(crypto.Wrap(bytes(share.enc), bytes(share.ct)), private=team.pairs[number].private, info=info)


def is_live(partner: Partner) -> bool:
    """Whether the association can be written to."""
    return Partner.objects.live().filter(pk=partner.pk).exists()


# --- members --------------------------------------------------------------------------------------------------------


def test_a_member_key_opens_with_the_passphrase_and_with_nothing_else() -> None:
    member = a_member(a_partner())
    pair = a_key_of(member)
    key = MemberKey.objects.get(member=member)

    def opened(passphrase: str, way: str) -> crypto.KeyPair:
        under = crypto.stretch(passphrase.encode(), salt=bytes(key.passphrase_salt))
        return crypto.unlock_private_key(bytes(key.by_passphrase), public=bytes(key.public_key), under=under, way=way)

    assert opened(PASSPHRASE, "passphrase") == pair
    for passphrase, way in ((PASSPHRASE + "s", "passphrase"), (PASSPHRASE, "paper")):
        with pytest.raises(CannotOpen):
            opened(passphrase, way)


def test_a_key_is_set_up_once_by_somebody_who_is_there() -> None:
    member, left = a_member(a_partner()), a_member(a_partner(), left_on=TODAY)
    a_key_of(member)

    for one in (member, left):
        with pytest.raises(KeyringError):
            a_key_of(one)
    assert MemberKey.objects.count() == 1


def test_another_passphrase_opens_the_same_key() -> None:
    member = a_member(a_partner())
    pair = a_key_of(member)
    salt = token_bytes(crypto.SALT_BYTES)
    under = crypto.stretch(b"autre", salt=salt)

    locked = crypto.lock_private_key(pair, under=under, way="passphrase")
    keyring.change_passphrase(member, salt=salt, locked=locked, on=TODAY)

    kept = MemberKey.objects.get()
    opened = crypto.unlock_private_key(bytes(kept.by_passphrase), public=pair.public, under=under, way="passphrase")
    assert (opened, bytes(kept.passphrase_salt)) == (pair, salt)
    with pytest.raises(KeyringError):
        keyring.change_passphrase(a_member(a_partner()), salt=salt, locked=locked, on=TODAY)


# --- teams ----------------------------------------------------------------------------------------------------------


def test_a_team_is_live_with_two_who_hold_its_key() -> None:
    team = a_team(people=1)
    assert not is_live(team.partner)
    assert keyring.addressees() == {}

    second = a_member(team.partner)
    a_key_of(second)
    epoch = TeamKey.objects.get()
    keyring.give_shares(team.members[0], to=second.key, shares={epoch.pk: team.share_for(second)}, on=TODAY)

    assert is_live(team.partner)
    one = keyring.addressees()[team.partner.slug]
    assert (one.epoch, one.public_key, one.partner_id) == (1, team.key.public, team.partner.pk)
    assert list(AccessRecord.objects.values_list("act", flat=True))[-1] == "shares_given"


def test_a_team_starts_once() -> None:
    team = a_team()

    with pytest.raises(KeyringError):
        keyring.start_team(team.members[0], NewEpoch(1, token_bytes(32), {}, {}), on=TODAY)


def test_shares_are_given_within_a_team_by_who_holds_them() -> None:
    team, other = a_team(), a_team()
    newcomer, stranger = a_member(team.partner), a_member(other.partner)
    a_key_of(newcomer)
    a_key_of(stranger)
    ours, theirs = TeamKey.objects.get(partner=team.partner), TeamKey.objects.get(partner=other.partner)
    share = team.share_for(newcomer)
    to_another_team = (team.members[0], stranger, ours)
    another_teams_key = (team.members[0], newcomer, theirs)
    by_somebody_who_holds_none = (newcomer, newcomer, ours)

    for giver, to, key in (to_another_team, another_teams_key, by_somebody_who_holds_none):
        with pytest.raises(KeyringError):
            keyring.give_shares(giver, to=to.key, shares={key.pk: share}, on=TODAY)
    assert TeamKeyShare.objects.count() == 4


def test_who_left_gives_and_gets_nothing() -> None:
    team = a_team(people=3)
    keyring.next_epoch(team.members[0], a_next_epoch(team, without=team.members[2]), on=TODAY, without=team.members[2])
    left = Member.objects.get(pk=team.members[2].pk)

    with pytest.raises(KeyringError):
        keyring.start_team(left, NewEpoch(1, token_bytes(32), {}, {}), on=TODAY)
    with pytest.raises(KeyringError):
        keyring.next_epoch(left, a_next_epoch(team), on=TODAY)


# --- the next epoch -------------------------------------------------------------------------------------------------


def test_somebody_leaves_and_open_cases_open_for_those_who_stay_only() -> None:
    team = a_team(people=3)
    sent = a_referral(team, text="Je suis là.", at=NOW)
    old, left = team.key, team.members[2]

    keyring.next_epoch(team.members[0], a_next_epoch(team, without=left), on=TODAY, without=left)

    assert [opened_share(team, number, epoch=2) for number in (0, 1)] == [team.key.private] * 2
    assert team.read(sent.referral) == ["Je suis là."]
    wrap = MessageWrap.objects.get(partner=team.partner)
    assert wrap.epoch == 2
    context = crypto.Context(bytes(sent.referral.case_key), 0, crypto.Direction.SENDER)
    for epoch in (1, 2):
        with pytest.raises(CannotOpen):
            crypto.unwrap(
                crypto.Wrap(bytes(wrap.enc), bytes(wrap.ct)),
                private=old.private,
                info=crypto.key_info(context, to=team.partner.slug, epoch=epoch),
            )
    left.refresh_from_db()
    assert left.left_on == TODAY
    assert not MemberKey.objects.filter(member=left).exists()
    assert TeamKeyShare.objects.filter(team_key__epoch=1).count() == 2
    assert TeamKeyShare.objects.filter(team_key__epoch=2).count() == 2
    assert is_live(team.partner)


def test_the_old_epoch_is_destroyed_the_day_after_when_nothing_is_sealed_to_it() -> None:
    team = a_team(people=3)
    a_referral(team, at=NOW)
    keyring.next_epoch(team.members[0], a_next_epoch(team), on=TODAY)

    assert keyring.destroy_unused(team.partner, on=TODAY) == 0
    assert keyring.destroy_unused(team.partner, on=TODAY + timedelta(days=1)) == 1
    assert keyring.destroy_unused(team.partner, on=TODAY + timedelta(days=2)) == 0

    old = TeamKey.objects.get(epoch=1)
    assert (old.destroyed_on, old.shares.count()) == (date(2026, 11, 26), 0)


def test_an_epoch_that_a_message_is_sealed_to_stays() -> None:
    team = a_team()
    before = team.addressee
    keyring.next_epoch(team.members[0], a_next_epoch(team), on=TODAY)

    # It was being sealed while the epoch ended.
    _code, sealed = sealing.seal_first(sealing.Letter("Bonjour"), to=[before])
    lifecycle.submit(sealed, plan=[before], urgency="24h", at=NOW)

    assert keyring.destroy_unused(team.partner, on=TODAY + timedelta(days=9)) == 0


def test_no_open_case_is_left_behind() -> None:
    team = a_team()
    a_referral(team, at=NOW)
    key = team.key

    with pytest.raises(KeyringError, match="open cases"):
        keyring.next_epoch(team.members[0], a_next_epoch(team, rewrap=False), on=TODAY)

    team.key = key
    assert TeamKey.objects.get().epoch == 1
    assert team.read(Referral.objects.get()) == ["J’ai besoin d’aide."]


def test_an_epoch_is_shared_with_everybody_who_stays_and_nobody_else() -> None:
    team = a_team(people=3)
    whole = a_next_epoch(team)
    one_less = NewEpoch(2, whole.public_key, dict(list(whole.shares.items())[:2]), {})
    stranger = a_team()
    one_more = NewEpoch(
        2, whole.public_key, {**whole.shares, stranger.members[0].key.pk: next(iter(whole.shares.values()))}, {}
    )

    for wrong in (
        one_less,
        one_more,
        NewEpoch(3, whole.public_key, whole.shares, {}),
        NewEpoch(1, whole.public_key, whole.shares, {}),
    ):
        with pytest.raises(KeyringError):
            keyring.next_epoch(team.members[0], wrong, on=TODAY)
    # With somebody leaving, their share must not be among them.
    with pytest.raises(KeyringError):
        keyring.next_epoch(team.members[0], whole, on=TODAY, without=team.members[2])

    assert Member.objects.get(pk=team.members[2].pk).left_on is None
    assert list(TeamKey.objects.filter(partner=team.partner).values_list("epoch", "retired_on")) == [(1, None)]


def test_nobody_removes_themselves_a_stranger_or_somebody_twice() -> None:
    team, other = a_team(people=3), a_team()
    left = team.members[2]
    keyring.next_epoch(team.members[0], a_next_epoch(team, without=left), on=TODAY, without=left)

    for member, leaving in (
        (team.members[0], team.members[0]),
        (team.members[0], other.members[0]),
        (team.members[0], left),
    ):
        with pytest.raises(KeyringError):
            keyring.leave(leaving, by=member, on=TODAY)
    assert Member.objects.filter(left_on__isnull=True).count() == 4


def test_a_forgotten_key_is_replaced_with_the_help_of_a_colleague() -> None:
    team = a_team(people=3)
    sent = a_referral(team, text="Toujours là.", at=NOW)
    forgetful = team.members[2]
    keyring.forget(forgetful, on=TODAY)
    assert TeamKeyShare.objects.count() == 2

    forgetful = Member.objects.get(pk=forgetful.pk)
    team.pairs[2] = a_key_of(forgetful)
    team.members[2] = forgetful
    epoch = TeamKey.objects.get()
    keyring.give_shares(team.members[0], to=forgetful.key, shares={epoch.pk: team.share_for(forgetful)}, on=TODAY)

    assert opened_share(team, 2, epoch=1) == team.key.private
    assert team.read(sent.referral) == ["Toujours là."]


def test_acts_are_recorded_by_day_with_who_did_them() -> None:
    team = a_team(people=3)
    left = team.members[2]
    keyring.next_epoch(team.members[0], a_next_epoch(team, without=left), on=TODAY, without=left)

    acts = list(AccessRecord.objects.order_by("pk").values_list("act", "member", "day"))
    assert acts == [
        *[("key_set_up", member.pk, JOINED_ON) for member in team.members],
        ("epoch_made", team.members[0].pk, JOINED_ON),
        ("member_removed", team.members[0].pk, TODAY),
        ("epoch_made", team.members[0].pk, TODAY),
    ]
