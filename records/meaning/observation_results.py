"""An Observation as lines, one a value: what was measured, how much, how the laboratory and its
range judge it, when (FHIR R4 observation.html). Nothing is guessed; what was sent stays beside what
was read.
"""

from dataclasses import dataclass
from typing import Any

from records.meaning import (
    interpretation,
    range_choice,
    range_display,
    reference_ranges,
    result_flags,
    result_grades,
)
from records.meaning.recognition_mark import RecognitionMark, split_recognition_marks
from records.meaning.reference_ranges import PatientTraits, ReferenceRange
from records.meaning.result_flags import ResultFlag
from records.meaning.result_identity import (
    LOINC,
    ResultIdentity,
    concept_key,
    identify_result,
    specimen_kind,
)
from records.meaning.result_units import Unit
from records.meaning.result_values import DIPSTICK, ResultValue, ValueKind, read_value
from records.meaning.test_names import name_bare_code
from records.meaning.times import Moment, moment_of_element
from records.meaning.value_text import concept_text as words
from records.meaning.value_text import drop_nulls
from records.meaning.vital_order import PressurePart, pressure_part


@dataclass(frozen=True, slots=True)
class Result:
    """One line. number, low, high: in `unit`; range: the one that fits the patient, else all as
    sent; flag: the laboratory's word first, else where the number stands to the range; said: the
    laboratory's own words; contradicts: the laboratory says one thing, number and range another;
    status: FHIR; recognised: marks of mutual recognition, which title has not; sent_title: the name
    as sent, where it is another; conditions: specimen, method and site in words.
    """

    title: str
    identity: ResultIdentity
    value: ResultValue
    moment: Moment
    flag: ResultFlag
    said: str = ""
    contradicts: bool = False
    range: str = ""
    low: float | None = None
    high: float | None = None
    status: str = ""
    issued: str = ""
    recognised: tuple[RecognitionMark, ...] = ()
    sent_title: str = ""
    conditions: tuple[str, ...] = ()

    @property
    def number(self) -> float | None:
        return self.value.number

    @property
    def unit(self) -> Unit:
        return self.value.unit


def judge_value(
    part: dict[str, Any], value: ResultValue, fit: ReferenceRange | None
) -> tuple[ResultFlag, str, bool]:
    """(level, the laboratory's words, whether number and range contradict them). Words of which
    none tells a level leave the number to its range.
    """
    said, text = interpretation.read_interpretation(part.get("interpretation"))
    if value.mark:
        said, text = (
            result_flags.worst_flag([f for f in (said, value.flag) if f is not None]),
            "、".join(filter(None, (text, value.mark))),
        )
    own = flag_against_range(value, fit)
    if said is None or said is ResultFlag.NONE:
        return own, text, False
    return said, text, is_contradicted(said, own)


def comparable_range(value: ResultValue, fit: ReferenceRange | None) -> ReferenceRange | None:
    """The range in the value's unit; None where the two are not compared. A unit within a text
    has to be the range's own: "24 h" beside 0–1 may be how long was collected, and no result at
    all.
    """
    if (
        fit is None
        or value.number is None
        or value.unit.odd
        or (value.sent and value.unit.code and not fit.unit.code)
    ):
        return None
    return reference_ranges.convert_range(fit, value.unit.code)


def flag_against_range(value: ResultValue, fit: ReferenceRange | None) -> ResultFlag:
    """Where the value stands to its range; of words, whether they are what is expected."""
    if value.number is not None:
        bounds = comparable_range(value, fit)
        return (
            reference_ranges.flag_against_bounds(
                value.number, value.comparator, value.unit.code, bounds
            )
            if bounds
            else ResultFlag.NONE
        )
    stands = value.flag
    if DIPSTICK.fullmatch(value.text) and (fit is None or not fit.graded):
        return ResultFlag.NONE
    if fit and fit.accepted:
        grade = result_grades.parse_grade(value.text)
        return (
            ResultFlag.NONE
            if not grade
            else (
                ResultFlag.NORMAL
                if grade in fit.accepted
                else (
                    stands
                    if stands in (ResultFlag.POSITIVE, ResultFlag.UNCLEAR)
                    else ResultFlag.ABNORMAL
                )
            )
        )
    if fit is None or fit.expected is ResultFlag.NONE or stands is ResultFlag.NONE:
        return stands if stands in (ResultFlag.POSITIVE, ResultFlag.UNCLEAR) else ResultFlag.NONE
    if stands is fit.expected:
        return ResultFlag.NORMAL
    return ResultFlag.ABNORMAL if fit.expected is ResultFlag.POSITIVE else stands


