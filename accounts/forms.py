"""What staff type to get in: a first password, and codes that work once."""

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import User


class FirstPassword(forms.Form):
    """A password, typed twice, for an account that has none."""

    password1 = forms.CharField(strip=False, max_length=256)
    password2 = forms.CharField(strip=False, max_length=256)

    def __init__(self, data: object = None, *, user: User) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        self.user = user

    def clean_password1(self) -> str:
        """Long enough, not a common one, not the address."""
        password: str = self.cleaned_data["password1"]
        validate_password(password, self.user)
        return password

    def clean_password2(self) -> str:
        """The same again."""
        password: str = self.cleaned_data["password2"]
        if "password1" in self.cleaned_data and self.cleaned_data["password1"] != password:
            raise ValidationError(_("Les deux mots de passe ne sont pas les mêmes."))
        return password


class CodeOnce(AuthenticateForm):
    """The code of a telephone, or a recovery code, at sign-in."""

    def clean_code(self) -> str:
        """The code, if it is right and was never used."""
        return once_only(super().clean_code(), authenticator=self.authenticator)


class CodeOnceAgain(ReauthenticateForm):
    """The same, by somebody who is signed in."""

    def clean_code(self) -> str:
        """The code, if it is right and was never used."""
        return once_only(super().clean_code(), authenticator=self.authenticator)


def once_only(code: str, *, authenticator: Authenticator) -> str:
    """The code, kept as used for as long as the telephones' clocks let it pass; allauth itself forgets earlier."""
    seconds = settings.MFA_TOTP_PERIOD * (2 * settings.MFA_TOTP_TOLERANCE + 1)
    if authenticator.type == Authenticator.Type.TOTP and not cache.add(
        f"code-used:{authenticator.pk}:{code.strip()}", "", timeout=seconds
    ):
        raise get_adapter().validation_error("incorrect_code")
    return code
