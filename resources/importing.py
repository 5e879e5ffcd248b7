"""A file of another directory → proposals: every row is matched with a service, compared, and put in the queue."""

import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.text import slugify

from resources import facts, moderation
from resources.exchange import data_inclusion, data_inclusion_in, directory_csv_in, hsds_in, hsds_tables
from resources.exchange.incoming import (
    Fault,
    FileRefused,
    Incoming,
    Row,
    Rows,
    Site,
    departement_of,
    departements_of,
    is_elsewhere,
    kept_secret,
)
from resources.exchange.listing import international
from resources.exchange.starter_csv import Refusal
from resources.models import (
    AccessChannel,
    Commune,
    Organisation,
    Place,
    Proposal,
    Service,
    public_id_of,
    stable_uuid,
)
from resources.text import fold

# Rows read at once: what bounds memory and the number of statements.
BATCH = 500
ROOM_FOR_SUFFIX = 10
LONGEST_SLUG = 120
# Likeness of names (0 to 1, shared trigrams): enough beside a shared number or site; enough alone, in one département.
ALIKE_WITH_CONTACT, ALIKE_ALONE, LEAST_ALIKE = 0.3, 0.6, 0.5
NEVER = 2.0
# Candidates by name that are looked at closely.
MOST_ALIKE = 5
FIGURES = re.compile(r"\d+")
# Two candidates nearer than this cannot be told apart.
UNDECIDED = 0.05
NUMBERS = (AccessChannel.Kind.PHONE.value, AccessChannel.Kind.SMS.value)
# Facts that are ours to word: a file that only speaks of the same service fills them when they are empty.
ADDITIVE = frozenset({"channels", "hours"})


