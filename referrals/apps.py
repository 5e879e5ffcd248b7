"""The confidential path: from a form to a partner who can read it, and back."""

from django.apps import AppConfig


class ReferralsConfig(AppConfig):
    """Referrals."""

    name = "referrals"
