"""The browser and the server open what the other sealed, and refuse the same things: docs/sealing.md, byte for byte."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from csp.utils import build_policy
from mnemonic import Mnemonic
from playwright.sync_api import Browser, Page, Route
from pytest_django.live_server_helper import LiveServer

from referrals import bundles, codes, crypto
from referrals.codes import Code, read_code
from referrals.crypto import CannotOpen, Context, Direction, KeyPair, Wrap
from referrals.models import Referral
from referrals.peppers import Pepper, new_pepper
from tests.builders import a_partner, a_team
from tests.conftest import Watch, a_visit

# Calls one function of a bundle. Bytes travel as {"bytes": base64url}; a refusal comes back by its name.
CALL = """async ([bundle, name, values]) => {
    const revive = (value) => {
        if (Array.isArray(value)) return value.map(revive);
        if (value === null || typeof value !== "object") return value;
        if ("bytes" in value) {
            const binary = atob(value.bytes.replaceAll("-", "+").replaceAll("_", "/"));
            return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
        }
        if ("callback" in value) return window[value.callback];
        return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, revive(one)]));
    };
    const write = (value) => {
        if (value instanceof Uint8Array) return { bytes: btoa(String.fromCharCode(...value)) };
        if (Array.isArray(value)) return value.map(write);
        if (value === null || typeof value !== "object") return value;
        return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, write(one)]));
    };
    const library = await import(bundle);
    try {
        return write(await library[name](...values.map(revive)));
    } catch (refusal) {
        return { refused: refusal.name, said: refusal.message, count: refusal.count, slips: refusal.slips };
    }
}"""
SALT = bytes(range(16))
PARTNER = "les-tilleuls"
NAMES = {"sender": "", "partner": "Les Tilleuls"}
CANNOT_OPEN = {"refused": "CannotOpen", "said": "cannot open"}
FACTS = {"age_band": "15-17", "departement": "93", "needs": ["hebergement"]}
SHORT = "Bonjour, j’ai besoin d’aide 🌧️ : « ça » va mal.\n\0fin"
LONG = "Œ🌞" * 3500


def b64(value: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """Bytes of base64 or base64url."""
    return base64.b64decode(text.translate(str.maketrans("-_", "+/")) + "=" * (-len(text) % 4), validate=True)


def sent(value: bytes) -> dict[str, str]:
    """Bytes as an argument."""
    return {"bytes": b64(value)}


def pair_in(value: Any) -> KeyPair:
    """A pair that came out of the browser."""
    return KeyPair(unb64(value["private"]["bytes"]), unb64(value["public"]["bytes"]))


def pair_out(pair: KeyPair) -> dict[str, Any]:
    """A pair as an argument."""
    return {"private": sent(pair.private), "public": sent(pair.public)}


def written(wrap: Wrap) -> dict[str, str]:
    """A wrap as JSON carries it."""
    return {"enc": b64(wrap.enc), "ct": b64(wrap.ct)}


def read(wrap: Any) -> Wrap:
    """A wrap from JSON."""
    return Wrap(unb64(wrap["enc"]), unb64(wrap["ct"]))


@dataclass
class Side:
    """A page of our origin under the policy of pages that seal, and what the server of a test tells it."""

    page: Page
    watch: Watch
    pepper: Pepper = field(default_factory=lambda: new_pepper(1))
    cases: dict[str, Any] = field(default_factory=dict)  # by locator
    asked: list[str] = field(default_factory=list)

    def answer(self, locator: str) -> str:
        """What completes a sender's key."""
        return b64(self.pepper.completes(unb64(locator)))

    def show(self, locator: str) -> Any:
        """A case, if there is one."""
        self.asked.append(locator)
        return self.cases.get(locator)

    def call(self, bundle: str, name: str, *values: Any) -> Any:
        """What a function of a bundle gives back, or how it refuses."""
        answer = self.page.evaluate(CALL, [f"/static/{bundle}.js", name, list(values)])
        if isinstance(answer, dict) and "refused" in answer:
            return {key: value for key, value in answer.items() if value is not None}
        return answer

    def write(self, name: str, *values: Any) -> Any:
        """A function of the pages where somebody writes."""
        return self.call("write", name, *values)

    def follow(self, name: str, *values: Any) -> Any:
        """A function of the page where somebody comes back."""
        return self.call("follow", name, *values)

    def team(self, name: str, *values: Any) -> Any:
        """A function of a team's pages."""
        return self.call("team", name, *values)


