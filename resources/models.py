"""What the directory holds, with the constraints that keep nonsense and confidential places out of the database."""

import hashlib
import uuid
from datetime import date
from typing import Any, ClassVar, Self

import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, GistIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Func, GeneratedField, Q
from django.db.models.functions import Length
from django.utils.translation import gettext_lazy as _

from resources.vocabulary import DEPARTEMENTS, Gender, Kind, Need, Rule

models.BinaryField.register_lookup(Length)

PUBLIC_ID_ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"
PUBLIC_ID_LENGTH = 8
# Service.Check, which its own Meta cannot name.
KNOWN_CHECKS = ["none", "memory", "seen_old", "official_page", "secondary_source", "call", "visit", "owner"]
# Words and signs of OpenStreetMap's opening hours; what they say together is checked by whoever writes them.
SIGNS_OF_HOURS = (
    r"^([0-9 :,;+/|()\[\]-]|mo|tu|we|th|fr|sa|su|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|ph|sh|off|closed|open"
    r"|unknown|week|easter|days?|sunrise|sunset|dawn|dusk|\"[^\"]*\")*$"
)
NAMESPACE = uuid.UUID("6f0a5dd4-6f55-5a35-9d4e-3c9f3d0f5b11")


def stable_uuid(*parts: str) -> uuid.UUID:
    """Identifier that the same facts always get, so that addresses and exports survive a reload."""
    return uuid.uuid5(NAMESPACE, "/".join(parts))


def public_id_of(identifier: uuid.UUID) -> str:
    """Eight letters and digits that say nothing of the service: what stands in its page's address."""
    number = int.from_bytes(hashlib.sha256(identifier.bytes).digest()[:8])
    letters = []
    for _position in range(PUBLIC_ID_LENGTH):
        number, rest = divmod(number, len(PUBLIC_ID_ALPHABET))
        letters.append(PUBLIC_ID_ALPHABET[rest])
    return "".join(letters)


# None is what pghistory's manual asks for when no such column is wanted; its annotation does not know.
NO_CONTEXT_ID: Any = None


def every_change() -> tuple[pghistory.RowEvent, ...]:
    """What history keeps: rows as they are entered, after each change, and as they were when deleted."""
    return pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent()


class CubeField(models.Field):  # type: ignore[type-arg]  # not subscriptable at run time
    """A point on the sphere for PostgreSQL's trusted `cube` extension; only ever written by the database."""

    def db_type(self, connection: object) -> str:  # noqa: ARG002 -- named by Django
        """Column type."""
        return "cube"


class UnitSphere(Func):
    """Degrees → point on a sphere of radius 1; straight distance grows with distance on the ground."""

    template = (
        "CASE WHEN latitude IS NOT NULL AND longitude IS NOT NULL THEN"
        " cube(ARRAY[cos(radians(latitude)) * cos(radians(longitude)),"
        " cos(radians(latitude)) * sin(radians(longitude)), sin(radians(latitude))]) END"
    )
    arity = 0
    output_field = CubeField()


class FoldedVector(Func):
    """Weighted words of a text, stemmed in French without accents (text search configuration `fr_folded`)."""

    output_field = SearchVectorField()
    template = "setweight(to_tsvector('fr_folded'::regconfig, %(expressions)s), '%(weight)s')"

    def __init__(self, expression: str, *, weight: str) -> None:
        super().__init__(F(expression), weight=weight)


class ConcatVectors(Func):
    """Vectors joined into one."""

    output_field = SearchVectorField()
    template = "(%(expressions)s)"
    arg_joiner = " || "


class Commune(models.Model):
    """A commune or Paris arrondissement of Île-de-France with its centre (credits: data/README.md)."""

    insee = models.CharField(max_length=5, primary_key=True)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=40)
    departement = models.CharField(max_length=2)
    postcodes = ArrayField(models.CharField(max_length=5))
    population = models.PositiveIntegerField()
    latitude = models.FloatField()
    longitude = models.FloatField()
    coord_source = models.CharField(max_length=40)

    class Meta:
        ordering: ClassVar = ["insee"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(departement__in=list(DEPARTEMENTS)), name="commune_is_in_the_region"),
            models.CheckConstraint(
                condition=Q(latitude__range=(48.0, 49.3), longitude__range=(1.4, 3.6)),
                name="commune_centre_is_in_the_region",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.insee})"


