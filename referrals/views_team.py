"""A team and its keys: first set-up, shares, who joins and who leaves, what the team says of itself, its figures."""

from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Any

import opening_hours
from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST, require_safe
from django_stubs_ext import StrPromise

from accounts import invitations
from referrals import access, bundles, keyring, labels, lifecycle, membership, statistics
from referrals.forms import InvalidForm
from referrals.member_json import (
    answers_json,
    body_of,
    frame,
    is_number,
    mapping,
    read_credential,
    read_epoch,
    read_lock,
    read_member_key,
    read_number,
    read_wraps,
    to_rewrap,
)
from referrals.membership import MemberRequest, key_of, manager_required, member_required, newcomer_allowed
from referrals.models import AgeBand, Member, MemberKey, Partner, Referrer, TeamKey, Urgency
from referrals.wire import to_text
from resources.vocabulary import DEPARTEMENTS

LONGEST_NAME = 80
OWN_SHARE = 0  # in the body of a first set-up, the key that it makes has no id yet
MONTHS_SHOWN = 12


# --- first use ------------------------------------------------------------------------------------------------------


@require_safe
@newcomer_allowed
def set_up(request: MemberRequest) -> HttpResponse:
    """Make one's keys in the browser; no other page of the team opens before."""
    member = request.member
    if key_of(member) is not None:
        return redirect("referrals_staff:inbox")
    ring = keyring.ring(member.partner)
    context = {
        "here": "team",
        "script": bundles.address("team_page.js"),
        "member": member,
        "starts_team": ring.current is None,
        "start": {"partner": member.partner.slug, "starts_team": ring.current is None},
        "today": today(),
    }
    return render(request, "referrals/team/set_up.html", context)


@require_POST
@newcomer_allowed
@answers_json
def keep_keys(request: MemberRequest) -> HttpResponse:
    """Keep what the browser made: a member's key, and the team's first epoch when this is its first member."""
    body, member, on = body_of(request), request.member, today()
    with transaction.atomic():
        made = keyring.set_up(member, read_member_key(body), on=on)
        if body.get("team") is not None:
            new = read_epoch(mapping(body["team"], field="team"))
            shares = {made.pk if key == OWN_SHARE else key: one for key, one in new.shares.items()}
            first = keyring.NewEpoch(epoch=new.epoch, public_key=new.public_key, shares=shares, rewraps={})
            keyring.start_team(member, first, on=on)
    return JsonResponse({"next": reverse("referrals_staff:inbox")}, status=HTTPStatus.CREATED)


# --- the team -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Colleague:
    """A member as the team sees them; `state` in words."""

    member: Member
    key: MemberKey | None
    state: str
    waits: bool

    @property
    def public_key(self) -> str:
        """What shares are sealed to."""
        return to_text(bytes(self.key.public_key)) if self.key is not None else ""


@require_safe
@member_required
def team(request: MemberRequest) -> HttpResponse:
    """Who is in the team, whom to give access to, and one's own keys."""
    return render(request, "referrals/team/team.html", around(request))


def around(request: MemberRequest, *, form: "TeamSettings | None" = None) -> dict[str, Any]:
    """What the page of the team shows."""
    member = request.member
    shown = frame(member, script="team_page.js")
    return {
        **shown,
        "here": "team",
        "colleagues": colleagues(member.partner, shown["ring"]),
        "is_manager": member.role == Member.Role.MANAGER,
        "roles": Member.Role.choices,
        "settings": form or TeamSettings(instance=member.partner),
        "who": f"member-{member.pk}",
        "today": today(),
    }


def colleagues(partner: Partner, ring: keyring.Ring) -> list[Colleague]:
    """Members who have not left, oldest first; one query."""
    keys = {key.member_id: key for key in ring.keys}
    present = Member.objects.filter(partner=partner, left_on__isnull=True).select_related("user").order_by("pk")
    return [colleague(one, keys.get(one.pk), ring) for one in present]


