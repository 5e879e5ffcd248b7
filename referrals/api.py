"""What programs may ask of the confidential path (contract.md §3 and §4)."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view, parser_classes, permission_classes
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from referrals.models import AgeBand, Partner, Referrer, Urgency
from referrals.orientation import Orientation, orient
from referrals.routing import MOST_NEEDS, MOST_PROPOSALS, UNKNOWN, InvalidFacts, Proposal, read_facts
from resources import fitting
from resources.api import ShallowJSON
from resources.vocabulary import DEPARTEMENTS, Gender, Need


def sent(request: Request) -> object:
    """The JSON that a program sent; None when it sent nothing or too much. Raises ParseError."""
    try:
        return None if request.stream is None else request.data
    except RequestDataTooBig:
        return None


def refusal(errors: dict[str, list[str]]) -> Response:
    """The fields that are wrong, never their values."""
    return Response({"errors": errors}, status=400)


# --- routing -------------------------------------------------------------------------------------------------------


class RoutingQuestion(serializers.Serializer[Any]):
    """What routing needs to know; a member that is absent counts as not said. Nothing of it is kept."""

    referrer = serializers.ChoiceField(Referrer.choices, default=Referrer.SELF)
    age_band = serializers.ChoiceField(AgeBand.choices, default=AgeBand.UNKNOWN, help_text="Inconnu : mineur.")
    gender = serializers.ChoiceField([*Gender.values, UNKNOWN], default=UNKNOWN)
    departement = serializers.ChoiceField(list(DEPARTEMENTS), allow_null=True, default=None)
    avoid_commune = serializers.CharField(allow_null=True, default=None, help_text="Code INSEE d’Île-de-France.")
    needs = serializers.ListField(
        child=serializers.ChoiceField(Need.choices), max_length=MOST_NEEDS, default=[Need.ECOUTE.value]
    )
    language = serializers.CharField(default="fr", help_text="ISO 639-1.")
    urgency = serializers.ChoiceField(Urgency.choices, default=Urgency.DAY)
    danger_now = serializers.BooleanField(default=False)
    at = serializers.DateTimeField(required=False, help_text="ISO 8601 ; sans décalage : heure de Paris.")


class ProposalAnswer(serializers.Serializer[Proposal]):
    """A partner that can take the person."""

    partner = serializers.CharField()
    name = serializers.CharField()
    reasons = serializers.ListField(child=serializers.CharField())
    fallback = serializers.BooleanField(help_text="Vrai pour un dernier recours.")
    open = serializers.BooleanField(help_text="Horaires inconnus : faux.")


class RoutingAnswer(serializers.Serializer[Orientation]):
    """Numbers, partners and services, best first; `emergency` and `directory` are slugs of the directory."""

    emergency = serializers.ListField(child=serializers.CharField())
    proposals = serializers.ListField(child=ProposalAnswer(), max_length=MOST_PROPOSALS)
    directory = serializers.ListField(child=serializers.CharField(), max_length=fitting.MOST)
    unmet = serializers.ChoiceField(["no_partner"], allow_null=True)


@extend_schema(
    operation_id="routing",
    request=RoutingQuestion,
    responses=RoutingAnswer,
    examples=[
        OpenApiExample(
            "Une jeune fille", {"age_band": "15-17", "gender": "female", "departement": "93"}, request_only=True
        )
    ],
)
@api_view(["POST"])
@permission_classes([AllowAny])
@parser_classes([ShallowJSON])
def routing(request: Request) -> Response:
    """Who can take a person, in which order and why. The facts are used and forgotten."""
    try:
        facts = read_facts(sent(request))
    except InvalidFacts as invalid:
        return refusal(invalid.errors)
    oriented = orient(facts, Partner.objects.all(), now=timezone.now())
    return Response(
        {
            "emergency": oriented.emergency,
            "proposals": [as_json(proposal) for proposal in oriented.proposals],
            "directory": oriented.directory,
            "unmet": oriented.unmet,
        }
    )


def as_json(proposal: Proposal) -> dict[str, Any]:
    """One proposal as contract.md §4 shapes it."""
    return {
        "partner": proposal.partner,
        "name": proposal.name,
        "reasons": proposal.reasons,
        "fallback": proposal.fallback,
        "open": proposal.open,
    }