def blank(page: Page, *, policy: str) -> None:
    """An empty page of our origin under a policy."""

    def answer(route: Route) -> None:
        route.fulfill(
            content_type="text/html",
            headers={"Content-Security-Policy": policy},
            body="<!doctype html><html lang=fr><title>essai</title><link rel=icon href=data:,>",
        )

    page.unroute("**/essai")
    page.route("**/essai", answer)
    page.goto("/essai")


@pytest.fixture(scope="module")
def side(browser: Browser, live_server: LiveServer) -> Iterator[Side]:
    """One browser profile for all tests of this file, so that what one leaves is seen by the others; the page asks
    for pepper and cases as it would ask the server."""
    watch = Watch(origin=live_server.url)
    with a_visit(browser, watch) as page:
        side = Side(page, watch)
        page.expose_function("fetchAnswer", lambda locator: side.answer(locator))  # noqa: PLW0108  # Playwright marks it
        page.expose_function("fetchCase", lambda locator: side.show(locator))  # noqa: PLW0108
        yield side


@pytest.fixture
def browser_side(side: Side) -> Iterator[Side]:
    """The bundles, as a page that seals loads them: a new document for each test, and a new server."""
    side.pepper, side.cases, side.asked = new_pepper(1), {}, []
    blank(side.page, policy=build_policy(update=bundles.SOURCES))
    yield side
    side.watch.look_at_cookies(side.page)
    assert side.watch.problems == []


@pytest.fixture
def pepper(browser_side: Side) -> Pepper:
    """What the server completes senders' keys with."""
    return browser_side.pepper


ANSWER = {"callback": "fetchAnswer"}


@dataclass(frozen=True)
class Team:
    """A partner's team, as the server knows it and as its members do."""

    slug: str
    epoch: int
    pair: KeyPair

    def public(self) -> dict[str, Any]:
        """What a page says of it."""
        return {"slug": self.slug, "epoch": self.epoch, "key": b64(self.pair.public)}


@pytest.fixture
def tilleuls() -> Team:
    """A team at its second epoch."""
    return Team(PARTNER, 2, crypto.new_pair())


@pytest.fixture
def erables() -> Team:
    """Another team."""
    return Team("les-erables", 1, crypto.new_pair())


def seal(text: str, *, context: Context, to: list[Team]) -> dict[str, Any]:
    """A message as the server would seal and show it."""
    key, payload = crypto.new_key(), json.dumps({"v": 1, "text": text}).encode()
    addressed = [(team.slug, team.epoch, team.pair.public) for team in to] + [(crypto.SENDER, 0, context.case)]
    return {
        "ciphertext": b64(crypto.seal(payload, key=key, context=context)),
        "wraps": [
            {
                "to": slug,
                "epoch": epoch,
                **written(crypto.wrap(key, to=public, info=crypto.key_info(context, to=slug, epoch=epoch))),
            }
            for slug, epoch, public in addressed
        ],
    }


def unseal(body: Any, *, context: Context, to: str, epoch: int, private: bytes) -> Any:
    """The JSON of a message that the browser sealed."""
    (wrap,) = [one for one in body["wraps"] if one["to"] == to]
    assert wrap["epoch"] == epoch
    key = crypto.unwrap(read(wrap), private=private, info=crypto.key_info(context, to=to, epoch=epoch))
    return json.loads(crypto.unseal(unb64(body["ciphertext"]), key=key, context=context))


# --- what the browser may do ----------------------------------------------------------------------------------------


def test_the_browser_can_seal_under_the_policy_of_pages_that_seal(browser_side: Side) -> None:
    assert browser_side.write("canSeal") is True


def test_under_the_policy_of_other_pages_no_bundle_is_even_loaded(browser_side: Side) -> None:
    blank(browser_side.page, policy=build_policy())

    loaded = browser_side.page.evaluate("import('/static/write.js').then(() => true, () => false)")

    assert loaded is False
    browser_side.watch.forgive("Content Security Policy")


def test_a_browser_without_webassembly_or_x25519_says_that_it_cannot(browser_side: Side) -> None:
    without_x25519 = "crypto.subtle.deriveBits = () => Promise.reject(new DOMException('', 'NotSupportedError'))"
    browser_side.page.evaluate(f"() => {{ {without_x25519}; }}")
    assert browser_side.write("canSeal") is False

    blank(browser_side.page, policy=build_policy(update={"script-src": ["'self'"]}))
    assert browser_side.write("canSeal") is False


