"""A partner's inbox: who finds it, what stands in which queue, and what a member does; messages stay sealed."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localdate
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from referrals import crypto, keyring, lifecycle, queues
from referrals.access import context_of
from referrals.models import AccessRecord, Event, Member, MessageWrap, PlanStep, Referral, Urgency
from referrals.queues import Queue
from referrals.sealing import SealedMessage
from referrals.wire import to_text
from tests.builders import JOINED_ON, Sent, Team, a_member, a_partner, a_referral, a_team, an_answer, figures
from tests.signing_in import a_person, sign_in

pytestmark = pytest.mark.django_db

INBOX = reverse("referrals_staff:inbox")
UNKNOWN = UUID("00000000-0000-4000-8000-000000000000")
OF_A_REFERRAL = (
    "referral",
    "acknowledge",
    "answer",
    "decline",
    "keys_to_hand",
    "hand_over",
    "tell_authority",
    "close",
    "lose_key",
)
POSTED = {"acknowledge", "answer", "decline", "hand_over", "tell_authority", "close", "lose_key"}


def address(name: str, referral: Referral | UUID) -> str:
    """A page of one referral."""
    return reverse(f"referrals_staff:{name}", args=[getattr(referral, "public_id", referral)])


def signed_in(member: Member) -> Client:
    """The browser of a member who went through both steps."""
    client = Client(headers={"Sec-Fetch-Site": "same-origin"})
    sign_in(client, member.user)
    return client


def visit(client: Client, name: str, referral: Referral | UUID) -> int:
    """The status of a page of a referral, asked for as its own page asks."""
    if name in POSTED:
        return client.post(address(name, referral), {"sure": "yes", "code": "full", "outcome": "helped"}).status_code
    return client.get(address(name, referral)).status_code


def post_json(client: Client, to: str, body: dict[str, Any]) -> Any:
    """What a script of the page sends."""
    return client.post(to, json.dumps(body), content_type="application/json")


def as_json(message: SealedMessage) -> dict[str, Any]:
    """A sealed message as a browser sends it."""
    return {
        "v": 1,
        "sequence": message.sequence,
        "ciphertext": to_text(message.ciphertext),
        "wraps": [
            {"to": key.to, "epoch": key.epoch, "enc": to_text(key.wrap.enc), "ct": to_text(key.wrap.ct)}
            for key in message.keys
        ],
    }


def status_of(sent: Sent) -> str:
    """Where a referral stands now."""
    return Referral.objects.get(pk=sent.referral.pk).status


# --- who finds it ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OF_A_REFERRAL)
def test_nobody_reaches_a_referral_without_signing_in(client: Client, name: str) -> None:
    sent = a_referral()
    path = address(name, sent.referral)

    response = client.post(path) if name in POSTED else client.get(path)

    assert response.status_code == 302
    assert response.headers["Location"].startswith("/espace/connexion/")


@pytest.mark.parametrize("name", OF_A_REFERRAL)
def test_a_stranger_of_another_team_finds_nothing(name: str) -> None:
    sent, other = a_referral(), a_team()

    assert visit(signed_in(other.members[0]), name, sent.referral) in {
        404,
        400 if name in {"answer", "hand_over"} else 404,
    }
    assert status_of(sent) == Referral.Status.WAITING
    assert not AccessRecord.objects.filter(referral_id_seen=sent.referral.public_id).exists()


@pytest.mark.parametrize("name", OF_A_REFERRAL)
def test_a_removed_member_is_out_at_once(name: str) -> None:
    team = a_team()
    sent = a_referral(team)
    client = signed_in(team.members[1])
    assert client.get(INBOX).status_code == 200

    keyring.leave(team.members[1], by=team.members[0], on=JOINED_ON)

    assert visit(client, name, sent.referral) == 404
    assert client.get(INBOX).status_code == 404
    assert status_of(sent) == Referral.Status.WAITING


@pytest.mark.parametrize("who", [{"moderator": True}, {"operator": True}, {}])
def test_who_is_in_no_team_finds_no_inbox(client: Client, who: dict[str, Any]) -> None:
    sent = a_referral()
    sign_in(client, a_person(**who))

    assert client.get(INBOX).status_code == 404
    assert client.get(address("referral", sent.referral)).status_code == 404


def test_without_a_second_factor_the_inbox_stays_shut(client: Client) -> None:
    sign_in(client, a_team().members[0].user, stay_proven=None)

    response = client.get(INBOX)

    assert response.status_code == 302
    assert response.headers["Location"].startswith("/espace/compte/")


def test_a_team_further_down_the_plan_sees_nothing_yet() -> None:
    first, second = a_team(), a_team()
    sent = a_referral(first, second)

    client = signed_in(second.members[0])

    assert client.get(address("referral", sent.referral)).status_code == 404
    assert client.post(address("acknowledge", sent.referral)).status_code == 404
    assert str(sent.referral.public_id) not in client.get(INBOX).content.decode()


def test_a_request_that_does_not_exist_is_not_found() -> None:
    client = signed_in(a_team().members[0])

    assert [visit(client, name, UNKNOWN) for name in OF_A_REFERRAL] == [404] * 9


def test_acts_need_the_token_of_the_page() -> None:
    team = a_team()
    sent = a_referral(team)
    client = Client(enforce_csrf_checks=True, headers={"Sec-Fetch-Site": "same-origin"})
    sign_in(client, team.members[0].user)

    assert client.post(address("acknowledge", sent.referral)).status_code == 403
    assert post_json(client, address("answer", sent.referral), {}).status_code == 403
    assert status_of(sent) == Referral.Status.WAITING


def test_a_member_without_keys_is_sent_to_make_them() -> None:
    team = a_team()
    newcomer = a_member(team.partner)
    client = signed_in(newcomer)

    for path in (INBOX, reverse("referrals_staff:team"), address("referral", a_referral(team).referral)):
        response = client.get(path)
        assert (response.status_code, response.headers["Location"]) == (302, reverse("referrals_staff:set_up"))


# --- queues ---------------------------------------------------------------------------------------------------------


def counted(team: Team, *, of: int = 0, at: Any = None) -> dict[str, int]:
    """How many a member has in each queue."""
    counts = queues.counts(team.members[of], at=at or timezone.now())
    return {queue.value: number for queue, number in counts.items()}


def listed(team: Team, queue: Queue, *, of: int = 0, at: Any = None) -> list[UUID]:
    """What a member sees in a queue, in order."""
    sheet = queues.sheet(team.members[of], queue, number=1, at=at or timezone.now())
    return [row.public_id for row in sheet.rows]


def test_a_referral_goes_through_the_queues() -> None:
    team, now = a_team(), timezone.now()
    sent = a_referral(team, at=now)
    me = team.members[0]
    assert counted(team) == {"a-prendre": 1, "a-moi": 0, "attente": 0, "retard": 0, "clos": 0}

    lifecycle.acknowledge(sent.referral, member=me, at=now)
    assert counted(team) == {"a-prendre": 0, "a-moi": 1, "attente": 1, "retard": 0, "clos": 0}
    assert counted(team, of=1) == {"a-prendre": 0, "a-moi": 0, "attente": 1, "retard": 0, "clos": 0}

    lifecycle.answer(sent.referral, an_answer(team, sent), member=me, own=team.addressee, at=now)
    assert counted(team)["attente"] == 1

    lifecycle.close(sent.referral, member=me, at=now)
    assert counted(team) == {"a-prendre": 0, "a-moi": 0, "attente": 0, "retard": 0, "clos": 1}
    assert listed(team, Queue.CLOSED) == [sent.referral.public_id]


def test_late_is_not_taken_in_time_or_taken_and_left_without_words() -> None:
    team, now = a_team(), timezone.now()
    untouched = a_referral(team, urgency=Urgency.DAY, at=now - timedelta(hours=25))
    silent = a_referral(team, urgency=Urgency.DAY, at=now - timedelta(days=3))
    answered = a_referral(team, urgency=Urgency.DAY, at=now - timedelta(days=3))
    patient = a_referral(team, urgency=Urgency.WEEK, at=now - timedelta(days=3))
    for sent in (silent, answered, patient):
        lifecycle.acknowledge(sent.referral, member=team.members[0], at=now - timedelta(days=2))
    lifecycle.answer(answered.referral, an_answer(team, answered), member=team.members[0], own=team.addressee, at=now)

    assert listed(team, Queue.LATE) == [silent.referral.public_id, untouched.referral.public_id]
    assert listed(team, Queue.ANSWER)[0] == silent.referral.public_id


def test_the_list_shows_late_then_urgent_then_oldest() -> None:
    team, now = a_team(), timezone.now()
    new = a_referral(team, urgency=Urgency.WEEK, at=now)
    old = a_referral(team, urgency=Urgency.WEEK, at=now - timedelta(days=1))
    urgent = a_referral(team, urgency=Urgency.NOW, at=now)
    late = a_referral(team, urgency=Urgency.NOW, at=now - timedelta(hours=2))

    assert listed(team, Queue.TO_TAKE) == [one.referral.public_id for one in (late, urgent, old, new)]


def test_a_row_says_how_long_in_words() -> None:
    team, now = a_team(), timezone.now()
    a_referral(team, urgency=Urgency.DAY, at=now - timedelta(hours=21))
    a_referral(team, urgency=Urgency.NOW, at=now - timedelta(hours=4))

    rows = queues.sheet(team.members[0], Queue.TO_TAKE, number=1, at=now).rows

    assert [(row.is_late, row.due) for row in rows] == [(True, "en retard de 3 h"), (False, "à prendre dans 3 h")]


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (1, "1 min"),
        (59, "59 min"),
        (60, "1 h"),
        (89, "1 h"),
        (23 * 60, "23 h"),
        (24 * 60, "24 h"),
        (72 * 60, "3 jours"),
    ],
)
def test_spans_are_said_as_people_say_them(minutes: int, words: str) -> None:
    assert queues.span(minutes) == words


def test_pages_hold_fifty_rows() -> None:
    team = a_team()
    for _number in range(51):
        a_referral(team)
    client = signed_in(team.members[0])

    first, second = client.get(INBOX), client.get(INBOX, {"page": 2})

    assert [page.content.decode().count('class="request') - 1 for page in (first, second)] == [50, 1]
    assert len(client.get(reverse("referrals_staff:first_messages")).json()["rows"]) == 50
    assert len(client.get(reverse("referrals_staff:first_messages"), {"page": 2}).json()["rows"]) == 1


@pytest.mark.parametrize("rows", [1, 3])
def test_the_inbox_asks_the_database_as_often_for_one_row_as_for_three(
    rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    team = a_team()
    for _number in range(rows):
        a_referral(team)
    client = signed_in(team.members[0])

    with django_assert_num_queries(10):
        client.get(INBOX)
    with django_assert_num_queries(7):
        client.get(reverse("referrals_staff:first_messages"))


@pytest.mark.parametrize("messages", [1, 3])
def test_a_referral_asks_the_database_as_often_for_one_message_as_for_three(
    messages: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    team, now = a_team(), timezone.now()
    sent = a_referral(team, a_team())
    lifecycle.acknowledge(sent.referral, member=team.members[0], at=now)
    for _number in range(messages - 1):
        lifecycle.answer(sent.referral, an_answer(team, sent), member=team.members[0], own=team.addressee, at=now)
    client = signed_in(team.members[0])

    with django_assert_num_queries(17):
        client.get(address("referral", sent.referral))


def test_empty_queues_say_so() -> None:
    client = signed_in(a_team().members[0])

    pages = [client.get(INBOX, {"file": queue.value}).content.decode() for queue in Queue]

    assert [str(queues.WHAT_EMPTY_MEANS[queue]) in page for queue, page in zip(Queue, pages, strict=True)] == [True] * 5


def test_odd_addresses_show_the_first_page() -> None:
    client = signed_in(a_team().members[0])

    for odd in ({"file": "x"}, {"page": "-1"}, {"page": "9" * 40}, {"page": "²"}, {"page": "0"}):
        assert client.get(INBOX, odd).status_code == 200


# --- one request ----------------------------------------------------------------------------------------------------


def test_the_page_holds_what_the_browser_opens_and_no_word_of_it() -> None:
    team = a_team()
    sent = a_referral(team, text="Le canari chante à minuit.")

    page = signed_in(team.members[0]).get(address("referral", sent.referral)).content.decode()

    wrap = MessageWrap.objects.get(message__referral=sent.referral, partner=team.partner)
    assert to_text(bytes(wrap.ct)) in page
    assert to_text(bytes(sent.referral.messages.get().ciphertext)) in page
    assert "canari" not in page
    assert team.read(sent.referral) == ["Le canari chante à minuit."]


def test_opening_a_request_leaves_a_line_in_the_record() -> None:
    team = a_team()
    sent = a_referral(team)

    signed_in(team.members[1]).get(address("referral", sent.referral))

    record = AccessRecord.objects.get(referral_id_seen=sent.referral.public_id)
    assert (record.member, record.act) == (team.members[1], "opened")


def test_a_member_takes_a_request_and_the_second_reads_a_calm_sentence() -> None:
    team = a_team()
    sent = a_referral(team)
    first, second = (signed_in(member) for member in team.members)
    second.get(address("referral", sent.referral))

    taken = first.post(address("acknowledge", sent.referral), follow=True)
    too_late = second.post(address("acknowledge", sent.referral), follow=True)

    assert "Vous avez pris cette demande." in taken.content.decode()
    assert "Quelqu’un de l’équipe vient d’agir" in too_late.content.decode()
    assert sent.referral.plan.get().taken_by == team.members[0]
    assert Event.objects.filter(referral=sent.referral, kind=Event.Kind.ACKNOWLEDGED).count() == 1


def test_who_acts_on_a_request_that_has_just_left_reads_a_calm_sentence() -> None:
    team, other = a_team(), a_team()
    sent = a_referral(team, other)
    client = signed_in(team.members[1])
    lifecycle.decline(sent.referral, member=team.members[0], code="full", at=timezone.now())

    acted = client.post(address("acknowledge", sent.referral), follow=True)
    opened = client.get(address("referral", sent.referral), follow=True)
    answered = post_json(client, address("answer", sent.referral), as_json(an_answer(other, sent)))

    assert acted.redirect_chain == [(INBOX, 302)]
    assert "Cette demande n’est plus chez vous." in acted.content.decode()
    assert "Cette demande n’est plus chez vous." in opened.content.decode()
    assert (answered.status_code, "plus chez vous" in answered.json()["notice"]) == (409, True)
    assert sent.referral.plan.get(partner=other.partner).state == PlanStep.State.WAITING


def test_declining_needs_a_code_and_serves_the_next_team() -> None:
    team, other = a_team(), a_team()
    sent = a_referral(team, other)
    client = signed_in(team.members[0])

    assert "Choisissez une raison." in client.post(address("decline", sent.referral), follow=True).content.decode()
    assert status_of(sent) == Referral.Status.WAITING
    client.post(address("decline", sent.referral), {"code": "full"})

    states = dict(sent.referral.plan.values_list("partner", "state"))
    assert states == {team.partner.pk: "declined", other.partner.pk: "waiting"}


def test_an_answer_is_kept_as_it_was_sealed() -> None:
    team = a_team()
    sent = a_referral(team)
    client = signed_in(team.members[0])
    client.post(address("acknowledge", sent.referral))
    message = an_answer(team, sent, "Nous t’attendons mardi.")

    response = post_json(client, address("answer", sent.referral), as_json(message))

    assert (response.status_code, response.json()) == (201, {"next": address("referral", sent.referral)})
    assert status_of(sent) == Referral.Status.ANSWERED
    assert team.read(sent.referral)[1] == "Nous t’attendons mardi."


def test_an_answer_at_a_place_that_was_taken_is_refused_calmly() -> None:
    team, now = a_team(), timezone.now()
    sent = a_referral(team)
    lifecycle.acknowledge(sent.referral, member=team.members[0], at=now)
    message = an_answer(team, sent)
    lifecycle.write_again(sent.referral, sent.writes_again("Encore moi."), readers=sent.readers(), at=now)

    response = post_json(signed_in(team.members[0]), address("answer", sent.referral), as_json(message))

    assert (response.status_code, "la personne d’écrire" in response.json()["notice"]) == (409, True)
    assert sent.referral.messages.count() == 2


def test_an_answer_sealed_to_other_keys_is_refused() -> None:
    team, other = a_team(), a_team()
    sent = a_referral(team)
    lifecycle.acknowledge(sent.referral, member=team.members[0], at=timezone.now())

    response = post_json(signed_in(team.members[0]), address("answer", sent.referral), as_json(an_answer(other, sent)))

    assert (response.status_code, sent.referral.messages.count()) == (409, 1)


@pytest.mark.parametrize(
    "body", ["[]", "{", '{"sequence": "1"}', '{"sequence": 1, "ciphertext": "é", "wraps": []}', "1"]
)
def test_odd_bodies_are_refused_without_a_trace(body: str) -> None:
    team = a_team()
    sent = a_referral(team)
    client = signed_in(team.members[0])

    for name in ("answer", "hand_over"):
        response = client.post(address(name, sent.referral), body, content_type="application/json")
        assert (response.status_code, list(response.json())) == (400, ["notice"])


def test_a_team_with_one_member_left_still_answers_what_it_took() -> None:
    team = a_team()
    sent = a_referral(team)
    lifecycle.acknowledge(sent.referral, member=team.members[0], at=timezone.now())
    message = an_answer(team, sent)
    keyring.leave(team.members[1], by=team.members[0], on=JOINED_ON)

    response = post_json(signed_in(team.members[0]), address("answer", sent.referral), as_json(message))

    assert response.status_code == 201


def handed(team: Team, sent: Sent, to: Team) -> dict[str, Any]:
    """The keys of all messages, sealed to another team as the browser does it."""
    keys = {}
    for wrap in MessageWrap.objects.filter(message__referral=sent.referral, partner=team.partner):
        context = context_of(sent.referral, wrap.message)
        opened = crypto.unwrap(
            crypto.Wrap(bytes(wrap.enc), bytes(wrap.ct)),
            private=team.key.private,
            info=crypto.key_info(context, to=team.partner.slug, epoch=wrap.epoch),
        )
        info = crypto.key_info(context, to=to.partner.slug, epoch=1)
        one = crypto.wrap(opened, to=to.key.public, info=info)
        keys[str(wrap.message_id)] = {"enc": to_text(one.enc), "ct": to_text(one.ct)}
    return {"to": {"slug": to.partner.slug, "epoch": 1}, "agreed": True, "keys": keys}


def test_handing_over_needs_agreement_and_moves_what_can_be_read() -> None:
    team, other = a_team(), a_team()
    sent = a_referral(team, text="Je veux changer de ville.")
    client = signed_in(team.members[0])
    body = handed(team, sent, other)

    refused = post_json(client, address("hand_over", sent.referral), {**body, "agreed": False})
    assert (refused.status_code, sent.referral.plan.count()) == (400, 1)
    assert post_json(client, address("hand_over", sent.referral), body).status_code == 201

    assert other.read(sent.referral) == ["Je veux changer de ville."]
    assert team.read(sent.referral) == []
    assert Event.objects.get(referral=sent.referral, kind="handed_over").member == team.members[0]
    assert client.get(address("keys_to_hand", sent.referral)).status_code == 409


def test_handing_over_to_a_team_that_is_not_live_is_refused() -> None:
    team, lone = a_team(), a_team(people=1)
    sent = a_referral(team)

    response = post_json(signed_in(team.members[0]), address("hand_over", sent.referral), handed(team, sent, lone))

    assert (response.status_code, sent.referral.plan.count()) == (409, 1)


def test_telling_the_authority_keeps_a_day_and_nothing_else() -> None:
    team = a_team()
    sent = a_referral(team)
    client = signed_in(team.members[0])

    page = client.post(address("tell_authority", sent.referral), follow=True).content.decode()

    event = Event.objects.get(referral=sent.referral, kind=Event.Kind.AUTHORITY_TOLD)
    assert (event.member, event.day) == (team.members[0], lifecycle.day_of(timezone.now()))
    assert "Transmis à la CRIP ou au procureur le" in page


def test_closing_needs_an_outcome_and_raises_its_counter(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    team = a_team()
    sent = a_referral(team)
    client = signed_in(team.members[0])
    client.post(address("acknowledge", sent.referral))

    assert "Choisissez comment" in client.post(address("close", sent.referral), follow=True).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        page = client.post(address("close", sent.referral), {"outcome": "oriented"}, follow=True).content.decode()

    assert "Demande terminée." in page
    assert status_of(sent) == Referral.Status.CLOSED
    assert figures(localdate())["closed:outcome:oriented"] == 1


def test_a_request_that_nobody_can_open_goes_to_the_next_team() -> None:
    team, other = a_team(), a_team()
    sent = a_referral(team, other)
    client = signed_in(team.members[0])

    client.post(address("lose_key", sent.referral))
    assert status_of(sent) == Referral.Status.WAITING
    assert sent.referral.plan.get(partner=team.partner).state == PlanStep.State.WAITING
    client.post(address("lose_key", sent.referral), {"sure": "yes"})

    assert sent.referral.plan.get(partner=other.partner).state == PlanStep.State.WAITING
    assert Event.objects.filter(referral=sent.referral, kind=Event.Kind.KEY_LOST).exists()


def test_teams_that_refused_or_pause_are_not_offered_for_a_hand_over() -> None:
    team, asked, pausing, free = (a_team(a_partner(name=name)) for name in ("Nous", "Déjà", "Pause", "Libre"))
    sent = a_referral(asked, team)
    lifecycle.decline(sent.referral, member=asked.members[0], code="full", at=timezone.now())
    pausing.partner.paused = True
    pausing.partner.save()

    response = signed_in(team.members[0]).get(address("referral", sent.referral))

    assert [one["name"] for one in response.context["teams"]] == [free.partner.name]


def test_a_count_that_stopped_says_so() -> None:
    assert [queues.shown(count) for count in (0, 999, queues.MOST_COUNTED)] == ["0", "999", "1000+"]
