"""The value of an Observation or of its component: a number with its unit, words, or why there is
none (FHIR R4 observation.html). Nothing is guessed; what was sent stays beside what was read.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from records.meaning import flag_words
from records.meaning.result_flags import ResultFlag
from records.meaning.result_units import NONE, Unit, unit_from_text, unit_of_quantity
from records.meaning.times import say_period, shown_time
from records.meaning.value_text import LONGEST, format_decimal, join_bounds
from records.meaning.value_text import concept_text as words
from records.meaning.written_units import is_printed_unit

NUMERIC = re.compile(
    r"\s*(?P<sign>[<>≤≥＜＞]=?|=<|=>)?\s*(?P<number>[+-]?\d+(?:[.．]\d+)?)(?![\d.．,，"
    r"])\s*(?P<unit>\S.*)?",
    re.DOTALL,
)
DIPSTICK = re.compile(r"\s*[+＋][1-5]\s*")  # "+1" is a grade; as a number it would be written 1
SIGNS = {
    "≤": "<=",
    "≥": ">=",
    "＜": "<",
    "＞": ">",
    "=<": "<=",
    "=>": ">=",
    "<": "<",
    ">": ">",
    "<=": "<=",
    ">=": ">=",
    "＜=": "<=",
    "＞=": ">=",
}
COMPARATORS = {"<=": "≤", ">=": "≥"}


class ValueKind(StrEnum):
    """What kind of value it is. For YES, NO, CURVE, ABSENT and NOTHING the page has the words;
    CURVE: text is how many values it has.
    """

    NUMBER = "number"
    TEXT = "text"
    YES = "yes"
    NO = "no"
    CURVE = "curve"
    ABSENT = "absent"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class ResultValue:
    """text: as shown, with its comparator, without its unit; sent: as sent, whole, where text is
    not; mark: what stood behind it in one text.
    """

    kind: ValueKind
    text: str = ""
    unit: Unit = NONE
    number: float | None = None
    comparator: str = ""
    mark: str = ""
    flag: ResultFlag = ResultFlag.NONE
    sent: str = ""


def read_quantity(quantity: Any) -> ResultValue:
    """Of a Quantity; Kind.NOTHING where it has no number."""
    if (
        not isinstance(quantity, dict)
        or not isinstance(quantity.get("value"), int | float)
        or isinstance(quantity["value"], bool)
    ):
        return ResultValue(ValueKind.NOTHING)
    comparator = str(quantity.get("comparator") or "")
    return ResultValue(
        ValueKind.NUMBER,
        COMPARATORS.get(comparator, comparator) + format_decimal(quantity["value"]),
        unit_of_quantity(quantity),
        float(quantity["value"]),
        comparator,
    )


def value_from_text(sent: str) -> ResultValue:
    """A text: "52↑" is the number 52 and a mark; "<0.5 ng/mL" has a comparator and a unit. It is
    a number only where nothing is left beside number and a unit that is known; all else is words,
    as sent: "3-8 /HP", "120/80 mmHg", "1.2×10^3 IU/mL".
    """
    if len(sent) > LONGEST:
        return ResultValue(ValueKind.TEXT, sent)
    bare, flag, mark = flag_words.split_value_mark(sent)
    if (m := NUMERIC.fullmatch(bare)) and not DIPSTICK.fullmatch(bare):
        written = parse_unit_suffix(m["unit"] or "")
        if written is not None:
            number = unicodedata.normalize("NFKC", m["number"])
            return ResultValue(
                ValueKind.NUMBER,
                f"{m['sign'] or ''}{number}",
                written,
                float(number),
                SIGNS.get(m["sign"] or "", ""),
                mark,
                flag,
                sent.strip(),
            )
    return ResultValue(
        ValueKind.TEXT,
        bare if mark else sent,
        mark=mark,
        flag=flag or flag_words.flag_from_quality(sent),
        sent=sent.strip() if mark else "",
    )


def parse_unit_suffix(text: str) -> Unit | None:
    """The unit behind a number in one text: none, or a known one; None for anything else, as
    what is left may be more of the number ("10^3 IU/mL", "-8 /HP") or no unit at all ("型", "3B").
    """
    sent = text.strip()
    return NONE if not sent else unit_from_text(sent) if is_printed_unit(sent) else None


def read_value(part: dict[str, Any]) -> ResultValue:
    """value[x] of an Observation or of its component, or why there is none."""
    for key, value in part.items():
        match key:
            case "valueQuantity" if (found := read_quantity(value)).kind is ValueKind.NUMBER:
                return found
            case "valueQuantity" if (
                isinstance(value, dict)
                and (value.get("unit") or value.get("code"))
                and "dataAbsentReason" not in part
            ):
                return ResultValue(ValueKind.NOTHING, unit=unit_of_quantity(value))
            case "valueInteger":
                return ResultValue(ValueKind.NUMBER, str(value), NONE, float(value))
            case "valueCodeableConcept" if words(value):
                return ResultValue(
                    ValueKind.TEXT,
                    words(value),
                    flag=(
                        flag_words.flag_from_quality(words(value))
                        if len(words(value)) <= LONGEST
                        else ResultFlag.NONE
                    ),
                )
            case "valueString":
                return value_from_text(str(value))
            case "valueTime":
                return ResultValue(ValueKind.TEXT, str(value))
            case "valueDateTime":
                return ResultValue(
                    ValueKind.TEXT, shown_time(value), sent=str(value) if "T" in str(value) else ""
                )
            case "valueBoolean":
                return ResultValue(ValueKind.YES if value else ValueKind.NO)
            case "valueRange":
                low, high = read_quantity(value.get("low")), read_quantity(value.get("high"))
                return ResultValue(
                    ValueKind.TEXT,
                    join_bounds(low.text, high.text),
                    low.unit if low.unit.code else high.unit,
                )
            case "valueRatio":
                top, bottom = (
                    read_quantity(value.get("numerator")),
                    read_quantity(value.get("denominator")),
                )
                return ResultValue(
                    ValueKind.TEXT,
                    " : ".join(f"{v.text} {v.unit.shown()}".strip() for v in (top, bottom)),
                )
            case "valuePeriod":
                return ResultValue(ValueKind.TEXT, say_period(value))
            case "valueSampledData":
                return ResultValue(ValueKind.CURVE, str(len(str(value.get("data") or "").split())))
    reason = part.get("dataAbsentReason")
    return (
        ResultValue(ValueKind.ABSENT, words(reason)) if reason else ResultValue(ValueKind.NOTHING)
    )
