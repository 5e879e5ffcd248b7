"""Writing to an association without a name: danger, a few questions, who will read, the words, and the code to keep."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from itertools import combinations
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from referrals import (
    answers,
    bundles,
    codes,
    envelopes,
    follow_up,
    forgetting,
    forms,
    handoffs,
    questions,
    sealing,
    wording,
)
from referrals.answers import Answers
from referrals.contact import contact_questions, professional_questions
from referrals.forms import InvalidForm
from referrals.models import PlanStep, Referrer
from referrals.questions import LETTER, STEPS
from referrals.submissions import NobodyCanRead, Offer, offer, send_plain
from referrals.wire import to_text
from resources import cards, shown
from resources.numbers import FIRST, numbers
from resources.opening import PARIS
from resources.tongues import of_the_page

FACTS_OF_A_PROFESSIONAL = "facts"
TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")
PAIRS = tuple(combinations(range(1, codes.WORDS + 1), 2))
WRITE, PROFESSIONAL, KEEP = "referrals:write", "referrals:professional", "referrals:keep_code"
COME_BACK, ERASED = "referrals:come_back", "4"
BACK = "p"
SEE_OTHER = 303


# --- a young person, a relative, a witness -------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@bundles.may_seal
def write(request: HttpRequest) -> HttpResponse:
    """One question a screen, then the letter. A form that brings every field at once is sent as it is."""
    now = timezone.now()
    if request.method == "POST":
        return next_question(request, at=now) if "step" in request.POST else send(request, at=now)
    asked = asked_so_far(request.GET, at=now)
    if asked is None:
        return doors(request, is_over="e" in request.GET)
    if asked.step == LETTER:
        return letter(request, asked.values, at=now)
    return one_question(request, asked, at=now)


def asked_so_far(given: QueryDict, *, at: datetime) -> Answers | None:
    """The answers that an address or a form carries, or those of somebody who has just come through a door."""
    if "e" in given:
        read = answers.read(given.get("e", ""), at=at)
        if read is not None and read.step == LETTER and BACK in given:
            return read.at_step(STEPS[-1])
        return read if read is not None and read.step in {*STEPS, LETTER} else None
    referrer = questions.DOORS.get(given.get("pour", ""))
    return None if referrer is None else newcomer(referrer)


def newcomer(referrer: Referrer) -> Answers:
    """Nothing is known but who writes, and in which language the pages are read."""
    return Answers(STEPS[0], {"referrer": referrer.value, "language": get_language() or "fr"})


def doors(request: HttpRequest, *, is_over: bool) -> HttpResponse:
    """For whom one writes; numbers first."""
    context = {"here": "write", "numbers": numbers(*FIRST), "is_over": is_over, "minutes": answers.MINUTES_VALID}
    return render(request, "referrals/public/doors.html", context)


def one_question(request: HttpRequest, asked: Answers, *, at: datetime) -> HttpResponse:
    """A screen; big numbers stand above the first one after she said that she is, or may be, in danger."""
    screen = questions.screen(asked)
    context = {
        "here": "write",
        "screen": screen,
        "errors": [question for question in screen.questions if question.error],
        "carried": asked.at_step(asked.step).token(at=at),
        "back": asked.at_step(screen.previous).token(at=at) if screen.previous else "",
        "numbers": numbers(*FIRST),
        "is_danger": asked.step == STEPS[1] and asked.values.get("danger_now") in {"yes", "unknown"},
        "is_first": asked.step == STEPS[0],
        "own": questions.voice(asked.values),
    }
    return render(request, "referrals/public/question.html", context)


def next_question(request: HttpRequest, *, at: datetime) -> HttpResponse:
    """Read the answers of a screen and go on, or back to it when one cannot be read."""
    before = asked_so_far(request.POST, at=at)
    if before is None or before.step == LETTER:
        return see_other(WRITE, e=request.POST.get("e", ""))
    if "skip" in request.POST and before.step not in {"danger", "age"}:
        return see_other(WRITE, e=questions.skipped(before).at_step(questions.following(before.step)).token(at=at))
    given = questions.read(request.POST, names=questions.FIELDS[before.step], before=before)
    if given.errors:
        return see_other(WRITE, fragment="erreurs", e=given.token(at=at))
    return see_other(WRITE, e=given.at_step(questions.following(before.step)).token(at=at))


# --- a professional --------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@bundles.may_seal
def professional(request: HttpRequest) -> HttpResponse:
    """All the questions on one page, then who can read and the letter below them."""
    now = timezone.now()
    if request.method == "POST":
        if request.POST.get("step") == FACTS_OF_A_PROFESSIONAL:
            return facts_of_a_professional(request, at=now)
        return send(request, at=now)
    asked = answers.read(request.GET.get("e", ""), at=now) if "e" in request.GET else None
    if asked is not None and asked.step == LETTER and BACK not in request.GET:
        return letter(request, asked.values, at=now)
    return all_questions(
        request, asked or newcomer(Referrer.PROFESSIONAL), is_over="e" in request.GET and asked is None
    )


def all_questions(request: HttpRequest, asked: Answers, *, is_over: bool) -> HttpResponse:
    """The facts, on one page."""
    listed = [questions.question(name, asked) for name in questions.EVERYTHING]
    context = {
        "here": "professionals",
        "questions": listed,
        "errors": [question for question in listed if question.error],
        "numbers": numbers(*FIRST),
        "is_over": is_over,
        "minutes": answers.MINUTES_VALID,
        "own": questions.PRO,
    }
    return render(request, "referrals/public/professional.html", context)


def facts_of_a_professional(request: HttpRequest, *, at: datetime) -> HttpResponse:
    """Read all the facts; the letter comes next."""
    given = questions.read(request.POST, names=questions.EVERYTHING, before=newcomer(Referrer.PROFESSIONAL))
    if given.errors:
        return see_other(PROFESSIONAL, fragment="erreurs", e=given.token(at=at))
    return see_other(PROFESSIONAL, e=given.at_step(LETTER).token(at=at))


# --- the letter ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reader:
    """An association that would read: who it is, why it is proposed, and the key it reads with, for the browser."""

    slug: str
    name: str
    stance: str
    why: str
    open: bool
    epoch: int
    key: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Mistake:
    """What to mend, and where."""

    place: str
    words: str


def letter(
    request: HttpRequest,
    values: Mapping[str, Any],
    *,
    at: datetime,
    typed: QueryDict | None = None,
    errors: Mapping[str, list[str]] | None = None,
    status: int = 200,
) -> HttpResponse:
    """Who will read, what they may have to pass on, her words, and what is kept. Answers stand in hidden fields, so
    that the form is whole however long she writes."""
    facts = forms.read_facts({**values, "needs": list(values.get("needs", ()))})
    found = offer(facts, at=at)
    own, errors = questions.voice(values), errors or {}
    write_name = PROFESSIONAL if own == questions.PRO else WRITE
    context = {
        "here": "professionals" if own == questions.PRO else "write",
        "own": own,
        "action": reverse(write_name),
        "readers": readers(found, own=own, chosen=typed.getlist("partners") if typed and "partners" in typed else None),
        "desk": found.duty_desk,
        "desk_key": to_text(found.duty_desk.public_key) if found.duty_desk else "",
        "can_be_written_to": found.can_be_written_to,
        "emergency": listed(found.emergency, at=at),
        "cards": [] if found.options else listed(found.directory, at=at),
        "cells": listed([f"crip-{facts.departement}"], at=at) if own == questions.PRO else [],
        "carried": hidden(values),
        # The same token again weighs nothing once compressed; a new one would weigh 470 bytes.
        "back": f"{request.GET.get('e') or Answers(LETTER, values).token(at=at)}&{BACK}=1",
        "token": handoffs.new_token(),
        "typed": typed or {},
        "contact": contact_questions(typed, errors, own=own, on=timezone.localdate(at, timezone=PARIS)),
        "professional": professional_questions(typed, errors) if own == questions.PRO else [],
        "errors": mistakes(errors, values=values, at=at),
        "wrong": errors,
        "text_error": place_of("text", errors["text"][0], values=values, at=at).words if "text" in errors else "",
        "within": wording.answer_within(facts.urgency),
        "most": sealing.LONGEST_TEXT,
        "script": bundles.address("writing.js"),
        "salt": to_text(sealing.site_salt()),
        "numbers": numbers(*FIRST),
        "is_danger": own == questions.PRO and facts.danger_now,
    }
    template = "letter_of_a_professional" if own == questions.PRO else "letter"
    return render(request, f"referrals/public/{template}.html", context, status=status)


def readers(found: Offer, *, own: str, chosen: list[str] | None) -> list[Reader]:
    """Associations in the order in which they are asked, ticked unless she unticked them."""
    return [
        Reader(
            slug=option.team.slug,
            name=option.team.name,
            stance=option.stance,
            why=wording.reasons(option.proposal.reasons, voice=own),
            open=option.proposal.open,
            epoch=option.team.epoch,
            key=to_text(option.team.public_key),
            chosen=chosen is None or option.team.slug in chosen,
        )
        for option in found.options
    ]


def listed(slugs: Iterable[str], *, at: datetime) -> list[cards.Card]:
    """Services of the directory by slug, in that order."""
    wanted = list(slugs)
    found = {service.slug: service for service in shown.published(ids=[], slugs=wanted, language=of_the_page())}
    today: date = timezone.localdate(at, timezone=PARIS)
    return [
        cards.card(found[slug], today=today, is_open=cards.is_open_at(found[slug], now=at))
        for slug in wanted
        if slug in found
    ]


def hidden(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Answers as fields of the contract; what was not said is left out."""
    fields = [(name, values[name]) for name in ("referrer", *questions.EVERYTHING) if values.get(name)]
    return [(name, one) for name, said in fields for one in (said if isinstance(said, list) else [said])]


