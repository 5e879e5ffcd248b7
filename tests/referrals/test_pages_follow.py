"""Coming back with a code, without a script: slips, what became of it, more words, and the end of everything."""

import gzip
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from referrals import codes, crypto, envelopes, follow_up, handoffs, keyring, lifecycle, sealing
from referrals.models import Handoff, Message, PlanStep, Referral
from tests.builders import Sent, Team, a_partner, a_referral, a_team, an_answer
from tests.referrals.test_envelopes import some_words
from tests.resources.test_pages import ROOM_ON_THE_WIRE, TELLING, Seen, emergency_services

pytestmark = pytest.mark.django_db

RETURN = "/fr/suivi/"


def page(response: Any, *, status: int = 200) -> Seen:
    """What a page shows, its status being right; parts that wait for a script are not shown."""
    assert response.status_code == status
    return Seen(re.sub(r"<template.*?</template>", "", response.content.decode(), flags=re.DOTALL))


def goes_to(response: Any) -> str:
    """Where a 303 leads."""
    assert response.status_code == 303
    return str(response.headers["Location"])


def opened(client: Client, typed: str) -> str:
    """The address that a typed code leads to."""
    return goes_to(client.post(RETURN, {"code": typed}))


def token_of(address: str) -> str:
    """The token of an address."""
    return parse_qs(urlsplit(address).query)["k"][0]


def answered(team: Team, sent: Sent, text: str) -> None:
    """The team takes the message and answers."""
    lifecycle.acknowledge(sent.referral, member=team.members[0], at=timezone.now())
    lifecycle.answer(
        sent.referral, an_answer(team, sent, text), member=team.members[0], own=team.addressee, at=timezone.now()
    )


def unknown_code() -> codes.Code:
    """A code that nobody has."""
    return codes.new_code()


# --- the code --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["words", "capitals", "digits", "groups"])
def test_a_code_opens_by_words_and_by_digits(client: Client, how: str) -> None:
    sent = a_referral(text="Je cherche un abri")
    digits = sent.code.digits()
    typed = {
        "words": sent.code.words(),
        "capitals": codes.fold(sent.code.words()).upper().replace(" ", ", "),
        "digits": digits,
        "groups": " ".join(digits[start : start + 4] for start in range(0, 20, 4)),
    }

    seen = page(client.get(opened(client, typed[how])))

    assert (seen.title, seen.heading) == ("Revenir – Éclaircie", "Le message attend d’être lu.")
    assert "Je cherche un abri" in seen.words


def test_a_professional_reads_no_tu_and_a_child_no_vous(client: Client) -> None:
    team = a_team(a_partner(slug="aube"))
    sent = a_referral(team, text="Bonjour")
    address = opened(client, sent.code.words())
    pages = [page(client.get(one)) for one in (RETURN, address, f"{address}&p=2", f"{RETURN}?p=4")]
    answered(team, sent, "Bonjour")
    pages += [page(client.get(address)), page(client.get(opened(client, unknown_code().words())))]

    said = {
        word
        for seen in pages
        for word in re.findall(r"\w+", " ".join(seen.words).lower())
        if word in {"tu", "toi", "te", "ton", "ta", "tes", "vous", "votre", "vos"}
    }

    assert said == set()


def test_nothing_of_the_code_is_in_an_address_or_a_cookie(client: Client) -> None:
    sent = a_referral()

    response = client.post(RETURN, {"code": sent.code.words()})

    address = goes_to(response)
    assert [word for word in sent.code.words().split() if codes.fold(word) in address.lower()] == []
    assert set(parse_qs(urlsplit(address).query)) == {"k"}
    shown = client.get(address)
    assert (dict(response.cookies), dict(shown.cookies), shown.headers["Cache-Control"]) == ({}, {}, "no-store")


