"""Where an entry comes from, in HTML of its own making: everything of a sender is text."""

import datetime as dt
from dataclasses import replace

from django.utils.translation import override

from alliance.models import Hospital
from records.meaning.code_words import CodeWords
from records.web.provenance import render_provenance
from records.web.resource_display import DisplayLine

A = Hospital(pk=1, code="a", name_zh="甲院", name_en="A <b>")
AT = dt.datetime(2026, 11, 21, 23, 30, tzinfo=dt.UTC)


def test_hospital_time_and_codes_stand_there_as_text() -> None:
    with override("en"):
        bare = DisplayLine("x", A)
        assert render_provenance(bare) == "A &lt;b&gt;"
        line = replace(bare, received=AT)
        assert "2026-11-22 07:30" in render_provenance(line), "on the hospital's clock"
        assert "Text alone, without a code" in render_provenance(line)
        own = CodeWords("urn:his", "<i>1</i>", "二<script>", False)
        shown = render_provenance(replace(line, codes=(own,)))
        assert "&lt;i&gt;1&lt;/i&gt;" in shown and "<script" not in shown
        assert "own code, not mapped" in shown
        loinc = CodeWords("LOINC", "2823-3", "K", True)
        assert "Standard code" in render_provenance(replace(line, codes=(own, loinc)))
