"""Six words that lead a visitor back to what became of a proposal: the codes and peppers of referrals, used once more.

The words open nothing sealed here; they only find a row (docs/adr/0010-proposals-use-the-codes-of-referrals.md).
"""

from referrals import codes, forgetting
from referrals.peppers import peppers
from resources.models import Proposal, Ticket


def give(proposal: Proposal) -> codes.Code:
    """A code of its own for whoever has just proposed this."""
    forgetting.forget_soon()
    code, kept = codes.new_code(), peppers()
    locator = code.secrets(salt=kept.salt).locator
    Ticket.objects.create(proposal=proposal, locator=kept.current.hidden(locator), pepper_epoch=kept.current.epoch)
    return code


def find(code: codes.Code) -> Proposal | None:
    """The proposal of a code; one Argon2id and one query, known or not."""
    forgetting.forget_soon()
    kept = peppers()
    locator = code.secrets(salt=kept.salt).locator
    hidden = [pepper.hidden(locator) for pepper in kept.epochs]
    return Proposal.objects.filter(tickets__locator__in=hidden).select_related("service").first()
