"""Below /espace/ nothing opens without a second factor used in this session, and nothing stays open for long."""

import base64
import subprocess
import sys
import time
from datetime import date

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.test.utils import override_settings
from django.urls import path
from django.views.decorators.http import require_POST

from accounts import adapter, roles, stay
from accounts.models import User
from config import urls as config_urls
from config.environment import for_child
from referrals.models import Member, Partner
from tests.signing_in import PASSWORD, a_person, a_telephone, code_of, sign_in

pytestmark = pytest.mark.django_db

MINUTE = 60


def a_new_page(_request: HttpRequest) -> HttpResponse:
    """What somebody adds one day without thinking of the gate."""
    return HttpResponse("secret", content_type="text/plain")


@roles.moderators_only
def for_moderators(_request: HttpRequest) -> HttpResponse:
    """A page of the directory's desk."""
    return HttpResponse("desk")


@require_POST
def a_form(_request: HttpRequest) -> HttpResponse:
    """A form that changes something."""
    return HttpResponse("changed")


urlpatterns = [
    path("espace/nouveau/", a_new_page),
    path("espace/annuaire/", for_moderators),
    path("espace/changer/", a_form),
    path("fr/changer/", a_form),
    *config_urls.urlpatterns,
]


@pytest.fixture(autouse=True)
def _with_a_new_page() -> object:
    """The site with those pages."""
    with override_settings(ROOT_URLCONF=__name__):
        yield


def place(response: object) -> str:
    """Where a redirection leads, without what follows the question mark."""
    location: str = response.headers["Location"]  # type: ignore[attr-defined]
    return location.partition("?")[0]


def test_a_new_page_is_closed_to_nobody_and_open_to_staff(client: Client) -> None:
    assert client.get("/espace/nouveau/").headers["Location"] == "/espace/connexion/?next=%2Fespace%2Fnouveau%2F"

    sign_in(client, a_person())

    opened = client.get("/espace/nouveau/")
    assert (opened.content, opened.headers["Cache-Control"]) == (b"secret", "no-store")


def test_a_script_is_told_instead_of_sent_elsewhere(client: Client) -> None:
    response = client.get("/espace/nouveau/", headers={"Sec-Fetch-Dest": "empty"})

    assert (response.status_code, response.content) == (401, b"")


def test_a_password_alone_opens_nothing_but_the_pages_that_add_a_factor(client: Client) -> None:
    sign_in(client, a_person(), **{stay.PROVEN: None})

    assert place(client.get("/espace/nouveau/")) == "/espace/compte/"
    assert place(client.get("/espace/")) == "/espace/compte/"
    assert place(client.get("/espace/compte/mot-de-passe/")) == "/espace/compte/"
    assert client.get("/espace/compte/code/ajouter/").status_code == 200


def test_a_factor_added_elsewhere_ends_a_session_that_never_used_it(client: Client) -> None:
    lea = a_person()
    sign_in(client, lea, **{stay.PROVEN: None})
    a_telephone(lea)

    assert place(client.get("/espace/compte/")) == "/espace/connexion/"
    assert not Session.objects.exists()


def test_ten_idle_minutes_lock_and_the_password_opens(client: Client) -> None:
    lea = a_person()
    sign_in(client, lea, **{stay.SEEN: time.time() - 11 * MINUTE})

    assert client.get("/espace/nouveau/").headers["Location"] == "/espace/verrou/?next=%2Fespace%2Fnouveau%2F"
    assert place(client.get("/espace/compte/")) == "/espace/verrou/"
    wrong = client.post("/espace/verrou/?next=/espace/nouveau/", {"password": "autre chose"})
    assert wrong.status_code == 200
    assert place(client.get("/espace/nouveau/")) == "/espace/verrou/"
    right = client.post("/espace/verrou/?next=/espace/nouveau/", {"password": PASSWORD})
    assert right.headers["Location"] == "/espace/nouveau/"
    assert client.get("/espace/nouveau/").content == b"secret"


