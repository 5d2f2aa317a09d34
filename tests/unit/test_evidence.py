"""The index's evidence in words: nothing that a decision may say is left as a code."""

from django.utils import translation

from alliance.web.evidence import FIELD, LEVEL, REASON, said
from records.mpi.levels import Levels
from records.mpi.model import standard


def test_every_level_has_words_in_both_languages() -> None:
    table = standard().table
    assert set(table) == set(Levels._fields) == set(FIELD) - {"probability"}
    assert {level for rows in table.values() for level in rows} <= set(LEVEL)
    for language, other in (("zh-hans", "en"), ("en", "zh-hans")):
        for text in (*LEVEL.values(), *FIELD.values(), *REASON.values()):
            with translation.override(language):
                here = str(text)
            with translation.override(other):
                assert str(text) != here, here


def test_how_it_reads() -> None:
    with translation.override("zh-hans"):
        assert [said(c) for c in ("name:same", "birth:day", "probability:1.0000", "probability:0.3930", "held:rivals", "odd", "")] == [
            "姓名: 一致", "出生日期: 日不同", "同一人的概率: > 99.9 %", "同一人的概率: 39.3 %", "另有一个孩子也可能是他", "odd", ""]
