"""The index's evidence in words: nothing that a decision may say is left as a code."""

from django.utils import translation

from records.mpi.matching.comparison_levels import ComparisonLevels, compare_profiles
from records.mpi.matching.linkage_model import release_model
from records.mpi.matching.profile import Demographics, build_profile
from records.web.match_evidence import (
    EVIDENCE_FIELDS,
    EVIDENCE_LEVELS,
    EVIDENCE_REASONS,
    describe_evidence,
)
from records.web.registration_display import build_comparison_lines


def test_every_level_has_words_in_both_languages() -> None:
    table = release_model().table
    assert set(table) == set(ComparisonLevels._fields) == set(EVIDENCE_FIELDS) - {"probability"}
    assert {level for rows in table.values() for level in rows} <= set(EVIDENCE_LEVELS)
    for language, other in (("zh-hans", "en"), ("en", "zh-hans")):
        for text in (
            *EVIDENCE_LEVELS.values(),
            *EVIDENCE_FIELDS.values(),
            *EVIDENCE_REASONS.values(),
        ):
            with translation.override(language):
                here = str(text)
            with translation.override(other):
                assert str(text) != here, here


def test_how_it_reads() -> None:
    with translation.override("zh-hans"):
        assert [
            describe_evidence(c)
            for c in (
                "name:same",
                "birth:day",
                "probability:1.0000",
                "probability:0.3930",
                "held:rivals",
                "odd",
                "",
            )
        ] == [
            "姓名：一致",
            "出生日期：日不同",
            "同一人的概率：> 99.9 %",
            "同一人的概率：39.3 %",
            "另有一名儿童也可能是同一人",
            "odd",
            "",
        ]


def test_side_by_side_each_field_has_its_own_level() -> None:
    one, two = (
        Demographics(name="司马长风", gender="male", birth="1948-11-05", phone="13900001111"),
        Demographics(name="司马长风", gender="female", birth="1948-11-15", phone="13900001111"),
    )
    said = {
        line.field: (line.level, line.kind)
        for line in build_comparison_lines(
            one, two, compare_profiles(build_profile(one), build_profile(two))
        )
    }
    assert said == {
        "name": ("same", "same"),
        "sex": ("differ", "differ"),
        "birth": ("day", "near"),
        "phone": ("same", "same"),
    }