def test_nine_minutes_do_not_lock_and_start_again(client: Client) -> None:
    sign_in(client, a_person(), **{stay.SEEN: time.time() - 9 * MINUTE})

    assert client.post("/espace/present/").status_code == 204
    assert time.time() - client.session[stay.SEEN] < MINUTE


def test_looking_at_the_lock_does_not_unlock(client: Client) -> None:
    sign_in(client, a_person(), **{stay.SEEN: time.time() - 11 * MINUTE})

    client.get("/espace/verrou/")
    assert place(client.get("/espace/nouveau/")) == "/espace/verrou/"
    assert place(client.post("/espace/present/")) == "/espace/verrou/"
    assert place(client.get("/espace/nouveau/")) == "/espace/verrou/"


def test_a_code_of_the_telephone_unlocks_too(client: Client) -> None:
    lea = a_person()
    secret = a_telephone(lea)
    sign_in(client, lea)

    client.post("/espace/verrouiller/")
    assert place(client.get("/espace/nouveau/")) == "/espace/verrou/"
    client.post("/espace/verrou/code/", {"code": code_of(secret)})

    assert client.get("/espace/nouveau/").content == b"secret"


def test_a_working_day_ends_the_session(client: Client) -> None:
    sign_in(client, a_person(), **{stay.BEGAN: time.time() - stay.DAY_SECONDS - 1})

    assert place(client.get("/espace/nouveau/")) == "/espace/connexion/"
    assert not Session.objects.exists()


def test_a_session_without_a_beginning_is_none(client: Client) -> None:
    client.force_login(a_person())

    assert place(client.get("/espace/nouveau/")) == "/espace/connexion/"


def test_a_closed_account_is_out_at_once(client: Client) -> None:
    lea = a_person()
    sign_in(client, lea)
    User.objects.filter(pk=lea.pk).update(is_active=False)

    assert place(client.get("/espace/nouveau/")) == "/espace/connexion/"


def test_a_changed_password_ends_the_other_sessions(client: Client) -> None:
    lea = a_person()
    other = Client()
    sign_in(client, lea)
    sign_in(other, lea)
    new = "encore quatre mots rares"

    changed = client.post("/espace/compte/mot-de-passe/", {"oldpassword": PASSWORD, "password1": new, "password2": new})

    assert changed.status_code == 302
    assert client.get("/espace/nouveau/").content == b"secret"
    assert place(other.get("/espace/nouveau/")) == "/espace/connexion/"


def test_a_page_of_moderators_does_not_exist_for_others(client: Client) -> None:
    sign_in(client, a_person(operator=True))
    assert client.get("/espace/annuaire/").status_code == 404

    sign_in(client, a_person("max@exemple.org", moderator=True))
    assert client.get("/espace/annuaire/").content == b"desk"


def test_a_form_without_the_token_of_its_page_is_refused_below_the_staff_area_only() -> None:
    client = Client(enforce_csrf_checks=True)
    sign_in(client, a_person())

    refused = client.post("/espace/changer/")
    token = client.get("/espace/compte/").content.decode().partition('name="form-token" content="')[2][:64]

    assert refused.status_code == 403
    assert "Ce formulaire a expiré." in refused.content.decode()
    assert client.post("/espace/changer/", headers={"X-CSRFToken": token}).content == b"changed"
    assert client.post("/fr/changer/").content == b"changed"


def test_public_pages_never_touch_a_session(client: Client) -> None:
    sign_in(client, a_person(), **{stay.SEEN: 1.0})

    for address in ("/fr/", "/fr/urgence/", "/api/v1/needs", "/fr/nowhere/"):
        response = client.get(address)
        assert not hasattr(response.wsgi_request, "session")
        assert not getattr(response.wsgi_request, "user", AnonymousUser()).is_authenticated
        assert response.cookies.output() == ""
    assert client.session[stay.SEEN] == 1.0