# --- a referral -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "stored"), [(SHORT, 8220), (LONG, 65564)])
def test_what_the_browser_seals_the_server_opens(
    browser_side: Side, pepper: Pepper, tilleuls: Team, erables: Team, text: str, stored: int
) -> None:
    contact = {"contact_phone": "06", "contact_when": "soir"}
    given = {"salt": b64(SALT), "fetchAnswer": ANSWER, "partners": [tilleuls.public(), erables.public()]}
    given |= {"facts": FACTS, "text": text, "nickname": "Lune", "contact": contact, "professional": {}}

    sealed = browser_side.write("sealReferral", given)

    body, code = sealed["body"], read_code(sealed["code"]["words"])
    secrets = code.secrets(salt=SALT)
    pair = secrets.pair(answer=pepper.completes(secrets.locator))
    context = Context(pair.public, 0, Direction.SENDER)
    expected = {"v": 1, "text": text, "facts": FACTS, "nickname": "Lune", "contact": contact}
    assert sealed["code"] == {"words": code.words(), "digits": code.digits()}
    assert list(body) == ["v", "locator", "sender_key", "facts", "plan", "ciphertext", "wraps"]
    assert (body["v"], body["facts"], body["plan"]) == (1, FACTS, [PARTNER, "les-erables"])
    assert (body["locator"], body["sender_key"]) == (b64(secrets.locator), b64(pair.public))
    assert [(wrap["to"], wrap["epoch"]) for wrap in body["wraps"]] == [(PARTNER, 2), ("les-erables", 1), ("sender", 0)]
    assert len(unb64(body["ciphertext"])) == stored
    for to, epoch, private in (
        (PARTNER, 2, tilleuls.pair.private),
        ("les-erables", 1, erables.pair.private),
        (crypto.SENDER, 0, pair.private),
    ):
        assert unseal(body, context=context, to=to, epoch=epoch, private=private) == expected


def test_two_referrals_share_no_code_key_or_byte(browser_side: Side, pepper: Pepper, tilleuls: Team) -> None:
    given = {"salt": b64(SALT), "fetchAnswer": ANSWER, "partners": [tilleuls.public()], "facts": FACTS, "text": SHORT}

    first, second = (browser_side.write("sealReferral", given) for _ in range(2))

    assert first["code"]["words"] != second["code"]["words"]
    for name in ("locator", "sender_key", "ciphertext"):
        assert first["body"][name] != second["body"][name]


def test_a_text_too_long_is_refused_by_the_browser(browser_side: Side, pepper: Pepper, tilleuls: Team) -> None:
    given = {
        "salt": b64(SALT),
        "fetchAnswer": ANSWER,
        "partners": [tilleuls.public()],
        "facts": {},
        "text": "é" * 33_000,
    }

    assert browser_side.write("sealReferral", given) == {"refused": "TooLong", "said": "too long"}


@pytest.mark.parametrize(
    "wrong", [{"salt": "AAAA"}, {"salt": "é"}, {"partners": [{"slug": "a", "epoch": 1, "key": "AA"}]}]
)
def test_malformed_bytes_are_refused_by_the_browser(
    browser_side: Side, pepper: Pepper, tilleuls: Team, wrong: dict[str, Any]
) -> None:
    given = {"salt": b64(SALT), "fetchAnswer": ANSWER, "partners": [tilleuls.public()], "facts": {}, "text": "a"}

    assert browser_side.write("sealReferral", given | wrong) == CANNOT_OPEN


# --- coming back ----------------------------------------------------------------------------------------------------


@dataclass
class Case:
    """A case that the server sealed, and what it shows to the browser that comes back."""

    code: Code
    pair: KeyPair
    shown: dict[str, Any]


@pytest.fixture
def case(browser_side: Side, pepper: Pepper, tilleuls: Team) -> Case:
    """Two messages, of the person and of the partner; the page asks for them as it would ask the server."""
    code = codes.new_code()
    secrets = code.secrets(salt=SALT)
    pair = secrets.pair(answer=pepper.completes(secrets.locator))
    messages = [
        {"from": who, "name": NAMES[who], "day": "2026-11-25", "sequence": sequence}
        | seal(text, context=Context(pair.public, sequence, direction), to=[tilleuls])
        for sequence, (who, direction, text) in enumerate(
            [("sender", Direction.SENDER, SHORT), ("partner", Direction.PARTNER, LONG)]
        )
    ]
    reader = {"to": PARTNER, "epoch": 2, "key": b64(tilleuls.pair.public)}
    shown = {"status": "answered", "plan": [{"partner": PARTNER}], "readers": [reader], "key_lost": False}
    shown |= {"messages": messages}
    browser_side.cases[b64(secrets.locator)] = shown
    return Case(code, pair, shown)


def come_back(browser_side: Side, typed: str) -> Any:
    """What the page learns from a typed code."""
    given = {"typed": typed, "salt": b64(SALT), "fetchAnswer": ANSWER, "fetchCase": {"callback": "fetchCase"}}
    return browser_side.follow("openCase", given)


