"""What is hidden and what is not there take the same time: a "no" about another hospital's record leaves at the next beat of a fixed clock.

A consent with many rules takes longer to ask than an absence, and the difference would tell (leak channel 41).
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from consent.terms import Refused
from records.fhir.issues import NotFound

BEAT = 0.02  # seconds from the request's beginning


@contextmanager
def evenly(foreign: bool) -> Iterator[None]:
    start = time.perf_counter()
    try:
        yield
    except (NotFound, Refused):
        if foreign:
            time.sleep(BEAT - (time.perf_counter() - start) % BEAT)
        raise
