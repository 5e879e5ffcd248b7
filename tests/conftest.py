"""What every test stands on: a real PostgreSQL thrown away at the end, and a real browser that watches red lines."""

import gc
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.management.color import Style
from django.db import connections
from django.db.backends.postgresql.operations import DatabaseOperations
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Route, sync_playwright
from pytest_django.live_server_helper import LiveServer

from bench.browsers import program
from config import postgres
from referrals import peppers
from resources import hours, numbers

BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_configure() -> None:
    """Static files come straight from static/, under their plain names, as the live server serves them; passwords are
    hashed as in life, but in one round instead of a million (0.2 s each)."""
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.WHITENOISE_AUTOREFRESH = True
    PBKDF2PasswordHasher.iterations = 1


def pytest_collection_finish() -> None:
    """What is loaded stays to the end: whoever collects garbage need not look at it again and again."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _peppers_of_tests_only(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Codes of tests open nothing of the site that runs in the same folder."""
    settings.PEPPERS_FILE = tmp_path_factory.mktemp("peppers") / "peppers.json"
    drawn = peppers.Peppers(b"0" * 16, (peppers.new_pepper(1),))
    peppers.write(settings.PEPPERS_FILE, drawn, replace=False)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> Iterator[None]:
    """Without DATABASE_URL, a server of our own that forgets everything; with it, each worker has its own database."""
    if settings.DATABASES["default"]["ENGINE"] != "config.embedded":
        yield
        return
    cluster = throw_away_cluster(settings.VAR_DIR)
    cluster.start(dies_with_us=True)
    postgres.choose(cluster)
    yield
    connections.close_all()
    cluster.destroy()


@pytest.fixture(scope="session", autouse=True)
def _only_rows_are_removed() -> Iterator[None]:
    """After a test with transactions of its own, rows are deleted where there are some, without waking triggers: to
    truncate all eighty tables takes from a fifth of a second to half a second."""

    def delete(operations: DatabaseOperations, _style: Style, tables: Sequence[str], **_how: bool) -> list[str]:
        quoted = [operations.quote_name(table) for table in tables]
        ask = "SELECT '{0}' WHERE EXISTS (SELECT FROM {0})"
        with operations.connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(ask.format(table) for table in quoted))
            filled = [table for (table,) in cursor.fetchall()]
        return [
            *(f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in filled),
            *(f"DELETE FROM {table}" for table in filled),  # noqa: S608  # our own tables
            "SET CONSTRAINTS ALL IMMEDIATE",
            *(f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in filled),
        ]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", delete)
        yield


@pytest.fixture(autouse=True)
def _directory_of_this_test_only() -> None:
    """Each test has a directory of its own: what a process keeps of the last one's for a minute is forgotten."""
    hours.forget()
    numbers.forget()


def throw_away_cluster(var: Path) -> postgres.Cluster:
    """A new cluster in `var`, from which those of earlier runs that were killed are removed first."""
    for users in var.glob("test-*.users"):
        with users.open("w") as file:
            abandoned = postgres.is_free(file)
        if abandoned:
            postgres.Cluster(users.with_suffix("")).destroy()
    return postgres.Cluster(var / f"test-{os.getpid()}", durable=False)


@dataclass
class Watch:
    """What a page did that no public page may do; a test that provokes an error on purpose forgives it by a part of
    its text."""

    origin: str
    staff: bool = False
    problems: list[str] = field(default_factory=list)

    def forgive(self, part: str) -> None:
        """Drop the problems that hold a text; there must be one."""
        kept = [problem for problem in self.problems if part not in problem]
        assert len(kept) < len(self.problems), f"nothing to forgive: {part!r} not in {self.problems}"
        self.problems[:] = kept

    def console(self, message: ConsoleMessage) -> None:
        """An error or a warning in the console."""
        if message.type in {"error", "warning"}:
            self.problems.append(f"console: {message.text}")

    def error(self, error: Exception) -> None:
        """An exception that no script caught."""
        self.problems.append(f"script: {error}")

    def elsewhere(self, route: Route) -> None:
        """A request to another machine: only leaving for the exit page is right, and nothing reaches the network."""
        request: Request = route.request
        leaving = request.is_navigation_request() and request.url.startswith(tuple(settings.EXIT_URLS.values()))
        if not leaving:
            self.problems.append(f"other origin: {request.url}")
        route.fulfill(status=200, content_type="text/html", body="<!doctype html><title>ailleurs</title>")

    def look_at_cookies(self, page: Page) -> None:
        """A cookie that the site or a script set; below /espace/ only, staff may have theirs."""
        self.problems += [
            f"cookie: {cookie['name']}"
            for cookie in page.context.cookies()
            if not (self.staff and cookie["path"] == settings.SESSION_COOKIE_PATH)
        ]

    def is_elsewhere(self, url: str) -> bool:
        """Whether an address is of another origin than the site."""
        parts = urlsplit(url)
        return parts.scheme in {"http", "https", "ws", "wss"} and f"{parts.scheme}://{parts.netloc}" != self.origin


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium: the machine's own, else the one of Playwright."""
    # Playwright runs an event loop beside the test, which Django would take for the test being asynchronous.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=BROWSER_ARGUMENTS)
        yield browser
        # While that loop runs, this thread has database connections apart: nobody could close them afterwards.
        connections.close_all()
        browser.close()


@pytest.fixture
def watch(live_server: LiveServer) -> Watch:
    """What the `page` of the test did wrong so far."""
    return Watch(origin=live_server.url)


@contextmanager
def a_visit(browser: Browser, watch: Watch) -> Iterator[Page]:
    """A page of a fresh visitor; fails on script errors, foreign requests and cookies."""
    context = browser.new_context(base_url=watch.origin, locale="fr-FR")
    context.set_default_timeout(10_000)
    context.on("console", watch.console)
    context.on("weberror", lambda error: watch.error(error.error))
    context.route(watch.is_elsewhere, watch.elsewhere)
    page = context.new_page()
    yield page
    watch.look_at_cookies(page)
    context.close()
    assert watch.problems == []


@pytest.fixture
def page(browser: Browser, watch: Watch) -> Iterator[Page]:
    """A page of a fresh visitor on the live server; the test fails on script errors, foreign requests and cookies."""
    with a_visit(browser, watch) as page:
        yield page


@pytest.fixture
def staff_page(page: Page, watch: Watch) -> Page:
    """The same for somebody of the staff, who may have cookies below /espace/."""
    watch.staff = True
    return page