@pghistory.track(
    *every_change(),
    fields=["name", "description", "website"],
    model_name="OrganisationEvent",
    context_field=pghistory.ContextJSONField(),
    context_id_field=NO_CONTEXT_ID,
    append_only=True,
)
class Organisation(models.Model):
    """Who answers for a service."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200, unique=True)
    description = models.TextField(blank=True)
    website = models.URLField(blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [models.CheckConstraint(condition=~Q(name=""), name="organisation_has_a_name")]

    def __str__(self) -> str:
        return self.name


# Texts in another language, by field: [text, status, digest of the French text they stand for].
Translated = dict[str, tuple[str, str, str]] | None


def translations_into(language: str, about: str) -> models.Subquery:
    """All the texts of a row in a language, read with the row itself; `about` is the name of the column for it."""
    rows = Translation.objects.filter(**{about: models.OuterRef("pk")}, language=language).order_by()
    said = Func(
        F("text"), F("status"), F("source_digest"), function="jsonb_build_array", output_field=models.JSONField()
    )
    together = Func(F("field"), said, function="jsonb_object_agg", output_field=models.JSONField())
    return models.Subquery(rows.annotate(together=together).values("together"), output_field=models.JSONField())


class ServiceQuerySet(models.QuerySet["Service"]):
    """Questions that the directory is asked."""

    def in_language(self, language: str) -> Self:
        """With their texts in that language; nothing more is asked in French, which is the source."""
        if language == settings.LANGUAGE_CODE:
            return self
        return self.annotate(translated=translations_into(language, "service"))

    def published(self) -> Self:
        """Services that everybody may see."""
        return self.filter(status=Service.Status.PUBLISHED)

    def awaiting_moderation(self) -> Self:
        """Services that only moderators may see."""
        return self.filter(status=Service.Status.PENDING)

    def to_recheck(self, *, on: date) -> Self:
        """Published services whose check has expired on that day."""
        return self.published().exclude(verified_until__gte=on)

    def covering(self, departement: str) -> Self:
        """Services that work in a département, and those whose territory is not public."""
        return self.filter(Q(departements__contains=[departement]) | Q(departements=[]))

    def complete(self) -> Self:
        """With all that a page or an export needs, in three queries."""
        return (
            self.select_related("organisation")
            .defer("document", "position")
            .prefetch_related(
                models.Prefetch("channels", queryset=AccessChannel.objects.open_to_all()),
                models.Prefetch("places", queryset=Place.objects.select_related("commune")),
            )
        )


# What history keeps of a service: what visitors see and what moderators decided, not what search derives from it.
HISTORIC = [
    "slug", "organisation", "name", "kind", "description", "needs", "topics", "for_professionals", "on_referral_only",
    "min_age", "max_age", "age_rule", "genders", "gender_rule", "languages", "departements", "opening_hours", "free",
    "anonymous", "what_happens", "saturation", "saturation_note", "closed_from", "closed_until", "closure_note",
    "status", "published_at", "verified_on", "verified_by_check", "verified_until",
]  # fmt: skip


@pghistory.track(
    *every_change(),
    fields=HISTORIC,
    model_name="ServiceEvent",
    context_field=pghistory.ContextJSONField(),
    context_id_field=NO_CONTEXT_ID,
    append_only=True,
)
class Service(models.Model):
    """The unit a person looks for: a line, a shelter, a legal clinic, a place of care."""

    class Status(models.TextChoices):
        """Where a service stands; only resources/moderation.py moves it."""

        PENDING = "pending", _("En attente de modération")
        PUBLISHED = "published", _("Publié")
        HIDDEN = "hidden", _("Retiré")

    class Saturation(models.TextChoices):
        """How full a service says it is."""

        UNKNOWN = "unknown", _("Inconnue")
        OPEN = "open", _("Des places")
        WAITING = "waiting", _("Liste d’attente")
        FULL = "full", _("Complet")

    class Check(models.TextChoices):
        """How the facts were checked the last time."""

        NONE = "none", _("Jamais vérifié")
        MEMORY = "memory", _("De mémoire, sans source")
        SEEN_OLD = "seen_old", _("Page ancienne lue")
        OFFICIAL_PAGE = "official_page", _("Copie de page officielle lue")
        SECONDARY_SOURCE = "secondary_source", _("Source indirecte lue")
        CALL = "call", _("Appel")
        VISIT = "visit", _("Visite")
        OWNER = "owner", _("Confirmé par l’organisme")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(max_length=120, unique=True)
    public_id = models.CharField(max_length=PUBLIC_ID_LENGTH, unique=True, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="services")
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=16, choices=Kind)
    description = models.TextField(blank=True)
    needs = ArrayField(models.CharField(max_length=16, choices=Need), default=list, blank=True)
    topics = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    for_professionals = models.BooleanField(default=False)
    on_referral_only = models.BooleanField(default=False)

    min_age = models.PositiveSmallIntegerField(null=True, blank=True)
    max_age = models.PositiveSmallIntegerField(null=True, blank=True)
    age_rule = models.CharField(max_length=8, choices=Rule, default=Rule.EVERYONE)
    genders = ArrayField(models.CharField(max_length=8, choices=Gender), default=list, blank=True)
    gender_rule = models.CharField(max_length=8, choices=Rule, default=Rule.EVERYONE)
    languages = ArrayField(models.CharField(max_length=3), default=list, blank=True)

    departements = ArrayField(models.CharField(max_length=2), default=list, blank=True)
    opening_hours = models.CharField(max_length=300, blank=True)
    free = models.BooleanField(null=True, blank=True)
    anonymous = models.BooleanField(null=True, blank=True)
    what_happens = models.TextField(blank=True)
    saturation = models.CharField(max_length=8, choices=Saturation, default=Saturation.UNKNOWN)
    saturation_note = models.TextField(blank=True)
    closed_from = models.DateField(null=True, blank=True)
    closed_until = models.DateField(null=True, blank=True)
    closure_note = models.TextField(blank=True)

    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    verified_on = models.DateField(null=True, blank=True)
    verified_by_check = models.CharField(max_length=16, choices=Check, default=Check.NONE)
    verified_until = models.DateField(null=True, blank=True)
    # Which service is the same and stays: the old address leads there (resources/duplicates.py).
    merged_into = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="merged")
    moderator_note = models.TextField(blank=True)
    source = models.TextField(blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    # What search reads; written by resources/indexing.py from the rows above, never by hand.
    keywords = models.TextField(blank=True, editable=False)
    # Sets as bits (resources/indexing.py), so that a condition costs nanoseconds and an index answers alone.
    fact_bits = models.BigIntegerField(default=0, editable=False)
    departement_bits = models.SmallIntegerField(default=0, editable=False)
    takes_gender_bits = models.SmallIntegerField(default=0, editable=False)
    takes_from_age = models.SmallIntegerField(default=0, editable=False)
    takes_to_age = models.SmallIntegerField(default=0, editable=False)
    standing = models.SmallIntegerField(default=0, editable=False)
    latitude = models.FloatField(null=True, blank=True, editable=False)
    longitude = models.FloatField(null=True, blank=True, editable=False)
    document = GeneratedField(
        expression=ConcatVectors(
            FoldedVector("name", weight="A"),
            FoldedVector("keywords", weight="B"),
            FoldedVector("description", weight="C"),
        ),
        output_field=SearchVectorField(),
        db_persist=True,
    )
    position = GeneratedField(expression=UnitSphere(), output_field=CubeField(null=True), db_persist=True)

    objects = ServiceQuerySet.as_manager()
    # By field, [text, status, digest of its source], when the row was read for a language (resources/translations.py).
    translated: Translated = None

    class Meta:
        ordering: ClassVar = ["slug"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(name=""), name="service_has_a_name"),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="service_kind_is_known"),
            models.CheckConstraint(
                condition=Q(status__in=["pending", "published", "hidden"]), name="service_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(saturation__in=["unknown", "open", "waiting", "full"]), name="service_saturation_is_known"
            ),
            models.CheckConstraint(
                condition=Q(age_rule__in=Rule.values, gender_rule__in=Rule.values), name="service_rules_are_known"
            ),
            models.CheckConstraint(condition=Q(verified_by_check__in=KNOWN_CHECKS), name="service_check_is_known"),
            models.CheckConstraint(condition=Q(needs__contained_by=list(Need.values)), name="service_needs_are_known"),
            models.CheckConstraint(
                condition=Q(departements__contained_by=list(DEPARTEMENTS)),
                name="service_departements_are_in_the_region",
            ),
            models.CheckConstraint(
                condition=Q(genders__contained_by=list(Gender.values)),
                name="service_genders_are_known",
            ),
            models.CheckConstraint(
                condition=Q(min_age__isnull=True) | Q(max_age__isnull=True) | Q(min_age__lte=F("max_age")),
                name="service_ages_are_in_order",
            ),
            models.CheckConstraint(
                condition=(Q(min_age__isnull=True) | Q(min_age__lte=120))
                & (Q(max_age__isnull=True) | Q(max_age__lte=120)),
                name="service_ages_are_human",
            ),
            models.CheckConstraint(
                condition=Q(age_rule=Rule.EVERYONE, min_age__isnull=True, max_age__isnull=True)
                | (~Q(age_rule=Rule.EVERYONE) & (Q(min_age__isnull=False) | Q(max_age__isnull=False))),
                name="service_age_rule_says_which_ages",
            ),
            models.CheckConstraint(
                condition=Q(gender_rule=Rule.EVERYONE, genders=[]) | (~Q(gender_rule=Rule.EVERYONE) & ~Q(genders=[])),
                name="service_gender_rule_says_which_genders",
            ),
            models.CheckConstraint(
                condition=Q(closed_until__isnull=True)
                | Q(closed_from__isnull=False, closed_until__gte=F("closed_from")),
                name="service_closure_begins_before_it_ends",
            ),
            models.CheckConstraint(
                condition=~Q(status="published")
                | Q(
                    published_at__isnull=False,
                    verified_on__isnull=False,
                    verified_until__isnull=False,
                )
                & ~Q(verified_by_check__in=["none", "memory", "seen_old"]),
                name="service_published_was_checked",
            ),
            models.CheckConstraint(
                condition=Q(verified_until__isnull=True)
                | Q(verified_on__isnull=False, verified_until__gt=F("verified_on")),
                name="service_check_expires_after_it_was_made",
            ),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(latitude__isnull=False, longitude__isnull=False),
                name="service_position_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(opening_hours__iregex=SIGNS_OF_HOURS), name="service_hours_are_written_as_hours"
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | Q(status="hidden") & ~Q(merged_into=F("id")),
                name="service_merged_is_hidden_and_not_into_itself",
            ),
        ]
        indexes: ClassVar = [
            GinIndex(F("document"), name="service_by_words", condition=Q(status="published"), fastupdate=False),
            models.Index(
                fields=["-standing", "id"],
                include=[
                    "fact_bits",
                    "departement_bits",
                    "takes_gender_bits",
                    "takes_from_age",
                    "takes_to_age",
                ],
                name="service_by_standing",
                condition=Q(status="published"),
            ),
            GistIndex(F("position"), name="service_by_distance", condition=Q(status="published")),
            models.Index("opening_hours", name="service_by_hours", condition=Q(status="published")),
            # Names alike, for imports and duplicates: of every service, shown or not.
            GinIndex(OpClass(F("name"), name="gin_trgm_ops"), name="service_by_trigram"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        """Give the opaque address at birth."""
        if not self.public_id:
            self.public_id = public_id_of(self.id)
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    @property
    def is_emergency(self) -> bool:
        """Whether its number belongs above everything else."""
        return Need.URGENCE in self.needs and self.kind == Kind.HOTLINE

    @property
    def is_relied_on(self) -> bool:
        """Whether people in danger go there without a second try: what says when and for whom takes two moderators."""
        return self.kind in {Kind.HOTLINE, Kind.SHELTER} or Need.URGENCE in self.needs

    @property
    def is_regional(self) -> bool:
        """Whether it works in the whole region (or beyond)."""
        return len(self.departements) == len(DEPARTEMENTS)

    def check_expired(self, *, on: date) -> bool:
        """Whether its last check is too old on that day: the page then says «à vérifier»."""
        return self.verified_until is None or self.verified_until < on

    def is_closed(self, *, on: date) -> bool:
        """Whether it is temporarily closed on that day."""
        return (
            self.closed_from is not None
            and self.closed_from <= on
            and (self.closed_until is None or on <= self.closed_until)
        )


class AccessChannelQuerySet(models.QuerySet["AccessChannel"]):
    """Ways in, by who may know them."""

    def open_to_all(self) -> Self:
        """Channels that a public page or an export may carry: never how to come to a confidential place."""
        return self.filter(visibility=AccessChannel.Visibility.PUBLIC).exclude(
            kind=AccessChannel.Kind.PLACE, service__places__confidential=True
        )


@pghistory.track(
    *every_change(),
    fields=["service", "kind", "value", "visibility", "note"],
    model_name="ChannelEvent",
    context_field=pghistory.ContextJSONField(),
    context_id_field=NO_CONTEXT_ID,
    append_only=True,
)
class AccessChannel(models.Model):
    """One way to reach a service."""

    class Kind(models.TextChoices):
        """By what means."""

        PHONE = "phone", _("Appeler")
        SMS = "sms", _("Écrire un SMS")
        CHAT = "chat", _("Tchat")
        EMAIL = "email", _("Courriel")
        WEB = "web", _("Site")
        PLACE = "place", _("Venir")

    class Visibility(models.TextChoices):
        """Who may know it."""

        PUBLIC = "public", _("Tout le monde")
        PROFESSIONALS = "professionals", _("Professionnels seulement")

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="channels")
    kind = models.CharField(max_length=8, choices=Kind)
    value = models.CharField(max_length=300)
    visibility = models.CharField(max_length=16, choices=Visibility, default=Visibility.PUBLIC)
    note = models.CharField(max_length=200, blank=True)

    objects = AccessChannelQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["service_id", "kind", "id"]
        indexes: ClassVar = [models.Index(fields=["value", "kind"], name="channel_by_value")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["service", "kind", "value"], name="channel_is_listed_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["phone", "sms", "chat", "email", "web", "place"]), name="channel_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(visibility__in=["public", "professionals"]), name="channel_visibility_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["phone", "sms"]) | Q(value__regex=r"^(\+[0-9]{6,15}|[0-9]{2,10})$"),
                name="channel_number_is_digits",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["web", "chat"]) | Q(value__regex=r"^https?://[^\s]+$"),
                name="channel_address_is_http",
            ),
            models.CheckConstraint(
                condition=~Q(kind="email") | Q(value__regex=r"^[^@\s]+@[^@\s]+\.[^@\s]+$"),
                name="channel_mail_has_an_at",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.value}"


@pghistory.track(
    *every_change(),
    fields=["service", "commune", "confidential", "address", "latitude", "longitude"],
    model_name="PlaceEvent",
    context_field=pghistory.ContextJSONField(),
    context_id_field=NO_CONTEXT_ID,
)
class Place(models.Model):
    """Where a service receives people; a confidential place keeps its commune at most."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="places")
    commune = models.ForeignKey(Commune, on_delete=models.PROTECT, related_name="places", null=True, blank=True)
    confidential = models.BooleanField(default=False)
    address = models.CharField(max_length=200, blank=True)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["service_id", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(confidential=False) | Q(address="", latitude__isnull=True, longitude__isnull=True),
                name="place_confidential_has_no_address_and_no_point",
            ),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                # Said twice: a range of NULL is neither true nor false, and CHECK lets that pass.
                | Q(latitude__isnull=False, longitude__isnull=False)
                & Q(latitude__range=(48.0, 49.3), longitude__range=(1.4, 3.6)),
                name="place_point_is_in_the_region",
            ),
            models.CheckConstraint(
                condition=Q(address="") | Q(commune__isnull=False),
                name="place_address_has_a_commune",
            ),
        ]

    def __str__(self) -> str:
        return self.commune.name if self.commune else str(_("lieu non public"))


