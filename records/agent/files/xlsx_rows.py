"""Read the rows of a workbook's sheets (ECMA-376 part 1, 18.3) as text, in constant memory: dates
as 2026-01-02, numbers as they are shown, merged cells filled downwards.
"""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator
from xml.parsers import expat

from ..refusal import Refusal
from .file_rules import BROKEN_XLSX, HIDDEN_CELLS, HIDDEN_SHEET, UNSAFE_XLSX
from .private_use import mend_private_use
from .table import Row, Table, UnreadableFile
from .xlsx_package import (
    BLOCK,
    LARGEST,
    BrokenWorkbook,
    Package,
    UnsafeWorkbook,
    check_size,
    decode_escapes,
    make_parser,
    open_package,
)

WIDEST = 16_384  # columns
EXACT = 10**15  # numbers from here have lost their last digits
MERGED = re.compile(rb'<(?:\w+:)?mergeCell [^>]*?ref="\$?([A-Z]+)\$?(\d+):\$?([A-Z]+)\$?(\d+)"')
MIDNIGHT = dt.time()
EPOCH_1900, EPOCH_1904 = dt.datetime(1899, 12, 30), dt.datetime(1904, 1, 1)


def open_xlsx(path: Path) -> list[Table]:
    """A table of each sheet that is shown. Raises UnreadableFile."""
    try:
        archive = zipfile.ZipFile(path)
        package = open_package(archive)
    except (BrokenWorkbook, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise unreadable(path, error) from None
    tables = [
        open_sheet(path, package, sheet.name, sheet.part)
        for sheet in package.sheets
        if not sheet.hidden
    ]
    told = [
        Refusal(path.name, 0, "", sheet.name, HIDDEN_SHEET, warning=True)
        for sheet in package.sheets
        if sheet.hidden
    ]
    if tables:
        tables[0].notices.extend(told)
    return tables


def unreadable(path: Path, error: Exception) -> UnreadableFile:
    rule = UNSAFE_XLSX if isinstance(error, UnsafeWorkbook) else BROKEN_XLSX
    return UnreadableFile(Refusal(path.name, 0, "", "", rule, {"detail": str(error)}))


def open_sheet(path: Path, package: Package, name: str, part: str) -> Table:
    def read_rows() -> Iterator[Row]:
        table.faults.clear()
        hidden = HiddenCells()
        try:
            yield from fill_merged(read_sheet(package, part, hidden), find_merged(package, part))
        except (BrokenWorkbook, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise unreadable(path, error) from None

        if hidden.rows or hidden.columns:
            told = {"rows": hidden.rows, "columns": hidden.columns}
            table.faults.append(Refusal(table.name, 0, "", "", HIDDEN_CELLS, told, warning=True))

    sheet = name if len(package.sheets) > 1 else ""
    table = Table(path.name, sheet, "xlsx", read_rows)
    return table


@dataclass
class HiddenCells:
    """Of a sheet that is shown: how many rows with a cell, and how many columns."""

    rows: int = 0
    columns: int = 0


def read_sheet(package: Package, part: str, hidden: HiddenCells) -> Iterator[Row]:
    """Rows in their order; those that the file leaves out are not there."""
    check_size(package.archive, part, LARGEST)
    ready: list[Row] = []
    parser = make_parser()
    SheetReader(package, ready, hidden).attach(parser)
    try:
        with package.archive.open(part) as stream:
            while block := stream.read(BLOCK):
                parser.Parse(block, False)
                if ready:
                    yield from ready
                    ready.clear()
        parser.Parse(b"", True)
    except (expat.ExpatError, EOFError, OSError) as error:
        yield from ready
        raise BrokenWorkbook(f"{part}: {error}") from None
    yield from ready


class SheetReader:
    """Gathers cells from the parser's calls."""

    def __init__(self, package: Package, ready: list[Row], hidden: HiddenCells) -> None:
        self.package, self.ready, self.hidden = package, ready, hidden
        self.row_hidden = False
        self.row = 0
        self.cells: list[str] = []  # type: int, list[str]
        self.column, self.kind, self.style = 0, "", 0
        self.taking = self.phonetic = self.formula = False
        self.text: list[str] = []
        self.columns: dict[str, int] = {}

    def attach(self, parser: Any) -> None:
        parser.StartElementHandler, parser.EndElementHandler = self.start, self.end
        parser.CharacterDataHandler = self.characters

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if ":" in name:
            name = name.rpartition(":")[2]
        if name == "c":
            place = attributes.get("r")
            self.column = self.column_of(place) if place else len(self.cells)
            self.kind = attributes.get("t", "n")
            self.style = int(attributes.get("s", 0))
            self.formula = False
            self.text.clear()
        elif name == "v" or name == "t":
            self.taking = not self.phonetic
        elif name == "row":
            self.row = int(attributes.get("r", self.row + 1))
            self.cells = []
            self.row_hidden = attributes.get("hidden") in ("1", "true")
        elif name == "col" and attributes.get("hidden") in ("1", "true"):
            first, last = int(attributes.get("min", 1)), int(attributes.get("max", 1))
            if last < WIDEST:  # all to the right of the data are hidden at times
                self.hidden.columns += last - first + 1
        elif name == "f":
            self.formula = True
        elif name == "rPh":
            self.phonetic = True

    def end(self, name: str) -> None:
        if ":" in name:
            name = name.rpartition(":")[2]
        if name == "c":
            value = self.value()
            if value:
                cells, missing = self.cells, self.column - len(self.cells)
                if missing >= 0:
                    if missing:
                        cells.extend([""] * missing)
                    cells.append(value)
                else:
                    cells[self.column] = value
        elif name == "v" or name == "t":
            self.taking = False
        elif name == "row":
            self.ready.append((self.row, self.cells))
            self.hidden.rows += self.row_hidden and any(self.cells)
            self.cells = []
        elif name == "rPh":
            self.phonetic = False

    def characters(self, text: str) -> None:
        if self.taking:
            self.text.append(text)

    def column_of(self, place: str) -> int:
        letters = place.rstrip("0123456789")
        found = self.columns.get(letters)
        if found is None:
            found = self.columns[letters] = column_number(letters)
        return found

    def value(self) -> str:
        text, kind = "".join(self.text), self.kind
        if kind == "s":
            try:
                return mend_private_use(self.package.strings[int(text)])
            except (ValueError, IndexError):
                raise BrokenWorkbook(f"shared string {text}") from None
        if kind in ("str", "inlineStr"):
            return mend_private_use(decode_escapes(text))
        if not text:
            return "#N/A" if self.formula else ""
        if kind == "b":
            return "TRUE" if text == "1" else "FALSE"
        if kind == "d":
            return text.replace("T", " ")
        if kind == "e":
            return text
        if self.style in self.package.dates:
            return date_from_serial(text, self.package.since_1904)
        return number_as_shown(text, self.package.padded.get(self.style, 0))


def column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        if not "A" <= letter <= "Z":
            raise BrokenWorkbook(f"cell {letters}")
        number = number * 26 + ord(letter) - 64
    if not 0 < number <= WIDEST:
        raise BrokenWorkbook(f"cell {letters}")
    return number - 1


def number_as_shown(text: str, padded: int = 0) -> str:
    """With 15 digits, as spreadsheets show it: 5.6 is kept as 5.5999999999999996. A whole number
    beyond them has been rounded, and is written so that it shows (1.10101199001011E+17).
    """
    if len(text) < 15 and "E" not in text and "e" not in text:
        shown = text[:-2] if text.endswith(".0") else text
    else:
        try:
            number = float(text)
        except ValueError:
            return text
        if abs(number) >= EXACT:
            return f"{number:.14E}"
        shown = f"{number:.15g}"
        if "e" in shown:
            shown = f"{number:.20f}".rstrip("0").rstrip(".")
    return shown.zfill(padded) if padded and shown.isdigit() else shown


def date_from_serial(text: str, since_1904: bool) -> str:
    """2026-01-02, with the time where there is one; 1900-01-00 for zero, as Excel shows it."""
    try:
        serial = float(text)
        if serial < 1 and not since_1904:
            return "1900-01-00"
        if serial < 61 and not since_1904:
            serial += serial < 60  # 1900 had no 29 February, but for Excel
        moment = (EPOCH_1904 if since_1904 else EPOCH_1900) + dt.timedelta(days=serial)
        moment = (moment + dt.timedelta(milliseconds=500)).replace(microsecond=0)
    except (ValueError, OverflowError):
        return text
    return moment.date().isoformat() if moment.time() == MIDNIGHT else str(moment)


def find_merged(package: Package, part: str) -> dict[int, list[tuple[int, int]]]:
    """Column -> (first row, last row) of what is merged over several rows. They stand behind the
    cells, so the part is read for them first.
    """
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    check_size(package.archive, part, LARGEST)
    with package.archive.open(part) as stream:
        carried = b""
        while block := stream.read(BLOCK * 4):
            carried += block
            last = 0
            if b"mergeCell " in carried:
                for m in MERGED.finditer(carried):
                    top, bottom = int(m[2]), int(m[4])
                    if bottom > top:
                        found[column_number(m[1].decode())].append((top, bottom))
                    last = m.end()
            carried = carried[max(last, len(carried) - 200) :]
    return {column: sorted(spans, reverse=True) for column, spans in found.items()}


def fill_merged(rows: Iterator[Row], merged: dict[int, list[tuple[int, int]]]) -> Iterator[Row]:
    """What is merged downwards stands in each of its rows: a patient over many results."""
    if not merged:
        yield from rows
        return
    open_spans: dict[int, tuple[int, str]] = {}  # column -> last row, text
    for number, cells in rows:
        for column, spans in merged.items():
            while spans and spans[-1][0] <= number:
                top, bottom = spans.pop()
                if top == number:
                    value = cells[column] if column < len(cells) else ""
                    open_spans[column] = bottom, value
        for column, (bottom, value) in list(open_spans.items()):
            if number > bottom:
                del open_spans[column]
            elif value:
                cells.extend([""] * (column + 1 - len(cells)))
                cells[column] = cells[column] or value
        yield number, cells
