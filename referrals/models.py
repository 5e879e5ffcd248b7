"""What is kept of a referral: a plan, dates by day, and sealed bytes; constraints make plaintext impossible."""

import uuid
from typing import ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.utils.translation import gettext_lazy as _

from referrals import crypto
from resources.models import Organisation
from resources.vocabulary import DEPARTEMENTS, Gender, Need

models.BinaryField.register_lookup(Length)

HANDOFF_BYTES = 512
WEBHOOK_SECRET_BYTES = 64


class Referrer(models.TextChoices):
    """Who writes (contract.md §2)."""

    SELF = "self", _("Pour moi")
    RELATIVE = "relative", _("Pour quelqu’un que je connais")
    WITNESS = "witness", _("J’ai vu quelque chose")
    PROFESSIONAL = "professional", _("Je suis un professionnel")


class AgeBand(models.TextChoices):
    """Ages as they are asked; nobody gives a birth date."""

    UNDER_15 = "under15", _("Moins de 15 ans")
    FROM_15 = "15-17", _("15 à 17 ans")
    FROM_18 = "18-20", _("18 à 20 ans")
    FROM_21 = "21-25", _("21 à 25 ans")
    FROM_26 = "26plus", _("26 ans ou plus")
    UNKNOWN = "unknown", _("Je préfère ne pas dire")


class Urgency(models.TextChoices):
    """How soon an answer is needed."""

    NOW = "now", _("Tout de suite")
    DAY = "24h", _("Aujourd’hui ou demain")
    WEEK = "week", _("Cette semaine")


class PartnerQuerySet(models.QuerySet["Partner"]):
    """Questions about partners."""

    def live(self) -> Self:
        """Partners that can read: a current team key, and two members at least who hold a share of it."""
        held = (
            TeamKeyShare.objects.filter(
                team_key__partner=models.OuterRef("pk"),
                team_key__retired_on__isnull=True,
                member_key__member__left_on__isnull=True,
            )
            .order_by()
            .values("team_key")
            .annotate(n=models.Count("pk"))
            .filter(n__gte=2)
        )
        return self.filter(models.Exists(held))

    def duty_desk(self) -> Self:
        """The partner that nobody asks for and that everything reaches in the end; one at most."""
        return self.filter(is_duty_desk=True)


class Partner(models.Model):
    """An association that answers, and whom it takes (contract.md §4). The file of partners is read by
    `load_partners`; `own_open` counts what it has open here, on top of what it declared."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    # Its entry in the directory, which its team then does not moderate (migration 0006).
    organisation = models.ForeignKey(
        Organisation, on_delete=models.SET_NULL, null=True, blank=True, related_name="partners"
    )
    stance = models.TextField(blank=True)  # who they are, in their own plain words; shown before writing
    needs = ArrayField(models.CharField(max_length=16, choices=Need), default=list, blank=True)
    departements = ArrayField(models.CharField(max_length=2), default=list, blank=True)
    min_age = models.PositiveSmallIntegerField(null=True, blank=True)
    max_age = models.PositiveSmallIntegerField(null=True, blank=True)
    genders = ArrayField(models.CharField(max_length=8, choices=Gender), default=list, blank=True)
    languages = ArrayField(models.CharField(max_length=3), default=list, blank=True)
    referrers = ArrayField(models.CharField(max_length=12, choices=Referrer), default=list, blank=True)
    urgencies = ArrayField(models.CharField(max_length=4, choices=Urgency), default=list, blank=True)
    commune = models.CharField(max_length=5, blank=True)  # INSEE code of the office
    capacity = models.PositiveIntegerField(default=0)
    declared_open = models.PositiveIntegerField(default=0)
    own_open = models.PositiveIntegerField(default=0)  # written by lifecycle only
    active = models.BooleanField(default=True)
    paused = models.BooleanField(default=False)  # set by the partner itself
    opening_hours = models.CharField(max_length=300, blank=True)
    last_resort = models.BooleanField(default=False)
    is_duty_desk = models.BooleanField(default=False)

    objects = PartnerQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["slug"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(name=""), name="partner_has_a_name"),
            models.CheckConstraint(condition=~Q(slug=crypto.SENDER), name="partner_is_not_the_sender"),
            models.CheckConstraint(condition=Q(needs__contained_by=list(Need.values)), name="partner_needs_are_known"),
            models.CheckConstraint(
                condition=Q(departements__contained_by=list(DEPARTEMENTS)),
                name="partner_departements_are_in_the_region",
            ),
            models.CheckConstraint(
                condition=Q(genders__contained_by=list(Gender.values)), name="partner_genders_are_known"
            ),
            models.CheckConstraint(
                condition=Q(referrers__contained_by=list(Referrer.values)), name="partner_referrers_are_known"
            ),
            models.CheckConstraint(
                condition=Q(urgencies__contained_by=list(Urgency.values)), name="partner_urgencies_are_known"
            ),
            models.CheckConstraint(
                condition=Q(min_age__isnull=True) | Q(max_age__isnull=True) | Q(min_age__lte=F("max_age")),
                name="partner_ages_are_in_order",
            ),
            models.UniqueConstraint(
                fields=["is_duty_desk"], condition=Q(is_duty_desk=True), name="there_is_one_duty_desk"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Member(models.Model):
    """A person of a partner's team. Who left stays as a row without a key, so that the record of acts keeps a name."""

    class Role(models.TextChoices):
        """What a member may do for the team."""

        MEMBER = "member", _("Membre")
        MANAGER = "manager", _("Responsable")

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role, default=Role.MEMBER)
    name = models.CharField(max_length=80, blank=True)  # how colleagues call this person
    joined_on = models.DateField()
    left_on = models.DateField(null=True, blank=True)
    wants_mail = models.BooleanField(default=True)
    last_mail_at = models.DateTimeField(null=True, blank=True)  # of our notices to staff, so that they stay few

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(left_on__isnull=True), name="a_person_is_in_one_team_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(left_on__isnull=True) | Q(left_on__gte=F("joined_on")), name="member_joins_before_leaving"
            ),
        ]

    def __str__(self) -> str:
        return self.name or str(self.user)


