"""What a page shows of a number or another value must be what the laboratory sent."""

from typing import Any

import pytest

from alliance.models import Hospital
from records.fhir.json_codec import parse_json
from records.meaning.reference_ranges import PatientTraits
from records.meaning.value_text import format_decimal
from records.operations.shared_record import ShownResource
from records.web.result_display import build_result_lines


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("7.10", "7.10"),
        ("140.0", "140.0"),
        ("123456789", "123456789"),
        ("0", "0"),
        ("-3.2", "-3.2"),
        ("0.0001", "0.0001"),
        ("85.98740239", "≈\u00a085.99"),
        ("123456789.123456", "≈\u00a0123456789.12"),
        ("0.000012345678", "≈\u00a00.00001235"),
        ("1.5e3", "1.5e3"),
        ("99.99999", "≈\u00a0100.00"),
        ("1234.5678", "≈\u00a01234.57"),
        ("123456789012345678901234567890.123456789", "≈\u00a0123456789012345678901234567890.12"),
        ("1.23456e-20", "≈\u00a01.235e-20"),
        ("1e-300", "1e-300"),
        ("1e308", "1e308"),
        ("0." + "3" * 60, "≈\u00a00.3333"),
    ],
)
def test_a_number_keeps_its_digits_or_says_that_it_was_rounded(sent: str, shown: str) -> None:
    assert format_decimal(parse_json(sent.encode())) == shown


@pytest.mark.parametrize(
    ("part", "shown"),
    [
        ({"valueInteger": 0}, "0"),
        ({"valueBoolean": False}, "no"),
        ({"valueString": "阴性"}, "阴性"),
        ({"valueQuantity": {"value": 0, "unit": "g/L"}}, "0"),
        ({"valueQuantity": {"comparator": "<", "value": 5}}, "<5"),
        ({"valueRange": {"low": {"value": 3}, "high": {"value": 5}}}, "3–5"),
        ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 128}}}, "1 : 128"),
        ({"valueCodeableConcept": {"coding": [{"code": "POS", "display": "阳性"}]}}, "阳性"),
        ({"valueSampledData": {"data": "1 2 3"}}, "a curve of 3 values"),
        ({"dataAbsentReason": {"text": "标本溶血"}}, "no value: 标本溶血"),
        ({}, "—"),
    ],
)
def test_every_kind_of_value_is_shown(part: dict[str, Any], shown: str) -> None:
    from django.utils.translation import override

    with override("en"):
        found = ShownResource(
            {"resourceType": "Observation", "status": "final", **part}, Hospital(code="h"), ""
        )
        assert [line.value for line in build_result_lines(found, PatientTraits())] == [shown]


def test_an_observation_without_a_value_still_stands_on_the_page() -> None:
    def titles(resource: dict[str, Any]) -> list[tuple[str, str]]:
        return [
            (line.title, line.value)
            for line in build_result_lines(
                ShownResource(
                    {"resourceType": "Observation", "code": {"text": "血压"}} | resource,
                    Hospital(code="h"),
                    "",
                ),
                PatientTraits(),
            )
        ]

    assert titles({}) == [("血压", "—")]
    assert titles(
        {"component": [{"code": {"text": "收缩压"}, "valueQuantity": {"value": 120}}]}
    ) == [("收缩压", "120")]
    assert titles({"hasMember": [{"reference": "Observation/1"}]}) == []