class Outcome(StrEnum):
    """What becomes of a row."""

    NEW = "new"
    CHANGE = "change"
    SAME = "same"
    CONFLICT = "conflict"
    ELSEWHERE = "elsewhere"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a row would do: line, name, the slug of the service that it matches, and the fields or the reason.

    `disputed` are fields for which somebody has already proposed something else.
    """

    outcome: Outcome
    line: int
    name: str = ""
    slug: str = ""
    fields: tuple[str, ...] = ()
    disputed: tuple[str, ...] = ()
    reason: str = ""


@dataclass(slots=True)
class Report:
    """What an import did or would do: how many rows of each outcome."""

    counts: Counter[Outcome] = field(default_factory=Counter)
    stopped: Fault | None = None
    written: bool = False

    @property
    def broken(self) -> int:
        """Rows refused, and the place where the file stopped making sense."""
        return self.counts[Outcome.BROKEN] + (self.stopped is not None)


# --- reading --------------------------------------------------------------------------------------------------------


def reader(name: str, path: Path, *, structures: Path | None = None) -> Rows:
    """Rows of a file in one of the formats; an HSDS archive is a tabular package."""
    match name:
        case "hsds":
            return hsds_tables.read(path) if path.suffix.lower() == ".zip" else hsds_in.read(path)
        case "data-inclusion":
            return data_inclusion_in.read(path, structures=structures)
        case _:
            return directory_csv_in.read(path)


# --- importing ------------------------------------------------------------------------------------------------------


def look(rows: Rows, *, tell: Callable[[Finding], None]) -> Report:
    """What an import would do; nothing is written."""
    return run(rows, tell=tell, write=forget)


def apply(rows: Rows, *, source: str, tell: Callable[[Finding], None]) -> Report:
    """Put into the queue what the rows propose; nothing is published (design.md §2.6).

    A broken row is told and left out, the rest goes on: every batch is written by itself, so that the queue stays
    usable meanwhile. Importing the same file again proposes nothing. Memory does not grow with the file. `source` is
    what moderators read of its origin.
    """
    report = run(rows, tell=tell, write=partial(enter, source=source))
    report.written = True
    return report


def apply_whole(rows: Rows, *, source: str, tell: Callable[[Finding], None]) -> Report:
    """The same, or nothing at all when a single row is broken."""
    with transaction.atomic():
        report = run(rows, tell=tell, write=partial(enter, source=source))
        report.written = not report.broken
        if report.broken:
            transaction.set_rollback(True)
    return report


Write = Callable[["Plan"], None]


def run(rows: Rows, *, tell: Callable[[Finding], None], write: Write) -> Report:
    """Batch after batch: match, compare, write, tell."""
    report, known = Report(), Known(Communes.load(), Names.load())
    finished = False
    while not finished:
        batch: list[Row] = []
        try:
            for row in islice(rows, BATCH):
                batch.append(row)  # noqa: PERF402 -- a file that breaks off leaves what came before
        except FileRefused as refused:
            report.stopped = refused.fault
        finished = len(batch) < BATCH
        plan = planned(batch, known=known)
        write(plan)
        for finding in plan.findings:
            report.counts[finding.outcome] += 1
            tell(finding)
    return report


def forget(_plan: "Plan") -> None:
    """Write nothing."""


@dataclass
class Known:
    """What an import keeps in mind from its first row to its last.

    `lines` gives the row that already spoke of a service: a second one is a conflict.
    """

    communes: "Communes"
    names: "Names"
    lines: dict[UUID, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Fresh:
    """A row about a service that is not in the directory, with all its facts."""

    incoming: Incoming
    values: facts.Facts


@dataclass(frozen=True)
class Correction:
    """A row about a service that is, with what differs."""

    service: Service
    changes: facts.Changes


@dataclass
class Plan:
    """What a batch would do."""

    findings: list[Finding] = field(default_factory=list)
    fresh: list[Fresh] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)


def planned(batch: list[Row], *, known: Known) -> Plan:
    """Findings of a batch in its order, with what is to be written."""
    plan = Plan()
    usable = [row for row in batch if isinstance(row, Incoming) and not is_elsewhere(row)]
    matches = matched(usable, names=known.names)
    earlier = decided([match.service.pk for match in matches.values() if match.service])
    for row in batch:
        if isinstance(row, list):
            plan.findings.append(Finding(Outcome.BROKEN, row[0].line, reason="; ".join(map(str, row))))
        elif is_elsewhere(row):
            plan.findings.append(Finding(Outcome.ELSEWHERE, row.line, row.name))
        else:
            plan.findings.append(settled(row, matches[row.line, row.id], plan=plan, known=known, earlier=earlier))
    return plan


def settled(row: Incoming, match: "Match", *, plan: Plan, known: Known, earlier: "Earlier") -> Finding:
    """What one row does; what is to be written is added to the plan."""
    finding = partial(Finding, line=row.line, name=row.name, slug=match.service.slug if match.service else "")
    if match.reason:
        return finding(Outcome.CONFLICT, reason=match.reason)
    identity = match.service.pk if match.service else row.id
    first = known.lines.setdefault(identity, row.line)
    if first != row.line:
        return finding(Outcome.CONFLICT, reason=f"même service qu’à la ligne {first}")
    try:
        if match.service is None:
            values = all_facts(row, known.communes)
            plan.fresh.append(Fresh(row, values))
            return finding(Outcome.NEW, fields=tuple(said_fields(values)))
        changes = differences(row, match.service, known.communes, is_same_record=match.by_id)
    except FieldRefused as refused:
        return Finding(Outcome.BROKEN, row.line, row.name, reason=str(refused.fault))
    changes = {name: change for name, change in changes.items() if not earlier.knows(identity, name, change["after"])}
    if not changes:
        return finding(Outcome.SAME)
    disputed = tuple(name for name in changes if earlier.disputes(identity, name))
    plan.corrections.append(Correction(match.service, changes))
    return finding(Outcome.CONFLICT if disputed else Outcome.CHANGE, fields=tuple(changes), disputed=disputed)


# --- matching -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Match:
    """The service that a row speaks of, if any; or why that cannot be said."""

    service: Service | None = None
    by_id: bool = False
    reason: str = ""


Key = tuple[int, UUID]


def matched(rows: list[Incoming], *, names: "Names") -> dict[Key, Match]:
    """Each row with its service: by identifier first, then by number, site and likeness of names."""
    wanted = Service.objects.select_related("organisation").prefetch_related("channels", "places")
    known = wanted.in_bulk([row.id for row in rows])
    rest = [row for row in rows if row.id not in known]
    candidates = candidates_of(rest, names=names)
    found = wanted.in_bulk({pk for pks in candidates.values() for pk in pks})
    answer: dict[Key, Match] = {}
    for row in rows:
        if row.id in known:
            answer[row.line, row.id] = allowed(known[row.id], is_same_record=True)
        else:
            answer[row.line, row.id] = best(row, [found[pk] for pk in candidates[row.line, row.id] if pk in found])
    return answer


def allowed(service: Service, *, is_same_record: bool) -> Match:
    """A match, unless moderators have taken the service away: a file does not bring it back."""
    if service.status == Service.Status.HIDDEN:
        return Match(service, reason="retiré par les modérateurs")
    return Match(service, by_id=is_same_record)


def candidates_of(rows: list[Incoming], *, names: "Names") -> dict[Key, set[UUID]]:
    """Services that share a number or a site with a row, or have a name like its own; two queries."""
    answer: dict[Key, set[UUID]] = defaultdict(set)
    numbers = services_by_value(NUMBERS, {value for row in rows for value in spellings(row, NUMBERS)})
    sites = services_by_value(("web",), {value for row in rows for value in spellings(row, ("web",))})
    for row in rows:
        for value in spellings(row, NUMBERS):
            answer[row.line, row.id] |= numbers[value]
        for value in spellings(row, ("web",)):
            answer[row.line, row.id] |= sites[value]
        answer[row.line, row.id] |= names.like(row.name)
    return answer


def spellings(row: Incoming, kinds: Iterable[str]) -> set[str]:
    """Ways in which the directory may have written the numbers or sites of a row."""
    values = {contact.value for contact in row.contacts if contact.kind in kinds}
    if "web" not in kinds:
        return values | {f"+33{value[1:]}" for value in values if value.startswith("0")}
    bare = {value.partition("://")[2].removeprefix("www.").rstrip("/") for value in values}
    return {
        f"{scheme}://{start}{address}{end}"
        for address in bare
        for scheme in ("https", "http")
        for start in ("", "www.")
        for end in ("", "/")
    }


def services_by_value(kinds: Iterable[str], values: set[str]) -> dict[str, set[UUID]]:
    """Services by a public way in."""
    found: dict[str, set[UUID]] = defaultdict(set)
    channels = AccessChannel.objects.filter(
        kind__in=kinds, value__in=values, visibility=AccessChannel.Visibility.PUBLIC
    )
    for value, pk in channels.values_list("value", "service_id"):
        found[value].add(pk)
    return found


@dataclass(frozen=True)
class Names:
    """Names of the services that were there before the import, by trigram: asking the database costs far more a row.

    Rows of one file are not compared with each other: the desk shows duplicates side by side.
    """

    services: list[UUID]
    sizes: "np.ndarray[tuple[int], np.dtype[np.int64]]"
    by_trigram: "dict[str, array[int]]"

    @classmethod
    def load(cls) -> "Names":
        """All of them; about 200 bytes a service."""
        services: list[UUID] = []
        sizes = array("q")
        by_trigram: dict[str, array[int]] = {}
        for pk, name in Service.objects.values_list("pk", "name").iterator():
            own = trigrams(name)
            for trigram in own:
                by_trigram.setdefault(trigram, array("q")).append(len(services))
            services.append(pk)
            sizes.append(len(own))
        return cls(services, np.array(sizes, dtype=np.int64), by_trigram)

    def like(self, name: str) -> set[UUID]:
        """The few services most like this name, which share LEAST_ALIKE of their trigrams with it."""
        asked = trigrams(name)
        known = [np.frombuffer(self.by_trigram[one], dtype=np.int64) for one in asked if one in self.by_trigram]
        if not known:
            return set()
        shared = np.bincount(np.concatenate(known), minlength=len(self.services))
        alike = shared / (len(asked) + self.sizes - shared)
        best_first = np.argsort(-alike)[:MOST_ALIKE]
        return {self.services[position] for position in best_first if alike[position] >= LEAST_ALIKE}


def best(row: Incoming, candidates: list[Service]) -> Match:
    """The candidate most like the row, if one is like it enough and no other is as near."""
    scored = sorted(((score(row, one), one) for one in candidates), key=lambda pair: -pair[0])
    likely = [(likeness, one) for likeness, one in scored if likeness >= threshold(row, one)]
    if not likely:
        return Match()
    if len(likely) > 1 and likely[0][0] - likely[1][0] < UNDECIDED:
        names = ", ".join(one.slug for _likeness, one in likely[:3])
        return Match(reason=f"plusieurs services possibles : {names}")
    return allowed(likely[0][1], is_same_record=False)


def score(row: Incoming, service: Service) -> float:
    """Likeness of names; that of the organisations counts a little, to tell two equal names apart."""
    return 0.9 * likeness(row.name, service.name) + 0.1 * likeness(row.provider.name, service.organisation.name)


def threshold(row: Incoming, service: Service) -> float:
    """How alike the names must be: less when a number or a site is shared, never enough in another département."""
    ours, theirs = set(service.departements), set(row.departements or departements_of(row.sites))
    if ours and theirs and not ours & theirs:
        return NEVER
    values = spellings(row, NUMBERS) | spellings(row, ("web",))
    if any(channel.value in values for channel in service.channels.all()):
        return ALIKE_WITH_CONTACT
    # «Antenne 1» and «Antenne 2» share nearly all their letters and are two places.
    return ALIKE_ALONE if FIGURES.findall(row.name) == FIGURES.findall(service.name) else NEVER


def likeness(one: str, other: str) -> float:
    """Share of trigrams that two texts have in common, accents and case aside: 0 to 1."""
    ours, theirs = trigrams(one), trigrams(other)
    return len(ours & theirs) / len(ours | theirs) if ours and theirs else 0.0


def trigrams(said: str) -> set[str]:
    """Trigrams of every word, as pg_trgm makes them."""
    return {
        padded[start : start + 3]
        for word in fold(said).split()
        for padded in [f"  {word} "]
        for start in range(len(padded) - 2)
    }


# --- comparing ------------------------------------------------------------------------------------------------------


class FieldRefused(ValueError):
    """A fact that the directory cannot hold."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