def mistakes(errors: Mapping[str, list[str]], *, values: Mapping[str, Any], at: datetime) -> list[Mistake]:
    """What to mend, each with the field or the question to go to."""
    return [place_of(name, found[0], values=values, at=at) for name, found in errors.items()]


def place_of(name: str, code: str, *, values: Mapping[str, Any], at: datetime) -> Mistake:
    """One mistake in words."""
    step = next((step for step in STEPS if name in questions.FIELDS[step]), None)
    if step is not None:
        return Mistake(
            f"?e={Answers(step, values).token(at=at)}", _("Une réponse n’est pas connue : il faut la reprendre.")
        )
    words = {
        ("text", "required"): _("Il manque le message."),
        ("text", "too_long"): _("Le message est trop long : 7 000 caractères au plus."),
        ("consent", "required"): _("Il faut cocher la case pour envoyer."),
        ("partners", "required"): _("Il faut garder au moins une association."),
        ("partners", "cannot_take"): _(
            "Une des associations ne peut plus prendre ce message : il faut choisir à nouveau."
        ),
        ("partners", "nobody_can_read"): _("Personne ne peut lire pour l’instant. Le texte n’est pas parti."),
        ("token", "expired"): _("Ce message est déjà parti. Les 6 mots permettent de revenir le lire."),
    }
    too_long = _("Un des champs est trop long.")
    return Mistake(f"#f-{name}", words.get((name, code), too_long if code == "too_long" else _("À corriger.")))


