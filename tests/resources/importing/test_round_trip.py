"""The whole directory leaves as HSDS, comes back into an empty one through two moderators, and leaves the same."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from resources import moderation
from resources.models import AccessChannel, Organisation, Place, Proposal, Service, Verification

pytestmark = pytest.mark.django_db

STARTER = settings.BASE_DIR / "resources" / "data" / "services_idf.csv"
# What says when a file or a fact was written, and how this directory itself checked it: never the same twice.
OF_THE_DAY = frozenset({"generated", "last_modified", "assured_date"})


def exported(path: Path, form: str = "hsds") -> Any:
    """The directory as a file, read back."""
    call_command("export_directory", "--format", form, "--output", str(path), stdout=io.StringIO())
    return json.loads(path.read_text(encoding="utf-8"))


def lasting(value: Any) -> Any:
    """A package without what belongs to the day, in an order that is not the database's."""
    if isinstance(value, dict):
        return {name: lasting(inner) for name, inner in value.items() if name not in OF_THE_DAY}
    if isinstance(value, list):
        return sorted((lasting(inner) for inner in value), key=lambda inner: json.dumps(inner, sort_keys=True))
    return value


def run_import(form: str, path: Path, *options: str) -> str:
    """What the command says."""
    said = io.StringIO()
    call_command("import_directory", "--format", form, str(path), *options, stdout=said)
    return said.getvalue()


def empty_the_directory() -> None:
    """Nothing is left but the communes."""
    with moderation.remembered(moderator=None, proposal=None, why="test"):
        Service.objects.filter(status="published").update(status="hidden")
    Verification.objects.all().delete()
    Place.objects.all().delete()
    AccessChannel.objects.all().delete()
    Service.objects.all().delete()
    Organisation.objects.all().delete()


def approve_everything() -> None:
    """Two moderators agree to every open proposal, after a call."""
    first, second = (User.objects.create(email=f"{name}@example.org", is_staff=True) for name in ("alix", "sam"))
    today = timezone.localdate()
    for proposal in Proposal.objects.open():
        moderation.record_check(proposal, moderator=first, check_kind="call", on=today)
        assert moderation.approve(proposal, moderator=first, on=today) is False
        assert moderation.approve(proposal, moderator=second, on=today) is True


def test_the_starter_directory_comes_back_as_it_left(tmp_path: Path) -> None:
    call_command("load_communes", stdout=io.StringIO())
    call_command("load_directory", str(STARTER), stdout=io.StringIO())
    before = exported(tmp_path / "before.json")
    empty_the_directory()

    run_import("hsds", tmp_path / "before.json", "--apply", "--strict")
    assert Service.objects.published().count() == 0
    approve_everything()

    assert lasting(exported(tmp_path / "after.json")) == lasting(before)
    assert Service.objects.published().count() == len(before["services"]) > 80