@dataclass(frozen=True)
class Communes:
    """Communes of the region, by code and by postcode."""

    names: Mapping[str, str]
    by_postcode: Mapping[str, list[str]]

    @classmethod
    def load(cls) -> "Communes":
        """All of them: about 1 300."""
        names, by_postcode = {}, defaultdict(list)
        for insee, name, postcodes in Commune.objects.values_list("insee", "name", "postcodes"):
            names[insee] = fold(name)
            for postcode in postcodes:
                by_postcode[postcode].append(insee)
        return cls(names, by_postcode)

    def find(self, site: Site) -> str | None:
        """INSEE code of a place, None when the region has no such commune or several could be meant."""
        if site.insee in self.names:
            return site.insee
        there = self.by_postcode.get(site.postcode, [])
        named = [insee for insee in there if self.names[insee] == fold(site.commune)]
        return next(iter(named or (there if len(there) == 1 else [])), None)


def checked(row: Incoming, name: str, value: facts.Json) -> facts.Json:
    """A value as the directory holds it. Raises FieldRefused."""
    try:
        return facts.checked(name, value)
    except Refusal as refusal:
        raise FieldRefused(Fault(row.line, str(facts.FIELDS[name].label).lower(), str(refusal))) from refusal


def all_facts(row: Incoming, communes: Communes) -> facts.Facts:
    """Every fact of a new service. Raises FieldRefused."""
    blank = facts.blank()
    said = said_facts(row, blank, communes) | {"kind": row.kind.value}
    if "territory" not in said:
        said["territory"] = list(departements_of(row.sites))
    if row.confidential:
        said["places"] = [no_place()]
    return blank | {name: checked(row, name, value) for name, value in said.items()}


