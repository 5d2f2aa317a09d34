"""Units as laboratories write them are one unit; only what units alone tell exactly is
converted.
"""

import pytest

from records.meaning.result_units import NONE, convert_value, unit_from_text, unit_of_quantity
from records.meaning.unit_display import shown_unit
from records.meaning.written_units import ucum_from_text
from records.search.base_units import SYSTEM


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("umol/L", "umol/L"),
        ("μmol/L", "umol/L"),
        ("µmol/L", "umol/L"),
        ("umol/l", "umol/L"),
        ("UMOL/L", "umol/L"),
        ("ｕmol／L", "umol/L"),
        ("10*9/L", "10*9/L"),
        ("10^9/L", "10*9/L"),
        ("×10⁹/L", "10*9/L"),
        ("x10^9/L", "10*9/L"),
        ("10E9/L", "10*9/L"),
        ("109/L", "10*9/L"),
        ("G/L", "10*9/L"),
        ("g/L", "g/L"),
        ("g/l", "g/L"),
        ("T/L", "10*12/L"),
        ("10^12/L", "10*12/L"),
        ("mmHg", "mm[Hg]"),
        ("mm[Hg]", "mm[Hg]"),
        ("℃", "Cel"),
        ("°C", "Cel"),
        ("Cel", "Cel"),
        ("次/分", "/min"),
        ("bpm", "/min"),
        ("{beats}/min", "/min"),
        ("％", "%"),
        ("IU/L", "[IU]/L"),
        ("uIU/mL", "u[IU]/mL"),
        ("μIU/mL", "u[IU]/mL"),
        ("mIU/L", "m[IU]/L"),
        ("U/L", "U/L"),
        ("mcg/L", "ug/L"),
        ("mg/24h", "mg/(24.h)"),
        ("kg/m²", "kg/m2"),
        ("ml/min/1.73m²", "mL/min/{1.73_m2}"),
        ("个/HP", "/[HPF]"),
        ("1", "1"),
        ("COI", ""),
        ("", ""),
        ("K/uL", "10*3/uL"),
    ],
)
def test_as_laboratories_write_them(written: str, code: str) -> None:
    assert ucum_from_text(written) == code


@pytest.mark.parametrize(
    ("code", "chinese", "english"),
    [
        ("mm[Hg]", "mmHg", "mmHg"),
        ("Cel", "℃", "℃"),
        ("10*9/L", "×10⁹/L", "×10⁹/L"),
        ("10*12/L", "×10¹²/L", "×10¹²/L"),
        ("umol/L", "μmol/L", "μmol/L"),
        ("{score}", "", ""),
        ("1", "", ""),
        ("%", "%", "%"),
        ("/min", "次/分", "/min"),
        ("{beats}/min", "次/分", "/min"),
        ("[IU]/L", "IU/L", "IU/L"),
        ("u[IU]/mL", "μIU/mL", "μIU/mL"),
        ("kg/m2", "kg/m²", "kg/m²"),
        ("a", "岁", "y"),
        ("ug/L", "μg/L", "μg/L"),
        ("mL/min/{1.73_m2}", "mL/min/1.73m²", "mL/min/1.73m²"),
        ("%{HemoglobinA1c}", "%", "%"),
        ("mg/(24.h)", "mg/24h", "mg/24h"),
        ("mmol/L", "mmol/L", "mmol/L"),
        ("fL", "fL", "fL"),
        ("ug", "μg", "μg"),
    ],
)
def test_as_people_read_them(code: str, chinese: str, english: str) -> None:
    shown = unit_of_quantity({"code": code, "system": SYSTEM, "value": 1})
    assert (shown.shown(True), shown.shown(False)) == (chinese, english)
    assert (unit_from_text(code).shown(True), unit_from_text(code).shown(False)) == (
        chinese,
        english,
    ), "so, too, where the code stands in the unit's place"


