"""The whole directory leaves as HSDS, comes back into an empty one through two moderators, and leaves the same."""

import io
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from resources import moderation
from resources.exchange import hsds_in, hsds_tables
from resources.exchange.incoming import Incoming, Row
from resources.models import AccessChannel, Organisation, Place, Proposal, Service, Verification
from tests.builders import agreed_by_two
from tests.resources.exchange.test_incoming import package

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
    for service in Service.objects.published().select_related("organisation").prefetch_related("channels", "places"):
        with agreed_by_two(service):
            Service.objects.filter(pk=service.pk).update(status="hidden")
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


NESTED = {
    "phones": "phones",
    "schedules": "schedules",
    "service_areas": "service_areas",
    "languages": "languages",
    "additional_urls": "urls",
    "attributes": "attributes",
    "service_at_locations": "service_at_locations",
}
Tables = dict[str, list[dict[str, str]]]


def scalars(described: dict[str, Any]) -> dict[str, str]:
    """An object as a row of a table: what belongs to it stands in others."""
    return {name: str(value) for name, value in described.items() if not isinstance(value, dict | list)}


def as_tables(exported: dict[str, Any]) -> Tables:
    """Our package as the tables of a tabular one."""
    tables: Tables = defaultdict(list)
    tables["organizations"] = [scalars(one) for one in exported["organizations"]]
    tables["taxonomy_terms"] = [scalars(one) for one in exported["taxonomy_terms"]]
    for service in exported["services"]:
        tables["services"].append(scalars(service))
        for member, table in NESTED.items():
            tables[table] += [scalars(one) for one in service.get(member, [])]
        for offer in service.get("service_at_locations", []):
            tables["locations"].append(scalars(offer["location"]))
            tables["addresses"] += [scalars(one) for one in offer["location"].get("addresses", [])]
    return {name: [dict.fromkeys(columns(rows), "") | row for row in rows] for name, rows in tables.items() if rows}


def columns(rows: list[dict[str, str]]) -> list[str]:
    """Every column that one of the rows has."""
    return list(dict.fromkeys(name for row in rows for name in row))


def test_a_tabular_package_says_the_same_as_json(tmp_path: Path) -> None:
    call_command("load_communes", stdout=io.StringIO())
    call_command("load_directory", str(STARTER), stdout=io.StringIO())
    whole = exported(tmp_path / "hsds.json")

    tabular = hsds_tables.read(package(tmp_path / "hsds.zip", as_tables(whole)))

    def without_lines(rows: Iterable[Row]) -> list[Incoming]:
        return [replace(row, line=0) for row in rows if isinstance(row, Incoming)]

    assert without_lines(tabular) == without_lines(hsds_in.read(tmp_path / "hsds.json"))
    assert "0 nouvelles fiches, 0 corrections, 0 conflits" in run_import("hsds", tmp_path / "hsds.zip")
