"""TABLE content of a report -> the forms that it has, and what writes each."""

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from consent.audit import workbook
from consent.audit.export_order import ExportOrder
from consent.audit.sealed_cells import escape_formula
from consent.models import AuditReport

C = AuditReport.Content
FORMS = {
    C.LINES: ("package", "xlsx", "csv"),
    C.OVERVIEW: ("pdf", "xlsx", "csv"),
    C.BUNDLE: ("zip",),
}
ENDINGS = {"pdf": "pdf"}  # of the file; all others are a ZIP
HEADS = 4  # columns of an overview at most


@dataclass(frozen=True, slots=True)
class OverviewTable:
    """columns: (heading, share of the width); said: what stands above the rows."""

    title: str
    columns: tuple[tuple[str, float], ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    empty: str = ""
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OverviewText:
    """title, about: what it is, of which days, for whom; order: what it was made by."""

    title: str
    about: str
    made: str
    order: ExportOrder
    tables: tuple[OverviewTable, ...] = field(default=())


# Writes an overview as a PDF; the app above puts it in.
OVERVIEW_PRINTERS: list[Callable[[OverviewText], bytes]] = []


def iterate_rows(text: OverviewText) -> Iterable[list[str]]:
    """The whole as one table: title of the part, then its cells."""
    for table in text.tables:
        for line in table.said:
            yield [table.title, line, *[""] * (HEADS - 1)]
        for row in table.rows:
            yield [table.title, *row, *[""] * (HEADS - len(row))]


def headings() -> list[str]:
    return ["部分 part", *(f"{n}" for n in range(1, HEADS + 1))]


def write_overview_csv(text: OverviewText, path: Path) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        out.writerow([escape_formula(text.title), escape_formula(text.about)])
        for table in text.tables:
            out.writerow([])
            out.writerow([escape_formula(table.title)])
            out.writerows([escape_formula(line)] for line in table.said)
            if table.columns:
                out.writerow([escape_formula(head) for head, _share in table.columns])
            out.writerows([escape_formula(cell) for cell in row] for row in table.rows)


def write_overview_xlsx(text: OverviewText, path: Path) -> None:
    workbook.write_workbook(
        path,
        headings(),
        ([escape_formula(cell) for cell in row] for row in iterate_rows(text)),
        cover=[(text.title, text.about), ("", text.made)],
    )
