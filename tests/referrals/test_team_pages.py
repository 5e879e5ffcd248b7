"""A team and its keys: who may do what to whom, what a body must hold, and figures that point at nobody."""

import json
from datetime import date
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import Invitation
from referrals import crypto, keyring, statistics, views_team
from referrals.access import context_of
from referrals.models import Member, MemberKey, MessageWrap, Partner, PasskeyLock, TeamKey, TeamKeyShare
from referrals.wire import to_text
from tests.builders import JOINED_ON, Team, a_key_of, a_member, a_partner, a_referral, a_team
from tests.signing_in import a_person, sign_in

pytestmark = pytest.mark.django_db

PAGES = ("team", "figures", "keys_to_renew")
POSTED = (
    "keep_keys",
    "give_shares",
    "renew",
    "start_again",
    "invite",
    "change_settings",
    "change_passphrase",
    "change_paper",
    "add_passkey",
    "forget_key",
    "prefer",
)
OF_MANAGERS = ("renew", "invite", "change_settings")


def address(name: str, *args: object) -> str:
    """An address of the team."""
    return reverse(f"referrals_staff:{name}", args=args)


def signed_in(member: Member) -> Client:
    """The browser of a member who went through both steps."""
    client = Client(headers={"Sec-Fetch-Site": "same-origin"})
    sign_in(client, member.user)
    return client


def post_json(client: Client, name: str, body: dict[str, Any]) -> Any:
    """What a script of the page sends."""
    return client.post(address(name), json.dumps(body), content_type="application/json")


def written(wrap: crypto.Wrap) -> dict[str, str]:
    """A sealed key as JSON."""
    return {"enc": to_text(wrap.enc), "ct": to_text(wrap.ct)}


def a_wrap() -> dict[str, str]:
    """A sealed key that opens nothing."""
    return {"enc": to_text(crypto.new_key()), "ct": to_text(bytes(crypto.WRAPPED_KEY_BYTES))}


def a_member_body() -> dict[str, Any]:
    """A first set-up; what is locked in it is of no matter to the server."""
    return {
        "public_key": to_text(crypto.new_pair().public),
        "passphrase_salt": to_text(bytes(crypto.SALT_BYTES)),
        "by_passphrase": to_text(bytes(crypto.LOCKED_KEY_BYTES)),
        "paper_salt": to_text(bytes(crypto.SALT_BYTES)),
        "by_paper": to_text(bytes(crypto.LOCKED_KEY_BYTES)),
    }


def a_team_body(*, epoch: int = 1, share: str = "0") -> dict[str, Any]:
    """A first epoch with its maker's share."""
    return {"epoch": epoch, "public_key": to_text(crypto.new_pair().public), "shares": {share: a_wrap()}}


def next_epoch_of(team: Team, *, without: Member | None = None) -> dict[str, Any]:
    """What the browser of the first member sends when somebody leaves."""
    pair = crypto.new_pair()
    stay = MemberKey.objects.filter(member__partner=team.partner, member__left_on=None).exclude(member=without)
    info = crypto.share_info(partner=team.partner.slug, epoch=2)
    rewraps = {}
    for wrap in MessageWrap.objects.filter(partner=team.partner):
        context = context_of(wrap.message.referral, wrap.message)
        key = crypto.unwrap(
            crypto.Wrap(bytes(wrap.enc), bytes(wrap.ct)),
            private=team.key.private,
            info=crypto.key_info(context, to=team.partner.slug, epoch=wrap.epoch),
        )
        anew = crypto.wrap(key, to=pair.public, info=crypto.key_info(context, to=team.partner.slug, epoch=2))
        rewraps[str(wrap.message_id)] = written(anew)
    return {
        "epoch": 2,
        "public_key": to_text(pair.public),
        "shares": {
            str(key.pk): written(crypto.wrap(pair.private, to=bytes(key.public_key), info=info)) for key in stay
        },
        "rewraps": rewraps,
        "without": without.pk if without else None,
    }


# --- odd bodies ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("start_again", json.dumps({"epoch": 2, "public_key": "A" * 43, "shares": {"9" * 5000: {}}})),
        ("renew", "[" * 100_000),
        ("add_passkey", json.dumps({"id": "AA", "name": "\0", "salt": "A", "locked": 3})),
    ],
)
def test_odd_bodies_are_refused_calmly(name: str, body: str) -> None:
    client = signed_in(a_team().members[0])

    answered = client.post(address(name), body, content_type="application/json")

    assert (answered.status_code, list(answered.json())) == (400, ["notice"])


