"""A new referral in one statement: when many write at once, eight statements would be most of what each one costs."""

from collections.abc import Sequence

import psycopg
from django.db import IntegrityError, connection

from referrals import crypto
from referrals.keyring import Addressee
from referrals.models import Event, Message, PlanStep, Referral
from referrals.sealing import SealedMessage

# Constraints are the same as for rows that are written one by one: the tables hold them.
_KEEP = f"""
WITH kept AS (
    INSERT INTO referrals_referral (public_id, locator_hash, pepper_epoch, case_key, status, urgency, author_id,
                                    received_on, due_at, dies_on)
    VALUES (%(public_id)s, %(locator_hash)s, %(pepper_epoch)s, %(case_key)s, '{Referral.Status.WAITING}',
            %(urgency)s, %(author)s, %(day)s, %(due_at)s, %(dies_on)s)
    RETURNING id
), steps AS (
    INSERT INTO referrals_planstep (referral_id, partner_id, position, state, decline_code)
    SELECT kept.id, asked.partner, asked.place - 1,
           CASE asked.place WHEN 1 THEN '{PlanStep.State.WAITING}' ELSE '{PlanStep.State.PLANNED}' END, ''
    FROM kept, unnest(%(partners)s::bigint[]) WITH ORDINALITY AS asked(partner, place)
), first AS (
    INSERT INTO referrals_message (referral_id, sequence, direction, day, ciphertext)
    SELECT id, 0, '{Message.Direction.SENDER}', %(day)s, %(ciphertext)s FROM kept
    RETURNING id
), keys AS (
    INSERT INTO referrals_messagewrap (message_id, partner_id, epoch, enc, ct)
    SELECT first.id, one.partner, one.epoch, one.enc, one.ct
    FROM first, unnest(%(readers)s::bigint[], %(epochs)s::int[], %(encs)s::bytea[], %(cts)s::bytea[])
         AS one(partner, epoch, enc, ct)
), event AS (
    INSERT INTO referrals_event (referral_id, kind, day) SELECT id, '{Event.Kind.SUBMITTED}', %(day)s FROM kept
), taken AS (
    UPDATE referrals_partner SET own_open = own_open + 1 WHERE id = %(first)s
)
SELECT id FROM kept
"""


def insert(referral: Referral, *, message: SealedMessage, plan: Sequence[Addressee]) -> None:
    """Keep a new referral with its first message, handed to the first team of its plan; gives it its key.

    Call it inside a transaction. Raises IntegrityError, as Django does, when a constraint refuses.
    """
    ids = {crypto.SENDER: None, **{one.slug: one.partner_id for one in plan}}
    values = {
        "public_id": referral.public_id,
        "pepper_epoch": referral.pepper_epoch,
        "locator_hash": referral.locator_hash,
        "case_key": referral.case_key,
        "urgency": referral.urgency,
        "author": referral.author_id,
        "day": referral.received_on,
        "due_at": referral.due_at,
        "dies_on": referral.dies_on,
        "partners": [one.partner_id for one in plan],
        "ciphertext": message.ciphertext,
        "readers": [ids[key.to] for key in message.keys],
        "epochs": [key.epoch for key in message.keys],
        "encs": [key.wrap.enc for key in message.keys],
        "cts": [key.wrap.ct for key in message.keys],
        "first": plan[0].partner_id,
    }
    connection.ensure_connection()
    # Bytes travel as they are, and PostgreSQL plans the statement once a connection.
    with psycopg.Cursor(connection.connection) as cursor:
        try:
            row = cursor.execute(_KEEP, values, prepare=True).fetchone()
        except psycopg.IntegrityError as refused:
            raise IntegrityError(type(refused).__name__) from None
    if row is None:
        raise IntegrityError("nothing was kept")
    referral.pk = row[0]
    referral._state.adding = False  # noqa: SLF001  # what Django itself writes after an INSERT
    referral._state.db = connection.alias  # noqa: SLF001
