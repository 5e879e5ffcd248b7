"""A partner's team in real browsers: keys are made, requests are opened and answered, and who leaves reads no more."""

import json
import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from secrets import token_bytes
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect
from pytest_django.live_server_helper import LiveServer

from referrals import crypto, keyring, lifecycle, sealing
from referrals.access import context_of
from referrals.codes import LOCATOR_BYTES
from referrals.models import (
    Event,
    Member,
    MemberKey,
    MessageWrap,
    Partner,
    PlanStep,
    Referral,
    TeamKey,
    TeamKeyShare,
    Urgency,
)
from tests.barriers import look
from tests.builders import PASSPHRASE, Sent, Team, a_key_of, a_member, a_partner, a_referral, a_team
from tests.conftest import Watch
from tests.signing_in import PASSWORD, sign_in_browser

pytestmark = pytest.mark.django_db(transaction=True)

INBOX, TEAM = "/espace/demandes/", "/espace/equipe/"
GOOD = "le vieux train passe sous la pluie"
Opener = Callable[[Member], Page]


@pytest.fixture
def browser_of(browser: Browser, live_server: LiveServer, watch: Watch) -> Iterator[Opener]:
    """A browser profile of its own for each member, signed in; the test fails on script errors and foreign requests."""
    watch.staff = True
    contexts: list[BrowserContext] = []

    def opened(member: Member) -> Page:
        context = browser.new_context(base_url=live_server.url, locale="fr-FR")
        context.set_default_timeout(10_000)
        context.on("console", watch.console)
        context.on("weberror", lambda error: watch.error(error.error))
        context.route(watch.is_elsewhere, watch.elsewhere)
        contexts.append(context)
        page = context.new_page()
        sign_in_browser(page, member.user, site=live_server.url)
        return page

    yield opened
    for context in contexts:
        for page in context.pages:
            watch.look_at_cookies(page)
        context.close()
    assert watch.problems == []


def set_up_keys(page: Page, *, passphrase: str = GOOD) -> list[str]:
    """Go through the first use, from wherever it leads; the twelve words of the paper."""
    page.goto(INBOX)
    expect(page).to_have_url(re.compile(r"/espace/equipe/premiere-fois/$"))
    page.get_by_label("Choisissez-la").fill(passphrase)
    page.get_by_label("La même, encore une fois").fill(passphrase)
    page.get_by_role("button", name="Fabriquer mes clés").click()
    expect(page.locator("#papier")).to_be_visible()
    words: list[str] = page.locator(".twelve li").all_inner_texts()
    type_back(page, words)
    expect(page).to_have_url(re.compile(f"{INBOX}$"))
    return words


def type_back(page: Page, words: list[str]) -> None:
    """Two of the words, as the page asks."""
    for place, field in enumerate(("#mot-a", "#mot-b")):
        asked = int(page.locator(f'[data-place="{place}"]').inner_text())
        page.locator(field).fill(words[asked - 1])
    page.get_by_role("button", name="C’est noté, continuer").click()


def unlock(page: Page, *, passphrase: str = PASSPHRASE) -> None:
    """Open one's key on the page that is shown."""
    expect(page.get_by_text("Messages ouverts dans ce navigateur")).to_be_hidden()
    page.get_by_label("Votre phrase secrète").fill(passphrase)
    page.locator("#ouvrir form[data-way=passphrase]").get_by_role("button", name="Ouvrir").click()
    expect(page.get_by_text("Messages ouverts dans ce navigateur")).to_be_visible()


def a_letter(text: str = "Il me garde mes papiers.", **more: Any) -> sealing.Letter:
    """A first message with facts, as the person's browser seals it."""
    facts = {
        "referrer": "self",
        "age_band": "15-17",
        "gender": "female",
        "departement": "93",
        "needs": ["hebergement", "juridique"],
        "language": "fr",
        "urgency": "24h",
    }
    return sealing.Letter(text, facts={**facts, **more.pop("facts", {})}, **more)


