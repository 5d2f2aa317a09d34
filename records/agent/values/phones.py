"""Read telephone numbers; several may stand in one cell."""

from __future__ import annotations

import re

from .blanks import fold, is_not_said
from .invalid_value import InvalidValue
from .value_rules import PHONE

APART = re.compile(r"[/,;、|\s]+(?=\+?\d)|[/,;、|]+")
SIGNS = re.compile(r"[\s\-()_.]")
NUMBER = re.compile(r"(?:\+?86)?1\d{10}|0\d{9,11}|[2-9]\d{6,7}|400\d{7}|1[12]\d{1,3}|\+\d{7,15}")
WORDS = re.compile(r"\(?[\u4e00-\u9fff]+\)?[:]?")  # 13800000000（母亲）


def parse_phones(text: str) -> list[str]:
    """Raises InvalidValue, softly, where one of them is none: the others are kept."""
    if is_not_said(text):
        return []
    found, odd = [], False
    for part in APART.split(WORDS.sub(" ", fold(text))):
        number = SIGNS.sub("", part)
        if NUMBER.fullmatch(number):
            found.append(number)
        elif number:
            odd = True
    if odd:
        raise InvalidValue(PHONE, soft=True, kept=found)
    return found
