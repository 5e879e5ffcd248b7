"""The JSON ways of writing and coming back (contract.md §3): bodies in clear are sealed on receipt."""

import re
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view, authentication_classes, parser_classes, permission_classes
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from referrals import (
    access,
    codes,
    crypto,
    follow_up,
    forms,
    keyring,
    lifecycle,
    sealing,
    submissions,
    tokens,
    webhooks,
    wire,
)
from referrals.bearer import AnybodyOrWriter, BearerToken, Reader, token_of
from referrals.forms import InvalidForm
from referrals.models import ApiToken, PlanStep, Receipt, Referral, Referrer, Told
from referrals.moments import answer_at_a_fixed_moment
from referrals.routing import Facts
from resources.api import ShallowJSON

State = PlanStep.State
NOBODY = {"errors": {"partners": ["nobody_can_read"]}}
REFUSALS: dict[type[Exception], dict[str, list[str]]] = {
    crypto.TooLong: {"text": ["too_long"]},
    lifecycle.WrongAddressees: {"wraps": ["stale"]},
    lifecycle.AlreadySubmitted: {"locator": ["taken"]},
    lifecycle.AlreadyHandled: {"sequence": ["taken"]},
    lifecycle.Ended: {"code": ["ended"]},
}
UNKNOWN = {"errors": {"code": ["unknown"]}}
RECEIPTS_A_PAGE = 500


class PlanEntry(serializers.Serializer[Any]):
    """One partner of a plan, in the order in which they are asked."""

    partner = serializers.CharField()
    name = serializers.CharField()
    state = serializers.CharField(help_text=", ".join(State.values))


class Submitted(serializers.Serializer[Any]):
    """What the writer must keep; without `code` when the browser drew it."""

    code = serializers.CharField(required=False, help_text="Six mots ; la seule clé de la réponse.")
    digits = serializers.CharField(required=False, help_text="Le même code en vingt chiffres.")
    id = serializers.UUIDField(
        required=False, help_text="Avec un jeton et « referrer » = professional : ce que nomment les webhooks."
    )
    plan = PlanEntry(many=True)
    emergency = serializers.ListField(child=serializers.CharField())


class TeamKeyEntry(serializers.Serializer[Any]):
    """The public key that an association reads with."""

    partner = serializers.CharField()
    epoch = serializers.IntegerField()
    key = serializers.CharField(help_text="32 octets, base64url.")
    duty_desk = serializers.BooleanField()


class SealingParameters(serializers.Serializer[Any]):
    """All that sealing needs (docs/sealing.md)."""

    v = serializers.IntegerField()
    salt = serializers.CharField(help_text="16 octets, base64url.")
    teams = TeamKeyEntry(many=True)


@extend_schema(operation_id="sealing_parameters", responses=SealingParameters)
@api_view(["GET"])
@permission_classes([AllowAny])
def parameters(_request: Request) -> Response:
    """The site's salt and the public keys of associations that can read."""
    teams = [
        {
            "partner": team.slug,
            "epoch": team.epoch,
            "key": wire.to_text(team.public_key),
            "duty_desk": team.is_duty_desk,
        }
        for team in keyring.addressees().values()
    ]
    return Response({"v": crypto.VERSION, "salt": wire.to_text(sealing.site_salt()), "teams": teams})


@extend_schema(operation_id="submit_referral", request=OpenApiTypes.OBJECT, responses={201: Submitted})
@api_view(["POST"])
@authentication_classes([BearerToken])
@permission_classes([AllowAny, AnybodyOrWriter])
@parser_classes([ShallowJSON])
def submit(request: Request) -> Response:
    """Write to associations: a body in clear is sealed on receipt, a sealed one is kept as it is.

    Nobody needs a token; the system of an organisation that shows one follows what its professionals send.
    """
    values = request.data
    if not isinstance(values, Mapping):
        return Response({"errors": {"body": ["invalid"]}}, status=400)
    try:
        submit_body = submit_sealed if "ciphertext" in values else submit_plain
        sent = submit_body(values, token=token_of(request))
    except InvalidForm as refused:
        return Response({"errors": refused.errors}, status=400)
    except (crypto.TooLong, lifecycle.WrongAddressees, lifecycle.AlreadySubmitted) as refused:
        return Response({"errors": REFUSALS[type(refused)]}, status=400)
    except submissions.NobodyCanRead as nobody:
        return Response({**NOBODY, "emergency": list(nobody.emergency)}, status=503)
    drawn = {"code": sent.code.words(), "digits": sent.code.digits()} if sent.code is not None else {}
    plan = [
        {"partner": team.slug, "name": team.name, "state": State.PLANNED if position else State.WAITING}
        for position, team in enumerate(sent.plan)
    ]
    known_by = own_id_of(sent.referral, token=token_of(request))
    return Response({**drawn, **known_by, "plan": plan, "emergency": list(sent.emergency)}, status=201)


