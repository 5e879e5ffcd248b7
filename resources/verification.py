"""Keeping facts true: what has to be checked again, how a call is recorded, and the link by which an owner confirms."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, timedelta

from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Case, IntegerField, Q, Value, When
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from accounts import roles
from accounts.models import User
from resources import moderation
from resources.exchange.starter_csv import Refusal
from resources.models import OwnerLink, Proposal, Service, ServiceQuerySet, Ticket, Verification
from resources.moderation import NotYours
from resources.vocabulary import Kind

DAYS_AHEAD = 7
LINK_DAYS = 14
TOKEN_BYTES = 24
KEPT_AFTER_DECISION = 90


class LinkIsOver(Exception):
    """The link was used, replaced, or is too old."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How the week goes: how many published services have a check that holds beyond it, of how many."""

    done: int
    total: int

    @property
    def left(self) -> int:
        """How many have to be called."""
        return self.total - self.done


def due(*, on: date) -> ServiceQuerySet:
    """Published services whose check ends within a week or has ended: lines and shelters first, then the oldest."""
    urgent = Case(
        When(kind__in=[Kind.HOTLINE, Kind.SHELTER], then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    return (
        Service.objects.published()
        .exclude(verified_until__gt=on + timedelta(days=DAYS_AHEAD))
        .select_related("organisation")
        .prefetch_related("channels")
        .order_by(urgent, "verified_until", "slug")
    )


def progress(*, on: date) -> Progress:
    """Two counts."""
    total = Service.objects.published().count()
    return Progress(total - due(on=on).count(), total)


def record(service: Service, *, by: User, check_kind: str, on: date, confirmed: str) -> Verification:
    """One call, visit or reading by a moderator: the facts hold from that day.

    Raises NotYours for somebody of the organisation, Refusal for a kind of check that proves nothing.
    """
    if not roles.is_moderator(by) or moderation.works_for(service, person=by):
        raise NotYours
    if check_kind not in moderation.CHECKS_THAT_PUBLISH:
        raise Refusal("cette vérification ne suffit pas")
    with transaction.atomic():
        locked = Service.objects.select_for_update(of=("self",)).get(pk=service.pk)
        with moderation.remembered(moderator=by, proposal=None, why="vérification"):
            made = moderation.confirm(locked, by=by, check_kind=check_kind, on=on, confirmed=confirmed)
        moderation.show(locked)
    return made


# --- the owner of a listing confirms --------------------------------------------------------------------------------


def new_link(service: Service, *, by: User, on: date) -> str:
    """A token that confirms a listing once in the next two weeks; an earlier one opens nothing any more.

    Raises NotYours for somebody of the organisation: they would confirm themselves.
    """
    if moderation.works_for(service, person=by):
        raise NotYours
    token = secrets.token_urlsafe(TOKEN_BYTES)
    OwnerLink.objects.update_or_create(
        service=service, defaults={"digest": digest_of(token), "expires_on": on + timedelta(days=LINK_DAYS)}
    )
    return token


def service_of(token: str, *, on: date) -> Service:
    """What a link is about; looking at it uses nothing up. Raises LinkIsOver."""
    link = OwnerLink.objects.filter(digest=digest_of(token), expires_on__gte=on).select_related("service").first()
    if link is None:
        raise LinkIsOver
    return link.service


def confirm_by_owner(token: str, *, on: date) -> Service:
    """The owner says that all is right; exactly one caller succeeds. Raises LinkIsOver.

    It renews what two moderators agreed to and changes no fact; what is wrong goes through a proposal.
    """
    with transaction.atomic():
        service = service_of(token, on=on)
        used, _rows = OwnerLink.objects.filter(digest=digest_of(token)).delete()
        if not used:
            raise LinkIsOver
        locked = Service.objects.select_for_update(of=("self",)).get(pk=service.pk)
        if locked.status != Service.Status.PUBLISHED:
            raise LinkIsOver
        with moderation.remembered(moderator=None, proposal=None, why="confirmé par l’organisme"):
            moderation.confirm(locked, by=None, check_kind=Service.Check.OWNER, on=on)
        moderation.show(locked)
    return locked


def digest_of(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(b"resources.owner\0" + token.encode()).digest()


# --- what time brings -----------------------------------------------------------------------------------------------


def to_remind(*, on: date) -> list[int]:
    """Moderators who are told this week how much waits; nobody when nothing does."""
    if not due(on=on).exists() and not Proposal.objects.open().exists():
        return []
    return list(User.objects.filter(is_staff=True, is_active=True).order_by("pk").values_list("pk", flat=True))


def tell(user_id: int, *, on: date, address: str) -> None:
    """Mail one moderator two counts and where to begin; no name of a service leaves the site."""
    person = User.objects.filter(pk=user_id, is_staff=True, is_active=True).first()
    if person is None:
        return
    context = {"waiting": due(on=on).count(), "open_now": Proposal.objects.open().count(), "address": address}
    text = render_to_string("emails/directory_message.txt", context)
    send_mail(_("Annuaire : la semaine"), text, None, [person.email])


def purge(*, on: date) -> int:
    """Forget the six words of proposals decided long ago, and links that are over; how many rows."""
    old = Q(proposal__decided_on__lt=on - timedelta(days=KEPT_AFTER_DECISION))
    tickets = Ticket.objects.filter(old).delete()[0]
    return tickets + OwnerLink.objects.filter(expires_on__lt=on).delete()[0]