def sent_to(*partners: Partner, letter: sealing.Letter | None = None, urgency: str = Urgency.DAY) -> Sent:
    """A referral to teams by their public keys alone, as a stranger sends it."""
    teams = keyring.addressees()
    plan = [teams[partner.slug] for partner in partners]
    code, sealed = sealing.seal_first(letter or a_letter(), to=plan)
    return Sent(lifecycle.submit(sealed, plan=plan, urgency=urgency, at=timezone.now()), code)


def read_by_sender(sent: Sent) -> list[str]:
    """What the person reads with her code."""
    referral, pair = sent.referral, sent.pair
    return [
        sealing.open_message(
            context_of(referral, wrap.message),
            bytes(wrap.message.ciphertext),
            crypto.Wrap(bytes(wrap.enc), bytes(wrap.ct)),
            private=pair.private,
        ).text
        for wrap in MessageWrap.objects.filter(message__referral=referral, partner=None).order_by("message__sequence")
    ]


def page_of(sent: Sent) -> str:
    """The address of a request."""
    return reverse("referrals_staff:referral", args=[sent.referral.public_id])


def test_two_members_set_up_keys_and_the_team_goes_live_takes_and_answers(browser_of: Opener) -> None:
    partner = a_partner(name="Le Pont (fictif)")
    first = a_member(partner, role=Member.Role.MANAGER, name="Awa")
    second = a_member(partner, name="Bruno")
    awa, bruno = browser_of(first), browser_of(second)
    bodies: list[str] = []
    awa.on("request", lambda request: bodies.append(request.post_data or "") if request.method == "POST" else None)

    words = set_up_keys(awa)
    expect(awa.get_by_text("Votre équipe ne reçoit pas encore de demandes.")).to_be_visible()
    assert len(words) == 12
    assert not Partner.objects.live().exists()

    set_up_keys(bruno, passphrase="un autre matin sur la rivière")
    expect(bruno.get_by_role("heading", name="En attente d’un collègue")).to_be_visible()
    assert TeamKeyShare.objects.count() == 1

    awa.goto(TEAM)
    unlock(awa, passphrase=GOOD)
    awa.get_by_role("button", name="Donner l’accès").click()
    expect(awa.get_by_text("Accès donné à Bruno.")).to_be_visible()
    assert list(Partner.objects.live()) == [partner]

    sent = sent_to(partner)
    bruno.goto(INBOX)
    expect(bruno.locator(".said")).to_have_text("Âge, lieu, besoins : fermés")
    unlock(bruno, passphrase="un autre matin sur la rivière")
    expect(bruno.locator(".said")).to_have_text("15 à 17 ans · Seine-Saint-Denis (93) · Hébergement, Droit")
    bruno.get_by_role("link", name=re.compile("^Demande ")).click()
    expect(bruno.locator("[data-sequence='0'] .words")).to_have_text("Il me garde mes papiers.")
    bruno.get_by_role("button", name="Prendre cette demande").click()
    expect(bruno.get_by_text("Vous avez pris cette demande.")).to_be_visible()
    bruno.get_by_label("Votre réponse").fill("Nous pouvons t’accueillir mardi à 10 h.")
    bruno.get_by_role("button", name="Envoyer la réponse").click()
    expect(bruno.get_by_text("Réponse envoyée.")).to_be_visible()
    assert read_by_sender(sent) == ["Il me garde mes papiers.", "Nous pouvons t’accueillir mardi à 10 h."]

    awa.goto(page_of(sent))
    expect(awa.locator("[data-sequence='1'] .words")).to_have_text("Nous pouvons t’accueillir mardi à 10 h.")
    sent_words = "".join(bodies)
    assert not any(word in sent_words for word in [GOOD, GOOD.split()[3], " ".join(words)])