def no_place() -> facts.Json:
    """A confidential place, of which nothing is known here."""
    return {"commune": None, "confidential": True, "address": "", "latitude": None, "longitude": None}


def said_fields(values: facts.Facts) -> Iterator[str]:
    """Fields that say something."""
    blank = facts.blank()
    return (name for name, value in values.items() if value != blank[name])


def differences(row: Incoming, service: Service, communes: Communes, *, is_same_record: bool) -> facts.Changes:
    """What the row says otherwise than the directory. Raises FieldRefused.

    A file that speaks of the very same record is compared in all it says. One that only seems to speak of the same
    service fills what is empty here and shows other contacts and hours: our words stay ours.
    """
    now = facts.of(service)
    if any(place["confidential"] for place in now["places"]):
        row = kept_secret(replace(row, confidential=True))
    said = said_facts(row, now, communes, is_whole=is_same_record)
    if row.classified and is_same_record:
        said["kind"] = row.kind.value
    if not row.classified:
        said = {name: value for name, value in said.items() if not only_rendered(name, value, now)}
    if not is_same_record:
        blank = facts.blank()
        said = {name: value for name, value in said.items() if name in ADDITIVE or now[name] == blank[name]}
    return facts.changes_between(now, {name: checked(row, name, value) for name, value in said.items()})


