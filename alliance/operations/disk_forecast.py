"""When a disk will be full, from how full it was: a straight line through the samples that a day
of cleaning up, or one large import, does not bend.
"""

import datetime as dt
from collections.abc import Sequence
from itertools import combinations
from statistics import median

LEAST = dt.timedelta(hours=24)  # of samples; before that nothing is said
POINTS = 60  # that are compared with each other
FARTHEST_DAYS = 3650.0  # days: further nobody looks
FreeSpaceSample = tuple[dt.datetime, int]  # moment, free bytes


def forecast_days_until_full(samples: Sequence[FreeSpaceSample], free: int) -> float | None:
    """From now on, by the median of the slopes between all pairs of samples (Theil 1950; Sen
    1968). FAR where it does not fill; None where there are too few samples to say.
    """
    found = thin_samples(sorted(samples))
    if len(found) < 3 or found[-1][0] - found[0][0] < LEAST:
        return None
    slope = median(
        (b[1] - a[1]) / ((b[0] - a[0]).total_seconds() / 86400)
        for a, b in combinations(found, 2)
        if b[0] > a[0]
    )
    return min(FARTHEST_DAYS, free / -slope) if slope < 0 else FARTHEST_DAYS


def thin_samples(samples: Sequence[FreeSpaceSample]) -> list[FreeSpaceSample]:
    """POINTS of them at most, the first and the last among them."""
    if len(samples) <= POINTS:
        return list(samples)
    step = (len(samples) - 1) / (POINTS - 1)
    return [samples[round(i * step)] for i in range(POINTS)]