def test_a_passkey_that_is_there_already_is_refused_and_its_name_is_one_line() -> None:
    team = a_team()
    client = signed_in(team.members[0])
    lock = {"salt": to_text(bytes(crypto.SALT_BYTES)), "locked": to_text(bytes(crypto.LOCKED_KEY_BYTES))}

    answers = [
        post_json(client, "add_passkey", {**lock, "id": "AAAA", "name": "ma\0 clé\ud800"}) for _twice in range(2)
    ]

    assert [one.status_code for one in answers] == [201, 409]
    assert PasskeyLock.objects.get().name == "ma clé"


@pytest.mark.parametrize("number", ["9" * 100, "9" * 5000, "-1", "x"])
def test_odd_numbers_in_an_address_are_ignored(number: str) -> None:
    client = signed_in(a_team().members[0])

    keys = client.get(address("keys_to_renew"), {"sans": number}).json()
    inbox = client.get(address("inbox"), {"page": number})

    assert (len(keys["members"]), inbox.status_code) == (2, 200)


# --- who may enter --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*PAGES, "set_up", *POSTED])
def test_nobody_enters_without_signing_in(client: Client, name: str) -> None:
    response = client.post(address(name)) if name in POSTED else client.get(address(name))

    assert (response.status_code, response.headers["Location"].split("?")[0]) == (302, "/espace/connexion/")


@pytest.mark.parametrize("name", [*PAGES, "set_up", *POSTED])
@pytest.mark.parametrize("who", [{"moderator": True}, {"operator": True}, {}])
def test_who_is_in_no_team_finds_nothing(client: Client, name: str, who: dict[str, Any]) -> None:
    sign_in(client, a_person(**who))

    response = client.post(address(name)) if name in POSTED else client.get(address(name))

    assert response.status_code == 404


@pytest.mark.parametrize("name", [*PAGES, "set_up", *POSTED])
def test_a_removed_member_finds_nothing(name: str) -> None:
    team = a_team()
    client = signed_in(team.members[1])
    keyring.leave(team.members[1], by=team.members[0], on=JOINED_ON)

    response = client.post(address(name)) if name in POSTED else client.get(address(name))

    assert response.status_code == 404


@pytest.mark.parametrize("name", OF_MANAGERS)
def test_a_plain_member_does_not_find_what_managers_do(name: str) -> None:
    team = a_team()

    assert signed_in(team.members[1]).post(address(name)).status_code == 404
    assert signed_in(team.members[1]).post(address("remove_without_key", team.members[0].pk)).status_code == 404


def test_the_page_of_a_plain_member_offers_nothing_of_managers() -> None:
    team = a_team()

    theirs, managers = (signed_in(one).get(address("team")).content.decode() for one in reversed(team.members))

    offered = [text in theirs for text in ("Inviter quelqu’un", "Retirer de l’équipe", "Horaires d’ouverture")]
    assert offered == [False] * 3
    assert [text in managers for text in ("Inviter quelqu’un", "Retirer de l’équipe", "Horaires d’ouverture")] == [
        True
    ] * 3


