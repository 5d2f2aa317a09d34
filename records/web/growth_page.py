"""A child's growth: one measure by one standard, as percentiles and as a table."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.auth.principal import Principal
from records.meaning.ages import age_at
from records.meaning.growth import GrowthMeasure, percentile_words
from records.meaning.growth_measurements import (
    GrowthMeasurement,
    judge_growth,
    read_gestation,
    read_measurements,
)
from records.meaning.sense import Words
from records.operations.growth_standards import IMPORTED, available_standards
from records.operations.shared_record import SectionWindow, ShownResource
from records.web.age_text import describe_age
from records.web.growth_chart import BY_LENGTH, PlottedPoint, draw_growth
from records.web.record_frame import open_record_frame, record_view

MOST = 2000  # Observations that are looked through
MEASURES: dict[GrowthMeasure, tuple[Words, str]] = {
    GrowthMeasure.WEIGHT: (gettext_lazy("Weight"), "kg"),
    GrowthMeasure.HEIGHT: (gettext_lazy("Length or height"), "cm"),
    GrowthMeasure.BMI: ("BMI", "kg/m²"),
    GrowthMeasure.HEAD: (gettext_lazy("Head circumference"), "cm"),
    GrowthMeasure.FOR_LENGTH: (gettext_lazy("Weight for length"), "kg"),
    GrowthMeasure.FOR_HEIGHT: (gettext_lazy("Weight for height"), "kg"),
}
STANDARDS: dict[str, Words] = {
    IMPORTED: gettext_lazy("WS/T 423-2022 (China, below 7 years)"),
    "who": gettext_lazy("WHO (2006, 2007)"),
}


@dataclass(frozen=True, slots=True)
class GrowthLine:
    """A measurement in words. notes: what has to be known of it."""

    found: GrowthMeasurement
    source: ShownResource
    age: str
    z: str
    percentile: str
    notes: tuple[str, ...]

    @property
    def value(self) -> str:
        return f"{self.found.value:.3g}" if self.found.value < 10 else f"{self.found.value:.1f}"


@record_view
def growth_page(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    """The measure and the standard are chosen by the address; else those with the most to show."""
    frame = open_record_frame(
        person_id,
        acting,
        "growth",
        {"growth": SectionWindow(MOST, "Observation", counted=True)},
    )
    rows = frame.opened.rows["growth"]
    resources = [s.resource for s in rows]
    standards = available_standards()
    standard = request.GET.get("standard", "")
    standard = standard if standard in standards else next(iter(standards))
    gestation = read_gestation(resources)
    judged = judge_growth(
        list(read_measurements(resources, frame.whom.birth)),
        frame.whom.sex,
        gestation,
        standards[standard],
    )
    counts = {m: sum(x.measure is m for x in judged) for m in MEASURES}
    asked = request.GET.get("measure", "")
    measure = next(
        (m for m in MEASURES if m == asked and counts[m]),
        next((m for m in MEASURES if counts[m]), GrowthMeasure.WEIGHT),
    )
    lines = sorted(
        (build_line(x, rows[x.source], frame.whom.birth) for x in judged if x.measure is measure),
        key=lambda line: (line.found.x is None, line.found.x or 0, str(line.found.moment.starts)),
    )
    table = standards[standard].get((measure, frame.whom.sex))
    unit = MEASURES[measure][1]
    return render(
        request,
        "records/growth.html",
        frame.context
        | {
            "measure": measure,
            "measure_name": MEASURES[measure][0],
            "unit": unit,
            "measures": [
                (m, words, counts[m]) for m, (words, _unit) in MEASURES.items() if counts[m]
            ],
            "standard": standard,
            "standard_name": STANDARDS[standard],
            "standards": [(name, STANDARDS[name]) for name in standards],
            "lines": lines[::-1],
            "chart": (
                draw_growth(measure, table, [plot(x, unit) for x in lines if x.found.x is not None])
                if table
                else None
            ),
            "no_table": no_table_words(frame.whom.sex) if lines and not table else "",
            "by_length": measure in BY_LENGTH,
            "gestation": divmod(gestation, 7) if gestation else None,
            "preterm": any(x.found.corrected is not None for x in lines),
            "cut": MOST if frame.opened.totals.get("growth", 0) > MOST else 0,
        },
    )


def no_table_words(sex: str) -> str:
    return (
        _("This standard has no table of this measure.")
        if sex in ("male", "female")
        else _("Without a recorded sex no standard can be chosen: only the values stand here.")
    )


def build_line(m: GrowthMeasurement, source: ShownResource, birth: str) -> GrowthLine:
    age = age_at(birth, m.moment.day) if m.moment.starts else None
    notes = (
        _("age counted from term (%s days)") % m.corrected
        if m.corrected is not None and m.corrected >= 0
        else "",
        _("before term: no table reaches there") if (m.corrected or 0) < 0 else "",
        _("unit not stated") if m.guessed else "",
        _("reckoned from weight and height of this day") if m.reckoned else "",
        _("measured lying") if m.lying else _("measured standing") if m.lying is False else "",
        _("not settled") if m.uncertain else "",
        _("NOT PLAUSIBLE: unit, decimal point or child?") if not m.plausible else "",
        _("age on that day is not known to the day") if m.days is None else "",
    )
    return GrowthLine(
        m,
        source,
        (describe_age(age) if age.number else _("at birth")) if age else "",
        z_words(m),
        percentile_words(m.z) if m.z is not None and m.plausible else "",
        tuple(n for n in notes if n),
    )


def z_words(m: GrowthMeasurement) -> str:
    if m.z is None:
        return ""
    sign = "+" if m.z > 0 else "−"
    return f"{sign}{abs(m.z):.2f}" if m.plausible else f"> {sign}6" if m.z > 0 else f"< {sign}6"


def plot(line: GrowthLine, unit: str) -> PlottedPoint:
    m, hospital = line.found, line.source.hospital
    words = " ".join(
        filter(None, (m.moment.day, line.age, line.value, unit, line.percentile, line.z))
    )
    return PlottedPoint(
        m.x or 0.0,
        m.value,
        hospital.code,
        str(hospital),
        f"{words} · {hospital}",
        m.plausible and not m.uncertain,
    )
