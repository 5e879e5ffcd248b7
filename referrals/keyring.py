"""Whose keys open what: members' keys, team keys by epoch, and what happens to them when somebody comes or leaves."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from referrals import crypto
from referrals.models import (
    AccessRecord,
    Member,
    MemberKey,
    Message,
    MessageWrap,
    Partner,
    PasskeyLock,
    TeamKey,
    TeamKeyShare,
)

MEMBERS_TO_BE_LIVE = 2


class KeyringError(Exception):
    """A step that the keys as they are now do not allow; the sentence is for the log, never a value."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """A team that messages can be sealed to now."""

    partner_id: int
    slug: str
    name: str
    epoch: int
    public_key: bytes
    opening_hours: str
    is_duty_desk: bool


@dataclass(frozen=True, slots=True)
class NewMemberKey:
    """What a member's browser made: the public half, and the private half locked twice (docs/sealing.md)."""

    public_key: bytes
    passphrase_salt: bytes
    by_passphrase: bytes
    paper_salt: bytes
    by_paper: bytes


@dataclass(frozen=True, slots=True)
class NewEpoch:
    """What a member's browser made for a team: the public half, and the private half sealed to each member.

    `shares` by member key id; `rewraps` by message id: keys of open cases, sealed to the new public key.
    """

    epoch: int
    public_key: bytes
    shares: Mapping[int, crypto.Wrap]
    rewraps: Mapping[int, crypto.Wrap]


def live_keys(*, slugs: Sequence[str] | None = None) -> QuerySet[TeamKey]:
    """Current keys of live teams with their partners, of those named or of all. A team is live when two members hold
    its key."""
    keys = TeamKey.objects.filter(retired_on__isnull=True, partner__in=Partner.objects.live()).select_related("partner")
    return keys.order_by("partner__slug") if slugs is None else keys.filter(partner__slug__in=slugs)


def addressees(*, slugs: Sequence[str] | None = None) -> dict[str, Addressee]:
    """Live teams by slug, of those named or of all; one query."""
    return {key.partner.slug: addressee(key) for key in live_keys(slugs=slugs)}


def addressee(key: TeamKey) -> Addressee:
    """The team of a key, as messages are sealed to it."""
    partner = key.partner
    return Addressee(
        partner_id=partner.pk,
        slug=partner.slug,
        name=partner.name,
        epoch=key.epoch,
        public_key=bytes(key.public_key),
        opening_hours=partner.opening_hours,
        is_duty_desk=partner.is_duty_desk,
    )


def teams_that_open(partner_ids: Iterable[int]) -> dict[int, Addressee]:
    """Those of these teams that somebody can still open messages of, by partner id, live or not: a team that has lost
    all its members but one answers what it has taken; one query."""
    held = TeamKeyShare.objects.filter(team_key=OuterRef("pk"), member_key__member__left_on__isnull=True)
    keys = TeamKey.objects.filter(Exists(held), partner__in=list(partner_ids), retired_on__isnull=True)
    return {key.partner_id: addressee(key) for key in keys.select_related("partner")}


@dataclass(frozen=True, slots=True)
class Ring:
    """A team's keys as they stand: epochs that are not destroyed, oldest first, and keys of the members who are there.

    `shares` by team key id and member key id.
    """

    epochs: tuple[TeamKey, ...]
    keys: tuple[MemberKey, ...]
    shares: Mapping[tuple[int, int], TeamKeyShare]

    @property
    def current(self) -> TeamKey | None:
        """The epoch that messages are sealed to now."""
        return next((epoch for epoch in self.epochs if epoch.retired_on is None), None)

    @property
    def holders(self) -> int:
        """How many can open the current epoch."""
        current = self.current
        return 0 if current is None else sum(team_key == current.pk for team_key, _member_key in self.shares)

    @property
    def is_live(self) -> bool:
        """Whether messages may be sealed to the team."""
        return self.holders >= MEMBERS_TO_BE_LIVE

    def lacking(self, key: MemberKey) -> list[TeamKey]:
        """Epochs that a colleague opens and this member does not."""
        held = {team_key for team_key, _member_key in self.shares}
        return [epoch for epoch in self.epochs if epoch.pk in held and (epoch.pk, key.pk) not in self.shares]

    @property
    def waiting(self) -> list[MemberKey]:
        """Members who wait for shares from a colleague."""
        return [key for key in self.keys if self.lacking(key)]

    def opens(self, key: MemberKey) -> bool:
        """Whether this member opens the current epoch."""
        current = self.current
        return current is not None and (current.pk, key.pk) in self.shares


