"""The words of reports, in Chinese and English."""

from __future__ import annotations

WORDS: dict[str, dict[str, str]] = {
    "zh": {
        "title": "导出文件检查结果",
        "rows": "数据行 {rows}，可上传 {accepted}，拒收 {refused}。",
        "again": "另有 {again} 行与前面完全相同，只算一次。",
        "skipped": "跳过：空行 {blank}，合计行 {totals}，重复的表头 {headers}。",
        "file": "{name}：按“{set}”读取，{format}，表头在第 {row} 行；"
        "{rows} 行，拒收 {refused} 行。",
        "clean": "没有发现问题。",
        "refused": "拒收",
        "warned": "提醒",
        "whole_file": "整个文件",
        "row": "第 {row} 行",
        "column": "列",
        "value": "原值",
        "rule": "规则",
        "why": "为什么",
        "mend": "怎么改",
        "sharing": "同样的有",
        "count": "{count} 处",
        "more": "……还有 {count} 处",
        "place": "位置",
        "kind": "处理",
        "summary": "拒收汇总",
        "details": "拒收明细",
        "row_number": "原行号",
        "reason": "拒收原因",
        "left_out": "拒收的行太多，这里只列前面的，另有 {count} 行没有列出。",
        "header_file": "文件",
        "header_row": "行",
    },
    "en": {
        "title": "Check report",
        "rows": "{rows} rows of data: {accepted} can be sent, {refused} refused.",
        "again": "{again} more rows are the same as one before, and count once.",
        "skipped": "Left out: {blank} blank rows, {totals} of totals, {headers} repeated headers.",
        "file": "{name}: read as {set}, {format}, header in row {row}; {rows} rows, "
        "{refused} refused.",
        "clean": "No fault was found.",
        "refused": "refused",
        "warned": "note",
        "whole_file": "the whole file",
        "row": "row {row}",
        "column": "column",
        "value": "value",
        "rule": "rule",
        "why": "why",
        "mend": "mend",
        "sharing": "sharing it",
        "count": "{count}",
        "more": "… and {count} more",
        "place": "place",
        "kind": "what",
        "summary": "refusals by rule",
        "details": "refusals",
        "row_number": "原行号",
        "reason": "拒收原因",
        "left_out": "Too many rows were refused: {count} more are not listed.",
        "header_file": "file",
        "header_row": "row",
    },
}


def say(language: str, _word: str, **values: object) -> str:
    return WORDS[language][_word].format(**values)