def test_no_word_of_an_answer_is_on_the_wire(browser_of: Opener) -> None:
    team = a_team()
    sent = a_referral(team)
    lifecycle.acknowledge(sent.referral, member=team.members[0], at=timezone.now())
    page = browser_of(team.members[0])
    seen: list[str] = []

    def look(request: Request) -> None:
        seen.append(f"{request.url} {json.dumps(request.headers)} {request.post_data or ''}")

    page.goto(page_of(sent))
    page.on("request", look)
    unlock(page)
    page.get_by_label("Votre réponse").fill("Un secret bien gardé.")
    page.get_by_role("button", name="Envoyer la réponse").click()
    expect(page.get_by_text("Réponse envoyée.")).to_be_visible()

    wire = " ".join(seen)
    assert "/repondre/" in wire
    assert not any(word in wire for word in ("secret bien", "gardé", PASSPHRASE, "dorment"))
    assert read_by_sender(sent)[1] == "Un secret bien gardé."


def test_the_first_use_refuses_what_is_short_unlike_or_misread(browser_of: Opener) -> None:
    member = a_member(a_partner())
    page = browser_of(member)

    page.goto(TEAM)
    page.get_by_label("Choisissez-la").fill("trop court")
    expect(page.locator("[data-strength]")).to_have_text("Trop courte")
    page.get_by_label("La même, encore une fois").fill("trop court")
    page.get_by_role("button", name="Fabriquer mes clés").click()
    expect(page.locator("#choisir [role=alert]")).to_contain_text("trop courte")
    page.get_by_label("Choisissez-la").fill(GOOD)
    expect(page.locator("[data-strength]")).to_have_text("Très bonne")
    page.get_by_label("La même, encore une fois").fill(GOOD + "s")
    page.get_by_role("button", name="Fabriquer mes clés").click()
    expect(page.locator("#choisir [role=alert]")).to_have_text("Les deux phrases ne sont pas les mêmes.")
    page.get_by_label("La même, encore une fois").fill(GOOD)
    page.get_by_role("button", name="Fabriquer mes clés").click()
    expect(page.locator("#papier")).to_be_visible()
    page.locator("#mot-a").fill("chien")
    page.locator("#mot-b").fill("chat")
    page.get_by_role("button", name="C’est noté, continuer").click()

    expect(page.locator("#papier [role=alert]")).to_contain_text("Ce ne sont pas ces mots-là.")
    assert not MemberKey.objects.exists()
    page.goto(INBOX)
    expect(page).to_have_url(re.compile("premiere-fois"))


def test_the_printed_paper_holds_the_words_and_nothing_of_the_page(browser_of: Opener) -> None:
    page = browser_of(a_member(a_partner()))
    page.goto(INBOX)
    page.get_by_label("Choisissez-la").fill(GOOD)
    page.get_by_label("La même, encore une fois").fill(GOOD)
    page.get_by_role("button", name="Fabriquer mes clés").click()
    expect(page.locator("#papier")).to_be_visible()

    page.emulate_media(media="print")

    words = page.locator(".twelve li").all_inner_texts()
    printed = page.evaluate("document.body.innerText")
    assert all(word in printed for word in words)
    assert "Fait le" in printed
    assert not any(text in printed for text in ("Créez vos clés", "Imprimer", "Vérifions", "Se déconnecter"))


def test_a_wrong_passphrase_opens_nothing_and_says_so(browser_of: Opener) -> None:
    team = a_team()
    a_referral(team, text="Le canari chante.")
    page = browser_of(team.members[0])

    page.goto(INBOX)
    page.get_by_label("Votre phrase secrète").fill(PASSPHRASE + "s")
    page.locator("#ouvrir form[data-way=passphrase]").get_by_role("button", name="Ouvrir").click()

    expect(page.locator("#ouvrir form[data-way=passphrase] [role=alert]")).to_have_text(
        "Ce n’est pas votre phrase secrète. Vérifiez chaque mot."
    )
    expect(page.locator(".said")).to_have_text("Âge, lieu, besoins : fermés")
    assert kept_key(page) is None


def kept_key(page: Page) -> Any:
    """What the browser holds between two pages: whether the private half can be read back, or None."""
    return page.evaluate(
        """() => new Promise((resolve) => {
            const asked = indexedDB.open('espace', 1)
            asked.onupgradeneeded = () => asked.result.createObjectStore('keys')
            asked.onsuccess = () => {
                const got = asked.result.transaction('keys').objectStore('keys').get('member')
                got.onsuccess = () => {
                    asked.result.close()
                    resolve(got.result ? got.result.pair.privateKey.extractable : null)
                }
            }
        })"""
    )


