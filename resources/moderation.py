"""What may be shown, and who decided: the only writer of a published state.

In the order of time: a file fills an empty directory, somebody proposes, moderators look, amend and vote, and what
enough of them agreed to is applied. The database checks the last step again (docs/adr/0009-two-people-publish.md).
Pages that explain go the same way; their translations need one person (docs/adr/0014-pages-and-translations.md).
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts import roles
from accounts.models import User
from resources import facts, indexing, pages, translations
from resources.exchange.starter_csv import DirectoryFileError, Problem, Refusal, Row
from resources.facts import Changes, Facts, Json
from resources.models import (
    AccessChannel,
    Commune,
    Organisation,
    Page,
    Place,
    Proposal,
    Service,
    Translation,
    Verification,
    Vote,
    public_id_of,
    stable_uuid,
)
from resources.tongues import SOURCE
from resources.translations import digest
from resources.vocabulary import LANGUAGES, Gender, Kind

NO_NUMBER_HELPS = frozenset({Proposal.Kind.UNREACHABLE, Proposal.Kind.CLOSED})
PUBLISHING = frozenset({Proposal.Kind.NEW, Proposal.Kind.PUBLISH})
# Of a line or a shelter, these send somebody in danger the wrong way; the database lists them too (migration 0006).
RELIED_ON = frozenset({"hours", "audience", "territory", "closure", "kind", "needs"})
LONGEST_SLUG = 100
LONGEST_SAID = 500

# A contact that nobody checked again is not trusted for longer (design.md §4).
DAYS_VALID_LINES_AND_SHELTERS = 90
DAYS_VALID_OTHERS = 180
CHECK_OF_CONFIDENCE = {
    "verified": Service.Check.OFFICIAL_PAGE,
    "verified_secondary": Service.Check.SECONDARY_SOURCE,
    "seen_old": Service.Check.SEEN_OLD,
    "memory": Service.Check.MEMORY,
}
PUBLISHABLE_CHECKS = frozenset({Service.Check.OFFICIAL_PAGE, Service.Check.SECONDARY_SOURCE})
# What a moderator may say of a check before something is published.
CHECKS_THAT_PUBLISH = frozenset({*PUBLISHABLE_CHECKS, Service.Check.CALL, Service.Check.VISIT, Service.Check.OWNER})


@dataclass(frozen=True)
class Loaded:
    """What a load did: services newly published, newly waiting for moderators, and left as they were; of these, how
    many say something else than the file."""

    published: int
    waiting: int
    untouched: int
    differing: int


def valid_until(kind: str, *, checked_on: date) -> date:
    """Day until which a check holds."""
    long_lived = kind not in {Kind.HOTLINE, Kind.SHELTER}
    days = DAYS_VALID_OTHERS if long_lived else DAYS_VALID_LINES_AND_SHELTERS
    return checked_on + timedelta(days=days)


# --- a file fills an empty directory --------------------------------------------------------------------------------


def load_starter(rows: Iterable[Row], *, places: dict[str, list[str]], checked_on: date) -> Loaded:
    """Enter the rows of a starter file that are not there yet, all of them or none.

    Rows checked in a source are published with the date and kind of that check, the others wait for
    moderators. A service that exists is left alone: what moderators made of it is theirs.
    `places` gives the INSEE codes where a service is publicly known to be, by slug.
    Raises DirectoryFileError when a row names a commune that does not exist.
    """
    rows = list(rows)
    with transaction.atomic():
        wait_for_other_loads()
        communes = Commune.objects.in_bulk()
        known = services_known(rows)
        problems = [
            Problem(row.line, "commune", "code INSEE inconnu dans la région")
            for row in rows
            if row.commune and row.commune not in communes
        ]
        if problems:
            raise DirectoryFileError(problems)
        with remembered(moderator=None, proposal=None, why="premier chargement"):
            entered = [
                enter(
                    row,
                    communes=[communes[code] for code in [row.commune, *places.get(row.slug, ())] if code],
                    checked_on=checked_on,
                )
                for row in rows
                if row.slug not in known
            ]
        publish_first(entered)
        if entered:
            indexing.reindex(
                Service.objects.filter(pk__in=[service.pk for service in entered])
                .select_related("organisation")
                .prefetch_related("channels", "places__commune")
            )
            indexing.count_words()
    published = sum(service.status == Service.Status.PUBLISHED for service in entered)
    return Loaded(
        published=published,
        waiting=len(entered) - published,
        untouched=len(rows) - len(entered),
        differing=sum(
            told_by(row, places.get(row.slug, ())) != told_of(known[row.slug]) for row in rows if row.slug in known
        ),
    )


def wait_for_other_loads() -> None:
    """Two loads at the same moment follow each other, so that the second sees what the first entered."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE resources_service IN SHARE ROW EXCLUSIVE MODE")


