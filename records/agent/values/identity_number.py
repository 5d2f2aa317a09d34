"""Read the citizen number 居民身份证号 (GB 11643-1999): check digit (ISO 7064 mod 11-2), birth date
and sex in it, the old form with 15 digits.
"""

from __future__ import annotations

import datetime as dt
import re

from .blanks import fold, is_not_said
from .invalid_value import InvalidValue
from .value_rules import ID_CHECK, ID_DATE, ID_MASKED, ID_SHAPE, ROUNDED

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_DIGITS = "10X98765432"
BETWEEN = re.compile(r"[\s'‘’`\-_.]")
CROSS = re.compile("[xхХΧχ×✕*]$")
EXPONENT = re.compile(r"\d(\.\d+)?E\+?\d+", re.IGNORECASE)
FILLER = re.compile(r"0+|(\d)\1{14,17}")


def check_digit(first17: str) -> str:
    return CHECK_DIGITS[sum(int(d) * w for d, w in zip(first17, WEIGHTS)) % 11]


def parse_identity_number(text: str) -> str:
    """Its form with 18 characters, "" where none is told. Raises InvalidValue."""
    folded = fold(text)
    if is_not_said(folded):
        return ""
    if EXPONENT.fullmatch(folded.replace(" ", "")):
        raise InvalidValue(ROUNDED)
    number = BETWEEN.sub("", folded)
    if number.count("*") > 1 or "X" in number[:-1].upper():
        raise InvalidValue(ID_MASKED)
    number = CROSS.sub("X", number)
    if FILLER.fullmatch(number):
        return ""
    if len(number) == 15 and number.isdigit():
        check_birth_date("19" + number[6:12])
        number = f"{number[:6]}19{number[6:]}"
        return number + check_digit(number)
    if len(number) != 18 or not number[:17].isdigit() or number[17] not in CHECK_DIGITS:
        raise InvalidValue(ID_SHAPE, length=len(number))
    if number[17] != check_digit(number[:17]):
        raise InvalidValue(ROUNDED if number.endswith("000") else ID_CHECK)
    check_birth_date(number[6:14])
    return number


def check_birth_date(digits: str) -> None:
    try:
        dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        raise InvalidValue(ID_DATE) from None


def birth_date_of_number(number: str) -> str:
    return f"{number[6:10]}-{number[10:12]}-{number[12:14]}"


def gender_of_number(number: str) -> str:
    """FHIR gender: the 17th digit is odd for men."""
    return "male" if int(number[16]) % 2 else "female"