def send(request: HttpRequest, *, at: datetime) -> HttpResponse:
    """Seal and submit; then to the page of the code, by an address that a second click leads to as well."""
    forgetting.forget_soon()
    posted = as_posted(request)
    token = posted.get("token", "")
    token = token if TOKEN.fullmatch(token) else handoffs.new_token()
    try:
        send_plain(forms.read_plain(forms.from_posted(posted)), at=at, token=token)
    except InvalidForm as refused:
        return again(request, posted, refused.errors, at=at, status=400)
    except NobodyCanRead:
        return again(request, posted, {"partners": ["nobody_can_read"]}, at=at, status=503)
    return see_other(KEEP, k=token)


def as_posted(request: HttpRequest) -> QueryDict:
    """What was sent, with what the address says; an empty `partners` says that boxes were shown and all unticked."""
    posted = request.POST.copy()
    if "partners" in posted:
        posted.setlist("partners", [slug for slug in posted.getlist("partners") if slug])
    if posted.get("avoid_commune"):
        # A name or a postcode is as good as a code; what nobody knows is refused with the rest.
        with suppress(questions.Unreadable):
            posted["avoid_commune"] = questions.insee_of(posted.get("avoid_commune", ""))
    if not posted.get("referrer"):
        door = questions.DOORS.get(request.GET.get("pour", ""), Referrer.SELF)
        is_professional = request.path == reverse(PROFESSIONAL)
        posted["referrer"] = (Referrer.PROFESSIONAL if is_professional else door).value
    return posted