def services_known(rows: Iterable[Row]) -> dict[str, Service]:
    """Services of rows that exist, by the slug of the row, also when moderators gave them another slug since."""
    slug_of = {stable_uuid("service", row.slug): row.slug for row in rows}
    there = Service.objects.filter(Q(pk__in=slug_of) | Q(slug__in=slug_of.values()))
    found = there.select_related("organisation").prefetch_related("channels", "places")
    return {name: service for service in found for name in (service.slug, slug_of.get(service.pk, service.slug))}


# Facts that a starter file has no column for, or that only a page of the desk fills in.
NOT_IN_A_FILE = frozenset({"organisation_website", "what_happens", "saturation", "closure"})


def told_by(row: Row, places: Iterable[str]) -> Facts:
    """What a row of a starter file says, as `told_of` says what the directory does."""
    known = {code for code in (row.commune, *places) if code}
    return {
        "name": row.name,
        "organisation": row.organisation,
        "kind": row.kind,
        "description": row.description,
        "needs": facts.FIELDS["needs"].check(row.needs),
        "audience": {
            "min_age": row.min_age,
            "max_age": row.max_age,
            "age_rule": row.age_rule,
            "genders": [gender for gender in Gender.values if gender in row.genders],
            "gender_rule": row.gender_rule,
        },
        "hours": row.opening_hours,
        "territory": facts.FIELDS["territory"].check(row.departements),
        "languages": [code for code in LANGUAGES if code in row.languages],
        "free": row.free,
        "anonymous": row.anonymous,
        "for_professionals": row.for_professionals,
        "on_referral_only": row.on_referral_only,
        "channels": sorted(row.channels),
        "places": sorted((code, row.confidential) for code in known or ([""] if row.confidential else [])),
    }


def told_of(service: Service) -> Facts:
    """The facts of a service that a starter file could give."""
    said = {name: value for name, value in facts.of(service).items() if name not in NOT_IN_A_FILE}
    said["channels"] = sorted((one["kind"], one["value"]) for one in said["channels"])
    said["places"] = sorted({(one["commune"] or "", one["confidential"]) for one in said["places"]})
    return said


def publish_first(entered: Iterable[Service]) -> None:
    """Publish those of a first load that a source confirms; the one exception to two people (ADR 0006, ADR 0009).

    The database takes it for services that this very transaction entered, and for nothing else.
    """
    checked = [service for service in entered if service.verified_by_check in PUBLISHABLE_CHECKS]
    now = timezone.now()
    set_for_this_transaction("eclaircie.first_load", "on")
    with remembered(moderator=None, proposal=None, why="premier chargement"):
        Service.objects.filter(pk__in=[service.pk for service in checked]).update(
            status=Service.Status.PUBLISHED, published_at=now
        )
    set_for_this_transaction("eclaircie.first_load", "")
    for service in checked:
        service.status, service.published_at = Service.Status.PUBLISHED, now


def enter(row: Row, *, communes: list[Commune], checked_on: date) -> Service:
    """Save one row as a service with its ways in, its places and its check; not published yet."""
    check = CHECK_OF_CONFIDENCE[row.confidence]
    checked = check in PUBLISHABLE_CHECKS
    organisation, _created = Organisation.objects.get_or_create(
        name=row.organisation, defaults={"id": stable_uuid("organisation", row.organisation)}
    )
    identifier = stable_uuid("service", row.slug)
    until = valid_until(row.kind, checked_on=checked_on) if checked else None
    service = Service.objects.create(
        id=identifier,
        slug=row.slug,
        public_id=public_id_of(identifier),
        organisation=organisation,
        name=row.name,
        kind=row.kind,
        description=row.description,
        needs=row.needs,
        topics=row.topics,
        for_professionals=row.for_professionals,
        on_referral_only=row.on_referral_only,
        min_age=row.min_age,
        max_age=row.max_age,
        age_rule=row.age_rule,
        genders=row.genders,
        gender_rule=row.gender_rule,
        languages=row.languages,
        departements=row.departements,
        opening_hours=row.opening_hours,
        free=row.free,
        anonymous=row.anonymous,
        status=Service.Status.PENDING,
        verified_on=checked_on if checked else None,
        verified_by_check=check,
        verified_until=until,
        moderator_note=row.note,
        source=row.source,
    )
    AccessChannel.objects.bulk_create(
        AccessChannel(service=service, kind=kind, value=value) for kind, value in row.channels
    )
    if row.confidential:
        Place.objects.create(service=service, commune=next(iter(communes), None), confidential=True)
    else:
        for commune in communes:
            Place.objects.create(
                service=service,
                commune=commune,
                address=row.address if commune.insee == row.commune else "",
                latitude=row.latitude if commune.insee == row.commune else None,
                longitude=row.longitude if commune.insee == row.commune else None,
            )
    if until is not None:
        Verification.objects.create(service=service, checked_on=checked_on, check_kind=check, valid_until=until)
    return service


