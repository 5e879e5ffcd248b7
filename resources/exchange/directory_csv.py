"""One row a service, for spreadsheets: the columns of docs/open-data.md."""

import csv
from collections.abc import Callable, Iterator

from resources.exchange import listing as listings
from resources.exchange.listing import Listing
from resources.models import AccessChannel

SEPARATOR = "|"
# A cell that begins with one of these is a formula to a spreadsheet: an apostrophe makes it a text (OWASP).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
YES_NO = {True: "yes", False: "no", None: ""}

Column = tuple[str, Callable[[Listing, str], object]]


def channel(kind: AccessChannel.Kind) -> Callable[[Listing, str], str]:
    """Column of the contacts of one kind."""
    return lambda listing, _site: SEPARATOR.join(listing.values(kind))


COLUMNS: tuple[Column, ...] = (
    ("id", lambda listing, _site: listing.id),
    ("slug", lambda listing, _site: listing.slug),
    ("page", lambda listing, site: listing.page(site) if site else ""),
    ("name", lambda listing, _site: listing.name),
    ("organisation", lambda listing, _site: listing.owner.name),
    ("organisation_id", lambda listing, _site: listing.owner.id),
    ("kind", lambda listing, _site: listing.kind.value),
    ("needs", lambda listing, _site: SEPARATOR.join(listing.needs)),
    ("description", lambda listing, _site: listing.description),
    ("departements", lambda listing, _site: SEPARATOR.join(listing.departements)),
    ("phone", lambda listing, _site: SEPARATOR.join(map(spaced, listing.values(AccessChannel.Kind.PHONE)))),
    ("sms", lambda listing, _site: SEPARATOR.join(map(spaced, listing.values(AccessChannel.Kind.SMS)))),
    ("chat", channel(AccessChannel.Kind.CHAT)),
    ("email", channel(AccessChannel.Kind.EMAIL)),
    ("website", channel(AccessChannel.Kind.WEB)),
    ("opening_hours", lambda listing, _site: listing.opening_hours),
    ("languages", lambda listing, _site: SEPARATOR.join(listing.languages)),
    ("min_age", lambda listing, _site: listing.min_age),
    ("max_age", lambda listing, _site: listing.max_age),
    ("age_rule", lambda listing, _site: listing.age_rule.value),
    ("genders", lambda listing, _site: SEPARATOR.join(listing.genders)),
    ("gender_rule", lambda listing, _site: listing.gender_rule.value),
    ("free", lambda listing, _site: YES_NO[listing.free]),
    ("anonymous", lambda listing, _site: YES_NO[listing.anonymous]),
    ("for_professionals", lambda listing, _site: YES_NO[listing.for_professionals]),
    ("on_referral_only", lambda listing, _site: YES_NO[listing.on_referral_only]),
    ("what_happens", lambda listing, _site: listing.what_happens),
    ("address_confidential", lambda listing, _site: YES_NO[listing.confidential]),
    ("commune_codes", lambda listing, _site: SEPARATOR.join(address.insee for address in listing.addresses)),
    ("communes", lambda listing, _site: SEPARATOR.join(address.commune for address in listing.addresses)),
    ("addresses", lambda listing, _site: SEPARATOR.join(address.street for address in listing.addresses)),
    (
        "positions",
        lambda listing, _site: SEPARATOR.join(
            f"{address.point[0]},{address.point[1]}" if address.point else "" for address in listing.addresses
        ),
    ),
    ("saturation", lambda listing, _site: listing.saturation.value),
    ("saturation_note", lambda listing, _site: listing.saturation_note),
    ("closed_from", lambda listing, _site: listing.closed_from),
    ("closed_until", lambda listing, _site: listing.closed_until),
    ("closure_note", lambda listing, _site: listing.closure_note),
    ("verified_on", lambda listing, _site: listing.verified_on),
    ("verified_by_check", lambda listing, _site: listing.verified_by_check.value),
    ("verified_until", lambda listing, _site: listing.verified_until),
    ("updated_at", lambda listing, _site: listing.updated_at.isoformat()),
)


class _Line:
    """The last line that the csv module wrote."""

    text = ""

    def write(self, text: str) -> int:
        """Called once a row by csv.writer."""
        self.text = text
        return len(text)


def rows(*, site: str) -> Iterator[str]:
    """Lines of the file: UTF-8 to be, commas, CRLF, every cell safe to open in a spreadsheet."""
    line = _Line()
    writer = csv.writer(line)
    writer.writerow([column for column, _read in COLUMNS])
    yield line.text
    for listing in listings.published():
        writer.writerow([cell(read(listing, site)) for _column, read in COLUMNS])
        yield line.text


def cell(value: object) -> str:
    """A value as text that no spreadsheet takes for a formula; None is empty."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def spaced(number: str) -> str:
    """«0144528890» → «01 44 52 88 90»: spreadsheets eat the first zero of what looks like a figure."""
    if len(number) != len("0144528890") or not number.startswith("0"):
        return number
    return " ".join(number[start : start + 2] for start in range(0, len(number), 2))
