"""Writing without a name: each question, who reads, what is sealed, the code, and all that no address may say."""

import gzip
import json
import re
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from config import assets
from referrals import answers, codes, crypto, envelopes, follow_up, handoffs
from referrals.access import context_of
from referrals.answers import Answers
from referrals.models import Handoff, MessageWrap, PlanStep, Referral
from resources.models import Service
from tests.builders import Team, a_partner, a_service, a_team
from tests.resources.test_pages import ROOM_ON_THE_WIRE, TELLING, Seen, emergency_services

pytestmark = pytest.mark.django_db

WRITE, KEEP, PROFESSIONAL = "/fr/ecrire/", "/fr/ecrire/suite/", "/fr/pro/ecrire/"
TEXT = "J’ai besoin de parler, zéphyr bleu."
ANSWERED: dict[str, dict[str, Any]] = {
    "danger": {"danger_now": "no"},
    "age": {"age_band": "15-17"},
    "needs": {"needs": ["ecoute", "hebergement"]},
    "where": {"departement": "93", "avoid_commune": "Montreuil"},
    "when": {"urgency": "24h"},
    "who": {"gender": "female", "language": "fr"},
}
WHOLE: dict[str, Any] = {
    "danger_now": "no",
    "age_band": "15-17",
    "needs": ["ecoute"],
    "departement": "93",
    "text": TEXT,
    "consent": "yes",
}


def page(response: Any, *, status: int = 200) -> Seen:
    """What a page shows, its status being right; parts that wait for a script are not shown."""
    assert response.status_code == status
    return Seen(re.sub(r"<template.*?</template>", "", response.content.decode(), flags=re.DOTALL))


def goes_to(response: Any) -> str:
    """Where a 303 leads."""
    assert response.status_code == 303
    return str(response.headers["Location"]).split("#")[0]


def answer(client: Client, address: str, step: str, **said: Any) -> str:
    """Answer the question of an address; where it leads."""
    carried = page(client.get(address)).hidden["e"]
    return goes_to(client.post(WRITE, {"e": carried, "step": step, **said}))


def walk(client: Client, *, door: str = "moi", until: str = "letter", **changed: dict[str, Any]) -> str:
    """Answer each question up to one of them; its address."""
    address = f"{WRITE}?pour={door}"
    for step, said in ANSWERED.items():
        if step == until:
            return address
        address = answer(client, address, step, **changed.get(step, said))
    return address