def load_pages(written: Iterable[pages.Written]) -> int:
    """Enter the pages and the translations of starter files that are not there yet; returns how many texts came.

    A page that exists is left alone, and so is a text that ever had a translation. Raises Refusal: a translation holds
    a contact that its source does not.
    """
    written = list(written)
    with transaction.atomic():
        wait_for_other_loads()
        known = set(Page.objects.values_list("slug", flat=True))
        new = [
            Page(slug=one.slug, position=one.position, **one.texts)
            for one in written
            if one.language == SOURCE and one.slug not in known
        ]
        set_for_this_transaction("eclaircie.first_load", "on")
        with remembered(moderator=None, proposal=None, why="premier chargement"):
            Page.objects.bulk_create(new)
            set_for_this_transaction("eclaircie.first_load", "")
            added = first_translations(written)
            for one in added:
                save_translation(one)
    return len(new) * len(pages.FIELDS) + len(added)


def first_translations(written: list[pages.Written]) -> list[Translation]:
    """What starter files say in other languages, where nobody said anything yet.

    A file translates the starter file beside it: where a page says something else by now, it is left out.
    """
    french = {one.slug: one.texts for one in written if one.language == SOURCE}
    there = {page.slug: page for page in Page.objects.all()}
    ever = set(apps.get_model("resources", "TranslationEvent").objects.values_list("page", "language", "field"))
    return [
        Translation(page=page, language=one.language, field=field, text=text, source_digest=digest(source))
        for one in written
        if one.language != SOURCE and (page := there.get(one.slug)) is not None
        for field, text in one.texts.items()
        if (page.pk, one.language, field) not in ever
        and (source := getattr(page, field)) == french.get(one.slug, {}).get(field)
    ]


# --- somebody proposes ----------------------------------------------------------------------------------------------


class NothingChanges(ValueError):
    """The directory says so already."""


class NotYours(PermissionError):
    """This moderator may not decide this: their own proposal, their own organisation, or no moderator at all."""


class AlreadyDecided(Exception):
    """Somebody else decided in between."""


class CheckMissing(Exception):
    """Nobody has said how the facts were checked, and what is published was checked."""


