"""Every address of the site."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path

from config import views
from resources.views import leave

urlpatterns = [
    path("", views.choose_language),
    path("healthz", views.healthz),
    path("readyz", views.readyz),
    path("x", leave, name="leave"),
    path("api/", include("resources.urls_api")),
    *i18n_patterns(path("", include("resources.urls"))),
]

handler500 = views.server_error
