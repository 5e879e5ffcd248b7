"""What a page may hold, and what becomes of it as HTML."""

import pytest

from resources import prose
from resources.prose import NotAllowed
from resources.tongues import spaced

HOSTILE = """<script>alert(1)</script> <b>gras</b> [a](javascript:alert(1)) [b](data:text/html,x) ![i](https://a.fr/b.png)
<https://a.fr> `code` &lt;i&gt;

> citation
"""


def nothing(_row: tuple[prose.Named, ...]) -> str:
    """No way in is known."""
    return ""


def test_headings_lists_emphasis_and_links_become_html() -> None:
    text = "## Un titre\n\n- un **mot**\n- [ici](/urgence/)\n\n1. [là](https://exemple.fr/a)"

    assert prose.render(text, language="ar", put=nothing) == (
        '<h2>Un titre</h2>\n<ul>\n<li>un <strong>mot</strong></li>\n<li><a href="/ar/urgence/">ici</a></li>\n</ul>\n'
        '<ol>\n<li><a href="https://exemple.fr/a" rel="noreferrer nofollow">là</a></li>\n</ol>\n'
    )


def test_nothing_else_becomes_html() -> None:
    shown = prose.render(HOSTILE, language="en", put=nothing)

    assert [
        tag for tag in ("<script", "<b>", "<img", "<code", "<blockquote", 'javascript:alert(1)"') if tag in shown
    ] == []
    assert "&lt;script&gt;" in shown
    assert "&amp;lt;i&amp;gt;" in shown


def test_a_link_that_was_never_allowed_leads_nowhere() -> None:
    assert prose.render("[a](http://a.fr) [b](//a.fr)", language="fr", put=nothing) == (
        '<p><a href="#">a</a> <a href="#">b</a></p>\n'
    )


def test_signs_and_figures_are_not_parted_from_what_they_belong_to() -> None:
    text = "Tu dis « oui » ? Non ! Avant 22 h, moins de 18 ans, 01 99 00 00 77, à 2 pas"

    assert spaced(text).replace("\u00a0", "~") == (
        "Tu dis «~oui~»~? Non~! Avant 22~h, moins de 18~ans, 01~99~00~00~77, à 2 pas"
    )


def test_services_are_named_on_lines_of_their_own() -> None:
    text = "Avant.\n\n{numero:ligne-a|Jour et nuit}\n{site:ligne-b}\n\nAprès.\n{numero:ligne-c}"

    assert list(prose.blocks(text)) == [
        "Avant.\n",
        (prose.Named("numero", "ligne-a", "Jour et nuit"), prose.Named("site", "ligne-b", "")),
        "\nAprès.",
        (prose.Named("numero", "ligne-c", ""),),
    ]
    assert prose.slugs(text) == {"ligne-a", "ligne-b", "ligne-c"}


@pytest.mark.parametrize(
    "text",
    [
        "# Trop grand",
        "#### Trop petit",
        "[ici](http://exemple.fr)",
        "[ici](//exemple.fr)",
        "[ici](/nulle-part/)",
        "[ici](/espace/)",
        "[ici](tel:119)",
        "Appelle le 01 99 00 00 00.",
        "Appelle le 0199000000.",
        "Appelle le 01.99.00.00.00.",
        "Écris à lea@exemple.fr.",
        "Va sur www.exemple.fr.",
        "Va sur https://exemple.fr.",
        "Appelle {numero:ligne-a} vite.",
        "{telephone:ligne-a}",
    ],
)
def test_what_a_page_may_not_hold_is_refused(text: str) -> None:
    with pytest.raises(NotAllowed):
        prose.check(text)


@pytest.mark.parametrize(
    "text", ["Article 225-12-1, 75 000 €", "[ici](/annuaire/?need=n4)", "[ici](https://exemple.fr)"]
)
def test_what_a_page_may_hold_is_let_through(text: str) -> None:
    prose.check(text)
