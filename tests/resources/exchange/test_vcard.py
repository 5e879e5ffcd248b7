"""A contact card shows a first name and numbers, and nothing that could be read over a shoulder."""

import pytest

from resources.exchange import vcard
from resources.exchange.listing import NotPublic
from tests.builders import a_channel, a_service

pytestmark = pytest.mark.django_db


def test_a_card_is_neutral() -> None:
    """No name of the service or its organisation, no site, no mail, no note; short codes as dialled."""
    service = a_service(name="SOS", phones=["0144528890", "119"], website="https://exemple.fr")
    a_channel(service, kind="sms", value="114", note="Pour écrire")
    a_channel(service, kind="email", value="sos@exemple.fr")
    a_channel(service, value="0142000666", visibility="professionals")
    assert vcard.describe(service).split("\r\n") == [
        "BEGIN:VCARD",
        "VERSION:4.0",
        "FN:Claire",
        "TEL;VALUE=uri;TYPE=voice:tel:+33144528890",
        "TEL;VALUE=uri;TYPE=voice:tel:119",
        "TEL;VALUE=uri;TYPE=text:tel:114",
        "END:VCARD",
        "",
    ]


def test_a_chosen_name_cannot_add_a_line() -> None:
    """Separators and line breaks are escaped."""
    card = vcard.describe(a_service(phones=["119"]), name="A,b;c\\d\r\nNOTE:x")
    assert card.split("\r\n")[2] == r"FN:A\,b\;c\\d\nNOTE:x"


def test_long_lines_are_folded_between_letters() -> None:
    """At 75 octets, and put together again they are what they were."""
    name = "é" * 100
    lines = vcard.describe(a_service(phones=["119"]), name=name).split("\r\n")
    assert max(len(line.encode()) for line in lines) <= 75
    assert "\r\n".join(lines).replace("\r\n ", "").split("\r\n")[2] == f"FN:{name}"


def test_an_unpublished_service_has_no_card() -> None:
    """The door is shut."""
    with pytest.raises(NotPublic):
        vcard.describe(a_service(status="pending", phones=["119"]))


def test_the_address_book_has_names_and_only_services_with_a_number() -> None:
    """A professional's book would be useless with one name for all."""
    a_service(name="Ligne", phones=["119"])
    a_service(name="Site seulement", website="https://exemple.fr")
    assert [line for line in "".join(vcard.cards()).split("\r\n") if line.startswith("FN")] == ["FN:Ligne"]
