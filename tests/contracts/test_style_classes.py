"""A class means one thing: what one component's style sheet lays out, no other lays out as well.
Two of them had called their own things `waiting`, and what waits for a clerk lay under the page's
head.
"""

import re
from collections import defaultdict

from tests.support.sources import ROOT

CSS = ROOT / "alliance/web/static/xinglin/css"
# What changes others' components for paper, narrow screens, and small windows between them.
FOR_ALL = {"print.css", "screens.css", "dark.css", "dense.css"}
SHARED = {"banner"}  # words of a patient, which break anywhere
RULE = re.compile(r"(?:^|[},])\s*\.([a-z][\w-]*)\s*(?=,|\{)")


def test_a_class_is_laid_out_by_one_component() -> None:
    sheets: dict[str, set[str]] = defaultdict(set)
    for path in CSS.glob("*.css"):
        if path.name not in FOR_ALL:
            text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
            for name in RULE.findall(text):
                sheets[name].add(path.name)
    assert len(sheets) > 80 and sheets["waiting"] == {"waiting.css"}, "the control"
    assert {n: s for n, s in sheets.items() if len(s) > 1 and n not in SHARED} == {}
