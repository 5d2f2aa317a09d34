"""Delay "not found" and "forbidden" answers about other hospitals to the next step of a fixed time
grid, so that timing does not reveal whether a record exists, and so does every answer that was
looked for in the index of all hospitals.

A consent with many rules takes longer to ask than an absence, and whom the index knows longer than
whom it does not; the difference would tell (leak channel 41).
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from consent.terms import Refused
from records.fhir.issues import NotFound

GRID_SECONDS = 0.02  # seconds from the request's beginning


@contextmanager
def delay_refusals(foreign: bool) -> Iterator[None]:
    start = time.perf_counter()
    try:
        yield
    except (NotFound, Refused):
        if foreign:
            wait_for_grid(start)
        raise


@contextmanager
def delay_all_answers() -> Iterator[None]:
    """Whatever comes of it."""
    start = time.perf_counter()
    try:
        yield
    finally:
        wait_for_grid(start)


def wait_for_grid(start: float) -> None:
    """Until the next beat."""
    time.sleep(GRID_SECONDS - (time.perf_counter() - start) % GRID_SECONDS)
