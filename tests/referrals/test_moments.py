"""What looks for a code ends at fixed moments, whether anybody has the code or not."""

from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from config import wsgi
from referrals import codes, lifecycle, moments, sealing, tickets, wire
from referrals.moments import STEP, left_of_step
from resources import moderation
from resources.models import Proposal
from tests.builders import Team, a_team

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

DAY = datetime(2026, 3, 2, 10, tzinfo=UTC)
TEXT = "Je ne sais pas à qui en parler."


@given(st.floats(min_value=0, max_value=60))
def test_work_and_wait_are_whole_steps(taken: float) -> None:
    left = left_of_step(taken)
    steps = (taken + left) / STEP

    assert 0 <= left <= STEP
    assert abs(steps - round(steps)) < 1e-6


class Clock:
    """Time in seconds, which only work and waiting move on."""

    def __init__(self) -> None:
        self.now = 12.5

    def perf_counter(self) -> float:
        """Now."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(moments, "time", clock)
    return clock


def asked() -> dict[str, Any]:
    """What a web server makes of a request."""
    return {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "wsgi.input": BytesIO()}


def served(clock: Clock, *, seconds: float, environ: dict[str, Any], asks_to_wait: bool) -> float:
    """How long an application takes that works so long."""

    def site(environ: dict[str, Any], _start: Callable[..., Any]) -> list[bytes]:
        if asks_to_wait:
            moments.answer_at_a_fixed_moment(WSGIRequest(environ))
        clock.now += seconds
        return [b"found"]

    began = clock.now
    assert moments.keeping_moments(site)(environ, print) == [b"found"]
    return clock.now - began


def test_short_and_long_work_end_at_the_same_moment(clock: Clock) -> None:
    took = [
        served(clock, seconds=seconds, environ=asked(), asks_to_wait=True) for seconds in (0.001, 0.03, 0.049, 0.06)
    ]

    assert took == pytest.approx([STEP, STEP, STEP, 2 * STEP])


def test_other_pages_do_not_wait(clock: Clock) -> None:
    assert served(clock, seconds=0.003, environ=asked(), asks_to_wait=False) == pytest.approx(0.003)


def test_nobody_makes_the_site_wait_by_a_header(clock: Clock) -> None:
    assert served(clock, seconds=0.003, environ={**asked(), moments.KEPT: "True"}, asks_to_wait=False) == pytest.approx(
        0.003
    )


def test_what_fails_comes_no_sooner(clock: Clock) -> None:
    def fail(environ: dict[str, Any], _start: Callable[..., Any]) -> list[bytes]:
        environ[moments.KEPT] = True
        clock.now += 0.01
        raise lifecycle.Ended

    began = clock.now
    with pytest.raises(lifecycle.Ended):
        moments.keeping_moments(fail)({}, print)

    assert clock.now - began == pytest.approx(STEP)


def test_the_site_that_is_served_keeps_moments() -> None:
    assert wsgi.application.__qualname__.startswith(moments.keeping_moments.__name__)


def json_of(path: str) -> Callable[[Client, codes.Code], "Response"]:
    def ask(client: Client, code: codes.Code) -> "Response":
        body = {"code": code.words(), "text": TEXT}
        return client.post(reverse(f"referrals_api:{path}"), body, content_type="application/json")

    return ask


def sealed(client: Client, code: codes.Code) -> "Response":
    locator = wire.to_text(code.secrets(salt=sealing.site_salt()).locator)
    return client.post(reverse("referrals_api:follow_up_open"), {"locator": locator}, content_type="application/json")


def page_of(name: str) -> Callable[[Client, codes.Code], "Response"]:
    def ask(client: Client, code: codes.Code) -> "Response":
        sent = client.post(reverse(name), {"code": code.words()})
        return client.get(sent.headers["Location"])

    return ask


def act(do: str) -> Callable[[Client, codes.Code], "Response"]:
    def ask(client: Client, code: codes.Code) -> "Response":
        address = reverse("referrals:come_back")
        token = client.post(address, {"code": code.words()}).headers["Location"].partition("k=")[2]
        return client.post(address, {"do": do, "k": token, "text": TEXT})

    return ask


DOORS = {
    "open": json_of("follow_up_open"),
    "open, sealed": sealed,
    "message": json_of("follow_up_message"),
    "withdraw": json_of("follow_up_withdraw"),
    "page": page_of("referrals:come_back"),
    "page, more words": act("write"),
    "page, erase": act("erase"),
}


@pytest.fixture
def sent(db: None) -> codes.Code:
    team: Team = a_team()
    code, referral = sealing.seal_first(sealing.Letter(TEXT), to=[team.addressee])
    lifecycle.submit(referral, plan=[team.addressee], urgency="24h", at=DAY)
    return code


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("is_known", [True, False])
def test_every_door_waits_for_its_moment(client: Client, sent: codes.Code, door: str, *, is_known: bool) -> None:
    answer = DOORS[door](client, sent if is_known else codes.new_code())

    assert answer.wsgi_request.META[moments.KEPT] is True


@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.django_db
def test_the_page_of_a_proposal_waits_for_its_moment(client: Client, *, is_known: bool) -> None:
    proposal = moderation.propose_new(
        after={"name": "Adresse inventée", "organisation": "Organisme inventé", "kind": "association"},
        origin=moderation.Origin(Proposal.Origin.VISITOR, said=""),
        on=DAY.date(),
    )
    code = tickets.give(proposal) if is_known else codes.new_code()

    answer = page_of("referrals:proposal")(client, code)

    assert answer.wsgi_request.META[moments.KEPT] is True


@pytest.mark.django_db
def test_the_form_for_a_code_does_not_wait(client: Client) -> None:
    assert moments.KEPT not in client.get(reverse("referrals:come_back")).wsgi_request.META