def colleague(member: Member, key: MemberKey | None, ring: keyring.Ring) -> Colleague:
    """How a member stands."""
    if not member.user.is_active:
        state = _("Invitation envoyée")
    elif key is None:
        state = _("N’a pas encore créé ses clés")
    elif ring.lacking(key):
        state = _("Attend l’accès aux messages")
    else:
        state = _("Ouvre les messages")
    return Colleague(member, key, state, waits=key is not None and bool(ring.lacking(key)))


@require_GET
@member_required
@answers_json
def keys_to_renew(request: MemberRequest) -> HttpResponse:
    """What the browser needs to make the next epoch: members' public keys, and the keys of all messages that live."""
    member = request.member
    without = request.GET.get("sans", "")
    keys = MemberKey.objects.filter(member__partner=member.partner, member__left_on__isnull=True).order_by("pk")
    if is_number(without):
        keys = keys.exclude(member__in=[int(without)])
    living = list(keyring.messages_to_rewrap(member.partner).select_related("referral").defer("ciphertext"))
    wraps = access.wraps_for(member, living)
    return JsonResponse(
        {
            "members": [{"id": key.pk, "public_key": to_text(bytes(key.public_key))} for key in keys],
            "messages": [to_rewrap(one, wraps[one.pk]) for one in living],
        }
    )


@require_POST
@member_required
@answers_json
def give_shares(request: MemberRequest) -> HttpResponse:
    """Open the team's messages to a colleague: shares that the browser sealed to their key, by epoch."""
    body, member = body_of(request), request.member
    to = MemberKey.objects.select_related("member").filter(
        pk=read_number(body.get("to"), field="to"), member__partner=member.partner, member__left_on__isnull=True
    )
    receiver = to.first()
    if receiver is None:
        raise Http404
    by_epoch = dict(TeamKey.objects.filter(partner=member.partner).values_list("epoch", "pk"))
    shares = read_wraps(body.get("shares"), field="shares")
    if not set(shares) <= set(by_epoch):
        raise InvalidForm({"shares": ["unknown"]})
    keyring.give_shares(member, to=receiver, shares={by_epoch[epoch]: one for epoch, one in shares.items()}, on=today())
    messages.success(request, _("Accès donné à %(name)s.") % {"name": receiver.member})
    return JsonResponse({"next": reverse("referrals_staff:team")}, status=HTTPStatus.CREATED)


@require_POST
@manager_required
def invite(request: MemberRequest) -> HttpResponse:
    """A place in the team, and a link by mail that opens the account."""
    email = request.POST.get("email", "").strip()
    role = request.POST.get("role", "")
    if role not in Member.Role.values:
        return told(request, _("Choisissez un rôle."))
    try:
        validate_email(email)
        name = as_name(request.POST.get("name", ""))
        member, token = membership.invite(email, name=name, role=role, by=request.member, on=today())
    except ValidationError:
        return told(request, _("Cette adresse e-mail ne s’écrit pas ainsi."))
    except keyring.KeyringError:
        return told(request, _("Cette personne est déjà dans une équipe."))
    except invitations.AlreadyHere:
        return told(request, _("Cette adresse a déjà un compte d’un autre type. Utilisez une autre adresse."))
    if token is not None:
        site = settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")
        invitations.send(invitations.find(token), token=token, site=site)
    messages.success(request, _("Invitation envoyée à %(name)s.") % {"name": member})
    return redirect("referrals_staff:team")


@require_POST
@manager_required
def remove_without_key(request: MemberRequest, member_id: int) -> HttpResponse:
    """Somebody who never had a key leaves: there is no epoch to renew."""
    leaver = leaver_of(request, member_id)
    if key_of(leaver) is not None:
        return told(request, _("Cette personne a des clés. Utilisez le bouton avec JavaScript."))
    keyring.leave(leaver, by=request.member, on=today())
    messages.success(request, _("%(name)s ne fait plus partie de l’équipe.") % {"name": leaver})
    return redirect("referrals_staff:team")


