"""From one page to the next: found by the token alone, for a quarter of an hour, in no row that says anything."""

import json
from datetime import datetime, timedelta

import pytest
from django.db import connection

from referrals import crypto, handoffs
from referrals.models import HANDOFF_BYTES, Handoff
from resources.opening import PARIS

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=PARIS)


def test_what_is_left_under_a_token_is_found_with_it_for_a_quarter_of_an_hour() -> None:
    token = handoffs.new_token()

    assert handoffs.leave(token, {"code": 2**66 - 1}, at=NOW) is True

    assert handoffs.take(token, at=NOW) == {"code": 2**66 - 1}
    assert handoffs.take(token, at=NOW + timedelta(minutes=14, seconds=59)) == {"code": 2**66 - 1}
    assert handoffs.take(token, at=NOW + timedelta(minutes=15)) is None
    assert handoffs.take(handoffs.new_token(), at=NOW) is None


def test_the_first_content_stands() -> None:
    token = handoffs.new_token()
    handoffs.leave(token, {"n": 1}, at=NOW)

    assert handoffs.leave(token, {"n": 2}, at=NOW) is False
    assert handoffs.take(token, at=NOW) == {"n": 1}


def test_what_is_ended_is_gone() -> None:
    token = handoffs.new_token()
    handoffs.leave(token, {"n": 1}, at=NOW)

    handoffs.end(token)

    assert handoffs.take(token, at=NOW) is None
    assert not Handoff.objects.exists()


def test_rows_say_nothing_and_all_have_one_size() -> None:
    tokens = [handoffs.new_token() for _one in range(2)]
    handoffs.leave(tokens[0], {"text": "violet"}, at=NOW)
    handoffs.leave(tokens[1], {"text": "v" * 400}, at=NOW)

    for row in Handoff.objects.all():
        stored = bytes(row.key_hash) + bytes(row.sealed)
        assert len(stored) == 32 + crypto.NONCE_BYTES + HANDOFF_BYTES + crypto.TAG_BYTES
        assert b"violet" not in stored
        assert not any(token.encode() in stored for token in tokens)


def test_what_is_too_long_is_refused() -> None:
    with pytest.raises(crypto.TooLong):
        handoffs.leave(handoffs.new_token(), {"text": "v" * HANDOFF_BYTES}, at=NOW)


def test_a_row_that_was_changed_does_not_open() -> None:
    token = handoffs.new_token()
    handoffs.leave(token, {"n": 1}, at=NOW)
    row = Handoff.objects.get()
    Handoff.objects.update(sealed=bytes(row.sealed)[:-1] + bytes([bytes(row.sealed)[-1] ^ 1]))

    with pytest.raises(crypto.CannotOpen):
        handoffs.take(token, at=NOW)


def test_tokens_are_random_and_fit_an_address() -> None:
    tokens = {handoffs.new_token() for _one in range(100)}

    assert len(tokens) == 100
    assert all(len(token) == 32 and json.dumps(token) == f'"{token}"' and "=" not in token for token in tokens)


def test_the_table_is_not_written_to_wal() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'referrals_handoff'")
        assert cursor.fetchone() == ("u",)
