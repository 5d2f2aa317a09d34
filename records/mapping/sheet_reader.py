"""Rows of a table that somebody has filled in: CSV (UTF-8 or GB18030) or the first sheet of an
XLSX. Values as text; nothing in the file is run, and what is too large is refused.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree

MOST_BYTES, MOST_ROWS = 5_000_000, 60_000
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
LETTERS = re.compile(r"[A-Z]+")
GUARD = "\t"  # before what a spreadsheet would take for a formula


class BadTable(ValueError):
    """A file that is no such table; the message says why, for the reader."""


def read_table(
    content: bytes, most_bytes: int = MOST_BYTES, most_rows: int = MOST_ROWS
) -> list[dict[str, str]]:
    """{column: value} of each row below the first."""
    if len(content) > most_bytes:
        raise BadTable("size")
    rows = (
        read_xlsx_rows(content, 12 * most_bytes) if content[:2] == b"PK" else read_csv_rows(content)
    )
    head: list[str] = []
    found = []
    for row in rows:
        values = [v.removeprefix(GUARD).strip() for v in row]
        if not any(values):
            continue
        if not head:
            head = [v.casefold() for v in values]
            continue
        found.append(dict(zip(head, values, strict=False)))
        if len(found) > most_rows:
            raise BadTable("rows")
    return found


def read_csv_rows(content: bytes) -> Iterator[list[str]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise BadTable("encoding")
    try:
        yield from csv.reader(io.StringIO(text))
    except csv.Error as error:
        raise BadTable("csv") from error


def read_xlsx_rows(content: bytes, most_unpacked: int) -> Iterator[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(i.file_size for i in archive.infolist()) > most_unpacked:
                raise BadTable("size")
            shared = read_shared_strings(archive)
            sheet = next(
                n for n in sorted(archive.namelist()) if n.startswith("xl/worksheets/sheet")
            )
            with archive.open(sheet) as part:
                for _, element in ElementTree.iterparse(part):  # noqa: S314
                    if element.tag == f"{MAIN}row":
                        yield read_cells(element, shared)
                        element.clear()
    except (zipfile.BadZipFile, ElementTree.ParseError, StopIteration, KeyError, IndexError) as e:
        raise BadTable("xlsx") from e


def read_shared_strings(archive: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in archive.namelist():
        return []
    root = ElementTree.fromstring(archive.read("xl/sharedStrings.xml"))  # noqa: S314
    return ["".join(t.text or "" for t in item.iter(f"{MAIN}t")) for item in root]


def read_cells(row: ElementTree.Element, shared: list[str]) -> list[str]:
    values: list[str] = []
    for cell in row.iter(f"{MAIN}c"):
        if named := LETTERS.match(cell.get("r", "")):
            column = 0
            for letter in named[0]:
                column = column * 26 + ord(letter) - 64
            values += [""] * (min(column, 200) - 1 - len(values))
        text = cell.findtext(f"{MAIN}v") or ""
        if cell.get("t") == "s" and text:
            text = shared[int(text)]
        elif cell.get("t") == "inlineStr":
            text = "".join(t.text or "" for t in cell.iter(f"{MAIN}t"))
        values.append(text)
    return values
