"""The systems of organisations: a token that opens two addresses, and nothing else that anybody could not have."""

import hashlib
import re
from datetime import date, timedelta
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from referrals import lifecycle, retention, sealing, tokens, wire
from referrals.models import ApiToken, Receipt, Referral, Scope, Told, Webhook
from tests.builders import Team, a_partner, a_team

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

pytestmark = pytest.mark.django_db

TEXT = "Une élève de l’internat ne rentre plus le soir."
PLAIN: dict[str, Any] = {
    "referrer": "professional",
    "age_band": "15-17",
    "gender": "female",
    "departement": "93",
    "needs": ["ecoute"],
    "language": "fr",
    "urgency": "24h",
    "text": TEXT,
    "organisation": "Lycée des Glycines (fictif)",
    "consent": "yes",
}
SCHOOL = "Lycée des Glycines (fictif)"
REFUSED = {"errors": {"request": ["authentication_failed"]}}
NOT_ALLOWED = {"errors": {"request": ["permission_denied"]}}


def today() -> date:
    """The day in Paris."""
    return lifecycle.day_of(timezone.now())


def a_token(organisation: str = SCHOOL, *scopes: Scope, **facts: Any) -> tokens.Issued:
    """A token of a year."""
    return tokens.create(organisation, **{"days": 365, "on": today(), "scopes": scopes, **facts})


@pytest.fixture
def team() -> Team:
    """A live team."""
    return a_team(a_partner(slug="les-tilleuls", name="Les Tilleuls (fictif)"))


def post(client: Client, body: object, *, shows: str | None = None, path: str = "referrals") -> "Answer":
    """POST of JSON, perhaps with a token."""
    headers = {} if shows is None else {"Authorization": f"Bearer {shows}"}
    return client.post(f"/api/v1/{path}", body, content_type="application/json", headers=headers)


def sent_by(client: Client, shows: str, **query: str) -> "Answer":
    """What a token may follow."""
    return client.get("/api/v1/referrals/sent", query, headers={"Authorization": f"Bearer {shows}"})


def sealed(team: Team, **facts: Any) -> dict[str, Any]:
    """What a system sends that seals by itself."""
    _code, referral = sealing.seal_first(sealing.Letter(TEXT), to=[team.addressee])
    said = {name: PLAIN[name] for name in PLAIN if name not in {"text", "consent", "organisation"}}
    return {
        "v": 1,
        "locator": wire.to_text(referral.locator),
        "sender_key": wire.to_text(referral.case_key),
        "facts": {**said, **facts},
        "plan": [team.partner.slug],
        "ciphertext": wire.to_text(referral.message.ciphertext),
        "wraps": [
            {"to": key.to, "epoch": key.epoch, "enc": wire.to_text(key.wrap.enc), "ct": wire.to_text(key.wrap.ct)}
            for key in referral.message.keys
        ],
    }


# --- sending --------------------------------------------------------------------------------------------------------


def test_a_referral_of_a_professional_is_known_by_an_id_of_the_organisations_own(client: Client, team: Team) -> None:
    issued = a_token()

    answer = post(client, PLAIN, shows=issued.shown)

    assert answer.status_code == 201
    said = answer.json()
    assert sorted(said) == ["code", "digits", "emergency", "id", "plan"]
    referral, receipt = Referral.objects.get(), Receipt.objects.get()
    assert (receipt.referral, receipt.token) == (referral, issued.token)
    assert said["id"] == str(receipt.own_id) != str(referral.public_id)
    assert referral.author is None
    assert team.read(referral) == [TEXT]


def test_a_sealed_body_has_one_too_and_keeps_it_when_sent_again(client: Client, team: Team) -> None:
    issued, body = a_token(), sealed(team)

    first, second = post(client, body, shows=issued.shown), post(client, body, shows=issued.shown)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert sorted(first.json()) == ["emergency", "id", "plan"]
    assert Receipt.objects.count() == 1


