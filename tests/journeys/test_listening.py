"""A page read aloud in a real browser, by a voice of the device: asked for, told in words, and silent at once."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, Worker, expect
from pytest_django.live_server_helper import LiveServer

from bench.browsers import program
from tests.builders import a_service
from tests.conftest import BROWSER_ARGUMENTS, Watch

pytestmark = pytest.mark.django_db(transaction=True)

VOICE = Path(__file__).parent / "voice"
WITH_A_VOICE = [
    "--enable-speech-dispatcher",
    "--disable-features=DisableLoadExtensionCommandLineSwitch",
    f"--disable-extensions-except={VOICE}",
    f"--load-extension={VOICE}",
]
PATIENCE = 5.0  # seconds


@dataclass
class Listener:
    """A visitor whose device has a French voice, and an English one that speaks from elsewhere."""

    page: Page
    voice: Worker

    def heard(self, count: int) -> list[str]:
        """What the voice was given, once there is so much of it."""
        end = time.monotonic() + PATIENCE
        while len(said := list(self.voice.evaluate("self.said"))) < count and time.monotonic() < end:
            self.page.wait_for_timeout(50)
        return said

    def finish(self) -> None:
        """The voice comes to the end of what it says."""
        self.voice.evaluate("self.finish()")


@pytest.fixture
def listener(browser: Browser, live_server: LiveServer, tmp_path: Path) -> Iterator[Listener]:
    """The visitor; any request to another origin or script error fails the test."""
    watch = Watch(origin=live_server.url)
    context = browser.browser_type.launch_persistent_context(
        tmp_path,
        executable_path=program(),
        args=[*BROWSER_ARGUMENTS, *WITH_A_VOICE],
        ignore_default_args=["--disable-extensions"],
        base_url=live_server.url,
        locale="fr-FR",
    )
    context.on("weberror", lambda error: watch.error(error.error))
    context.route(watch.is_elsewhere, watch.elsewhere)
    voice = context.service_workers[0] if context.service_workers else context.wait_for_event("serviceworker")
    voice.evaluate("new Promise((done) => chrome.tts.getVoices(done))")
    yield Listener(context.pages[0], voice)
    context.close()
    assert watch.problems == []


def test_a_page_is_read_when_asked_keeps_its_place_and_falls_silent(listener: Listener) -> None:
    page = listener.page
    page.goto("/fr/traces/")
    button, stop = page.locator("[data-play]"), page.locator("[data-stop]")
    expect(button).to_be_visible()
    expect(button).to_have_text("Écouter à voix haute")
    expect(stop).to_be_hidden()
    assert listener.heard(0) == []

    button.click()
    assert listener.heard(1) == ["Naviguer sans laisser de traces"]
    listener.finish()
    second = "Personne ne peut promettre zéro trace. Voici ce qui aide vraiment."
    assert listener.heard(2)[1:] == [second]

    expect(button).to_have_text("Pause")
    button.click()
    expect(button).to_have_text("Reprendre")
    button.click()
    assert listener.heard(3)[2:] == [second]

    stop.click()
    expect(button).to_have_text("Écouter à voix haute")
    expect(button).to_be_focused()
    button.click()
    assert listener.heard(4)[3:] == ["Naviguer sans laisser de traces"]

    stops = listener.voice.evaluate("self.stops")
    page.route(f"{settings.EXIT_URLS['fr']}**", lambda _route: None)
    page.locator("#quitter").click(no_wait_after=True)
    page.wait_for_timeout(300)
    assert listener.voice.evaluate("self.stops") > stops
    listener.finish()
    page.wait_for_timeout(300)
    assert len(listener.heard(4)) == 4


def test_no_voice_of_elsewhere_is_told_what_is_read(listener: Listener) -> None:
    service = a_service(name="Un abri", phones=["0199001122"])
    listener.page.goto("/en/traces/")
    listener.page.wait_for_timeout(500)
    assert listener.page.evaluate("speechSynthesis.getVoices().length") == 2
    expect(listener.page.locator("[data-play]")).to_be_hidden()

    listener.page.goto(f"/fr/annuaire/{service.public_id}/")
    listener.page.locator("[data-play]").click()
    assert listener.heard(1) == ["Un abri"]
    listener.page.goto("/fr/")
    listener.finish()
    listener.page.wait_for_timeout(300)
    assert len(listener.heard(1)) == 1
    expect(listener.page.locator("[data-play]")).to_have_count(0)