class Verification(models.Model):
    """One check of a service's facts: when, how, what was confirmed, and until when it holds."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="verifications")
    checked_on = models.DateField()
    check_kind = models.CharField(max_length=16, choices=Service.Check)
    valid_until = models.DateField()
    confirmed = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["service_id", "-checked_on", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(valid_until__gt=F("checked_on")),
                name="verification_ends_after_it_begins",
            ),
            models.CheckConstraint(condition=~Q(check_kind="none"), name="verification_was_made_somehow"),
            models.CheckConstraint(condition=Q(check_kind__in=KNOWN_CHECKS), name="verification_kind_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.service_id} {self.checked_on}"


class PageQuerySet(models.QuerySet["Page"]):
    """Pages that explain."""

    def in_language(self, language: str) -> Self:
        """With their texts in that language; nothing more is asked in French, which is the source."""
        if language == settings.LANGUAGE_CODE:
            return self
        return self.annotate(translated=translations_into(language, "page"))


@pghistory.track(
    *every_change(),
    fields=["slug", "tab", "title", "lead", "text"],
    model_name="PageEvent",
    context_field=pghistory.ContextJSONField(),
    context_id_field=NO_CONTEXT_ID,
    append_only=True,
)
class Page(models.Model):
    """A short text that explains, in French; what it may hold: resources/pages.py.

    A starter file enters it; afterwards it says what one moderator proposed and another agreed to, or the database
    refuses (migration let_nobody_change_pages_alone).
    """

    slug = models.SlugField(max_length=40, unique=True)
    position = models.PositiveSmallIntegerField()
    tab = models.CharField(max_length=30)  # of the browser: it never names the subject
    title = models.CharField(max_length=200)
    lead = models.CharField(max_length=300)
    text = models.TextField()

    objects = PageQuerySet.as_manager()
    translated: Translated = None

    class Meta:
        ordering: ClassVar = ["position", "slug"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(tab="") & ~Q(title="") & ~Q(lead="") & ~Q(text=""), name="page_says_something"
            ),
        ]

    def __str__(self) -> str:
        return self.title


@pghistory.track(
    *every_change(),
    fields=["page", "service", "field", "language", "text", "status", "source_digest"],
    model_name="TranslationEvent",
    context_field=pghistory.ContextJSONField(),
    context_id_field=NO_CONTEXT_ID,
    append_only=True,
)
class Translation(models.Model):
    """A text of a page or of a service in another language.

    It stands for one French text, of which it keeps the digest: when the French moves, it is out of date by itself. No
    row, no translation. One word publishes it, so the database refuses any number, address or link in it that its
    source does not hold (migration let_nobody_change_pages_alone).
    """

    class Status(models.TextChoices):
        """Who read it."""

        MACHINE = "machine", _("Faite avec une machine, à relire")
        REVIEWED = "reviewed", _("Relue")

    page = models.ForeignKey(Page, on_delete=models.CASCADE, null=True, blank=True, related_name="translations")
    service = models.ForeignKey(Service, on_delete=models.CASCADE, null=True, blank=True, related_name="translations")
    field = models.CharField(max_length=16)
    language = models.CharField(max_length=8)
    text = models.TextField()
    status = models.CharField(max_length=8, choices=Status, default=Status.MACHINE)
    source_digest = models.CharField(max_length=32)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["page", "language", "field"], name="translation_of_a_page_is_one"),
            models.UniqueConstraint(fields=["service", "language", "field"], name="translation_of_a_service_is_one"),
            models.CheckConstraint(
                condition=Q(page__isnull=False, service__isnull=True, field__in=["tab", "title", "lead", "text"])
                | Q(
                    page__isnull=True,
                    service__isnull=False,
                    field__in=["description", "what_happens", "saturation_note", "closure_note"],
                ),
                name="translation_is_of_a_text_that_is_shown",
            ),
            models.CheckConstraint(condition=~Q(text=""), name="translation_says_something"),
            models.CheckConstraint(condition=~Q(language="fr"), name="translation_is_not_of_french"),
            models.CheckConstraint(condition=Q(status__in=["machine", "reviewed"]), name="translation_status_is_known"),
            models.CheckConstraint(
                condition=Q(status="machine") | Q(by__isnull=False), name="translation_was_reviewed_by_somebody"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.language} {self.field}"


class ProposalQuerySet(models.QuerySet["Proposal"]):
    """Questions about what was proposed."""

    def open(self) -> Self:
        """Those that nobody has decided."""
        return self.filter(status=Proposal.Status.OPEN)

    def by_risk(self) -> Self:
        """What may hurt first, then what waits longest."""
        return self.order_by("-risk", "proposed_on", "pk")


class Proposal(models.Model):
    """What somebody wants the directory to say, field by field, with before and after.

    `changes` is {field: {"before": value, "after": value}}; fields and values are those of resources/facts.py, or of
    resources/pages.py: what is proposed for a page never moves, since it takes one proposer and one other. Votes
    count for one `revision`: whenever `changes` moves, the database counts a new one. Only resources/moderation.py
    opens and decides proposals; triggers (migration 0005) keep others from publishing beside it.
    """

    class Kind(models.TextChoices):
        """What it asks for."""

        NEW = "new", _("Nouvelle fiche")
        PUBLISH = "publish", _("Publication")
        CHANGE = "change", _("Correction")
        UNREACHABLE = "unreachable", _("Ce numéro ne répond pas")
        CLOSED = "closed", _("C’est fermé")

    class Origin(models.TextChoices):
        """Where it comes from."""

        VISITOR = "visitor", _("Visiteur")
        STAFF = "staff", _("Équipe")
        IMPORT = "import", _("Fichier importé")
        STARTER = "starter", _("Fichier de départ")
        HISTORY = "history", _("Retour en arrière")
        OWNER = "owner", _("L’organisme")

    class Status(models.TextChoices):
        """Where it stands."""

        OPEN = "open", _("À décider")
        APPLIED = "applied", _("Acceptée")
        REFUSED = "refused", _("Refusée")

    class Risk(models.IntegerChoices):
        """How much harm a mistake does."""

        LOW = 1, _("Détail")
        CONTACT = 2, _("Contact ou publication")
        DANGER = 3, _("Quelqu’un appelle peut-être en vain")

    kind = models.CharField(max_length=12, choices=Kind)
    origin = models.CharField(max_length=8, choices=Origin)
    status = models.CharField(max_length=8, choices=Status, default=Status.OPEN)
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="proposals", null=True, blank=True)
    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="proposals", null=True, blank=True)
    changes = models.JSONField(default=dict)
    revision = models.PositiveIntegerField(default=1, editable=False)  # written by the database
    approvals_needed = models.PositiveSmallIntegerField(default=2, editable=False)  # written by the database
    second_wanted = models.BooleanField(default=False)
    risk = models.PositiveSmallIntegerField(choices=Risk, default=Risk.LOW)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="proposals"
    )
    said = models.CharField(max_length=500, blank=True)  # what a visitor added; emptied with the decision
    times = models.PositiveIntegerField(default=1)  # how often the same was proposed
    source = models.CharField(max_length=300, blank=True)  # where the facts were read
    note = models.TextField(blank=True)  # for moderators only
    check_kind = models.CharField(max_length=16, choices=Service.Check, blank=True)
    checked_on = models.DateField(null=True, blank=True)
    confirmed = models.TextField(blank=True)
    proposed_on = models.DateField()
    decided_on = models.DateField(null=True, blank=True)

    objects = ProposalQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=["new", "publish", "change", "unreachable", "closed"]),
                name="proposal_kind_is_known",
            ),
            models.CheckConstraint(
                condition=Q(origin__in=["visitor", "staff", "import", "starter", "history", "owner"]),
                name="proposal_origin_is_known",
            ),
            models.CheckConstraint(
                condition=Q(status="open", decided_on__isnull=True)
                | Q(status__in=["applied", "refused"], decided_on__isnull=False),
                name="proposal_is_open_until_a_day",
            ),
            models.CheckConstraint(
                condition=Q(page__isnull=True) & (Q(service__isnull=False) | Q(kind="new"))
                | Q(page__isnull=False, service__isnull=True, kind="change"),
                name="proposal_is_about_a_service_a_page_or_a_new_one",
            ),
            models.CheckConstraint(
                condition=Q(page__isnull=True) | Q(author__isnull=False), name="proposal_of_a_page_has_an_author"
            ),
            models.CheckConstraint(
                condition=Q(author__isnull=True) | Q(origin__in=["staff", "import"]),
                name="proposal_of_a_visitor_has_no_author",
            ),
            models.CheckConstraint(
                condition=Q(status="open") | Q(said=""), name="proposal_decided_keeps_no_words_of_a_visitor"
            ),
            models.CheckConstraint(condition=Q(risk__range=(1, 3)), name="proposal_risk_is_known"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-risk", "proposed_on", "id"], name="proposal_by_risk", condition=Q(status="open")),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.kind}"

    @property
    def is_open(self) -> bool:
        """Whether nobody has decided it."""
        return self.status == Proposal.Status.OPEN


class Vote(models.Model):
    """What one moderator says of a proposal, for one revision of it; one voice a person."""

    class Verdict(models.TextChoices):
        """What they say."""

        APPROVE = "approve", _("D’accord")
        REFUSE = "refuse", _("Refus")
        ASK = "ask", _("Demande un second avis")

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="votes")
    moderator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="votes")
    verdict = models.CharField(max_length=8, choices=Verdict)
    revision = models.PositiveIntegerField()
    reason = models.CharField(max_length=500, blank=True)
    voted_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["proposal", "moderator"], name="vote_is_one_a_person"),
            models.CheckConstraint(condition=Q(verdict__in=["approve", "refuse", "ask"]), name="vote_verdict_is_known"),
            models.CheckConstraint(condition=~Q(verdict="refuse") | ~Q(reason=""), name="vote_refusal_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.proposal_id} {self.verdict}"


class Ticket(models.Model):
    """Six words that lead a visitor back to what became of their proposal; of the words, a peppered digest is kept."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="tickets")
    locator = models.BinaryField(unique=True)
    pepper_epoch = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(locator__length=32), name="ticket_keeps_a_digest"),
        ]

    def __str__(self) -> str:
        return str(self.proposal_id)


