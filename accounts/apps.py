"""Staff accounts as a Django application."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Accounts of moderators, partners and operators."""

    name = "accounts"
    verbose_name = _("Comptes")