def submit_plain(values: Mapping[str, Any], *, token: ApiToken | None) -> submissions.Sent:
    """Read, seal and forget a body in clear. Raises InvalidForm, crypto.TooLong, NobodyCanRead."""
    plain = forms.read_plain(values)
    return submissions.send_plain(plain, at=timezone.now(), author=followed_by(token, plain.facts))


def submit_sealed(values: Mapping[str, Any], *, token: ApiToken | None) -> submissions.Sent:
    """Keep a sealed body. Raises InvalidForm, and what submissions.send_sealed raises."""
    facts, plan = values.get("facts"), values.get("plan")
    if not isinstance(facts, Mapping):
        raise InvalidForm({"facts": ["invalid"]})
    if not isinstance(plan, list) or not all(isinstance(slug, str) for slug in plan) or len(set(plan)) != len(plan):
        raise InvalidForm({"plan": ["invalid"]})
    read = forms.read_facts(facts)
    return submissions.send_sealed(
        read, wire.read_referral(values), plan=plan, at=timezone.now(), author=followed_by(token, read)
    )


def followed_by(token: ApiToken | None, facts: Facts) -> ApiToken | None:
    """The token to tie to a referral: of an organisation that can follow it, and only when a professional writes. What
    somebody writes for herself is never tied to the system that passed it on."""
    follows = token is not None and facts.referrer == Referrer.PROFESSIONAL and tokens.may_follow(token)
    return token if follows else None


def own_id_of(referral: Referral, *, token: ApiToken | None) -> dict[str, str]:
    """What this organisation knows the referral by; nothing when it does not follow it."""
    if token is None:
        return {}
    receipt = token.receipts.filter(referral=referral).first()
    return {} if receipt is None else {"id": str(receipt.own_id)}


class ReceiptEntry(serializers.Serializer[Receipt]):
    """A referral that an organisation sent: nothing but a state and the day of the last change."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(Told.choices)
    at = serializers.DateField()


class Receipts(serializers.Serializer[Any]):
    """One page of them, the last sent first."""

    referrals = ReceiptEntry(many=True)
    total = serializers.IntegerField()


@extend_schema(
    operation_id="sent_referrals",
    parameters=[OpenApiParameter("page", OpenApiTypes.INT, description=f"{RECEIPTS_A_PAGE} par page.")],
    responses=Receipts,
)
@api_view(["GET"])
@authentication_classes([BearerToken])
@permission_classes([Reader])
def sent_referrals(request: Request) -> Response:
    """What became of the referrals that an organisation sent, as its webhook says it: for what a webhook missed."""
    page = request.query_params.get("page", "1")
    if not re.fullmatch(r"[1-9][0-9]{0,5}", page):
        return Response({"errors": {"page": ["invalid"]}}, status=400)
    receipts = Receipt.objects.filter(token=token_of(request)).order_by("-pk")
    first = (int(page) - 1) * RECEIPTS_A_PAGE
    shown = receipts[first : first + RECEIPTS_A_PAGE]
    return Response(
        {
            "referrals": [webhooks.content_of(one.own_id, one.status, on=one.day) for one in shown],
            "total": receipts.count(),
        }
    )


class Salt(serializers.Serializer[Any]):
    """What completes the sender's key."""

    salt = serializers.CharField(help_text="32 octets, base64url.")


@extend_schema(operation_id="follow_up_salt", request=OpenApiTypes.OBJECT, responses=Salt)
@api_view(["POST"])
@permission_classes([AllowAny])
@parser_classes([ShallowJSON])
def salt(request: Request) -> Response:
    """The server's half of the sender's key, for any well-formed locator, known or not."""
    try:
        locator = wire.read_locator(request.data if isinstance(request.data, Mapping) else {})
    except InvalidForm as refused:
        return Response({"errors": refused.errors}, status=400)
    return Response({"salt": wire.to_text(access.answer_to(locator))})


class SaidMessage(serializers.Serializer[Any]):
    """A message in clear."""

    day = serializers.DateField()
    text = serializers.CharField(allow_null=True, help_text="null : ce message ne s’ouvre pas.")


class Opened(serializers.Serializer[Any]):
    """What became of a referral."""

    status = serializers.CharField()
    plan = PlanEntry(many=True)
    messages = SaidMessage(many=True, help_text="Avec « from » : sender ou partner.")


@extend_schema(operation_id="follow_up_open", request=OpenApiTypes.OBJECT, responses=Opened)
@api_view(["POST"])
@permission_classes([AllowAny])
@parser_classes([ShallowJSON])
def open_case(request: Request) -> HttpResponse:
    """What a code opens, in clear, or what a locator finds, sealed for the browser to open."""
    answer_at_a_fixed_moment(request)
    values = request.data if isinstance(request.data, Mapping) else {}
    try:
        if "locator" in values:
            return open_sealed(wire.read_locator(values))
        return open_plain(read_code(values))
    except InvalidForm as refused:
        return Response({"errors": refused.errors}, status=400)


def read_code(values: Mapping[str, Any]) -> codes.Code:
    """Words or digits. Raises InvalidForm."""
    typed = values.get("code")
    if not isinstance(typed, str):
        raise InvalidForm({"code": ["invalid"]})
    try:
        return codes.read_code(typed)
    except codes.BadCode:
        raise InvalidForm({"code": ["invalid"]}) from None