def test_the_key_is_opened_once_for_several_pages_and_cannot_be_read_back(browser_of: Opener) -> None:
    team = a_team()
    sent = a_referral(team, text="Une fois suffit.")
    page = browser_of(team.members[0])
    page.goto(INBOX)
    unlock(page)

    page.goto(page_of(sent))

    expect(page.locator("[data-sequence='0'] .words")).to_have_text("Une fois suffit.")
    assert kept_key(page) is False
    page.get_by_role("button", name="Refermer").click()
    expect(page.get_by_role("heading", name="Ouvrir les messages")).to_be_visible()
    assert kept_key(page) is None


@pytest.mark.parametrize("way_out", ["Se déconnecter", "Verrouiller l’écran"])
def test_leaving_forgets_the_key(browser_of: Opener, way_out: str) -> None:
    team = a_team()
    team.members[0].user.set_password(PASSWORD)
    team.members[0].user.save()
    page = browser_of(team.members[0])
    page.goto(INBOX)
    unlock(page)

    page.get_by_role("button", name=way_out).click()
    page.wait_for_url(re.compile("/connexion/|/verrou/"))

    assert kept_key(page) is None


def test_ten_idle_minutes_forget_the_key_and_lock_the_screen(browser_of: Opener) -> None:
    """Neither undoes the other: a page asked for anew would stop the lock on its way, and leave the screen open."""
    team = a_team()
    team.members[0].user.set_password(PASSWORD)
    team.members[0].user.save()
    page = browser_of(team.members[0])
    page.goto(INBOX)
    unlock(page)

    page.clock.install()
    page.goto(INBOX)
    expect(page.get_by_text("Messages ouverts dans ce navigateur")).to_be_visible()
    page.clock.fast_forward("11:00")

    expect(page).to_have_url(re.compile("/espace/verrou/"))
    assert kept_key(page) is None
    page.goto(INBOX)
    expect(page).to_have_url(re.compile("/espace/verrou/"))


def test_ten_idle_minutes_forget_the_key_where_the_screen_cannot_lock(browser_of: Opener) -> None:
    """As when its script does not come: whoever touches the page then is asked for the passphrase."""
    team = a_team()
    page = browser_of(team.members[0])
    page.goto(INBOX)
    unlock(page)

    page.route(
        re.compile(r"/espace(\.\w+)?\.js$"), lambda route: route.fulfill(body="", content_type="text/javascript")
    )
    page.clock.install()
    page.goto(INBOX)
    expect(page.get_by_text("Messages ouverts dans ce navigateur")).to_be_visible()
    page.clock.fast_forward("11:00")
    page.keyboard.press("Tab")

    expect(page.get_by_role("heading", name="Ouvrir les messages")).to_be_visible()
    assert kept_key(page) is None


def test_the_paper_phrase_opens_and_lets_a_new_passphrase_be_chosen(browser_of: Opener) -> None:
    partner = a_partner()
    member = a_member(partner, role=Member.Role.MANAGER)
    page = browser_of(member)
    words = set_up_keys(page)

    page.locator("#ouvrir summary").click()
    page.get_by_label("Les 12 mots de votre papier").fill(" ".join(words[:11]))
    page.locator("form[data-way=paper] button").click()
    expect(page.locator("form[data-way=paper] [role=alert]")).to_have_text(
        "Il faut les 12 mots du papier, dans l’ordre."
    )
    page.get_by_label("Les 12 mots de votre papier").fill(" ".join(words).upper())
    page.locator("form[data-way=paper] button").click()
    expect(page.get_by_text("Messages ouverts dans ce navigateur")).to_be_visible()

    page.goto(TEAM)
    page.get_by_text("Changer ma phrase secrète").click()
    form = page.locator("#changer-phrase")
    form.locator("[name=secret]").fill(" ".join(words))
    form.locator("[name=passphrase]").fill("trois lunes au dessus du canal")
    form.locator("[name=again]").fill("trois lunes au dessus du canal")
    form.get_by_role("button", name="Changer").click()
    expect(page.get_by_text("Phrase secrète changée.")).to_be_visible()
    page.get_by_role("button", name="Refermer").click()
    unlock(page, passphrase="trois lunes au dessus du canal")


