"""A file of dead letters for the one who mends them in the source system: CSV or XLSX, in the
reader's language, nothing in it that a spreadsheet would run.
"""

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from django.utils.translation import gettext as _

from consent.audit.sealed_cells import escape_formula
from consent.audit.workbook import write_workbook
from records.sync.shown_letter import ShownLetter

MOST = 20_000  # letters of a file
MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def list_headings() -> list[str]:
    return [
        _("File and row"),
        _("Record number"),
        _("Kind"),
        _("Source"),
        _("Place"),
        _("Value as sent"),
        _("Why"),
        _("How to mend"),
        _("Since"),
    ]


def list_cells(letter: ShownLetter, language: str) -> Iterable[list[str]]:
    """A row for each fault."""
    for fault in letter.faults:
        cells = [
            letter.at,
            letter.record,
            letter.type,
            letter.source,
            fault.field,
            _("(not shown)") if fault.value is None else fault.value,
            fault.why[language],
            fault.mend[language],
            letter.made_at.isoformat(timespec="minutes"),
        ]
        yield [escape_formula(cell) for cell in cells]


def build_letter_file(kind: str, letters: Iterable[ShownLetter], language: str) -> bytes:
    """kind: a key of MEDIA."""
    rows = (cells for letter in letters for cells in list_cells(letter, language))
    if kind == "csv":
        text = io.StringIO(newline="")
        out = csv.writer(text)
        out.writerow(list_headings())
        out.writerows(rows)
        return text.getvalue().encode("utf-8-sig")  # by which old spreadsheets read Chinese
    with TemporaryDirectory() as folder:
        path = Path(folder) / "letters.xlsx"
        write_workbook(path, list_headings(), rows)
        return path.read_bytes()
