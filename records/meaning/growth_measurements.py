"""Which Observations are measurements of a child's growth, in one unit, at which age, and what they
are by a standard. A value whose unit is not told is taken for the one that fits a child, and says
so; one that cannot be is kept and marked.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from records.meaning.absence import fold_words
from records.meaning.ages import days_passed
from records.meaning.growth import (
    IMPLAUSIBLE,
    MONTH,
    STANDING_FROM,
    GrowthMeasure,
    GrowthStandard,
    as_measured_for,
    corrected_days,
)
from records.meaning.phrase import Json
from records.meaning.resource_facts import DATED
from records.meaning.result_units import unit_of_quantity
from records.meaning.sense import Sense
from records.meaning.states import judge_state
from records.meaning.times import Moment, moment_of_element
from records.meaning.unknown_modifiers import has_unknown_modifier
from records.meaning.value_text import drop_nulls

W, H, B, C = (
    GrowthMeasure.WEIGHT,
    GrowthMeasure.HEIGHT,
    GrowthMeasure.BMI,
    GrowthMeasure.HEAD,
)
# LOINC code -> (measure, whether lying; None where it is not told)
CODES: dict[str, tuple[GrowthMeasure, bool | None]] = {
    "29463-7": (W, None),
    "3141-9": (W, None),
    "8335-2": (W, None),
    "8339-4": (W, None),
    "8350-1": (W, None),
    "8351-9": (W, None),
    "8302-2": (H, None),
    "3137-7": (H, None),
    "8306-3": (H, True),
    "8305-5": (H, None),
    "89269-2": (H, True),
    "8308-9": (H, False),
    "39156-5": (B, None),
    "9843-4": (C, None),
    "8287-5": (C, None),
}
# the name that a sender without codes gives; 身长 is measured lying
NAMES: dict[str, tuple[GrowthMeasure, bool | None]] = {
    **dict.fromkeys(("体重", "出生体重", "weight", "body weight", "birth weight"), (W, None)),
    **dict.fromkeys(("身高", "height", "body height"), (H, None)),
    **dict.fromkeys(("身长", "出生身长", "length", "body length", "birth length"), (H, True)),
    **dict.fromkeys(("体质指数", "体重指数", "体质量指数", "bmi", "body mass index"), (B, None)),
    **dict.fromkeys(("头围", "出生头围", "head circumference"), (C, None)),
}
FACTORS: dict[GrowthMeasure, dict[str, float]] = {
    W: {"kg": 1, "g": 0.001, "[lb_av]": 0.45359237, "公斤": 1, "千克": 1, "克": 0.001, "斤": 0.5},
    H: {"cm": 1, "m": 100, "mm": 0.1, "[in_i]": 2.54, "厘米": 1, "米": 100, "毫米": 0.1},
    C: {"cm": 1, "mm": 0.1, "[in_i]": 2.54, "厘米": 1, "毫米": 0.1},
    B: {"kg/m2": 1, "kg/m²": 1},
}
GRAMS_FROM = 300  # a number without a unit: no child weighs as many kilograms
GESTATION_CODES = frozenset({"11885-1", "18185-9", "76516-4"})
GESTATION_NAMES = frozenset({"出生孕周", "出生胎龄", "胎龄", "gestational age at birth"})
WEEKS = re.compile(
    r"(\d{2}) ?(?:周|w|weeks?)? ?(?:\+ ?([0-6])|又 ?([0-6]) ?天?)? ?(?:周|天|w)?", re.I
)
TEXT = re.compile(r"(\d+(?:\.\d+)?) ?([^\d\s].*)?")


@dataclass(frozen=True, slots=True)
class GrowthMeasurement:
    """One value of one measure. value: in kg, cm or kg/m2; days: age in days, None where birth or
    day are not known to the day; corrected: counted from term, where that is what counts; x: where
    it stands in its table; guessed: its unit was not told; reckoned: from weight and height of one
    day; z: by the standard, None where that has no row for it; source: place of the sender.
    """

    measure: GrowthMeasure
    value: float
    moment: Moment
    source: int
    days: int | None = None
    corrected: int | None = None
    lying: bool | None = None
    guessed: bool = False
    reckoned: bool = False
    uncertain: bool = False
    x: float | None = None
    z: float | None = None
    sent: str = field(default="", compare=False)

    @property
    def plausible(self) -> bool:
        return self.z is None or abs(self.z) <= IMPLAUSIBLE


def named_measure(r: Json) -> tuple[GrowthMeasure, bool | None] | None:
    concept = r.get("code") or {}
    codings = [c for c in concept.get("coding") or [] if isinstance(c, dict)]
    for c in codings:
        if c.get("system") in (None, "http://loinc.org") and str(c.get("code")) in CODES:
            return CODES[str(c["code"])]
    words = (concept.get("text"), *(c.get("display") for c in codings))
    return next((NAMES[f] for w in words if w and (f := fold_words(str(w))) in NAMES), None)


def read_amount(r: Json, measure: GrowthMeasure) -> tuple[float, bool, str] | None:
    """(value in the measure's unit, whether the unit was not told, as sent); None of what is no
    number, or of another unit.
    """
    quantity = r.get("valueQuantity")
    if isinstance(quantity, dict) and isinstance(quantity.get("value"), int | float):
        number = float(quantity["value"])
        unit = unit_of_quantity(quantity)
        if unit.odd or quantity.get("comparator"):
            return None
        names = [unit.code, unit.sent]
    elif m := TEXT.fullmatch(str(r.get("valueString") or "").strip()):
        number, names = float(m[1]), [(m[2] or "").strip()]
    else:
        return None
    sent = f"{number:g} {names[-1]}".strip()
    for name in names:
        if (factor := FACTORS[measure].get(name) or FACTORS[measure].get(name.lower())) is not None:
            return number * factor, False, sent
    if any(names):
        return None
    return (number / 1000 if measure is W and number >= GRAMS_FROM else number), True, sent


def read_measurements(resources: Sequence[Json], birth: str) -> Iterator[GrowthMeasurement]:
    """Of each Observation about growth what it says, in the order of the resources."""
    for source, sent in enumerate(resources):
        if has_unknown_modifier(sent):
            continue
        r = drop_nulls(sent)
        named, (sense, marks) = named_measure(r), judge_state(r)
        if named is None or sense is Sense.VOID:
            continue
        measure, lying = named
        if (amount := read_amount(r, measure)) is None:
            continue
        value, guessed, as_sent = amount
        at = moment_of_element(r, *DATED["Observation"])
        yield GrowthMeasurement(
            measure,
            value,
            at,
            source,
            days_passed(birth, at.day),
            lying=lying,
            guessed=guessed,
            uncertain=bool(marks),
            sent=as_sent,
        )


def read_gestation(resources: Iterable[Json]) -> int | None:
    """Days of gestation at birth, by the newest Observation that tells them."""
    for sent in resources:
        r = drop_nulls(sent)
        concept = r.get("code") or {}
        codes = {str(c.get("code")) for c in concept.get("coding") or []}
        name = fold_words(str(concept.get("text") or ""))
        if not (codes & GESTATION_CODES or name in GESTATION_NAMES):
            continue
        if has_unknown_modifier(sent) or judge_state(r)[0] is Sense.VOID:
            continue
        if (days := gestation_days(r)) is not None:
            return days
    return None


def gestation_days(r: Json) -> int | None:
    quantity = r.get("valueQuantity")
    if isinstance(quantity, dict) and isinstance(quantity.get("value"), int | float):
        unit = unit_of_quantity(quantity)
        if unit.code in ("wk", "周") or unit.sent in ("周", "weeks", "w") or not unit.sent:
            return round(float(quantity["value"]) * 7)
        return round(float(quantity["value"])) if unit.code in ("d", "天") else None
    if m := WEEKS.fullmatch(str(r.get("valueString") or "").strip()):
        return int(m[1]) * 7 + int(m[2] or m[3] or 0)
    return None


def judge_growth(
    found: Sequence[GrowthMeasurement],
    sex: str,
    gestation: int | None,
    standard: GrowthStandard,
) -> list[GrowthMeasurement]:
    """The measurements with their place and z-score by the standard; and what follows from a weight
    and a height of one day: BMI where none was sent, weight by length below five years.
    """
    aged = [
        replace(m, corrected=corrected_days(m.days, gestation) if m.days is not None else None)
        for m in found
    ]
    return [
        place_in_table(m, sex, standard) for m in (*aged, *derive_measurements(aged, standard, sex))
    ]


def counted_days(m: GrowthMeasurement) -> int | None:
    """The age that counts: from term, where the child came early."""
    return m.days if m.corrected is None else m.corrected


def derive_measurements(
    found: Sequence[GrowthMeasurement], standard: GrowthStandard, sex: str
) -> Iterator[GrowthMeasurement]:
    heights = {m.days: m for m in reversed(found) if m.measure is H and m.days is not None}
    told = {m.days for m in found if m.measure is B}
    done = set()
    for m in found:
        if m.measure is not W or m.days not in heights or m.days in done:
            continue
        done.add(m.days)
        height, age = heights[m.days], counted_days(m)
        length = as_measured_for(height.value, age or 0, height.lying)
        shaky = m.uncertain or height.uncertain
        more: dict[str, Any] = {"reckoned": True, "uncertain": shaky, "sent": ""}
        if m.days not in told and length > 0:
            bmi = m.value / (length / 100) ** 2
            yield replace(m, measure=B, value=round(bmi, 2), **more)
        if age is not None and age < 60 * MONTH:
            lying = age < STANDING_FROM
            kind = GrowthMeasure.FOR_LENGTH if lying else GrowthMeasure.FOR_HEIGHT
            if (kind, sex) in standard:
                yield replace(m, measure=kind, x=length, **more)


def place_in_table(m: GrowthMeasurement, sex: str, standard: GrowthStandard) -> GrowthMeasurement:
    age, table = counted_days(m), standard.get((m.measure, sex))
    value = m.value
    if m.x is None:
        if m.measure is H and age is not None:
            value = as_measured_for(value, age, m.lying)
        m = replace(m, x=None if age is None else float(age))
    if table is None or m.x is None:
        return m
    return replace(m, z=table.z_score(value, m.x))
