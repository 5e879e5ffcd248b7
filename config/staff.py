"""The frame of the staff area: where somebody arrives, what the menu of each page shows, what a refused form says."""

from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus

from django.contrib.auth.models import AnonymousUser
from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe
from django.views.defaults import page_not_found

from accounts import roles, stay
from accounts.gate import STAFF_AREA
from accounts.models import User
from config.views import is_for_programs
from referrals.models import Member


@dataclass
class Desk:
    """What the frame of a page shows to whoever is signed in; nothing is looked up before a template asks."""

    request: HttpRequest

    @property
    def user(self) -> User | AnonymousUser:
        """Who is signed in."""
        return self.request.user

    @cached_property
    def member(self) -> Member | None:
        """The place of this person in a partner's team; pages of the team have looked it up already."""
        known: Member | None = getattr(self.request, "member", None)
        return known or team_place(self.user)

    @property
    def is_moderator(self) -> bool:
        """Whether this person keeps the directory true."""
        return roles.is_moderator(self.user)

    @property
    def is_operator(self) -> bool:
        """Whether this person keeps the site up."""
        return roles.is_operator(self.user)

    @cached_property
    def is_open(self) -> bool:
        """Whether the pages behind the gate can be reached now: else the menu would only lead back."""
        user, session = self.user, self.request.session
        return user.is_authenticated and stay.is_proven(session) and not stay.is_locked(self.request)

    @property
    def idle_seconds(self) -> int:
        """After how long without a touch the screen locks."""
        return stay.IDLE_SECONDS


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """`/espace/`: a member of a team goes on to the inbox, the others see what they may do."""
    if team_place(request.user) is not None:
        return redirect("referrals_staff:inbox")
    return render(request, "espace/home.html")


def form_refused(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  # Django's signature
    """A form came without the token of its page."""
    return render(request, "espace/form_refused.html", status=HTTPStatus.FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What is not there, or not for this person; below /espace/ in the frame of its pages, JSON for programs."""
    if is_for_programs(request):
        return JsonResponse({"errors": {"request": ["not_found"]}}, status=HTTPStatus.NOT_FOUND)
    if request.path_info.startswith(STAFF_AREA) and hasattr(request, "user"):
        return render(request, "espace/not_found.html", status=HTTPStatus.NOT_FOUND)
    return page_not_found(request, exception)


def in_templates(request: HttpRequest) -> dict[str, object]:
    """Context processor: `desk` and `messages` below /espace/, nothing elsewhere."""
    if not request.path_info.startswith(STAFF_AREA) or not hasattr(request, "user"):
        return {}
    return {"desk": Desk(request), "messages": get_messages(request)}


def team_place(user: User | AnonymousUser) -> Member | None:
    """The place of a person in a partner's team, if there is one."""
    if not user.is_authenticated:
        return None
    return Member.objects.filter(user=user, left_on__isnull=True).select_related("partner").first()
