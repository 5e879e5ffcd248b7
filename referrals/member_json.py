"""What travels between a member's browser and us: locked keys, shares, sealed messages; read strictly, never echoed."""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any, Concatenate, ParamSpec

from django.db import IntegrityError
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from referrals import bundles, crypto, keyring
from referrals.forms import InvalidForm
from referrals.keyring import KeyringError, NewEpoch, NewMemberKey, Ring
from referrals.membership import MemberRequest
from referrals.models import Member, MemberKey, Message, MessageWrap, PasskeyLock, TeamKey
from referrals.wire import read_wrap, to_bytes, to_text

P = ParamSpec("P")
# A new epoch brings one wrapped key of about 200 bytes for each message that lives: room for 80 000.
MOST_BYTES = 16 * 1024 * 1024
MOST_NUMBER = 2**63 - 1
LONGEST_CREDENTIAL = 1023


def answers_json(
    view: Callable[Concatenate[MemberRequest, P], HttpResponse],
) -> Callable[Concatenate[MemberRequest, P], HttpResponse]:
    """For views that a script calls: refusals are one sentence to show, in JSON."""

    @wraps(view)
    def answered(request: MemberRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except InvalidForm:
            return refusal(_("Cette page n’est plus à jour. Rechargez-la."), status=HTTPStatus.BAD_REQUEST)
        except (KeyringError, IntegrityError):
            return refusal(
                _("Les clés de l’équipe ont changé entre-temps. Rechargez la page et recommencez."),
                status=HTTPStatus.CONFLICT,
            )

    return answered


def refusal(sentence: str | StrPromise, *, status: HTTPStatus) -> JsonResponse:
    """Why it was not done, for the person."""
    return JsonResponse({"notice": str(sentence)}, status=status)


# --- to the browser -------------------------------------------------------------------------------------------------


def frame(member: Member, *, script: str) -> dict[str, Any]:
    """What every page of a team needs: the script, the keys for the browser, and how the team stands; four queries."""
    ring, key = keyring.ring(member.partner), member.key
    return {
        "script": bundles.address(script),
        "member": member,
        "keychain": keychain(ring, key, slug=member.partner.slug),
        "opens": ring.opens(key),
        "is_live": ring.is_live,
        "nobody_opens": ring.current is not None and ring.holders == 0,
        "waiting": [one for one in ring.waiting if one.pk != key.pk] if ring.opens(key) else [],
        "ring": ring,
    }


def keychain(ring: Ring, key: MemberKey, *, slug: str) -> dict[str, Any]:
    """What a member's browser opens things with: their locked key, and the team's epochs with their shares."""
    return {
        "partner": slug,
        "member": {
            "id": key.pk,
            "public_key": to_text(bytes(key.public_key)),
            "passphrase": {"salt": to_text(bytes(key.passphrase_salt)), "locked": to_text(bytes(key.by_passphrase))},
            "paper": {"salt": to_text(bytes(key.paper_salt)), "locked": to_text(bytes(key.by_paper))},
            "passkeys": [passkey(one) for one in key.passkeys.order_by("pk")],
        },
        "epochs": [epoch(ring, one, key) for one in ring.epochs],
    }


def passkey(lock: PasskeyLock) -> dict[str, str]:
    """A passkey that opens the member's key."""
    return {
        "id": to_text(bytes(lock.credential_id)),
        "name": lock.name,
        "salt": to_text(bytes(lock.salt)),
        "locked": to_text(bytes(lock.locked)),
    }


def epoch(ring: Ring, team_key: TeamKey, key: MemberKey) -> dict[str, Any]:
    """An epoch, with the member's share of it or null."""
    share = ring.shares.get((team_key.pk, key.pk))
    return {
        "epoch": team_key.epoch,
        "public_key": to_text(bytes(team_key.public_key)),
        "is_current": team_key.retired_on is None,
        "share": None if share is None else {"enc": to_text(bytes(share.enc)), "ct": to_text(bytes(share.ct))},
    }


def sealed_for_team(one: Message, wraps: Iterable[MessageWrap], *, slug: str) -> dict[str, Any]:
    """A sealed message and the team's keys to it; the case stands in `place`, to which it is bound."""
    return {
        **place(one),
        "ciphertext": to_text(bytes(one.ciphertext)),
        "wraps": [
            {"to": slug, "epoch": wrap.epoch, "enc": to_text(bytes(wrap.enc)), "ct": to_text(bytes(wrap.ct))}
            for wrap in wraps
        ],
    }


def to_rewrap(one: Message, wraps: Iterable[MessageWrap]) -> dict[str, Any]:
    """A message's keys without the message, for another epoch or another team."""
    return {
        "id": one.pk,
        **place(one),
        "wraps": [
            {"epoch": wrap.epoch, "enc": to_text(bytes(wrap.enc)), "ct": to_text(bytes(wrap.ct))} for wrap in wraps
        ],
    }


def place(one: Message) -> dict[str, Any]:
    """What a message is bound to."""
    side = "sender" if one.direction == Message.Direction.SENDER else "partner"
    return {"place": {"case": to_text(bytes(one.referral.case_key)), "sequence": one.sequence, "from": side}}


# --- from the browser -----------------------------------------------------------------------------------------------


def body_of(request: MemberRequest) -> Mapping[str, Any]:
    """The JSON object of a request. Raises InvalidForm.

    It is read from the stream: a new epoch of a large team is larger than any form, and what bounds it stands here.
    """
    if request.content_type != "application/json":
        raise InvalidForm({"body": ["invalid"]})
    raw = request.read(MOST_BYTES + 1)
    try:
        read = json.loads(raw) if len(raw) <= MOST_BYTES else None
    except (ValueError, RecursionError):
        raise InvalidForm({"body": ["invalid"]}) from None
    return mapping(read, field="body")


def read_member_key(values: Mapping[str, Any]) -> NewMemberKey:
    """A member's new key. Raises InvalidForm."""
    return NewMemberKey(
        public_key=to_bytes(values.get("public_key"), crypto.KEY_BYTES, field="public_key"),
        passphrase_salt=to_bytes(values.get("passphrase_salt"), crypto.SALT_BYTES, field="passphrase_salt"),
        by_passphrase=to_bytes(values.get("by_passphrase"), crypto.LOCKED_KEY_BYTES, field="by_passphrase"),
        paper_salt=to_bytes(values.get("paper_salt"), crypto.SALT_BYTES, field="paper_salt"),
        by_paper=to_bytes(values.get("by_paper"), crypto.LOCKED_KEY_BYTES, field="by_paper"),
    )


def read_lock(values: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """Salt and locked key of one way to open a member's key. Raises InvalidForm."""
    return (
        to_bytes(values.get("salt"), crypto.SALT_BYTES, field="salt"),
        to_bytes(values.get("locked"), crypto.LOCKED_KEY_BYTES, field="locked"),
    )


def read_credential(value: object) -> bytes:
    """The name of a passkey, as its maker chose it (WebAuthn: 1 023 bytes at most). Raises InvalidForm."""
    return to_bytes(value, *range(1, LONGEST_CREDENTIAL + 1), field="id")


def read_epoch(values: Mapping[str, Any]) -> NewEpoch:
    """An epoch of a team, with shares by member key id and rewraps by message id. Raises InvalidForm."""
    return NewEpoch(
        epoch=read_number(values.get("epoch"), field="epoch"),
        public_key=to_bytes(values.get("public_key"), crypto.KEY_BYTES, field="public_key"),
        shares=read_wraps(values.get("shares"), field="shares"),
        rewraps=read_wraps(values.get("rewraps", {}), field="rewraps"),
    )


def read_wraps(values: object, *, field: str) -> dict[int, crypto.Wrap]:
    """Sealed keys by the id of what they are for. Raises InvalidForm."""
    return {
        read_number(int(name) if is_number(name) else None, field=field): read_wrap(mapping(one, field=field))
        for name, one in mapping(values, field=field).items()
    }


def is_number(text: str) -> bool:
    """Whether a text is a whole number of a length that Python reads."""
    return text.isascii() and text.isdecimal() and len(text) <= len(str(MOST_NUMBER))


def read_number(value: object, *, field: str) -> int:
    """A whole number that the database can hold. Raises InvalidForm."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_NUMBER:
        raise InvalidForm({field: ["invalid"]})
    return value


def mapping(value: object, *, field: str) -> Mapping[str, Any]:
    """A JSON object. Raises InvalidForm."""
    if not isinstance(value, dict):
        raise InvalidForm({field: ["invalid"]})
    return value
