"""Addresses of what programs may ask of the confidential path, below /api/; none ends with a slash."""

from django.urls import path

from referrals import api, api_referrals

app_name = "referrals_api"
urlpatterns = [
    path("v1/routing", api.routing, name="routing"),
    path("v1/sealing", api_referrals.parameters, name="sealing"),
    path("v1/referrals", api_referrals.submit, name="referrals"),
    path("v1/referrals/sent", api_referrals.sent_referrals, name="sent_referrals"),
    path("v1/follow-up/salt", api_referrals.salt, name="follow_up_salt"),
    path("v1/follow-up/open", api_referrals.open_case, name="follow_up_open"),
    path("v1/follow-up/message", api_referrals.write, name="follow_up_message"),
    path("v1/follow-up/withdraw", api_referrals.withdraw, name="follow_up_withdraw"),
]