@pytest.mark.parametrize("typed", [Code.words, Code.digits, lambda code: codes.fold(code.words()).upper()])
def test_what_the_server_sealed_the_browser_opens(browser_side: Side, case: Case, typed: Callable[[Code], str]) -> None:
    opened = come_back(browser_side, typed(case.code))

    assert opened["messages"] == [
        {"from": "sender", "name": "", "day": "2026-11-25", "text": SHORT},
        {"from": "partner", "name": "Les Tilleuls", "day": "2026-11-25", "text": LONG},
    ]
    assert (opened["status"], opened["plan"]) == ("answered", [{"partner": PARTNER}])
    assert (opened["sequence"], opened["keyLost"]) == (2, False)
    assert pair_in(opened["pair"]) == case.pair


def test_another_code_finds_nothing(browser_side: Side, case: Case) -> None:
    other = codes.new_code()

    assert come_back(browser_side, other.words()) is None
    assert [unb64(locator) for locator in browser_side.asked] == [other.secrets(salt=SALT).locator]


def test_a_mistyped_code_is_refused_before_anything_is_asked(browser_side: Side, case: Case) -> None:
    refusal = come_back(browser_side, "abaisser bbandon abdiquer zzzz aborder aboutir")

    assert refusal == {
        "refused": "BadCode",
        "said": "not a code",
        "slips": [{"position": 2, "meant": "abandon"}, {"position": 4, "meant": None}],
    }
    assert come_back(browser_side, "9" * 20) == {"refused": "BadCode", "said": "not a code", "count": 20, "slips": []}
    assert browser_side.asked == []


def test_a_message_moved_swapped_or_changed_shows_no_text(browser_side: Side, case: Case) -> None:
    first, second = case.shown["messages"]
    other_bytes = bytearray(unb64(first["ciphertext"]))
    other_bytes[100] ^= 1
    case.shown["messages"] = [
        first | {"sequence": 1},
        first | {"from": "partner"},
        first | {"ciphertext": b64(bytes(other_bytes))},
        first | {"ciphertext": second["ciphertext"]},
        first | {"wraps": second["wraps"]},
        first | {"wraps": []},
        second,
    ]

    opened = come_back(browser_side, case.code.words())

    assert [message["text"] for message in opened["messages"]] == [None] * 6 + [LONG]


@pytest.mark.parametrize("text", [SHORT, LONG])
def test_a_reply_of_the_browser_opens_for_its_readers(
    browser_side: Side, case: Case, tilleuls: Team, text: str
) -> None:
    opened = come_back(browser_side, case.code.words())
    opened["pair"] = pair_out(case.pair)

    body = browser_side.follow("sealReply", opened, {"text": text})

    context = Context(case.pair.public, 2, Direction.SENDER)
    assert (body["v"], body["sequence"]) == (1, 2)
    assert unb64(body["locator"]) == case.code.secrets(salt=SALT).locator
    for to, epoch, private in ((PARTNER, 2, tilleuls.pair.private), (crypto.SENDER, 0, case.pair.private)):
        assert unseal(body, context=context, to=to, epoch=epoch, private=private) == {"v": 1, "text": text}


def test_what_is_forgotten_is_overwritten(browser_side: Side, case: Case) -> None:
    opened = come_back(browser_side, case.code.words())
    opened["pair"] = pair_out(case.pair)

    left = browser_side.page.evaluate(
        """async ([text, key]) => {
            const { forget } = await import("/static/follow.js");
            const opened = { pair: { private: Uint8Array.from(key) }, messages: [{ text }] };
            await forget(opened);
            return [Array.from(opened.pair.private), opened.messages];
        }""",
        [SHORT, list(case.pair.private)],
    )

    assert left == [[0] * 32, []]


def test_both_sides_read_words_alike(browser_side: Side, case: Case) -> None:
    """Spellings that name, nearly name, and do not name words: the browser refuses exactly those that Python does."""
    rest = "aborder abandon abdiquer abolir aboutir"
    odd = [
        "apaisser",
        "abanon",
        "ABAISSÉR",
        "abai",
        "aba",
        "abaisserait",
        "œuvre",
        "oeuvre",
        "bbaisser",
        "été",
        "zzzz",
        "e\u0301tage",
    ]
    spellings = odd + sorted(codes.one_letter_away("cabanon"))[::9]

    def python(typed: str) -> list[dict[str, Any]] | None:
        try:
            read_code(typed)
        except codes.BadCode as refusal:
            return [{"position": slip.position, "meant": slip.meant} for slip in refusal.slips]
        return None

    for spelling in spellings:
        answer = come_back(browser_side, f"{spelling} {rest}")
        browser = answer["slips"] if answer is not None and "refused" in answer else None
        assert browser == python(f"{spelling} {rest}"), spelling