@pytest.mark.parametrize("referrer", ["self", "relative", "witness"])
def test_what_somebody_writes_for_herself_is_never_tied_to_the_system_that_passed_it_on(
    client: Client, team: Team, referrer: str
) -> None:
    issued = a_token()

    plain = post(client, {**PLAIN, "referrer": referrer}, shows=issued.shown)
    own = post(client, sealed(team, referrer=referrer), shows=issued.shown)

    assert (sorted(plain.json()), sorted(own.json())) == (
        ["code", "digits", "emergency", "plan"],
        ["emergency", "plan"],
    )
    assert (Referral.objects.count(), Receipt.objects.count()) == (2, 0)


def test_an_organisation_that_cannot_follow_is_tied_to_nothing(client: Client, team: Team) -> None:
    issued = a_token(SCHOOL, Scope.WRITE)

    answer = post(client, PLAIN, shows=issued.shown)

    assert sorted(answer.json()) == ["code", "digits", "emergency", "plan"]
    assert Receipt.objects.count() == 0


def test_nobody_needs_a_token(client: Client, team: Team) -> None:
    for headers in ({}, {"Authorization": ""}, {"Authorization": "Basic YTpi"}):
        answer = client.post("/api/v1/referrals", PLAIN, content_type="application/json", headers=headers)
        assert (answer.status_code, sorted(answer.json())) == (201, ["code", "digits", "emergency", "plan"])
    assert Receipt.objects.count() == 0


def test_a_refused_body_ties_nothing(client: Client, team: Team) -> None:
    answer = post(client, {**PLAIN, "text": ""}, shows=a_token().shown)

    assert (answer.status_code, answer.json()) == (400, {"errors": {"text": ["required"]}})
    assert (Referral.objects.count(), Receipt.objects.count()) == (0, 0)


# --- who may --------------------------------------------------------------------------------------------------------


def test_a_wrong_expired_future_or_revoked_token_is_refused_alike_and_not_repeated(client: Client, team: Team) -> None:
    day = today()
    expired = a_token("A (fictive)", on=day - timedelta(days=30), days=30)
    future = a_token("B (fictive)", on=day + timedelta(days=1))
    revoked = a_token("C (fictive)")
    tokens.revoke("C (fictive)", on=day)
    renewed = a_token("D (fictive)")
    tokens.renew("D (fictive)", days=1, on=day)

    for shown in ("", "ecl_faux", "é\x00", expired.shown, future.shown, revoked.shown, renewed.shown, "a b"):
        for answer in (post(client, PLAIN, shows=shown), sent_by(client, shown)):
            assert (answer.status_code, answer.json()) == (401, REFUSED)
            assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert Referral.objects.count() == 0


def test_the_last_day_of_a_token_is_the_one_before_its_end(client: Client, team: Team) -> None:
    issued = a_token(on=today() - timedelta(days=29), days=30)

    assert issued.token.expires_on == today() + timedelta(days=1)
    assert post(client, PLAIN, shows=issued.shown).status_code == 201


def test_a_scope_opens_one_address_only(client: Client, team: Team) -> None:
    writer, reader = a_token("A (fictive)", Scope.WRITE), a_token("B (fictive)", Scope.READ)

    refused = [sent_by(client, writer.shown), post(client, PLAIN, shows=reader.shown)]

    assert [(answer.status_code, answer.json()) for answer in refused] == [(403, NOT_ALLOWED)] * 2
    assert post(client, PLAIN, shows=writer.shown).status_code == 201
    assert sent_by(client, reader.shown).json() == {"referrals": [], "total": 0}


def test_without_a_token_nothing_can_be_followed(client: Client) -> None:
    answer = client.get("/api/v1/referrals/sent")

    assert (answer.status_code, answer.json()) == (401, {"errors": {"request": ["not_authenticated"]}})


def test_other_addresses_do_not_look_at_tokens(client: Client, team: Team) -> None:
    issued = a_token()

    assert post(client, {"locator": "A" * 22}, shows="faux", path="follow-up/salt").status_code == 200
    assert client.get("/api/v1/needs", headers={"Authorization": "Bearer faux"}).status_code == 200
    post(client, {"locator": "A" * 22}, shows=issued.shown, path="follow-up/salt")
    assert ApiToken.objects.get().last_used_on is None


