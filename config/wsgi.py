"""The application that a web server runs."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

site = get_wsgi_application()

from referrals.moments import keeping_moments  # noqa: E402  # once the settings are there

application = keeping_moments(site)
