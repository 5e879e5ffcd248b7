"""Every constraint of referrals refuses what its name says, in the database itself: plaintext does not fit anywhere."""

from datetime import date
from secrets import token_bytes
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from referrals import crypto
from referrals.models import (
    HANDOFF_BYTES,
    WEBHOOK_SECRET_BYTES,
    ApiToken,
    Event,
    Handoff,
    Member,
    MemberKey,
    Message,
    MessageWrap,
    MonthlyCount,
    PasskeyLock,
    PlanStep,
    Receipt,
    Referral,
    TeamKey,
    TeamKeyShare,
    Webhook,
)
from tests.builders import a_member, a_partner, a_referral, a_team

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 2)
KEY, SALT, LOCKED = crypto.KEY_BYTES, crypto.SALT_BYTES, crypto.LOCKED_KEY_BYTES
SENTENCE = "J’ai peur, et je ne sais pas à qui le dire.".encode()


def refused_by(constraint: str) -> Any:
    """The database refuses, naming that constraint."""
    return pytest.raises(IntegrityError, match=f'"{constraint}"')


WRONG_PARTNERS: list[tuple[str, dict[str, Any]]] = [
    ("partner_has_a_name", {"name": ""}),
    ("partner_is_not_the_sender", {"slug": "sender"}),
    ("partner_needs_are_known", {"needs": ["ecoute", "loisirs"]}),
    ("partner_departements_are_in_the_region", {"departements": ["75", "13"]}),
    ("partner_genders_are_known", {"genders": ["other"]}),
    ("partner_referrers_are_known", {"referrers": ["self", "police"]}),
    ("partner_urgencies_are_known", {"urgencies": ["soon"]}),
    ("partner_ages_are_in_order", {"min_age": 20, "max_age": 18}),
]
WRONG_REFERRALS: list[tuple[str, dict[str, Any]]] = [
    ("referral_is_known_by_hashes_and_keys", {"locator_hash": SENTENCE}),
    ("referral_is_known_by_hashes_and_keys", {"locator_hash": token_bytes(16)}),
    ("referral_is_known_by_hashes_and_keys", {"case_key": SENTENCE}),
    ("referral_that_waits_has_a_due_time", {"due_at": None}),
    ("referral_that_ended_says_when", {"status": "closed"}),
    ("referral_that_ended_says_when", {"status": "exhausted"}),
    ("referral_that_ended_says_when", {"closed_on": DAY}),
    ("referral_that_ended_says_when", {"status": "answered", "content_dies_on": DAY}),
    ("referral_that_ended_says_when", {"status": "forgotten"}),
]
WRONG_MESSAGES: list[tuple[str, dict[str, Any]]] = [
    ("message_fills_a_bucket", {"ciphertext": SENTENCE}),
    ("message_fills_a_bucket", {"ciphertext": bytes(crypto.CIPHERTEXT_BYTES[0] - 1)}),
    ("message_says_which_side_wrote_it", {"direction": "p"}),
    ("message_says_which_side_wrote_it", {"direction": "x"}),
    ("message_has_its_place", {"sequence": 0}),
]
WRONG_WRAPS: list[tuple[str, dict[str, Any]]] = [
    ("wrap_is_a_sealed_key", {"ct": bytes(KEY)}),
    ("wrap_is_a_sealed_key", {"enc": SENTENCE}),
    ("wrap_names_an_epoch_of_a_team", {"epoch": 1}),
    ("wrap_is_made_once", {}),
]
WRONG_MEMBER_KEYS: list[tuple[str, dict[str, Any]]] = [
    ("member_key_is_locked", {"public_key": token_bytes(KEY + 1)}),
    ("member_key_is_locked", {"passphrase_salt": bytes(SALT - 1)}),
    ("member_key_is_locked", {"by_passphrase": bytes(KEY)}),
    ("member_key_is_locked", {"paper_salt": b""}),
    ("member_key_is_locked", {"by_paper": bytes(KEY)}),
]
WRONG_TEAM_KEYS: list[tuple[str, dict[str, Any]]] = [
    ("team_epoch_is_unique", {"epoch": 1, "retired_on": DAY}),
    ("team_has_one_current_key", {}),
    ("team_key_is_a_key", {"public_key": b"short", "retired_on": DAY}),
    ("team_epochs_start_at_one", {"epoch": 0, "retired_on": DAY}),
]
WRONG_TOKENS: list[tuple[str, dict[str, Any]]] = [
    ("token_is_kept_as_a_hash", {"token_hash": b"ecl_en-clair"}),
    ("token_names_an_organisation", {"organisation": ""}),
    ("token_scopes_are_known", {"scopes": ["referrals:write", "referrals:all"]}),
    ("token_scopes_are_known", {"scopes": []}),
    ("token_begins_before_it_ends", {"expires_on": DAY}),
    ("organisation_has_one_token_at_a_time", {"organisation": "Lycée (fictif)"}),
]
WRONG_WEBHOOKS: list[tuple[str, dict[str, Any]]] = [
    ("webhook_goes_encrypted_or_stays_on_this_machine", {"address": "http://example.org/"}),
    ("webhook_goes_encrypted_or_stays_on_this_machine", {"address": "http://127.0.0.1.example.org/"}),
    ("webhook_goes_encrypted_or_stays_on_this_machine", {"address": "ftp://example.org/"}),
    ("webhook_secret_is_sealed", {"sealed_secret": b"whsec_en-clair"}),
]
SINGLE = {
    "there_is_one_duty_desk",
    "a_person_is_in_one_team_at_a_time",
    "member_joins_before_leaving",
    "passkey_locks_a_key",
    "member_has_one_share_of_an_epoch",
    "share_is_a_sealed_key",
    "plan_has_one_step_a_position",
    "plan_names_a_partner_once",
    "plan_is_with_one_partner_at_a_time",
    "plan_step_has_a_code_when_declined",
    "count_is_kept_once",
    "count_is_of_a_month",
    "handoff_is_sealed",
    "receipt_says_a_known_status",
}