class BaseMoved(Exception):
    """The service says something else than when the proposal was made; `now` gives the fields and what they say."""

    def __init__(self, now: Mapping[str, Json]) -> None:
        super().__init__(", ".join(now))
        self.now = now


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a proposal comes from: `kind` of Proposal.Origin, its author (staff), and what was read where."""

    kind: str = Proposal.Origin.VISITOR
    author: User | None = None
    said: str = ""
    source: str = ""
    note: str = ""


def propose_change(service: Service, *, after: Mapping[str, Json], origin: Origin, on: date) -> Proposal:
    """Open a proposal to change some facts of a service; `after` maps fields of resources/facts.py to values.

    The same proposal that is open already is counted once more instead. Raises Refusal (a field or a value that the
    directory cannot hold), NothingChanges.
    """
    wanted = {field: facts.checked(field, value) for field, value in after.items()}
    changes = facts.changes_between(facts.of(service), wanted)
    if not changes:
        raise NothingChanges
    return open_or_count(Proposal(kind=Proposal.Kind.CHANGE, service=service, changes=changes), origin=origin, on=on)


def propose_new(*, after: Mapping[str, Json], origin: Origin, on: date) -> Proposal:
    """Open a proposal to enter and publish a service that is not there; facts left out are unknown.

    Raises Refusal as above, also without a name, a kind or an organisation.
    """
    wanted = {field: facts.checked(field, value) for field, value in after.items()}
    if missing := [field for field in ("name", "organisation", "kind") if not wanted.get(field)]:
        raise Refusal(f"vide : {', '.join(missing)}")
    changes = {field: {"before": None, "after": value} for field, value in {**facts.blank(), **wanted}.items()}
    return open_or_count(Proposal(kind=Proposal.Kind.NEW, changes=changes), origin=origin, on=on)


def propose_publication(service: Service, *, origin: Origin, on: date) -> Proposal:
    """Open a proposal to publish a service that waits or was hidden, exactly as it is now: its facts are written into
    the proposal, and what moderators agree to is what gets published."""
    changes = {field: {"before": None, "after": value} for field, value in facts.of(service).items()}
    return open_or_count(Proposal(kind=Proposal.Kind.PUBLISH, service=service, changes=changes), origin=origin, on=on)


def propose_publications(services: Iterable[Service], *, origin: Origin, on: date) -> None:
    """The same for many services that were entered by this very transaction, in one statement: an import."""
    proposals = [
        Proposal(
            kind=Proposal.Kind.PUBLISH,
            service=service,
            changes={field: {"before": None, "after": value} for field, value in facts.of(service).items()},
            origin=origin.kind,
            author=origin.author,
            source=origin.source,
            note=origin.note,
            proposed_on=on,
        )
        for service in services
    ]
    for proposal in proposals:
        proposal.risk = risk_of(proposal)
    Proposal.objects.bulk_create(proposals)


def report(service: Service, *, kind: str, origin: Origin, on: date) -> Proposal:
    """Somebody says that a number does not answer (UNREACHABLE), that it is closed (CLOSED), or in their own words
    what is wrong (CHANGE); a moderator turns it into changes."""
    return open_or_count(Proposal(kind=kind, service=service), origin=origin, on=on)


def propose_waiting(*, on: date) -> int:
    """A proposal of publication for each service that waits and never had one; returns how many were opened.

    Calling it again opens nothing; a publication that was refused stays refused.
    """
    waiting = (
        Service.objects.awaiting_moderation()
        .exclude(proposals__kind__in=[Proposal.Kind.PUBLISH, Proposal.Kind.NEW])
        .select_related("organisation")
        .prefetch_related("channels", "places")
    )
    with transaction.atomic():
        wait_for_other_loads()
        opened = [
            propose_publication(
                service,
                origin=Origin(Proposal.Origin.STARTER, source=service.source[:300], note=service.moderator_note),
                on=on,
            )
            for service in waiting
        ]
    return len(opened)


def propose_page(page: Page, *, after: Mapping[str, Json], author: User, source: str, on: date) -> Proposal:
    """Open a proposal to change what a page that explains says, in French; another moderator publishes it.

    It never moves: who would say something else proposes anew. Raises Refusal, NothingChanges.
    """
    wanted = {field: pages.checked(field, value) for field, value in after.items()}
    changes = facts.changes_between(pages.of(page), wanted)
    if not changes:
        raise NothingChanges
    origin = Origin(Proposal.Origin.STAFF, author=author, source=source[:300])
    return open_or_count(Proposal(kind=Proposal.Kind.CHANGE, page=page, changes=changes), origin=origin, on=on)


def open_or_count(draft: Proposal, *, origin: Origin, on: date) -> Proposal:
    """Save a proposal, or count once more the open one that says the same. Nothing is refused because many came."""
    with transaction.atomic():
        if draft.service is not None:
            Service.objects.select_for_update(of=("self",), no_key=True).get(pk=draft.service.pk)
        known = None if origin.author else same_open(draft, said=origin.said)
        if known is not None:
            known.times += 1
            known.said = joined(known.said, origin.said)
            known.save(update_fields=["times", "said"])
            return known
        draft.origin, draft.author, draft.said = origin.kind, origin.author, origin.said
        draft.source, draft.note, draft.proposed_on = origin.source, origin.note, on
        draft.risk = risk_of(draft)
        draft.save()
        draft.refresh_from_db(fields=["approvals_needed", "revision"])
    return draft


def same_open(draft: Proposal, *, said: str) -> Proposal | None:
    """The open proposal of nobody on the staff that says the same. Words alone are the same word for word."""
    same = Proposal.objects.open().filter(
        kind=draft.kind, service=draft.service, changes=draft.changes, author__isnull=True
    )
    if draft.kind == Proposal.Kind.CHANGE and not draft.changes:
        same = same.filter(said=said)
    return same.first()


def joined(said: str, more: str) -> str:
    """Words of several visitors, each once, as far as there is room."""
    both = f"{said} / {more}" if said and more and more not in said else said or more
    return both if len(both) <= LONGEST_SAID else said


def risk_of(proposal: Proposal) -> int:
    """How much harm waiting, or a mistake, does."""
    service = proposal.service
    relied_on = service is not None and service.is_relied_on
    if proposal.kind in NO_NUMBER_HELPS or (service is not None and service.status == Service.Status.HIDDEN):
        return Proposal.Risk.DANGER if relied_on else Proposal.Risk.CONTACT
    if proposal.kind in PUBLISHING or (facts.CONTACT | (RELIED_ON if relied_on else set())) & proposal.changes.keys():
        return Proposal.Risk.CONTACT
    return Proposal.Risk.LOW


# --- moderators look ------------------------------------------------------------------------------------------------


def conflicts(proposal: Proposal) -> list[Proposal]:
    """Other open proposals about the same service or page that want one of the same fields."""
    if proposal.service_id is None and proposal.page_id is None:
        return []
    same = Proposal.objects.open().filter(service=proposal.service_id, page=proposal.page_id)
    others = same.exclude(pk=proposal.pk).order_by("pk")
    wanted = proposal.changes.keys()
    return [other for other in others if other.changes.keys() & wanted]


def moved(proposal: Proposal) -> dict[str, Json]:
    """Fields that say something else since the proposal was made, with what they say now."""
    if proposal.page is not None:
        return facts.moved_since(proposal.changes, pages.of(proposal.page))
    if proposal.service is None or proposal.kind in PUBLISHING:
        return {}
    return facts.moved_since(proposal.changes, facts.of(proposal.service))


def may_decide(proposal: Proposal, *, moderator: User) -> bool:
    """Whether this person's voice counts for this proposal."""
    if not roles.is_moderator(moderator) or proposal.author_id == moderator.pk:
        return False
    return not is_of_the_house(proposal, person=moderator)


