"""Observations in short, for the tests of results."""

from typing import Any

from records.meaning.observation_results import Result, read_results
from records.meaning.reference_ranges import PatientTraits

MAN = PatientTraits("male", "1980-05-01")


def quantity(value: float, unit: str = "", comparator: str = "", **more: str) -> dict[str, Any]:
    return {
        "value": value,
        **({"unit": unit} if unit else {}),
        **({"comparator": comparator} if comparator else {}),
        **more,
    }


def observation(
    code: str = "2823-3",
    system: str | None = "http://loinc.org",
    text: str = "血钾",
    at: str = "2026-10-05T08:00:00+08:00",
    **more: Any,
) -> dict[str, Any]:
    coding = {"coding": [{"code": code, **({"system": system} if system else {})}]} if code else {}
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": text, **coding},
        "effectiveDateTime": at,
        **more,
    }


def line(hospital: str = "a", **more: Any) -> Result:
    [found] = read_results(observation(**more), MAN, hospital)
    return found


def low_high(low: float | None, high: float | None) -> list[dict[str, Any]]:
    return [{k: {"value": v} for k, v in (("low", low), ("high", high)) if v is not None}]