def only_rendered(name: str, value: facts.Json, now: facts.Facts) -> bool:
    """Whether a format that says less than we know gives back in its own words what we said: that is no correction."""
    match name:
        case "needs" | "audience":
            return bool(now[name] != facts.blank()[name])
        case "name" | "organisation":
            return bool(value == data_inclusion.name(now[name]))
        case "on_referral_only":
            return bool(now["for_professionals"])
        case _:
            return False


def said_facts(row: Incoming, now: facts.Facts, communes: Communes, *, is_whole: bool = True) -> facts.Facts:
    """The facts that a row says, in the words of resources/facts.py; `now` is what the directory says."""
    plain: dict[str, Any] = {
        "name": row.name,
        "organisation": row.provider.name,
        "organisation_website": row.provider.website or None,
        "description": row.description,
        "needs": None if row.needs is None else list(row.needs),
        "hours": row.opening_hours,
        "territory": None if row.departements is None else list(row.departements),
        "languages": None if row.languages is None else list(row.languages),
        "free": row.free,
        "anonymous": row.anonymous,
        "what_happens": row.what_happens,
        "for_professionals": row.for_professionals,
        "on_referral_only": row.on_referral_only,
    }
    said = {name: value for name, value in plain.items() if value is not None}
    if row.audience is not None:
        said["audience"] = {
            "min_age": row.audience.min_age,
            "max_age": row.audience.max_age,
            "age_rule": row.audience.age_rule.value,
            "genders": [gender.value for gender in row.audience.genders],
            "gender_rule": row.audience.gender_rule.value,
        }
    said["channels"] = channels(row, now["channels"], is_whole=is_whole)
    if row.sites:
        said["places"] = places(row, communes, now["places"])
    return said | saturation(row, now["saturation"]) | closure(row, now["closure"])