def bytes_of(field: str, *sizes: int) -> Q:
    """The field holds exactly so many bytes."""
    return Q(**{f"{field}__length__in": sizes})


class MemberKey(models.Model):
    """A member's key pair; the private half only locked: by the passphrase, by the paper phrase (docs/sealing.md)."""

    member = models.OneToOneField(Member, on_delete=models.CASCADE, related_name="key")
    public_key = models.BinaryField(unique=True)
    passphrase_salt = models.BinaryField()
    by_passphrase = models.BinaryField()
    paper_salt = models.BinaryField()
    by_paper = models.BinaryField()
    created_on = models.DateField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=bytes_of("public_key", crypto.KEY_BYTES)
                & bytes_of("passphrase_salt", crypto.SALT_BYTES)
                & bytes_of("by_passphrase", crypto.LOCKED_KEY_BYTES)
                & bytes_of("paper_salt", crypto.SALT_BYTES)
                & bytes_of("by_paper", crypto.LOCKED_KEY_BYTES),
                name="member_key_is_locked",
            ),
        ]


class PasskeyLock(models.Model):
    """A third way to open a member's private key: the PRF output of a passkey."""

    member_key = models.ForeignKey(MemberKey, on_delete=models.CASCADE, related_name="passkeys")
    credential_id = models.BinaryField(unique=True)
    name = models.CharField(max_length=80, blank=True)
    salt = models.BinaryField()
    locked = models.BinaryField()
    created_on = models.DateField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=bytes_of("salt", crypto.SALT_BYTES) & bytes_of("locked", crypto.LOCKED_KEY_BYTES),
                name="passkey_locks_a_key",
            ),
        ]


class TeamKey(models.Model):
    """The public half of a team's key of one epoch; the private half exists only in members' shares."""

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="team_keys")
    epoch = models.PositiveIntegerField()
    public_key = models.BinaryField(unique=True)
    created_on = models.DateField()
    retired_on = models.DateField(null=True, blank=True)  # another epoch took over
    destroyed_on = models.DateField(null=True, blank=True)  # its last case died, and its shares with it

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["partner", "epoch"], name="team_epoch_is_unique"),
            models.UniqueConstraint(
                fields=["partner"], condition=Q(retired_on__isnull=True), name="team_has_one_current_key"
            ),
            models.CheckConstraint(condition=bytes_of("public_key", crypto.KEY_BYTES), name="team_key_is_a_key"),
            models.CheckConstraint(condition=Q(epoch__gte=1), name="team_epochs_start_at_one"),
        ]

    def __str__(self) -> str:
        return f"{self.partner} {self.epoch}"