@require_POST
@manager_required
@answers_json
def renew(request: MemberRequest) -> HttpResponse:
    """The next epoch without a member who leaves: their shares and wraps go, those who stay read on."""
    body, member = body_of(request), request.member
    leaver = leaver_of(request, read_number(body.get("without"), field="without"))
    keyring.next_epoch(member, read_epoch(body), on=today(), without=leaver)
    messages.success(request, _("%(name)s ne peut plus ouvrir aucun message.") % {"name": leaver})
    return JsonResponse({"next": reverse("referrals_staff:team")}, status=HTTPStatus.CREATED)


@require_POST
@member_required
@answers_json
def start_again(request: MemberRequest) -> HttpResponse:
    """A new epoch because nobody can open the last one: what was sealed before is given up, and persons will know."""
    new, member = read_epoch(body_of(request)), request.member
    if keyring.ring(member.partner).holders:
        raise keyring.KeyringError("somebody can open the current key")
    keyring.next_epoch(member, keyring.NewEpoch(new.epoch, new.public_key, new.shares, {}), on=today())
    lost = lifecycle.lose_epochs(member.partner, at=timezone.now())
    sentence = _(
        "L’équipe repart avec une clé neuve. Demandes devenues illisibles : %(lost)d. Chacune va à la suivante."
    )
    messages.warning(request, sentence % {"lost": lost})
    return JsonResponse({"next": reverse("referrals_staff:team")}, status=HTTPStatus.CREATED)


def leaver_of(request: MemberRequest, member_id: int) -> Member:
    """A colleague of the same team. Raises Http404."""
    found = Member.objects.filter(partner=request.member.partner, left_on__isnull=True, pk=member_id)
    leaver = found.exclude(pk=request.member.pk).select_related("user", "key").first()
    if leaver is None:
        raise Http404
    return leaver


# --- one's own keys -------------------------------------------------------------------------------------------------


@require_POST
@member_required
@answers_json
def change_passphrase(request: MemberRequest) -> HttpResponse:
    """The same key under another passphrase."""
    salt, locked = read_lock(body_of(request))
    keyring.change_passphrase(request.member, salt=salt, locked=locked, on=today())
    messages.success(request, _("Phrase secrète changée."))
    return JsonResponse({"next": reverse("referrals_staff:team")}, status=HTTPStatus.CREATED)


@require_POST
@member_required
@answers_json
def change_paper(request: MemberRequest) -> HttpResponse:
    """The same key under another paper phrase."""
    salt, locked = read_lock(body_of(request))
    keyring.change_paper(request.member, salt=salt, locked=locked, on=today())
    messages.success(request, _("Nouvelle phrase de papier. Détruisez l’ancienne."))
    return JsonResponse({"next": reverse("referrals_staff:team")}, status=HTTPStatus.CREATED)


@require_POST
@member_required
@answers_json
def add_passkey(request: MemberRequest) -> HttpResponse:
    """A passkey as one more way to open the same key."""
    body = body_of(request)
    salt, locked = read_lock(body)
    name = body.get("name")
    keyring.add_passkey(
        request.member,
        credential_id=read_credential(body.get("id")),
        name=as_name(name) if isinstance(name, str) else "",
        salt=salt,
        locked=locked,
        on=today(),
    )
    messages.success(request, _("Clé d’accès ajoutée."))
    return JsonResponse({"next": reverse("referrals_staff:team")}, status=HTTPStatus.CREATED)


@require_POST
@member_required
def forget_key(request: MemberRequest) -> HttpResponse:
    """Drop a key that its owner can no longer open, and make another."""
    if request.POST.get("sure") != "yes":
        return told(request, _("Cochez la case pour confirmer."))
    keyring.forget(request.member, on=today())
    return redirect("referrals_staff:set_up")


@require_POST
@member_required
def prefer(request: MemberRequest) -> HttpResponse:
    """Whether a member is told by mail that something waits."""
    Member.objects.filter(pk=request.member.pk).update(wants_mail=request.POST.get("wants_mail") == "yes")
    messages.success(request, _("C’est noté."))
    return redirect("referrals_staff:team")


# --- what the team says of itself -----------------------------------------------------------------------------------


