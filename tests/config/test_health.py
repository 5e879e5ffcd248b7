"""Is it up, is it ready."""

import pytest
from django.db import DataError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from config import views


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    views.require_migrations.cache_clear()


def test_up_asks_nothing_of_the_database(client: Client) -> None:
    # pytest-django refuses every query of a test that did not ask for the database.
    assert client.get("/healthz").content == b"ok\n"


@pytest.mark.django_db
def test_ready_once_migrated_and_cheap_from_then_on(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    assert client.get("/readyz").content == b"ok\n"
    with django_assert_num_queries(1):
        assert client.get("/readyz").status_code == 200


@pytest.mark.django_db
def test_not_ready_before_the_migrations(client: Client) -> None:
    (last,) = MigrationLoader(connection).graph.leaf_nodes("accounts")
    MigrationRecorder(connection).record_unapplied(*last)

    response = client.get("/readyz")

    assert (response.status_code, response.content) == (503, b"migrations\n")


@pytest.mark.django_db
def test_not_ready_when_the_database_refuses(client: Client) -> None:
    with connection.cursor() as cursor, pytest.raises(DataError):
        cursor.execute("SELECT 1 / 0")  # nothing works after this until the transaction ends

    response = client.get("/readyz")

    assert (response.status_code, response.content) == (503, b"database\n")
