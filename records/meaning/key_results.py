"""The newest potassium and kidney filtration of a record: what rules about medicines look at.

LOINC codes: Regenstrief Institute, LOINC 2.78. Where a laboratory sends neither mark nor range,
potassium counts as high above 5.5 mmol/L (WS/T 404.3-2012 has 3.5 to 5.3).
"""

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass

from records.meaning.observation_results import Result, read_results
from records.meaning.phrase import Json
from records.meaning.reference_ranges import PatientTraits
from records.meaning.resource_reading import interpret_resource
from records.meaning.result_flags import ResultFlag
from records.meaning.result_identity import LOINC, squeeze_text
from records.meaning.sense import Sense

LABEL = re.compile(r"[\[【][^\]】]*[\]】]|\([^()]*\)|[*★▲△]")
BLOOD = re.compile(r"血|serum|plasma|blood|^$")
POTASSIUM_CEILING = 5.5  # mmol/L
EGFR_FLOOR = 30  # mL/min/1.73 m²
POTASSIUM_DAYS, EGFR_DAYS = 30, 365  # an older result says nothing of today


@dataclass(frozen=True, slots=True)
class KeyTest:
    """How a test is found: LOINC codes, or names as laboratories write them."""

    codes: frozenset[str]
    names: frozenset[str]
    unit: re.Pattern[str]  # of its code in UCUM, or of what was written
    days: int


POTASSIUM = KeyTest(
    frozenset({"2823-3", "6298-4", "39789-3", "32713-0", "77142-8"}),
    frozenset(
        {"钾", "血钾", "血清钾", "血浆钾", "全血钾", "钾离子", "钾测定", "血清钾测定", "k", "k+"}
        | {"potassium", "serumpotassium"}
    ),
    re.compile(r"(?:mmol|meq)/l|"),
    POTASSIUM_DAYS,
)
EGFR = KeyTest(
    frozenset(
        {"33914-3", "48642-3", "48643-1", "62238-1", "69405-9", "77147-7", "50210-4", "98979-8"}
    ),
    frozenset(
        {"egfr", "估算肾小球滤过率", "估算的肾小球滤过率", "肾小球滤过率估算值", "肾小球滤过率"}
        | {"estimatedgfr"}
    ),
    re.compile(r"ml/\(?min.*|"),
    EGFR_DAYS,
)
KEY_TESTS = (POTASSIUM, EGFR)


@dataclass(frozen=True, slots=True)
class KeyResult:
    """place: of its Observation among those handed in."""

    place: int
    result: Result

    @property
    def number(self) -> float:
        return self.result.number or 0.0

    @property
    def comparator(self) -> str:
        return self.result.value.comparator


def find_newest(
    test: KeyTest,
    observations: Iterable[tuple[str, Json]],
    patient: PatientTraits,
    now: dt.datetime,
) -> KeyResult | None:
    """The newest number of a test, None where it is older than the test's days."""
    found = [
        KeyResult(place, r)
        for place, (hospital, o) in enumerate(observations)
        if interpret_resource(o).sense is not Sense.VOID
        for r in read_results(o, patient, hospital)
        if is_of_test(test, r)
        and r.moment.starts is not None
        and now - dt.timedelta(days=test.days) <= r.moment.starts <= now + dt.timedelta(days=1)
    ]
    return max(found, key=lambda x: (x.result.moment.starts or now, -x.place), default=None)


def is_of_test(test: KeyTest, r: Result) -> bool:
    if r.number is None or not BLOOD.search(r.identity.specimen):
        return False
    last = r.identity.path[-1]
    named = squeeze_text(LABEL.sub("", squeeze_text(r.title))) in test.names
    if not named and not (last.system == LOINC and last.code in test.codes):
        return False
    return not r.unit.odd and bool(test.unit.fullmatch(squeeze_text(r.unit.code)))


def is_potassium_high(x: KeyResult) -> bool:
    """By the laboratory's mark or range; by the number where it tells neither."""
    if x.result.flag is ResultFlag.NONE:
        return x.number > POTASSIUM_CEILING and x.comparator not in ("<", "<=")
    return x.result.flag.high or (
        x.result.flag in (ResultFlag.CRITICAL, ResultFlag.ABNORMAL) and x.number > POTASSIUM_CEILING
    )


def is_egfr_low(x: KeyResult) -> bool:
    return x.number < EGFR_FLOOR and x.comparator not in (">", ">=")