def test_a_new_paper_phrase_replaces_the_old_one(browser_of: Opener) -> None:
    page = browser_of(a_member(a_partner(), role=Member.Role.MANAGER))
    old = set_up_keys(page)
    page.goto(TEAM)
    page.get_by_text("Nouveau papier de secours").click()
    page.locator("#changer-papier [name=secret]").fill(GOOD)
    page.get_by_role("button", name="Faire un nouveau papier").click()
    expect(page.locator("#papier")).to_be_visible()
    new = page.locator(".twelve li").all_inner_texts()
    type_back(page, new)
    expect(page.get_by_text("Nouvelle phrase de papier.")).to_be_visible()

    page.locator("#ouvrir summary").click()
    page.get_by_label("Les 12 mots de votre papier").fill(" ".join(old))
    page.locator("form[data-way=paper] button").click()
    expect(page.locator("form[data-way=paper] [role=alert]")).to_have_text("Ces mots ne sont pas ceux de votre papier.")
    page.get_by_label("Les 12 mots de votre papier").fill(" ".join(new))
    page.locator("form[data-way=paper] button").click()
    expect(page.get_by_text("Messages ouverts dans ce navigateur")).to_be_visible()


def test_a_passkey_opens_the_messages(browser_of: Opener) -> None:
    team = a_team()
    sent = a_referral(team, text="Par la clé.")
    page = browser_of(team.members[0])
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "ctap2Version": "ctap2_1",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "hasPrf": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    page.goto(TEAM)
    page.get_by_text("Ouvrir avec une clé d’accès").click()
    page.locator("#ajouter-cle [name=secret]").fill(PASSPHRASE)
    page.locator("#ajouter-cle [name=name]").fill("Ordinateur du bureau")
    page.get_by_role("button", name="Ajouter une clé d’accès").click()
    expect(page.get_by_text("Clé d’accès ajoutée.")).to_be_visible()

    page.goto(page_of(sent))
    page.get_by_role("button", name="Ouvrir avec ma clé d’accès").click()

    expect(page.locator("[data-sequence='0'] .words")).to_have_text("Par la clé.")


