"""An Observation as lines, one a value: what was measured, how much, how the laboratory and its range judge it, when
(FHIR R4 observation.html). Nothing is guessed; what was sent stays beside what was read."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from records.meaning import marks, ranges
from records.meaning.identity import Identity, identity
from records.meaning.marks import Flag
from records.meaning.ranges import Patient, Range
from records.meaning.times import Moment, moment_of, say_period, shown_time
from records.meaning.units import NONE, Unit, printed, unit, unit_of
from records.meaning.values import LONGEST, decimal, drop_nulls, join_bounds
from records.meaning.values import text as words

NUMERIC = re.compile(r"\s*(?P<sign>[<>≤≥＜＞]=?|=<|=>)?\s*(?P<number>[+-]?\d+(?:[.．]\d+)?)(?![\d.．,，])\s*(?P<unit>\S.*)?", re.DOTALL)
DIPSTICK = re.compile(r"\s*[+＋][1-5]\s*")  # "+1" is a grade; as a number it would be written 1
SIGNS = {"≤": "<=", "≥": ">=", "＜": "<", "＞": ">", "=<": "<=", "=>": ">=", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "＜=": "<=", "＞=": ">="}
COMPARATORS = {"<=": "≤", ">=": "≥"}


class Kind(StrEnum):
    """What kind of value it is. For YES, NO, CURVE, ABSENT and NOTHING the page has the words; CURVE: text is how many values it has."""

    NUMBER = "number"
    TEXT = "text"
    YES = "yes"
    NO = "no"
    CURVE = "curve"
    ABSENT = "absent"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Value:
    """text: as shown, with its comparator, without its unit; sent: as sent, whole, where text is not; mark: what stood behind it in one text."""

    kind: Kind
    text: str = ""
    unit: Unit = NONE
    number: float | None = None
    comparator: str = ""
    mark: str = ""
    flag: Flag = Flag.NONE
    sent: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """One line. number, low, high: in `unit`; range: the one that fits the patient, else all as sent; flag: the laboratory's word first, else where the
    number stands to the range; said: the laboratory's own words; contradicts: the laboratory says one thing, number and range another; status: FHIR."""

    title: str
    identity: Identity
    value: Value
    moment: Moment
    flag: Flag
    said: str = ""
    contradicts: bool = False
    range: str = ""
    low: float | None = None
    high: float | None = None
    status: str = ""
    issued: str = ""

    @property
    def number(self) -> float | None:
        return self.value.number

    @property
    def unit(self) -> Unit:
        return self.value.unit


def read_quantity(quantity: Any) -> Value:
    """Of a Quantity; Kind.NOTHING where it has no number."""
    if not isinstance(quantity, dict) or not isinstance(quantity.get("value"), int | float) or isinstance(quantity["value"], bool):
        return Value(Kind.NOTHING)
    comparator = str(quantity.get("comparator") or "")
    return Value(Kind.NUMBER, COMPARATORS.get(comparator, comparator) + decimal(quantity["value"]), unit_of(quantity), float(quantity["value"]), comparator)


def text_value(sent: str) -> Value:
    """A text: "52↑" is the number 52 and a mark; "<0.5 ng/mL" has a comparator and a unit. It is a number only where nothing is left beside number and a
    unit that is known; all else is words, as sent: "3-8 /HP", "120/80 mmHg", "1.2×10^3 IU/mL"."""
    if len(sent) > LONGEST:
        return Value(Kind.TEXT, sent)
    bare, flag, mark = marks.glued(sent)
    if (m := NUMERIC.fullmatch(bare)) and not DIPSTICK.fullmatch(bare):
        written = written_unit(m["unit"] or "")
        if written is not None:
            number = unicodedata.normalize("NFKC", m["number"])
            return Value(Kind.NUMBER, f"{m['sign'] or ''}{number}", written, float(number), SIGNS.get(m["sign"] or "", ""), mark, flag, sent.strip())
    return Value(Kind.TEXT, bare if mark else sent, mark=mark, flag=flag or marks.quality(sent), sent=sent.strip() if mark else "")


def written_unit(text: str) -> Unit | None:
    """The unit behind a number in one text: none, or a known one; None for anything else, as what is left may be more of the number ("10^3 IU/mL",
    "-8 /HP") or no unit at all ("型", "3B")."""
    sent = text.strip()
    return NONE if not sent else unit(sent) if printed(sent) else None


