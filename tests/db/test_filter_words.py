"""What an export says of its filter: nothing that narrows it is left unsaid."""

import dataclasses
import datetime as dt
from typing import Any

import pytest

from alliance.models import Hospital
from consent.audit.event_groups import codes_of_group
from consent.audit.filter_words import describe_filter
from consent.audit.log_query import AuditFilter
from tests.factories import alliance

SILENT = {"patients", "actor_kind"}  # widens what a page shows; tells what kind of number actor is


def narrowings(at: Hospital, staff: Any, client_id: str) -> dict[str, Any]:
    return {
        "start": dt.datetime(2026, 5, 3, tzinfo=dt.UTC),
        "end": dt.datetime(2026, 5, 4, tzinfo=dt.UTC),
        "person": "0b0e7a4e-5b0a-4f0e-9d65-1f1a8d1f0a01",
        "actor": str(staff.pk),
        "outcome": "refused",
        "emergency": True,
        "room": "consent",
        "hospitals": (at.code,),
        "request": "req-77",
        "address": "10.1.2.3",
        "hospital": at.code,
        "purpose": "BTG",
        "codes": codes_of_group("emergency"),
        "system": client_id,
        "case": 7,
    }


def test_each_narrowing_is_said(world: None) -> None:
    at = alliance.make_hospital("filter")
    staff, (client_id, _) = alliance.make_staff(at), alliance.make_credentials(at)
    given = narrowings(at, staff, client_id)
    assert given.keys() | SILENT == {f.name for f in dataclasses.fields(AuditFilter)}
    whole = describe_filter(AuditFilter())
    said = {}
    for name, value in given.items():
        more = {"actor_kind": "staff"} if name == "actor" else {}
        said[name] = describe_filter(AuditFilter(**{name: value}, **more))
    assert all(words != whole for words in said.values()), said
    assert len(set(said.values())) == len(said), said
    assert (
        staff.name in said["actor"]
        and at.name in said["hospital"]
        and "10.1.2.3" in said["address"]
    )


@pytest.mark.parametrize("codes", [("records:record:read",), codes_of_group("read")])
def test_events_are_said_in_words(world: None, codes: tuple[str, ...]) -> None:
    said = describe_filter(AuditFilter(codes=codes))
    assert "records:" not in said
