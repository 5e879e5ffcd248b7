"""Collected scripts find each other under names that browsers may keep for ever."""

import re
from pathlib import Path

import pytest
from django.conf import settings as site
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from pytest_django import Settings

from config.static_files import Fingerprinted

IMPORTED = re.compile(r"""(?:from|import)\s*\(?\s*["'](?P<name>\./[^"']+)["']""")


@pytest.fixture
def collected(tmp_path: Path, settings: Settings) -> Path:
    """The static files as `serve` gathers them."""
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "config.static_files.Fingerprinted"}}
    call_command("collectstatic", verbosity=0, interactive=False)
    return tmp_path


def test_a_bundle_names_its_parts_by_their_fingerprints(collected: Path) -> None:
    assert isinstance(staticfiles_storage._wrapped, Fingerprinted)  # type: ignore[attr-defined]
    bundle = collected / staticfiles_storage.stored_name("write.js")  # type: ignore[attr-defined]

    named = IMPORTED.findall(bundle.read_text(encoding="utf-8"))

    assert len(named) >= 2
    for name in named:
        assert re.fullmatch(r"\./part-[0-9A-Z]{8}\.[0-9a-f]{12}\.js", name)
        assert (collected / name).is_file()


def test_every_import_of_every_script_is_there(collected: Path) -> None:
    assert list(collected.glob("part-*.js.gz"))
    for script in Path(site.BUNDLES_DIR).glob("*.js"):
        stored = collected / staticfiles_storage.stored_name(script.name)  # type: ignore[attr-defined]
        for name in IMPORTED.findall(stored.read_text(encoding="utf-8")):
            assert (collected / name).is_file(), f"{script.name} → {name}"