def again(
    request: HttpRequest, posted: QueryDict, errors: dict[str, list[str]], *, at: datetime, status: int
) -> HttpResponse:
    """The letter with what was typed. It is the answer to the POST, because her words may go into no address and no
    table: the browser's own checks (`required`, `maxlength`) and the script keep this from happening."""
    values: dict[str, Any] = {
        name: list(dict.fromkeys(posted.getlist(name))) if name in forms.LISTS else posted[name]
        for name in ("referrer", *questions.EVERYTHING)
        if name in posted and name not in errors
    }
    if values.get("referrer") not in Referrer.values:
        values["referrer"] = Referrer.SELF.value
    return letter(request, values, at=at, typed=posted, errors=errors, status=status)


# --- the code --------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def keep_code(request: HttpRequest) -> HttpResponse:
    """The code for 15 minutes, two of its words typed back, then a quiet page that holds nothing."""
    given = request.POST if request.method == "POST" else request.GET
    now, token = timezone.now(), given.get("k", "")
    kept = handoffs.take(token, at=now)
    if kept is None or kept.keys().isdisjoint({"code", "urgency"}):
        return envelopes.page(request, "referrals/public/closed.html", {"numbers": numbers(*FIRST)}, status=410)
    if "code" not in kept:
        return envelopes.page(request, "referrals/public/end.html", what_comes(kept))
    code = codes.Code(kept["code"])
    if request.method == "POST":
        return compare(request.POST, code, token=token, at=now)
    context = {
        "words": code.words(),
        "digits": in_groups(code.digits()),
        "token": token,
        "asked": pair_asked(token),
        "is_wrong": "r" in request.GET,
        "minutes": handoffs.MINUTES,
        "numbers": numbers(*FIRST),
    }
    template = "typed_back" if request.GET.get("p") == "2" else "code"
    return envelopes.page(request, f"referrals/public/{template}.html", context)


def compare(posted: QueryDict, code: codes.Code, *, token: str, at: datetime) -> HttpResponse:
    """Whether two of the words are known; then the code is forgotten here."""
    words = code.words().split()
    typed = {place: codes.read_word(codes.fold(posted.get(f"word_{place}", "")).strip()) for place in pair_asked(token)}
    if any(index is None or codes.words()[index] != words[place - 1] for place, (index, _near) in typed.items()):
        return see_other(KEEP, k=token, p="2", r="1")
    handoffs.use_up(token)
    try:
        opened = follow_up.open_with_code(code)
    except follow_up.Unknown:
        return see_other(COME_BACK, p=ERASED)
    after = handoffs.new_token()
    handoffs.leave(after, {"urgency": opened.referral.urgency, "first": first_reader(opened.plan)}, at=at)
    return see_other(KEEP, k=after)


def first_reader(plan: Iterable[follow_up.Step]) -> str:
    """Slug of who has the message now; empty when nobody has."""
    held = {PlanStep.State.WAITING, PlanStep.State.ACKNOWLEDGED}
    return next((step.partner for step in plan if step.state in held), "")


def what_comes(kept: Mapping[str, Any]) -> dict[str, object]:
    """What the last page says: how long the first association has, and numbers."""
    return {"within": wording.answer_within(kept["urgency"]), "numbers": numbers(*FIRST)}


def pair_asked(token: str) -> tuple[int, int]:
    """Two of the six places, as random as the token, and the same ones after a refresh."""
    return PAIRS[hashlib.sha256(token.encode()).digest()[0] % len(PAIRS)]


def in_groups(digits: str) -> str:
    """Twenty digits by fours."""
    return " ".join(digits[start : start + 4] for start in range(0, len(digits), 4))


def see_other(name: str, *, fragment: str = "", **query: str) -> HttpResponse:
    """303 to a page: the browser keeps an address that says nothing, and no form to send twice."""
    address = QueryDict(mutable=True)
    address.update(query)
    target = f"{reverse(name)}?{address.urlencode()}{'#' if fragment else ''}{fragment}"
    return HttpResponseRedirect(target, status=SEE_OTHER)
