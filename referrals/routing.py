"""Who can take a person, in which order and why: facts in, proposals out, nothing kept (contract.md §4).

Nothing here asks the database: partners come as plain profiles (orientation.py reads them), so that every sentence
of the contract can be tried on thousands of cases in a second.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from referrals.models import AgeBand, Referrer, Urgency
from resources.forms import AGE_BANDS, OLDEST
from resources.geography import PARIS as PARIS_COMMUNE
from resources.geography import gazetteer
from resources.opening import PARIS, is_open
from resources.vocabulary import DEPARTEMENTS, LANGUAGES, NEIGHBOURS, Gender, Need

MOST_NEEDS = 3
MOST_PROPOSALS = 4
UNKNOWN = "unknown"
DATE_ONLY = len("2026-11-25")

# Whole, whatever our partners speak: a language that nobody speaks still leads to the last resorts.
ISO_639_1 = (
    "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en "
    "eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja "
    "jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb "
    "nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq "
    "sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
)
LANGUAGE_CODES = frozenset(LANGUAGES) | frozenset(ISO_639_1.split())


@dataclass(frozen=True, slots=True, repr=False)
class Facts:
    """What routing needs to know of a person; used and forgotten, and never printed by an exception.

    The defaults are those of a program that leaves a member out. The contract lists what is refused, and a missing
    member is not in the list; a person may skip these questions too (domain.md §4.4). Where the contract has a word
    for «not said», that is the default, and it is the strict reading: unknown age counts as a minor, unknown gender
    asks for a partner that takes all three. The rest is the plainest case: for herself, in French, an answer tomorrow.
    """

    referrer: str = Referrer.SELF
    age_band: str = AgeBand.UNKNOWN
    gender: str = UNKNOWN
    departement: str | None = None
    avoid_commune: str | None = None
    needs: tuple[str, ...] = (Need.ECOUTE,)
    language: str = "fr"
    urgency: str = Urgency.DAY
    danger_now: bool = False
    at: datetime | None = None  # None: now

    @property
    def may_be_a_minor(self) -> bool:
        """Under 18, or of unknown age."""
        return self.age_band in {AgeBand.UNDER_15, AgeBand.FROM_15, AgeBand.UNKNOWN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A partner as routing sees it: whom it takes, and how much room it has.

    Ages in whole years, both ends included, None for no limit; `commune` is the INSEE code of the office; empty
    `opening_hours` are unknown. A list that is empty takes nobody: adding to it can only let people in.
    """

    slug: str
    name: str
    needs: tuple[str, ...]
    departements: tuple[str, ...]
    min_age: int | None
    max_age: int | None
    genders: tuple[str, ...]
    languages: tuple[str, ...]
    referrers: tuple[str, ...]
    urgencies: tuple[str, ...]
    commune: str
    capacity: int
    open_referrals: int
    active: bool
    opening_hours: str
    last_resort: bool


@dataclass(frozen=True, slots=True)
class Proposal:
    """A partner that can take the person; `partner` is its slug, `reasons` are codes that pages turn into words.

    `open` at the moment asked: hours that are unknown count as closed (contract.md §4).
    """

    partner: str
    name: str
    reasons: tuple[str, ...]
    fallback: bool
    open: bool


@dataclass(frozen=True, slots=True)
class Routed:
    """Four proposals at most, best first, and the slugs of the numbers to show before them."""

    proposals: tuple[Proposal, ...]
    emergency: tuple[str, ...]

    @property
    def unmet(self) -> str | None:
        """Why there is no proposal, when there is none."""
        return None if self.proposals else "no_partner"


# --- facts, as programs and forms send them ------------------------------------------------------------------------


