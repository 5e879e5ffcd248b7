"""A partner's inbox: what waits, one request, and what a member does with it; only the browser opens messages."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST, require_safe
from django_stubs_ext import StrPromise

from referrals import access, keyring, labels, lifecycle, queues, statistics
from referrals.forms import InvalidForm
from referrals.lifecycle import day_of
from referrals.member_json import (
    answers_json,
    body_of,
    frame,
    is_number,
    mapping,
    read_wraps,
    refusal,
    sealed_for_team,
    to_rewrap,
)
from referrals.membership import MemberRequest, member_required
from referrals.models import Event, Member, Message, Partner, PlanStep, Referral
from referrals.queues import Queue
from referrals.wire import read_message, to_text
from resources import cards
from resources.geography import gazetteer
from resources.models import Service
from resources.vocabulary import DEPARTEMENTS, Kind

P = ParamSpec("P")
State = PlanStep.State
CRIP = "crip-"
MOST_PAGES = 10_000
ANSWER_CHARACTERS = 7000

# Why an act did not happen: somebody else acted in between.
MEANWHILE: dict[type[Exception], StrPromise] = {
    lifecycle.AlreadyHandled: _("Quelqu’un de l’équipe vient d’agir, ou la personne d’écrire. Voici où cela en est."),
    lifecycle.NotWithThisPartner: _("Cette demande n’est plus chez vous. Il n’y a rien à faire."),
    lifecycle.Ended: _("Cette demande est terminée. Il n’y a rien à faire."),
}
OUTCOMES: dict[str, StrPromise] = {
    "helped": _("Nous avons aidé la personne"),
    "oriented": _("Nous l’avons orientée vers quelqu’un d’autre"),
    "no_answer": _("Elle n’a plus répondu"),
    "other": _("Autre"),
}


# --- lists ----------------------------------------------------------------------------------------------------------


@require_safe
@member_required
def inbox(request: MemberRequest) -> HttpResponse:
    """One of five queues; what rows say of the person is opened by the browser afterwards."""
    member, at = request.member, timezone.now()
    queue, number = asked_queue(request)
    counts = queues.counts(member, at=at)
    context = {
        **frame(member, script="inbox.js"),
        "here": "inbox",
        "queue": queue,
        "tabs": [(one, queues.shown(counts[one])) for one in Queue],
        "sheet": queues.sheet(member, queue, number=number, at=at),
        "empty": queues.WHAT_EMPTY_MEANS[queue],
        "labels": labels.of_facts(),
    }
    return render(request, "referrals/inbox/list.html", context)


@require_GET
@member_required
@answers_json
def first_messages(request: MemberRequest) -> HttpResponse:
    """The first messages of a page of a queue, sealed as they are kept: four queries, whatever their number."""
    member, at = request.member, timezone.now()
    queue, number = asked_queue(request)
    found = queues.ids(member, queue, number=number, at=at)
    keyring.record(member, act="list_opened", on=day_of(at))
    first = list(Message.objects.filter(referral__in=found, sequence=0).select_related("referral"))
    wraps = access.wraps_for(member, first)
    rows = {str(one.referral.public_id): sealed_for_team(one, wraps[one.pk], slug=member.partner.slug) for one in first}
    return JsonResponse({"rows": rows})


def asked_queue(request: MemberRequest) -> tuple[Queue, int]:
    """Queue and page of an address; the first of each when it names none that exists."""
    name, page = request.GET.get("file", ""), request.GET.get("page", "")
    queue = Queue(name) if name in Queue.values else Queue.TO_TAKE
    return queue, min(int(page), MOST_PAGES) if is_number(page) and int(page) else 1


@require_GET
@member_required
def communes(_request: MemberRequest) -> HttpResponse:
    """Names of all communes: the browser fetches them whole, so that nobody learns which one it looks for."""
    names = {commune.insee: commune.name for commune in gazetteer().by_insee.values()}
    return JsonResponse(names, headers={"Cache-Control": "private, max-age=86400"})


# --- one request ----------------------------------------------------------------------------------------------------


@require_safe
@member_required
def referral(request: MemberRequest, public_id: UUID) -> HttpResponse:
    """Everything about one request; the browser opens its messages and shows what the facts call for."""
    member, at = request.member, timezone.now()
    try:
        found = reach(member, public_id)
    except lifecycle.NotWithThisPartner as gone:
        messages.warning(request, MEANWHILE[type(gone)])
        return redirect("referrals_staff:inbox")
    plan = list(found.plan.select_related("partner", "taken_by__user").order_by("position"))
    step = next(one for one in plan if one.partner_id == member.partner_id)
    written = list(found.messages.select_related("referral", "partner"))
    context = {
        **frame(member, script="inbox.js"),
        "here": "inbox",
        "referral": found,
        "row": queues.one(member, found, at=at),
        "plan": plan,
        "step": step,
        "is_open": found.status in Referral.OPEN,
        "is_taken": step.state == State.ACKNOWLEDGED and found.status in Referral.OPEN,
        "is_waiting": step.state == State.WAITING,
        "written": written,
        "case": case(member, found, written),
        "told": list(found.events.filter(kind=Event.Kind.AUTHORITY_TOLD, partner=member.partner_id)),
        "declines": PlanStep.Decline.choices,
        "outcomes": OUTCOMES.items(),
        "teams": teams_to_hand_to(plan),
        "cells": cells(),
        "longest": ANSWER_CHARACTERS,
    }
    return render(request, "referrals/inbox/referral.html", context)


def case(member: Member, found: Referral, written: list[Message]) -> dict[str, Any]:
    """What the browser needs to open a request and to seal an answer to it."""
    wraps = access.wraps_for(member, written)
    return {
        "case": to_text(bytes(found.case_key)),
        "sequence": written[-1].sequence + 1 if written else 0,
        "messages": [
            {"id": one.pk, **sealed_for_team(one, wraps[one.pk], slug=member.partner.slug)} for one in written
        ],
        "facts": labels.of_facts(),
        "contact": labels.of_contact(),
        "professional": labels.of_professional(),
        "minors": labels.MINORS,
    }


def teams_to_hand_to(plan: list[PlanStep]) -> list[dict[str, Any]]:
    """Live teams that were not asked yet, with the key that the browser seals to."""
    asked = {step.partner_id for step in plan if step.state != State.PLANNED}
    teams = [one for one in keyring.addressees().values() if one.partner_id not in asked]
    paused = set(
        Partner.objects.filter(pk__in=[one.partner_id for one in teams])
        .exclude(active=True, paused=False)
        .values_list("pk", flat=True)
    )
    return [
        {"slug": one.slug, "name": one.name, "epoch": one.epoch, "public_key": to_text(one.public_key)}
        for one in teams
        if one.partner_id not in paused
    ]


def cells() -> list[tuple[str, cards.Card]]:
    """Where each département takes worrying information (CRIP), as far as the directory knows it."""
    today = timezone.localdate()
    found = Service.objects.published().complete().filter(slug__startswith=CRIP, kind=Kind.REPORTING)
    by_slug = {one.slug: one for one in found}
    return [(code, cards.card(by_slug[CRIP + code], today=today)) for code in DEPARTEMENTS if CRIP + code in by_slug]


# --- what a member does ---------------------------------------------------------------------------------------------


@require_POST
@member_required
def acknowledge(request: MemberRequest, public_id: UUID) -> HttpResponse:
    """Take a request."""
    member = request.member

    def act(found: Referral) -> None:
        lifecycle.acknowledge(found, member=member, at=timezone.now())

    return acted(request, public_id, act, done=_("Vous avez pris cette demande. Vous pouvez répondre."))


@require_POST
@member_required
def decline(request: MemberRequest, public_id: UUID) -> HttpResponse:
    """Say that the team cannot help, with a code."""
    code = request.POST.get("code", "")
    if code not in PlanStep.Decline.values:
        return explained(request, public_id, _("Choisissez une raison."))

    def act(found: Referral) -> None:
        lifecycle.decline(found, member=request.member, code=code, at=timezone.now())

    return acted(request, public_id, act, done=_("C’est noté. L’association suivante est prévenue."))


@require_POST
@member_required
def tell_authority(request: MemberRequest, public_id: UUID) -> HttpResponse:
    """Note that the team told the CRIP or the prosecutor today."""

    def act(found: Referral) -> None:
        lifecycle.tell_authority(found, member=request.member, at=timezone.now())

    return acted(request, public_id, act, done=_("La date est notée. Rien d’autre n’est gardé."))


@require_POST
@member_required
def close(request: MemberRequest, public_id: UUID) -> HttpResponse:
    """End a request."""
    outcome = request.POST.get("outcome", "")
    if outcome not in statistics.OUTCOMES:
        return explained(request, public_id, _("Choisissez comment cela s’est terminé."))

    def act(found: Referral) -> None:
        lifecycle.close(found, member=request.member, at=timezone.now(), outcome=outcome)

    return acted(request, public_id, act, done=_("Demande terminée. Les messages s’effacent dans 7 jours."))


@require_POST
@member_required
def lose_key(request: MemberRequest, public_id: UUID) -> HttpResponse:
    """Say that nobody of the team can open a request."""
    if request.POST.get("sure") != "yes":
        return explained(request, public_id, _("Cochez la case pour confirmer."))

    def act(found: Referral) -> None:
        lifecycle.lose_key(found, partner=request.member.partner, at=timezone.now())

    return acted(
        request, public_id, act, done=_("C’est dit. L’association suivante est prévenue, la personne le saura.")
    )


def calmly(
    view: Callable[Concatenate[MemberRequest, P], HttpResponse],
) -> Callable[Concatenate[MemberRequest, P], HttpResponse]:
    """For what scripts ask of one request: when somebody acted in between, the answer is a sentence."""

    @wraps(view)
    def answered(request: MemberRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except tuple(MEANWHILE) as meanwhile:
            return refusal(MEANWHILE[type(meanwhile)], status=HTTPStatus.CONFLICT)

    return answered


@require_POST
@member_required
@answers_json
@calmly
def answer(request: MemberRequest, public_id: UUID) -> HttpResponse:
    """Keep an answer that the browser sealed to the person and to the team."""
    member = request.member
    found = reach(member, public_id)
    message, own = read_message(body_of(request)), keyring.current_team(member.partner)
    if own is None:
        raise keyring.KeyringError("the team has no key")
    try:
        lifecycle.answer(found, message, member=member, own=own, at=timezone.now())
    except lifecycle.WrongAddressees:
        raise keyring.KeyringError("sealed to other keys") from None
    messages.success(request, _("Réponse envoyée. La personne la lira quand elle reviendra avec son code."))
    return JsonResponse({"next": reverse("referrals_staff:referral", args=[public_id])}, status=HTTPStatus.CREATED)


@require_GET
@member_required
@answers_json
@calmly
def keys_to_hand(request: MemberRequest, public_id: UUID) -> HttpResponse:
    """The keys of all messages of a request as they are now, for the browser to seal to another team."""
    member = request.member
    written = list(reach(member, public_id).messages.select_related("referral").defer("ciphertext"))
    keys = access.wraps_for(member, written)
    return JsonResponse({"messages": [to_rewrap(one, keys[one.pk]) for one in written]})


@require_POST
@member_required
@answers_json
@calmly
def hand_over(request: MemberRequest, public_id: UUID) -> HttpResponse:
    """Pass a request on, with the person's agreement; the browser has sealed its keys to the other team."""
    member = request.member
    found = reach(member, public_id)
    body = body_of(request)
    if body.get("agreed") is not True:
        raise InvalidForm({"agreed": ["required"]})
    to, keys = mapping(body.get("to"), field="to"), read_wraps(body.get("keys"), field="keys")
    team = keyring.addressees().get(str(to.get("slug")))
    if team is None or team.epoch != to.get("epoch") or team.partner_id == member.partner_id:
        raise keyring.KeyringError("sealed to other keys")
    try:
        lifecycle.hand_over(found, member=member, to=team, keys=keys, at=timezone.now())
    except lifecycle.WrongAddressees:
        # She wrote again since the page asked for the keys: one message was left out.
        raise lifecycle.AlreadyHandled from None
    messages.success(request, _("Le relais est passé. Votre équipe ne peut plus ouvrir cette demande."))
    return JsonResponse({"next": reverse("referrals_staff:inbox")}, status=HTTPStatus.CREATED)


def acted(
    request: MemberRequest, public_id: UUID, act: Callable[[Referral], None], *, done: StrPromise
) -> HttpResponseRedirect:
    """Do it, say so, and show where the request is now; when somebody else was faster, say that calmly."""
    try:
        act(reach(request.member, public_id))
    except tuple(MEANWHILE) as meanwhile:
        messages.warning(request, MEANWHILE[type(meanwhile)])
    else:
        messages.success(request, done)
    still_here = access.is_with_team(request.member, public_id)
    return redirect("referrals_staff:referral", public_id) if still_here else redirect("referrals_staff:inbox")


def reach(member: Member, public_id: UUID) -> Referral:
    """A request to act on. Raises lifecycle.NotWithThisPartner when the team had it, Http404 when it never did."""
    try:
        return access.get_referral(member, public_id, on=day_of(timezone.now()))
    except Http404:
        if access.was_with_team(member, public_id):
            raise lifecycle.NotWithThisPartner from None
        raise


def explained(request: MemberRequest, public_id: UUID, sentence: StrPromise) -> HttpResponseRedirect:
    """The same page, saying what is missing."""
    messages.error(request, sentence)
    return redirect("referrals_staff:referral", public_id)
