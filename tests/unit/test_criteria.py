"""Criteria are joined without saying a thing twice, and without losing one."""

import datetime as dt

from consent.criteria import (
    ALWAYS,
    NEVER,
    AllOf,
    AnyOf,
    DatedWithin,
    HasAnyCode,
    HasAnyLabel,
    LabelsWithin,
    Not,
    OfType,
    and_not,
    not_,
    or_,
)

A, B, C = ((("urn:x", c),) for c in "abc")


def test_one_question_for_all_labels_and_one_for_all_codes() -> None:
    joined = or_(
        HasAnyLabel(1),
        HasAnyCode(frozenset(A)),
        OfType(frozenset({"List"})),
        HasAnyLabel(4),
        HasAnyCode(frozenset(B)),
    )
    assert joined == AnyOf(
        (OfType(frozenset({"List"})), HasAnyLabel(5), HasAnyCode(frozenset(A + B)))
    )
    assert or_(HasAnyLabel(1), HasAnyLabel(1)) == HasAnyLabel(1) and or_(
        LabelsWithin(1), LabelsWithin(3), LabelsWithin(4)
    ) == AnyOf((LabelsWithin(3), LabelsWithin(4)))


def test_what_is_denied_anyway_is_said_once() -> None:
    permit = AllOf((LabelsWithin(0), Not(AnyOf((HasAnyLabel(1), HasAnyCode(frozenset(A)))))))
    wide = AnyOf((HasAnyLabel(3), HasAnyCode(frozenset(A + B))))
    assert and_not(permit, wide) == AllOf((LabelsWithin(0), Not(wide)))
    assert and_not(or_(permit, LabelsWithin(8)), wide) == AllOf((LabelsWithin(8), Not(wide))), (
        "Within(0), bare now, is in the wider one"
    )
    for narrow in (
        AnyOf((HasAnyLabel(2), HasAnyCode(frozenset(A + B)))),
        HasAnyCode(frozenset(A + B)),
        AnyOf((HasAnyLabel(3), HasAnyCode(frozenset(C)))),
    ):
        assert and_not(permit, narrow) == AllOf((*permit.parts, Not(narrow))), (
            "it keeps out more than is denied"
        )
    dated = DatedWithin(dt.datetime(2020, 1, 1), dt.datetime(2021, 1, 1))
    assert (
        and_not(AllOf((LabelsWithin(0), Not(dated))), dated) == AllOf((LabelsWithin(0), Not(dated)))
        and and_not(permit, NEVER) == permit
    )
    assert (
        and_not(ALWAYS, dated) == Not(dated)
        and and_not(LabelsWithin(0), ALWAYS) == NEVER
        and not_(ALWAYS) == NEVER
    )