def test_who_leaves_reads_no_more_and_who_stays_reads_on(browser_of: Opener, watch: Watch) -> None:
    team = a_team(people=3)
    keeper, stays, leaver = team.members
    sent = sent_to(team.partner, letter=a_letter("Avant le départ."))
    planned = sent_to(a_team().partner, team.partner, letter=a_letter("Prévue plus tard."))
    page, theirs = browser_of(keeper), browser_of(leaver)
    theirs.goto(page_of(sent))
    unlock(theirs)
    expect(theirs.locator("[data-sequence='0'] .words")).to_have_text("Avant le départ.")
    old_pair, old_team_key = team.pairs[2], team.key

    page.goto(TEAM)
    unlock(page)
    person = page.locator(".people > li").nth(2)
    person.get_by_text("Retirer de l’équipe").click()
    person.get_by_role("button", name="Retirer et changer de clé").click()
    expect(person.locator("[role=alert]")).to_have_text("Cochez la case pour confirmer.")
    person.get_by_label("Je confirme").check()
    person.get_by_role("button", name="Retirer et changer de clé").click()
    expect(page.get_by_text("ne peut plus ouvrir aucun message.")).to_be_visible()

    # The one who left: signed out of the team, and nothing in the database opens with the keys they kept.
    assert TeamKey.objects.get(partner=team.partner, retired_on=None).epoch == 2
    assert TeamKeyShare.objects.filter(team_key__partner=team.partner).count() == 4
    assert keyring.destroy_unused(team.partner, on=timezone.localdate() + timedelta(days=1)) == 1
    assert not TeamKeyShare.objects.filter(team_key__partner=team.partner, team_key__epoch=1).exists()
    assert not MemberKey.objects.filter(public_key=old_pair.public).exists()
    assert not MessageWrap.objects.filter(partner=team.partner, epoch=1).exists()
    for share in TeamKeyShare.objects.filter(team_key__partner=team.partner):
        info = crypto.share_info(partner=team.partner.slug, epoch=share.team_key.epoch)
        with pytest.raises(crypto.CannotOpen):
            crypto.unwrap(crypto.Wrap(bytes(share.enc), bytes(share.ct)), private=old_pair.private, info=info)
    for wrap in MessageWrap.objects.filter(partner=team.partner):
        info = crypto.key_info(context_of(wrap.message.referral, wrap.message), to=team.partner.slug, epoch=wrap.epoch)
        with pytest.raises(crypto.CannotOpen):
            crypto.unwrap(crypto.Wrap(bytes(wrap.enc), bytes(wrap.ct)), private=old_team_key.private, info=info)
    answer = theirs.goto(page_of(sent))
    assert answer is not None
    assert answer.status == 404
    watch.forgive("404 (Not Found)")

    # Those who stay read the old case, the planned one when it comes, and a new one.
    colleague = browser_of(stays)
    colleague.goto(page_of(sent))
    unlock(colleague)
    expect(colleague.locator("[data-sequence='0'] .words")).to_have_text("Avant le départ.")
    later = sent_to(team.partner, letter=a_letter("Après le départ."))
    colleague.goto(page_of(later))
    expect(colleague.locator("[data-sequence='0'] .words")).to_have_text("Après le départ.")
    first = planned.referral.plan.order_by("position")[0].partner
    lifecycle.decline(planned.referral, member=first.members.all()[0], code="full", at=timezone.now())
    page.goto(page_of(planned))
    expect(page.locator("[data-sequence='0'] .words")).to_have_text("Prévue plus tard.")


def test_a_forgotten_key_is_replaced_and_a_colleague_gives_access_again(browser_of: Opener) -> None:
    team = a_team()
    sent = a_referral(team, text="Toujours là.")
    forgetful, colleague = browser_of(team.members[1]), browser_of(team.members[0])
    forgetful.goto(INBOX)
    forgetful.locator("#ouvrir summary").click()
    forgetful.get_by_label("Je n’ai plus ni phrase ni papier").check()
    forgetful.get_by_role("button", name="Abandonner ma clé").click()
    set_up_keys(forgetful)
    expect(forgetful.get_by_role("heading", name="En attente d’un collègue")).to_be_visible()

    colleague.goto(INBOX)
    unlock(colleague)
    colleague.get_by_role("link", name="Donner l’accès").click()
    colleague.get_by_role("button", name="Donner l’accès").click()
    expect(colleague.get_by_text("Accès donné")).to_be_visible()

    forgetful.goto(page_of(sent))
    unlock(forgetful, passphrase=GOOD)
    expect(forgetful.locator("[data-sequence='0'] .words")).to_have_text("Toujours là.")


def test_when_nobody_can_open_any_more_the_team_starts_again_and_persons_are_told(browser_of: Opener) -> None:
    team, other = a_team(), a_team()
    sent = a_referral(team, other)
    planned = a_referral(other, team)
    for member in team.members:
        keyring.forget(member, on=timezone.localdate())
    page = browser_of(team.members[0])
    set_up_keys(page)
    expect(page.get_by_role("heading", name="Plus personne dans l’équipe ne peut ouvrir les messages")).to_be_visible()
    page.goto(TEAM)
    page.get_by_label("Personne n’a plus ni phrase ni papier").check()
    page.get_by_role("button", name="Repartir avec une clé neuve").click()
    expect(page.get_by_text("Demandes devenues illisibles : 2.")).to_be_visible()

    assert sent.referral.plan.get(partner=other.partner).state == PlanStep.State.WAITING
    assert planned.referral.plan.get(partner=team.partner).state == PlanStep.State.OVERDUE
    assert Event.objects.filter(kind=Event.Kind.KEY_LOST, partner=team.partner).count() == 2
    assert not MessageWrap.objects.filter(partner=team.partner).exists()
    assert TeamKey.objects.get(partner=team.partner, retired_on=None).epoch == 2