@pytest.mark.parametrize(("constraint", "facts"), WRONG_PARTNERS)
def test_the_database_refuses_a_wrong_partner(constraint: str, facts: dict[str, Any]) -> None:
    with refused_by(constraint), transaction.atomic():
        a_partner(**facts)


def test_there_is_one_duty_desk() -> None:
    a_partner(is_duty_desk=True)

    with refused_by("there_is_one_duty_desk"), transaction.atomic():
        a_partner(is_duty_desk=True)


def test_a_person_is_in_one_team_at_a_time_and_may_change_teams() -> None:
    before, after = a_partner(), a_partner()
    member = a_member(before)

    with refused_by("a_person_is_in_one_team_at_a_time"), transaction.atomic():
        a_member(after, user=member.user)

    Member.objects.filter(pk=member.pk).update(left_on=DAY)
    assert a_member(after, user=member.user).partner == after


def test_a_member_joins_before_leaving() -> None:
    with refused_by("member_joins_before_leaving"), transaction.atomic():
        a_member(a_partner(), left_on=date(2025, 12, 31))


@pytest.mark.parametrize(("constraint", "facts"), WRONG_MEMBER_KEYS)
def test_the_database_refuses_a_member_key_that_is_not_locked(constraint: str, facts: dict[str, Any]) -> None:
    right = {
        "member": a_member(a_partner()),
        "public_key": token_bytes(KEY),
        "passphrase_salt": bytes(SALT),
        "by_passphrase": bytes(LOCKED),
        "paper_salt": bytes(SALT),
        "by_paper": bytes(LOCKED),
        "created_on": DAY,
    }

    with refused_by(constraint), transaction.atomic():
        MemberKey.objects.create(**{**right, **facts})


@pytest.mark.parametrize("facts", [{"salt": b""}, {"locked": bytes(KEY)}])
def test_a_passkey_locks_a_key(facts: dict[str, bytes]) -> None:
    member = a_team().members[0]
    right = {"credential_id": b"1", "salt": bytes(SALT), "locked": bytes(LOCKED), "created_on": DAY}

    with refused_by("passkey_locks_a_key"), transaction.atomic():
        PasskeyLock.objects.create(member_key=member.key, **{**right, **facts})


