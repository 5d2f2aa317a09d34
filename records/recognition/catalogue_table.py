"""The catalogue as a table for spreadsheets, and such a table read back; each fault names its row,
its column and the mend.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from records.mapping.map_table import FORMULA
from records.mapping.sheet_reader import GUARD, read_table
from records.models import RecognitionItem

COLUMNS = (
    "code",
    "list_code",
    "name_zh",
    "name_en",
    "loinc",
    "window_days",
    "higher_recognises_lower",
    "scope",
    "place",
    "specimens",
    "methods",
    "price",
    "active",
    "source",
)
STARTING = Path(__file__).parent / "tables" / "starting_catalogue.csv"
CODE = re.compile(r"[A-Z0-9][A-Z0-9.-]{0,31}")
LOINC_CODE = re.compile(r"[0-9]{1,7}-[0-9]")
YES_NO = {"yes": True, "no": False, "是": True, "否": False}
LONGEST = {
    "list_code": 40,
    "name_zh": 100,
    "name_en": 100,
    "place": 20,
    "specimens": 200,
    "methods": 200,
    "source": 200,
}
MOST_DAYS = 400
MOST_BYTES, MOST_ROWS = 500_000, 2_000
Values = dict[str, Any]  # an item as JSON holds it


@dataclass(frozen=True, slots=True)
class RowFault:
    """row: as the spreadsheet counts it."""

    row: int
    column: str
    says: str


def read_catalogue(content: bytes) -> tuple[list[Values], list[RowFault]]:
    """Raises BadTable for a file that is no table."""
    rows = read_table(content, MOST_BYTES, MOST_ROWS)
    found: list[Values] = []
    faults: list[RowFault] = []
    seen: dict[str, int] = {}
    by_loinc: dict[str, str] = {}
    if rows and (missing := [c for c in ("code", "name_zh", "loinc") if c not in rows[0]]):
        return [], [RowFault(1, missing[0], _("This column is missing: add it."))]
    for number, row in enumerate(rows, 2):
        values, wrong = read_row(row)
        if (code := values["code"]) in seen:
            wrong["code"] = _("Row %(n)s has this code already: keep one of them.") % {
                "n": seen[code]
            }
        seen.setdefault(code, number)
        for loinc in values["loincs"].split():
            if by_loinc.setdefault(loinc, code) != code:
                wrong["loinc"] = _("%(loinc)s is a code of %(code)s already: keep it at one.") % {
                    "loinc": loinc,
                    "code": by_loinc[loinc],
                }
        faults += [RowFault(number, column, says) for column, says in wrong.items()]
        found.append(values)
    return found, faults


def read_row(row: dict[str, str]) -> tuple[Values, dict[str, str]]:
    """(the item, {column: what to mend})."""
    faults: dict[str, str] = {}
    values: Values = {c: row.get(c, "") for c in LONGEST}
    for column, most in LONGEST.items():
        if len(values[column]) > most:
            faults[column] = _("Use at most %(n)s characters.") % {"n": most}
    values["code"] = row.get("code", "").upper()
    if not CODE.fullmatch(values["code"]):
        faults["code"] = _("Use 1 to 32 capital letters, digits, points or hyphens.")
    if not values["name_zh"]:
        faults["name_zh"] = _("Write the Chinese name.")
    loincs = row.get("loinc", "").replace("|", " ").split()
    values["loincs"] = " ".join(loincs)
    if not loincs or not all(map(LOINC_CODE.fullmatch, loincs)) or len(values["loincs"]) > 300:
        faults["loinc"] = _("Write codes of LOINC as 2823-3, parted by blanks.")
    values["window"] = read_days(row.get("window_days", ""), faults)
    values["upward"] = read_flag(row, "higher_recognises_lower", False, faults)
    values["active"] = read_flag(row, "active", True, faults)
    values["scope"] = row.get("scope", "") or RecognitionItem.Scope.ALLIANCE.value
    if values["scope"] not in RecognitionItem.Scope.values:
        faults["scope"] = _("Write one of: %(words)s.") % {
            "words": ", ".join(RecognitionItem.Scope.values)
        }
    elif values["scope"] in ("province", "city") and not values["place"]:
        faults["place"] = _("Name the province or city, as its marks do.")
    values["price"] = read_price(row.get("price", ""), faults)
    return values, faults


def read_days(text: str, faults: dict[str, str]) -> int | None:
    """None where the alliance has set no window."""
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:6]) <= MOST_DAYS):
        faults["window_days"] = _("Write whole days, 1 to %(n)s, or leave it empty.") % {
            "n": MOST_DAYS
        }
        return None
    return int(text)


def read_flag(row: dict[str, str], column: str, empty: bool, faults: dict[str, str]) -> bool:
    text = row.get(column, "").casefold()
    if text and text not in YES_NO:
        faults[column] = _("Write yes or no.")
    return YES_NO.get(text, empty)


def read_price(text: str, faults: dict[str, str]) -> str | None:
    """In yuan, with at most two decimals."""
    if not text:
        return None
    try:
        price = Decimal(text)
        if price.is_finite() and 0 <= price < 10**7 and price == round(price, 2):
            return str(round(price, 2))
    except InvalidOperation:
        pass
    faults["price"] = _("Write yuan as 12.50, or leave it empty.")
    return None


def list_catalogue_rows() -> Iterator[list[str]]:
    """The first row names the columns."""
    yield list(COLUMNS)
    for x in RecognitionItem.objects.all():
        yield [
            x.code,
            x.list_code,
            x.name_zh,
            x.name_en,
            x.loincs,
            "" if x.window is None else str(x.window),
            "yes" if x.upward else "no",
            x.scope,
            x.place,
            x.specimens,
            x.methods,
            "" if x.price is None else str(x.price),
            "yes" if x.active else "no",
            x.source,
        ]


def write_csv(rows: Iterable[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([GUARD + v if v.startswith(FORMULA) else v for v in r] for r in rows)
    return out.getvalue().encode("utf-8-sig")
