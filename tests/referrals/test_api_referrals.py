"""Writing and coming back through JSON: sealed on receipt or before, found by a code, gone when asked."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test import Client
from django.utils.timezone import localdate
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from referrals import access, codes, lifecycle, sealing, statistics, wire
from referrals.models import Message, MessageWrap, Partner, PlanStep, Referral, TeamKey
from tests.builders import Sent as Written
from tests.builders import Team, a_partner, a_team, an_answer, figures

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

pytestmark = pytest.mark.django_db

TEXT = "Il faut que je parle à quelqu’un, éé 𝄞"
PLAIN: dict[str, Any] = {
    "referrer": "self",
    "age_band": "15-17",
    "gender": "female",
    "departement": "93",
    "needs": ["ecoute", "hebergement"],
    "language": "fr",
    "urgency": "24h",
    "danger_now": "no",
    "text": TEXT,
    "consent": "yes",
}


def post(client: Client, path: str, body: object) -> "Answer":
    """POST of JSON."""
    return client.post(f"/api/v1/{path}", body, content_type="application/json")


@pytest.fixture
def team() -> Team:
    """A live team."""
    return a_team(a_partner(slug="les-tilleuls", name="Les Tilleuls (fictif)"))


@pytest.fixture
def desk() -> Team:
    """The duty desk."""
    return a_team(a_partner(slug="permanence", name="Permanence (fictive)", is_duty_desk=True))


def test_a_plain_body_is_sealed_and_opens_with_the_code_only(client: Client, team: Team, desk: Team) -> None:
    answer = post(client, "referrals", PLAIN)

    assert answer.status_code == 201
    sent = answer.json()
    assert sorted(sent) == ["code", "digits", "emergency", "plan"]
    assert codes.read_code(sent["code"]) == codes.read_code(sent["digits"])
    assert sent["plan"] == [
        {"partner": "les-tilleuls", "name": "Les Tilleuls (fictif)", "state": "waiting"},
        {"partner": "permanence", "name": "Permanence (fictive)", "state": "planned"},
    ]
    assert sent["emergency"] == ["119-allo-enfance-en-danger"]
    referral = Referral.objects.get()
    assert team.read(referral) == [TEXT]
    assert desk.read(referral) == [TEXT]
    for code in (sent["code"], sent["digits"], sent["code"].upper()):
        opened = post(client, "follow-up/open", {"code": code})
        assert opened.json() == {
            "status": "waiting",
            "plan": sent["plan"],
            "messages": [{"from": "sender", "day": referral.received_on.isoformat(), "text": TEXT}],
        }


def test_facts_are_counted_by_month_and_kept_nowhere(
    client: Client, team: Team, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        post(client, "referrals", PLAIN)

    assert sorted(figures(localdate()).items()) == [
        ("sent:age:15-17", 1),
        ("sent:all", 1),
        ("sent:departement:93", 1),
        ("sent:need:ecoute", 1),
        ("sent:need:hebergement", 1),
        ("sent:referrer:self", 1),
        ("sent:urgency:24h", 1),
    ]
    kept = {field.name for field in Referral._meta.get_fields()}
    assert kept.isdisjoint({"age_band", "gender", "departement", "needs", "language", "avoid_commune", "referrer"})


@pytest.mark.django_db(transaction=True)
def test_no_row_tells_which_facts_came_with_which_referral(client: Client) -> None:
    """Rows of one transaction carry its number (xmin): whoever has the database could join them."""
    a_team()
    post(client, "referrals", PLAIN)
    post(client, "referrals", {**PLAIN, "age_band": "18-20"})
    tied = "SELECT count(*) FROM referrals_referral r JOIN {table} t ON r.xmin = t.xmin"

    with connection.cursor() as cursor:
        for table in ("referrals_tally", "referrals_monthlycount"):
            cursor.execute(tied.format(table=table))
            assert cursor.fetchone() == (0,)
            statistics.merge(on=localdate())
        cursor.execute("SELECT count(DISTINCT xmin::text), count(*) FROM referrals_monthlycount")
        assert cursor.fetchone() == (1, 8)


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"text": "  "}, {"text": ["required"]}),
        ({"text": "x" * 7001}, {"text": ["too_long"]}),
        ({"text": ["a"]}, {"text": ["invalid"]}),
        ({"consent": "no"}, {"consent": ["required"]}),
        ({"age_band": "12", "needs": ["or"]}, {"age_band": ["unknown"], "needs": ["unknown"]}),
        ({"partners": ["nobody"]}, {"partners": ["cannot_take"]}),
        ({"partners": []}, {"partners": ["required"]}),
        ({"partners": "les-tilleuls"}, {"partners": ["invalid"]}),
        ({"nickname": "x" * 61}, {"nickname": ["too_long"]}),
        ({"danger_now": "maybe"}, {"danger_now": ["unknown"]}),
        ({"danger_now": [], "departement": "99"}, {"danger_now": ["unknown"], "departement": ["unknown"]}),
        ({"reply": []}, {"reply": ["unknown"]}),
        ({"text": "\ud800"}, {"text": ["invalid"]}),
        ({"nickname": "\ud800"}, {"nickname": ["invalid"]}),
    ],
)
def test_what_cannot_be_accepted_is_named_and_not_repeated(
    client: Client, team: Team, changes: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    answer = post(client, "referrals", {**PLAIN, **changes})

    assert (answer.status_code, answer.json()) == (400, {"errors": errors})
    assert Referral.objects.count() == 0


def test_a_partner_that_excludes_the_person_is_refused_even_when_named(client: Client, team: Team) -> None:
    a_team(a_partner(slug="adultes", min_age=18))

    answer = post(client, "referrals", {**PLAIN, "partners": ["adultes"]})

    assert (answer.status_code, answer.json()) == (400, {"errors": {"partners": ["cannot_take"]}})


def test_with_nobody_who_can_read_numbers_are_given_and_nothing_is_kept(client: Client) -> None:
    a_partner()

    answer = post(client, "referrals", PLAIN)

    assert (answer.status_code, answer.json()) == (
        503,
        {"errors": {"partners": ["nobody_can_read"]}, "emergency": ["119-allo-enfance-en-danger"]},
    )
    assert Referral.objects.count() == 0


def test_without_a_partner_the_duty_desk_reads(client: Client, desk: Team) -> None:
    answer = post(client, "referrals", PLAIN)

    assert [step["partner"] for step in answer.json()["plan"]] == ["permanence"]
    assert desk.read(Referral.objects.get()) == [TEXT]


def sealed_body(*teams: Team, plan: list[str] | None = None) -> tuple[codes.Code, dict[str, Any]]:
    """What a browser sends."""
    addressees = [team.addressee for team in teams]
    code, sealed = sealing.seal_first(sealing.Letter(TEXT), to=addressees)
    return code, {
        "v": 1,
        "locator": wire.to_text(sealed.locator),
        "sender_key": wire.to_text(sealed.case_key),
        "facts": {name: PLAIN[name] for name in PLAIN if name not in {"text", "consent", "danger_now"}},
        "plan": [team.slug for team in addressees if not team.is_duty_desk] if plan is None else plan,
        "ciphertext": wire.to_text(sealed.message.ciphertext),
        "wraps": [
            {"to": key.to, "epoch": key.epoch, "enc": wire.to_text(key.wrap.enc), "ct": wire.to_text(key.wrap.ct)}
            for key in sealed.message.keys
        ],
    }


def test_a_sealed_body_is_kept_as_it_is_and_once(client: Client, team: Team, desk: Team) -> None:
    code, body = sealed_body(team, desk)

    first, second = post(client, "referrals", body), post(client, "referrals", body)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert sorted(first.json()) == ["emergency", "plan"]
    referral = Referral.objects.get()
    assert wire.to_text(bytes(referral.messages.get().ciphertext)) == body["ciphertext"]
    assert (team.read(referral), desk.read(referral)) == ([TEXT], [TEXT])
    assert post(client, "follow-up/open", {"code": code.words()}).json()["messages"][0]["text"] == TEXT


@pytest.mark.parametrize("meanwhile", ["full", "paused", "another epoch"])
def test_a_sealed_body_sent_again_after_a_lost_answer_is_known(client: Client, team: Team, meanwhile: str) -> None:
    _code, body = sealed_body(team)
    post(client, "referrals", body)
    match meanwhile:
        case "full":
            Partner.objects.update(capacity=1)
        case "paused":
            Partner.objects.update(paused=True)
        case _:
            TeamKey.objects.update(epoch=2)

    again = post(client, "referrals", body)

    assert (again.status_code, Referral.objects.count()) == (201, 1)
    assert [step["partner"] for step in again.json()["plan"]] == ["les-tilleuls"]


def test_a_sealed_body_without_the_desk_leaves_it_out(client: Client, team: Team, desk: Team) -> None:
    _code, body = sealed_body(team)

    assert [step["partner"] for step in post(client, "referrals", body).json()["plan"]] == ["les-tilleuls"]


def test_another_content_under_a_known_locator_is_refused(client: Client, team: Team) -> None:
    _code, body = sealed_body(team)
    _other_code, other = sealed_body(team)
    post(client, "referrals", body)

    answer = post(client, "referrals", {**other, "locator": body["locator"]})

    assert (answer.status_code, answer.json()) == (400, {"errors": {"locator": ["taken"]}})
    assert Referral.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"v": 2}, {"v": ["unknown"]}),
        ({"locator": "AAAA"}, {"locator": ["size"]}),
        ({"sender_key": "é"}, {"sender_key": ["invalid"]}),
        ({"ciphertext": "AAAA"}, {"ciphertext": ["size"]}),
        ({"wraps": []}, {"wraps": ["invalid"]}),
        ({"wraps": [{"to": "sender", "epoch": 0, "enc": "", "ct": ""}]}, {"wraps": ["size"]}),
        ({"plan": ["nobody"]}, {"partners": ["cannot_take"]}),
        ({"plan": None}, {"plan": ["invalid"]}),
        ({"plan": ["les-tilleuls", "les-tilleuls"]}, {"plan": ["invalid"]}),
        ({"facts": []}, {"facts": ["invalid"]}),
    ],
)
def test_a_sealed_body_that_is_not_whole_is_refused(
    client: Client, team: Team, changes: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    _code, body = sealed_body(team)

    answer = post(client, "referrals", {**body, **changes})

    assert (answer.status_code, answer.json()) == (400, {"errors": errors})
    assert Referral.objects.count() == 0


def test_an_epoch_that_is_over_and_a_missing_reader_are_refused(client: Client, team: Team) -> None:
    _code, body = sealed_body(team)
    stale = [{**wrap, "epoch": 7} if wrap["to"] == "les-tilleuls" else wrap for wrap in body["wraps"]]
    lonely = [wrap for wrap in body["wraps"] if wrap["to"] == "les-tilleuls"]

    for wraps in (stale, lonely, [*body["wraps"], body["wraps"][0]]):
        answer = post(client, "referrals", {**body, "wraps": wraps})
        assert (answer.status_code, answer.json()) == (400, {"errors": {"wraps": ["stale"]}})


def test_known_and_unknown_answers_have_one_size(client: Client, team: Team) -> None:
    code, body = sealed_body(team)
    post(client, "referrals", body)
    nobody = codes.new_code()

    known = post(client, "follow-up/open", {"code": code.words()})
    unknown = post(client, "follow-up/open", {"code": nobody.words()})
    known_sealed = post(client, "follow-up/open", {"locator": body["locator"]})
    unknown_sealed = post(client, "follow-up/open", {"locator": "A" * 22})

    assert (unknown.status_code, unknown.json()) == (404, {"errors": {"code": ["unknown"]}})
    assert unknown_sealed.status_code == 404
    assert len(known.content) == len(unknown.content) == wire.STEP_OF_TEXTS
    assert len(known_sealed.content) == len(unknown_sealed.content) == wire.STEP_OF_SEALED
    assert known.headers["Content-Encoding"] == unknown.headers["Content-Encoding"] == "identity"


def test_known_and_unknown_codes_cost_the_same_statements(
    client: Client, team: Team, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    code, _body = sealed_body(team)
    written = sealing.seal_first(sealing.Letter(TEXT), to=[team.addressee])
    lifecycle.submit(written[1], plan=[team.addressee], urgency="24h", at=datetime.now(UTC))

    for asked in (written[0], code):
        with django_assert_num_queries(5):
            post(client, "follow-up/open", {"code": asked.words()})


def test_the_salt_answers_any_locator_alike(client: Client, team: Team) -> None:
    code, body = sealed_body(team)
    post(client, "referrals", body)

    known = post(client, "follow-up/salt", {"locator": body["locator"]})
    unknown = post(client, "follow-up/salt", {"locator": "A" * 22})

    assert known.status_code == unknown.status_code == 200
    assert len(known.content) == len(unknown.content)
    assert known.json() != unknown.json()
    secrets = code.secrets(salt=sealing.site_salt())
    assert wire.to_text(secrets.pair(answer=access.answer_to(secrets.locator)).public) == body["sender_key"]
    assert post(client, "follow-up/salt", {"locator": "A"}).json() == {"errors": {"locator": ["invalid"]}}


def test_the_person_writes_again_in_both_ways_and_reads_the_answer(client: Client, team: Team, desk: Team) -> None:
    code, body = sealed_body(team, desk)
    post(client, "referrals", body)
    referral = Referral.objects.get()
    member = team.members[0]
    lifecycle.acknowledge(referral, member=member, at=datetime.now(UTC))
    written = Written(referral, code)
    lifecycle.answer(referral, an_answer(team, written), member=member, own=team.addressee, at=datetime.now(UTC))

    again = post(client, "follow-up/message", {"code": code.digits(), "text": "Merci."})
    sealed = written.writes_again("Encore.")
    once_more = post(
        client,
        "follow-up/message",
        {
            "locator": body["locator"],
            "sequence": sealed.sequence,
            "ciphertext": wire.to_text(sealed.ciphertext),
            "wraps": [
                {"to": key.to, "epoch": key.epoch, "enc": wire.to_text(key.wrap.enc), "ct": wire.to_text(key.wrap.ct)}
                for key in sealed.keys
            ],
        },
    )

    assert (again.status_code, once_more.status_code) == (201, 201)
    opened = post(client, "follow-up/open", {"code": code.words()}).json()
    assert [(said["from"], said["text"]) for said in opened["messages"]] == [
        ("sender", TEXT),
        ("partner", "Bonjour, nous sommes là."),
        ("sender", "Merci."),
        ("sender", "Encore."),
    ]
    assert opened["status"] == "acknowledged"
    assert team.read(referral) == [TEXT, "Bonjour, nous sommes là.", "Merci.", "Encore."]
    assert desk.read(referral) == [TEXT, "Merci.", "Encore."]


def test_words_for_the_same_place_are_refused_and_nothing_is_lost(client: Client, team: Team) -> None:
    code, body = sealed_body(team)
    post(client, "referrals", body)
    sealed = Written(Referral.objects.get(), code).writes_again("Une fois.")
    message = {
        "locator": body["locator"],
        "sequence": sealed.sequence,
        "ciphertext": wire.to_text(sealed.ciphertext),
        "wraps": [
            {"to": key.to, "epoch": key.epoch, "enc": wire.to_text(key.wrap.enc), "ct": wire.to_text(key.wrap.ct)}
            for key in sealed.keys
        ],
    }

    assert post(client, "follow-up/message", message).status_code == 201
    second = post(client, "follow-up/message", message)

    assert (second.status_code, second.json()) == (409, {"errors": {"sequence": ["taken"]}})
    assert Message.objects.count() == 2


@pytest.mark.parametrize("way", ["code", "locator"])
def test_withdrawing_erases_every_row_at_once(client: Client, team: Team, way: str) -> None:
    code, body = sealed_body(team)
    post(client, "referrals", body)

    answer = post(client, "follow-up/withdraw", {"code": code.words()} if way == "code" else {way: body["locator"]})

    assert (answer.status_code, answer.json()) == (200, {"status": "withdrawn"})
    assert [model.objects.count() for model in (Referral, PlanStep, Message, MessageWrap)] == [0, 0, 0, 0]
    team.partner.refresh_from_db()
    assert team.partner.own_open == 0
    assert post(client, "follow-up/open", {"code": code.words()}).status_code == 404
    assert post(client, "follow-up/withdraw", {"code": code.words()}).status_code == 404


def test_after_the_end_nothing_more_is_written(client: Client, team: Team) -> None:
    code, body = sealed_body(team)
    post(client, "referrals", body)
    referral, now = Referral.objects.get(), datetime.now(UTC)
    lifecycle.acknowledge(referral, member=team.members[0], at=now)
    lifecycle.close(referral, member=team.members[0], at=now)

    answer = post(client, "follow-up/message", {"code": code.words(), "text": "Allô ?"})

    assert (answer.status_code, answer.json()) == (409, {"errors": {"code": ["ended"]}})


@pytest.mark.parametrize("path", ["referrals", "follow-up/salt", "follow-up/open", "follow-up/message"])
@pytest.mark.parametrize("body", ["[]", "3", '{"code": 3}', '{"code": "<b>"}', "{", '{"locator": null}'])
def test_odd_bodies_are_refused_without_an_echo(client: Client, path: str, body: str) -> None:
    answer = client.post(f"/api/v1/{path}", body, content_type="application/json")

    assert answer.status_code == 400
    assert list(answer.json()) == ["errors"]
    assert "<b>" not in answer.content.decode()


def test_the_parameters_are_what_sealing_needs(client: Client, team: Team, desk: Team) -> None:
    a_partner(slug="sans-cle")

    answer = client.get("/api/v1/sealing").json()

    assert answer == {
        "v": 1,
        "salt": wire.to_text(sealing.site_salt()),
        "teams": [
            {
                "partner": one.partner.slug,
                "epoch": 1,
                "key": wire.to_text(one.key.public),
                "duty_desk": one.partner.is_duty_desk,
            }
            for one in (team, desk)
        ],
    }