def channels(row: Incoming, now: list[facts.Json], *, is_whole: bool) -> list[facts.Json]:
    """Ways in after the import: those for professionals stay; a kind that the file lists in full is replaced."""
    replaced = {kind for kind in row.contact_kinds if is_whole and any(one.kind == kind for one in row.contacts)}
    after = [one for one in now if one["visibility"] != AccessChannel.Visibility.PUBLIC or one["kind"] not in replaced]
    exact = {(one["kind"], one["value"]): one for one in now}
    loose = {means(one["kind"], one["value"]): one for one in now}
    for contact in row.contacts:
        known = exact.get((contact.kind, contact.value)) or loose.get(means(contact.kind, contact.value))
        new = {
            "kind": contact.kind,
            "value": contact.value,
            "visibility": AccessChannel.Visibility.PUBLIC.value,
            "note": contact.note,
        }
        if (known or new) not in after:
            after.append(known or new)
    return after


def means(kind: str, value: str) -> tuple[str, str]:
    """What a way in comes down to: a number however it is spelt, an address whether it is called chat or site."""
    if kind in NUMBERS:
        return kind, international(value)
    return ("web" if kind == AccessChannel.Kind.CHAT else kind), value


def places(row: Incoming, communes: Communes, now: list[facts.Json]) -> list[facts.Json]:
    """Public places of the region after the import; a format that has room for one place takes none away.

    A place whose commune cannot be told refuses the row, so that nobody is sent astray.
    """
    found = [] if row.contact_kinds else [one for one in now if not one["confidential"]]
    there = {(one["commune"], one["address"]) for one in found}
    for site in row.sites:
        insee = communes.find(site)
        if insee is None and departement_of(site.insee or site.postcode):
            raise FieldRefused(Fault(row.line, "lieu", "commune inconnue dans la région"))
        if insee is not None and (insee, site.street) not in there:
            north, east = site.point or (None, None)
            found.append(
                {"commune": insee, "confidential": False, "address": site.street, "latitude": north, "longitude": east}
            )
    return found


def saturation(row: Incoming, now: facts.Json) -> facts.Facts:
    """How full it is, if the row says it."""
    if row.saturation is None and row.saturation_note is None:
        return {}
    return {"saturation": {"level": row.saturation or now["level"], "note": row.saturation_note or ""}}


def closure(row: Incoming, now: facts.Json) -> facts.Facts:
    """A closure that begins, goes on, or is over; one that is only planned is not denied by being open today."""
    if row.closed:
        begins = row.closed_from or now["from"] or timezone.localdate().isoformat()
        if row.closed_until and row.closed_until < begins:
            return {}
        return {"closure": {"from": begins, "until": row.closed_until, "note": row.closure_note or ""}}
    today = timezone.localdate().isoformat()
    goes_on = now["from"] and now["from"] <= today and (now["until"] is None or today <= now["until"])
    if row.closed is False and goes_on:
        return {"closure": facts.blank()["closure"]}
    return {}


# --- what was proposed before ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Earlier:
    """What imports have already proposed and what is still open, by service and field."""

    proposed: Mapping[tuple[UUID, str], list[facts.Json]]
    disputed: frozenset[tuple[UUID, str]]

    def knows(self, service: UUID, name: str, after: facts.Json) -> bool:
        """Whether the very same was proposed before, whatever became of it: moderators decide a thing once."""
        return after in self.proposed.get((service, name), [])

    def disputes(self, service: UUID, name: str) -> bool:
        """Whether something else is being decided about the same field."""
        return (service, name) in self.disputed


def decided(services: list[UUID]) -> Earlier:
    """Proposals about those services; one query."""
    proposed: dict[tuple[UUID, str], list[facts.Json]] = defaultdict(list)
    disputed = set()
    wanted = Q(origin=Proposal.Origin.IMPORT) | Q(status=Proposal.Status.OPEN)
    rows = Proposal.objects.filter(wanted, service__in=services)
    for pk, status, changes in rows.values_list("service_id", "status", "changes"):
        for name, change in changes.items():
            proposed[pk, name].append(change["after"])
            if status == Proposal.Status.OPEN:
                disputed.add((pk, name))
    return Earlier(proposed, frozenset(disputed))


# --- writing --------------------------------------------------------------------------------------------------------