class TeamKeyShare(models.Model):
    """A team's private key, sealed to one member."""

    team_key = models.ForeignKey(TeamKey, on_delete=models.CASCADE, related_name="shares")
    member_key = models.ForeignKey(MemberKey, on_delete=models.CASCADE, related_name="shares")
    enc = models.BinaryField()
    ct = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["team_key", "member_key"], name="member_has_one_share_of_an_epoch"),
            models.CheckConstraint(
                condition=bytes_of("enc", crypto.ENC_BYTES) & bytes_of("ct", crypto.WRAPPED_KEY_BYTES),
                name="share_is_a_sealed_key",
            ),
        ]


class ReferralQuerySet(models.QuerySet["Referral"]):
    """Questions about referrals."""

    def open(self) -> Self:
        """Neither closed nor out of partners."""
        return self.filter(status__in=Referral.OPEN)

    def waiting(self) -> Self:
        """Served to a partner that has not taken it yet."""
        return self.filter(status=Referral.Status.WAITING)


class Referral(models.Model):
    """A request without a name. What routing used is not here: it travels sealed in the first message."""

    class Status(models.TextChoices):
        """Where it stands; moved by referrals/lifecycle.py only."""

        WAITING = "waiting", _("En attente")
        ACKNOWLEDGED = "acknowledged", _("Prise en charge")
        ANSWERED = "answered", _("Réponse envoyée")
        CLOSED = "closed", _("Terminée")
        EXHAUSTED = "exhausted", _("Sans réponse")

    OPEN = (Status.WAITING, Status.ACKNOWLEDGED, Status.ANSWERED)

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    locator_hash = models.BinaryField(unique=True)
    pepper_epoch = models.PositiveSmallIntegerField()
    case_key = models.BinaryField(unique=True)  # the sender's public key, to which every message is bound
    status = models.CharField(max_length=12, choices=Status, default=Status.WAITING)
    urgency = models.CharField(max_length=4, choices=Urgency)
    author = models.ForeignKey(Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="sent")
    received_on = models.DateField()
    due_at = models.DateTimeField(null=True, blank=True)  # when the partner that has it must have taken it
    closed_on = models.DateField(null=True, blank=True)
    content_dies_on = models.DateField(null=True, blank=True)
    dies_on = models.DateField()

    objects = ReferralQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=bytes_of("locator_hash", 32) & bytes_of("case_key", crypto.KEY_BYTES),
                name="referral_is_known_by_hashes_and_keys",
            ),
            models.CheckConstraint(
                condition=~Q(status="waiting") | Q(due_at__isnull=False), name="referral_that_waits_has_a_due_time"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["closed", "exhausted"], closed_on__isnull=False)
                | Q(status__in=["waiting", "acknowledged", "answered"], closed_on__isnull=True, content_dies_on=None),
                name="referral_that_ended_says_when",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=Q(status="waiting"), name="referral_by_due_time"),
            # What the queues count, so that they need not read the old ones.
            models.Index(
                fields=["id"],
                include=["status", "urgency", "due_at"],
                condition=Q(status__in=["waiting", "acknowledged", "answered"]),
                name="referral_that_is_open",
            ),
            models.Index(fields=["content_dies_on"], name="referral_by_end_of_content"),
            models.Index(fields=["dies_on"], name="referral_by_death"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class PlanStep(models.Model):
    """One partner of the plan that the person agreed to, in order."""

    class State(models.TextChoices):
        """What became of it."""

        PLANNED = "planned", _("Prévue")
        WAITING = "waiting", _("En attente de sa réponse")
        ACKNOWLEDGED = "acknowledged", _("A pris la demande")
        DECLINED = "declined", _("Ne peut pas")
        OVERDUE = "overdue", _("N’a pas répondu à temps")
        HANDED_OVER = "handed_over", _("A passé le relais")
        CLOSED = "closed", _("Terminée")

    class Decline(models.TextChoices):
        """Why a partner cannot take a referral; codes only, no free text."""

        FULL = "full", _("Plus de place")
        AGE = "age", _("Âge")
        GENDER = "gender", _("Public accueilli")
        PLACE = "place", _("Hors de notre territoire")
        LANGUAGE = "language", _("Langue")
        NEED = "need", _("Pas notre métier")
        SAFETY = "safety", _("Trop près du danger")
        OTHER = "other", _("Autre raison")

    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="plan")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="steps")
    position = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=12, choices=State, default=State.PLANNED)
    decline_code = models.CharField(max_length=8, choices=Decline, blank=True)
    taken_by = models.ForeignKey(Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="taken")

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["referral", "position"], name="plan_has_one_step_a_position"),
            models.UniqueConstraint(fields=["referral", "partner"], name="plan_names_a_partner_once"),
            models.UniqueConstraint(
                fields=["referral"],
                condition=Q(state__in=["waiting", "acknowledged"]),
                name="plan_is_with_one_partner_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state="declined") | Q(decline_code=""), name="plan_step_has_a_code_when_declined"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["partner", "state"],
                include=["referral", "taken_by"],
                condition=Q(state__in=["waiting", "acknowledged"]),
                name="plan_step_by_partner",
            ),
            models.Index(fields=["partner"], condition=Q(state="closed"), name="plan_step_that_ended"),
        ]


