"""Every address of the site."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path

from config import demo_mail, staff, styleguide, views
from resources.views import leave

urlpatterns = [
    path("", views.choose_language),
    path("healthz", views.healthz),
    path("readyz", views.readyz),
    path("x", leave, name="leave"),
    path("api/", include("resources.urls_api")),
    path("api/", include("referrals.urls_api")),
    path("espace/", staff.home, name="staff_home"),
    path("espace/", include("accounts.urls")),
    path("espace/", include("referrals.urls_staff")),
    path("espace/", include("resources.urls_staff")),
    # annuaire/proposer/ before the short ids of services.
    *i18n_patterns(path("", include("referrals.urls")), path("", include("resources.urls"))),
]

if settings.DEMO:
    urlpatterns.insert(0, path("espace/courrier-demo/", demo_mail.mails, name="demo_mail"))

if settings.DEMO or settings.DEBUG:
    guides = [
        path("styleguide/", styleguide.guide(styleguide.PUBLIC, "styleguide/public.html"), name="styleguide"),
        path(
            "styleguide/espace/", styleguide.guide(styleguide.STAFF, "styleguide/staff.html"), name="styleguide_staff"
        ),
    ]
    urlpatterns[:0] = i18n_patterns(*guides)

handler400 = views.bad_request
handler404 = staff.not_found
handler500 = views.server_error
