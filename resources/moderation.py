"""What may be shown, and who decided: the only writer of a published state."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from resources import indexing
from resources.exchange.starter_csv import DirectoryFileError, Problem, Row
from resources.models import (
    AccessChannel,
    Commune,
    Organisation,
    Place,
    Service,
    Verification,
    public_id_of,
    stable_uuid,
)
from resources.vocabulary import Kind

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


@dataclass(frozen=True)
class Loaded:
    """What a load did: services newly published, newly waiting for moderators, and left as they were."""

    published: int
    waiting: int
    untouched: int


def valid_until(kind: str, *, checked_on: date) -> date:
    """Day until which a check holds."""
    long_lived = kind not in {Kind.HOTLINE, Kind.SHELTER}
    days = DAYS_VALID_OTHERS if long_lived else DAYS_VALID_LINES_AND_SHELTERS
    return checked_on + timedelta(days=days)


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
        known = services_known(rows)
        communes = Commune.objects.in_bulk()
        problems = [
            Problem(row.line, "commune", "code INSEE inconnu dans la région")
            for row in rows
            if row.commune and row.commune not in communes
        ]
        if problems:
            raise DirectoryFileError(problems)
        entered = [
            enter(
                row,
                communes=[communes[code] for code in [row.commune, *places.get(row.slug, ())] if code],
                checked_on=checked_on,
            )
            for row in rows
            if row.slug not in known
        ]
        if entered:
            indexing.reindex(
                Service.objects.filter(pk__in=[service.pk for service in entered])
                .select_related("organisation")
                .prefetch_related("channels", "places__commune")
            )
            indexing.count_words()
    published = sum(service.status == Service.Status.PUBLISHED for service in entered)
    return Loaded(published=published, waiting=len(entered) - published, untouched=len(rows) - len(entered))


def wait_for_other_loads() -> None:
    """Two loads at the same moment follow each other, so that the second sees what the first entered."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE resources_service IN SHARE ROW EXCLUSIVE MODE")


def services_known(rows: Iterable[Row]) -> set[str]:
    """Slugs of the rows whose service exists, also when moderators gave it another slug since."""
    slug_of = {stable_uuid("service", row.slug): row.slug for row in rows}
    there = Service.objects.filter(Q(pk__in=slug_of) | Q(slug__in=slug_of.values())).values_list("pk", "slug")
    return {slug for identifier, now_called in there for slug in (now_called, slug_of.get(identifier, now_called))}


def enter(row: Row, *, communes: list[Commune], checked_on: date) -> Service:
    """Save one row as a service with its ways in, its places and its check."""
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
        status=Service.Status.PUBLISHED if checked else Service.Status.PENDING,
        published_at=timezone.now() if checked else None,
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