class Message(models.Model):
    """Words of the sender or of a partner, sealed; the size says only which of two buckets."""

    class Direction(models.TextChoices):
        """Who wrote it; crypto.Direction."""

        SENDER = "s", _("La personne")
        PARTNER = "p", _("Un partenaire")

    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="messages")
    sequence = models.PositiveIntegerField()
    direction = models.CharField(max_length=1, choices=Direction)
    partner = models.ForeignKey(Partner, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    ciphertext = models.BinaryField()

    class Meta:
        ordering: ClassVar = ["sequence"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["referral", "sequence"], name="message_has_its_place"),
            models.CheckConstraint(
                condition=bytes_of("ciphertext", *crypto.CIPHERTEXT_BYTES), name="message_fills_a_bucket"
            ),
            models.CheckConstraint(
                condition=Q(direction="s", partner__isnull=True) | Q(direction="p", partner__isnull=False),
                name="message_says_which_side_wrote_it",
            ),
        ]


class MessageWrap(models.Model):
    """The key of a message, sealed to one addressee: a partner's team of an epoch, or the sender (no partner)."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="wraps")
    partner = models.ForeignKey(Partner, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    epoch = models.PositiveIntegerField(default=0)
    enc = models.BinaryField()
    ct = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["message", "partner", "epoch"], nulls_distinct=False, name="wrap_is_made_once"
            ),
            models.CheckConstraint(
                condition=bytes_of("enc", crypto.ENC_BYTES) & bytes_of("ct", crypto.WRAPPED_KEY_BYTES),
                name="wrap_is_a_sealed_key",
            ),
            models.CheckConstraint(
                condition=Q(partner__isnull=True, epoch=0) | Q(partner__isnull=False, epoch__gte=1),
                name="wrap_names_an_epoch_of_a_team",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["partner", "epoch"], name="wrap_by_team_key")]


class Event(models.Model):
    """What happened, by day, and which member did it; never changed, dies with its referral."""

    class Kind(models.TextChoices):
        """The steps of lifecycle.py."""

        SUBMITTED = "submitted", _("Reçue")
        SERVED = "served", _("Remise")
        ACKNOWLEDGED = "acknowledged", _("Prise en charge")
        ANSWERED = "answered", _("Réponse")
        WROTE_AGAIN = "wrote_again", _("Nouveau message de la personne")
        DECLINED = "declined", _("Refusée")
        OVERDUE = "overdue", _("Délai passé")
        HANDED_OVER = "handed_over", _("Relais passé")
        CLOSED = "closed", _("Terminée")
        EXHAUSTED = "exhausted", _("Plus de partenaire")
        AUTHORITY_TOLD = "authority_told", _("Transmise à la CRIP ou au procureur")
        CONTENT_ERASED = "content_erased", _("Contenu effacé")
        KEY_LOST = "key_lost", _("Illisible pour ce partenaire")

    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=16, choices=Kind)
    day = models.DateField()
    partner = models.ForeignKey(Partner, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    member = models.ForeignKey(Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering: ClassVar = ["pk"]


class MonthlyCount(models.Model):
    """How many, per month and question, with no link to a referral."""

    month = models.DateField()
    key = models.CharField(max_length=40)
    number = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["month", "key"], name="count_is_kept_once"),
            models.CheckConstraint(condition=Q(month__day=1), name="count_is_of_a_month"),
        ]


class Tally(models.Model):
    """A counter to raise by one, until the worker adds it to its month; the table is unlogged, like handoffs."""

    key = models.CharField(max_length=40)


class AccessRecord(models.Model):
    """Which member looked at which referral, or did what with a team's keys; kept six months."""

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="+")
    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    referral_id_seen = models.UUIDField(null=True, blank=True)
    act = models.CharField(max_length=24)
    day = models.DateField(db_index=True)