@pytest.mark.parametrize(("accepted", "length"), [("gzip", envelopes.STEP), ("identity", envelopes.PLAIN_STEP)])
def test_a_known_and_an_unknown_code_are_as_long_on_the_wire(client: Client, accepted: str, length: int) -> None:
    team = a_team()
    sent = a_referral(team, text=some_words(400, seed=1).decode())
    answered(team, sent, some_words(400, seed=2).decode())
    posts = [client.post(RETURN, {"code": code.words()}) for code in (sent.code, unknown_code())]

    gets = [client.get(post.headers["Location"], headers={"Accept-Encoding": accepted}) for post in posts]

    assert len({(post.status_code, len(post.headers["Location"])) for post in posts}) == 1
    assert [(get.status_code, len(get.content), get.headers["Content-Encoding"]) for get in gets] == [
        (200, length, accepted),
        (200, length, accepted),
    ]


def test_an_unknown_code_meets_kindness_and_numbers(client: Client) -> None:
    emergency_services()
    typed = unknown_code().words()

    seen = page(client.get(opened(client, typed)))

    assert "On ne trouve rien avec ce code." in seen.words
    assert "Les mots sont-ils dans le bon ordre ?" in seen.words
    assert (seen.fields["code"], "tel:17" in seen.links) == (typed, True)


COUNT = "Il faut 6 mots, ou 20 chiffres. Il en manque peut-être."
SLIPS: list[tuple[Callable[[list[str]], list[str]], list[str]]] = [
    (
        lambda words: [*words[:2], "zzzzzz", *words[3:]],
        ["Un mot n’est pas dans la liste.", "Mot nº 3 : ce mot n’existe pas dans nos codes."],
    ),
    (lambda words: words[:5], [COUNT]),
    (lambda _words: ["1234", "5678"], [COUNT]),
    (lambda _words: ["?!"], ["Il faut écrire les 6 mots, ou les 20 chiffres."]),
]


@pytest.mark.parametrize(("change", "words"), SLIPS)
def test_a_slip_is_told_word_by_word(
    client: Client, change: Callable[[list[str]], list[str]], words: list[str]
) -> None:
    typed = " ".join(change(unknown_code().words().split()))

    response = client.get(opened(client, typed))

    seen = page(response)
    assert [word for word in words if word not in seen.words] == []
    assert unescape(seen.fields["code"]) == typed
    assert 'autofocus><p><a href="#f-code">' in response.content.decode()


def test_a_word_that_was_perhaps_meant_is_proposed(client: Client) -> None:
    seen = page(client.get(opened(client, "abaisser abandon abdiquer abeille abolir oborder")))

    assert "Mot nº 6 : peut-être « aborder » ?" in seen.words


def test_odd_codes_are_read_and_refused(client: Client) -> None:
    for typed in ("🌧" * 300, "é" * 5000, "\0", "<script>alert(1)</script>"):
        response = client.get(opened(client, typed))
        assert (response.status_code, b"<script>alert" in response.content) == (200, False)


def test_the_page_of_a_code_lasts_fifteen_minutes(client: Client) -> None:
    address = opened(client, a_referral().code.words())
    Handoff.objects.update(dies_at=timezone.now())

    seen = page(client.get(address))

    assert any(word.startswith("La page s’est fermée : elle ne reste ouverte que 15 minutes.") for word in seen.words)


def test_a_page_that_was_left_alone_is_closed(client: Client) -> None:
    address = opened(client, a_referral(text="secret").code.words())

    assert goes_to(client.post(RETURN, {"do": "close", "k": token_of(address)})) == RETURN
    assert "secret" not in page(client.get(address)).words


def test_the_empty_form_is_light_and_tells_nothing(client: Client) -> None:
    emergency_services()

    response = client.get(RETURN)

    seen = page(response)
    assert (seen.title, seen.exits, TELLING.search(seen.title)) == ("Revenir – Éclaircie", 1, None)
    assert len(gzip.compress(response.content, 6)) <= ROOM_ON_THE_WIRE
    assert (dict(response.cookies), response.headers["Cache-Control"]) == ({}, "no-store")