# --- a member's key -------------------------------------------------------------------------------------------------


def test_a_key_made_in_the_browser_opens_in_python(browser_side: Side) -> None:
    made = browser_side.team("makeMemberKey", {"passphrase": "l’été ﬁni, cœur"})

    body, pair = made["body"], pair_in(made["pair"])
    entropy = bytes(Mnemonic("french").to_entropy(made["paper"]))
    stretched = crypto.stretch("l’été fini, cœur".encode(), salt=unb64(body["passphrase_salt"]))
    derived = crypto.derive(entropy, salt=unb64(body["paper_salt"]), info=b"eclaircie/1/paper")
    assert list(body) == ["public_key", "passphrase_salt", "by_passphrase", "paper_salt", "by_paper"]
    assert crypto.pair_of(pair.private) == pair
    assert unb64(body["public_key"]) == pair.public
    for locked, under, way in ((body["by_passphrase"], stretched, "passphrase"), (body["by_paper"], derived, "paper")):
        assert crypto.unlock_private_key(unb64(locked), public=pair.public, under=under, way=way) == pair


def test_a_key_locked_in_python_opens_in_the_browser(browser_side: Side) -> None:
    pair, salt, secret = crypto.new_pair(), bytes(range(16)), bytes(range(32))
    entropy = bytes(range(16))
    ways = {
        "passphrase": crypto.stretch("cœur d’été".encode(), salt=salt),
        "paper": crypto.derive(entropy, salt=salt, info=b"eclaircie/1/paper"),
        "passkey": crypto.derive(secret, salt=salt, info=b"eclaircie/1/passkey"),
    }
    kept = {
        way: {"salt": b64(salt), "locked": b64(crypto.lock_private_key(pair, under=under, way=way))}
        for way, under in ways.items()
    }
    phrase = codes.fold(Mnemonic("french").to_mnemonic(entropy)).upper()
    public = {"publicKey": b64(pair.public)}
    decomposed = {"passphrase": "cœur d’e\u0301te\u0301"}

    assert pair_in(browser_side.team("unlockWithPassphrase", kept["passphrase"], public | decomposed)) == pair
    assert pair_in(browser_side.team("unlockWithPaper", kept["paper"], public | {"paper": phrase})) == pair
    assert pair_in(browser_side.team("unlockWithPasskey", kept["passkey"], public | {"secret": sent(secret)})) == pair

    # Each way with something of another.
    other = {"publicKey": b64(crypto.new_pair().public)}
    for name, lock, given in (
        ("unlockWithPassphrase", kept["passphrase"], public | {"passphrase": "Cœur d’été"}),
        ("unlockWithPassphrase", kept["passphrase"], other | decomposed),
        ("unlockWithPassphrase", kept["paper"], public | decomposed),
        ("unlockWithPassphrase", kept["passphrase"] | {"salt": b64(bytes(16))}, public | decomposed),
        ("unlockWithPaper", kept["passkey"], public | {"paper": phrase}),
        ("unlockWithPaper", kept["paper"], public | {"paper": Mnemonic("french").to_mnemonic(bytes(16))}),
        ("unlockWithPasskey", kept["passkey"], public | {"secret": sent(bytes(32))}),
        ("unlockWithPasskey", kept["paper"], public | {"secret": sent(entropy)}),
    ):
        assert browser_side.team(name, lock, given) == CANNOT_OPEN


def test_a_paper_phrase_with_a_wrong_word_is_refused_as_mistyped(browser_side: Side) -> None:
    words = str(Mnemonic("french").to_mnemonic(bytes(16))).split(" ")
    kept = {"salt": b64(bytes(16)), "locked": b64(bytes(60))}
    swapped = " ".join([*words[:10], words[11], words[10]])

    refusal = browser_side.team("unlockWithPaper", kept, {"publicKey": b64(bytes(32)), "paper": swapped})

    assert refusal == {"refused": "BadCode", "said": "not a code", "count": 12, "slips": []}


def test_a_passphrase_can_be_changed(browser_side: Side) -> None:
    pair = crypto.new_pair()

    kept = browser_side.team("lockWithPassphrase", pair_out(pair), {"passphrase": "nouvelle"})

    under = crypto.stretch(b"nouvelle", salt=unb64(kept["salt"]))
    assert crypto.unlock_private_key(unb64(kept["locked"]), public=pair.public, under=under, way="passphrase") == pair


