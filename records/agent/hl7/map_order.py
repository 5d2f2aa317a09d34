"""Map an order group (ORC, OBR and what follows) to DiagnosticReport with Observations, or to
ServiceRequest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from . import rules
from .building import Building
from .code_tables import (
    ORDER_CONTROL,
    ORDER_STATUS,
    PRIORITIES,
    REPORT_CATEGORIES,
    REPORT_STATUS,
    V2,
)
from .data_types import read_concept, read_staff
from .map_result import FILES, Result, put_result, read_file, read_notes
from .message import Segment

NOT_LABORATORY = frozenset(
    {"RAD", "CT", "NMR", "CUS", "VUS", "OUS", "EC", "ICU", "PHY", "RUS", "CP"}
)


@dataclass
class Order:
    """Segments of one order, as they stand."""

    orc: Segment | None = None
    obr: Segment | None = None
    timing: Segment | None = None
    specimen: Segment | None = None
    notes: list[Segment] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)

    def number(self, placer_first: bool) -> str:
        """Of the order (placer) or of the report (filler)."""
        pairs = ((2, 2), (3, 3)) if placer_first else ((3, 3), (2, 2))
        for obr_field, orc_field in pairs:
            for segment, number in ((self.obr, obr_field), (self.orc, orc_field)):
                if segment is not None and segment.text(number):
                    return segment.text(number)
        return ""

    def place(self) -> Segment:
        found = self.obr or self.orc
        assert found is not None
        return found


def read_code(obr: Segment, building: Building, laboratory: bool) -> dict[str, Any]:
    found = obr.repetitions(4)
    kind = "laboratory" if laboratory else "examination"
    return read_concept(found[0], building.origin, kind) if found else {}


def first_code(concept: dict[str, Any]) -> str:
    codings = concept.get("coding") or []
    return codings[0]["code"] if codings else "-".join(concept["text"].split())[:60]


def is_laboratory(obr: Segment) -> bool:
    return obr.text(24).upper() not in NOT_LABORATORY


def read_specimen(order: Order) -> list[dict[str, str]]:
    """By its name alone: SPM-4, else OBR-15."""
    for segment, number in ((order.specimen, 4), (order.obr, 15)):
        found = segment.repetitions(number) if segment is not None else []
        if found:
            name = found[0].text(2) or found[0].text(1) or found[0].text(1, 2)
            if name:
                return [{"display": name}]
    return []


def put_report(order: Order, building: Building) -> None:
    obr = order.obr
    if obr is None:
        building.refuse(rules.ORDER, order.place(), 0)
        return
    laboratory = is_laboratory(obr)
    concept = read_code(obr, building, laboratory)
    if not concept:
        building.refuse(rules.NO_CODE, obr, 4)
        return
    number = order.number(placer_first=False)
    if not number:
        building.refuse(rules.NO_RECORD_NUMBER, obr, 3)
        return
    record = f"{number}/{first_code(concept)}"
    taken, ended, issued = (building.time(obr, n) for n in (7, 8, 22))
    told = issued.seconds if issued and issued.seconds <= building.now + 86_400 else None
    moment = building.full_moment(told)
    sent = obr.text(25).upper()
    status = REPORT_STATUS.get(sent, "unknown")
    if sent and sent not in REPORT_STATUS:
        building.warn(rules.RESULT_STATUS, obr, 25, sent)
    used: set[str] = set()
    results, files = [], []
    for result in order.results:
        if result.kind in FILES:
            files.append(read_file(result.obx, building))
            continue
        found = put_result(
            result,
            building,
            prefix=record,
            taken=taken,
            status=status if status in ("final", "preliminary", "corrected") else "unknown",
            moment=moment,
            laboratory=laboratory,
            used=used,
        )
        if found:
            results.append(building.reference("Observation", found))
    category = obr.text(24).upper()
    both = taken is not None and ended is not None and ended.moment > taken.moment
    readers = [s for s in map(read_staff, obr.repetitions(32)) if s]
    asked = order.number(placer_first=True)
    resource = {
        "identifier": [{"system": building.origin.local_system("report"), "value": number}],
        "basedOn": [
            {
                "type": "ServiceRequest",
                "identifier": {"system": building.origin.local_system("order"), "value": asked},
            }
        ]
        if asked and asked != number
        else [],
        "status": status,
        "category": [
            {"coding": [{"system": V2 + "0074", "code": category or "LAB"}]}
            if (category or "LAB") in REPORT_CATEGORIES
            else {"text": category}
        ],
        "code": concept,
        "subject": building.subject(),
        **building.encounter(),
        **(
            {"effectivePeriod": {"start": taken.date_time, "end": ended.date_time}}
            if taken is not None and ended is not None and both
            else {"effectiveDateTime": taken.date_time if taken else ""}
        ),
        "issued": issued.instant if issued else "",
        "resultsInterpreter": readers,
        "specimen": read_specimen(order),
        "result": results,
        "conclusion": "\n".join(n["text"] for n in read_notes(order.notes)),
        "presentedForm": [f for f in files if f],
    }
    day = taken.day if taken else ""
    building.put("DiagnosticReport", record, resource, obr, day=day, moment=moment)


def put_order(order: Order, building: Building) -> None:
    obr = order.obr
    if obr is None:
        building.refuse(rules.ORDER, order.place(), 0)
        return
    laboratory = is_laboratory(obr) and building.message.kind == "OML"
    concept = read_code(obr, building, laboratory)
    if not concept:
        building.refuse(rules.NO_CODE, obr, 4)
        return
    number = order.number(placer_first=True)
    if not number:
        building.refuse(rules.NO_RECORD_NUMBER, obr, 2)
        return
    record = f"{number}/{first_code(concept)}"
    orc = order.orc
    written = building.time(orc, 9) if orc else None
    wanted = building.time(order.timing, 7) if order.timing else None
    control, state = (orc.text(1).upper(), orc.text(5).upper()) if orc else ("", "")
    status = ORDER_CONTROL.get(control) or ORDER_STATUS.get(state) or "active"
    urgency = (order.timing.text(9) if order.timing else "") or obr.text(5) or obr.text(27, 6)
    doctors = [
        s
        for segment, field in ((orc, 12), (obr, 16))
        if segment
        for s in map(read_staff, segment.repetitions(field))
        if s
    ]
    resource = {
        "identifier": [{"system": building.origin.local_system("order"), "value": number}],
        "status": status,
        "intent": "order",
        "priority": PRIORITIES.get(urgency.upper()),
        "code": concept,
        "subject": building.subject(),
        **building.encounter(),
        "occurrenceDateTime": wanted.date_time if wanted else "",
        "authoredOn": written.date_time if written else "",
        "requester": doctors[0] if doctors else {},
        "reasonCode": [read_concept(r, building.origin, "diagnosis") for r in obr.repetitions(31)],
        "specimen": read_specimen(order),
        "note": read_notes(order.notes),
    }
    day = written.day if written else ""
    moment = building.full_moment(
        written.seconds if written and written.seconds <= building.now else None
    )
    building.put("ServiceRequest", record, resource, obr, day=day, moment=moment)
    put_loose_results(order.results, record, building)


def put_loose_results(results: list[Result], prefix: str, building: Building) -> None:
    """Of an order or of a visit: measurements that belong to no report."""
    used: set[str] = set()
    for result in results:
        if result.kind in FILES:
            building.warn(rules.LOOSE_FILE, result.obx, 2, result.kind)
            continue
        taken = building.time(result.obx, 14)
        when = f"/{taken.moment.strftime('%Y%m%d%H%M')}" if taken else ""
        put_result(
            result,
            building,
            prefix=prefix + when,
            taken=None,
            status="unknown",
            moment=building.full_moment(),
            laboratory=False,
            used=used,
        )
