"""Read decimal numbers, and record numbers that only look like numbers."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from .blanks import fold, is_not_said
from .invalid_value import InvalidValue
from .value_rules import NUMBER, ROUNDED

POINTS = str.maketrans("。．·", "...")
THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d{1,2}")
PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
EXPONENT = re.compile(r"\d(\.\d+)?E\+\d{2,3}", re.IGNORECASE)


def fold_number(text: str) -> str:
    """With a point, without thousands' commas: "1,234.5", "3,5" and "3．5" alike."""
    number = fold(text.translate(POINTS)).strip()
    if THOUSANDS.fullmatch(number):
        return number.replace(",", "")
    return number.replace(",", ".") if DECIMAL_COMMA.fullmatch(number) else number


def parse_decimal(text: str) -> Decimal | None:
    """None where none is told. Raises InvalidValue."""
    if is_not_said(text):
        return None
    number = fold_number(text)
    if not PLAIN.fullmatch(number):
        raise InvalidValue(NUMBER)
    try:
        return Decimal(number)
    except InvalidOperation:
        raise InvalidValue(NUMBER) from None


def parse_record_number(text: str) -> str:
    """A number by which a system knows a record: as written, but for width and blanks. Raises
    InvalidValue for one that a spreadsheet has rounded.
    """
    folded = fold(text).replace(" ", "") if not text.isascii() else text
    if is_not_said(folded):
        return ""
    if "+" in folded and EXPONENT.fullmatch(folded):
        raise InvalidValue(ROUNDED)
    return " ".join(folded.lstrip("'").split())
