"""Addresses of the pages where somebody writes and comes back, below the language; none says what it is about."""

from django.urls import path

from referrals import views_proposals, views_public, views_return

app_name = "referrals"
urlpatterns = [
    path("ecrire/", views_public.write, name="write"),
    path("pro/ecrire/", views_public.professional, name="professional"),
    path("ecrire/suite/", views_public.keep_code, name="keep_code"),
    path("annuaire/proposer/", views_proposals.suggest, name="suggest"),
    path("annuaire/proposer/suite/", views_proposals.follow, name="proposal"),
    path("annuaire/<slug:public_id>/corriger/", views_proposals.correct, name="correct"),
    path("suivi/", views_return.come_back, name="come_back"),
]