@contextmanager
def a_device(page: Page, **options: Any) -> Iterator[None]:
    """A virtual authenticator, until the end of the block."""
    wires = page.context.new_cdp_session(page)
    wires.send("WebAuthn.enable")
    options |= {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True}
    options |= {"hasUserVerification": True, "isUserVerified": True}
    wires.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    yield
    wires.send("WebAuthn.disable")
    wires.detach()


def test_a_passkey_opens_a_members_key(browser_side: Side) -> None:
    """A real WebAuthn exchange with a virtual authenticator that has the PRF extension."""
    pair = crypto.new_pair()

    with a_device(browser_side.page, ctap2Version="ctap2_1", hasPrf=True):
        made = browser_side.team("makePasskey", {"user": sent(b"\1" * 16), "name": "permanence"})
        asked = browser_side.team("askPasskey", [made["id"]])
        kept = browser_side.team("lockWithPasskey", pair_out(pair), {"secret": asked["secret"]})
        again = browser_side.team("askPasskey", [sent(b"\2" * 16), made["id"]])

    secret = unb64(asked["secret"]["bytes"])
    under = crypto.derive(secret, salt=unb64(kept["salt"]), info=b"eclaircie/1/passkey")
    public = {"publicKey": b64(pair.public)}
    assert len(secret) == 32
    assert again == asked
    assert made["secret"] in (None, asked["secret"])
    assert crypto.unlock_private_key(unb64(kept["locked"]), public=pair.public, under=under, way="passkey") == pair
    assert pair_in(browser_side.team("unlockWithPasskey", kept, public | {"secret": again["secret"]})) == pair


def test_a_passkey_without_prf_says_so(browser_side: Side) -> None:
    with a_device(browser_side.page):
        assert browser_side.team("makePasskey", {"user": sent(b"\1" * 16), "name": "permanence"}) is None


# --- a team's keys --------------------------------------------------------------------------------------------------


def test_a_team_key_made_in_the_browser_reaches_each_member(browser_side: Side) -> None:
    members = [crypto.new_pair(), crypto.new_pair()]
    listed = [{"id": number, "public_key": b64(pair.public)} for number, pair in enumerate(members, 7)]

    made = browser_side.team("makeTeamKey", {"partner": PARTNER, "epoch": 3, "members": listed})

    body, team = made["body"], pair_in(made["pair"])
    assert (list(body), body["epoch"], list(body["shares"])) == (["epoch", "public_key", "shares"], 3, ["7", "8"])
    assert unb64(body["public_key"]) == team.public == crypto.pair_of(team.private).public
    info = crypto.share_info(partner=PARTNER, epoch=3)
    for share, member in zip(body["shares"].values(), members, strict=True):
        assert crypto.unwrap(read(share), private=member.private, info=info) == team.private
    with pytest.raises(CannotOpen):
        crypto.unwrap(read(body["shares"]["7"]), private=members[1].private, info=info)


def test_a_share_opens_for_its_member_team_and_epoch_only(browser_side: Side) -> None:
    team, member = crypto.new_pair(), crypto.new_pair()
    share = written(crypto.wrap(team.private, to=member.public, info=crypto.share_info(partner=PARTNER, epoch=3)))
    right = {"partner": PARTNER, "epoch": 3, "publicKey": b64(team.public), "member": pair_out(member)}

    assert pair_in(browser_side.team("openShare", share, right)) == team
    flipped = unb64(share["ct"])
    for changed, given in (
        (share, right | {"epoch": 2}),
        (share, right | {"partner": "les-erables"}),
        (share, right | {"member": pair_out(crypto.new_pair())}),
        (share, right | {"publicKey": b64(member.public)}),
        (share | {"ct": b64(flipped[:-1] + bytes([flipped[-1] ^ 1]))}, right),
        (share | {"enc": b64(bytes(32))}, right),
        (share | {"enc": "AA"}, right),
    ):
        assert browser_side.team("openShare", changed, given) == CANNOT_OPEN


def test_a_share_given_by_the_browser_opens_in_python(browser_side: Side) -> None:
    team, newcomer = crypto.new_pair(), crypto.new_pair()

    share = browser_side.team(
        "shareTeamKey", pair_out(team), {"partner": PARTNER, "epoch": 1, "to": b64(newcomer.public)}
    )

    info = crypto.share_info(partner=PARTNER, epoch=1)
    assert crypto.unwrap(read(share), private=newcomer.private, info=info) == team.private