def test_use_is_noted_by_day(client: Client, team: Team) -> None:
    issued = a_token()

    post(client, PLAIN, shows=issued.shown)

    assert ApiToken.objects.get().last_used_on == today()
    assert {field.name for field in ApiToken._meta.get_fields()} == {
        "id", "organisation", "token_hash", "scopes", "created_on", "expires_on", "last_used_on", "revoked_on",
        "receipts", "webhook",
    }  # fmt: skip


def test_the_database_holds_no_token(client: Client) -> None:
    issued = a_token(webhook="https://example.org/suivi")
    webhook = Webhook.objects.get()

    assert issued.secret is not None
    held = [bytes(issued.token.token_hash), bytes(webhook.sealed_secret)]
    assert not any(part[:10].encode() in one for part in (issued.shown, issued.secret) for one in held)
    assert issued.token.token_hash == hashlib.sha256(issued.shown.encode()).digest()
    assert len({tokens.new_token() for _one in range(100)}) == 100
    assert re.fullmatch(r"ecl_[A-Za-z0-9_-]{43}", issued.shown)


# --- following ------------------------------------------------------------------------------------------------------


def test_an_organisation_follows_its_own_and_learns_states_and_days_only(client: Client, team: Team) -> None:
    school, clinic = a_token(), a_token("Clinique des Ormes (fictive)")
    ids = [post(client, PLAIN, shows=school.shown).json()["id"] for _one in range(3)]
    post(client, PLAIN, shows=clinic.shown)
    post(client, PLAIN)
    referral = Referral.objects.get(receipt__own_id=ids[1])
    lifecycle.acknowledge(referral, member=team.members[0], at=timezone.now())

    answer = sent_by(client, school.shown)

    day = today().isoformat()
    assert answer.json() == {
        "referrals": [
            {"id": ids[2], "status": "waiting", "at": day},
            {"id": ids[1], "status": "acknowledged", "at": day},
            {"id": ids[0], "status": "waiting", "at": day},
        ],
        "total": 3,
    }
    assert sent_by(client, clinic.shown).json()["total"] == 1


