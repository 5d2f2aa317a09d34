"""Each explanation and each part of a score has its words, and what was not asked is not told as
nothing.
"""

import re
from pathlib import Path

from records.access_review.score_parts import PARTS
from records.access_review.templates import NOT_IN_EMERGENCY, TEMPLATES
from records.web.episode_words import (
    PART_WORDS,
    TEMPLATE_WORDS,
    list_tried_templates,
    say_evidence,
    say_part,
)

MIGRATION = Path("records/migrations/0042_access_review.py").read_text()
ORDER = [t.code for t in TEMPLATES]


def test_templates_and_parts_have_words_and_rows() -> None:
    assert set(TEMPLATE_WORDS) == set(ORDER) and set(ORDER) >= NOT_IN_EMERGENCY
    assert set(PART_WORDS) == {p.code for p in PARTS}
    for code in (*ORDER, *PART_WORDS):
        assert re.search(rf"\('{code}', \d+\)", MIGRATION), code


def test_what_comes_after_the_first_hit_was_not_asked() -> None:
    tried = list_tried_templates("author", "a/Observation/1", emergency=False, order=ORDER)
    states = dict(zip(ORDER, (t.state for t in tried), strict=True))
    assert states["encounter"] == "nothing" and states["author"] == "found"
    assert states["hospital"] == "unasked"
    assert next(t.evidence for t in tried if t.state == "found").endswith("1 · a")


def test_in_an_emergency_the_hospitals_visit_was_not_asked() -> None:
    tried = list_tried_templates(None, "", emergency=True, order=ORDER)
    states = dict(zip(ORDER, (t.state for t in tried), strict=True))
    assert states["hospital"] == "unasked" and states["encounter"] == "nothing"
    calm = list_tried_templates(None, "", emergency=False, order=ORDER)
    assert {t.state for t in calm} == {"nothing"}, "the control"


def test_a_template_that_does_not_count_is_not_told() -> None:
    order = [code for code in ORDER if code != "colleague"]
    assert len(list_tried_templates(None, "", emergency=False, order=order)) == len(ORDER) - 1


def test_facts_and_numbers_stand_in_the_words() -> None:
    assert "180" in say_part("volume", "180") and "%" not in say_part("surname", "欧")
    assert say_part("household", "") and say_part("unheard-of", "") == "unheard-of"
    assert "12" in say_evidence("rule/12") and say_evidence("odd") == "odd"