class Affiliation(models.Model):
    """A moderator who says that they work for an organisation; the database knows others by their team.

    `resources_houses_of` lists both (docs/adr/0013-facts-bar-a-voice.md): they never decide about it.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="affiliations")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="affiliations")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "organisation"], name="affiliation_is_said_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.organisation_id}"


class OwnerLink(models.Model):
    """A link by which the owner of a listing confirms it once: the row goes when it is used. Only a digest is kept."""

    service = models.OneToOneField(Service, on_delete=models.CASCADE, related_name="owner_link")
    digest = models.BinaryField(unique=True)
    expires_on = models.DateField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(digest__length=32), name="owner_link_keeps_a_digest"),
        ]

    def __str__(self) -> str:
        return str(self.service_id)


class SearchWord(models.Model):
    """A word that published services use and in how many of them: rare words weigh more, misspelt ones are mended."""

    word = models.CharField(max_length=40, primary_key=True)
    lexeme = models.CharField(max_length=40, db_index=True)
    shown = models.CharField(max_length=40)
    services = models.PositiveIntegerField()

    class Meta:
        ordering: ClassVar = ["word"]
        indexes: ClassVar = [GinIndex(OpClass(F("word"), name="gin_trgm_ops"), name="searchword_by_trigram")]

    def __str__(self) -> str:
        return self.word