def test_a_request_is_handed_over_and_opens_on_the_other_side_only(browser_of: Opener) -> None:
    team, other = a_team(), a_team(a_partner(name="Le Phare (fictif)"))
    sent = a_referral(team, text="Je change de ville.")
    page = browser_of(team.members[0])
    page.goto(page_of(sent))
    unlock(page)
    page.locator("summary", has_text="Passer le relais").click()
    page.get_by_label("À quelle équipe").select_option(label="Le Phare (fictif)")
    page.get_by_role("button", name="Passer le relais").click()
    expect(page.locator("#relais [role=alert]")).to_have_text("Il faut l’accord de la personne.")
    page.get_by_label("La personne est d’accord").check()
    page.get_by_role("button", name="Passer le relais").click()
    expect(page.get_by_text("Le relais est passé.")).to_be_visible()

    assert other.read(sent.referral) == ["Je change de ville."]
    assert team.read(sent.referral) == []
    there = browser_of(other.members[0])
    there.goto(page_of(sent))
    unlock(there)
    expect(there.locator("[data-sequence='0'] .words")).to_have_text("Je change de ville.")


def test_the_safe_contact_stands_in_red_unless_a_message_may_be_left(browser_of: Opener) -> None:
    team = a_team()
    contact = {"contact_channel": "call", "contact_value": "01 99 00 11 22", "contact_message": "no"}
    forbidden = sent_to(team.partner, letter=a_letter(contact=contact))
    allowed = sent_to(team.partner, letter=a_letter(contact={**contact, "contact_message": "yes"}))
    silent = sent_to(team.partner)
    page = browser_of(team.members[0])

    page.goto(page_of(forbidden))
    unlock(page)
    expect(page.get_by_role("heading", name="NE PAS LAISSER DE MESSAGE")).to_be_visible()
    expect(page.locator("#contact")).to_contain_text("01 99 00 11 22")
    page.goto(page_of(allowed))
    expect(page.get_by_role("heading", name="Un message peut être laissé")).to_be_visible()
    expect(page.get_by_role("heading", name="NE PAS LAISSER DE MESSAGE")).to_be_hidden()
    page.goto(page_of(silent))
    expect(page.get_by_text("Aucun contact donné.")).to_be_visible()


def test_the_law_is_recalled_for_minors_and_unknown_ages(browser_of: Opener) -> None:
    team = a_team()
    page = browser_of(team.members[0])
    page.goto(INBOX)
    unlock(page)

    for age, reminded in (("15-17", True), ("under15", True), ("unknown", True), ("18-20", False)):
        page.goto(page_of(sent_to(team.partner, letter=a_letter(facts={"age_band": age}))))

        expect(page.locator("#demande[data-opened]")).to_be_visible()
        expect(page.get_by_text("Parents à informer ? Par défaut : non.")).to_be_visible(visible=reminded)


def test_a_message_that_no_key_opens_is_declared_and_goes_on(browser_of: Opener) -> None:
    team, other = a_team(), a_team()
    sent = a_referral(team, other)
    MessageWrap.objects.filter(partner=team.partner).update(ct=bytes(crypto.WRAPPED_KEY_BYTES))
    page = browser_of(team.members[0])
    page.goto(page_of(sent))
    unlock(page)
    expect(page.locator("[data-sequence='0'] .words")).to_have_text("Illisible avec vos clés.")
    page.get_by_label("Personne dans l’équipe ne peut l’ouvrir").check()
    page.get_by_role("button", name="Illisible pour nous").click()

    expect(page.get_by_text("C’est dit.")).to_be_visible()
    assert Referral.objects.get(pk=sent.referral.pk).plan.get(partner=other.partner).state == PlanStep.State.WAITING


def faults(page: Page) -> list[str]:
    """Rules of axe-core (WCAG A and AA, RGAA) that the page breaks as it is shown; by night, when only colours are
    others, those of colours."""
    look(page)
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    found = broken(page, ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "RGAAv4"])
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    return found + [f"dark {one}" for one in broken(page, ["color-contrast", "link-in-text-block"])]