class InvalidFacts(ValueError):
    """Values that routing does not know; `errors` maps field to codes, never to the value."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(", ".join(errors))
        self.errors = errors


class Refusal(ValueError):
    """A value that cannot be read; its text is the error code."""


def read_facts(values: object) -> Facts:
    """Facts from a JSON object with the members of contract.md §4; unknown members are ignored.

    Raises InvalidFacts with every wrong field at once, as `{"field": ["code"]}`: `invalid` for a value of the wrong
    type, `unknown` for a code that is not in the list or a commune outside the region, `too_many` for needs.
    """
    if not isinstance(values, Mapping):
        raise InvalidFacts({"body": ["invalid"]})
    read: dict[str, Any] = {}
    errors: dict[str, list[str]] = {}
    for name, parse in _MEMBERS.items():
        if name not in values:
            continue
        try:
            read[name] = parse(values[name])
        except Refusal as refusal:
            errors[name] = [str(refusal)]
    if errors:
        raise InvalidFacts(errors)
    return Facts(**read)


def one_of(known: Iterable[str]) -> Callable[[object], str]:
    """Reader of one known code."""
    codes = frozenset(known)

    def parse(value: object) -> str:
        if not isinstance(value, str):
            raise Refusal("invalid")
        if value not in codes:
            raise Refusal("unknown")
        return value

    return parse


def perhaps(parse: Callable[[object], str]) -> Callable[[object], str | None]:
    """Reader of a value that may be null or empty."""
    return lambda value: None if value is None or value == "" else parse(value)


def commune(value: object) -> str:
    """INSEE code of a commune of the region. Raises Refusal."""
    return one_of(gazetteer().by_insee)(value)


def needs(value: object) -> tuple[str, ...]:
    """One to three needs, each once, in the order given; none counts as `ecoute`. Raises Refusal."""
    if not isinstance(value, list):
        raise Refusal("invalid")
    known = one_of(Need.values)
    asked = tuple(dict.fromkeys(known(need) for need in value))
    if len(asked) > MOST_NEEDS:
        raise Refusal("too_many")
    return asked or (Need.ECOUTE.value,)


def yes_or_no(value: object) -> bool:
    """A truth value. Raises Refusal."""
    if not isinstance(value, bool):
        raise Refusal("invalid")
    return value


def moment(value: object) -> datetime:
    """ISO date and time, Europe/Paris when it has no offset; a date alone says no time. Raises Refusal."""
    if not isinstance(value, str) or len(value) <= DATE_ONLY:
        raise Refusal("invalid")
    try:
        said = datetime.fromisoformat(value)
        # There and back: an hour that the change to summer time skips becomes the one that clocks show then.
        return (said if said.tzinfo else said.replace(tzinfo=PARIS)).astimezone(UTC).astimezone(PARIS)
    except (ValueError, OverflowError) as error:
        raise Refusal("invalid") from error


_MEMBERS: dict[str, Callable[[object], object]] = {
    "referrer": one_of(Referrer.values),
    "age_band": one_of(AgeBand.values),
    "gender": one_of([*Gender.values, UNKNOWN]),
    "departement": perhaps(one_of(DEPARTEMENTS)),
    "avoid_commune": perhaps(commune),
    "needs": needs,
    "language": one_of(LANGUAGE_CODES),
    "urgency": one_of(Urgency.values),
    "danger_now": yes_or_no,
    "at": moment,
}


# --- who can take her ----------------------------------------------------------------------------------------------


def route(facts: Facts, partners: Iterable[Profile], *, at: datetime) -> Routed:
    """Partners that can take the person, best first, with reasons, and the numbers to show (contract.md §4).

    The same facts, partners and moment always give the same answer, whatever the order of `partners`. No proposal
    breaks a criterion of its partner; when urgency is `now` a closed partner stands alone only if nobody else can.
    """
    able = [Candidate(partner, facts, at) for partner in partners if takes(partner, facts)]
    chosen = [candidate for candidate in able if candidate.is_normal and answers(candidate.partner, facts)]
    in_time = facts.urgency != Urgency.NOW or any(candidate.open for candidate in chosen)
    if not chosen or not in_time:
        chosen += [candidate for candidate in able if not candidate.is_normal]
    chosen.sort(key=Candidate.place)
    proposals = tuple(candidate.proposal() for candidate in chosen[:MOST_PROPOSALS])
    return Routed(proposals, emergency(facts, proposals))


def takes(partner: Profile, facts: Facts) -> bool:
    """Whether a partner, of last resort or not, can take the person at all (contract.md §4.1)."""
    return (
        partner.active
        and partner.open_referrals < partner.capacity
        and takes_referrer(partner, facts.referrer)
        and facts.urgency in partner.urgencies
        and takes_gender(partner, facts.gender)
        and is_outside(partner.commune, facts.avoid_commune)
        and takes_age(partner, facts.age_band)
    )


def answers(partner: Profile, facts: Facts) -> bool:
    """Whether a partner works where she is, in her language, on something she asks for (contract.md §4.2)."""
    return (
        (facts.departement is None or facts.departement in partner.departements)
        and facts.language in partner.languages
        and not set(facts.needs).isdisjoint(partner.needs)
    )


def takes_referrer(partner: Profile, referrer: str) -> bool:
    """Whether a partner reads what such a person writes; a witness counts as a relative."""
    return referrer in partner.referrers or (referrer == Referrer.WITNESS and Referrer.RELATIVE in partner.referrers)


def takes_gender(partner: Profile, gender: str) -> bool:
    """Whether a partner takes that gender; unknown asks for all three."""
    return set(Gender.values if gender == UNKNOWN else [gender]) <= set(partner.genders)


def takes_age(partner: Profile, age_band: str) -> bool:
    """Whether the band overlaps the partner's ages; unknown counts as a minor and asks for all of 15 to 17."""
    youngest = 0 if partner.min_age is None else partner.min_age
    oldest = OLDEST if partner.max_age is None else partner.max_age
    band = AGE_BANDS[age_band]
    if band is None:
        return youngest <= 15 and oldest >= 17
    return youngest <= band[1] and oldest >= band[0]


