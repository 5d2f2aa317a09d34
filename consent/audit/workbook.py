"""Write rows of text as a workbook (ECMA-376), within what a spreadsheet holds: nothing is cut,
and a reader can tell that all is there.

A cell takes 32,767 UTF-16 units: a longer text goes on in the rows below, which repeat the row's
first cell and are marked "2/3", "3/3" in the last column. A sheet takes 1,048,576 rows: further
ones go into further sheets, each with the headings. Pure but for the file.
"""

import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

ROWS, UNITS = 1_048_576, 32_767
PART = "分段 part"
COVER = "说明 cover"
SHEET = re.compile(r"xl/worksheets/sheet(\d+)\.xml")
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")  # ECMA-376 22.9.2.19: what XML cannot hold
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


class CellNotWritten(Exception):
    """A cell was not written whole: the file must not leave."""


def split_cell_text(text: str, units: int = UNITS) -> list[str]:
    """Split a text into parts that a cell holds; cut after a space where there is one."""
    if 2 * len(text) <= units:  # no character takes more than two
        return [text]
    out = []
    while len(text.encode("utf-16-le")) // 2 > units:
        head = text.encode("utf-16-le")[: 2 * units].decode(
            "utf-16-le", "ignore"
        )  # a half of a surrogate pair stays with its other half
        head = head[: head.rfind(" ") + 1] or head
        out.append(head)
        text = text[len(head) :]
    return [*out, text]


def write_workbook(
    path: Path,
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    most: int = ROWS,
    cover: Sequence[tuple[str, str]] = (),
) -> dict[str, Any]:
    """most: rows of a sheet, with its headings; cover: what a sheet before the others says, in two
    columns. Returns what stands where: {"covers": sheets before the rows, "sheets": [{name, rows
    without headings}], "continued": rows that only go on}.
    """
    import xlsxwriter

    book = xlsxwriter.Workbook(
        str(path), {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    if cover:
        write_cover(book, cover)
    sheets: list[dict[str, Any]] = []
    sheet, continued = None, 0
    for row in rows:
        parts = [split_cell_text(text) for text in row]
        size = max(map(len, parts))
        if size >= most:
            raise CellNotWritten(f"one row needs {size} rows; a sheet has {most}")
        if sheet is None or sheets[-1]["rows"] + 1 + size > most:
            sheet = begin_sheet(book, headings, sheets)
        for n in range(size):
            cells = [
                parts[0][0],
                *(p[n] if n < len(p) else "" for p in parts[1:]),
                f"{n + 1}/{size}" if size > 1 else "",
            ]
            sheets[-1]["rows"] += 1
            write_sheet_row(sheet, sheets[-1]["rows"], cells)
        continued += size - 1
    if sheet is None:
        begin_sheet(book, headings, sheets)
    book.close()
    return {"covers": int(bool(cover)), "sheets": sheets, "continued": continued}


def write_cover(book: Any, cover: Sequence[tuple[str, str]]) -> None:
    sheet = book.add_worksheet(COVER)
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 26, book.add_format({"bold": True, "valign": "top", "text_wrap": True}))
    sheet.set_column(1, 1, 100, wrapped)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    place = 0
    for label, text in cover:
        for part in split_cell_text(text):
            write_sheet_row(sheet, place, [label, part])
            place += 1


def begin_sheet(book: Any, headings: Sequence[str], sheets: list[dict[str, Any]]) -> Any:
    name = f"audit-{len(sheets) + 1}" if sheets else "audit"
    sheets.append({"name": name, "rows": 0})
    sheet = book.add_worksheet(name)
    write_sheet_row(sheet, 0, [*headings, PART])
    return sheet


def write_sheet_row(sheet: Any, place: int, cells: Sequence[str]) -> None:
    for column, text in enumerate(cells):
        if text and (fault := sheet.write_string(place, column, text)):
            raise CellNotWritten(
                f"row {place + 1}, column {column + 1}: XlsxWriter answers {fault}"
            )


def read_workbook(path: Path, covers: int = 0) -> Iterator[list[str]]:
    """Read the rows of all sheets that write_workbook made but for the covers, put together again,
    without headings. Raises ValueError where something is missing.
    """
    begun: list[str] = []
    for cells in read_sheet_rows(path, covers):
        part = cells.pop()
        n, _, size = part.partition("/")
        if (n or "1") != str(int(begun[-1]) + 1 if begun else 1) or (
            begun and cells[0] != begun[0]
        ):
            raise ValueError(
                f"a part of row {begun[0] if begun else cells[0]} is missing or out of order"
            )
        whole = (
            [cells[0], *(a + b for a, b in zip(begun[1:-1], cells[1:], strict=True))]
            if begun
            else cells
        )
        begun = [] if n == size else [*whole, n]
        if not begun:
            yield whole
    if begun:
        raise ValueError(f"the last parts of row {begun[0]} are missing")


def read_sheet_rows(path: Path, covers: int) -> Iterator[list[str]]:
    """Rows as they stand in the sheets; those of a workbook without the column of parts get an
    empty one.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            for _, name in sorted(
                (int(m[1]), m[0]) for m in map(SHEET.fullmatch, archive.namelist()) if m
            )[covers:]:
                width = 0
                with archive.open(name) as file:
                    for _, row in ElementTree.iterparse(file):  # noqa: S314
                        if row.tag != MAIN + "row":
                            continue
                        found = {
                            column_from_reference(c.get("r", "")): text_from_cell(c)
                            for c in row.iter(MAIN + "c")
                        }
                        cells = [
                            found.get(i, "") for i in range(width or max(found, default=-1) + 1)
                        ]
                        if not width:
                            width = len(cells)
                            parted = bool(cells) and cells[-1] == PART
                        else:
                            yield cells if parted else [*cells, ""]
                        row.clear()
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        RuntimeError,
        KeyError,
        ElementTree.ParseError,
    ) as error:
        raise ValueError(f"{path.name} is no workbook that can be read: {error}") from error


def text_from_cell(cell: ElementTree.Element) -> str:
    return ESCAPED.sub(
        lambda m: chr(int(m[1], 16)), "".join(t.text or "" for t in cell.iter(MAIN + "t"))
    )


def column_from_reference(reference: str) -> int:
    """0 for A7, 26 for AA1."""
    n = 0
    for letter in reference.rstrip("0123456789"):
        n = 26 * n + ord(letter) - 64
    return n - 1
