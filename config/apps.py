"""The assembled site as a Django application, so that its commands are found."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Settings, database, web server."""

    name = "config"
