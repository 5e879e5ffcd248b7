"""Benchmarks: how fast and how right the product is, printed as tables."""

import os

import django
from django.apps import apps

# Its modules stand on the models, which can only be imported once Django knows its settings.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
if not apps.ready:
    django.setup()
