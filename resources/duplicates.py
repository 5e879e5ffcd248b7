"""Services that may be the same one twice: alike in name, or with a contact in common; and how two become one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from accounts.models import User
from resources import facts, moderation
from resources.exchange.starter_csv import Refusal
from resources.facts import Facts
from resources.models import Proposal, Service

LIKENESS = 0.45
MOST = 5

_ALIKE = """
WITH wanted (name, contacts) AS (SELECT %(name)s, %(contacts)s::text[])
SELECT other.id, similarity(other.name, wanted.name) AS likeness,
       ARRAY(SELECT DISTINCT channel.value FROM resources_accesschannel AS channel
             WHERE channel.service_id = other.id AND channel.value = ANY(wanted.contacts)) AS shared
FROM resources_service AS other, wanted
WHERE other.id IS DISTINCT FROM %(not_this)s AND other.status <> 'hidden'
  AND (other.name %% wanted.name
       OR other.id IN (SELECT service_id FROM resources_accesschannel WHERE value = ANY(wanted.contacts)))
ORDER BY cardinality(ARRAY(SELECT 1 FROM resources_accesschannel AS channel
                           WHERE channel.service_id = other.id AND channel.value = ANY(wanted.contacts))) DESC,
         likeness DESC
LIMIT %(most)s
"""


@dataclass(frozen=True)
class Twin:
    """A service that may be the same: how alike its name is (0 to 1), and the contacts they share."""

    service: Service
    likeness: float
    shared: tuple[str, ...]


def twins(said: Facts, *, not_this: UUID | None) -> list[Twin]:
    """The five that are most alike, those with a shared contact first; two statements."""
    contacts = [one["value"] for one in said["channels"] or []]
    with connection.cursor() as cursor:
        cursor.execute(_ALIKE, {"name": said["name"], "contacts": contacts, "not_this": not_this, "most": MOST})
        rows = cursor.fetchall()
    services = Service.objects.select_related("organisation").prefetch_related("channels", "places")
    found = services.in_bulk([identifier for identifier, _likeness, _shared in rows])
    return [
        Twin(found[identifier], round(likeness, 2), tuple(shared))
        for identifier, likeness, shared in rows
        if likeness >= LIKENESS or shared
    ]


def merge(*, kept: Service, gone: Service, moderator: User, on: date) -> Proposal | None:
    """Hide `gone` at once, let its address lead to `kept`, and propose that `kept` takes over what only `gone` knew;
    None when it knew nothing more. What had been merged into `gone` leads to `kept` as well.

    A contact that moves still needs its two approvals. Raises moderation.NotYours for somebody of either house,
    Refusal for an emergency number, and for a service that is hidden or the same.
    """
    if kept.pk == gone.pk or kept.status == Service.Status.HIDDEN:
        raise Refusal("la fiche à garder est retirée, ou c’est la même")
    if moderation.works_for(kept, person=moderator):
        raise moderation.NotYours
    with transaction.atomic():
        more = missing(facts.of(kept), facts.of(gone))
        reason = f"doublon de {kept.slug}"
        for proposal in Proposal.objects.open().filter(service=gone):
            moderation.refuse(proposal, moderator=moderator, reason=reason, on=on)
        if not moderation.hide(gone, moderator=moderator, reason=reason, on=on):
            raise Refusal("un numéro d’urgence se retire à deux : proposez d’abord sa fermeture")
        Service.objects.filter(Q(pk=gone.pk) | Q(merged_into=gone)).update(merged_into=kept)
        if not more:
            return None
        origin = moderation.Origin(Proposal.Origin.HISTORY, source=f"fusion avec {gone.slug}")
        return moderation.propose_change(kept, after=more, origin=origin, on=on)


def missing(kept: Facts, other: Facts) -> Facts:
    """What the other knows and the first does not: empty facts filled in, lists joined."""
    more: Facts = {}
    blank = facts.blank()
    for field, value in other.items():
        if field in {"channels", "needs", "territory", "languages"}:
            joined = [*kept[field], *only_there(kept[field], value)]
            if len(joined) > len(kept[field]):
                more[field] = joined
        elif kept[field] == blank[field] and value != blank[field]:
            more[field] = value
    return more


def only_there(here: Sequence[facts.Json], there: Sequence[facts.Json]) -> list[facts.Json]:
    """Elements of the second list that the first does not have; a contact is the same whatever its note."""
    known = [identity(one) for one in here]
    return [one for one in there if identity(one) not in known]


def identity(one: facts.Json) -> facts.Json:
    """What makes an element the same."""
    return (one["kind"], one["value"]) if isinstance(one, dict) else one
