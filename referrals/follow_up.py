"""Coming back with a code: what became of it, more words, or the end of everything; opened in memory by the server."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from referrals import access, crypto, keyring, lifecycle, sealing
from referrals.codes import Code, Secrets
from referrals.keyring import Addressee
from referrals.models import Event, Referral
from referrals.sealing import SealedMessage

TRIES = 3


class Unknown(Exception):
    """No referral has this code."""


@dataclass(frozen=True, slots=True)
class Step:
    """A partner of the plan: slug, name, and what became of it (PlanStep.State)."""

    partner: str
    name: str
    state: str


@dataclass(frozen=True, slots=True, repr=False)
class Said:
    """A message in clear, in memory only; `sender` is "sender" or "partner". Without `text` it cannot be opened."""

    sender: str
    partner_name: str
    day: date
    text: str | None


@dataclass(frozen=True, slots=True, repr=False)
class FollowUp:
    """What the person sees. `key_lost`: a partner that had it can read it no more."""

    referral: Referral
    plan: tuple[Step, ...]
    messages: tuple[Said, ...]
    key_lost: bool

    @property
    def status(self) -> str:
        """Referral.Status."""
        return self.referral.status


def open_with_code(code: Code) -> FollowUp:
    """Everything that a code opens. Raises Unknown, after the same work as for a referral of one message."""
    referral, private = found(code)
    stored = access.messages_for_sender(referral) if referral is not None else decoys()
    opened = sealing.open_messages(
        [(one.context, one.ciphertext, one.wrap) for one in stored],
        private=private if referral is not None else decoy_pair().private,
    )
    lost = key_lost(referral)
    if referral is None:
        raise Unknown
    messages = tuple(
        Said(
            sender="partner" if one.partner_name else "sender",
            partner_name=one.partner_name,
            day=one.day,
            text=clear.text if clear is not None else None,
        )
        for one, clear in zip(stored, opened, strict=True)
    )
    return FollowUp(referral, plan_of(referral), messages, lost)


def write(code: Code, text: str, *, at: datetime) -> None:
    """Add words to a referral. Raises Unknown, lifecycle.Ended, lifecycle.AlreadyHandled, crypto.TooLong."""
    referral, private = found(code)
    if referral is None:
        raise Unknown
    pair = crypto.pair_of(private)

    def act() -> None:
        readers, place = current_readers(referral), lifecycle.next_sequence(referral)
        message = sealing.seal_again(text, pair=pair, sequence=place, to=readers)
        lifecycle.write_again(referral, message, readers=readers, at=at)

    again(act)


def known(locator: bytes) -> Referral:
    """The referral of a locator. Raises Unknown."""
    referral = access.by_locator(locator)
    if referral is None:
        raise Unknown
    return referral


def write_sealed(referral: Referral, message: SealedMessage, *, at: datetime) -> None:
    """Add words that the browser sealed. Raises lifecycle.Ended, WrongAddressees, AlreadyHandled."""
    lifecycle.write_again(referral, message, readers=current_readers(referral), at=at)


def withdraw(code: Code) -> None:
    """Erase everything at once. Raises Unknown."""
    referral, _private = found(code)
    if referral is None:
        raise Unknown
    lifecycle.withdraw(referral)


def current_readers(referral: Referral) -> list[Addressee]:
    """Teams that further messages are sealed to, under their current keys, in order. Raises lifecycle.Ended without
    any."""
    wanted = lifecycle.readers_of(referral)
    teams = keyring.teams_that_open(wanted)
    readers = [teams[partner] for partner in wanted if partner in teams]
    if not readers:
        raise lifecycle.Ended
    return readers


def plan_of(referral: Referral) -> tuple[Step, ...]:
    """Partners in the order in which they are asked."""
    return tuple(Step(step.partner.slug, step.partner.name, step.state) for step in access.plan_of(referral))


def key_lost(referral: Referral | None) -> bool:
    """Whether a partner that had a referral can read it no more; one statement."""
    return Event.objects.filter(referral=referral, kind=Event.Kind.KEY_LOST).exists()


def found(code: Code) -> tuple[Referral | None, bytes]:
    """The referral of a code, if any, and the sender's private key; one Argon2id and two statements either way."""
    secrets = secrets_of(code)
    referral = access.by_locator(secrets.locator)
    epoch = referral.pepper_epoch if referral is not None else None
    return referral, sealing.pair_of(secrets, epoch=epoch).private


def secrets_of(code: Code) -> Secrets:
    """What a code finds and opens."""
    return code.secrets(salt=sealing.site_salt())


def again(act: Callable[[], object]) -> None:
    """Do an act once more when somebody else wrote at the same moment. Raises what the last try raises."""
    for left in range(TRIES - 1, -1, -1):
        try:
            act()
        except lifecycle.AlreadyHandled:
            if not left:
                raise
        else:
            return


@cache
def decoy_pair() -> crypto.KeyPair:
    """Keys of nobody."""
    return crypto.new_pair()


@cache
def decoy() -> access.Stored:
    """A message of nobody, as long to open as a real one."""
    pair = decoy_pair()
    context = crypto.Context(pair.public, 0, crypto.Direction.SENDER)
    sealed = sealing.seal_message(sealing.Letter(" ").payload(), context=context, to=(), sender=pair.public)
    return access.Stored(context, context.direction, "", date.min, sealed.ciphertext, sealed.keys[0].wrap)


def decoys() -> list[access.Stored]:
    """What is opened in place of an unknown referral, after the statements that would have read it."""
    access.read_nothing()
    return [decoy()]
