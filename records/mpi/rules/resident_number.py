"""The citizen number 居民身份证号 (GB 11643-1999): check digit, built-in birth date and sex, the old 15-digit form. Pure."""

import datetime as dt
import unicodedata

SYSTEM = "urn:oid:2.16.156.10011.1.3"  # 居民身份证号 (WS/T 364, shared-document templates)
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK = "10X98765432"


class NotANumber(ValueError):
    """Why it is no citizen number; never quotes it."""


def check_digit(first17: str) -> str:
    return CHECK[sum(int(d) * w for d, w in zip(first17, WEIGHTS, strict=True)) % 11]


def normal(text: str) -> str:
    """The 18-digit form of a valid number, from full-width, spaced, small-x and 15-digit forms. Raises NotANumber."""
    number = unicodedata.normalize("NFKC", text).upper().replace(" ", "").replace("-", "")
    if len(number) == 15 and number.isdecimal():
        number = number[:6] + "19" + number[6:]
        number += check_digit(number)
    if len(number) != 18 or not number[:17].isdecimal():
        raise NotANumber("a citizen number has 17 digits and a check digit (0-9 or X), or 15 digits in the old form")
    try:
        birth_date(number)
    except ValueError as error:
        raise NotANumber("digits 7 to 14 of a citizen number are a birth date; these are none") from error
    if number[17] != check_digit(number[:17]):
        raise NotANumber("the check digit (the last one) does not fit the other 17 digits")
    return number


def birth_date(number: str) -> dt.date:
    return dt.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))


def sex(number: str) -> str:
    """FHIR gender: the 17th digit is odd for men."""
    return "male" if int(number[16]) % 2 else "female"