@pytest.mark.parametrize(("constraint", "facts"), WRONG_TEAM_KEYS)
def test_the_database_refuses_a_wrong_team_key(constraint: str, facts: dict[str, Any]) -> None:
    right = {"partner": a_team().partner, "epoch": 2, "public_key": token_bytes(KEY), "created_on": DAY}

    with refused_by(constraint), transaction.atomic():
        TeamKey.objects.create(**{**right, **facts})


@pytest.mark.parametrize(
    ("constraint", "facts"),
    [
        ("member_has_one_share_of_an_epoch", {}),
        ("share_is_a_sealed_key", {"enc": b""}),
        ("share_is_a_sealed_key", {"ct": bytes(KEY)}),
    ],
)
def test_the_database_refuses_a_wrong_share(constraint: str, facts: dict[str, bytes]) -> None:
    team = a_team()
    right = {"enc": bytes(crypto.ENC_BYTES), "ct": bytes(crypto.WRAPPED_KEY_BYTES)}

    with refused_by(constraint), transaction.atomic():
        TeamKeyShare.objects.create(
            team_key=TeamKey.objects.get(partner=team.partner), member_key=team.members[0].key, **{**right, **facts}
        )


@pytest.mark.parametrize(("constraint", "facts"), WRONG_REFERRALS)
def test_the_database_refuses_a_wrong_referral(constraint: str, facts: dict[str, Any]) -> None:
    right = {
        "locator_hash": token_bytes(32),
        "pepper_epoch": 1,
        "case_key": token_bytes(KEY),
        "urgency": "24h",
        "received_on": DAY,
        "due_at": timezone.now(),
        "dies_on": DAY,
    }
    with refused_by(constraint), transaction.atomic():
        Referral.objects.create(**{**right, **facts})


@pytest.mark.parametrize(
    ("constraint", "facts"),
    [
        ("plan_has_one_step_a_position", {"position": 0}),
        ("plan_is_with_one_partner_at_a_time", {"state": "waiting"}),
        ("plan_is_with_one_partner_at_a_time", {"state": "acknowledged"}),
        ("plan_step_has_a_code_when_declined", {"decline_code": "full"}),
    ],
)
def test_the_database_refuses_a_wrong_step(constraint: str, facts: dict[str, Any]) -> None:
    sent = a_referral()
    right = {"referral": sent.referral, "partner": a_partner(), "position": 1}

    with refused_by(constraint), transaction.atomic():
        PlanStep.objects.create(**{**right, **facts})


def test_a_plan_names_a_partner_once() -> None:
    team = a_team()
    sent = a_referral(team)

    with refused_by("plan_names_a_partner_once"), transaction.atomic():
        PlanStep.objects.create(referral=sent.referral, partner=team.partner, position=1)


@pytest.mark.parametrize(("constraint", "facts"), WRONG_MESSAGES)
def test_the_database_refuses_a_wrong_message(constraint: str, facts: dict[str, Any]) -> None:
    right = {"sequence": 1, "direction": "s", "day": DAY, "ciphertext": bytes(crypto.CIPHERTEXT_BYTES[0])}

    with refused_by(constraint), transaction.atomic():
        Message.objects.create(referral=a_referral().referral, **{**right, **facts})


