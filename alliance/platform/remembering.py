"""Remember what a pure function made of a short text: dates, units and ranges come in few spellings
and are read hundreds of times a page. Long texts are read anew, so that what is kept stays small.
"""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

LONGEST_KEPT = 64  # characters of one argument
MOST_KEPT = 4096

P = ParamSpec("P")
R = TypeVar("R")


def remember_short(function: Callable[P, R]) -> Callable[P, R]:
    """For functions of texts and switches whose results are values that nobody changes and that no
    language, clock or setting changes.
    """
    kept = lru_cache(maxsize=MOST_KEPT)(function)

    @wraps(function)
    def read(*arguments: P.args, **named: P.kwargs) -> R:
        if any(isinstance(a, str) and len(a) > LONGEST_KEPT for a in arguments):
            return function(*arguments, **named)
        return kept(*arguments, **named)

    return read