def ring(partner: Partner) -> Ring:
    """The keys of a team; three queries."""
    epochs = TeamKey.objects.filter(partner=partner, destroyed_on__isnull=True).order_by("epoch")
    keys = (
        MemberKey.objects.filter(member__partner=partner, member__left_on__isnull=True)
        .select_related("member__user")
        .order_by("pk")
    )
    shares = TeamKeyShare.objects.filter(team_key__partner=partner)
    return Ring(tuple(epochs), tuple(keys), {(one.team_key_id, one.member_key_id): one for one in shares})


def current_team(partner: Partner) -> Addressee | None:
    """The team itself, live or not: with one member left, what it has taken must still be answered."""
    key = TeamKey.objects.filter(partner=partner, retired_on__isnull=True).select_related("partner").first()
    return None if key is None else addressee(key)


# --- members -------------------------------------------------------------------------------------------------------


def set_up(member: Member, key: NewMemberKey, *, on: date) -> MemberKey:
    """Keep a member's first key. Raises KeyringError when there is one already, or the person has left."""
    require_present(member)
    if MemberKey.objects.filter(member=member).exists():
        raise KeyringError("this member has a key")
    with transaction.atomic():
        made = MemberKey.objects.create(
            member=member,
            public_key=key.public_key,
            passphrase_salt=key.passphrase_salt,
            by_passphrase=key.by_passphrase,
            paper_salt=key.paper_salt,
            by_paper=key.by_paper,
            created_on=on,
        )
        record(member, act="key_set_up", on=on)
    return made


def change_paper(member: Member, *, salt: bytes, locked: bytes, on: date) -> None:
    """Lock the same private key under another paper phrase; the earlier one opens nothing more.

    Raises KeyringError without a key.
    """
    with transaction.atomic():
        changed = MemberKey.objects.filter(member=member).update(paper_salt=salt, by_paper=locked)
        if not changed:
            raise KeyringError("this member has no key")
        record(member, act="paper_changed", on=on)


def change_passphrase(member: Member, *, salt: bytes, locked: bytes, on: date) -> None:
    """Lock the same private key under another passphrase. Raises KeyringError without a key."""
    with transaction.atomic():
        changed = MemberKey.objects.filter(member=member).update(passphrase_salt=salt, by_passphrase=locked)
        if not changed:
            raise KeyringError("this member has no key")
        record(member, act="passphrase_changed", on=on)


def add_passkey(member: Member, *, credential_id: bytes, name: str, salt: bytes, locked: bytes, on: date) -> None:
    """A third way to open the same private key. Raises KeyringError without a key."""
    key = MemberKey.objects.filter(member=member).first()
    if key is None:
        raise KeyringError("this member has no key")
    with transaction.atomic():
        PasskeyLock.objects.create(
            member_key=key, credential_id=credential_id, name=name[:80], salt=salt, locked=locked, created_on=on
        )
        record(member, act="passkey_added", on=on)


def forget(member: Member, *, on: date) -> None:
    """Drop a key that its owner can no longer open; a colleague then gives shares to the next one."""
    with transaction.atomic():
        MemberKey.objects.filter(member=member).delete()
        record(member, act="key_forgotten", on=on)


# --- teams ---------------------------------------------------------------------------------------------------------


def start_team(member: Member, new: NewEpoch, *, on: date) -> TeamKey:
    """The first epoch of a team, made by its first member. Raises KeyringError when the team has a key."""
    require_present(member)
    if new.epoch != 1 or TeamKey.objects.filter(partner=member.partner).exists():
        raise KeyringError("this team has a key")
    with transaction.atomic():
        return begin(member, new, on=on)


def give_shares(member: Member, *, to: MemberKey, shares: Mapping[int, crypto.Wrap], on: date) -> None:
    """Open the team's epochs to a colleague's key; `shares` by team key id.

    Raises KeyringError when the colleague is of another team or has left, or when `member` holds no share of an epoch.
    """
    require_present(member)
    require_present(to.member)
    held = set(
        TeamKey.objects.filter(
            partner=member.partner, destroyed_on__isnull=True, shares__member_key__member=member
        ).values_list("pk", flat=True)
    )
    if to.member.partner_id != member.partner_id or not set(shares) <= held:
        raise KeyringError("shares are given within a team, by those who hold them")
    with transaction.atomic():
        TeamKeyShare.objects.bulk_create(
            [TeamKeyShare(team_key_id=key, member_key=to, enc=one.enc, ct=one.ct) for key, one in shares.items()],
            ignore_conflicts=True,
        )
        record(member, act="shares_given", on=on)