class Handoff(models.Model):
    """Something for the same person's next page, sealed under a key that only the address of that page holds.

    The table is unlogged: it reaches neither WAL nor base backups, and rows live for minutes.
    """

    key_hash = models.BinaryField(primary_key=True)
    sealed = models.BinaryField()
    dies_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=bytes_of("key_hash", 32)
                & bytes_of("sealed", crypto.NONCE_BYTES + HANDOFF_BYTES + crypto.TAG_BYTES),
                name="handoff_is_sealed",
            ),
        ]


class Scope(models.TextChoices):
    """What a token opens."""

    WRITE = "referrals:write"
    READ = "referrals:read"  # what became of those it sent: their states, never a word of them


class ApiToken(models.Model):
    """What the system of an organisation of professionals shows when it writes; only a hash of it is kept."""

    organisation = models.CharField(max_length=200)
    token_hash = models.BinaryField(unique=True)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope))
    created_on = models.DateField()
    expires_on = models.DateField()  # the first day on which it opens nothing
    last_used_on = models.DateField(null=True, blank=True)
    revoked_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=bytes_of("token_hash", 32), name="token_is_kept_as_a_hash"),
            models.CheckConstraint(condition=~Q(organisation=""), name="token_names_an_organisation"),
            models.CheckConstraint(
                condition=Q(scopes__contained_by=list(Scope.values)) & ~Q(scopes=[]), name="token_scopes_are_known"
            ),
            models.CheckConstraint(condition=Q(expires_on__gt=F("created_on")), name="token_begins_before_it_ends"),
            models.UniqueConstraint(
                fields=["organisation"],
                condition=Q(revoked_on__isnull=True),
                name="organisation_has_one_token_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return self.organisation


class Webhook(models.Model):
    """Where the system of an organisation is told that a state changed; what signs is sealed under the site's secret
    key."""

    token = models.OneToOneField(ApiToken, on_delete=models.CASCADE, related_name="webhook")
    address = models.CharField(max_length=500)
    sealed_secret = models.BinaryField()
    created_on = models.DateField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(address__startswith="https://")
                | Q(address__regex=r"^http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?(/|$)"),
                name="webhook_goes_encrypted_or_stays_on_this_machine",
            ),
            models.CheckConstraint(
                condition=bytes_of("sealed_secret", crypto.NONCE_BYTES + WEBHOOK_SECRET_BYTES + crypto.TAG_BYTES),
                name="webhook_secret_is_sealed",
            ),
        ]


class Told(models.TextChoices):
    """What a system is told; where an event has the same word, it is that event."""

    WAITING = "waiting"
    ACKNOWLEDGED = "acknowledged"
    ANSWERED = "answered"
    DECLINED = "declined"
    OVERDUE = "overdue"
    HANDED_OVER = "handed_over"
    CLOSED = "closed"
    EXHAUSTED = "exhausted"
    WITHDRAWN = "withdrawn"


class Receipt(models.Model):
    """What the system of an organisation knows a referral by: an id of its own, and what that system was told last."""

    referral = models.OneToOneField(Referral, on_delete=models.CASCADE, related_name="receipt")
    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, related_name="receipts")
    own_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    status = models.CharField(max_length=12, choices=Told, default=Told.WAITING)
    day = models.DateField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(status__in=Told.values), name="receipt_says_a_known_status"),
        ]
