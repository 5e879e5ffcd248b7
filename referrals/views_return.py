"""Coming back with six words: what became of the message, the answers, more words, and the end of everything."""

from contextlib import suppress
from datetime import datetime

from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from referrals import bundles, codes, envelopes, follow_up, forgetting, forms, handoffs, lifecycle, sealing, wording
from referrals.forms import InvalidForm
from referrals.models import PlanStep, Referral
from referrals.moments import answer_at_a_fixed_moment
from referrals.wire import to_text
from resources.numbers import FIRST, numbers

COME_BACK = "referrals:come_back"
LONGEST_TYPED = 80
ERASED, ASK_TO_ERASE, SENT = "4", "2", "3"


@require_http_methods(["GET", "HEAD", "POST"])
@bundles.may_seal
def come_back(request: HttpRequest) -> HttpResponse:
    """A code in, by POST; what it opens out, at an address that says nothing and lasts 15 minutes."""
    now = timezone.now()
    if request.method == "POST":
        answer_at_a_fixed_moment(request)
        return ACTS.get(request.POST.get("do", ""), typed_code)(request, at=now)
    if request.GET.get("p") == ERASED:
        return envelopes.page(request, "referrals/public/erased.html", {"numbers": numbers(*FIRST)})
    if "k" not in request.GET:
        return render(request, "referrals/public/come_back.html", empty_form())
    answer_at_a_fixed_moment(request)
    kept = handoffs.take(request.GET["k"], at=now)
    if kept is None or "typed" not in kept:
        return ask(request, is_over=True)
    return opened(request, kept["typed"], token=request.GET["k"])


def typed_code(request: HttpRequest, *, at: datetime) -> HttpResponse:
    """The same 303 for anything that is typed: it is read on the next page, and stands in no session file."""
    forgetting.forget_soon()
    typed = " ".join(request.POST.get("code", "").split())[:LONGEST_TYPED]
    token = handoffs.new_token()
    # Letters beyond the basic plane are no part of any code, and would need too much room.
    handoffs.leave(token, {"typed": "".join(letter for letter in typed if letter <= "\uffff")}, at=at)
    return see(token)


def see(token: str, *, page: str = "") -> HttpResponse:
    """303 to the page of a token."""
    address = QueryDict(mutable=True)
    address.update({"k": token, **({"p": page} if page else {})})
    return HttpResponse(status=303, headers={"Location": f"{reverse(COME_BACK)}?{address.urlencode()}"})


def empty_form() -> dict[str, object]:
    """The form for a code, as everybody sees it first: light, and like any public page."""
    return {
        "here": "come_back",
        "minutes": handoffs.MINUTES,
        "numbers": numbers(*FIRST),
        "script": bundles.address("returning.js"),
        "salt": to_text(sealing.site_salt()),
        "states": [(state.value, wording.state(state)) for state in PlanStep.State],
        "statuses": [
            *((status.value, *wording.status(status)) for status in Referral.Status),
            ("last", *wording.status(Referral.Status.WAITING, is_with_the_last=True)),
        ],
        "most": sealing.LONGEST_TEXT,
    }


def ask(
    request: HttpRequest, *, is_over: bool = False, typed: str = "", error: str = "", slips: tuple[str, ...] = ()
) -> HttpResponse:
    """The form again, with what to mend in it."""
    mended = {"typed": typed, "error": error, "slips": slips, "is_over": is_over}
    return envelopes.page(request, "referrals/public/come_back.html", {**empty_form(), **mended})


def opened(request: HttpRequest, typed: str, *, token: str) -> HttpResponse:
    """What a code opens; for a code that nobody has, the form again, as long and as late."""
    try:
        code = codes.read_code(typed)
    except codes.BadCode as bad:
        return ask(request, typed=typed, error=what_is_wrong(bad), slips=slips_in_words(bad))
    try:
        found = follow_up.open_with_code(code)
    except follow_up.Unknown:
        return ask(request, typed=typed, error=_("On ne trouve rien avec ce code."), slips=how_to_look())
    return case(request, found, token=token)


