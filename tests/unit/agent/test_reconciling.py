"""What the agent compares, and says of it: sums, buckets that differ, sentences, and when."""

from __future__ import annotations

import configparser
import time
from types import SimpleNamespace

import pytest

from records.agent import digest_sums, reconcile
from records.agent.reconcile import DayDifference, Lacking, Reconciliation
from records.agent.reconcile_words import say_difference, say_result
from records.sync.fingerprint import MODULUS, compute_fingerprint

ROWS = [
    ("Observation", "o1", 1, "ab", "2026-01-01", "stored", ""),
    ("Observation", "o2", 1, "cd", "2026-01-31", "stored", ""),
    ("Observation", "o3", 1, "ef", "2026-02-01", "deleted", ""),
    ("Observation", "o4", 7, "01", "2026-02-01", "refused", ""),
    ("Patient", "p1", 2, "23", "", "stored", ""),
]


def test_sums_are_the_platforms() -> None:
    days = digest_sums.sum_days("his", ROWS)
    assert set(days) == {"Observation", "Patient"} and set(days["Patient"]) == {""}
    numbers = [compute_fingerprint("his", *row[:4]) for row in ROWS[:2]]
    months = digest_sums.sum_buckets(days, "month")
    assert months["Observation"] == {"2026-01": (2, sum(numbers) % MODULUS)}, (
        "what is deleted or refused is in no sum"
    )
    assert digest_sums.encode_sums(months)["Observation"]["2026-01"] == [
        2,
        f"{sum(numbers) % MODULUS:032x}",
    ]


def test_what_differs_is_found_in_the_same_buckets_above() -> None:
    own = {"Observation": {"2026-01": (2, 5), "2026-02": (1, 3), "2027-01": (1, 9)}}
    told = {"Observation": {"2026-01": [2, f"{5:032x}"], "2026-03": [4, f"{8:032x}"]}}
    assert digest_sums.find_differing(own, told, 4) == {
        "Observation": {"2026-02": (1, 3), "2026-03": (0, 0)}
    }
    lacking = {"Observation": {"2027": [0, "0" * 32]}}
    assert digest_sums.find_differing(own, lacking, 4) == {"Observation": {"2027-01": (1, 9)}}


def test_a_difference_is_a_sentence_that_a_clerk_understands() -> None:
    found = DayDifference(
        "DiagnosticReport",
        "2026-05-03",
        1204,
        1203,
        missing=[Lacking("R20260503-17", True, "检验.csv 第18行")],
        other=[Lacking("R20260503-4", False, "检验.csv 第9行")],
        surplus=["X1"],
        refused=["Y1"],
    )
    assert say_difference(found, "zh") == [
        "2026年5月3日：贵院检验检查报告 1,204 份，平台 1,203 份，缺：R20260503-17，"
        "内容不同：R20260503-4，贵院没有而平台有：X1，被退回：Y1。",
        "  1 条已重新放入待发，不用您管。",
        "  R20260503-4 的内容本机已不保存，请重新导出：检验.csv 第9行。",
        "  平台多出的，请核对：本院确实没有的，在导出表里把它的“删除标志”填“是”，再放进文件夹。",
        "  被退回的，请看 xinglin-agent status，改好后再发。",
    ]
    many = DayDifference("Observation", "", 30, 0, [Lacking(f"n{i}", True, "") for i in range(30)])
    assert (
        "等 30 个" in say_difference(many, "zh")[0]
        and "没有日期的" in say_difference(many, "zh")[0]
    )
    assert "and 10 more" in say_difference(many, "en")[0]


def test_the_line_of_status() -> None:
    equal = [Reconciliation("his", records=5)]
    assert say_result(equal, "zh") == "和平台对过账：5 条全部一致。"
    found = DayDifference("Observation", "2026-05-03", 1, 0, [Lacking("a", True, "")])
    assert "1 天对不上，其中 1 条已重新放入待发" in say_result(
        [Reconciliation("his", 5, [found])], "zh"
    )


@pytest.mark.parametrize(
    ("last_hours_ago", "due"), [(None, False), (0, False), (25, True), (200, True)]
)
def test_it_is_due_once_a_night(last_hours_ago: float | None, due: bool) -> None:
    now = time.mktime((2026, 5, 3, 9, 0, 0, 0, 0, -1))
    kept = {} if last_hours_ago is None else {reconcile.LAST: str(now - 3600 * last_hours_ago)}
    outbox = SimpleNamespace(kept=kept.get, keep=kept.__setitem__)
    context = SimpleNamespace(settings=configparser.ConfigParser(), outbox=outbox)
    assert reconcile.is_due(context, now) is due  # type: ignore[arg-type]
    assert reconcile.LAST in kept
