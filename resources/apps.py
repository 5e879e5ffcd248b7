"""The public directory as a Django application."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ResourcesConfig(AppConfig):
    """Directory of services: model, search, pages, open data."""

    name = "resources"
    verbose_name = _("Annuaire")
    default_auto_field = "django.db.models.BigAutoField"
