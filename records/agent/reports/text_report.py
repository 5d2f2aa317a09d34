"""The report for the terminal, grouped by rule; and as JSON."""

from __future__ import annotations

from typing import Any

from ..mapping.intake import Counts, ReadTable
from ..refusal import Refusal
from ..sets.all_sets import BY_NAME
from .fault_book import FaultBook
from .words import say


def set_title(name: str, language: str) -> str:
    """Of a column set; what holds messages is called by its standard."""
    if name not in BY_NAME:
        return name
    return BY_NAME[name].zh if language == "zh" else BY_NAME[name].en


def say_place(refusal: Refusal, language: str) -> str:
    row = say(language, "row", row=refusal.row) if refusal.row else say(language, "whole_file")
    return f"{refusal.file} {row}"


def head_lines(tables: list[ReadTable], counts: Counts, language: str) -> list[str]:
    lines = [
        say(
            language,
            "file",
            name=t.name,
            set=set_title(t.set, language),
            format=t.format,
            row=t.header_row,
            rows=t.counts.rows,
            refused=t.counts.refused,
        )
        for t in tables
    ]
    lines.append(
        say(language, "rows", rows=counts.rows, accepted=counts.accepted, refused=counts.refused)
    )
    if counts.again:
        lines.append(say(language, "again", again=counts.again))
    if counts.blank or counts.totals or counts.headers:
        lines.append(
            say(
                language,
                "skipped",
                blank=counts.blank,
                totals=counts.totals,
                headers=counts.headers,
            )
        )
    return lines


def text_report(
    book: FaultBook, tables: list[ReadTable], counts: Counts, language: str
) -> list[str]:
    lines = head_lines(tables, counts, language)
    if not book.groups:
        return [*lines, say(language, "clean")]
    for group in book.sorted_groups():
        first = group.first
        kind = say(language, "warned" if first.warning else "refused")
        column = f" · {first.column}" if first.column else ""
        lines += [
            "",
            f"[{kind}] {first.rule.code}{column} × {group.count}",
            f"  {first.why(language)}",
            f"  → {first.mend(language)}",
        ]
        for refusal in group.shown:
            value = f"：{refusal.value}" if refusal.value else ""
            lines.append(f"    {say_place(refusal, language)}{value}")
        if group.count > len(group.shown):
            lines.append(f"    {say(language, 'more', count=group.count - len(group.shown))}")
    return lines


def json_report(refusals: list[Refusal], counts: Counts, language: str) -> dict[str, Any]:
    return {
        "rows": counts.rows,
        "accepted": counts.accepted,
        "refused": [
            {
                "file": r.file,
                "row": r.row,
                "column": r.column,
                "value": r.value,
                "rule": r.rule.code,
                "why": r.why(language),
                "mend": r.mend(language),
            }
            for r in refusals
        ],
    }
