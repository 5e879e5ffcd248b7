"""What stands in the place of a mail server when none is set: nothing leaves, and the log says so."""

import logging
from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

logger = logging.getLogger(__name__)


class NoServer(BaseEmailBackend):
    """Sends nothing. Neither the text nor the addresses are written anywhere."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """0: none was sent."""
        logger.warning("ECLAIRCIE_EMAIL_HOST is not set: %d mail(s) not sent", len(email_messages))
        return 0