class TeamSettings(forms.ModelForm[Partner]):
    """Hours, room, pause."""

    class Meta:
        model = Partner
        fields = ("opening_hours", "capacity", "paused")

    def clean_opening_hours(self) -> str:
        """Hours that can be read, or none."""
        hours: str = self.cleaned_data["opening_hours"].strip()
        if hours and not opening_hours.validate(hours):
            raise ValidationError(_("Ces horaires ne se lisent pas. Exemple : Mo-Fr 09:00-17:00"))
        return hours


@require_POST
@manager_required
def change_settings(request: MemberRequest) -> HttpResponse:
    """Opening hours (deadlines count in them), how many open requests at most, and a pause."""
    form = TeamSettings(request.POST, instance=request.member.partner)
    if not form.is_valid():
        return render(request, "referrals/team/team.html", around(request, form=form), status=HTTPStatus.BAD_REQUEST)
    partner = form.save(commit=False)
    partner.save(update_fields=list(TeamSettings.Meta.fields))
    keyring.record(request.member, act="settings_changed", on=today())
    messages.success(request, _("C’est noté."))
    return redirect("referrals_staff:team")


# --- figures --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a table; no number when it is small enough to point at somebody."""

    label: str
    number: int | None


@dataclass(frozen=True, slots=True)
class Table:
    """Figures of one question."""

    title: str | StrPromise
    bars: tuple[Bar, ...]
    largest: int


@require_safe
@member_required
def figures(request: MemberRequest) -> HttpResponse:
    """Monthly counters of the whole site, without the small ones."""
    months = last_months(today())
    asked = next((month for month in months if f"{month:%Y-%m}" == request.GET.get("mois")), months[0])
    counted = statistics.of_month(asked)
    context = {
        "here": "figures",
        "member": request.member,
        "months": months,
        "month": asked,
        "tables": [table(title, prefix, names, counted) for title, prefix, names in figures_asked()],
        "small": statistics.SMALL,
    }
    return render(request, "referrals/team/figures.html", context)


def figures_asked() -> list[tuple[str | StrPromise, str, dict[str, str]]]:
    """Title, beginning of the counter, and label of each value."""
    facts = labels.of_facts()
    outcomes = {
        "helped": _("Aidée"),
        "oriented": _("Orientée ailleurs"),
        "no_answer": _("N’a plus répondu"),
        "other": _("Autre"),
    }
    return [
        (gettext_lazy("Demandes"), "", {"sent:all": _("Reçues"), "closed:all": _("Terminées")}),
        (gettext_lazy("Comment elles se terminent"), "closed:outcome:", outcomes),
        (gettext_lazy("Délai demandé"), "sent:urgency:", {one.value: str(one.label) for one in Urgency}),
        (gettext_lazy("Qui écrit"), "sent:referrer:", {one: facts["referrer"][one] for one in Referrer.values}),
        (gettext_lazy("Âge"), "sent:age:", {one: facts["age_band"][one] for one in AgeBand.values}),
        (gettext_lazy("Département"), "sent:departement:", {**DEPARTEMENTS, "none": _("Non dit")}),
        (gettext_lazy("Besoins"), "sent:need:", facts["needs"]),
    ]


def table(title: str | StrPromise, prefix: str, names: dict[str, str], counted: dict[str, int]) -> Table:
    """The lines of one question."""
    shown = statistics.without_small({name: counted.get(prefix + name, 0) for name in names})
    bars = tuple(Bar(label, shown[name]) for name, label in names.items())
    return Table(title, bars, max((bar.number or 0 for bar in bars), default=0))


def last_months(day: date) -> list[date]:
    """First days of this month and of those before it, newest first."""
    newest = day.year * 12 + day.month - 1
    return [date(index // 12, index % 12 + 1, 1) for index in range(newest, newest - MONTHS_SHOWN, -1)]


def as_name(typed: str) -> str:
    """A name on one line, without what no font shows and no database keeps."""
    return "".join(letter for letter in " ".join(typed.split()) if letter.isprintable())[:LONGEST_NAME]


def told(request: MemberRequest, sentence: str) -> HttpResponse:
    """The page of the team, saying what was wrong."""
    messages.error(request, sentence)
    return redirect("referrals_staff:team")


def today() -> date:
    """The day in Paris."""
    return lifecycle.day_of(timezone.now())
