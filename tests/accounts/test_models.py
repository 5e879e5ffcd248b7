"""One address, one account."""

import pytest
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from accounts.models import User

pytestmark = pytest.mark.django_db


def test_an_address_has_one_account_whatever_its_case() -> None:
    User.objects.create_user("lea@exemple.org")

    with pytest.raises(IntegrityError, match="accounts_user_email_key"):
        User.objects.create_user(" Lea@Exemple.ORG ")


def test_the_database_refuses_an_address_in_capitals() -> None:
    with pytest.raises(IntegrityError, match="email_is_in_lower_case"):
        User.objects.bulk_create([User(email="Lea@exemple.org")])


def test_a_form_sees_the_account_that_has_the_address() -> None:
    User.objects.create_user("lea@exemple.org")
    again = User(email="LEA@exemple.org", password="x")

    with pytest.raises(ValidationError) as refusal:
        again.full_clean()

    assert list(refusal.value.message_dict) == ["email"]


def test_sign_in_takes_the_address_in_any_case() -> None:
    lea = User.objects.create_user("lea@exemple.org", "un long mot de passe")

    assert authenticate(username="Lea@Exemple.org", password="un long mot de passe") == lea
    assert authenticate(username="lea@exemple.org", password="un autre") is None


def test_a_new_account_has_no_right_and_no_password() -> None:
    lea = User.objects.create_user("lea@exemple.org")

    assert (lea.is_staff, lea.is_superuser, lea.is_active) == (False, False, True)
    assert lea.has_usable_password() is False


def test_an_administrator_may_do_everything() -> None:
    lea = User.objects.create_superuser("Lea@exemple.org", "un long mot de passe")

    assert (lea.email, lea.is_staff, lea.is_superuser) == ("lea@exemple.org", True, True)