def test_a_new_epoch_opens_old_messages_and_the_old_one_opens_none(browser_side: Side, tilleuls: Team) -> None:
    sender, new = crypto.new_pair(), crypto.new_pair()
    context = Context(sender.public, 4, Direction.PARTNER)
    sealed = seal(SHORT, context=context, to=[tilleuls])
    place = {"case": b64(sender.public), "sequence": 4, "from": "partner"}
    old, to = {"epoch": 2, "pair": pair_out(tilleuls.pair)}, {"epoch": 3, "key": sent(new.public)}
    given = {"place": place, "partner": PARTNER, "from": old, "to": to}

    renewed = browser_side.team("rewrap", sealed["wraps"][0], given)

    body = sealed | {"wraps": [{"to": PARTNER, "epoch": 3, **renewed}]}
    opened = {"v": 1, "text": SHORT}
    right = {"place": place, "partner": PARTNER, "epoch": 3, "team": pair_out(new)}
    assert unseal(body, context=context, to=PARTNER, epoch=3, private=new.private) == opened
    assert browser_side.team("readMessage", body, right) == opened
    assert browser_side.team("readMessage", body, right | {"team": pair_out(tilleuls.pair)}) == CANNOT_OPEN
    for wrong in (
        {"place": place | {"sequence": 5}},
        {"place": place | {"from": "sender"}},
        {"partner": "les-erables"},
        {"from": old | {"epoch": 1}},
        {"from": old | {"pair": pair_out(new)}},
    ):
        assert browser_side.team("rewrap", sealed["wraps"][0], given | wrong) == CANNOT_OPEN


def test_a_message_handed_to_another_team_opens_for_that_team(
    browser_side: Side, tilleuls: Team, erables: Team
) -> None:
    context = Context(crypto.new_pair().public, 0, Direction.SENDER)
    sealed = seal(SHORT, context=context, to=[tilleuls])
    given = {
        "place": {"case": b64(context.case), "sequence": 0, "from": "sender"},
        "partner": PARTNER,
        "from": {"epoch": 2, "pair": pair_out(tilleuls.pair)},
        "to": {"partner": erables.slug, "epoch": erables.epoch, "key": sent(erables.pair.public)},
    }

    renewed = browser_side.team("rewrap", sealed["wraps"][0], given)

    body = sealed | {"wraps": [{"to": erables.slug, "epoch": 1, **renewed}]}
    opened = unseal(body, context=context, to=erables.slug, epoch=1, private=erables.pair.private)
    assert opened == {"v": 1, "text": SHORT}


# --- a team reads and answers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [SHORT, LONG])
def test_a_team_reads_what_the_server_sealed(browser_side: Side, tilleuls: Team, text: str) -> None:
    sender = crypto.new_pair()
    sealed = seal(text, context=Context(sender.public, 0, Direction.SENDER), to=[tilleuls])
    place = {"case": b64(sender.public), "sequence": 0, "from": "sender"}
    right = {"place": place, "partner": PARTNER, "epoch": 2, "team": pair_out(tilleuls.pair)}
    flipped = bytearray(unb64(sealed["ciphertext"]))
    flipped[-1] ^= 0x80

    assert browser_side.team("readMessage", sealed, right) == {"v": 1, "text": text}
    for changed, given in (
        (sealed, right | {"place": place | {"sequence": 1}}),
        (sealed, right | {"place": place | {"from": "partner"}}),
        (sealed, right | {"place": place | {"case": b64(crypto.new_pair().public)}}),
        (sealed, right | {"epoch": 1}),
        (sealed, right | {"partner": "les-erables"}),
        (sealed, right | {"team": pair_out(crypto.new_pair())}),
        (sealed | {"ciphertext": b64(bytes(flipped))}, right),
        (sealed | {"ciphertext": sealed["ciphertext"][:-4]}, right),
        (sealed | {"wraps": [sealed["wraps"][0] | {"enc": sealed["wraps"][1]["enc"]}]}, right),
        (sealed | {"wraps": [sealed["wraps"][1] | {"to": PARTNER, "epoch": 2}]}, right),
    ):
        assert browser_side.team("readMessage", changed, given) == CANNOT_OPEN


@pytest.mark.parametrize(
    "payload", [b"", b"{}", b"[]", b"null", b'{"v":2,"text":"a"}', b'{"v":1,"text":3}', b"\xff\xfe"]
)
def test_what_is_no_message_is_refused_whole(browser_side: Side, tilleuls: Team, payload: bytes) -> None:
    context, key = Context(crypto.new_pair().public, 0, Direction.SENDER), crypto.new_key()
    wrap = crypto.wrap(key, to=tilleuls.pair.public, info=crypto.key_info(context, to=PARTNER, epoch=2))
    sealed = {
        "ciphertext": b64(crypto.seal(payload, key=key, context=context)),
        "wraps": [{"to": PARTNER, "epoch": 2, **written(wrap)}],
    }
    place = {"case": b64(context.case), "sequence": 0, "from": "sender"}
    given = {"place": place, "partner": PARTNER, "epoch": 2, "team": pair_out(tilleuls.pair)}

    assert browser_side.team("readMessage", sealed, given) == CANNOT_OPEN


