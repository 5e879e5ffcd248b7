"""Addresses of the directory's desk below /espace/; the gate of accounts/ stands before all of them."""

from django.urls import path

from resources import views_checks, views_desk, views_pages_desk, views_translations

app_name = "directory_desk"

urlpatterns = [
    path("annuaire/", views_desk.queue, name="queue"),
    path("annuaire/propositions/<int:pk>/", views_desk.proposal, name="proposal"),
    path("annuaire/propositions/<int:pk>/accord/", views_desk.approve, name="approve"),
    path("annuaire/propositions/<int:pk>/refus/", views_desk.refuse, name="refuse"),
    path("annuaire/propositions/<int:pk>/avis/", views_desk.ask_second, name="ask_second"),
    path("annuaire/propositions/<int:pk>/corriger/", views_desk.amend, name="amend"),
    path("annuaire/propositions/<int:pk>/reprendre/", views_desk.take_over, name="take_over"),
    path("annuaire/verifications/", views_checks.due, name="checks"),
    path("annuaire/verifications/feuille/", views_checks.sheet, name="sheet"),
    path("annuaire/qualite/", views_checks.quality_view, name="quality"),
    path("annuaire/organismes/", views_checks.affiliations, name="affiliations"),
    path("annuaire/pages/", views_pages_desk.listed, name="pages"),
    path("annuaire/pages/<slug:slug>/", views_pages_desk.page, name="page"),
    path("annuaire/pages/<slug:slug>/modifier/", views_pages_desk.change, name="change_page"),
    path(
        "annuaire/pages/<slug:slug>/retour/<int:number>/<slug:field>/",
        views_pages_desk.bring_back,
        name="bring_back_page",
    ),
    path("annuaire/traductions/", views_translations.languages, name="languages"),
    path("annuaire/traductions/<slug:language>/", views_translations.translated, name="translations"),
    path(
        "annuaire/traductions/<slug:language>/pages/<slug:slug>/",
        views_translations.translate_page,
        name="translate_page",
    ),
    path(
        "annuaire/traductions/<slug:language>/fiches/<slug:public_id>/",
        views_translations.translate_service,
        name="translate_service",
    ),
    path("annuaire/fiches/", views_desk.services, name="services"),
    path("annuaire/fiches/<slug:public_id>/", views_desk.service, name="service"),
    path("annuaire/fiches/<slug:public_id>/corriger/", views_desk.propose, name="propose"),
    path("annuaire/fiches/<slug:public_id>/publier/", views_desk.publish, name="publish"),
    path("annuaire/fiches/<slug:public_id>/retirer/", views_desk.hide, name="hide"),
    path("annuaire/fiches/<slug:public_id>/fusion/", views_desk.merge, name="merge"),
    path("annuaire/fiches/<slug:public_id>/verifier/", views_checks.check, name="check"),
    path("annuaire/fiches/<slug:public_id>/lien/", views_checks.owner_link, name="owner_link"),
    path(
        "annuaire/fiches/<slug:public_id>/retour/<int:number>/<slug:field>/", views_desk.bring_back, name="bring_back"
    ),
]