def is_of_the_house(proposal: Proposal, *, person: User) -> bool:
    """Whether a person works for the organisation that the proposal is about, or that it names."""
    return asked_of_the_database(
        "SELECT resources_is_of_the_house(%s, %s, %s)", proposal.service_id, json.dumps(proposal.changes), person.pk
    )


def works_for(service: Service, *, person: User) -> bool:
    """Whether a person works for the organisation of a service: they said so, or are of the team of that partner."""
    return asked_of_the_database("SELECT resources_is_of_the_house(%s, '{}', %s)", service.pk, person.pk)


def houses_of(person: User) -> list[str]:
    """Names of the organisations for which a person works, whoever said so."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT name FROM resources_houses_of(%s) ORDER BY name", [person.pk])
        return [str(name) for (name,) in cursor.fetchall()]


def asked_of_the_database(question: str, *values: int | str | UUID | None) -> bool:
    """Yes or no, from the functions that its triggers ask too."""
    with connection.cursor() as cursor:
        cursor.execute(question, values)
        (answer,) = cursor.fetchone()
    return bool(answer)


def approvals(proposal: Proposal) -> int:
    """How many different moderators agree to it as it is now; counted by the database, as its triggers do."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT resources_approvals(%s)", [proposal.pk])
        (count,) = cursor.fetchone()
    return int(count)


# --- they amend and vote ---------------------------------------------------------------------------------------------


def amend(proposal: Proposal, *, moderator: User, after: Mapping[str, Json], reason: str = "") -> None:
    """Write other values into an open proposal; earlier votes no longer count, the one who amends agrees to theirs.

    What is amended back to what the service says leaves the proposal. Raises Refusal, NotYours, AlreadyDecided.
    """
    refuse_to_move(proposal)
    wanted = {field: facts.checked(field, value) for field, value in after.items()}
    with transaction.atomic():
        locked = lock(proposal, moderator=moderator)
        before = base_of(locked)
        changes: Changes = {
            **locked.changes,
            **{field: {"before": before[field], "after": value} for field, value in wanted.items()},
        }
        if locked.kind not in PUBLISHING:
            changes = {field: change for field, change in changes.items() if change["before"] != change["after"]}
        if changes != locked.changes:
            locked.changes = changes
            locked.risk = max(locked.risk, risk_of(locked))
            locked.save(update_fields=["changes", "risk"])
        if changes:
            vote(locked, moderator=moderator, verdict=Vote.Verdict.APPROVE, reason=reason)


def take_over(proposal: Proposal, *, moderator: User) -> None:
    """Put what the service says now as the «before» of each field, so that the difference is judged anew.

    Votes on the old difference no longer count. Raises Refusal, NotYours, AlreadyDecided.
    """
    refuse_to_move(proposal)
    with transaction.atomic():
        locked = lock(proposal, moderator=moderator)
        before = base_of(locked)
        locked.changes = facts.changes_between(
            before, {field: change["after"] for field, change in locked.changes.items()}
        )
        locked.save(update_fields=["changes"])


