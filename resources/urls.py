"""Addresses of the public pages, below the language."""

from django.urls import path

from resources import views, views_checks, views_leaflets, views_pages

app_name = "resources"
urlpatterns = [
    path("", views.home, name="home"),
    path("urgence/", views.emergency, name="emergency"),
    path("urgence/garder/", views_leaflets.keep_numbers, name="keep_numbers"),
    path("annuaire/", views.directory, name="directory"),
    path("annuaire/pdf/", views_leaflets.leaflet, name="leaflet"),
    path("annuaire/cartes/", views_leaflets.pocket_cards, name="cards"),
    path("annuaire/garder/", views_leaflets.keep_addresses, name="keep"),
    path("annuaire/confirmer/<str:token>/", views_checks.owner, name="owner"),
    path("annuaire/<slug:public_id>/", views.service, name="service"),
    path("annuaire/<slug:public_id>/vcard/", views.vcard, name="vcard"),
    path("annuaire/<slug:public_id>/pdf/", views_leaflets.sheet, name="sheet"),
    path("comprendre/", views_pages.explanations, name="explained"),
    path("comprendre/<slug:slug>/", views_pages.explanation, name="explained_page"),
    path("pro/", views.professionals, name="professionals"),
    path("donnees/", views.open_data, name="open_data"),
    path("donnees/qualite/", views.quality_of_data, name="quality"),
    path("mentions-legales/", views.legal, name="legal"),
    path("confidentialite/", views.privacy, name="privacy"),
    path("accessibilite/", views.accessibility, name="accessibility"),
    path("traces/", views.traces, name="traces"),
]
