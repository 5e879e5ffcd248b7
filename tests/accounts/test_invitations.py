"""An invitation opens one account once, for a week, and its mail says nothing."""

import io
from datetime import timedelta

import pytest
from django.conf import settings
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone

from accounts import invitations
from accounts.models import Invitation, User
from tests.signing_in import PASSWORD, a_person, sign_in

pytestmark = pytest.mark.django_db

TWICE = {"password1": PASSWORD, "password2": PASSWORD}


def test_an_invitation_opens_an_account_that_must_set_up_a_second_factor(client: Client) -> None:
    _invitation, token = invitations.invite(" Lea@Exemple.org ", moderator=True)
    assert client.post("/espace/connexion/", {"login": "lea@exemple.org", "password": PASSWORD}).status_code == 200

    opened = client.get(invitations.path_of(token))
    assert opened.headers["Location"] == "/espace/bienvenue/"
    page = client.get("/espace/bienvenue/").content.decode()
    assert 'value="lea@exemple.org"' in page
    assert token not in page
    accepted = client.post("/espace/bienvenue/", TWICE)

    assert accepted.headers["Location"] == "/espace/compte/"
    assert client.get("/espace/").headers["Location"].startswith("/espace/compte/?")
    lea = User.objects.get()
    assert (lea.email, lea.is_active, lea.is_staff, lea.is_superuser) == ("lea@exemple.org", True, True, False)
    assert lea.check_password(PASSWORD)
    assert not Invitation.objects.exists()


def test_an_invitation_works_once() -> None:
    invitation, token = invitations.invite("lea@exemple.org")
    first, second = Client(), Client()
    first.get(invitations.path_of(token))
    second.get(invitations.path_of(token))

    assert first.post("/espace/bienvenue/", TWICE).status_code == 302
    late = second.post("/espace/bienvenue/", {"password1": "un autre phrase", "password2": "un autre phrase"})

    assert late.status_code == 410
    assert "Cette invitation n’est plus valable." in late.content.decode()
    assert User.objects.get().check_password(PASSWORD)
    with pytest.raises(invitations.NoLongerValid):
        invitations.accept(invitation, password=PASSWORD)


def test_an_invitation_ends_after_a_week(client: Client) -> None:
    invitation, token = invitations.invite("lea@exemple.org")
    assert timedelta(days=6, hours=23) < invitation.expires_at - timezone.now() <= timedelta(days=7)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    client.get(invitations.path_of(token))

    assert client.get("/espace/bienvenue/").status_code == 410
    assert client.post("/espace/bienvenue/", TWICE).status_code == 410
    with pytest.raises(invitations.NoLongerValid):
        invitations.accept(invitation, password=PASSWORD)
    assert User.objects.get().is_active is False


def test_a_second_invitation_takes_the_place_of_the_first(client: Client) -> None:
    _first, old = invitations.invite("lea@exemple.org")
    _second, new = invitations.invite("lea@exemple.org")

    client.get(invitations.path_of(old))
    assert client.get("/espace/bienvenue/").status_code == 410
    client.get(invitations.path_of(new))
    assert client.get("/espace/bienvenue/").status_code == 200


def test_who_has_an_account_is_not_invited_again() -> None:
    lea = a_person()
    User.objects.filter(pk=lea.pk).update(is_active=False)

    with pytest.raises(invitations.AlreadyHere):
        invitations.invite("Lea@exemple.org", operator=True)
    with pytest.raises(CommandError):
        call_command("invite", "lea@exemple.org")

    lea.refresh_from_db()
    assert (lea.is_active, lea.is_superuser) == (False, False)


def test_a_weak_or_mistyped_password_is_asked_again(client: Client) -> None:
    _invitation, token = invitations.invite("lea@exemple.org")
    client.get(invitations.path_of(token))

    short = client.post("/espace/bienvenue/", {"password1": "court", "password2": "court"}).content.decode()
    other = client.post("/espace/bienvenue/", {**TWICE, "password2": "autre chose"}).content.decode()

    assert 'id="id_password1-error"' in short
    assert "Les deux mots de passe ne sont pas les mêmes." in other
    assert Invitation.objects.count() == 1


def test_the_link_signs_out_whoever_was_there(client: Client) -> None:
    sign_in(client, a_person("max@exemple.org"))
    _invitation, token = invitations.invite("lea@exemple.org")

    client.get(invitations.path_of(token))

    assert "_auth_user_id" not in client.session
    assert client.get("/espace/bienvenue/").status_code == 200


def test_the_database_keeps_a_digest_only() -> None:
    invitation, token = invitations.invite("lea@exemple.org")

    kept = Invitation.objects.values_list("digest", flat=True).get()
    assert len(bytes(kept)) == 32
    assert token.encode() not in bytes(kept)
    with pytest.raises(IntegrityError, match="invitation_keeps_a_digest"):
        Invitation.objects.filter(pk=invitation.pk).update(digest=token.encode())


def test_the_mail_says_nothing_but_the_link() -> None:
    invitation, token = invitations.invite("lea@exemple.org")

    invitations.send(invitation, token=token, site="https://exemple.org")

    [sent] = mail.outbox
    assert (sent.subject, sent.to) == ("Une invitation vous attend", ["lea@exemple.org"])
    assert sent.body == (
        "Bonjour,\n\nUne invitation vous attend. Ce lien marche une seule fois, pendant sept jours :\n\n"
        f"https://exemple.org/espace/invitation/{token}/\n\nSi vous n’attendiez rien, ne faites rien."
    )


def test_the_command_prints_a_link_that_works(client: Client) -> None:
    printed = io.StringIO()

    call_command("invite", "lea@exemple.org", operator=True, print=True, stdout=printed)

    link = printed.getvalue().strip()
    assert link.startswith(f"{settings.SITE_URL}/espace/invitation/")
    client.get(link.removeprefix(settings.SITE_URL))
    assert client.get("/espace/bienvenue/").status_code == 200
    assert User.objects.get().is_superuser


def test_a_forgotten_password_is_changed_by_mail_and_the_second_factor_stays(client: Client) -> None:
    lea = a_person()

    client.post("/espace/oubli/", {"email": "lea@exemple.org"})
    client.post("/espace/oubli/", {"email": "personne@exemple.org"})
    [sent] = mail.outbox
    assert (sent.subject, sent.to) == ("Votre lien", ["lea@exemple.org"])
    link = next(line for line in sent.body.splitlines() if line.startswith("http"))
    form = client.get(link.removeprefix("http://testserver")).headers["Location"]
    done = client.post(form, {"password1": "encore quatre mots", "password2": "encore quatre mots"})

    assert done.headers["Location"] == "/espace/oubli/fait/"
    lea.refresh_from_db()
    assert lea.check_password("encore quatre mots")
    assert "_auth_user_id" not in client.session
    assert [message.subject for message in mail.outbox] == ["Votre lien", "Votre compte a changé"]
    assert "127.0.0.1" not in mail.outbox[1].body
    again = client.get(link.removeprefix("http://testserver"))
    assert "Ce lien n’est plus valable." in again.content.decode()


def test_somebody_invited_who_has_not_come_gets_no_reset() -> None:
    invitations.invite("lea@exemple.org")

    Client().post("/espace/oubli/", {"email": "lea@exemple.org"})

    assert mail.outbox == []