def value_of(part: dict[str, Any]) -> Value:
    """value[x] of an Observation or of its component, or why there is none."""
    for key, value in part.items():
        match key:
            case "valueQuantity" if (found := read_quantity(value)).kind is Kind.NUMBER:
                return found
            case "valueQuantity" if isinstance(value, dict) and (value.get("unit") or value.get("code")) and "dataAbsentReason" not in part:
                return Value(Kind.NOTHING, unit=unit_of(value))
            case "valueInteger":
                return Value(Kind.NUMBER, str(value), NONE, float(value))
            case "valueCodeableConcept" if words(value):
                return Value(Kind.TEXT, words(value), flag=marks.quality(words(value)) if len(words(value)) <= LONGEST else Flag.NONE)
            case "valueString":
                return text_value(str(value))
            case "valueTime":
                return Value(Kind.TEXT, str(value))
            case "valueDateTime":
                return Value(Kind.TEXT, shown_time(value), sent=str(value) if "T" in str(value) else "")
            case "valueBoolean":
                return Value(Kind.YES if value else Kind.NO)
            case "valueRange":
                low, high = read_quantity(value.get("low")), read_quantity(value.get("high"))
                return Value(Kind.TEXT, join_bounds(low.text, high.text), low.unit if low.unit.code else high.unit)
            case "valueRatio":
                top, bottom = read_quantity(value.get("numerator")), read_quantity(value.get("denominator"))
                return Value(Kind.TEXT, " : ".join(f"{v.text} {v.unit.shown()}".strip() for v in (top, bottom)))
            case "valuePeriod":
                return Value(Kind.TEXT, say_period(value))
            case "valueSampledData":
                return Value(Kind.CURVE, str(len(str(value.get("data") or "").split())))
    reason = part.get("dataAbsentReason")
    return Value(Kind.ABSENT, words(reason)) if reason else Value(Kind.NOTHING)


def judged(part: dict[str, Any], value: Value, fit: Range | None) -> tuple[Flag, str, bool]:
    """(level, the laboratory's words, whether number and range contradict them). Words of which none tells a level leave the number to its range."""
    said, text = marks.interpretation(part.get("interpretation"))
    if value.mark:
        said, text = marks.worst([f for f in (said, value.flag) if f is not None]), "、".join(filter(None, (text, value.mark)))
    own = reckoned(value, fit)
    if said is None or said is Flag.NONE:
        return own, text, False
    return said, text, contradicts(said, own)


def comparable(value: Value, fit: Range | None) -> Range | None:
    """The range in the value's unit; None where the two are not compared. A unit within a text has to be the range's own: "24 h" beside 0–1 may be how long
    was collected, and no result at all."""
    if fit is None or value.number is None or value.unit.odd or (value.sent and value.unit.code and not fit.unit.code):
        return None
    return ranges.in_unit(fit, value.unit.code)


def reckoned(value: Value, fit: Range | None) -> Flag:
    """Where the value stands to its range; of words, whether they are what is expected."""
    if value.number is not None:
        bounds = comparable(value, fit)
        return ranges.compare(value.number, value.comparator, value.unit.code, bounds) if bounds else Flag.NONE
    stands = value.flag
    if DIPSTICK.fullmatch(value.text) and (fit is None or not fit.graded):
        return Flag.NONE
    if fit and fit.accepted:
        grade = marks.grade(value.text)
        return Flag.NONE if not grade else Flag.NORMAL if grade in fit.accepted else stands if stands in (Flag.POSITIVE, Flag.UNCLEAR) else Flag.ABNORMAL
    if fit is None or fit.expected is Flag.NONE or stands is Flag.NONE:
        return stands if stands in (Flag.POSITIVE, Flag.UNCLEAR) else Flag.NONE
    if stands is fit.expected:
        return Flag.NORMAL
    return Flag.ABNORMAL if fit.expected is Flag.POSITIVE else stands


def contradicts(said: Flag, own: Flag) -> bool:
    if own.high or own.low:
        return said is Flag.NORMAL or (said.low if own.high else said.high)
    return own is Flag.NORMAL and (said.high or said.low)


def read(observation: dict[str, Any], patient: Patient, hospital: str, chinese: bool = True) -> list[Result]:
    """The lines of an Observation: its own value and one for each component; one that only holds others together has none, unless the laboratory has
    marked it as a whole. hospital: its code; chinese: whether the reader's language is."""
    observation = drop_nulls(observation)
    moment = moment_of(observation, "effectiveDateTime", "effectiveInstant", "effectivePeriod", "effectiveTiming", "issued")
    parts = [p for p in observation.get("component") or [] if isinstance(p, dict)]
    own = value_of(observation).kind is not Kind.NOTHING or marks.interpretation(observation.get("interpretation")) != (None, "")
    lines = [line(observation, None, patient, hospital, moment, chinese)] if own or not (parts or observation.get("hasMember")) else []
    return lines + [line(observation, p, patient, hospital, moment, chinese) for p in parts]


def line(observation: dict[str, Any], component: dict[str, Any] | None, patient: Patient, hospital: str, moment: Moment, chinese: bool) -> Result:
    part = observation if component is None else component
    value, nodes = value_of(part), part.get("referenceRange")
    at = next((str(observation[k]) for k in ("effectiveDateTime", "effectiveInstant", "issued") if k in observation), "") or str((observation.get("effectivePeriod") or {}).get("start") or "")
    fit = ranges.choose(nodes, patient, at, value.unit.code)
    flag, said, odd = judged(part, value, fit)
    same = comparable(value, fit)
    return Result(
        words(part.get("code")), identity(observation, component, value.unit, kind_of(value), hospital), value, moment, flag, said, odd,
        ranges.summary(nodes, fit, value.unit.code, chinese),
        same.low if same else None, same.high if same else None, str(observation.get("status") or ""), str(observation.get("issued") or ""))


def kind_of(value: Value) -> str:
    """Numbers apart from words; a test without a value stands with neither."""
    return "number" if value.number is not None else "words" if value.kind in (Kind.TEXT, Kind.YES, Kind.NO) else str(value.kind)
