"""The browser of the tests is not blind: what a page may not do is seen."""

import pytest
from playwright.sync_api import Page

from tests.conftest import Watch

pytestmark = pytest.mark.django_db


def test_a_request_to_another_site_is_seen(page: Page, watch: Watch) -> None:
    page.goto("/healthz")

    page.evaluate("fetch('https://ailleurs.example/').catch(() => null)")

    assert watch.problems != []
    watch.forgive("https://ailleurs.example/")


def test_a_script_that_breaks_is_seen(page: Page, watch: Watch) -> None:
    page.goto("/healthz")

    page.evaluate("setTimeout(() => { throw new Error('cassé') })")
    page.wait_for_timeout(50)

    assert [problem for problem in watch.problems if "cassé" in problem] != []
    watch.forgive("cassé")


def test_a_cookie_is_seen(page: Page, watch: Watch) -> None:
    page.goto("/healthz")

    page.evaluate("document.cookie = 'trace=1'")

    watch.look_at_cookies(page)
    assert watch.problems == ["cookie: trace"]
    watch.forgive("cookie: trace")
    page.context.clear_cookies()