# --- what became of it -----------------------------------------------------------------------------------------------


def test_who_has_it_who_could_not_and_what_was_said(client: Client) -> None:
    first, second = a_team(a_partner(name="Première")), a_team(a_partner(name="Deuxième"))
    sent = a_referral(first, second, text="Bonjour")
    lifecycle.decline(sent.referral, member=first.members[0], code=PlanStep.Decline.FULL, at=timezone.now())
    answered(second, sent, "Nous sommes là.\n<b>Ici</b>")

    response = client.get(opened(client, sent.code.words()))

    seen = page(response)
    assert seen.heading == "Une réponse est arrivée."
    place = seen.words.index("Première")
    assert seen.words[place : place + 4] == [
        "Première",
        "ne peut pas aider cette fois",
        "Deuxième",
        "a pris le message",
    ]
    assert seen.words.index("Bonjour") < seen.words.index("Nous sommes là.")
    assert "&lt;b&gt;Ici&lt;/b&gt;" in response.content.decode()


def test_when_nobody_is_left_she_is_told_with_numbers_and_may_write_anew(client: Client) -> None:
    emergency_services()
    team = a_team()
    sent = a_referral(team)
    lifecycle.decline(sent.referral, member=team.members[0], code=PlanStep.Decline.FULL, at=timezone.now())

    response = client.get(opened(client, sent.code.words()))

    seen = page(response)
    assert seen.heading == "Personne n’a pu prendre le message."
    assert ("tel:17" in seen.links, seen.links.count("/fr/ecrire/") >= 2) == (True, True)
    assert 'name="text"' not in response.content.decode()


def test_a_lost_key_is_told(client: Client) -> None:
    emergency_services()
    first, second = a_team(), a_team()
    sent = a_referral(first, second)
    lifecycle.lose_key(sent.referral, partner=first.partner, at=timezone.now())

    seen = page(client.get(opened(client, sent.code.words())))

    assert any("a perdu sa clé" in word for word in seen.words)
    assert "tel:17" in seen.links


# --- more words ------------------------------------------------------------------------------------------------------


def test_she_answers_and_the_team_reads_it(client: Client) -> None:
    team = a_team()
    sent = a_referral(team, text="un")
    address = opened(client, sent.code.words())
    form = {"do": "write", "k": token_of(address), "token": handoffs.new_token(), "text": "deux"}

    first, second = goes_to(client.post(RETURN, form)), goes_to(client.post(RETURN, form))

    seen = page(client.get(first))
    assert (first == second, team.read(sent.referral)) == (True, ["un", "deux"])
    assert ("Le message est parti." in seen.words, "deux" in seen.words) == (True, True)


@pytest.mark.parametrize(
    ("text", "words"),
    [(" ", "Il manque le message."), ("x" * 7001, "Le message est trop long : 7 000 caractères au plus.")],
)
def test_an_answer_that_cannot_go_is_kept_on_the_page(client: Client, text: str, words: str) -> None:
    sent = a_referral()
    address = opened(client, sent.code.words())

    response = client.post(RETURN, {"do": "write", "k": token_of(address), "text": text})

    assert words in page(response, status=400).words
    assert (text in response.content.decode(), Message.objects.count()) == (True, 1)


def test_an_answer_after_the_end_changes_nothing(client: Client) -> None:
    team = a_team()
    sent = a_referral(team)
    address = opened(client, sent.code.words())
    lifecycle.acknowledge(sent.referral, member=team.members[0], at=timezone.now())
    lifecycle.close(sent.referral, member=team.members[0], at=timezone.now())

    after = goes_to(client.post(RETURN, {"do": "write", "k": token_of(address), "text": "encore"}))

    assert page(client.get(after)).heading == "L’échange est terminé."
    assert Message.objects.count() == 1


