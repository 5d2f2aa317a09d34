"""Write the template of a column set: examples, choices, and a sheet that explains each column."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any, Iterator

from ..sets.column_set import Column, ColumnSet
from ..values import codes
from .workbook import HEADER, NEEDED, WRAPPED, Workbook

SHARED = ("patient", "patient_name", "visit")
KIND_WORDS = {
    "text": "文字",
    "long": "文字，可换行",
    "words": "文字，照原样",
    "name": "姓名",
    "record": "编号（设成文本）",
    "code": "代码",
    "moment": "日期时间，如 2026-05-03 08:10",
    "date": "日期，如 2026-05-03",
    "decimal": "数字",
    "integer": "整数",
    "identity": "身份证号（设成文本）",
    "phones": "电话号码",
    "order-kind": "西药、中成药、中草药，或检验、检查、治疗、护理等",
    "yes": "是、否",
}
CHOICES: dict[str, codes.Table] = {
    "yes": codes.YES,
    "gender": codes.GENDERS,
    "class": codes.VISIT_CLASSES,
    "certainty": codes.CERTAINTIES,
    "course": codes.COURSES,
    "rank": codes.RANKS,
    "order-term": codes.ORDER_TERMS,
    "urgency": codes.URGENCIES,
    "order-state": codes.ORDER_STATES,
    "report-state": codes.REPORT_STATES,
    "allergy-kind": codes.ALLERGY_KINDS,
    "severity": codes.SEVERITIES,
    "certain": codes.CERTAIN,
    "vaccination-state": codes.VACCINATION_STATES,
}


def choices_of(column: Column) -> list[str]:
    return [words.split(" ")[0] for _, words in CHOICES.get(column.kind, ())]


def kind_words(column: Column) -> str:
    return KIND_WORDS.get(column.kind) or "、".join(choices_of(column))


def needed_word(column: Column, column_set: ColumnSet) -> str:
    if column.required:
        return "必填"
    for group in column_set.one_of:
        if column.name in group:
            return "必填其一" if len(group) > 1 else "必填"
    return "选填"


def example_rows(column_set: ColumnSet) -> list[dict[str, str]]:
    """Column -> cell, as many rows as the set's own columns have examples."""
    count = max(len(c.examples) for c in column_set.columns if c.name not in SHARED)
    rows = []
    for number in range(count):
        row = {}
        for column in column_set.columns:
            if column.examples:
                cell = column.examples[min(number, len(column.examples) - 1)]
                if cell:
                    row[column.name] = cell
        rows.append(row)
    return rows


def write_template(column_set: ColumnSet, target: Path | IO[bytes]) -> None:
    def rows() -> Iterator[list[Any]]:
        yield [
            (c.zh, NEEDED if needed_word(c, column_set) != "选填" else HEADER)
            for c in column_set.columns
        ]
        for row in example_rows(column_set):
            yield [row.get(c.name, "") for c in column_set.columns]

    def explained() -> Iterator[list[Any]]:
        yield ["列名", "英文列名", "要求", "填什么", "说明", "数据元标识", "也认得的列名"]
        for c in column_set.columns:
            yield [
                c.zh,
                c.name,
                needed_word(c, column_set),
                (kind_words(c), WRAPPED),
                (c.about_zh, WRAPPED),
                c.element,
                (c.synonyms.replace(" ", "、"), WRAPPED),
            ]

    with Workbook(target) as workbook:
        choices = {
            index: found
            for index, column in enumerate(column_set.columns)
            if (found := choices_of(column))
        }
        workbook.add_sheet(
            column_set.zh,
            rows(),
            [max(12, 2 * len(c.zh) + 4) for c in column_set.columns],
            choices,
        )
        workbook.add_sheet("填写说明", explained(), [24, 18, 10, 28, 50, 18, 60])
