"""Write a workbook (ECMA-376) of texts, row by row: no cell can be a formula, numbers keep their
zeros.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import IO, Any, Iterable, Sequence, Tuple
from xml.sax.saxutils import escape, quoteattr

PLAIN, HEADER, BAD, WRAPPED, NEEDED = range(5)
QUOTED = 5  # added to a style: shown as text though it looks like a formula
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
LONGEST = 32_000  # characters of a cell; Excel takes 32,767
SHEET_NAME = re.compile(r"[\[\]:*?/\\]")
FORMULA = "=+-@\t\r"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
FORMATS = "".join(
    f'<xf numFmtId="49" fontId="{font}" fillId="{fill}" borderId="0" xfId="0" applyNumberFormat="1"'
    f' applyFont="1" applyFill="1" applyAlignment="1"{quote}>'
    f'<alignment vertical="top"{wrap}/></xf>'
    for quote in ("", ' quotePrefix="1"')
    for font, fill, wrap in (
        (0, 0, ""),
        (1, 2, ""),
        (0, 3, ""),
        (0, 0, ' wrapText="1"'),
        (1, 4, ""),
    )
)
STYLES = (
    f'{HEAD}<styleSheet xmlns="{MAIN}"><fonts count="2">'
    '<font><sz val="11"/><name val="宋体"/></font><font><b/><sz val="11"/><name val="宋体"/></font>'
    '</fonts><fills count="5"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill>'
    + "".join(
        f'<fill><patternFill patternType="solid"><fgColor rgb="{rgb}"/></patternFill></fill>'
        for rgb in ("FFDDE6EE", "FFFFB3B3", "FFFFE08A")
    )
    + '</fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    f'<cellXfs count="10">{FORMATS}</cellXfs></styleSheet>'
)

Cell = Tuple[str, int]  # text, style


class Workbook:
    """A context manager. Sheets are written one after the other."""

    def __init__(self, path: Path | IO[bytes]) -> None:
        self.archive = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED)
        self.names: list[str] = []

    def __enter__(self) -> Workbook:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.finish()
        self.archive.close()

    def add_sheet(
        self,
        name: str,
        rows: Iterable[Sequence[Any]],
        widths: Sequence[int] = (),
        choices: dict[int, list[str]] | None = None,
    ) -> None:
        """rows: of texts, or of (text, style); the first is the header. choices: column -> what it
        offers to choose from.
        """
        self.names.append(self.name_of(name))
        with self.archive.open(f"xl/worksheets/sheet{len(self.names)}.xml", "w") as part:
            part.write(
                f'{HEAD}<worksheet xmlns="{MAIN}"><sheetViews><sheetView workbookViewId="0">'
                '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
                "</sheetView></sheetViews>".encode()
            )
            if widths:
                columns = "".join(
                    f'<col min="{i}" max="{i}" width="{w}" customWidth="1" style="0"/>'
                    for i, w in enumerate(widths, 1)
                )
                part.write(f"<cols>{columns}</cols>".encode())
            part.write(b"<sheetData>")
            for number, row in enumerate(rows, 1):
                part.write(write_row(number, row).encode())
            part.write(b"</sheetData>")
            part.write(write_choices(choices or {}).encode())
            part.write(b"</worksheet>")

    def name_of(self, wanted: str) -> str:
        """At most 31 characters, none of []:*?/\\, no name twice."""
        base = SHEET_NAME.sub("_", ILLEGAL.sub("", wanted)).strip("'")[:28] or "Sheet"
        name, number = base, 1
        while name.casefold() in (n.casefold() for n in self.names):
            number += 1
            name = f"{base}{number}"
        return name

    def finish(self) -> None:
        numbers = range(1, len(self.names) + 1)
        write = self.archive.writestr
        write("xl/styles.xml", STYLES)
        sheets = "".join(
            f'<sheet name={quoteattr(n)} sheetId="{i}" r:id="rId{i}"/>'
            for i, n in zip(numbers, self.names)
        )
        write(
            "xl/workbook.xml",
            f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{sheets}</sheets></workbook>',
        )
        relations = "".join(
            f'<Relationship Id="rId{i}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{i}.xml"/>'
            for i in numbers
        )
        write(
            "xl/_rels/workbook.xml.rels",
            f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">{relations}<Relationship Id="rId0"'
            f' Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>',
        )
        write(
            "_rels/.rels",
            f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1"'
            f' Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        parts = "".join(
            f'<Override PartName="/xl/worksheets/sheet{i}.xml" ContentType="{KIND}.worksheet+xml"/>'
            for i in numbers
        )
        write(
            "[Content_Types].xml",
            f'{HEAD}<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType='
            '"application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml"'
            f' ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="{KIND}'
            f'.sheet.main+xml"/>{parts}<Override PartName="/xl/styles.xml" ContentType="{KIND}'
            '.styles+xml"/></Types>',
        )


def column_letters(index: int) -> str:
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def write_row(number: int, row: Sequence[Any]) -> str:
    cells = []
    for index, cell in enumerate(row):
        text, style = cell if isinstance(cell, tuple) else (cell, HEADER if number == 1 else PLAIN)
        if not text and style in (PLAIN, WRAPPED):
            continue
        text = ILLEGAL.sub("\ufffd", text)[:LONGEST]
        if text.startswith(tuple(FORMULA)):
            style += QUOTED
        cells.append(
            f'<c r="{column_letters(index)}{number}" s="{style}" t="inlineStr"><is>'
            f'<t xml:space="preserve">{escape(text)}</t></is></c>'
        )
    return f'<row r="{number}">{"".join(cells)}</row>'


def write_choices(choices: dict[int, list[str]]) -> str:
    made = [
        f'<dataValidation type="list" allowBlank="1" showErrorMessage="0" sqref="{letters}2:{letters}'
        f'20000"><formula1>{escape(chr(34) + ",".join(words) + chr(34))}</formula1></dataValidation>'
        for letters, words in ((column_letters(i), w) for i, w in sorted(choices.items()))
        if len(",".join(words)) < 250
    ]
    return f'<dataValidations count="{len(made)}">{"".join(made)}</dataValidations>' if made else ""
