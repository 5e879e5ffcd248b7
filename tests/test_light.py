"""What a public page weighs before it is shown: one answer, that the first burst of a bad network brings."""

import gzip
import re
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.middleware.gzip import GZipMiddleware
from django.test import Client

from referrals import envelopes
from tests.public_pages import States, World, a_world, reachable
from tests.referrals.test_bundles import gzipped, with_first
from tests.resources.test_pages import ROOM_ON_THE_WIRE

pytestmark = pytest.mark.django_db

MOST_REQUESTS = 3
AT_ONCE = re.compile(
    r"""<(?:script|img|iframe|video|audio|source|object|embed)\b[^>]*\s(?:src|srcset|data)="([^"]+)"|"""
    r"""<link\b[^>]*\srel="(?:stylesheet|icon|preload|modulepreload|preconnect|manifest)"[^>]*\shref="([^"]+)\""""
)
DIRECTORY = "resources/data/services_idf.csv"


@pytest.fixture
def world() -> World:
    """The starter directory, whose pages of results are full, and every sort of service."""
    call_command("load_communes", stdout=StringIO())
    call_command("load_directory", DIRECTORY, stdout=StringIO())
    return a_world(has_directory=True)


def weighed(client: Client, address: str) -> tuple[int, list[str], list[str]]:
    """Bytes of a page as it travels at most, what it names to be fetched at once, and what it fetches once it is
    shown."""
    answer = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip", address
    text = gzip.decompress(answer.content).decode()
    # Pages of a code are filled up to one length; the others carry so many bytes of chance at most.
    is_filled = len(answer.content) % envelopes.STEP == 0
    most = len(answer.content) if is_filled else len(gzip.compress(text.encode(), 6)) + GZipMiddleware.max_random_bytes
    at_once = [one for found in AT_ONCE.findall(text) for one in found if one and not one.startswith("data:")]
    return most, at_once, re.findall(r'data-script="[^"]*/([^"/]+)"', text)


def test_every_page_is_one_light_answer(client: Client, world: World) -> None:
    results = ("", "?need=n1", "?need=n1&page=2")
    states = States(client, world).all()

    seen = {
        address: weighed(client, address)
        for language in ("fr", "en")
        for address in (
            *reachable(client, language=language),
            *(f"/{language}/annuaire/{asked}" for asked in results),
            *states.in_language(language),
        )
    }

    assert len(seen) > 100
    assert [f"{address}: {size}" for address, (size, _now, _later) in seen.items() if size > ROOM_ON_THE_WIRE] == []
    assert [f"{address}: {now}" for address, (_size, now, _later) in seen.items() if now] == []
    assert {name for _size, _now, later in seen.values() for name in later} == {"writing.js", "returning.js"}


@pytest.mark.parametrize("name", ["writing.js", "returning.js"])
def test_what_comes_once_the_page_is_shown_is_two_small_files(name: str) -> None:
    files = with_first({name})

    assert (Path(settings.BUNDLES_DIR) / name).is_file()
    assert 1 + len(files) <= MOST_REQUESTS
    assert gzipped(files) < 4_000
