"""The page of last resort works when little else does."""

from django.test import RequestFactory

from config import assets, views


def test_the_error_page_needs_no_database() -> None:
    # pytest-django refuses every query of a test that did not ask for the database.
    response = views.server_error(RequestFactory().get("/fr/"))
    page = response.content.decode()

    assert response.status_code == 500
    assert assets.style() in page
    assert 'id="quitter"' in page
    assert 'href="tel:17"' in page
