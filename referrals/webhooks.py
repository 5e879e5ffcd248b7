"""Telling the system of an organisation that the state of a referral changed: an id of its own, a word, a day.

Queued in the transaction of the change. What is sent follows Standard Webhooks 1.0 (docs/professionals.md).
"""

import base64
import hashlib
import hmac
import json
import logging
import secrets
import uuid
from datetime import date, datetime

from django.conf import settings
from procrastinate.tasks import configure_task

from referrals import crypto, outbound
from referrals.models import WEBHOOK_SECRET_BYTES, ApiToken, Receipt, Referral, Told, Webhook
from referrals.notifications import QUEUE

logger = logging.getLogger(__name__)

TELL_SYSTEM = "referrals.tell_system"
SECRET_BYTES = 32
BEFORE_SECRETS = "whsec_"
# A minute later, then two, three … fifty-three: a day in all.
FIRST_WAIT, LONGER_BY = 60, 60
MOST_ATTEMPTS = 54
# Escalation and mail never wait behind an organisation whose server is slow.
AFTER_THE_REST = -1


class NotDelivered(Exception):
    """To be tried again; says nothing more."""


# --- 1. an organisation says where ----------------------------------------------------------------------------------


def register(token: ApiToken, address: str, *, on: date) -> str:
    """Tell this address from now on, instead of any other; the secret that signs what it is sent, shown once.

    Raises outbound.WrongAddress.
    """
    outbound.read_address(address)
    secret = BEFORE_SECRETS + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    sealed = crypto.seal_small(secret.encode(), key=key_for(address), size=WEBHOOK_SECRET_BYTES)
    Webhook.objects.update_or_create(
        token=token, defaults={"address": address, "sealed_secret": sealed, "created_on": on}
    )
    return secret


def key_for(address: str) -> bytes:
    """What seals the secret of an address: who can write to the database cannot have it sign for another one."""
    return crypto.derive(settings.SECRET_KEY.encode(), info=b"eclaircie/1/webhook\0" + address.encode())


# --- 2. a state changes ---------------------------------------------------------------------------------------------


def tell(referral: Referral, told: Told, *, on: date) -> None:
    """Note what the system that sent a referral may know, and queue a message to it when it has said where.

    Nothing happens for a referral that no system follows, nor for a second answer, which changes no state. Call it
    inside the transaction of the change; the messages about one referral are sent in the order of these calls.
    """
    followed = Receipt.objects.filter(referral=referral)
    if told == Told.ANSWERED:
        followed = followed.exclude(status=Told.ANSWERED)
    if not followed.update(status=told, day=on):
        return
    known = Receipt.objects.filter(referral=referral, token__webhook__isnull=False)
    for own_id, webhook_id in known.values_list("own_id", "token__webhook"):
        configure_task(name=TELL_SYSTEM, job_manager=QUEUE, lock=f"receipt-{own_id}", priority=AFTER_THE_REST).defer(
            webhook_id=webhook_id, message=str(uuid.uuid4()), body=json.dumps(content_of(own_id, told, on=on))
        )


def content_of(own_id: uuid.UUID, status: str, *, on: date) -> dict[str, str]:
    """All that an organisation is ever told."""
    return {"id": str(own_id), "status": status, "at": on.isoformat()}


# --- 3. the worker sends it -----------------------------------------------------------------------------------------


def deliver(webhook_id: int, *, message: str, body: str, attempt: int, at: datetime) -> None:
    """Send one message; any answer but 2xx counts as none. The log names the webhook's number and the kind of failure.

    Raises NotDelivered when it is worth another try: until about a day after the first.
    """
    webhook = Webhook.objects.filter(pk=webhook_id).first()
    if webhook is None:
        return
    try:
        headers = signed(webhook, message=message, body=body, at=at)
        target = outbound.read_address(webhook.address)
        status = outbound.post(target, body.encode(), headers=headers, loopback=settings.DEMO)
    except (crypto.CannotOpen, *outbound.FAILURES) as failure:
        outcome = type(failure).__name__
    else:
        if 200 <= status < 300:
            return
        outcome = str(status)
    logger.warning("webhook %s not delivered, attempt %s: %s", webhook_id, attempt + 1, outcome)
    if attempt + 1 < MOST_ATTEMPTS:
        raise NotDelivered


def signed(webhook: Webhook, *, message: str, body: str, at: datetime) -> dict[str, str]:
    """The headers of a message. Raises crypto.CannotOpen when the site's secret key is not the one of its birth."""
    secret = crypto.unseal_small(bytes(webhook.sealed_secret), key=key_for(webhook.address)).decode()
    moment = str(int(at.timestamp()))
    return {
        "webhook-id": message,
        "webhook-timestamp": moment,
        "webhook-signature": signature(secret, message=message, moment=moment, body=body),
    }


def signature(secret: str, *, message: str, moment: str, body: str) -> str:
    """HMAC-SHA256 over id, moment (Unix seconds) and body, joined with dots (Standard Webhooks 1.0)."""
    key = base64.b64decode(secret.removeprefix(BEFORE_SECRETS))
    digest = hmac.digest(key, f"{message}.{moment}.{body}".encode(), hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}"