@pytest.mark.parametrize(
    ("value", "sent", "wanted", "is_"),
    [
        (0.092, "mmol/L", "umol/L", 92.0),
        (5.0, "g/L", "mg/dL", 500.0),
        (12.0, "10*3/uL", "10*9/L", 12.0),
        (4.0, "ng/mL", "ug/L", 4.0),
        (2.0, "m[IU]/L", "u[IU]/mL", 2.0),
        (37.0, "Cel", "[degF]", 98.6),
        (5.0, "mmol/L", "mg/dL", None),
        (5.0, "umol/L", "g/L", None),
        (3.0, "meq/L", "mmol/L", None),
        (290.0, "mosm/kg", "mmol/kg", None),
        (5.0, "U/L", "[IU]/L", None),
        (45.0, "%", "1", None),
        (60.0, "mL/min/{1.73_m2}", "mL/min", None),
        (5.0, "COI", "COI", 5.0),
        (5.0, "COI", "S/CO", None),
        (5.0, "", "mmol/L", None),
    ],
)
def test_only_what_is_exact_by_the_units_alone(
    value: float, sent: str, wanted: str, is_: float | None
) -> None:
    assert convert_value(value, sent, wanted) == is_


def test_a_unit_and_a_code_that_contradict_are_compared_with_nothing() -> None:
    odd = unit_of_quantity({"value": 92, "unit": "mmol/L", "code": "umol/L", "system": SYSTEM})
    assert (
        odd.odd
        and odd.shown() == "mmol/L［编码：umol/L］"
        and odd.shown(chinese=False) == "mmol/L [coded: umol/L]"
    )
    assert (
        not unit_of_quantity({"value": 80, "unit": "次/分", "code": "/min", "system": SYSTEM}).odd
        and not unit_of_quantity(
            {"value": 5, "unit": "×10⁹/L", "code": "10*3/uL", "system": SYSTEM}
        ).odd
    )
    assert (
        unit_of_quantity({"value": 5, "unit": "片", "code": "TAB", "system": "urn:local"}).shown()
        == "片"
        and unit_of_quantity(None) == NONE
    )
    assert (
        shown_unit("no-such-unit") == "no-such-unit"
        and unit_from_text("μg/L FEU").shown() == "μg/L FEU"
    )


@pytest.mark.parametrize(
    ("written", "code", "odd"),
    [
        ("%", "mmol/mol", True),
        ("%", "1", True),
        ("S/CO", "U/mL", True),
        ("万单位", "[IU]", True),
        ("mg", "ug", True),
        ("mEq/L", "mmol/L", True),
        ("1", "mmol/L", True),
        ("mg/L FEU", "mg/L", True),
        ("片", "{tablet}", False),
        ("片", "1", False),
        ("S/CO", "1", False),
        ("%", "%{HemoglobinA1c}", False),
        ("IU", "[IU]", False),
        ("单位", "[iU]", False),
        ("毫克", "mg", False),
        ("分", "min", False),
        ("分", "1", False),
        ("INR", "1", False),
        ("次/分", "{beats}/min", False),
        ("mg/L", "mg/L", False),
        ("µg", "ug", False),
        ("IU/mL", "[IU]/mL", False),
        ("℃", "Cel", False),
        ("/HP", "/[HPF]", False),
        ("pH", "[pH]", False),
        ("比值", "{ratio}", False),
        ("10^9/L", "10*9/L", False),
        ("ng/mL", "ug/L", False),
        ("片", "TAB", False),
        ("mmH2O", "mm[H2O]", False),
        ("秒", "s", False),
        ("毫升/小时", "mL/h", False),
        ("毫克/天", "mg/d", False),
        ("次/天", "/d", False),
        ("pounds", "[lb_av]", False),
        ("毫升/小时", "mg/h", True),
        ("万单位/升", "[IU]/L", True),
        ("ug/kg/min", "ug/kg/min", False),
        ("岁", "a", False),
    ],
)
def test_which_units_and_codes_contradict(written: str, code: str, odd: bool) -> None:
    assert (
        unit_of_quantity({"value": 1, "unit": written, "code": code, "system": SYSTEM}).odd is odd
    )