def open_plain(code: codes.Code) -> HttpResponse:
    """The answer to a code; 404 of the same size when nobody has it."""
    try:
        found = follow_up.open_with_code(code)
    except follow_up.Unknown:
        return wire.padded(UNKNOWN, step=wire.STEP_OF_TEXTS, status=404)
    messages = [{"from": said.sender, "day": said.day.isoformat(), "text": said.text} for said in found.messages]
    content = {"status": found.status, "plan": plan_of(found.referral), "messages": messages}
    return wire.padded(content, step=wire.STEP_OF_TEXTS)


def open_sealed(locator: bytes) -> HttpResponse:
    """The answer to a locator: ciphertexts and keys, and the teams that a further message is sealed to."""
    referral = access.by_locator(locator)
    if referral is None:
        access.read_nothing()
        keyring.addressees()
        return wire.padded({"errors": {"locator": ["unknown"]}}, step=wire.STEP_OF_SEALED, status=404)
    stored = access.messages_for_sender(referral)
    messages = [
        {
            "from": "partner" if one.direction == crypto.Direction.PARTNER else "sender",
            "name": one.partner_name,
            "day": one.day.isoformat(),
            "sequence": one.context.sequence,
            "ciphertext": wire.to_text(one.ciphertext),
            "wraps": [
                {
                    "to": crypto.SENDER,
                    "epoch": 0,
                    "enc": wire.to_text(one.wrap.enc),
                    "ct": wire.to_text(one.wrap.ct),
                }
            ],
        }
        for one in stored
    ]
    content = {
        "status": referral.status,
        "plan": plan_of(referral),
        "messages": messages,
        "sender_key": wire.to_text(bytes(referral.case_key)),
        "key_lost": follow_up.key_lost(referral),
        "readers": [
            {"to": team.slug, "epoch": team.epoch, "key": wire.to_text(team.public_key)}
            for team in readers_or_none(referral)
        ],
    }
    return wire.padded(content, step=wire.STEP_OF_SEALED)


def readers_or_none(referral: Referral) -> list[keyring.Addressee]:
    """Teams that a further message is sealed to; none when the referral has ended."""
    try:
        return follow_up.current_readers(referral)
    except lifecycle.Ended:
        return []


@extend_schema(operation_id="follow_up_message", request=OpenApiTypes.OBJECT, responses={201: OpenApiTypes.OBJECT})
@api_view(["POST"])
@permission_classes([AllowAny])
@parser_classes([ShallowJSON])
def write(request: Request) -> HttpResponse:
    """More words: `code` and `text` in clear, sealed on receipt, or `locator` and a sealed message."""
    answer_at_a_fixed_moment(request)
    values = request.data if isinstance(request.data, Mapping) else {}
    now = timezone.now()
    try:
        if "locator" in values:
            locator, message = wire.read_locator(values), wire.read_message(values)
            follow_up.write_sealed(follow_up.known(locator), message, at=now)
        else:
            code, text = read_code(values), forms.read_text(values)
            follow_up.write(code, text, at=now)
    except InvalidForm as refused:
        return Response({"errors": refused.errors}, status=400)
    except follow_up.Unknown:
        return wire.padded(UNKNOWN, step=wire.STEP_OF_TEXTS, status=404)
    except (lifecycle.Ended, lifecycle.AlreadyHandled, lifecycle.WrongAddressees, crypto.TooLong) as refused:
        return wire.padded({"errors": REFUSALS[type(refused)]}, step=wire.STEP_OF_TEXTS, status=409)
    return wire.padded({"status": "sent"}, step=wire.STEP_OF_TEXTS, status=201)


@extend_schema(operation_id="follow_up_withdraw", request=OpenApiTypes.OBJECT, responses={200: OpenApiTypes.OBJECT})
@api_view(["POST"])
@permission_classes([AllowAny])
@parser_classes([ShallowJSON])
def withdraw(request: Request) -> HttpResponse:
    """Erase everything at once: by `code`, or by `locator`."""
    answer_at_a_fixed_moment(request)
    values = request.data if isinstance(request.data, Mapping) else {}
    try:
        if "locator" in values:
            lifecycle.withdraw(follow_up.known(wire.read_locator(values)))
        else:
            follow_up.withdraw(read_code(values))
    except InvalidForm as refused:
        return Response({"errors": refused.errors}, status=400)
    except (follow_up.Unknown, lifecycle.Ended):
        return wire.padded(UNKNOWN, step=wire.STEP_OF_TEXTS, status=404)
    return wire.padded({"status": "withdrawn"}, step=wire.STEP_OF_TEXTS)


def plan_of(referral: Referral) -> list[dict[str, str]]:
    """The plan as contract.md §3 shapes it."""
    return [
        {"partner": step.partner.slug, "name": step.partner.name, "state": step.state}
        for step in access.plan_of(referral)
    ]
