"""Estimate how many violations the lists of days miss, from what was drawn at random beside them.
Pure.

Of each draw the auditors' outcomes are a sample without replacement of a population whose size is
known. The interval of each of them is Clopper and Pearson's (Biometrika 26, 1934), exact and never
too narrow; both populations together keep 95 % by halving what each may miss.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import comb

MISSED = 0.05  # what the interval may miss
STEPS = 60


@dataclass(frozen=True, slots=True)
class DrawnSample:
    """population: episodes that were on no list of a day; judged: those drawn of whom somebody
    can tell; violations: of these.
    """

    population: int
    judged: int
    violations: int


@dataclass(frozen=True, slots=True)
class RecallEstimate:
    """Shares of all violations that the lists of days have; None where nothing can be said.
    missed: how many the others are thought to hold, with the ends of the interval.
    """

    found: int
    missed: float
    missed_low: float
    missed_high: float

    @property
    def recall(self) -> float | None:
        return self.found / (self.found + self.missed) if self.found + self.missed else None

    @property
    def percent(self) -> str:
        return say_percent(self.recall)

    @property
    def low_percent(self) -> str:
        return say_percent(self.low)

    @property
    def high_percent(self) -> str:
        return say_percent(self.high)

    @property
    def low(self) -> float | None:
        return self.found / (self.found + self.missed_high) if self.found else None

    @property
    def high(self) -> float | None:
        return self.found / (self.found + self.missed_low) if self.found else None


def say_percent(share: float | None) -> str:
    return f"{100 * (share or 0):.0f}"


def estimate_recall(found: int, samples: Iterable[DrawnSample]) -> RecallEstimate | None:
    """found: violations on the lists of days. None where nothing that was drawn has been
    judged: then nothing is known of what was missed.
    """
    told = [s for s in samples if s.judged]
    if not told:
        return None
    share = MISSED / len(told)
    bounds = [binomial_interval(s.violations, s.judged, share) for s in told]
    return RecallEstimate(
        found,
        sum(s.population * s.violations / s.judged for s in told),
        sum(s.population * low for s, (low, _) in zip(told, bounds, strict=True)),
        sum(s.population * high for s, (_, high) in zip(told, bounds, strict=True)),
    )


def binomial_interval(hits: int, tries: int, missed: float) -> tuple[float, float]:
    """The shares at which so few, or so many, hits would be as rare as half of `missed`."""
    low = 0.0 if hits == 0 else bisect_share(lambda p: tail(hits, tries, p) < missed / 2)
    high = (
        1.0 if hits == tries else bisect_share(lambda p: 1 - tail(hits + 1, tries, p) > missed / 2)
    )
    return low, high


def tail(hits: int, tries: int, share: float) -> float:
    """How likely at least so many hits are."""
    return sum(
        comb(tries, k) * share**k * (1 - share) ** (tries - k) for k in range(hits, tries + 1)
    )


def bisect_share(below: Callable[[float], bool]) -> float:
    """The share up to which `below` holds."""
    low, high = 0.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) else (low, middle)
    return low