def test_raw_sql_cannot_put_words_into_a_message_either() -> None:
    message = a_referral().referral.messages.get()

    with refused_by("message_fills_a_bucket"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE referrals_message SET ciphertext = %s WHERE id = %s", [SENTENCE, message.pk])


@pytest.mark.parametrize(("constraint", "facts"), WRONG_WRAPS)
def test_the_database_refuses_a_wrong_wrap(constraint: str, facts: dict[str, Any]) -> None:
    message = a_referral().referral.messages.get()
    right = {"enc": bytes(crypto.ENC_BYTES), "ct": bytes(crypto.WRAPPED_KEY_BYTES)}

    with refused_by(constraint), transaction.atomic():
        MessageWrap.objects.create(message=message, **{**right, **facts})


def test_a_wrap_for_a_team_names_its_epoch() -> None:
    team = a_team()
    message = a_referral(team).referral.messages.get()

    with refused_by("wrap_names_an_epoch_of_a_team"), transaction.atomic():
        MessageWrap.objects.create(
            message=message,
            partner=team.partner,
            epoch=0,
            enc=bytes(crypto.ENC_BYTES),
            ct=bytes(crypto.WRAPPED_KEY_BYTES),
        )


def test_a_count_is_kept_once_and_is_of_a_month() -> None:
    MonthlyCount.objects.create(month=date(2026, 11, 1), key="sent:all")

    with refused_by("count_is_kept_once"), transaction.atomic():
        MonthlyCount.objects.create(month=date(2026, 11, 1), key="sent:all")
    with refused_by("count_is_of_a_month"), transaction.atomic():
        MonthlyCount.objects.create(month=DAY, key="sent:all")


@pytest.mark.parametrize("facts", [{"key_hash": b"1"}, {"sealed": SENTENCE}])
def test_a_handoff_is_sealed(facts: dict[str, bytes]) -> None:
    right = {"key_hash": bytes(32), "sealed": bytes(crypto.NONCE_BYTES + HANDOFF_BYTES + crypto.TAG_BYTES)}

    with refused_by("handoff_is_sealed"), transaction.atomic():
        Handoff.objects.create(dies_at=timezone.now(), **{**right, **facts})


def a_token(**facts: Any) -> ApiToken:
    """A token of an organisation, until the year after."""
    right = {
        "organisation": "Collège (fictif)",
        "token_hash": token_bytes(32),
        "scopes": ["referrals:write"],
        "created_on": DAY,
        "expires_on": date(2027, 11, 2),
    }
    return ApiToken.objects.create(**{**right, **facts})


@pytest.mark.parametrize(("constraint", "facts"), WRONG_TOKENS)
def test_the_database_refuses_a_wrong_token(constraint: str, facts: dict[str, Any]) -> None:
    a_token(organisation="Lycée (fictif)")
    a_token(organisation="Lycée (fictif)", revoked_on=DAY)

    with refused_by(constraint), transaction.atomic():
        a_token(**facts)


@pytest.mark.parametrize(("constraint", "facts"), WRONG_WEBHOOKS)
def test_the_database_refuses_a_wrong_webhook(constraint: str, facts: dict[str, Any]) -> None:
    right = {
        "address": "https://example.org/",
        "sealed_secret": bytes(crypto.NONCE_BYTES + WEBHOOK_SECRET_BYTES + crypto.TAG_BYTES),
        "created_on": DAY,
    }

    with refused_by(constraint), transaction.atomic():
        Webhook.objects.create(token=a_token(), **{**right, **facts})


def test_a_receipt_says_a_known_status() -> None:
    with refused_by("receipt_says_a_known_status"), transaction.atomic():
        Receipt.objects.create(referral=a_referral().referral, token=a_token(), day=DAY, status="lost")


def test_every_constraint_of_referrals_is_proven_here() -> None:
    lists = (
        WRONG_PARTNERS,
        WRONG_REFERRALS,
        WRONG_MESSAGES,
        WRONG_WRAPS,
        WRONG_MEMBER_KEYS,
        WRONG_TEAM_KEYS,
        WRONG_TOKENS,
        WRONG_WEBHOOKS,
    )
    proven = SINGLE | {constraint for one in lists for constraint, _facts in one}

    ours = {model: model._meta.constraints for model in apps.get_app_config("referrals").get_models()}
    assert {constraint.name for constraints in ours.values() for constraint in constraints} == proven


def test_no_column_of_a_referral_takes_free_text() -> None:
    told_by_a_person = (Referral, PlanStep, Message, MessageWrap, Event, Handoff, Receipt)

    free = [
        f"{model.__name__}.{field.name}"
        for model in told_by_a_person
        for field in model._meta.get_fields()
        if isinstance(field, models.TextField) or (isinstance(field, models.CharField) and not field.choices)
    ]

    assert free == []
