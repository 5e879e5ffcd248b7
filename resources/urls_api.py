"""Addresses of what programs may ask, below /api/; none ends with a slash."""

from django.urls import include, path, re_path

from resources import api, hsds, open_data

app_name = "api"
urlpatterns = [
    path("v1/search", api.search_services, name="search"),
    path("v1/needs", api.needs, name="needs"),
    path("v1/communes", api.communes, name="communes"),
    re_path(r"^hsds/?$", hsds.root, name="hsds"),
    path("hsds/", include(hsds.ROUTES)),
    *(path(f"export/{filename}", view, name=filename) for filename, view in open_data.DOWNLOADS.items()),
    path("schema", open_data.schema, name="schema"),
]
