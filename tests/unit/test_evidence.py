"""The index's evidence in words: nothing that a decision may say is left as a code."""

from django.utils import translation

from alliance.web.evidence import FIELD, LEVEL, REASON, said
from records.mpi.levels import Levels, compare
from records.mpi.model import standard
from records.mpi.profile import Words, profile
from records.web.sides import lines


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
            "姓名：一致", "出生日期：日不同", "同一人的概率：> 99.9 %", "同一人的概率：39.3 %", "另有一个孩子也可能是他", "odd", ""]


def test_side_by_side_each_field_has_its_own_level() -> None:
    one, two = Words(name="司马长风", gender="male", birth="1948-11-05", phone="13900001111"), Words(name="司马长风", gender="female", birth="1948-11-15", phone="13900001111")
    said = {line.field: (line.level, line.kind) for line in lines(one, two, compare(profile(one), profile(two)))}
    assert said == {"name": ("same", "same"), "sex": ("differ", "differ"), "birth": ("day", "near"), "phone": ("same", "same")}