def next_epoch(member: Member, new: NewEpoch, *, on: date, without: Member | None = None) -> TeamKey:
    """Another epoch for a team, because somebody leaves (`without`) or because nobody can open the last one.

    In one transaction: the person leaves and loses every share, the new key takes over, open cases are re-wrapped.
    Raises KeyringError when the epoch is not the next one, when shares do not name exactly the members who stay and
    have a key, when an open case was left out by somebody who could open it, or when the member cannot open the last
    epoch and a colleague can: that colleague gives a share, nobody takes the team over.
    """
    require_present(member)
    with transaction.atomic():
        current = TeamKey.objects.select_for_update().filter(partner=member.partner, retired_on__isnull=True).first()
        if current is None or new.epoch != current.epoch + 1:
            raise KeyringError("not the next epoch")
        if without is not None:
            leave(without, by=member, on=on)
        could_open = TeamKeyShare.objects.filter(team_key=current, member_key__member=member).exists()
        if not could_open and TeamKeyShare.objects.filter(team_key=current).exists():
            raise KeyringError("a colleague can open the last epoch")
        if could_open and set(new.rewraps) != set(messages_to_rewrap(member.partner).values_list("pk", flat=True)):
            raise KeyringError("open cases must follow to the new epoch")
        TeamKey.objects.filter(pk=current.pk).update(retired_on=on)
        made = begin(member, new, on=on)
        MessageWrap.objects.bulk_create(
            [
                MessageWrap(message_id=message, partner=member.partner, epoch=new.epoch, enc=one.enc, ct=one.ct)
                for message, one in new.rewraps.items()
            ]
        )
        # The earlier wraps of re-wrapped messages open nothing more that the new ones do not.
        MessageWrap.objects.filter(message__in=list(new.rewraps), partner=member.partner, epoch__lt=new.epoch).delete()
        return made


def messages_to_rewrap(partner: Partner) -> QuerySet[Message]:
    """Messages of referrals that live, sealed to an epoch of this partner."""
    return Message.objects.filter(
        Exists(MessageWrap.objects.filter(message=OuterRef("pk"), partner=partner)),
    ).order_by("pk")


def leave(member: Member, *, by: Member, on: date) -> None:
    """Somebody leaves: their key and every share go at once. Raises KeyringError across teams, or twice."""
    if by.partner_id != member.partner_id or by.pk == member.pk:
        raise KeyringError("a colleague of the same team says who leaves")
    if not Member.objects.filter(pk=member.pk, left_on__isnull=True).update(left_on=on):
        raise KeyringError("this person has left")
    MemberKey.objects.filter(member=member).delete()
    record(by, act="member_removed", on=on)


def destroy_unused(partner: Partner, *, on: date) -> int:
    """Destroy the shares of retired epochs that no message is sealed to any more; how many epochs.

    An epoch retired the same day stays: a message that was being sealed to it at that moment may still come.
    """
    unused = [
        key
        for key in TeamKey.objects.filter(partner=partner, retired_on__lt=on, destroyed_on__isnull=True)
        if not MessageWrap.objects.filter(partner=partner, epoch=key.epoch).exists()
    ]
    TeamKeyShare.objects.filter(team_key__in=unused).delete()
    return TeamKey.objects.filter(pk__in=[key.pk for key in unused]).update(destroyed_on=on)


def begin(member: Member, new: NewEpoch, *, on: date) -> TeamKey:
    """Keep an epoch and its shares."""
    expected = set(
        MemberKey.objects.filter(member__partner=member.partner, member__left_on__isnull=True).values_list(
            "pk", flat=True
        )
    )
    if set(new.shares) != expected:
        raise KeyringError("a new epoch is shared with every member who has a key")
    made = TeamKey.objects.create(partner=member.partner, epoch=new.epoch, public_key=new.public_key, created_on=on)
    TeamKeyShare.objects.bulk_create(
        [TeamKeyShare(team_key=made, member_key_id=key, enc=one.enc, ct=one.ct) for key, one in new.shares.items()]
    )
    record(member, act="epoch_made", on=on)
    return made


def require_present(member: Member) -> None:
    """Raises KeyringError for somebody who has left."""
    if member.left_on is not None:
        raise KeyringError("this person has left")


def record(member: Member, *, act: str, on: date) -> None:
    """One line of the record of acts."""
    AccessRecord.objects.create(partner_id=member.partner_id, member=member, act=act, day=on)