def refuse_to_move(proposal: Proposal) -> None:
    """Raises Refusal: what is proposed for a page stays as its author wrote it."""
    if proposal.page_id is not None:
        raise Refusal("pour une page, refusez et proposez de nouveau")


def base_of(proposal: Proposal) -> Facts:
    """What stands against what is proposed: what visitors see now, which is nothing before a publication."""
    if proposal.service is None or proposal.kind in PUBLISHING:
        return dict.fromkeys(facts.FIELDS)
    return facts.of(proposal.service)


def record_check(proposal: Proposal, *, moderator: User, check_kind: str, on: date, confirmed: str = "") -> None:
    """Say how the proposed facts were checked; it becomes a verification of the service with the decision."""
    if check_kind not in CHECKS_THAT_PUBLISH:
        raise Refusal("cette vérification ne suffit pas pour publier")
    with transaction.atomic():
        locked = lock(proposal, moderator=moderator)
        locked.check_kind, locked.checked_on, locked.confirmed = check_kind, on, confirmed
        locked.save(update_fields=["check_kind", "checked_on", "confirmed"])


def ask_second(proposal: Proposal, *, moderator: User, reason: str) -> None:
    """Want a second pair of eyes: from now on two moderators have to agree. Raises NotYours, AlreadyDecided."""
    with transaction.atomic():
        locked = lock(proposal, moderator=moderator)
        locked.second_wanted = True
        locked.save(update_fields=["second_wanted"])
        vote(locked, moderator=moderator, verdict=Vote.Verdict.ASK, reason=reason)


def approve(proposal: Proposal, *, moderator: User, on: date, reason: str = "", revision: int | None = None) -> bool:
    """Agree; True when that was the last voice needed and the directory says it now.

    Exactly one caller applies a proposal, whatever the number that agree at the same moment. `revision` is the one
    that the moderator saw. Raises NotYours, AlreadyDecided, BaseMoved (also when `revision` is no longer the current
    one), CheckMissing, NothingChanges (a report that nobody has turned into a change). Nothing is written then.
    """
    with transaction.atomic():
        locked = lock(proposal, moderator=moderator)
        if revision is not None and revision != locked.revision:
            raise BaseMoved({})
        if locked.service is not None:
            locked.service = Service.objects.select_for_update(of=("self",)).get(pk=locked.service.pk)
        if locked.page is not None:
            locked.page = Page.objects.select_for_update(of=("self",)).get(pk=locked.page.pk)
        if difference := moved(locked):
            raise BaseMoved(difference)
        refuse_what_cannot_apply(locked)
        locked.save(update_fields=["second_wanted"])  # how many it takes is counted anew: it may be a line by now
        vote(locked, moderator=moderator, verdict=Vote.Verdict.APPROVE, reason=reason)
        if approvals(locked) < locked.approvals_needed:
            return False
        apply(locked, moderator=moderator, on=on, why=reason)
    return True


def refuse(proposal: Proposal, *, moderator: User, reason: str, on: date) -> None:
    """Decide against it, with a reason that moderators can read. Raises NotYours, AlreadyDecided, Refusal."""
    if not reason.strip():
        raise Refusal("un refus a un motif")
    with transaction.atomic():
        locked = lock(proposal, moderator=moderator)
        vote(locked, moderator=moderator, verdict=Vote.Verdict.REFUSE, reason=reason)
        decide(locked, status=Proposal.Status.REFUSED, on=on)


def lock(proposal: Proposal, *, moderator: User) -> Proposal:
    """The proposal as it is now, held until the end of the transaction. Raises AlreadyDecided, NotYours."""
    locked = (
        Proposal.objects.select_for_update(of=("self",))
        .select_related("service__organisation", "page")
        .get(pk=proposal.pk)
    )
    if not locked.is_open:
        raise AlreadyDecided
    if not may_decide(locked, moderator=moderator):
        raise NotYours
    return locked


def vote(proposal: Proposal, *, moderator: User, verdict: str, reason: str = "") -> None:
    """One voice a person: a later one takes the place of the earlier."""
    proposal.refresh_from_db(fields=["revision", "approvals_needed"])
    Vote.objects.update_or_create(
        proposal=proposal,
        moderator=moderator,
        defaults={"verdict": verdict, "reason": reason[:500], "revision": proposal.revision},
    )


def refuse_what_cannot_apply(proposal: Proposal) -> None:
    """Raises NothingChanges, CheckMissing, BaseMoved."""
    if proposal.kind in PUBLISHING and not proposal.check_kind:
        raise CheckMissing
    if not proposal.changes and proposal.kind != Proposal.Kind.CLOSED:
        raise NothingChanges
    service = proposal.service
    if proposal.kind == Proposal.Kind.PUBLISH and service and service.status == Service.Status.PUBLISHED:
        raise BaseMoved({})


