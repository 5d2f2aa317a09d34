"""How a value of a line stands in the cell of a spreadsheet. Pure: verifiers need it, too."""

from typing import Any

FORMULA_STARTS = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "＝",
    "＋",
    "－",
    "＠",
)  # the wide ones too: spreadsheets of East Asia read them as the narrow


STARTS = frozenset(FORMULA_STARTS)


def escape_formula(value: Any) -> str:
    """Escape text for a spreadsheet: lists joined, nothing that a spreadsheet would run as a
    formula.
    """
    text = (
        value
        if type(value) is str
        else " ".join(value)
        if isinstance(value, list)
        else ""
        if value is None
        else str(value)
    )
    return "'" + text if text[:1] in STARTS else text