def enter(plan: Plan, *, source: str) -> None:
    """New services wait, unpublished, each with a proposal to publish it; corrections are proposed beside."""
    origin = moderation.Origin(Proposal.Origin.IMPORT, source=source)
    today = timezone.localdate()
    with transaction.atomic():
        moderation.wait_for_other_loads()
        waiting = entered(plan.fresh, source=source)
        complete = Service.objects.select_related("organisation").prefetch_related("channels", "places")
        moderation.propose_publications(complete.in_bulk([one.pk for one in waiting]).values(), origin=origin, on=today)
        for one in plan.corrections:
            after = {name: change["after"] for name, change in one.changes.items()}
            moderation.propose_change(one.service, after=after, origin=origin, on=today)


def entered(fresh: list[Fresh], *, source: str) -> list[Service]:
    """Unpublished services with the identifiers of the file, so that addresses and exports stay the same."""
    owners = organisations([one.incoming for one in fresh])
    taken = set(
        Service.objects.filter(slug__in=[wanted_slug(one.incoming) for one in fresh]).values_list("slug", flat=True)
    )
    services = []
    for one in fresh:
        row = one.incoming
        slug = free_slug(row, taken)
        taken.add(slug)
        columns: dict[str, Any] = {}
        for name, value in one.values.items():
            columns |= facts.attributes(name, value)
        columns |= {"needs": in_order(row.needs), "departements": one.values["territory"]}
        services.append(
            Service(
                id=row.id,
                slug=slug,
                public_id=public_id_of(row.id),
                organisation=owners[row.provider.name],
                status=Service.Status.PENDING,
                source=source,
                **columns,
            )
        )
    Service.objects.bulk_create(services)
    AccessChannel.objects.bulk_create(
        AccessChannel(service=service, **channel)
        for service, one in zip(services, fresh, strict=True)
        for channel in in_file_order(one)
    )
    Place.objects.bulk_create(
        facts.place_of(service, place)
        for service, one in zip(services, fresh, strict=True)
        for place in one.values["places"]
    )
    return services


def in_order(needs: tuple[str, ...] | None) -> list[str]:
    """Needs as the file orders them."""
    return list(needs or ())


def in_file_order(one: Fresh) -> list[facts.Json]:
    """Ways in as the file orders them: exports give the first of a kind."""
    order = {(contact.kind, contact.value): rank for rank, contact in enumerate(one.incoming.contacts)}
    return sorted(
        one.values["channels"], key=lambda channel: order.get((channel["kind"], channel["value"]), len(order))
    )


def organisations(rows: list[Incoming]) -> dict[str, Organisation]:
    """Organisations of the rows by the name that the file gives them; those that are missing are created.

    The same name is the same organisation, and so is the same identifier under another spelling.
    """
    providers = {row.provider.name: row.provider for row in rows}
    wanted = {name: one.id or stable_uuid("organisation", name) for name, one in providers.items()}
    known = Organisation.objects.filter(Q(name__in=providers) | Q(pk__in=wanted.values()))
    by_name = {one.name: one for one in known}
    by_id = {one.pk: one for one in by_name.values()}
    missing = []
    for name, identifier in wanted.items():
        found = by_name.get(name) or by_id.get(identifier)
        if found is None:
            one = providers[name]
            found = Organisation(id=identifier, name=name, description=one.description or "", website=one.website or "")
            missing.append(found)
        by_name[name] = by_id[identifier] = found
    Organisation.objects.bulk_create(missing)
    return by_name


def wanted_slug(row: Incoming) -> str:
    """Slug of the file, else made of the name."""
    return row.slug or slugify(row.name)[: LONGEST_SLUG - ROOM_FOR_SUFFIX].strip("-") or public_id_of(row.id)


def free_slug(row: Incoming, taken: set[str]) -> str:
    """That slug, or the same with the public identifier when another service has it."""
    wanted = wanted_slug(row)
    return wanted if wanted not in taken else f"{wanted[: LONGEST_SLUG - ROOM_FOR_SUFFIX]}-{public_id_of(row.id)}"