def test_pages_with_secrets_are_never_compressed(client: Client) -> None:
    sign_in(client, a_person())

    packed = client.get("/fr/", headers={"Accept-Encoding": "gzip"})
    plain = client.get("/espace/compte/", headers={"Accept-Encoding": "gzip"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert len(plain.content) > 1000


def test_what_the_browser_may_do_below_the_staff_area(client: Client) -> None:
    headers = client.get("/espace/connexion/").headers

    assert headers["Referrer-Policy"] == "same-origin"
    assert "no-store" in headers["Cache-Control"].split(", ")
    assert "publickey-credentials-get=(self)" in headers["Permissions-Policy"].split(", ")
    assert sorted(headers["Content-Security-Policy"].split("; ")) == [
        "base-uri 'none'",
        "connect-src 'self'",
        "default-src 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "img-src 'self' data:",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self'",
    ]


def test_wrong_passwords_wait_a_minute_and_keep_no_address_of_a_machine(client: Client) -> None:
    a_person()
    typed = {"login": "lea@exemple.org", "password": "pas celui-là"}

    answers = [client.post("/espace/connexion/", typed, REMOTE_ADDR="203.0.113.9").content.decode() for _ in range(6)]

    assert ["Trop de tentatives" in answer for answer in answers] == [False] * 5 + [True]
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key, value, extract(epoch FROM expires - now()) FROM accounts_counter")
        [(key, value, seconds)] = cursor.fetchall()
    assert "203.0.113.9" not in key + base64.b64decode(value).decode("latin-1")
    assert 0 < seconds < 2 * MINUTE


def test_a_second_factor_is_taken_away_by_the_operator(client: Client) -> None:
    lea = a_person()
    a_telephone(lea)
    sign_in(client, lea)

    call_command("forget_second_factor", "lea@exemple.org")

    assert place(client.get("/espace/nouveau/")) == "/espace/connexion/"
    client.post("/espace/connexion/", {"login": "lea@exemple.org", "password": PASSWORD})
    assert place(client.get("/espace/nouveau/")) == "/espace/compte/"


def test_a_member_arrives_at_the_inbox_and_others_see_what_they_may_do(client: Client) -> None:
    lea = a_person()
    sign_in(client, lea)
    assert "Votre compte n’est rattaché à aucune équipe." in client.get("/espace/").content.decode()

    partner = Partner.objects.create(slug="association-fictive", name="Association fictive")
    Member.objects.create(partner=partner, user=lea, joined_on=date(2026, 11, 1))

    assert client.get("/espace/").headers["Location"] == "/espace/demandes/"
    menu = client.get("/espace/compte/").content.decode()
    assert 'href="/espace/demandes/"' in menu
    assert 'href="/espace/equipe/"' in menu


def test_a_site_that_changed_its_secret_refuses_codes_in_words(client: Client) -> None:
    secret = a_telephone(a_person())
    adapter.box.cache_clear()

    with override_settings(SECRET_KEY="un autre secret de plus de cinquante caractères, tiré au hasard"):
        client.post("/espace/connexion/", {"login": "lea@exemple.org", "password": PASSWORD})
        refused = client.post("/espace/connexion/code/", {"code": code_of(secret)})
    adapter.box.cache_clear()

    assert refused.status_code == 200
    assert "Code incorrect." in refused.content.decode()


@pytest.mark.parametrize(("address", "secure"), [("https://exemple.org", "True True"), ("", "False False")])
def test_cookies_are_for_https_only_when_the_site_is(address: str, secure: str) -> None:
    code = "from config import settings; print(settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE)"

    shown = subprocess.check_output(
        [sys.executable, "-c", code], env=for_child(ECLAIRCIE_PUBLIC_URL=address), text=True
    )

    assert shown.strip() == secure


def test_a_code_is_used_up_even_when_half_a_minute_has_passed(client: Client) -> None:
    lea = a_person()
    code = code_of(a_telephone(lea))
    sign_in(client, lea)
    client.post("/espace/verrouiller/")
    client.post("/espace/verrou/code/", {"code": code})
    assert client.get("/espace/nouveau/").content == b"secret"

    assert cache.delete(f"allauth.mfa.totp.used?user={lea.pk}&code={code}")  # what allauth does after half a minute
    client.post("/espace/verrouiller/")
    again = client.post("/espace/verrou/code/", {"code": code})

    assert "Code incorrect." in again.content.decode()
    assert place(client.get("/espace/nouveau/")) == "/espace/verrou/"