def is_contradicted(said: ResultFlag, own: ResultFlag) -> bool:
    if own.high or own.low:
        return said is ResultFlag.NORMAL or (said.low if own.high else said.high)
    return own is ResultFlag.NORMAL and (said.high or said.low)


def read_results(
    observation: dict[str, Any], patient: PatientTraits, hospital: str, chinese: bool = True
) -> list[Result]:
    """The lines of an Observation: its own value and one for each component; one that only holds
    others together has none, unless the laboratory has marked it as a whole. hospital: its code;
    chinese: whether the reader's language is.
    """
    observation = drop_nulls(observation)
    moment = moment_of_element(
        observation,
        "effectiveDateTime",
        "effectiveInstant",
        "effectivePeriod",
        "effectiveTiming",
        "issued",
    )
    parts = sorted(
        (p for p in observation.get("component") or [] if isinstance(p, dict)), key=is_diastolic
    )
    own = read_value(
        observation
    ).kind is not ValueKind.NOTHING or interpretation.read_interpretation(
        observation.get("interpretation")
    ) != (None, "")
    lines = (
        [read_result_line(observation, None, patient, hospital, moment, chinese)]
        if own or not (parts or observation.get("hasMember"))
        else []
    )
    return lines + [
        read_result_line(observation, p, patient, hospital, moment, chinese) for p in parts
    ]


def read_result_line(
    observation: dict[str, Any],
    component: dict[str, Any] | None,
    patient: PatientTraits,
    hospital: str,
    moment: Moment,
    chinese: bool,
) -> Result:
    part = observation if component is None else component
    value, nodes = read_value(part), part.get("referenceRange")
    at = next(
        (
            str(observation[k])
            for k in ("effectiveDateTime", "effectiveInstant", "issued")
            if k in observation
        ),
        "",
    ) or str((observation.get("effectivePeriod") or {}).get("start") or "")
    fit = range_choice.choose_range(nodes, patient, at, value.unit.code)
    flag, said, odd = judge_value(part, value, fit)
    same = comparable_range(value, fit)
    sent_title = words(part.get("code"))
    title, recognised = split_recognition_marks(name_bare_code(part.get("code"), sent_title))
    return Result(
        title,
        identify_result(observation, component, value.unit, identity_kind(value), hospital),
        value,
        moment,
        flag,
        said,
        odd,
        range_display.summarize_ranges(nodes, fit, value.unit.code, chinese),
        same.low if same else None,
        same.high if same else None,
        str(observation.get("status") or ""),
        str(observation.get("issued") or ""),
        recognised,
        sent_title if sent_title != title else "",
        list_conditions(observation),
    )


def is_diastolic(part: dict[str, Any]) -> bool:
    """Whether it stands behind what else was measured with it: behind the systolic pressure."""
    key = concept_key(part.get("code"), "")
    loinc = key.code if key.system == LOINC else ""
    return pressure_part(loinc, words(part.get("code"))) is PressurePart.DIASTOLIC


def list_conditions(observation: dict[str, Any]) -> tuple[str, ...]:
    """Specimen, method and site in words, as far as the Observation itself tells them."""
    specimen = specimen_kind(observation)
    return tuple(
        filter(
            None,
            (
                "" if "|" in specimen else specimen,
                words(observation.get("method")),
                words(observation.get("bodySite")),
            ),
        )
    )


def identity_kind(value: ResultValue) -> str:
    """Numbers apart from words; a test without a value stands with neither."""
    return (
        "number"
        if value.number is not None
        else (
            "words"
            if value.kind in (ValueKind.TEXT, ValueKind.YES, ValueKind.NO)
            else str(value.kind)
        )
    )
