"""Until when an Encounter makes its hospital one that treats the patient."""

import datetime as dt

import pytest
from django.utils import timezone

from records.ingest.treatment import ACT_CODE, periods_from_resource


def days_left(
    began: int, ended: int | None = None, status: str = "in-progress", **klass: str
) -> int:
    """From today; began, ended: days ago."""
    now = timezone.now()
    period = {"start": (now - dt.timedelta(days=began)).isoformat()}
    if ended is not None:
        period["end"] = (now - dt.timedelta(days=ended)).isoformat()
    found = periods_from_resource(
        {
            "resourceType": "Encounter",
            "status": status,
            "class": {"system": ACT_CODE, "code": "IMP"} | klass,
            "period": period,
        },
        "a",
    )
    [spell] = found
    assert spell.basis == "encounter" and spell.hospital == "a"
    return round((spell.ends - now) / dt.timedelta(days=1))


def test_a_stay_that_is_open_counts_from_when_it_was_written() -> None:
    assert days_left(120) == 90
    assert days_left(399, code="NONAC") == 90
    assert days_left(120, status="onleave") == 90


@pytest.mark.parametrize(
    "more",
    [
        {"code": "AMB"},
        {"code": "EMER"},
        {"system": "urn:own"},
        {"status": "finished"},
        {"ended": 120},
        {"began": 401},
    ],
)
def test_whatever_was_only_forgotten_counts_from_its_own_days(more: dict[str, object]) -> None:
    assert days_left(**{"began": 120} | more) < 0  # type: ignore[arg-type]


def test_a_stay_that_ended_counts_from_its_end() -> None:
    assert days_left(120, ended=5, status="finished") == 85
