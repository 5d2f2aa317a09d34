"""The report as a workbook: a summary by rule, each fault, and each table's refused rows as they
were, with the bad cells marked. A table's sheet can be mended and put in again.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any, Iterator

from .fault_book import FaultBook, RefusedRows
from .text_report import say_place
from .words import say
from .workbook import BAD, HEADER, PLAIN, WRAPPED, Workbook


def write_report(book: FaultBook, target: Path | IO[bytes], language: str) -> None:
    with Workbook(target) as workbook:
        for name, table in book.tables.items():
            workbook.add_sheet(
                name.replace(".csv", "").replace(".xlsx", ""),
                list_refused_rows(table, language),
                [8, 40, 40, *[16] * len(table.headers)],
            )
        workbook.add_sheet(
            say(language, "summary"), list_groups(book, language), [8, 24, 16, 8, 50, 60, 40]
        )
        workbook.add_sheet(
            say(language, "details"), list_faults(book, language), [8, 30, 8, 16, 30, 22, 50, 60]
        )


def list_refused_rows(table: RefusedRows, language: str) -> Iterator[list[Any]]:
    own = [say(language, "row_number"), say(language, "reason"), "怎么改"]
    yield [*own, *table.headers]
    for number, cells, why in table.rows:
        bad = {refusal.column for refusal in why}
        width = max(len(cells), len(table.headers))
        headers = [*table.headers, *[""] * (width - len(table.headers))]
        padded = [*cells, *[""] * (width - len(cells))]
        yield [
            str(number),
            ("\n".join(dict.fromkeys(r.why(language) for r in why)), WRAPPED),
            ("\n".join(dict.fromkeys(r.mend(language) for r in why)), WRAPPED),
            *((cell, BAD if header in bad else PLAIN) for header, cell in zip(headers, padded)),
        ]


def list_groups(book: FaultBook, language: str) -> Iterator[list[Any]]:
    names = ("kind", "rule", "column", "sharing", "why", "mend", "place")
    yield [(say(language, name), HEADER) for name in names]
    for group in book.sorted_groups():
        first = group.first
        yield [
            say(language, "warned" if first.warning else "refused"),
            first.rule.code,
            first.column,
            str(group.count),
            (first.why(language), WRAPPED),
            (first.mend(language), WRAPPED),
            say_place(first, language),
        ]
    if book.dropped:
        yield ["", "", "", "", (say(language, "left_out", count=book.dropped), WRAPPED)]


def list_faults(book: FaultBook, language: str) -> Iterator[list[Any]]:
    names = ("kind", "header_file", "header_row", "column", "value", "rule", "why", "mend")
    yield [(say(language, name), HEADER) for name in names]
    for refusal in book.kept:
        yield [
            say(language, "warned" if refusal.warning else "refused"),
            refusal.file,
            str(refusal.row or ""),
            refusal.column,
            (refusal.value, PLAIN if refusal.warning else BAD),
            refusal.rule.code,
            (refusal.why(language), WRAPPED),
            (refusal.mend(language), WRAPPED),
        ]
