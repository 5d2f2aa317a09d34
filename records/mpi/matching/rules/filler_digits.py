"""Digits that somebody typed to fill a field: a row upwards or downwards, one or two over and
over, zeros. Pure.
"""

import re
from itertools import pairwise

REPEATED = re.compile(r"(\d{1,2})\1+")
ZEROS = re.compile(r"0{5,}\d")
MIN_ROW = 7  # digits of a row before another last one: a check digit


def is_sequential(digits: str) -> bool:
    """Whether each digit follows the one before it, upwards or downwards, 0 after 9: 1234567,
    7654321.
    """
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(digits)}
    return len(digits) > 3 and steps in ({1}, {9})


def is_filler(digits: str) -> bool:
    """Whether they say nothing; with a check digit after a row as well."""
    return (
        is_sequential(digits)
        or (len(digits) >= MIN_ROW and is_sequential(digits[:-1]))
        or (len(digits) > 3 and bool(REPEATED.fullmatch(digits) or ZEROS.fullmatch(digits)))
    )