# --- what enough of them agreed to is applied ------------------------------------------------------------------------


def apply(proposal: Proposal, *, moderator: User, on: date, why: str) -> None:
    """Make the directory say it, in one transaction with the last vote."""
    after = {field: change["after"] for field, change in proposal.changes.items()}
    if proposal.page is not None:
        apply_to_page(proposal.page, proposal=proposal, moderator=moderator, on=on, why=why)
        return
    with remembered(moderator=moderator, proposal=proposal, why=why or proposal.source):
        if proposal.service is None:
            proposal.service = new_service(after)
            proposal.save(update_fields=["service"])
        service = proposal.service
        if proposal.kind == Proposal.Kind.CLOSED and not after:
            service.status = Service.Status.HIDDEN
            service.save(update_fields=["status", "updated_at"])
            if service.is_relied_on and proposal.approvals_needed == 1:
                read_again(service, by=moderator, on=on)
        else:
            facts.write(service, after)
        if proposal.check_kind and proposal.checked_on:
            confirm(
                service,
                by=moderator,
                check_kind=proposal.check_kind,
                on=proposal.checked_on,
                confirmed=proposal.confirmed,
            )
        if proposal.kind in PUBLISHING:
            service.status, service.published_at, service.merged_into = Service.Status.PUBLISHED, timezone.now(), None
            service.save(update_fields=["status", "published_at", "merged_into", "updated_at"])
    decide(proposal, status=Proposal.Status.APPLIED, on=on)
    show(service)


def read_again(service: Service, *, by: User, on: date) -> None:
    """One person took away what others may have been told to go to: colleagues read that first of all."""
    note = _("Une seule personne a retiré cette fiche. D’accord : elle revient. Refuser : elle reste retirée.")
    propose_publication(service, origin=Origin(Proposal.Origin.STAFF, author=by, note=note), on=on)


def apply_to_page(page: Page, *, proposal: Proposal, moderator: User, on: date, why: str) -> None:
    """Make a page say it. Its translations stand for the text of before, and so are out of date by themselves."""
    for field, change in proposal.changes.items():
        setattr(page, field, change["after"])
    with remembered(moderator=moderator, proposal=proposal, why=why or proposal.source):
        page.save(update_fields=list(proposal.changes))
    decide(proposal, status=Proposal.Status.APPLIED, on=on)


def decide(proposal: Proposal, *, status: str, on: date) -> None:
    """Close a proposal; what a visitor added goes, and so does an address that is secret from now on."""
    proposal.status, proposal.decided_on, proposal.said = status, on, ""
    proposal.save(update_fields=["status", "decided_on", "said"])
    places = proposal.changes.get("places", {})
    if any(place["confidential"] for place in places.get("after") or []):
        places["before"] = [
            {**place, "address": "", "latitude": None, "longitude": None} for place in places["before"] or []
        ]
        proposal.save(update_fields=["changes"])


