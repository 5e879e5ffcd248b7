"""Who may enter the pages of a team: who is in it today, with keys of their own; everybody else finds nothing."""

from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from accounts import invitations
from accounts.models import User
from referrals.keyring import KeyringError, record
from referrals.models import Member, MemberKey

P = ParamSpec("P")
SET_UP = "referrals_staff:set_up"


class MemberRequest(HttpRequest):
    """A request of a member."""

    member: Member


View = Callable[Concatenate[MemberRequest, P], HttpResponse]
Guarded = Callable[Concatenate[HttpRequest, P], HttpResponse]


def present_member(user: User | AnonymousUser) -> Member:
    """The place of a person in a team today, with partner and key at hand. Raises Http404 for anybody else."""
    if not user.is_authenticated:
        raise Http404
    member = Member.objects.filter(user=user, left_on__isnull=True).select_related("partner", "key").first()
    if member is None:
        raise Http404
    return member


def key_of(member: Member) -> MemberKey | None:
    """The member's key, or None before the first set-up and after it was forgotten."""
    return getattr(member, "key", None)


def member_required(view: View[P]) -> Guarded[P]:
    """A page of a team. The gate (accounts/gate.py) has seen a second factor; who has no key sets one up first."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        known = known_member(request)
        if key_of(known.member) is None:
            return HttpResponseRedirect(reverse(SET_UP))
        return view(known, *args, **kwargs)

    return guarded


def newcomer_allowed(view: View[P]) -> Guarded[P]:
    """The page where a member sets a key up."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        return view(known_member(request), *args, **kwargs)

    return guarded


def manager_required(view: View[P]) -> Guarded[P]:
    """What only those who answer for a team may do; the others find nothing."""

    @member_required
    @wraps(view)
    def guarded(request: MemberRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.member.role != Member.Role.MANAGER:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def known_member(request: HttpRequest) -> MemberRequest:
    """The request, with its member. Raises Http404."""
    known = cast("MemberRequest", request)
    known.member = present_member(request.user)
    return known


def invite(email: str, *, name: str, role: str, by: Member, on: date) -> tuple[Member, str | None]:
    """A place in the team of `by`, and the token of the mail that opens the account; None for somebody who was in a
    team here before and signs in as they did.

    Raises KeyringError for somebody who is in a team, invitations.AlreadyHere for an account of another kind.
    """
    address = email.strip().lower()
    with transaction.atomic():
        known = User.objects.filter(email=address).first()
        if known is not None and Member.objects.filter(user=known, left_on__isnull=True).exists():
            raise KeyringError("this person is in a team")
        if known is not None and known.is_active and Member.objects.filter(user=known).exists():
            user, token = known, None
        else:
            invitation, token = invitations.invite(address)
            user = invitation.user
        member = Member.objects.create(
            partner=by.partner, user=user, role=Member.Role(role), name=name[:80], joined_on=on
        )
        record(by, act="member_invited", on=on)
    return member, token
