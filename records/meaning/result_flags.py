"""The level of a result against what is normal, from critical to unknown, and the worst of
several.
"""

from enum import StrEnum


class ResultFlag(StrEnum):
    """How a result stands. UNCLEAR: the laboratory itself cannot say (indeterminate,
    borderline); NONE: nobody has said anything.
    """

    CRITICAL_HIGH = "critical-high"
    CRITICAL_LOW = "critical-low"
    CRITICAL = "critical"
    HIGH = "high"
    LOW = "low"
    POSITIVE = "positive"
    ABNORMAL = "abnormal"
    UNCLEAR = "unclear"
    NORMAL = "normal"
    NONE = ""

    @property
    def critical(self) -> bool:
        return self in CRITICALS

    @property
    def high(self) -> bool:
        return self in (ResultFlag.HIGH, ResultFlag.CRITICAL_HIGH)

    @property
    def low(self) -> bool:
        return self in (ResultFlag.LOW, ResultFlag.CRITICAL_LOW)


CRITICALS = frozenset({ResultFlag.CRITICAL_HIGH, ResultFlag.CRITICAL_LOW, ResultFlag.CRITICAL})

ORDER = list(ResultFlag)  # the worst first


def worst_flag(found: list[ResultFlag]) -> ResultFlag:
    """Of several, the worst; where one says high and another low, only that it is abnormal
    (critical, where one of them is).
    """
    said = set(found)
    if {f.high for f in said if f.high} and {f.low for f in said if f.low}:
        return ResultFlag.CRITICAL if said & CRITICALS else ResultFlag.ABNORMAL
    if ResultFlag.CRITICAL in said and (sided := [f for f in ORDER[3:5] if f in said]):
        return ResultFlag.CRITICAL_HIGH if sided[0] is ResultFlag.HIGH else ResultFlag.CRITICAL_LOW
    return min(found, key=ORDER.index, default=ResultFlag.NONE)