@pytest.mark.parametrize("act", ["write", "erase"])
def test_an_act_on_a_page_that_is_over_asks_for_the_code_again(client: Client, act: str) -> None:
    a_referral()

    seen = page(client.post(RETURN, {"do": act, "k": "perdu", "text": "bonjour"}))

    assert seen.heading == "Revenir avec le code"
    assert (Referral.objects.count(), Message.objects.count()) == (1, 1)


# --- the end ---------------------------------------------------------------------------------------------------------


def test_erasing_asks_first_and_then_leaves_nothing(client: Client) -> None:
    sent = a_referral(text="à oublier")
    address = opened(client, sent.code.words())

    asked = page(client.get(f"{address}&p=2"))
    assert (asked.heading, Referral.objects.count()) == ("Tout effacer ?", 1)
    form = {"do": "erase", "k": token_of(address)}
    done = goes_to(client.post(RETURN, form))

    assert page(client.get(done)).heading == "Tout est effacé."
    assert (Referral.objects.count(), Message.objects.count(), PlanStep.objects.count()) == (0, 0, 0)
    assert Handoff.objects.count() == 0
    assert "à oublier" not in page(client.get(address)).words
    with pytest.raises(follow_up.Unknown):
        follow_up.open_with_code(sent.code)


def test_erasing_twice_says_the_same(client: Client) -> None:
    sent = a_referral()
    address = opened(client, sent.code.words())
    sent.referral.delete()

    assert page(client.get(goes_to(client.post(RETURN, {"do": "erase", "k": token_of(address)})))).heading == (
        "Tout est effacé."
    )


def test_what_ended_long_ago_shows_days_and_no_words(client: Client) -> None:
    team = a_team()
    sent = a_referral(team, text="mot effacé")
    lifecycle.acknowledge(sent.referral, member=team.members[0], at=timezone.now())
    lifecycle.close(sent.referral, member=team.members[0], at=timezone.now())
    lifecycle.erase_content(sent.referral, on=timezone.localdate() + timedelta(days=8))

    seen = page(client.get(opened(client, sent.code.words())))

    assert (seen.heading, "mot effacé" in seen.words) == ("L’échange est terminé.", False)


# --- what a partner's browser may do wrong ---------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["bytes", "nesting"])
def test_an_answer_that_cannot_be_opened_hides_none_of_the_others(client: Client, damage: str) -> None:
    team = a_team()
    sent = a_referral(team, text="Premiers mots.")
    lifecycle.acknowledge(sent.referral, member=team.members[0], at=timezone.now())
    bad = an_answer(team, sent)
    if damage == "bytes":
        bad = replace(bad, ciphertext=bytes(len(bad.ciphertext)))
    else:
        case = bytes(sent.referral.case_key)
        context = crypto.Context(case, 1, crypto.Direction.PARTNER)
        bad = sealing.seal_message(b"[" * 60_000, context=context, to=[team.addressee], sender=case)
    lifecycle.answer(sent.referral, bad, member=team.members[0], own=team.addressee, at=timezone.now())

    seen = page(client.get(opened(client, sent.code.words())))
    read = client.post("/api/v1/follow-up/open", {"code": sent.code.words()}, content_type="application/json")

    assert {"Premiers mots.", "Ce message ne s’ouvre pas."} <= set(seen.words)
    assert [message["text"] for message in read.json()["messages"]] == ["Premiers mots.", None]


def test_her_words_still_reach_a_team_with_one_member_left(client: Client) -> None:
    team = a_team()
    sent = a_referral(team)
    lifecycle.acknowledge(sent.referral, member=team.members[0], at=timezone.now())
    keyring.leave(team.members[1], by=team.members[0], on=timezone.localdate())

    follow_up.write(sent.code, "Encore moi.", at=timezone.now())

    assert team.read(sent.referral) == ["J’ai besoin d’aide.", "Encore moi."]
