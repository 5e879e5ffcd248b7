"""How the system of an organisation says who it is: `Authorization: Bearer …`, on the addresses that read it only."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from referrals import lifecycle, tokens
from referrals.models import ApiToken, Scope

SCHEME = "bearer"


class BearerToken(BaseAuthentication):
    """Nobody without the header, or with another scheme; an organisation's token in `request.auth` with a good one."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, ApiToken] | None:
        """Who asks. Raises AuthenticationFailed, which never says what is wrong with a token."""
        scheme, _space, shown = request.headers.get("Authorization", "").strip().partition(" ")
        if scheme.lower() != SCHEME:
            return None
        token = tokens.recognise(shown.strip(), on=lifecycle.day_of(timezone.now()))
        if token is None:
            raise AuthenticationFailed
        return AnonymousUser(), token

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002  # given to all
        """What a 401 asks for (RFC 6750 §3)."""
        return "Bearer"


def token_of(request: Request) -> ApiToken | None:
    """The token that was shown; None for anybody."""
    return request.auth if isinstance(request.auth, ApiToken) else None


class AnybodyOrWriter(BasePermission):
    """Nobody needs a token to write; a token that is shown must be one for writing."""

    def has_permission(self, request: Request, view: APIView) -> bool:  # noqa: ARG002  # given to all
        """Whether this request may go on."""
        token = token_of(request)
        return token is None or Scope.WRITE in token.scopes


class Reader(BasePermission):
    """An organisation that may follow what it sent."""

    def has_permission(self, request: Request, view: APIView) -> bool:  # noqa: ARG002  # given to all
        """Whether this request may go on."""
        token = token_of(request)
        return token is not None and Scope.READ in token.scopes


class BearerInSchema(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The same, in the OpenAPI document."""

    target_class = BearerToken
    name = "organisation"

    def get_security_definition(self, auto_schema: object) -> dict[str, Any]:  # noqa: ARG002  # given to all
        """RFC 6750."""
        return {"type": "http", "scheme": SCHEME, "description": "docs/professionals.md"}