def new_service(after: Facts) -> Service:
    """A service that nobody sees yet."""
    stem = slugify(after["name"])[:LONGEST_SLUG] or "service"
    taken = set(Service.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    slug = next(
        name for name in (stem, *(f"{stem}-{number}" for number in range(2, len(taken) + 3))) if name not in taken
    )
    organisation, _created = Organisation.objects.get_or_create(name=after["organisation"])
    return Service.objects.create(slug=slug, name=after["name"], kind=after["kind"], organisation=organisation)


def confirm(service: Service, *, by: User | None, check_kind: str, on: date, confirmed: str = "") -> Verification:
    """Record a check and let the facts hold from that day; an older check never shortens a newer one."""
    until = valid_until(service.kind, checked_on=on)
    made = Verification.objects.create(
        service=service, checked_on=on, check_kind=check_kind, valid_until=until, confirmed=confirmed, by=by
    )
    if service.verified_on is None or service.verified_until is None or until >= service.verified_until:
        service.verified_on, service.verified_by_check, service.verified_until = on, check_kind, until
        service.save(update_fields=["verified_on", "verified_by_check", "verified_until", "updated_at"])
    return made


def show(service: Service) -> None:
    """Let search see the service as it is now."""
    fresh = (
        Service.objects.filter(pk=service.pk)
        .select_related("organisation")
        .prefetch_related("channels", "places__commune")
    )
    indexing.reindex(fresh)
    indexing.count_words()


@contextmanager
def remembered(*, moderator: User | None, proposal: Proposal | None, why: str) -> Iterator[None]:
    """Name to the database, for the statements inside, the proposal that allows them; history keeps who and why."""
    known = {
        "user": moderator.pk if moderator else None,
        "proposal": proposal.pk if proposal else None,
        "why": why[:300],
    }
    set_for_this_transaction("eclaircie.proposal", str(proposal.pk) if proposal else "")
    set_for_this_transaction("pghistory.context_metadata", json.dumps(known))
    yield
    set_for_this_transaction("eclaircie.proposal", "")
    set_for_this_transaction("pghistory.context_metadata", "")


def set_for_this_transaction(name: str, value: str) -> None:
    """A setting that PostgreSQL forgets with the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [name, value])


# --- and back again --------------------------------------------------------------------------------------------------


def bring_back(service: Service, *, after: Mapping[str, Json], moderator: User, on: date) -> Proposal:
    """Propose what the service said before, and agree to it: values that were agreed to once need no author.

    A detail is back at once; a way of contact waits for a second moderator. Raises Refusal, NothingChanges, NotYours.
    """
    with transaction.atomic():
        proposal = propose_change(service, after=after, origin=Origin(Proposal.Origin.HISTORY), on=on)
        approve(proposal, moderator=moderator, on=on, reason="retour en arrière")
    proposal.refresh_from_db()
    return proposal


def hide(service: Service, *, moderator: User, reason: str, on: date) -> bool:
    """Take a service out of the directory at once; to come back, it needs two people.

    An emergency number waits for a second person: False then. Of another line, or a shelter, colleagues are asked to
    read it again. Raises NotYours, Refusal.
    """
    with transaction.atomic():
        proposal = report(
            service, kind=Proposal.Kind.CLOSED, origin=Origin(Proposal.Origin.HISTORY, source=reason[:300]), on=on
        )
        return approve(proposal, moderator=moderator, on=on, reason=reason)


# --- in other languages: one person is enough -------------------------------------------------------------------------


class SourceMoved(Exception):
    """The French text is not the one that was translated."""


@dataclass(frozen=True, slots=True)
class Wording:
    """What somebody wrote for one text in one language.

    `of` is the digest of the French text that they saw (resources/translations.py), `status` one of Translation.Status.
    """

    language: str
    field: str
    text: str
    of: str
    status: str


def translate(about: Page | Service, *, wording: Wording, moderator: User) -> None:
    """Say a text in another language, at once; an empty text takes the translation away.

    Raises NotYours, SourceMoved, Refusal: a field that is not translated, a text that the place of its source cannot
    hold, or a number, address or link that its source does not hold.
    """
    if not roles.is_moderator(moderator):
        raise NotYours
    if wording.field not in translations.fields(about) or wording.language not in dict(settings.LANGUAGES):
        raise Refusal("champ inconnu")
    place: dict[str, object] = {"page" if isinstance(about, Page) else "service": about}
    place |= {"language": wording.language, "field": wording.field}
    with transaction.atomic(), remembered(moderator=moderator, proposal=None, why="traduction"):
        wait_for_other_translators(about)
        kept = Translation.objects.filter(**place)
        if not wording.text.strip():
            kept.delete()
            return
        draft = kept.first() or Translation(**place)
        draft.text, draft.source_digest = checked_translation(about, wording.field, wording.text), wording.of
        draft.status, draft.by = wording.status, moderator
        save_translation(draft)


def wait_for_other_translators(about: Page | Service) -> None:
    """Two who put one text into a language first, at one moment, come one after the other."""
    if isinstance(about, Page):
        Page.objects.select_for_update(of=("self",), no_key=True).get(pk=about.pk)
    else:
        Service.objects.select_for_update(of=("self",), no_key=True).get(pk=about.pk)


def checked_translation(about: Page | Service, field: str, text: str) -> str:
    """A text that the place of its source can hold. Raises Refusal."""
    return pages.checked(field, text) if isinstance(about, Page) else facts.text(facts.LONGEST_TEXT)(text)


def save_translation(draft: Translation) -> None:
    """Save; the database compares it with its source. Raises SourceMoved, Refusal."""
    try:
        with transaction.atomic():
            draft.save()
    except IntegrityError as refused:
        if "as it is now" in str(refused):
            raise SourceMoved from refused
        if "no contact of its own" not in str(refused):
            raise
        where = f"{draft.language}, {draft.page or draft.service}, {draft.field}"
        raise Refusal(f"{where} : les numéros, les liens et les services nommés sont ceux du français") from refused
