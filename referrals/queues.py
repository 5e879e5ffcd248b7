"""What a team has in front of it, in five queues; late first, so that nobody has to look for it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Count,
    DateField,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextChoices,
    Value,
    When,
)
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from referrals import access
from referrals.lifecycle import day_of
from referrals.models import Event, Member, PlanStep, Referral, Urgency

Status, State = Referral.Status, PlanStep.State
PER_PAGE = 50
MOST_COUNTED = 1000
# Whole days that somebody may wait for our answer once a colleague has taken the request.
DAYS_TO_ANSWER = {Urgency.NOW: 0, Urgency.DAY: 1, Urgency.WEEK: 3}
HOUR, DAY = 60, 24 * 60
SHOWN = (
    "public_id",
    "urgency",
    "status",
    "received_on",
    "due_at",
    "closed_on",
    "is_late",
    "waits_since",
    "taken_by_name",
)


class Queue(TextChoices):
    """Where a request stands for the team; the value stands in addresses."""

    TO_TAKE = "a-prendre", gettext_lazy("À prendre")
    MINE = "a-moi", gettext_lazy("À moi")
    ANSWER = "attente", gettext_lazy("En attente de réponse")
    LATE = "retard", gettext_lazy("En retard")
    CLOSED = "clos", gettext_lazy("Clos")


WHAT_EMPTY_MEANS = {
    Queue.TO_TAKE: gettext_lazy("Rien à prendre. Une nouvelle demande vous est annoncée par courriel."),
    Queue.MINE: gettext_lazy("Vous n’avez pris aucune demande."),
    Queue.ANSWER: gettext_lazy("Aucune demande en cours dans l’équipe."),
    Queue.LATE: gettext_lazy("Rien en retard."),
    Queue.CLOSED: gettext_lazy("Aucune demande terminée ces trois derniers mois."),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One request of a list, in words, without a word of what it says."""

    public_id: UUID
    urgency: str
    urgency_in_words: str
    is_late: bool
    since: str
    received_on: date
    due: str
    due_at: datetime | None
    state: str
    turn: str  # the same, where `due` does not say it already
    taken_by: str

    @property
    def name(self) -> str:
        """Four signs by which colleagues speak of it."""
        return str(self.public_id)[:4]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page of a queue."""

    rows: tuple[Row, ...]
    number: int
    has_next: bool

    @property
    def previous(self) -> int:
        """The page before."""
        return self.number - 1

    @property
    def next(self) -> int:
        """The page after."""
        return self.number + 1


def counts(member: Member, *, at: datetime) -> dict[Queue, int]:
    """How many stand in each queue, of the closed ones MOST_COUNTED at most; two queries."""
    filters = {queue.name: Count("pk", filter=where(queue, member=member)) for queue in Queue if queue != Queue.CLOSED}
    counted = open_ones(member, at=at).aggregate(**filters)
    closed = PlanStep.objects.filter(partner=member.partner_id, state=State.CLOSED).order_by()[:MOST_COUNTED].count()
    return {queue: closed if queue == Queue.CLOSED else counted[queue.name] for queue in Queue}


def shown(count: int) -> str:
    """A count as a person reads it; one that stopped at MOST_COUNTED says so."""
    return f"{count}+" if count == MOST_COUNTED else str(count)


def sheet(member: Member, queue: Queue, *, number: int, at: datetime) -> Sheet:
    """A page of 50, from 1; one query."""
    start = (number - 1) * PER_PAGE
    found = list(listed(member, queue, at=at).values(*SHOWN)[start : start + PER_PAGE + 1])
    today = day_of(at)
    rows = tuple(row(one, at=at, today=today) for one in found[:PER_PAGE])
    return Sheet(rows, number, has_next=len(found) > PER_PAGE)


def one(member: Member, referral: Referral, *, at: datetime) -> Row:
    """A referral that is with the team, as its row; one query."""
    found = annotated(access.with_team(member).filter(pk=referral.pk), at=at).values(*SHOWN).get()
    return row(found, at=at, today=day_of(at))


def ids(member: Member, queue: Queue, *, number: int, at: datetime) -> list[int]:
    """The same page, as primary keys."""
    start = (number - 1) * PER_PAGE
    return list(listed(member, queue, at=at).values_list("pk", flat=True)[start : start + PER_PAGE])


def listed(member: Member, queue: Queue, *, at: datetime) -> QuerySet[Referral]:
    """A queue in its order: late, then urgent, then oldest; closed ones newest first."""
    if queue == Queue.CLOSED:
        return annotated(access.ended(member), at=at).order_by("-closed_on", "-pk")
    return (
        open_ones(member, at=at)
        .filter(where(queue, member=member))
        .order_by(F("is_late").desc(), Case(When(urgency=Urgency.NOW, then=0), default=1), "received_on", "pk")
    )


def open_ones(member: Member, *, at: datetime) -> QuerySet[Referral]:
    """Referrals that are with the team now, with what the queues ask of them."""
    return annotated(access.inbox(member), at=at)


def annotated(referrals: QuerySet[Referral], *, at: datetime) -> QuerySet[Referral]:
    """`waits_since`: the day from which the person waits for our words. `is_late`: too long, for this urgency."""
    kinds = (Event.Kind.ACKNOWLEDGED, Event.Kind.WROTE_AGAIN)
    colleague = Member.objects.filter(pk=OuterRef("ours__taken_by")).values(
        name_or_mail=Case(When(name="", then=F("user__email")), default=F("name"), output_field=CharField())
    )
    since = Event.objects.filter(referral=OuterRef("pk"), kind__in=kinds).order_by("-pk").values("day")[:1]
    today = day_of(at)
    answer_is_late = Q()
    for urgency, days in DAYS_TO_ANSWER.items():
        answer_is_late |= Q(urgency=urgency, waits_since__lt=today - timedelta(days=days))
    late = Q(status=Status.WAITING, due_at__lte=at) | (Q(status=Status.ACKNOWLEDGED) & answer_is_late)
    return referrals.annotate(
        taken_by_id=F("ours__taken_by"),
        taken_by_name=Subquery(colleague, output_field=CharField()),
        waits_since=Subquery(since, output_field=DateField()),
        is_late=Case(When(late, then=Value(True)), default=Value(False), output_field=BooleanField()),  # noqa: FBT003
    )


def where(queue: Queue, *, member: Member) -> Q:
    """What belongs to a queue of open referrals."""
    return {
        Queue.TO_TAKE: Q(ours__state=State.WAITING),
        Queue.MINE: Q(taken_by_id=member.pk),
        Queue.ANSWER: Q(ours__state=State.ACKNOWLEDGED),
        Queue.LATE: Q(is_late=True),
    }[queue]


# --- in words -------------------------------------------------------------------------------------------------------


def row(values: dict[str, Any], *, at: datetime, today: date) -> Row:
    """A referral as words."""
    return Row(
        public_id=values["public_id"],
        urgency=values["urgency"],
        urgency_in_words=str(Urgency(values["urgency"]).label),
        is_late=values["is_late"],
        since=day_in_words(values["received_on"], today=today),
        received_on=values["received_on"],
        due=due_in_words(values, at=at, today=today),
        due_at=values["due_at"],
        state=state_in_words(values["status"]),
        turn=state_in_words(values["status"]) if values["status"] == Status.ACKNOWLEDGED else "",
        taken_by=values["taken_by_name"] or "",
    )


def state_in_words(status: str) -> str:
    """Whose turn it is, for the team."""
    return {
        Status.WAITING: _("Personne ne l’a prise"),
        Status.ACKNOWLEDGED: _("La personne attend vos mots"),
        Status.ANSWERED: _("Vous avez répondu"),
        Status.CLOSED: _("Terminée"),
    }[Status(status)]


def due_in_words(values: dict[str, Any], *, at: datetime, today: date) -> str:
    """Until when, or since when."""
    if values["due_at"] is not None:
        minutes = round((values["due_at"] - at).total_seconds() / 60)
        if minutes > 0:
            return _("à prendre dans %(time)s") % {"time": span(minutes)}
        return _("en retard de %(time)s") % {"time": span(max(-minutes, 1))}
    if values["status"] == Status.ACKNOWLEDGED and values["waits_since"] is not None:
        return _("attend une réponse : %(since)s") % {"since": day_in_words(values["waits_since"], today=today)}
    if values["closed_on"] is not None:
        return _("terminée : %(since)s") % {"since": day_in_words(values["closed_on"], today=today)}
    return ""


def day_in_words(day: date, *, today: date) -> str:
    """«aujourd’hui», «hier», «il y a 3 jours»."""
    days = (today - day).days
    if days <= 0:
        return _("aujourd’hui")
    if days == 1:
        return _("hier")
    return _("il y a %(days)d jours") % {"days": days}


def span(minutes: int) -> str:
    """«20 min», «24 h», «2 jours»."""
    if minutes < HOUR:
        return _("%(minutes)d min") % {"minutes": minutes}
    if minutes < 2 * DAY:
        return _("%(hours)d h") % {"hours": round(minutes / HOUR)}
    return _("%(days)d jours") % {"days": round(minutes / DAY)}