def broken(page: Page, only: list[str]) -> list[str]:
    """What breaks some rules of axe-core."""
    told = page.evaluate("only => axe.run({runOnly: only}).then(told => told.violations)", only)
    return [f"{rule['id']}: {node['html'][:120]}" for rule in told for node in rule["nodes"]]


def seen_in_both(page: Page) -> list[str]:
    """What is wrong on the page in a narrow window and in a large one."""
    found: list[str] = []
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        found += [f"{width} {one}" for one in (*faults(page), *sideways(page))]
    return found


def test_the_pages_of_a_team_are_readable_by_everybody(browser_of: Opener) -> None:
    team, other = a_team(), a_team()
    contact = {"contact_channel": "call", "contact_value": "01 99 00 11 22", "contact_message": "no"}
    now = timezone.now()
    late = sent_to(team.partner, other.partner, letter=a_letter(contact=contact))
    Referral.objects.filter(pk=late.referral.pk).update(due_at=now - timedelta(hours=2))
    taken = sent_to(team.partner)
    lifecycle.acknowledge(taken.referral, member=team.members[0], at=now)
    a_key_of(a_member(team.partner, name="Dina"))
    page, newcomer = browser_of(team.members[0]), browser_of(a_member(a_partner()))

    seen: dict[str, list[str]] = {}
    page.goto(INBOX)
    seen["locked"] = seen_in_both(page)
    unlock(page)
    for name, address in (("inbox", INBOX), ("late", page_of(late)), ("taken", page_of(taken)), ("team", TEAM)):
        page.goto(address)
        expect(page.get_by_text("Messages ouverts dans ce navigateur")).to_be_visible()
        for summary in page.locator("summary:visible").all():
            summary.click()
        seen[name] = seen_in_both(page)
    page.goto("/espace/chiffres/")
    seen["figures"] = seen_in_both(page)
    newcomer.goto(INBOX)
    expect(newcomer.locator("#choisir")).to_be_visible()
    seen["first use"] = seen_in_both(newcomer)

    assert {name: problems for name, problems in seen.items() if problems} == {}


def sideways(page: Page) -> list[str]:
    """Whether the page scrolls sideways."""
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [f"{wide} px too wide"] if wide > 0 else []


def a_pile_for(team: Team, *, of: int) -> None:
    """So many referrals that wait, of persons who lost their code: none is drawn, which takes 20 ms each."""
    plan, letter = [team.addressee], a_letter().payload()
    for _number in range(of):
        person = crypto.new_pair().public
        context = crypto.Context(person, 0, crypto.Direction.SENDER)
        message = sealing.seal_message(letter, context=context, to=plan, sender=person)
        sealed = sealing.SealedReferral(token_bytes(LOCATOR_BYTES), person, message)
        lifecycle.submit(sealed, plan=plan, urgency=Urgency.DAY, at=timezone.now())


def test_an_inbox_of_five_hundred_opens_fast(browser_of: Opener) -> None:
    team = a_team()
    a_pile_for(team, of=500)
    page = browser_of(team.members[0])
    page.goto(INBOX)
    unlock(page)

    began = time.monotonic()
    page.goto(INBOX)
    expect(page.locator("#demandes[data-opened]")).to_be_visible()
    seconds = time.monotonic() - began

    assert page.locator(".request").count() == 50
    assert page.locator(".queues a").first.inner_text().split()[0] == "500"
    assert seconds < 5


def test_a_window_that_keeps_nothing_opens_page_by_page(browser_of: Opener) -> None:
    team = a_team()
    sent = a_referral(team, text="Sans rien garder.")
    page = browser_of(team.members[0])
    page.add_init_script("indexedDB.open = () => { throw new DOMException('no', 'SecurityError') }")

    for address in (page_of(sent), page_of(sent)):
        page.goto(address)
        unlock(page)
        expect(page.locator("[data-sequence='0'] .words")).to_have_text("Sans rien garder.")
