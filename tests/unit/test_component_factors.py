"""The factors of substances against two sources each: atomic weights, and the tables of the AMA."""

import math

import pytest

from records.meaning.components import (
    allowable_errors,
    allowable_errors_edition,
    components_by_code,
    find_component,
    is_within_allowable_error,
)

# IUPAC 2021, abridged to five digits
WEIGHT = {"H": 1.0080, "C": 12.011, "N": 14.007, "O": 15.999, "P": 30.974}
WEIGHT |= {"Ca": 40.078, "Mg": 24.305, "Fe": 55.845}
FORMULA: dict[str, dict[str, int]] = {
    "glucose": {"C": 6, "H": 12, "O": 6},
    "creatinine": {"C": 4, "H": 7, "N": 3, "O": 1},
    "urea": {"N": 2},  # reported as the mass of its nitrogen
    "cholesterol": {"C": 27, "H": 46, "O": 1},
    "triglyceride": {"C": 57, "H": 104, "O": 6},  # triolein
    "bilirubin": {"C": 33, "H": 36, "N": 4, "O": 6},
    "urate": {"C": 5, "H": 4, "N": 4, "O": 3},
    "calcium": {"Ca": 1},
    "phosphate": {"P": 1},
    "magnesium": {"Mg": 1},
    "iron": {"Fe": 1},
}
# AMA Manual of Style, table of SI conversions: the SI unit for one conventional unit
AMA = {
    "glucose": 0.0555,
    "creatinine": 88.4,
    "urea": 0.357,
    "cholesterol": 0.0259,
    "triglyceride": 0.0113,
    "bilirubin": 17.104,
    "urate": 59.485,
    "calcium": 0.25,
    "phosphate": 0.323,
    "magnesium": 0.411,
    "iron": 0.179,
}
COMPONENTS = {c.name: c for c in components_by_code().values()}
SUBSTANCE = {n: next((s for s in FORMULA if n.startswith(s)), "") for n in COMPONENTS}


@pytest.mark.parametrize("name", [n for n, s in SUBSTANCE.items() if s])
def test_factor_by_two_sources(name: str) -> None:
    component, substance = COMPONENTS[name], SUBSTANCE[name]
    molar_mass = sum(WEIGHT[e] * n for e, n in FORMULA[substance].items())
    litres = 10  # of a deciliter
    unit = {"mg/dL": 1e-3, "ug/dL": 1e-6}[component.unit_a]
    amount = {"mmol/L": 1e3, "umol/L": 1e6}[component.unit_b]
    assert component.factor == pytest.approx(unit * litres / molar_mass * amount, rel=2e-3)
    assert component.factor == pytest.approx(AMA[substance], rel=3e-3)
    assert component.offset == 0


def test_haemoglobin_a1c_by_its_master_equation() -> None:
    a1c = find_component("4548-4")
    assert a1c and a1c.convert(53, "mmol/mol", "%") == pytest.approx(7.0, abs=0.01)
    assert a1c.convert(7.0, "%", "mmol/mol") == pytest.approx(53, abs=0.1)
    assert [n for n, s in SUBSTANCE.items() if not s] == ["haemoglobin A1c, blood"]


def test_conversion_goes_through_any_spelling_of_a_unit() -> None:
    creatinine = find_component("2160-0")
    assert creatinine and creatinine is find_component("14682-9")
    assert creatinine.convert(1, "mg/dL", "umol/L") == 88.4
    assert creatinine.convert(0.0884, "mmol/L", "mg/dL") == 1
    assert creatinine.convert(10, "mg/L", "mmol/L") == 0.0884
    assert creatinine.convert(1, "U/L", "umol/L") is None
    assert find_component("2823-3") is None, "the control: units alone convert it"


def test_two_laboratories_within_their_allowable_error() -> None:
    assert allowable_errors_edition() == "WS/T 403-2012" and len(allowable_errors()) > 24
    limit = math.sqrt(2) * 0.12 * 100  # creatinine, 12 %, about a mean of 100
    assert is_within_allowable_error("14682-9", 100 - limit / 2 + 0.1, 100 + limit / 2 - 0.1)
    assert not is_within_allowable_error("14682-9", 100 - limit / 2 - 0.1, 100 + limit / 2 + 0.1)
    assert not is_within_allowable_error("10839-9", 1, 1), "nothing is known of it"
