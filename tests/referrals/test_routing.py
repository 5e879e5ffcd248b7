"""Routing says what contract.md §4 says, sentence by sentence, and holds its promises on facts that nobody thought of.

No test here may touch the database: routing is pure.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referrals.models import AgeBand, Referrer, Urgency
from referrals.routing import Facts, InvalidFacts, Profile, Routed, read_facts, route
from resources.opening import ALWAYS, PARIS
from resources.vocabulary import DEPARTEMENTS, Gender, Need

DAY = datetime(2026, 11, 25, 11, 0, tzinfo=PARIS)  # a Wednesday
NIGHT = datetime(2026, 11, 25, 3, 0, tzinfo=PARIS)
OFFICE_HOURS = "Mo-Fr 09:00-17:00; PH off"


def a_profile(slug: str = "tilleuls", **facts: Any) -> Profile:
    """A partner that takes everybody for everything, always open, unless said otherwise."""
    return Profile(
        **{
            "slug": slug,
            "name": f"Association fictive {slug}",
            "needs": ("ecoute", "juridique"),
            "departements": tuple(DEPARTEMENTS),
            "min_age": None,
            "max_age": None,
            "genders": tuple(Gender.values),
            "languages": ("fr",),
            "referrers": tuple(Referrer.values),
            "urgencies": tuple(Urgency.values),
            "commune": "93008",
            "capacity": 10,
            "open_referrals": 0,
            "active": True,
            "opening_hours": ALWAYS,
            "last_resort": False,
            **facts,
        }
    )


PERSON = Facts(age_band="15-17", gender="female", departement="93")


def a_person(**facts: Any) -> Facts:
    """A girl of 15 to 17 in Seine-Saint-Denis who wants to talk, today or tomorrow, unless said otherwise."""
    return replace(PERSON, **facts)


def proposed(facts: Facts, *partners: Profile, at: datetime = DAY) -> list[str]:
    """Slugs of the proposals, best first."""
    return [proposal.partner for proposal in route(facts, partners, at=at).proposals]


def takes(facts: Facts, **criteria: Any) -> bool:
    """Whether a partner with these criteria is proposed when it is the only one."""
    return proposed(facts, a_profile(**criteria)) == ["tilleuls"]


# --- 1. every partner ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("last_resort", [False, True])
@pytest.mark.parametrize(
    ("facts", "criteria", "is_taken"),
    [
        ({}, {}, True),
        ({}, {"active": False}, False),
        ({}, {"capacity": 3, "open_referrals": 2}, True),
        ({}, {"capacity": 3, "open_referrals": 3}, False),
        ({}, {"capacity": 3, "open_referrals": 4}, False),
        ({}, {"capacity": 0}, False),
        ({}, {"referrers": ("self",)}, True),
        ({}, {"referrers": ("relative", "professional")}, False),
        ({}, {"referrers": ()}, False),
        ({"referrer": "witness"}, {"referrers": ("relative",)}, True),
        ({"referrer": "witness"}, {"referrers": ("witness",)}, True),
        ({"referrer": "witness"}, {"referrers": ("self", "professional")}, False),
        ({"referrer": "relative"}, {"referrers": ("witness",)}, False),
        ({"referrer": "professional"}, {"referrers": ("professional",)}, True),
        ({"urgency": "now"}, {"urgencies": ("24h", "week")}, False),
        ({"urgency": "week"}, {"urgencies": ("week",)}, True),
        ({}, {"genders": ("female",)}, True),
        ({}, {"genders": ("male", "trans")}, False),
        ({"gender": "trans"}, {"genders": ("trans",)}, True),
        ({"gender": "unknown"}, {"genders": ("female", "male")}, False),
        ({"gender": "unknown"}, {"genders": ("female", "male", "trans")}, True),
        ({"avoid_commune": "93008"}, {"commune": "93008"}, False),
        ({"avoid_commune": "93066"}, {"commune": "93008"}, True),
        ({"avoid_commune": "75056"}, {"commune": "75118"}, False),
        ({"avoid_commune": "75056"}, {"commune": "75056"}, False),
        ({"avoid_commune": "75056"}, {"commune": "93008"}, True),
        ({"avoid_commune": "75118"}, {"commune": "75118"}, False),
        ({"avoid_commune": "75118"}, {"commune": "75117"}, True),
        ({"avoid_commune": "75118"}, {"commune": "75056"}, False),  # somewhere in Paris: perhaps there
        ({"avoid_commune": "93008"}, {"commune": "75056"}, True),
        ({"avoid_commune": "93008"}, {"commune": ""}, False),  # anywhere: perhaps there
        ({"avoid_commune": "75056"}, {"commune": ""}, False),
    ],
)
def test_every_partner_must_take_her(
    facts: dict[str, Any], criteria: dict[str, Any], *, is_taken: bool, last_resort: bool
) -> None:
    assert takes(a_person(**facts), last_resort=last_resort, **criteria) == is_taken


@pytest.mark.parametrize("last_resort", [False, True])
@pytest.mark.parametrize(
    ("age_band", "ages", "is_taken"),
    [
        ("under15", (None, None), True),
        ("under15", (14, 20), True),
        ("under15", (15, 20), False),
        ("under15", (0, 0), True),
        ("15-17", (17, 25), True),
        ("15-17", (18, 25), False),
        ("15-17", (None, 15), True),
        ("15-17", (None, 14), False),
        ("18-20", (None, 17), False),
        ("18-20", (20, None), True),
        ("18-20", (21, None), False),
        ("21-25", (25, 30), True),
        ("21-25", (26, 30), False),
        ("26plus", (None, 25), False),
        ("26plus", (None, 26), True),
        ("26plus", (60, None), True),
        ("unknown", (15, 17), True),
        ("unknown", (None, 17), True),
        ("unknown", (15, None), True),
        ("unknown", (16, 25), False),
        ("unknown", (12, 16), False),
        ("unknown", (18, 25), False),
        ("unknown", (None, None), True),
    ],
)
def test_ages_overlap_and_unknown_counts_as_a_minor(
    age_band: str, ages: tuple[int | None, int | None], *, is_taken: bool, last_resort: bool
) -> None:
    facts = a_person(age_band=age_band)
    assert takes(facts, min_age=ages[0], max_age=ages[1], last_resort=last_resort) == is_taken


# --- 2. a partner that is not a last resort ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "criteria", "is_taken"),
    [
        ({}, {"departements": ("93",)}, True),
        ({}, {"departements": ("75", "95")}, False),
        ({}, {"departements": ()}, False),
        ({"departement": None}, {"departements": ("77",)}, True),
        ({"departement": None}, {"departements": ()}, True),
        ({"language": "ro"}, {"languages": ("fr",)}, False),
        ({"language": "ro"}, {"languages": ("fr", "ro")}, True),
        ({"needs": ("sante", "juridique")}, {"needs": ("juridique",)}, True),
        ({"needs": ("sante", "papiers")}, {"needs": ("juridique",)}, False),
        ({}, {"needs": ()}, False),
    ],
)
def test_a_normal_partner_must_also_answer_her(
    facts: dict[str, Any], criteria: dict[str, Any], *, is_taken: bool
) -> None:
    assert takes(a_person(**facts), **criteria) == is_taken
    assert takes(a_person(**facts), last_resort=True, **criteria)


# --- 3. when last resorts stand ------------------------------------------------------------------------------------

CLOSED_NORMAL = a_profile("normal-ferme", opening_hours=OFFICE_HOURS)
UNKNOWN_HOURS = a_profile("normal-sans-heures", opening_hours="")
DAYS_ONLY = a_profile("normal-jours", opening_hours="Mo-Fr")
OPEN_NORMAL = a_profile("normal-ouvert")
OPEN_LAST = a_profile("recours-ouvert", last_resort=True)
CLOSED_LAST = a_profile("recours-ferme", last_resort=True, opening_hours=OFFICE_HOURS)


@pytest.mark.parametrize(
    ("urgency", "at", "partners", "expected"),
    [
        ("24h", NIGHT, [CLOSED_NORMAL, OPEN_LAST], ["normal-ferme"]),
        ("week", NIGHT, [CLOSED_NORMAL, OPEN_LAST], ["normal-ferme"]),
        ("now", DAY, [CLOSED_NORMAL, OPEN_LAST], ["normal-ferme"]),  # open by day
        ("now", NIGHT, [CLOSED_NORMAL, OPEN_LAST], ["recours-ouvert", "normal-ferme"]),
        ("now", NIGHT, [CLOSED_NORMAL, CLOSED_LAST], ["normal-ferme", "recours-ferme"]),
        ("now", NIGHT, [CLOSED_NORMAL, OPEN_NORMAL, OPEN_LAST], ["normal-ouvert", "normal-ferme"]),
        ("now", DAY, [UNKNOWN_HOURS, OPEN_LAST], ["recours-ouvert", "normal-sans-heures"]),
        ("now", DAY, [DAYS_ONLY, OPEN_LAST], ["recours-ouvert", "normal-jours"]),
        ("now", NIGHT, [CLOSED_NORMAL], ["normal-ferme"]),
        ("24h", DAY, [OPEN_LAST, CLOSED_LAST], ["recours-ferme", "recours-ouvert"]),
        ("now", NIGHT, [CLOSED_LAST, OPEN_LAST], ["recours-ouvert", "recours-ferme"]),
        ("now", NIGHT, [], []),
    ],
)
def test_last_resorts_come_when_nobody_else_can(
    urgency: str, at: datetime, partners: list[Profile], expected: list[str]
) -> None:
    assert proposed(a_person(urgency=urgency), *partners, at=at) == expected


def test_a_partner_closed_on_a_french_holiday_is_closed() -> None:
    christmas = datetime(2026, 12, 25, 11, 0, tzinfo=PARIS)  # a Friday
    partners = [CLOSED_NORMAL, OPEN_LAST]
    assert proposed(a_person(urgency="now"), *partners, at=christmas) == ["recours-ouvert", "normal-ferme"]


# --- 4. order ------------------------------------------------------------------------------------------------------

BASE = {"needs": ("ecoute", "sante", "papiers", "sortie"), "commune": "77288", "capacity": 10, "open_referrals": 5}


@pytest.mark.parametrize(
    ("facts", "better", "worse"),
    [
        # more of the asked needs, even for a generalist with no other quality
        (
            {"needs": ("ecoute", "sante")},
            {"needs": tuple(Need.values), "commune": "78646", "open_referrals": 9},
            {"needs": ("ecoute",), "commune": "93008", "open_referrals": 0},
        ),
        # the specialist first, from however far
        ({}, {"needs": ("ecoute", "sante"), "commune": "78646"}, {"needs": ("ecoute", "sante", "papiers")}),
        # same département, neighbour, further
        ({}, {"commune": "93066", "open_referrals": 9}, {"commune": "75118", "open_referrals": 0}),
        ({}, {"commune": "95127", "open_referrals": 9}, {"commune": "91228", "open_referrals": 0}),
        ({"departement": "92"}, {"commune": "91228", "open_referrals": 9}, {"commune": "77288", "open_referrals": 0}),
        # the larger free share, not the larger free number
        ({}, {"capacity": 3, "open_referrals": 1}, {"capacity": 100, "open_referrals": 40}),
        # no département given: all as near, then the free share decides
        ({"departement": None}, {"commune": "78646", "open_referrals": 4}, {"commune": "93008", "open_referrals": 5}),
    ],
)
@pytest.mark.parametrize("last_resort", [False, True])
def test_order_among_equals(
    facts: dict[str, Any], better: dict[str, Any], worse: dict[str, Any], *, last_resort: bool
) -> None:
    # Slugs the other way round, so that they cannot be what decides.
    first = a_profile("z", **{**BASE, "last_resort": last_resort, **better})
    second = a_profile("a", **{**BASE, "last_resort": last_resort, **worse})
    assert proposed(a_person(**facts), second, first) == ["z", "a"]


@pytest.mark.parametrize(
    ("departement", "near"),
    [
        ("75", "92 93 94"),
        ("77", "91 93 94 95"),
        ("78", "91 92 95"),
        ("91", "77 78 92 94"),
        ("92", "75 78 91 93 94 95"),
        ("93", "75 77 92 94 95"),
        ("94", "75 77 91 92 93"),
        ("95", "77 78 92 93"),
    ],
)
def test_neighbours_come_between_the_same_and_the_further(departement: str, near: str) -> None:
    offices = {office[:2]: office for office in COMMUNES}
    further = [code for code in DEPARTEMENTS if code != departement and code not in near.split()]
    order = [departement, *near.split(), *further]
    # Within a group the slug decides; between groups it says the contrary.
    slugs = {code: f"{'c' if code == departement else 'b' if code in near.split() else 'a'}{code}" for code in order}
    partners = [a_profile(slugs[code], commune=offices[code]) for code in DEPARTEMENTS]
    pairs = [partners[i : i + 1] + partners[j : j + 1] for i in range(8) for j in range(8) if i != j]
    expected = [slugs[code] for code in order]
    for pair in pairs:
        found = proposed(a_person(departement=departement), *pair)
        assert found == sorted(found, key=expected.index)


def test_slug_decides_last_and_fractions_are_exact() -> None:
    # 1/3 free both, by numbers whose floating quotients differ.
    partners = [a_profile("b", capacity=3, open_referrals=2), a_profile("a", capacity=300, open_referrals=200)]
    assert proposed(a_person(), *partners) == ["a", "b"]
    assert proposed(a_person(), *reversed(partners)) == ["a", "b"]


def test_a_need_that_a_partner_lists_twice_counts_once() -> None:
    twice = a_profile("a", needs=("ecoute", "ecoute", "sante"))
    once = a_profile("b", needs=("ecoute",))
    assert proposed(a_person(), twice, once) == ["b", "a"]


def test_normal_comes_before_last_resort_that_is_as_open() -> None:
    normal = a_profile("z", needs=tuple(Need.values), commune="78646", open_referrals=9, opening_hours=OFFICE_HOURS)
    last = a_profile("a", needs=("ecoute",), opening_hours=OFFICE_HOURS, last_resort=True)
    assert proposed(a_person(urgency="now"), last, normal, at=NIGHT) == ["z", "a"]


def test_open_comes_above_everything_when_urgent_only() -> None:
    specialist = a_profile("a", needs=("ecoute",), opening_hours=OFFICE_HOURS)
    generalist = a_profile("z", needs=tuple(Need.values), commune="78646", open_referrals=9)
    assert proposed(a_person(urgency="now"), specialist, generalist, at=NIGHT) == ["z", "a"]
    assert proposed(a_person(urgency="24h"), specialist, generalist, at=NIGHT) == ["a", "z"]


# --- 5. and 6. how many, fallback, unmet ---------------------------------------------------------------------------


def test_four_at_most_and_fallback_is_last_resort() -> None:
    closed = [a_profile(f"n{number}", opening_hours=OFFICE_HOURS) for number in range(5)]
    routed = route(a_person(urgency="now"), [*closed, OPEN_LAST, CLOSED_LAST], at=NIGHT)
    assert [(one.partner, one.fallback, one.open) for one in routed.proposals] == [
        ("recours-ouvert", True, True),
        ("n0", False, False),
        ("n1", False, False),
        ("n2", False, False),
    ]
    assert routed.unmet is None


def test_nobody_is_said_and_numbers_stand() -> None:
    routed = route(a_person(age_band="26plus"), [a_profile(active=False)], at=DAY)
    assert (routed.proposals, routed.unmet) == ((), "no_partner")
    assert routed.emergency == ("116-006-aide-aux-victimes",)


# --- 7. numbers ----------------------------------------------------------------------------------------------------

POLICE = ["17-police-secours", "114-urgence-par-sms"]
CHILD = "119-allo-enfance-en-danger"
RUNAWAY = "116-000-enfants-disparus"
SCREENS = "3018-violences-numeriques"
SHELTER = "115-samu-social"
MEDICAL = "15-samu"
VICTIMS = "116-006-aide-aux-victimes"


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"age_band": "under15"}, [CHILD]),
        ({"age_band": "15-17"}, [CHILD]),
        ({"age_band": "unknown"}, [CHILD]),
        ({"age_band": "18-20"}, [CHILD]),
        ({"age_band": "21-25"}, []),
        ({"age_band": "26plus"}, []),
        ({"age_band": "26plus", "danger_now": True}, POLICE),
        ({"age_band": "15-17", "danger_now": True}, [*POLICE, CHILD]),
        ({"age_band": "under15", "needs": ("fugue",)}, [CHILD, RUNAWAY]),
        ({"age_band": "unknown", "needs": ("fugue",)}, [CHILD, RUNAWAY]),
        ({"age_band": "18-20", "needs": ("fugue",)}, [CHILD]),
        ({"age_band": "21-25", "needs": ("numerique",)}, [SCREENS]),
        ({"age_band": "21-25", "needs": ("hebergement",), "urgency": "now"}, [SHELTER]),
        ({"age_band": "18-20", "needs": ("hebergement",), "urgency": "24h"}, [CHILD, SHELTER]),
        ({"age_band": "21-25", "needs": ("hebergement",), "urgency": "week"}, []),
        ({"age_band": "15-17", "needs": ("hebergement",), "urgency": "now"}, [CHILD]),
        ({"age_band": "unknown", "needs": ("hebergement",), "urgency": "now"}, [CHILD]),
        ({"age_band": "21-25", "needs": ("sante",), "urgency": "now"}, [MEDICAL]),
        ({"age_band": "21-25", "needs": ("sante",), "urgency": "24h"}, []),
        (
            {"age_band": "unknown", "needs": ("fugue", "numerique", "sante"), "urgency": "now", "danger_now": True},
            [*POLICE, CHILD, RUNAWAY, SCREENS, MEDICAL],
        ),
    ],
)
def test_numbers_by_facts(facts: dict[str, Any], expected: list[str]) -> None:
    open_for_all = a_profile(needs=tuple(Need.values))
    assert list(route(a_person(**facts), [open_for_all], at=DAY).emergency) == expected


@pytest.mark.parametrize(
    ("facts", "partners", "expected"),
    [
        ({"urgency": "now"}, [CLOSED_NORMAL], [VICTIMS]),
        ({"urgency": "now"}, [CLOSED_NORMAL, CLOSED_LAST], [VICTIMS]),
        ({"urgency": "now"}, [CLOSED_NORMAL, OPEN_LAST], []),
        ({"urgency": "24h"}, [CLOSED_NORMAL], []),
        ({"urgency": "24h"}, [], [VICTIMS]),
        ({"urgency": "week"}, [], [VICTIMS]),
        ({"urgency": "now", "danger_now": True}, [], POLICE),
        ({"urgency": "now", "age_band": "18-20"}, [], [CHILD]),
    ],
)
def test_somebody_answers_when_no_partner_does(
    facts: dict[str, Any], partners: list[Profile], expected: list[str]
) -> None:
    assert list(route(a_person(**{"age_band": "26plus", **facts}), partners, at=NIGHT).emergency) == expected


# --- 9. reasons ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "criteria", "expected"),
    [
        (
            {"needs": ("juridique", "ecoute")},
            {},
            ["covers_need:juridique", "covers_need:ecoute", "serves:93", "takes_age", "speaks:fr", "open_now",
             "specialist"],
        ),
        ({}, {"opening_hours": ""}, ["covers_need:ecoute", "serves:93", "takes_age", "speaks:fr"]),
        ({"departement": None}, {}, ["covers_need:ecoute", "takes_age", "speaks:fr", "open_now"]),
        (
            {"language": "ro"},
            {"last_resort": True, "departements": ("75",)},
            ["covers_need:ecoute", "takes_age", "open_now", "last_resort"],
        ),
        (
            {"needs": ("sante",), "language": "ro"},
            {"last_resort": True, "languages": ("ro",)},
            ["serves:93", "takes_age", "speaks:ro", "open_now", "last_resort"],
        ),
    ],
)  # fmt: skip
def test_reasons_are_true(facts: dict[str, Any], criteria: dict[str, Any], expected: list[str]) -> None:
    assert [list(one.reasons) for one in route(a_person(**facts), [a_profile(**criteria)], at=DAY).proposals] == [
        expected
    ]


# --- facts as they are sent ----------------------------------------------------------------------------------------


def test_facts_are_read_whole() -> None:
    facts = read_facts(
        {
            "referrer": "witness",
            "age_band": "18-20",
            "gender": "unknown",
            "departement": "95",
            "avoid_commune": "75056",
            "needs": ["sante", "papiers", "sante", "traite"],
            "language": "ka",
            "urgency": "now",
            "danger_now": True,
            "at": "2026-11-25T03:00:00",
            "unheard_of": {"x": [1]},
        }
    )
    assert facts == Facts(
        referrer="witness",
        age_band="18-20",
        gender="unknown",
        departement="95",
        avoid_commune="75056",
        needs=("sante", "papiers", "traite"),
        language="ka",
        urgency="now",
        danger_now=True,
        at=NIGHT,
    )


@pytest.mark.parametrize("said", [{}, {"needs": [], "departement": None, "avoid_commune": None}, {"departement": ""}])
def test_what_is_not_said_is_read_strictly(said: dict[str, Any]) -> None:
    assert read_facts(said) == Facts(
        referrer="self",
        age_band="unknown",
        gender="unknown",
        departement=None,
        avoid_commune=None,
        needs=("ecoute",),
        language="fr",
        urgency="24h",
        danger_now=False,
        at=None,
    )


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("2026-11-25T03:00", NIGHT),
        ("2026-11-25T02:00:00Z", NIGHT),
        ("2026-11-25T05:00:00+03:00", NIGHT),
        ("2026-07-01T12:00", datetime(2026, 7, 1, 12, 0, tzinfo=PARIS)),
        ("2026-03-29T02:30", datetime(2026, 3, 29, 3, 30, tzinfo=PARIS)),  # an hour that clocks skip
    ],
)
def test_a_moment_is_of_paris_unless_said(said: str, expected: datetime) -> None:
    assert read_facts({"at": said}).at == expected


TEXTS = ["", " ", "inconnu", "Self", "15-17 ", "é" * 5000, "\0", "\ud800", "<script>"]
NOT_TEXT = [None, 0, 1, 1.5, True, [], {}, ["self"], [["x"]], {"a": 1}, float("nan"), float("inf"), 10**400]
LISTS: list[object] = [[], ["self"]]
CODES = ["referrer", "age_band", "gender", "language", "urgency"]


@pytest.mark.parametrize("field", CODES)
@pytest.mark.parametrize("value", TEXTS)
def test_unknown_codes_are_refused_by_field(field: str, value: str) -> None:
    assert refused({field: value}) == {field: ["unknown"]}


@pytest.mark.parametrize("field", CODES)
@pytest.mark.parametrize("value", NOT_TEXT)
def test_a_code_is_text(field: str, value: object) -> None:
    assert refused({field: value}) == {field: ["invalid"]}


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        *(("departement", value, "invalid") for value in NOT_TEXT if value is not None),
        *(("departement", value, "unknown") for value in ["69", "2A", "093", "93 ", "Seine-Saint-Denis"]),
        *(("avoid_commune", value, "invalid") for value in NOT_TEXT if value is not None),
        *(("avoid_commune", value, "unknown") for value in ["13055", "93000", "75001", "93999", "Bobigny", "\0"]),
        *(("needs", value, "invalid") for value in [*TEXTS, *NOT_TEXT, [None], ["ecoute", {}]] if value not in LISTS),
        *(("needs", value, "unknown") for value in [["ecoute", "autre"], [""], ["n1"], ["ECOUTE"], ["\ud800"]]),
        ("needs", ["ecoute", "sante", "papiers", "traite"], "too_many"),
        ("needs", list(Need.values) * 1000, "too_many"),
        *(("danger_now", value, "invalid") for value in ["yes", "true", "", 0, 1, None, [], {}, 1.0]),
        *(("at", value, "invalid") for value in [*TEXTS, *NOT_TEXT]),
        *(
            ("at", value, "invalid")
            for value in ["hier", "2026-11-25", "2026-02-30T10:00", "2026-11-25T25:00", "0001-01-01T00:00+14:00",
                          "9999-12-31T23:59Z", "٢٠٢٦-١١-٢٥T10:00", "1764061200"]
        ),
    ],
)  # fmt: skip
def test_odd_values_are_refused_by_field(field: str, value: object, code: str) -> None:
    assert refused({field: value}) == {field: [code]}


@pytest.mark.parametrize("body", [None, [], "x", 3, True, [{"urgency": "now"}]])
def test_a_body_is_an_object(body: object) -> None:
    assert refused(body) == {"body": ["invalid"]}


def test_all_wrong_fields_are_named_at_once_and_no_value() -> None:
    with pytest.raises(InvalidFacts) as caught:
        read_facts({"urgency": "tout de suite", "needs": "ecoute", "danger_now": "yes", "gender": "female"})
    assert caught.value.errors == {"urgency": ["unknown"], "needs": ["invalid"], "danger_now": ["invalid"]}
    assert "tout de suite" not in str(caught.value)


def test_facts_do_not_print() -> None:
    assert "female" not in repr(a_person(gender="female"))


def refused(body: object) -> dict[str, list[str]]:
    """Errors of facts that cannot be read."""
    with pytest.raises(InvalidFacts) as caught:
        read_facts(body)
    return caught.value.errors


# --- what holds whatever is asked ----------------------------------------------------------------------------------


def some(values: Sequence[str]) -> st.SearchStrategy[tuple[str, ...]]:
    """Some of the values, often all of them, so that many partners can take many people."""
    return st.one_of(st.just(tuple(values)), st.lists(st.sampled_from(list(values)), unique=True).map(tuple))


COMMUNES = ["75056", "75118", "75110", "77288", "78646", "91228", "92050", "93008", "93066", "94028", "95127"]
HOURS = ["", ALWAYS, OFFICE_HOURS, "Mo-Su 20:00-08:00", "Mo-Fr"]
AGES = {
    "under15": set(range(15)),
    "15-17": {15, 16, 17},
    "18-20": {18, 19, 20},
    "21-25": set(range(21, 26)),
    "26plus": set(range(26, 121)),
}
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(lambda said: said.replace(tzinfo=PARIS))  # noqa: DTZ001
people = st.builds(
    Facts,
    referrer=st.sampled_from(Referrer.values),
    age_band=st.sampled_from(AgeBand.values),
    gender=st.sampled_from([*Gender.values, "unknown"]),
    departement=st.sampled_from([None, *DEPARTEMENTS]),
    avoid_commune=st.sampled_from([None, *COMMUNES]),
    needs=st.lists(st.sampled_from(Need.values[:6]), min_size=1, max_size=3, unique=True).map(tuple),
    language=st.sampled_from(["fr", "fr", "fr", "ro", "ka"]),
    urgency=st.sampled_from(Urgency.values),
    danger_now=st.booleans(),
)
limits = st.one_of(st.none(), st.integers(0, 30))
profiles = st.builds(
    a_profile,
    needs=some(Need.values[:6]),
    departements=some(list(DEPARTEMENTS)),
    min_age=limits,
    max_age=limits,
    genders=some(Gender.values),
    languages=some(["fr", "ro"]),
    referrers=some(Referrer.values),
    urgencies=some(Urgency.values),
    commune=st.sampled_from(COMMUNES),
    capacity=st.integers(0, 5),
    open_referrals=st.integers(0, 3),
    active=st.sampled_from([True, True, True, False]),
    opening_hours=st.sampled_from(HOURS),
    last_resort=st.booleans(),
).filter(lambda partner: (partner.min_age or 0) <= (120 if partner.max_age is None else partner.max_age))


def is_eligible(partner: Profile, facts: Facts) -> bool:
    """Points 1 and 2 of contract.md §4, said once more with sets."""
    ages = set(range(partner.min_age or 0, (120 if partner.max_age is None else partner.max_age) + 1))
    minor = {15, 16, 17} <= ages
    refusals = [
        not partner.active,
        partner.open_referrals >= partner.capacity,
        facts.urgency not in partner.urgencies,
        not (minor if facts.age_band == "unknown" else ages & AGES[facts.age_band]),
        not set(Gender.values if facts.gender == "unknown" else [facts.gender]) <= set(partner.genders),
        not {facts.referrer, "relative" if facts.referrer == "witness" else facts.referrer} & set(partner.referrers),
        facts.avoid_commune == partner.commune,
        "75056" in {facts.avoid_commune, partner.commune}
        and {str(facts.avoid_commune)[:2], partner.commune[:2]} == {"75"},
    ]
    if not partner.last_resort:
        refusals += [
            facts.departement is not None and facts.departement not in partner.departements,
            facts.language not in partner.languages,
            not set(facts.needs) & set(partner.needs),
        ]
    return not any(refusals)


@st.composite
def files(draw: st.DrawFn) -> list[Profile]:
    """Up to eight partners with names of their own."""
    drawn = draw(st.lists(profiles, max_size=8))
    return [replace(partner, slug=f"p{number}") for number, partner in enumerate(drawn)]


@given(people, files(), moments)
def test_what_holds_of_every_answer(facts: Facts, partners: list[Profile], at: datetime) -> None:
    routed = route(facts, partners, at=at)
    eligible = {partner.slug: partner for partner in partners if is_eligible(partner, facts)}
    normal = {slug for slug, partner in eligible.items() if not partner.last_resort}
    by_slug = {proposal.partner: proposal for proposal in routed.proposals}
    is_urgent = facts.urgency == "now"

    assert set(by_slug) <= set(eligible)
    assert len(routed.proposals) == len(by_slug) <= 4
    assert all(proposal.fallback == eligible[slug].last_resort for slug, proposal in by_slug.items())
    assert bool(routed.proposals) == bool(eligible)
    assert routed.unmet == (None if eligible else "no_partner")
    if is_urgent and [proposal.open for proposal in routed.proposals] == [False]:
        assert len(eligible) == 1
    if is_urgent:
        assert [proposal.open for proposal in routed.proposals] == sorted(
            (proposal.open for proposal in routed.proposals), reverse=True
        )
    if normal and not is_urgent:
        assert set(by_slug) <= normal
    if is_urgent and not any(proposal.open for proposal in routed.proposals):
        assert routed.emergency
    if not eligible:
        assert routed.emergency


@given(people, files(), moments, st.randoms(use_true_random=False))
def test_a_permutation_of_the_file_changes_nothing(
    facts: Facts, partners: list[Profile], at: datetime, random: Any
) -> None:
    shuffled = partners.copy()
    random.shuffle(shuffled)
    assert answer_of(route(facts, shuffled, at=at)) == answer_of(route(facts, partners, at=at))


@given(people, profiles, profiles, moments)
def test_loosening_a_criterion_never_shuts_a_partner_out(
    facts: Facts, partner: Profile, other: Profile, at: datetime
) -> None:
    looser = [
        replace(partner, needs=(*partner.needs, *other.needs)),
        replace(partner, departements=(*partner.departements, *other.departements)),
        replace(partner, genders=(*partner.genders, *other.genders)),
        replace(partner, languages=(*partner.languages, *other.languages)),
        replace(partner, referrers=(*partner.referrers, *other.referrers)),
        replace(partner, urgencies=(*partner.urgencies, *other.urgencies)),
        replace(partner, min_age=None),
        replace(partner, min_age=max((partner.min_age or 0) - 3, 0)),
        replace(partner, max_age=None),
        replace(partner, max_age=None if partner.max_age is None else partner.max_age + 3),
        replace(partner, capacity=partner.capacity + other.capacity),
        replace(partner, open_referrals=0),
        replace(partner, active=True),
    ]
    if proposed(facts, partner, at=at):
        assert [proposed(facts, one, at=at) for one in looser] == [[partner.slug]] * len(looser)


def answer_of(routed: Routed) -> object:
    """All that is said, to be compared."""
    return routed.proposals, routed.emergency, routed.unmet