@pytest.mark.parametrize("people", [2, 4])
def test_the_team_asks_the_database_as_often_for_two_as_for_four(
    people: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(a_team(people=people).members[0])

    with django_assert_num_queries(8):
        client.get(address("team"))


# --- first set-up ---------------------------------------------------------------------------------------------------


def test_the_first_member_starts_the_team() -> None:
    member = a_member(a_partner())

    response = post_json(signed_in(member), "keep_keys", {**a_member_body(), "team": a_team_body()})

    assert response.status_code == 201
    share = TeamKeyShare.objects.get(team_key__partner=member.partner)
    assert (share.team_key.epoch, share.member_key.member) == (1, member)


def test_a_second_member_who_would_start_the_team_again_keeps_nothing() -> None:
    team = a_team()
    newcomer = a_member(team.partner)

    response = post_json(signed_in(newcomer), "keep_keys", {**a_member_body(), "team": a_team_body()})

    assert (response.status_code, MemberKey.objects.filter(member=newcomer).exists()) == (409, False)
    assert TeamKey.objects.get(partner=team.partner).epoch == 1


def test_keys_are_set_up_once() -> None:
    team = a_team()
    before = bytes(team.members[0].key.public_key)

    response = post_json(signed_in(team.members[0]), "keep_keys", a_member_body())

    assert (response.status_code, bytes(MemberKey.objects.get(member=team.members[0]).public_key)) == (409, before)


@pytest.mark.parametrize("part", list(a_member_body()))
@pytest.mark.parametrize("wrong", ["", "A", "é" * 43, None, 1, "A" * 400])
def test_a_key_of_the_wrong_shape_is_refused(part: str, wrong: object) -> None:
    member = a_member(a_partner())

    response = post_json(signed_in(member), "keep_keys", {**a_member_body(), part: wrong})

    assert (response.status_code, list(response.json()), MemberKey.objects.exists()) == (400, ["notice"], False)


# --- colleagues -----------------------------------------------------------------------------------------------------


def test_shares_are_given_to_a_colleague_who_then_opens() -> None:
    team = a_team()
    newcomer = a_member(team.partner)
    pair = a_key_of(newcomer)

    response = post_json(
        signed_in(team.members[0]),
        "give_shares",
        {"to": newcomer.key.pk, "shares": {"1": written(team.share_for(newcomer))}},
    )

    share = TeamKeyShare.objects.get(member_key__member=newcomer)
    opened = crypto.unwrap(
        crypto.Wrap(bytes(share.enc), bytes(share.ct)),
        private=pair.private,
        info=crypto.share_info(partner=team.partner.slug, epoch=1),
    )
    assert (response.status_code, opened) == (201, team.key.private)


def test_nobody_gives_themselves_or_a_stranger_access() -> None:
    team, other = a_team(), a_team()
    newcomer = a_member(team.partner)
    a_key_of(newcomer)
    shares = {"1": a_wrap()}

    itself = post_json(signed_in(newcomer), "give_shares", {"to": newcomer.key.pk, "shares": shares})
    stranger = post_json(signed_in(team.members[0]), "give_shares", {"to": other.members[0].key.pk, "shares": shares})
    unknown = post_json(signed_in(team.members[0]), "give_shares", {"to": newcomer.key.pk, "shares": {"7": a_wrap()}})

    assert [itself.status_code, stranger.status_code, unknown.status_code] == [409, 404, 400]
    assert TeamKeyShare.objects.count() == 4


def test_a_newcomer_cannot_take_the_team_over_with_an_epoch_of_their_own() -> None:
    team = a_team()
    newcomer = a_member(team.partner, role=Member.Role.MANAGER)
    a_key_of(newcomer)
    shares = {str(key.pk): a_wrap() for key in MemberKey.objects.filter(member__partner=team.partner)}
    body = {**a_team_body(epoch=2), "shares": shares}

    response = post_json(signed_in(newcomer), "start_again", body)

    assert response.status_code == 409
    assert TeamKey.objects.get(partner=team.partner).epoch == 1


def test_nobody_starts_again_while_a_colleague_opens() -> None:
    team = a_team()
    a_referral(team)
    body = {**next_epoch_of(team), "rewraps": {}}

    response = post_json(signed_in(team.members[0]), "start_again", body)

    assert (response.status_code, TeamKey.objects.get(partner=team.partner).epoch) == (409, 1)


def test_a_manager_removes_a_colleague_and_open_cases_follow() -> None:
    team = a_team(people=3)
    a_referral(team, text="Suivie.")

    response = post_json(signed_in(team.members[0]), "renew", next_epoch_of(team, without=team.members[1]))

    assert response.status_code == 201
    assert Member.objects.get(pk=team.members[1].pk).left_on is not None
    assert set(TeamKeyShare.objects.values_list("member_key__member", flat=True)) == {
        team.members[0].pk,
        team.members[2].pk,
    }
    assert list(MessageWrap.objects.filter(partner=team.partner).values_list("epoch", flat=True)) == [2]


def test_an_epoch_that_leaves_a_case_out_is_refused_whole() -> None:
    team = a_team(people=3)
    a_referral(team)
    body = {**next_epoch_of(team, without=team.members[1]), "rewraps": {}}

    response = post_json(signed_in(team.members[0]), "renew", body)

    assert response.status_code == 409
    assert Member.objects.get(pk=team.members[1].pk).left_on is None
    assert TeamKey.objects.get(partner=team.partner).epoch == 1


def test_nobody_removes_themselves_or_a_stranger() -> None:
    team, other = a_team(), a_team()
    client = signed_in(team.members[0])

    for leaver in (team.members[0], other.members[0]):
        body = {**next_epoch_of(team), "without": leaver.pk}
        assert post_json(client, "renew", body).status_code == 404
        assert client.post(address("remove_without_key", leaver.pk)).status_code == 404
    assert not Member.objects.filter(left_on__isnull=False).exists()


def test_who_never_made_keys_leaves_without_a_new_epoch() -> None:
    team = a_team()
    invited = a_member(team.partner)
    client = signed_in(team.members[0])

    client.post(address("remove_without_key", invited.pk))
    refused = client.post(address("remove_without_key", team.members[1].pk), follow=True)

    assert Member.objects.get(pk=invited.pk).left_on is not None
    assert Member.objects.get(pk=team.members[1].pk).left_on is None
    assert "Cette personne a des clés." in refused.content.decode()
    assert TeamKey.objects.get(partner=team.partner).epoch == 1


def test_keys_to_renew_hold_no_message_and_not_who_leaves() -> None:
    team = a_team()
    a_referral(team)

    body = signed_in(team.members[0]).get(address("keys_to_renew"), {"sans": team.members[1].pk}).json()

    assert [one["id"] for one in body["members"]] == [team.members[0].key.pk]
    assert [sorted(one) for one in body["messages"]] == [["id", "place", "wraps"]]


# --- invitations ----------------------------------------------------------------------------------------------------


def invite(client: Client, email: str = "noor@exemple.org", role: str = "member") -> str:
    """Invite somebody; the page that follows."""
    return client.post(address("invite"), {"name": "Noor", "email": email, "role": role}, follow=True).content.decode()


def test_an_invitation_is_a_place_in_the_team_and_a_mail_that_says_nothing() -> None:
    team = a_team(a_partner(name="Le Pont (fictif)"))

    page = invite(signed_in(team.members[0]), "Noor@Exemple.org")

    member = Member.objects.get(user__email="noor@exemple.org")
    assert (member.partner, member.role, member.name, member.user.is_active) == (team.partner, "member", "Noor", False)
    assert "Invitation envoyée à Noor." in page
    assert [message.to for message in mail.outbox] == [["noor@exemple.org"]]
    assert "/espace/invitation/" in mail.outbox[0].body
    assert "Pont" not in f"{mail.outbox[0].subject} {mail.outbox[0].body}"


def test_odd_invitations_change_nothing() -> None:
    team, other = a_team(), a_team()
    moderator = a_person("mod@exemple.org", moderator=True)
    client = signed_in(team.members[0])
    before = Member.objects.count()

    assert "ne s’écrit pas ainsi" in invite(client, "pas une adresse")
    assert "Choisissez un rôle." in invite(client, role="chef")
    assert "déjà dans une équipe" in invite(client, other.members[0].user.email)
    assert "compte d’un autre type" in invite(client, moderator.email)

    assert (Member.objects.count(), Invitation.objects.count(), mail.outbox) == (before, 0, [])


def test_who_was_in_a_team_before_comes_back_with_the_same_account() -> None:
    team, before = a_team(), a_team()
    gone = before.members[1]
    keyring.leave(gone, by=before.members[0], on=JOINED_ON)

    invite(signed_in(team.members[0]), gone.user.email)

    assert Member.objects.get(user=gone.user, left_on=None).partner == team.partner
    assert mail.outbox == []


# --- one's own keys and settings ------------------------------------------------------------------------------------


def test_locks_change_for_oneself_only() -> None:
    team = a_team()
    salt, locked = bytes(range(16)), bytes(range(60))
    body = {"salt": to_text(salt), "locked": to_text(locked)}
    client = signed_in(team.members[0])
    before = MemberKey.objects.get(member=team.members[1])

    assert post_json(client, "change_passphrase", body).status_code == 201
    assert post_json(client, "change_paper", body).status_code == 201
    assert post_json(client, "add_passkey", {**body, "id": to_text(b"cle"), "name": "Bureau"}).status_code == 201

    key = MemberKey.objects.get(member=team.members[0])
    assert [bytes(part) for part in (key.passphrase_salt, key.by_passphrase, key.paper_salt, key.by_paper)] == [
        salt,
        locked,
        salt,
        locked,
    ]
    lock = PasskeyLock.objects.get()
    assert (lock.member_key, bytes(lock.credential_id), lock.name, bytes(lock.locked)) == (
        key,
        b"cle",
        "Bureau",
        locked,
    )
    after = MemberKey.objects.get(member=team.members[1])
    assert bytes(after.by_passphrase) == bytes(before.by_passphrase)


@pytest.mark.parametrize("name", ["change_passphrase", "change_paper", "add_passkey", "give_shares", "start_again"])
@pytest.mark.parametrize("body", ["", "[]", "null", '{"salt": "AA", "locked": []}', '{"to": -1}', '{"epoch": "1"}'])
def test_odd_bodies_are_refused(name: str, body: str) -> None:
    client = signed_in(a_team().members[0])

    response = client.post(address(name), body, content_type="application/json")

    assert (response.status_code, list(response.json())) == (400, ["notice"])


def test_a_key_is_forgotten_only_when_that_is_meant() -> None:
    team = a_team()
    client = signed_in(team.members[1])

    assert "Cochez la case" in client.post(address("forget_key"), follow=True).content.decode()
    assert MemberKey.objects.filter(member=team.members[1]).exists()
    response = client.post(address("forget_key"), {"sure": "yes"})

    assert response.headers["Location"] == address("set_up")
    assert not MemberKey.objects.filter(member=team.members[1]).exists()
    assert TeamKeyShare.objects.count() == 1


def test_a_manager_sets_hours_room_and_pause() -> None:
    team = a_team()
    client = signed_in(team.members[0])

    client.post(address("change_settings"), {"opening_hours": " Mo-Fr 09:00-17:00 ", "capacity": "7", "paused": "on"})

    partner = Partner.objects.get(pk=team.partner.pk)
    assert (partner.opening_hours, partner.capacity, partner.paused) == ("Mo-Fr 09:00-17:00", 7, True)


def test_hours_that_cannot_be_read_are_shown_again_with_what_was_typed() -> None:
    team = a_team()

    response = signed_in(team.members[0]).post(
        address("change_settings"), {"opening_hours": "lundi matin", "capacity": "12"}
    )

    page = response.content.decode()
    assert (response.status_code, Partner.objects.get(pk=team.partner.pk).opening_hours) == (400, "24/7")
    assert 'value="lundi matin"' in page
    assert "Ces horaires ne se lisent pas." in page
    assert 'value="12"' in page


def test_mails_are_a_choice() -> None:
    member = a_team().members[1]
    client = signed_in(member)

    client.post(address("prefer"))
    assert Member.objects.get(pk=member.pk).wants_mail is False
    client.post(address("prefer"), {"wants_mail": "yes"})
    assert Member.objects.get(pk=member.pk).wants_mail is True


# --- figures --------------------------------------------------------------------------------------------------------


def test_small_figures_are_not_shown() -> None:
    statistics.note([*["sent:all"] * 12, *["sent:age:15-17"] * 7, *["sent:age:under15"] * 4])
    statistics.merge(on=lifecycle_day())

    response = signed_in(a_team().members[0]).get(address("figures"))

    tables = {str(table.title): {bar.label: bar.number for bar in table.bars} for table in response.context["tables"]}
    assert tables["Demandes"] == {"Reçues": 12, "Terminées": None}
    assert (tables["Âge"]["15 à 17 ans"], tables["Âge"]["Moins de 15 ans"]) == (7, None)


def lifecycle_day() -> date:
    """Today in Paris."""
    return views_team.today()


@pytest.mark.parametrize(
    ("figures", "shown"),
    [
        ({"a": 4, "b": 0}, {"a": None, "b": None}),
        ({"a": 5, "b": 4}, {"a": 5, "b": None}),
        ({"a": 9, "b": 6, "c": 2}, {"a": 9, "b": None, "c": None}),
        ({"a": 9, "b": 6, "c": 5}, {"a": 9, "b": 6, "c": 5}),
    ],
)
def test_a_hidden_figure_cannot_be_worked_out(figures: dict[str, int], shown: dict[str, int | None]) -> None:
    assert statistics.without_small(figures) == shown


def test_another_month_is_asked_for_by_name() -> None:
    months = views_team.last_months(date(2026, 2, 25))
    client = signed_in(a_team().members[0])

    assert [f"{month:%Y-%m}" for month in months[:3]] == ["2026-02", "2026-01", "2025-12"]
    previous = views_team.last_months(lifecycle_day())[1]
    assert client.get(address("figures"), {"mois": f"{previous:%Y-%m}"}).context["month"] == previous
    assert client.get(address("figures"), {"mois": "1999-01"}).context["month"].day == 1
