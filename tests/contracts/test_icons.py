"""Icons are drawings for the eye: of one stroke, hidden from screen readers, beside words."""

import re

import pytest
from django.template import Context, Template

from alliance.web.templatetags.icons import DOCUMENT_ICONS, ICONS, document_icon
from tests.support.sources import ROOT, TEMPLATES

USED = re.compile(r'\{% icon "([a-z]+)" %\}')


def draw(name: str) -> str:
    return Template(f'{{% icon "{name}" %}}').render(Context())


@pytest.mark.parametrize("name", sorted(ICONS))
def test_a_drawing_is_hidden_from_screen_readers_and_takes_the_colour_of_its_words(
    name: str,
) -> None:
    drawn = draw(name)
    assert "<path" in drawn or "<circle" in drawn
    assert 'aria-hidden="true"' in drawn and 'viewBox="0 0 20 20"' in drawn
    assert not re.search(r"fill=|stroke=|style=|<script|href=", drawn), "the style sheet says it"
    numbers = [float(n) for n in re.findall(r"\d+(?:\.\d+)?", drawn)]
    assert max(numbers) <= 20


def test_the_style_draws_all_with_one_stroke_in_the_colour_of_the_text() -> None:
    css = (ROOT / "alliance/web/static/xinglin/css/icons.css").read_text()
    assert "stroke: currentcolor" in css and css.count("stroke-width") == 1


def test_icons_that_pages_use_are_drawn_and_no_other() -> None:
    used = {name for path in TEMPLATES for name in USED.findall(path.read_text())}
    assert used | set(DOCUMENT_ICONS.values()) == set(ICONS)


def test_a_name_that_is_none_is_told() -> None:
    with pytest.raises(KeyError):
        draw("nothing")


def test_documents_have_one_by_their_type() -> None:
    assert document_icon("a/ImagingStudy/1") == "image"
    assert document_icon("https://x/fhir/a/Composition/1") == "document"
    assert document_icon("a/Encounter/1") == "" == document_icon("")
