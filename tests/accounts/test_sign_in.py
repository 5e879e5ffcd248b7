"""Signing in as people do, in a browser: password, then a telephone, a passkey or a recovery code."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from playwright.sync_api import Browser, CDPSession, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts import stay
from tests.signing_in import PASSWORD, a_person, a_telephone, code_of, sign_in_browser

pytestmark = pytest.mark.django_db(transaction=True)


def give_password(page: Page, *, email: str = "lea@exemple.org", password: str = PASSWORD) -> None:
    """The first step."""
    page.goto("/espace/")
    page.get_by_label("Adresse e-mail").fill(email)
    page.get_by_label("Mot de passe").fill(password)
    page.get_by_role("button", name="Continuer").click()


def give_code(page: Page, code: str) -> None:
    """The second step."""
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Se connecter").click()


@pytest.fixture
def device(staff_page: Page) -> Iterator[CDPSession]:
    """A telephone or computer that keeps passkeys and says yes."""
    session = staff_page.context.new_cdp_session(staff_page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    yield session
    session.detach()


def test_somebody_with_a_telephone_signs_in(staff_page: Page) -> None:
    secret = a_telephone(a_person())

    give_password(staff_page)
    expect(staff_page.get_by_role("heading", name="Seconde étape")).to_be_visible()
    staff_page.goto("/espace/")
    assert staff_page.url.endswith("/espace/connexion/code/")
    give_code(staff_page, code_of(secret))

    expect(staff_page.get_by_role("heading", name="Espace de travail")).to_be_visible()
    assert staff_page.url.endswith("/espace/")


def test_a_wrong_code_and_a_used_code_do_not_open(staff_page: Page) -> None:
    secret = a_telephone(a_person())
    code = code_of(secret)

    give_password(staff_page)
    give_code(staff_page, "000000" if code != "000000" else "111111")
    expect(staff_page.get_by_text("Code incorrect.")).to_be_visible()
    give_code(staff_page, code)
    staff_page.get_by_role("button", name="Se déconnecter").click()
    give_password(staff_page)
    give_code(staff_page, code)

    expect(staff_page.get_by_text("Code incorrect.")).to_be_visible()


def test_a_wrong_password_says_nothing_of_the_account(staff_page: Page) -> None:
    a_telephone(a_person())

    give_password(staff_page, password="un autre mot de passe")
    known = staff_page.get_by_role("alert").inner_text()
    give_password(staff_page, email="personne@exemple.org")

    assert staff_page.get_by_role("alert").inner_text() == known


def test_a_recovery_code_works_once(staff_page: Page) -> None:
    lea = a_person()
    a_telephone(lea)
    code = RecoveryCodes.activate(lea).get_unused_codes()[0]

    give_password(staff_page)
    give_code(staff_page, code)
    expect(staff_page.get_by_role("heading", name="Espace de travail")).to_be_visible()
    staff_page.get_by_role("button", name="Se déconnecter").click()
    give_password(staff_page)
    give_code(staff_page, code)

    expect(staff_page.get_by_text("Code incorrect.")).to_be_visible()


def test_a_new_account_sets_up_a_telephone_before_anything_else(staff_page: Page) -> None:
    lea = a_person()

    give_password(staff_page)
    expect(staff_page.get_by_role("heading", name="Encore une protection")).to_be_visible()
    staff_page.goto("/espace/compte/mot-de-passe/")
    expect(staff_page.get_by_role("heading", name="Encore une protection")).to_be_visible()
    staff_page.get_by_role("link", name="Ajouter un code").click()
    secret = staff_page.get_by_label("Clé", exact=True).input_value()
    staff_page.get_by_label("Code").fill(code_of(secret))
    staff_page.get_by_role("button", name="Vérifier et continuer").click()

    expect(staff_page.get_by_role("heading", name="Codes de secours")).to_be_visible()
    assert re.fullmatch(r"(\d{8}\s*){10}", staff_page.locator(".codes-list").inner_text())
    staff_page.get_by_role("link", name="Je les ai gardés : continuer").click()
    expect(staff_page.get_by_role("heading", name="Espace de travail")).to_be_visible()
    kept: dict[str, Any] = Authenticator.objects.get(user=lea, type=Authenticator.Type.TOTP).data
    assert secret not in str(kept)


def test_a_passkey_is_set_up_then_signs_in(staff_page: Page, device: CDPSession) -> None:
    a_person()

    give_password(staff_page)
    staff_page.get_by_role("link", name="Ajouter une clé").click()
    staff_page.get_by_label("Nom de la clé").fill("ordinateur du bureau")
    staff_page.get_by_role("button", name="Ajouter la clé").click()
    expect(staff_page.get_by_role("heading", name="Codes de secours")).to_be_visible()
    staff_page.get_by_role("button", name="Se déconnecter").click()
    give_password(staff_page)
    staff_page.get_by_role("button", name="Utiliser une clé d’accès").click()

    expect(staff_page.get_by_role("heading", name="Espace de travail")).to_be_visible()
    staff_page.goto("/espace/compte/cles/")
    expect(staff_page.get_by_role("heading", name="ordinateur du bureau")).to_be_visible()


def test_a_passkey_that_does_not_answer_is_said_in_words(staff_page: Page, device: CDPSession) -> None:
    a_person()
    give_password(staff_page)
    staff_page.get_by_role("link", name="Ajouter une clé").click()
    staff_page.evaluate("() => { navigator.credentials.create = () => Promise.reject(new Error('non')) }")

    staff_page.get_by_role("button", name="Ajouter la clé").click()

    expect(staff_page.get_by_text("La clé n’a pas répondu. Recommencez.")).to_be_visible()


def test_the_screen_is_locked_by_hand_and_opened_by_password(staff_page: Page) -> None:
    secret = a_telephone(a_person())
    give_password(staff_page)
    give_code(staff_page, code_of(secret))

    staff_page.get_by_role("button", name="Verrouiller l’écran").click()
    expect(staff_page.get_by_role("heading", name="Écran verrouillé")).to_be_visible()
    staff_page.goto("/espace/compte/")
    expect(staff_page.get_by_role("heading", name="Écran verrouillé")).to_be_visible()
    staff_page.get_by_label("Mot de passe").fill(PASSWORD)
    staff_page.get_by_role("button", name="Continuer").click()

    expect(staff_page.get_by_role("heading", name="Compte", exact=True)).to_be_visible()


def test_the_screen_locks_itself_when_nobody_touches_it(staff_page: Page, live_server: LiveServer) -> None:
    sign_in_browser(staff_page, a_person(), site=live_server.url)
    staff_page.clock.install()
    staff_page.goto("/espace/")

    staff_page.clock.run_for((stay.IDLE_SECONDS - 30) * 1000)
    expect(staff_page.get_by_text("L’écran se verrouille dans une minute.")).to_be_visible()
    with staff_page.expect_response("**/espace/present/") as told:
        staff_page.keyboard.press("Shift")
    assert told.value.status == 204
    expect(staff_page.get_by_text("L’écran se verrouille dans une minute.")).to_be_hidden()
    staff_page.clock.run_for((stay.IDLE_SECONDS + 1) * 1000)

    expect(staff_page.get_by_role("heading", name="Écran verrouillé")).to_be_visible()


def test_without_javascript_somebody_signs_in_all_the_same(browser: Browser, live_server: LiveServer) -> None:
    secret = a_telephone(a_person())
    with browser.new_context(base_url=live_server.url, java_script_enabled=False) as context:
        page = context.new_page()

        give_password(page)
        give_code(page, code_of(secret))

        expect(page.get_by_role("heading", name="Espace de travail")).to_be_visible()


def test_public_pages_set_no_cookie_for_somebody_signed_in(staff_page: Page) -> None:
    secret = a_telephone(a_person())
    give_password(staff_page)
    give_code(staff_page, code_of(secret))
    expect(staff_page.get_by_role("heading", name="Espace de travail")).to_be_visible()

    with staff_page.expect_response("**/fr/") as answer:
        staff_page.goto("/fr/")

    assert "cookie" not in answer.value.request.all_headers()
    assert "set-cookie" not in answer.value.all_headers()
    assert {(c["name"], c["path"], c["httpOnly"], c["sameSite"]) for c in staff_page.context.cookies()} == {
        ("espace", "/espace/", True, "Lax"),
        ("espace_forms", "/espace/", True, "Lax"),
    }