def is_outside(office: str, avoided: str | None) -> bool:
    """Whether an office is surely outside the commune to avoid (INSEE codes).

    Paris whole (75056) covers its arrondissements. The other way round, an office said to be «in Paris» may stand in
    the very arrondissement she flees, and one that is not said may stand anywhere: doubt keeps them away.
    """
    if avoided is None:
        return True
    if PARIS_COMMUNE in {office, avoided} and office[:2] == avoided[:2]:
        return False
    return office not in {"", avoided}


# --- in which order, and why ---------------------------------------------------------------------------------------


class Candidate:
    """A partner that can take the person, seen from what she asks."""

    def __init__(self, partner: Profile, facts: Facts, at: datetime) -> None:
        self.partner = partner
        self.facts = facts
        self.open = is_open(partner.opening_hours, at=at) is True
        self.is_normal = not partner.last_resort
        self.covered = [need for need in facts.needs if need in partner.needs]

    @property
    def share_asked(self) -> Fraction:
        """Share of the partner's own needs that were asked, 0 to 1."""
        own = set(self.partner.needs)
        return Fraction(len(self.covered), len(own)) if own else Fraction(0)

    @property
    def distance(self) -> int:
        """The office's département: 0 the same, 1 a neighbour, 2 further; 0 when none was given."""
        wanted = self.facts.departement
        office = self.partner.commune[:2]
        if wanted is None or office == wanted:
            return 0
        return 1 if office in NEIGHBOURS[wanted] else 2

    def place(self) -> tuple[bool, bool, int, Fraction, int, Fraction, str]:
        """Sort key, smallest first (contract.md §4.4); fractions are exact, so that equal shares are equal."""
        partner = self.partner
        return (
            self.facts.urgency == Urgency.NOW and not self.open,
            partner.last_resort,
            -len(self.covered),
            -self.share_asked,
            self.distance,
            -Fraction(partner.capacity - partner.open_referrals, partner.capacity),
            partner.slug,
        )

    def proposal(self) -> Proposal:
        """What the person is shown of it."""
        partner = self.partner
        return Proposal(partner.slug, partner.name, tuple(self.reasons()), partner.last_resort, self.open)

    def reasons(self) -> list[str]:
        """Codes of why this partner is proposed (contract.md §4.9); each is true of the partner itself."""
        partner, facts = self.partner, self.facts
        said = {
            f"serves:{facts.departement}": facts.departement in partner.departements,
            "takes_age": True,
            f"speaks:{facts.language}": facts.language in partner.languages,
            "open_now": self.open,
            "specialist": self.share_asked == 1,
            "last_resort": partner.last_resort,
        }
        return [*(f"covers_need:{need}" for need in self.covered), *(code for code, holds in said.items() if holds)]


# --- numbers to show before any proposal ---------------------------------------------------------------------------


def emergency(facts: Facts, proposals: tuple[Proposal, ...]) -> tuple[str, ...]:
    """Slugs of the numbers that come before any proposal, most urgent first (contract.md §4.7).

    They are fixed by the contract and do not depend on what the directory holds: a moderator's mistake must not be
    able to take the 17 away. Never empty when there is no proposal.
    """
    now, asked = facts.urgency == Urgency.NOW, facts.needs
    shown = {
        "17-police-secours": facts.danger_now,
        "114-urgence-par-sms": facts.danger_now,
        "119-allo-enfance-en-danger": facts.may_be_a_minor or facts.age_band == AgeBand.FROM_18,
        "116-000-enfants-disparus": Need.FUGUE in asked and facts.may_be_a_minor,
        "3018-violences-numeriques": Need.NUMERIQUE in asked,
        "115-samu-social": (
            Need.HEBERGEMENT in asked and facts.urgency in {Urgency.NOW, Urgency.DAY} and not facts.may_be_a_minor
        ),
        "15-samu": Need.SANTE in asked and now,
    }
    numbers = tuple(slug for slug, is_shown in shown.items() if is_shown)
    nobody_now = not proposals or (now and not any(proposal.open for proposal in proposals))
    return numbers or (("116-006-aide-aux-victimes",) if nobody_now else ())
