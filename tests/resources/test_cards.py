"""What pages say of a service, in words."""

from datetime import UTC, date, datetime

import pytest
from django.utils import translation

from resources import cards
from resources.models import Service
from resources.outlines import region
from resources.search import Found
from resources.translations import Said, Trust
from resources.vocabulary import DEPARTEMENTS
from tests.builders import a_channel, a_place, a_service

TODAY = date(2026, 11, 23)


def card_of(service: Service, *, found: Found | None = None) -> cards.Card:
    """Card of a service read as pages read it."""
    return cards.card(Service.objects.complete().get(pk=service.pk), today=TODAY, found=found)


def french(text: str) -> Said:
    """A text that nobody translated."""
    return Said(text, "fr", Trust.MISSING)


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ("17", "17"),
        ("3114", "3114"),
        ("116006", "116 006"),
        ("0142356128", "01 42 35 61 28"),
        ("0800059595", "0 800 05 95 95"),
        ("+33142356128", "01 42 35 61 28"),
        ("+4915112345678", "+49 1511 2345678"),
    ],
)
def test_a_number_is_written_as_people_read_it(stored: str, read: str) -> None:
    assert cards.figures(stored) == read


@pytest.mark.parametrize(
    ("youngest", "oldest", "said"),
    [
        (15, 25, "de 15 à 25 ans"),
        (None, 17, "moins de 18 ans"),
        (18, None, "à partir de 18 ans"),
        (None, None, ""),
    ],
)
def test_ages_are_said_plainly(youngest: int | None, oldest: int | None, said: str) -> None:
    assert cards.age_range(youngest, oldest) == said


@pytest.mark.django_db
def test_a_distance_is_given_to_public_places_only() -> None:
    public, hidden, nowhere = a_service(departements=["93"]), a_service(departements=["93"]), a_service()
    a_place(public)
    a_place(hidden, confidential=True)

    said = [card_of(one, found=Found(one, None, 4.4, ())).distance for one in (public, hidden, nowhere)]

    assert said == ["à environ 4 km", "", ""]


@pytest.mark.django_db
def test_where_it_is_never_says_more_than_it_may() -> None:
    public, hidden = a_service(departements=["93"]), a_service(departements=["93"])
    everywhere, secret = a_service(departements=list(DEPARTEMENTS)), a_service(departements=[])
    a_place(public)
    a_place(hidden, confidential=True)
    a_place(secret, confidential=True, commune=None)

    assert [card_of(one).where for one in (public, hidden, everywhere, secret)] == [
        ("Bobigny (93)",),
        ("Adresse non publique", "Seine-Saint-Denis (93)"),
        ("Toute l’Île-de-France",),
        ("Adresse non publique",),
    ]


@pytest.mark.django_db
def test_what_must_be_known_before_going_is_said() -> None:
    closed = a_service(closed_from=date(2026, 11, 1), closed_until=date(2027, 1, 3), closure_note="Travaux.")
    full = a_service(saturation="full", saturation_note="Rappelle lundi.", on_referral_only=True)

    assert card_of(closed).notices == (
        cards.Notice("Fermé pour l’instant, jusqu’au 3 janvier 2027.", french("Travaux.")),
    )
    assert card_of(full).notices == (
        cards.Notice("Complet.", french("Rappelle lundi.")),
        cards.Notice("Pour y entrer, il faut passer par un professionnel."),
    )


@pytest.mark.django_db
def test_buttons_put_numbers_first_and_offer_an_address_once() -> None:
    service = a_service(phones=["3018"], website="https://www.exemple.fr/a")
    a_channel(service, kind="chat", value="https://www.exemple.fr/a")
    a_channel(service, kind="web", value="https://autre.fr")
    a_channel(service, kind="email", value="a@exemple.fr")

    card = card_of(service)

    assert [way.href for way in card.numbers] == ["tel:3018"]
    assert sorted((way.kind, way.text) for way in card.links) == [("chat", "exemple.fr"), ("web", "autre.fr")]


def test_the_next_change_is_said_in_words() -> None:
    service = Service(opening_hours="Mo-Fr 09:00-17:00")

    said = [
        cards.next_opening(service, now=datetime(2026, month, day, hour, tzinfo=UTC))
        for month, day, hour in ((11, 23, 10), (11, 23, 18), (11, 23, 5), (12, 24, 18))
    ]

    assert said == [
        "Ferme à 17\xa0h.",
        "Ouvre mardi 24 novembre à 9\xa0h.",
        "Ouvre à 9\xa0h.",
        "Ouvre lundi 28 décembre à 9\xa0h.",
    ]


def test_days_are_said_as_each_language_says_them() -> None:
    service = Service(opening_hours="Mo-Fr 09:00-17:00")
    said = []
    for language in ("en", "es", "ar", "ro"):
        with translation.override(language):
            said += [
                cards.next_opening(service, now=datetime(2026, 11, 23, 18, tzinfo=UTC)),
                cards.check("call", date(2026, 11, 3)),
            ]

    assert said[:2] == ["Opens on Tuesday 24 November at 9:00.", "Checked by phone on 03/11/2026"]
    assert "martes 24 de noviembre" in said[2]
    assert "الثلاثاء 24 نوفمبر" in said[4]
    assert "marți 24 noiembrie" in said[6]


def test_words_follow_the_language_of_the_page() -> None:
    said = cards.state("24/7", is_open=True)
    with translation.override("en"):
        translated = cards.state("24/7", is_open=True)

    assert (said, translated) == ("Jour et nuit", "Day and night")


def test_the_map_writes_each_number_inside_the_drawing() -> None:
    drawing = region()

    left, top, across, down = (float(part) for part in drawing.view_box.split())
    assert [outline.code for outline in drawing.outlines] == list(DEPARTEMENTS)
    outside = [
        outline.code
        for outline in drawing.outlines
        if not (left < outline.x < left + across and top < outline.y < top + down)
    ]
    assert outside == []