def test_pages_of_what_was_sent(client: Client, team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("referrals.api_referrals.RECEIPTS_A_PAGE", 2)
    issued = a_token()
    ids = [post(client, PLAIN, shows=issued.shown).json()["id"] for _one in range(3)]

    pages = [sent_by(client, issued.shown, page=page).json() for page in ("1", "2", "3")]

    assert [[one["id"] for one in page["referrals"]] for page in pages] == [[ids[2], ids[1]], [ids[0]], []]
    assert [page["total"] for page in pages] == [3, 3, 3]
    for wrong in ("0", "-1", "<b>", "1" * 9, ""):
        answer = sent_by(client, issued.shown, page=wrong)
        assert (answer.status_code, answer.json()) == (400, {"errors": {"page": ["invalid"]}})


def test_a_receipt_dies_with_its_referral(client: Client, team: Team) -> None:
    issued, now = a_token(), timezone.now()
    code = post(client, PLAIN, shows=issued.shown).json()["code"]
    kept = Referral.objects.get(receipt__own_id=post(client, PLAIN, shows=issued.shown).json()["id"])

    post(client, {"code": code}, path="follow-up/withdraw")
    assert list(Receipt.objects.values_list("referral", flat=True)) == [kept.pk]

    lifecycle.acknowledge(kept, member=team.members[0], at=now)
    lifecycle.close(kept, member=team.members[0], at=now)
    retention.purge(at=now + timedelta(days=91))
    assert (Referral.objects.count(), Receipt.objects.count()) == (0, 0)
    assert sent_by(client, issued.shown).json() == {"referrals": [], "total": 0}


def test_a_revoked_token_leaves_no_tie(client: Client, team: Team) -> None:
    issued = a_token(webhook="https://example.org/suivi")
    post(client, PLAIN, shows=issued.shown)

    tokens.revoke(SCHOOL, on=today())

    assert (Referral.objects.count(), Receipt.objects.count(), Webhook.objects.count()) == (1, 0, 0)


# --- the operator's commands ----------------------------------------------------------------------------------------


def command(name: str, *arguments: str) -> dict[str, str]:
    """What a command prints, line by line."""
    out = StringIO()
    call_command(name, *arguments, stdout=out)
    return dict(line.split(" : ", 1) for line in out.getvalue().splitlines() if " : " in line)


def test_a_token_is_shown_once_and_works(client: Client, team: Team) -> None:
    shown = command("create_token", SCHOOL, "--days", "30", "--webhook", "https://example.org/suivi")

    token = ApiToken.objects.get()
    assert sorted(shown) == ["Jeton", "Secret du webhook"]
    assert token.expires_on == today() + timedelta(days=30)
    assert (token.organisation, token.scopes) == (SCHOOL, ["referrals:write", "referrals:read"])
    assert Webhook.objects.get().address == "https://example.org/suivi"
    assert post(client, PLAIN, shows=shown["Jeton"]).status_code == 201


def test_a_renewed_token_keeps_scopes_webhook_and_receipts(client: Client, team: Team) -> None:
    first = command("create_token", SCHOOL, "--scope", "referrals:write", "--webhook", "https://example.org/suivi")
    own_id = post(client, PLAIN, shows=first["Jeton"]).json()["id"]
    sealed_secret = bytes(Webhook.objects.get().sealed_secret)

    second = command("create_token", SCHOOL, "--renew")
    assert sorted(second) == ["Jeton"]
    assert ApiToken.objects.get().scopes == ["referrals:write"]
    assert bytes(Webhook.objects.get().sealed_secret) == sealed_secret
    third = command(
        "create_token", SCHOOL, "--renew", "--scope", "referrals:read", "--webhook", "https://example.org/b"
    )

    assert post(client, PLAIN, shows=second["Jeton"]).status_code == 401
    assert [one["id"] for one in sent_by(client, third["Jeton"]).json()["referrals"]] == [own_id]
    assert Webhook.objects.get().address == "https://example.org/b"
    assert third["Secret du webhook"] != first["Secret du webhook"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((SCHOOL,), "a déjà un jeton"),
        (("Autre", "--renew"), "n’a pas de jeton"),
        (("Autre", "--days", "0"), "de 1 à 1095 jours"),
        (("Autre", "--days", "1096"), "de 1 à 1095 jours"),
        (("  ",), "Il faut un nom"),
        (("A" * 201,), "au plus 200 caractères"),
        (("Autre", "--webhook", "http://example.org/"), "https://"),
        (("Autre", "--scope", "referrals:all"), "referrals:all"),
    ],
)
def test_what_cannot_be_issued_is_said(arguments: tuple[str, ...], said: str) -> None:
    a_token()

    with pytest.raises(CommandError, match=re.escape(said)):
        call_command("create_token", *arguments)
    assert ApiToken.objects.count() == 1
    assert Webhook.objects.count() == 0


def test_a_token_is_revoked_once_and_the_organisation_may_have_another(client: Client, team: Team) -> None:
    first = command("create_token", SCHOOL)
    call_command("revoke_token", SCHOOL, stdout=StringIO())

    assert post(client, PLAIN, shows=first["Jeton"]).status_code == 401
    with pytest.raises(CommandError, match="n’a pas de jeton"):
        call_command("revoke_token", SCHOOL)
    second = command("create_token", SCHOOL)
    assert post(client, PLAIN, shows=second["Jeton"]).status_code == 201


# --- described ------------------------------------------------------------------------------------------------------


def test_two_operations_name_the_token_and_no_other(client: Client) -> None:
    described = client.get("/api/schema").json()

    secured = {
        (path, method): operation["security"]
        for path, operations in described["paths"].items()
        for method, operation in operations.items()
        if operation["security"] != [{}]
    }
    assert secured == {
        ("/api/v1/referrals", "post"): [{"organisation": []}, {}],
        ("/api/v1/referrals/sent", "get"): [{"organisation": []}],
    }
    scheme = described["components"]["securitySchemes"]["organisation"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    entry = described["components"]["schemas"]["ReceiptEntry"]
    assert sorted(entry["properties"]) == ["at", "id", "status"]
    assert "security" not in described


def test_what_is_told_and_what_happens_have_the_same_words() -> None:
    assert set(Told.values) - set(lifecycle.Kind.values) == {"waiting", "withdrawn"}
