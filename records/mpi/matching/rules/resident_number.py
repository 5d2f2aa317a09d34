"""The citizen number 居民身份证号 (GB 11643-1999): check digit, built-in birth date and sex, the
old 15-digit form. Pure.
"""

import datetime as dt
import unicodedata
from functools import lru_cache

from records.mpi.matching.rules.invisible_characters import strip_invisible

RESIDENT_NUMBER_SYSTEM = (  # 居民身份证号 (WS/T 364, shared-document templates)
    "urn:oid:2.16.156.10011.1.3"
)
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_DIGITS = "10X98765432"
NUMBER_SHAPE = (
    "a citizen number has 17 digits and a check digit (0-9 or X), or 15 digits in the old form"
)
CROSSES = "XХΧ×✕✖╳"  # what keyboards and scanners give for X: Latin, Cyrillic, Greek, signs
BETWEEN = frozenset(
    {"Zs", "Zl", "Zp", "Cc", "Pd", "Pc"}
)  # Unicode categories of spaces, dashes and lines


class InvalidResidentNumber(ValueError):
    """Why it is no citizen number; never quotes it, but for a character that is no part of a
    number. stray: (place from 1, what it is) of the first such.
    """

    def __init__(self, why: str, stray: tuple[int, str] | None = None) -> None:
        super().__init__(why)
        self.stray = stray


def check_digit(first17: str) -> str:
    return CHECK_DIGITS[sum(int(d) * w for d, w in zip(first17, WEIGHTS, strict=True)) % 11]


def normalize_resident_number(text: str) -> str:
    """The 18-digit form of a valid number, from full-width, spaced, small-x and 15-digit forms,
    and with what nobody sees between the digits.

    Raises NotANumber, which names the first character that is no part of a number.
    """
    cleaned = [fold_number_character(c) for c in text]
    number = "".join(cleaned)
    if strays := [i for i, c in enumerate(cleaned) if not all(x in "0123456789X" for x in c)]:
        place, what = strays[0] + 1, describe_character(text[strays[0]])
        raise InvalidResidentNumber(
            f"character {place} of it is {what}; {NUMBER_SHAPE}", (place, what)
        )
    if len(number) == 15 and number.isdecimal():
        number = number[:6] + "19" + number[6:]
        number += check_digit(number)
    if len(number) != 18 or not number[:17].isdecimal():
        raise InvalidResidentNumber(NUMBER_SHAPE)
    try:
        birth_date_of_number(number)
    except ValueError as error:
        raise InvalidResidentNumber(
            "digits 7 to 14 of a citizen number are a birth date; these are none"
        ) from error
    if number[17] != check_digit(number[:17]):
        raise InvalidResidentNumber(
            "the check digit (the last one) does not fit the other 17 digits"
        )
    return number


@lru_cache(1000)
def fold_number_character(character: str) -> str:
    """The digit or X that it stands for, "" for what stands between them; another one as it is."""
    if not strip_invisible(character) or unicodedata.category(character) in BETWEEN:
        return ""
    folded = "".join(
        str(unicodedata.decimal(c, c)) for c in unicodedata.normalize("NFKC", character).upper()
    )
    return "X" if folded in CROSSES else folded


def describe_character(character: str) -> str:
    """For a message: its code point, and what Unicode calls it."""
    return f"U+{ord(character):04X} ({unicodedata.name(character, 'a character without a name')})"


def birth_date_of_number(number: str) -> dt.date:
    return dt.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))


def sex_of_number(number: str) -> str:
    """FHIR gender: the 17th digit is odd for men."""
    return "male" if int(number[16]) % 2 else "female"