def test_an_answer_of_a_team_opens_for_the_person_and_for_the_team(browser_side: Side, tilleuls: Team) -> None:
    sender = crypto.new_pair()
    given = {"case": b64(sender.public), "sequence": 1, "text": LONG, "partner": PARTNER, "epoch": 2}

    body = browser_side.team("sealAnswer", given | {"key": b64(tilleuls.pair.public)})

    context = Context(sender.public, 1, Direction.PARTNER)
    assert (body["v"], body["sequence"]) == (1, 1)
    for to, epoch, private in ((PARTNER, 2, tilleuls.pair.private), (crypto.SENDER, 0, sender.private)):
        assert unseal(body, context=context, to=to, epoch=epoch, private=private) == {"v": 1, "text": LONG}


# --- with the real server -------------------------------------------------------------------------------------------

# What a page's script does around the library: it asks the site, as anybody may.
ASK = """() => {
    const post = async (path, body) => {
        const answer = await fetch(`/api/v1/${path}`, {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify(body),
            credentials: "omit",
        });
        return [answer.status, await answer.json()];
    };
    window.post = post;
    window.askAnswer = async (locator) => (await post("follow-up/salt", { locator }))[1].salt;
    window.askCase = async (locator) => {
        const [status, shown] = await post("follow-up/open", { locator });
        return status === 404 ? null : shown;
    };
}"""


def test_a_case_lives_from_the_browser_to_the_server_and_back(browser_side: Side) -> None:
    """Sealed in the browser, kept by the real server, read and answered by the team, opened in the browser again."""
    team, desk = a_team(a_partner(slug=PARTNER)), a_team(a_partner(slug="permanence", is_duty_desk=True))
    page, requests = browser_side.page, []
    page.on("request", lambda request: requests.append(request.post_data or ""))
    page.evaluate(ASK)
    parameters = page.evaluate("fetch('/api/v1/sealing').then((answer) => answer.json())")
    partners = [{"slug": one["partner"], "epoch": one["epoch"], "key": one["key"]} for one in parameters["teams"]]
    facts = FACTS | {"referrer": "self", "gender": "female", "language": "fr", "urgency": "24h", "needs": ["ecoute"]}
    asking = {"salt": parameters["salt"], "fetchAnswer": {"callback": "askAnswer"}}

    sealed = browser_side.write("sealReferral", asking | {"partners": partners, "facts": facts, "text": SHORT})
    status, answer = page.evaluate("(body) => post('referrals', body)", sealed["body"])

    referral = Referral.objects.get()
    assert (status, [one["partner"] for one in answer["plan"]]) == (201, [PARTNER, "permanence"])
    assert team.read(referral) == [SHORT]
    assert desk.read(referral) == [SHORT]

    coming_back = asking | {"typed": sealed["code"]["digits"], "fetchCase": {"callback": "askCase"}}
    opened = browser_side.follow("openCase", coming_back)
    assert [message["text"] for message in opened["messages"]] == [SHORT]
    opened["pair"] = pair_out(pair_in(opened["pair"]))
    reply = browser_side.follow("sealReply", opened, {"text": LONG})
    status, _answer = page.evaluate("(body) => post('follow-up/message', body)", reply)
    assert status == 201
    assert team.read(referral) == [SHORT, LONG]
    again = browser_side.follow("openCase", coming_back)
    assert [message["text"] for message in again["messages"]] == [SHORT, LONG]
    assert again["sequence"] == 2
    sent_bytes = "".join(requests)
    assert not [
        word for word in (SHORT, LONG, *sealed["code"]["words"].split(), sealed["code"]["digits"]) if word in sent_bytes
    ]


# --- what stays behind ----------------------------------------------------------------------------------------------


def test_sealing_and_opening_keep_nothing_in_the_browser(browser_side: Side, case: Case, tilleuls: Team) -> None:
    given = {"salt": b64(SALT), "fetchAnswer": ANSWER, "partners": [tilleuls.public()], "facts": FACTS, "text": SHORT}
    browser_side.write("sealReferral", given)
    come_back(browser_side, case.code.words())

    kept = browser_side.page.evaluate(
        "async () => [localStorage.length, sessionStorage.length, document.cookie, "
        "(await indexedDB.databases()).length, (await caches.keys()).length]"
    )

    assert kept == [0, 0, "", 0, 0]
