"""What is hidden and what is not there take the same time: a "no" about another hospital's record leaves at the next beat of a fixed clock, and so does every
answer that was looked for in the index of all hospitals.

A consent with many rules takes longer to ask than an absence, and whom the index knows longer than whom it does not; the difference would tell (leak channel 41).
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
            rest(start)
        raise


@contextmanager
def always_evenly() -> Iterator[None]:
    """Whatever comes of it."""
    start = time.perf_counter()
    try:
        yield
    finally:
        rest(start)


def rest(start: float) -> None:
    """Until the next beat."""
    time.sleep(BEAT - (time.perf_counter() - start) % BEAT)
