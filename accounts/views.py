"""The pages about one's own account where allauth has none, or not ours: invitation, lock, first second factor."""

from allauth.account.adapter import get_adapter
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.views import ActivateTOTPView
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from allauth.mfa.webauthn.views import AddWebAuthnView
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import invitations, stay
from accounts.forms import FirstPassword
from accounts.gate import open_while_locked

INVITATION = "invitation"


@login_not_required
@require_safe
def open_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the mail: the token moves into the session, out of the address."""
    if request.user.is_authenticated:
        logout(request)
    request.session[INVITATION] = token
    return redirect("accept_invitation")


@login_not_required
@sensitive_post_parameters()
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
def accept_invitation(request: HttpRequest) -> HttpResponse:
    """Choose a password; the next page asks for a second factor."""
    try:
        invitation = invitations.find(str(request.session.get(INVITATION, "")))
        form = FirstPassword(request.POST if request.method == "POST" else None, user=invitation.user)
        if not form.is_valid():
            return render(request, "account/invitation.html", {"form": form, "email": invitation.user.email})
        user = invitations.accept(invitation, password=form.cleaned_data["password1"])
    except invitations.NoLongerValid:
        return render(request, "account/invitation_over.html", status=410)
    request.session.flush()
    get_adapter(request).login(request, user)
    return redirect("mfa_index")


@open_while_locked
@require_POST
def lock(request: HttpRequest) -> HttpResponse:
    """Lock the screen: only the password, or the second factor, opens it."""
    stay.lock(request.session)
    return redirect("account_reauthenticate")


@require_POST
def still_here(_request: HttpRequest) -> HttpResponse:
    """Somebody types or reads: the gate, which every request passes, has noted it."""
    return HttpResponse(status=204)


class SetUpCode(ActivateTOTPView):
    """A telephone that makes codes; the first code has just been checked, so the factor was used."""

    def form_valid(self, form: ActivateTOTPForm) -> HttpResponse:
        """Keep it, and open the gate."""
        response: HttpResponse = super().form_valid(form)
        stay.prove(self.request)
        return response


class SetUpKey(AddWebAuthnView):
    """A passkey; it has just signed, so the factor was used."""

    def form_valid(self, form: AddWebAuthnForm) -> HttpResponse:
        """Keep it, and open the gate."""
        response: HttpResponse = super().form_valid(form)
        stay.prove(self.request)
        return response
