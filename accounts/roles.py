"""What staff may do: moderators keep the directory true, operators keep the site up; partners' teams are elsewhere.

Who belongs to a partner's team is written in referrals, which this application does not know.
"""

from collections.abc import Callable
from functools import update_wrapper
from typing import Concatenate, ParamSpec

from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse

from accounts.models import User

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def is_moderator(user: User | AnonymousUser) -> bool:
    """Whether the person keeps the directory true."""
    return user.is_active and user.is_staff


def is_operator(user: User | AnonymousUser) -> bool:
    """Whether the person keeps the site up."""
    return user.is_active and user.is_superuser


def moderators_only(view: View[P]) -> View[P]:
    """A page that does not exist for anybody else."""
    return only_for(is_moderator, view)


def operators_only(view: View[P]) -> View[P]:
    """A page that does not exist for anybody else."""
    return only_for(is_operator, view)


def only_for(allowed: Callable[[User | AnonymousUser], bool], view: View[P]) -> View[P]:
    """The view, or 404."""

    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not allowed(request.user):
            raise Http404
        return view(request, *args, **kwargs)

    update_wrapper(guarded, view)
    return guarded