def carried(response: Any) -> dict[str, list[str]]:
    """Hidden fields of a page, each with all its values."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', response.content.decode()):
        found.setdefault(name, []).append(unescape(value))
    return found


def checked(response: Any) -> list[tuple[str, str]]:
    """Answers that are ticked."""
    tags = re.findall(r'<input[^>]*name="(\w+)" value="([^"]*)"[^>]*checked', response.content.decode())
    return [(name, value) for name, value in tags]


def sealed_content(team: Team) -> dict[str, Any]:
    """The first message of the only referral, as a team opens it."""
    wrap = MessageWrap.objects.get(partner=team.partner)
    context = context_of(wrap.message.referral, wrap.message)
    info = crypto.key_info(context, to=team.partner.slug, epoch=wrap.epoch)
    key = crypto.unwrap(crypto.Wrap(bytes(wrap.enc), bytes(wrap.ct)), private=team.key.private, info=info)
    content: dict[str, Any] = json.loads(crypto.unseal(bytes(wrap.message.ciphertext), key=key, context=context))
    return content


# --- questions -------------------------------------------------------------------------------------------------------


def test_for_whom_comes_first_and_numbers_before_it(client: Client) -> None:
    emergency_services()

    seen = page(client.get(WRITE))

    numbers = ["tel:17", "sms:114", "tel:119"]
    doors = ["?pour=moi", "?pour=proche", "?pour=temoin", PROFESSIONAL]
    assert [link for link in seen.links if link in numbers + doors] == numbers + doors
    assert (seen.title, seen.exits) == ("Écrire – Éclaircie", 1)


@pytest.mark.parametrize(("door", "referrer"), [("moi", "self"), ("proche", "relative"), ("temoin", "witness")])
def test_each_answer_reaches_the_letter(client: Client, door: str, referrer: str) -> None:
    a_team()

    fields = carried(client.get(walk(client, door=door)))

    assert {name: fields[name] for name in fields if name not in {"token", "partners"}} == {
        "referrer": [referrer],
        "danger_now": ["no"],
        "age_band": ["15-17"],
        "needs": ["ecoute", "hebergement"],
        "departement": ["93"],
        "avoid_commune": ["93048"],
        "urgency": ["24h"],
        "gender": ["female"],
        "language": ["fr"],
    }


def test_an_address_says_nothing_and_is_as_long_whatever_is_answered(client: Client) -> None:
    addresses = [walk(client, until=step) for step in [*list(ANSWERED)[1:], "letter"]]

    assert {urlsplit(address).path for address in addresses} == {WRITE}
    assert {len(address) for address in addresses} == {len(addresses[0])}
    said = re.compile(r"15-17|ecoute|93|montreuil|female|24h", re.IGNORECASE)
    assert [one for address in addresses for one in said.findall(urlsplit(address).query[:2])] == []
    assert [set(parse_qs(urlsplit(address).query)) for address in addresses] == [{"e"}] * len(addresses)


def test_nothing_is_kept_between_two_questions(client: Client) -> None:
    walk(client)

    assert (Referral.objects.count(), Handoff.objects.count()) == (0, 0)


def test_progress_is_said(client: Client) -> None:
    words = page(client.get(walk(client, until="where"))).words

    assert "Question 3 sur 6" in words


def test_going_back_keeps_the_answers(client: Client) -> None:
    address = walk(client, until="when")
    for expected in ([("departement", "93")], [("needs", "ecoute"), ("needs", "hebergement")], [("age_band", "15-17")]):
        back = page(client.get(address)).links
        address = WRITE + next(link for link in back if link.startswith("?e="))
        assert checked(client.get(address)) == expected


@pytest.mark.parametrize("step", ["needs", "where", "when", "who"])
def test_a_question_can_be_passed(client: Client, step: str) -> None:
    a_team()
    address = answer(client, walk(client, until=step), step, skip="1", **ANSWERED[step])
    rest = list(ANSWERED)[list(ANSWERED).index(step) + 1 :]
    for later in rest:
        address = answer(client, address, later, **ANSWERED[later])

    fields = carried(client.get(address))

    assert set(fields) & (set(ANSWERED[step]) - {"language"}) == set()


@pytest.mark.parametrize(("step", "field"), [("danger", "danger_now"), ("age", "age_band")])
def test_the_first_two_questions_want_an_answer(client: Client, step: str, field: str) -> None:
    address = answer(client, walk(client, until=step), step, skip="1")

    response = client.get(address)

    text = response.content.decode()
    assert f'href="#f-{field}"' in text
    assert f'aria-describedby="f-{field}-error"' in text
    assert 'id="erreurs" role="alert" tabindex="-1" autofocus' in text


def test_four_needs_are_too_many(client: Client) -> None:
    address = answer(client, walk(client, until="needs"), "needs", needs=["ecoute", "sante", "juridique", "papiers"])

    assert "3 réponses au plus." in page(client.get(address)).words


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("Nulle-Part", "On ne connaît pas cette ville. Il faut son nom entier, ou rien."),
        ("77610", "Plusieurs villes ont ce code postal. Il faut le nom de la ville."),
    ],
)
def test_an_unknown_town_is_kept_and_said(client: Client, typed: str, words: str) -> None:
    address = answer(client, walk(client, until="where"), "where", departement="93", avoid_commune=typed)

    response = client.get(address)

    seen = page(response)
    assert words in seen.words
    assert seen.fields["avoid_commune"] == typed
    assert typed not in address
    assert checked(response) == [("departement", "93")]


def test_the_longest_answers_fit_into_an_address(client: Client) -> None:
    longest: dict[str, dict[str, Any]] = {
        "age": {"age_band": "unknown"},
        "needs": {"needs": ["hebergement", "prostitution", "addictions"]},
    }
    for typed in (
        '"' * 300,
        "🌧" * 300,
        "\\" * 300,
        "\x01" * 300 + "é" * 300,
        "Wq7ÿZ؀kX9æ🌧Jv4ŒpB5ñHt2ßYd8çNs3øRf6þGb1" * 2,
    ):
        where = {"departement": "93", "avoid_commune": typed}
        address = walk(client, door="proche", until="when", danger={"danger_now": "unknown"}, **longest, where=where)
        assert client.get(address).status_code == 200


@pytest.mark.parametrize(
    ("typed", "insee"), [("93100", "93048"), ("paris", "75056"), ("75018", "75118"), ("93048", "93048")]
)
def test_a_town_is_known_by_name_postcode_or_code(client: Client, typed: str, insee: str) -> None:
    a_team()
    where = {"departement": "93", "avoid_commune": typed}

    assert carried(client.get(walk(client, where=where)))["avoid_commune"] == [insee]


@pytest.mark.parametrize(("said", "shown"), [("yes", 5), ("unknown", 5), ("no", 3)])
def test_danger_shows_the_numbers_before_anything_else(client: Client, said: str, shown: int) -> None:
    emergency_services()

    text = client.get(walk(client, until="age", danger={"danger_now": said})).content.decode()

    before_form = text.partition('<form class="asked"')[0]
    assert before_form.count('href="tel:') + before_form.count('href="sms:') == shown
    assert ("D’abord, si c’est maintenant" in before_form) is (said != "no")
    assert 'name="age_band"' in text


def test_answers_are_forgotten_after_half_an_hour() -> None:
    now = timezone.now()
    token = Answers("age", {"referrer": "self"}).token(at=now)

    kept, gone = (
        answers.read(token, at=now + timedelta(minutes=30)),
        answers.read(token, at=now + timedelta(minutes=31)),
    )

    assert (kept is not None and kept.step, gone) == ("age", None)


def test_the_fullest_answers_fit_and_make_a_token_as_long_as_the_emptiest() -> None:
    now = timezone.now()
    every = {
        "language": "uk",
        "gender": "trans",
        "urgency": "week",
        "departement": "78",
        "avoid": "".join(map(chr, range(0x5410, 0x9110, 0x333))),  # 60 bytes that pack badly
        "avoid_commune": "94043",
        "needs": ["addictions", "papiers", "numerique"],
        "age_band": "26plus",
        "danger_now": "unknown",
        "referrer": "professional",
    }
    full = Answers("letter", every, {"avoid_commune": "several", "needs": "too_many", "age_band": "required"})

    assert len(full.token(at=now)) == len(Answers("danger", {}).token(at=now))
    assert answers.read(full.token(at=now), at=now) == full


@pytest.mark.parametrize("token", ["", "perdu", "A" * 800])
def test_a_token_that_is_over_is_said(client: Client, token: str) -> None:
    words = page(client.get(f"{WRITE}?e={token}")).words

    assert "Tes réponses sont effacées : on ne les garde que 30 minutes. Recommence quand tu veux." in words


# --- who reads -------------------------------------------------------------------------------------------------------


def test_who_would_read_is_said_before_writing(client: Client) -> None:
    first = a_team(a_partner(name="Port d’aube", stance="Nous écoutons.", needs=["ecoute", "hebergement"]))
    second = a_team(a_partner(name="Passerelle", opening_hours=""))
    desk = a_team(a_partner(name="Permanence", is_duty_desk=True))

    response = client.get(walk(client))

    words = page(response).words
    assert [word for word in words if word in {"Port d’aube", "Passerelle", "Permanence", "ouverte", "fermée"}] == [
        "Port d’aube",
        "ouverte",
        "Passerelle",
        "fermée",
        "Permanence",
    ]
    assert "Nous écoutons." in words
    assert any("Elle aide pour : parler à quelqu’un · dormir à l’abri. Elle agit dans le 93." in word for word in words)
    ticked = [value for name, value in checked(response) if name == "partners"]
    assert ticked == [first.partner.slug, second.partner.slug]
    assert f'data-desk="{desk.partner.slug}"' in response.content.decode()
    assert any("14 jours" in word for word in words)


def test_a_code_of_law_and_its_limit_are_said(client: Client) -> None:
    a_team()

    text = client.get(walk(client)).content.decode()

    assert [part for part in ("434-3", "L226-2-1", "Sans nom et sans lieu précis") if part not in text] == []


def test_no_association_leads_to_numbers_and_services(client: Client) -> None:
    emergency_services()
    a_service(slug="service-ouvert", name="Un abri", needs=["ecoute"], departements=["93"], phones=["0199001122"])

    response = client.get(walk(client))

    seen = page(response)
    assert "Aucune association d’ici ne peut te recevoir tout de suite" in seen.words
    assert ("Un abri" in seen.words, "tel:119" in seen.links) == (True, True)
    assert 'name="text"' not in response.content.decode()
    assert [name for name in ("writing", "cards") if assets.style(name) not in response.content.decode()] == []
    assert len(gzip.compress(response.content, 6)) <= ROOM_ON_THE_WIRE


def test_without_an_association_the_duty_desk_can_be_written_to(client: Client) -> None:
    desk = a_team(a_partner(is_duty_desk=True))

    address = goes_to(client.post(WRITE, WHOLE))

    assert page(client.get(address)).heading == "C’est envoyé."
    assert desk.read(Referral.objects.get()) == [TEXT]


def test_when_nobody_can_read_her_words_are_given_back(client: Client) -> None:
    emergency_services()

    response = client.post(WRITE, WHOLE)

    assert TEXT in unescape(response.content.decode())
    assert "Ton texte n’est pas parti" in page(response, status=503).words
    assert Referral.objects.count() == 0


# --- sending ---------------------------------------------------------------------------------------------------------


def test_everything_at_once_is_sealed_to_those_who_may_read(client: Client) -> None:
    team, desk = a_team(), a_team(a_partner(is_duty_desk=True))

    address = goes_to(client.post(WRITE, WHOLE))

    referral = Referral.objects.get()
    assert urlsplit(address).path == KEEP
    assert (team.read(referral), desk.read(referral)) == ([TEXT], [TEXT])
    assert list(referral.plan.values_list("partner__slug", "state")) == [
        (team.partner.slug, PlanStep.State.WAITING),
        (desk.partner.slug, PlanStep.State.PLANNED),
    ]
    assert sealed_content(team) == {
        "v": 1,
        "text": TEXT,
        "facts": {
            "referrer": "self",
            "age_band": "15-17",
            "gender": "unknown",
            "departement": "93",
            "needs": ["ecoute"],
            "language": "fr",
            "urgency": "24h",
        },
    }


@pytest.mark.parametrize(
    ("reply", "sealed"), [("contact", {"contact_channel": "text", "contact_message": "no"}), ("code", None)]
)
def test_a_way_to_reach_her_is_sealed_when_she_wants_it(client: Client, reply: str, sealed: object) -> None:
    team = a_team()
    client.post(
        WRITE, {**WHOLE, "reply": reply, "contact_channel": "text", "contact_message": "no", "nickname": "Lune"}
    )

    content = sealed_content(team)

    assert (content.get("contact"), content["nickname"]) == (sealed, "Lune")


def test_the_letter_asks_no_message_and_no_name_by_default(client: Client) -> None:
    a_team()

    text = client.get(walk(client)).content.decode()

    for name in ("contact_message", "contact_organisation"):
        options = re.search(rf'name="{name}"[^>]*>(.*?)</select>', text)
        assert options is not None
        assert re.findall(r'value="(\w+)" selected', options[1]) == ["no"]


def test_a_town_by_its_name_is_avoided_as_well(client: Client) -> None:
    a_team(a_partner(commune="93048"))
    far = a_team(a_partner(commune="75118"))

    goes_to(client.post(WRITE, {**WHOLE, "avoid_commune": "Montreuil"}))

    assert list(Referral.objects.get().plan.values_list("partner", flat=True)) == [far.partner.pk]


def test_who_was_unticked_cannot_read(client: Client) -> None:
    kept, left = a_team(), a_team()
    fields = carried(client.get(walk(client)))

    goes_to(client.post(WRITE, {**fields, "partners": ["", kept.partner.slug], "text": TEXT, "consent": "yes"}))

    assert list(MessageWrap.objects.filter(partner=left.partner)) == []
    assert kept.read(Referral.objects.get()) == [TEXT]


@pytest.mark.parametrize(
    ("changed", "place", "words"),
    [
        ({"consent": ""}, "#f-consent", "Il faut cocher la case pour envoyer."),
        ({"text": "  "}, "#f-text", "Il manque le message."),
        ({"text": "é" * 7001}, "#f-text", "Le message est trop long : 7 000 caractères au plus."),
        ({"partners": [""]}, "#f-partners", "Il faut garder au moins une association."),
        ({"nickname": "x" * 61}, "#f-nickname", "Un des champs est trop long."),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_is_kept(
    client: Client, changed: dict[str, object], place: str, words: str
) -> None:
    team = a_team()
    typed = {**WHOLE, "partners": [team.partner.slug], "nickname": "Lune", "reply": "contact", "contact_hours": "mardi"}

    response = client.post(WRITE, {**typed, **changed})

    seen = page(response, status=400)
    # Above the form, and beside the field in the same words.
    assert (place in seen.links, seen.words.count(words)) == (True, 1 if place == "#f-nickname" else 2)
    text = unescape(response.content.decode())
    assert ((TEXT if "text" not in changed else str(changed["text"])) in text, 'value="mardi"' in text) == (True, True)
    assert ("age_band", ["15-17"]) in carried(response).items()
    assert Referral.objects.count() == 0


def test_an_answer_that_is_not_known_leads_back_to_its_question(client: Client) -> None:
    a_team()

    seen = page(client.post(WRITE, {**WHOLE, "age_band": "3000"}), status=400)

    question = next(link for link in seen.links if link.startswith("?e=") and "Une réponse" in " ".join(seen.words))
    assert TEXT in " ".join(seen.words)
    assert page(client.get(WRITE + question)).exits == 1


def test_seven_thousand_characters_go_through(client: Client) -> None:
    team = a_team()

    client.post(WRITE, {**WHOLE, "text": "🌧" * 7000})

    assert team.read(Referral.objects.get()) == ["🌧" * 7000]


def test_a_form_sent_twice_is_kept_once(client: Client) -> None:
    a_team()
    whole = {**WHOLE, "token": handoffs.new_token()}

    first, second = goes_to(client.post(WRITE, whole)), goes_to(client.post(WRITE, whole))

    assert (first == second, Referral.objects.count()) == (True, 1)


def test_a_form_that_took_the_last_place_is_kept_once_too(client: Client) -> None:
    a_team(a_partner(capacity=1))
    whole = {**WHOLE, "token": handoffs.new_token()}

    first, second = goes_to(client.post(WRITE, whole)), goes_to(client.post(WRITE, whole))

    assert (first == second, Referral.objects.count()) == (True, 1)


def test_a_form_whose_words_were_typed_back_is_not_sent_again(client: Client) -> None:
    address, words = sent(client)
    token = parse_qs(urlsplit(address).query)["k"][0]
    client.post(KEEP, {"k": token, **{f"word_{place}": word for place, word in enumerate(words, 1)}})

    again = client.post(WRITE, {**WHOLE, "token": token})

    assert any("Ce message est déjà parti" in word for word in page(again, status=400).words)
    assert Referral.objects.count() == 1


def test_a_form_whose_message_was_erased_says_so(client: Client) -> None:
    address, words = sent(client)
    token = parse_qs(urlsplit(address).query)["k"][0]
    follow_up.withdraw(codes.read_code(" ".join(words)))

    again = client.post(WRITE, {**WHOLE, "token": token})
    typed = {f"word_{place}": word for place, word in enumerate(words, 1)}
    end = goes_to(client.post(KEEP, {"k": token, **typed}))

    assert (again.status_code, Referral.objects.count()) == (400, 0)
    assert page(client.get(end)).heading == "Tout est effacé."


def test_a_token_of_another_page_is_no_token_of_this_one(client: Client) -> None:
    a_team()
    token = handoffs.new_token()
    handoffs.leave(token, {"typed": "six mots"}, at=timezone.now())

    sent_with_it = client.post(WRITE, {**WHOLE, "token": token})

    assert (sent_with_it.status_code, Referral.objects.count()) == (400, 0)
    assert page(client.get(f"{KEEP}?k={token}"), status=410).heading == "Cette page s’est fermée."


@pytest.mark.parametrize(
    "odd",
    [
        {"danger_now": "zorglub", "departement": "99"},
        {"danger_now": "zorglub", "referrer": "zorglub", "age_band": "zorglub", "urgency": "zorglub"},
        {"needs": ["ecoute"] * 200, "text": ""},
    ],
)
def test_several_odd_answers_lead_back_to_the_letter(client: Client, odd: dict[str, str | list[str]]) -> None:
    a_team()

    refused = client.post(WRITE, {**WHOLE, **odd})

    assert page(refused, status=400).heading == "Écris avec tes mots"
    assert b"zorglub" not in refused.content


def test_forms_from_elsewhere_are_refused(client: Client) -> None:
    a_team()

    answered = client.post(WRITE, WHOLE, headers={"Sec-Fetch-Site": "cross-site"})

    assert (answered.status_code, Referral.objects.count()) == (403, 0)


# --- the code --------------------------------------------------------------------------------------------------------


def sent(client: Client) -> tuple[str, list[str]]:
    """Send; the address of the code, and its words."""
    a_team()
    address = goes_to(client.post(WRITE, WHOLE))
    shown = re.search(r'<output id="code"[^>]*>([^<]*)</output>', client.get(address).content.decode())
    assert shown is not None
    return address, shown[1].split(" ")


def test_the_code_opens_what_was_sent(client: Client) -> None:
    _address, words = sent(client)

    opened = follow_up.open_with_code(codes.read_code(" ".join(words)))

    assert (len(words), [said.text for said in opened.messages]) == (6, [TEXT])


def test_the_code_is_in_no_address_and_in_no_cookie(client: Client) -> None:
    address, words = sent(client)

    response = client.get(address)

    assert [word for word in words if word in address] == []
    assert codes.read_code(" ".join(words)).digits()[:8] not in address
    assert (dict(response.cookies), response.headers["Cache-Control"]) == ({}, "no-store")
    assert (response.headers["Content-Encoding"], len(response.content) % envelopes.PLAIN_STEP) == ("identity", 0)


def asked_places(client: Client, address: str) -> list[int]:
    """Which two words are asked for."""
    return [int(place) for place in re.findall(r'name="word_(\d)"', client.get(f"{address}&p=2").content.decode())]


def test_the_code_stands_no_more_where_its_words_are_asked_for(client: Client) -> None:
    address, words = sent(client)

    text = client.get(f"{address}&p=2").content.decode()

    assert [word for word in words if f">{word}<" in text or f" {word} " in text] == []
    assert len(asked_places(client, address)) == 2
    assert asked_places(client, address) == asked_places(client, address)


def test_a_wrong_word_is_asked_for_again(client: Client) -> None:
    address, words = sent(client)
    first, second = asked_places(client, address)
    token = parse_qs(urlsplit(address).query)["k"][0]

    again = goes_to(client.post(KEEP, {"k": token, f"word_{first}": words[first - 1], f"word_{second}": "soleil-noir"}))

    assert any("Ce n’est pas grave" in word for word in page(client.get(again)).words)
    assert page(client.get(address)).heading == "C’est envoyé."


def test_two_right_words_end_it_and_the_code_is_shown_no_more(client: Client) -> None:
    emergency_services()
    address, words = sent(client)
    token = parse_qs(urlsplit(address).query)["k"][0]
    typed = {f"word_{place}": words[place - 1].upper() for place in asked_places(client, address)}

    end = goes_to(client.post(KEEP, {"k": token, **typed}))

    seen = page(client.get(end))
    assert (seen.heading, "tel:17" in seen.links) == ("C’est bon.", True)
    assert any("24 heures" in word for word in seen.words)
    closed = page(client.get(address), status=410)
    assert (closed.heading, [word for word in words if word in closed.words]) == ("Cette page s’est fermée.", [])


def test_the_code_is_shown_for_fifteen_minutes(client: Client) -> None:
    address, _words = sent(client)
    Handoff.objects.update(dies_at=timezone.now())

    assert page(client.get(address), status=410).heading == "Cette page s’est fermée."


# --- professionals ---------------------------------------------------------------------------------------------------


def test_a_professional_answers_on_one_page_and_sees_the_cell_of_the_departement(client: Client) -> None:
    team = a_team()
    cell = a_service(slug="crip-93", name="CRIP 93", kind="reporting", needs=["signalement"], departements=["93"])
    facts = {name: value for said in ANSWERED.values() for name, value in said.items()}

    first = page(client.get(PROFESSIONAL))
    letter = client.get(goes_to(client.post(PROFESSIONAL, {"step": "facts", **facts})))

    assert "/fr/pro/#crip" in first.links
    assert ("CRIP 93" in page(letter).words, f"/fr/annuaire/{cell.public_id}/" in page(letter).links) == (True, True)
    fields = carried(letter)
    added = {
        "organisation": "Collège",
        "callback": "01 99 00 11 22",
        "bound_by_secrecy": "yes",
        "own_reference": "A-12",
    }
    goes_to(
        client.post(PROFESSIONAL, {**fields, "partners": [team.partner.slug], "text": TEXT, "consent": "yes", **added})
    )
    content = sealed_content(team)
    assert content["professional"] == added
    assert content["facts"]["referrer"] == "professional"


def test_a_professional_sees_what_is_missing(client: Client) -> None:
    address = goes_to(client.post(PROFESSIONAL, {"step": "facts", "departement": "93"}))

    response = client.get(address)

    assert [link for link in page(response).links if link.startswith("#f-")] == ["#f-danger_now", "#f-age_band"]
    assert checked(response) == [("departement", "93")]


def test_a_professional_sends_everything_at_once(client: Client) -> None:
    team = a_team()

    goes_to(client.post(PROFESSIONAL, WHOLE))

    assert sealed_content(team)["facts"]["referrer"] == "professional"


# --- all pages -------------------------------------------------------------------------------------------------------


def test_pages_are_light_keep_nothing_and_tell_nothing(client: Client) -> None:
    emergency_services()
    a_team(), a_team()
    letter = walk(client)
    addresses = [WRITE, *(walk(client, until=step) for step in ANSWERED), letter, PROFESSIONAL]

    for address in addresses:
        response = client.get(address)
        seen = page(response)
        assert len(gzip.compress(response.content, 6)) <= ROOM_ON_THE_WIRE, address
        assert (seen.title, seen.exits, dict(response.cookies)) == ("Écrire – Éclaircie", 1, {})
        assert response.headers["Cache-Control"] == "no-store"
        assert TELLING.search(seen.title) is None


def test_no_field_is_filled_in_or_learnt_by_the_browser(client: Client) -> None:
    a_team()

    text = client.get(walk(client)).content.decode()

    fields = re.findall(r"<(?:input(?! type=\"hidden\")|textarea|select)[^>]*>", text)
    assert [field for field in fields if 'autocomplete="off"' not in field] == []
    typed = [field for field in fields if 'type="text"' in field or field.startswith("<textarea")]
    assert [field for field in typed if 'spellcheck="false"' not in field] == []


def test_what_these_pages_add_stays_small_and_turns_over() -> None:
    physical = re.compile(
        r"(?:^|[;{\s])(?:(?:margin|padding|border)-(?:left|right|top|bottom)|(?:left|right|width|height)\s*:)"
    )

    assert len(assets.source("writing.css")) + len(assets.source("site.css")) <= 26 * 1024
    assert len(assets.source("quiet.js")) + len(assets.source("site.js")) <= 8 * 1024
    assert physical.findall(assets.source("writing.css")) == []


def test_a_door_stands_on_the_pages_where_it_is_looked_for(client: Client) -> None:
    service = a_service()

    found = {
        path: WRITE in page(client.get(f"/fr/{path}")).links
        for path in ("", "urgence/", f"annuaire/{service.public_id}/")
    }

    assert Service.objects.count() == 1
    assert list(found.values()) == [True, True, True]


@pytest.mark.parametrize("language", ["fr", "ar"])  # Arabic takes two bytes a letter
@pytest.mark.parametrize("address", [WRITE, PROFESSIONAL])
def test_a_full_letter_is_light_too(client: Client, settings: Settings, address: str, language: str) -> None:
    settings.LANGUAGES = list(settings.LANGUAGE_NAMES.items())
    emergency_services()
    a_team(a_partner(is_duty_desk=True))
    a_service(slug="crip-93", name="CRIP 93", kind="reporting", needs=["signalement"], departements=["93"])
    for town in ("Aubervilliers", "Bondy", "Créteil", "Dugny"):
        stance = f"Des éducatrices et des juristes de {town}. Nous écoutons d’abord, nous cherchons ensuite avec toi."
        a_team(a_partner(name=f"Association au nom assez long de {town} (fictive)", stance=stance))
    facts = {name: value for said in ANSWERED.values() for name, value in said.items()}

    letter = walk(client) if address == WRITE else goes_to(client.post(PROFESSIONAL, {"step": "facts", **facts}))

    own = letter.replace("/fr/", f"/{language}/")
    assert len(gzip.compress(client.get(own).content, 6)) <= ROOM_ON_THE_WIRE
