"""What a hospital's system is told of a patient before it opens the record as a doctor: what the
doctor's own page would show at this moment, counted (docs/adr/0059).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from uuid import UUID

from alliance.models import Hospital
from consent import gate
from consent.audit.event import EventCode
from records.fhir.json_codec import parse_json
from records.identity.persons import make_golden_record
from records.meaning.value_text import drop_nulls
from records.operations.shared_record import ShownResource
from records.requests.fhir_request import FhirRequest, request_person_access
from records.store.availability_query import TypeCount, count_visible_records
from records.store.section_query import SectionWindow, fetch_section_windows

UNCOUNTED_TYPES = frozenset({"Patient"})  # who it is, and no record of theirs


class Availability(Enum):
    """The answer in a word, and its number as regional viewers have it (docs/how-to/launch.md)."""

    ROLE = ("role", 1)
    SEALED = ("sealed", 2)
    UNKNOWN = ("unknown", 3)
    NONE = ("none", 4)
    OWN = ("own", 5)
    EXTERNAL = ("external", 6)
    BOTH = ("both", 7)
    INVALID = ("invalid", 8)
    TIMEOUT = ("timeout", 9)

    @property
    def word(self) -> str:
        return self.value[0]

    @property
    def number(self) -> int:
        return self.value[1]


@dataclass(frozen=True, slots=True)
class LaunchView:
    """counts, newest: {"own" or "external": …} of what the doctor may see now; golden, rows: of the
    sections that were asked for.
    """

    availability: Availability
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    newest: dict[str, dt.datetime | None] = field(default_factory=dict)
    golden: dict[str, object] = field(default_factory=dict)
    rows: dict[str, list[ShownResource]] = field(default_factory=dict)


def judge_availability(found: list[TypeCount]) -> Availability:
    counted = [c for c in found if c.type_name not in UNCOUNTED_TYPES]
    own, external = any(c.own for c in counted), any(not c.own for c in counted)
    if own and external:
        return Availability.BOTH
    if own or external:
        return Availability.OWN if own else Availability.EXTERNAL
    return Availability.NONE


def view_for_launch(
    fhir_request: FhirRequest,
    person_id: UUID,
    windows: Mapping[str, SectionWindow],
    detail: str,
) -> LaunchView:
    """windows: {section: which rows are handed over}, for alerts. Raises Refused."""
    scope = gate.authorize_access(
        request_person_access(fhir_request, EventCode.LAUNCH_ASK, "launch", person_id, detail)
    )
    found = count_visible_records(scope)
    sections = fetch_section_windows(scope, windows)
    hospitals = {h.code: h for h in Hospital.objects.all()}
    patients = sections.rows["Patient"]
    sides = {side: [c for c in found if c.own == own] for side, own in SIDES}
    return LaunchView(
        judge_availability(found),
        {
            side: {c.type_name: c.count for c in of_side if c.type_name not in UNCOUNTED_TYPES}
            for side, of_side in sides.items()
        },
        {
            side: max((c.newest for c in of_side if c.newest), default=None)
            for side, of_side in sides.items()
        },
        drop_nulls(parse_json(make_golden_record(fhir_request, person_id, patients)))
        if patients
        else {},
        {
            name: [
                ShownResource(
                    drop_nulls(parse_json(r.body)),
                    hospitals[r.hospital],
                    fhir_request.full_url(r),
                    r.last_updated,
                )
                for r in of_section
            ]
            for name, of_section in sections.rows.items()
        },
    )


SIDES = (("own", True), ("external", False))
