"""Causes come before what follows from them: a clerk who mends the patients has mended their rows."""

from records.agent.mapping.row_rules import PATIENT_REFUSED
from records.agent.refusal import Refusal
from records.agent.reports.fault_book import FaultBook
from records.agent.values.value_rules import MISSING


def test_rows_of_a_refused_patient_are_one_group_and_the_last() -> None:
    book = FaultBook()
    for column in ("病人ID", "患者ID", "患者编号"):
        for row in (3, 4):
            book.add(Refusal("诊断.csv", row, column, f"0000{row}", PATIENT_REFUSED))
    book.add(Refusal("患者.csv", 2, "姓名", "", MISSING))
    groups = book.sorted_groups()
    assert [(g.first.rule.code, g.count) for g in groups] == [
        ("cell.missing", 1),
        ("row.patient-refused", 6),
    ]
    assert "00003" not in groups[1].first.why("zh"), "true of each of them"
    assert all(book.sharing(refusal) == 6 for refusal in book.kept[:6])