def case(
    request: HttpRequest, found: follow_up.FollowUp, *, token: str, typed: str = "", error: str = "", status: int = 200
) -> HttpResponse:
    """Where it stands, who has it, what was said, and a field for more."""
    is_last = all(step.state != PlanStep.State.PLANNED for step in found.plan)
    title, then = wording.status(found.status, is_with_the_last=is_last)
    context = {
        "here": "come_back",
        "title": title,
        "then": then,
        "found": found,
        "plan": [(step, wording.state(step.state)) for step in found.plan],
        "messages": found.messages,
        "may_write": found.status in Referral.OPEN,
        "is_new_needed": found.status == Referral.Status.EXHAUSTED or found.key_lost,
        "token": token,
        "reply_token": handoffs.new_token(),
        "is_sent": request.GET.get("p") == SENT,
        "is_asking": request.GET.get("p") == ASK_TO_ERASE,
        "typed": typed,
        "error": error,
        "most": sealing.LONGEST_TEXT,
        "minutes": handoffs.MINUTES,
        "numbers": numbers(*FIRST),
    }
    template = "erase" if context["is_asking"] else "case"
    return envelopes.page(request, f"referrals/public/{template}.html", context, status=status)


def code_of(request: HttpRequest, *, at: datetime) -> codes.Code | None:
    """The code behind the token of a form; None when the quarter of an hour is over."""
    kept = handoffs.take(request.POST.get("k", ""), at=at)
    if kept is None or "typed" not in kept:
        return None
    try:
        return codes.read_code(kept["typed"])
    except codes.BadCode:
        return None


def write_again(request: HttpRequest, *, at: datetime) -> HttpResponse:
    """Add words, once however often the button is touched."""
    token, code = request.POST.get("k", ""), code_of(request, at=at)
    if code is None:
        return ask(request, is_over=True)
    try:
        text = forms.read_text(request.POST)
        with transaction.atomic():
            if handoffs.leave(request.POST.get("token", "") or handoffs.new_token(), {"sent": 1}, at=at):
                follow_up.write(code, text, at=at)
    except InvalidForm as refused:
        return mend(request, code, refused.errors["text"][0], token=token)
    except (lifecycle.AlreadyHandled, lifecycle.WrongAddressees):
        return mend(request, code, "meanwhile", token=token)
    except (lifecycle.Ended, follow_up.Unknown):
        return see(token)
    return see(token, page=SENT)


def mend(request: HttpRequest, code: codes.Code, problem: str, *, token: str) -> HttpResponse:
    """The exchange with what was typed."""
    words = {
        "required": _("Il manque le message."),
        "meanwhile": _("Ça n’a pas marché. On peut réessayer dans un moment."),
    }.get(problem, _("Le message est trop long : 7 000 caractères au plus."))
    try:
        found = follow_up.open_with_code(code)
    except follow_up.Unknown:
        return see(token)
    return case(request, found, token=token, typed=request.POST.get("text", ""), error=words, status=400)


def erase(request: HttpRequest, *, at: datetime) -> HttpResponse:
    """Erase everything at once, once she has confirmed."""
    code = code_of(request, at=at)
    if code is None:
        return ask(request, is_over=True)
    # Erased by another click: it is gone all the same.
    with suppress(follow_up.Unknown, lifecycle.Ended):
        follow_up.withdraw(code)
    handoffs.end(request.POST.get("k", ""))
    return HttpResponse(status=303, headers={"Location": f"{reverse(COME_BACK)}?p={ERASED}"})


def close(request: HttpRequest, *, at: datetime) -> HttpResponse:  # noqa: ARG001  # one of the acts of the page
    """Forget the page of an exchange before its time: she closes it, left it alone, or left by Quitter."""
    handoffs.end(request.POST.get("k", ""))
    return HttpResponse(status=303, headers={"Location": reverse(COME_BACK)})


ACTS = {"write": write_again, "erase": erase, "close": close}


# --- slips -----------------------------------------------------------------------------------------------------------


def what_is_wrong(bad: codes.BadCode) -> str:
    """Why it is no code, without repeating it."""
    if bad.slips:
        return ngettext("Un mot n’est pas dans la liste.", "Des mots ne sont pas dans la liste.", len(bad.slips))
    if not bad.count:
        return _("Il faut écrire les 6 mots, ou les 20 chiffres.")
    return _("Il faut 6 mots, ou 20 chiffres. Il en manque peut-être.")


def slips_in_words(bad: codes.BadCode) -> tuple[str, ...]:
    """One line a slip: which word, and which was perhaps meant."""
    return tuple(
        _("Mot nº %(place)s : peut-être « %(word)s » ?") % {"place": slip.position, "word": slip.meant}
        if slip.meant
        else _("Mot nº %(place)s : ce mot n’existe pas dans nos codes.") % {"place": slip.position}
        for slip in bad.slips
    )


def how_to_look() -> tuple[str, ...]:
    """Where slips hide when every word is in the list."""
    return (
        _("Les mots sont-ils dans le bon ordre ?"),
        _("Un mot a-t-il été noté à la place d’un autre ?"),
        _("Si tout est juste : le message a été effacé, ou le temps de le garder est passé."),
    )
