"""Criteria are joined without saying a thing twice, and without losing one."""

import datetime as dt

from consent.criteria import ALWAYS, NEVER, Coded, During, Every, No, OfType, Some, Touching, Within, either, less, negated

A, B, C = ((("urn:x", c),) for c in "abc")


def test_one_question_for_all_labels_and_one_for_all_codes() -> None:
    joined = either(Touching(1), Coded(frozenset(A)), OfType(frozenset({"List"})), Touching(4), Coded(frozenset(B)))
    assert joined == Some((OfType(frozenset({"List"})), Touching(5), Coded(frozenset(A + B))))
    assert either(Touching(1), Touching(1)) == Touching(1) and either(Within(1), Within(3), Within(4)) == Some((Within(3), Within(4)))


def test_what_is_denied_anyway_is_said_once() -> None:
    permit = Every((Within(0), No(Some((Touching(1), Coded(frozenset(A)))))))
    wide = Some((Touching(3), Coded(frozenset(A + B))))
    assert less(permit, wide) == Every((Within(0), No(wide)))
    assert less(either(permit, Within(8)), wide) == Every((Within(8), No(wide))), "Within(0), bare now, is in the wider one"
    for narrow in (Some((Touching(2), Coded(frozenset(A + B)))), Coded(frozenset(A + B)), Some((Touching(3), Coded(frozenset(C))))):
        assert less(permit, narrow) == Every((*permit.parts, No(narrow))), "it keeps out more than is denied"
    dated = During(dt.datetime(2020, 1, 1), dt.datetime(2021, 1, 1))
    assert less(Every((Within(0), No(dated))), dated) == Every((Within(0), No(dated))) and less(permit, NEVER) == permit
    assert less(ALWAYS, dated) == No(dated) and less(Within(0), ALWAYS) == NEVER and negated(ALWAYS) == NEVER
