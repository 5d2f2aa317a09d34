"""Turn one message into items and refusals: its patients, visits, allergies, diagnoses, orders and
results.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..item import Item
from ..refusal import Refusal, Rule
from . import rules
from .building import Building
from .code_tables import MERGE_EVENTS, PERSON_EVENTS, VISIT_EVENTS
from .map_condition import put_allergy, put_diagnosis
from .map_order import Order, put_loose_results, put_order, put_report
from .map_patient import find_record_number, put_merged_patient, put_patient
from .map_result import Result
from .map_visit import put_visit
from .message import Message, Segment
from .origin import Hl7Origin

TAKEN = {"ORU": "R01", "ORM": "O01", "OML": "O21", "OMG": "O19"}
ORDERS = frozenset({"ORM", "OML", "OMG"})
# clinical segments that are not read: said, so that nobody believes them sent
UNREAD = frozenset(
    ["RXO", "RXE", "RXA", "RXD", "RXG", "RXC", "PR1", "ODS", "RQD", "TXA", "PRB", "GOL", "SCH"]
)


@dataclass
class PatientGroup:
    """A PID and what follows it, up to the next one."""

    pid: Segment
    visit: Segment | None = None
    more: Segment | None = None  # PV2
    merged: list[Segment] = field(default_factory=list)
    contacts: list[Segment] = field(default_factory=list)
    allergies: list[Segment] = field(default_factory=list)
    diagnoses: list[Segment] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)  # of no order
    orders: list[Order] = field(default_factory=list)


def group_segments(message: Message) -> list[PatientGroup]:
    groups: list[PatientGroup] = []
    order: Order | None = None
    result: Result | None = None
    for segment in message.segments:
        name = segment.name
        if name == "PID":
            groups.append(PatientGroup(segment))
            order = result = None
            continue
        if not groups:
            continue
        group = groups[-1]
        if name == "ORC" or (name == "OBR" and (order is None or order.obr is not None)):
            last = order.orc if order is not None else None  # of several OBR under one ORC
            order = Order(orc=segment if name == "ORC" else last)
            group.orders.append(order)
            result = None
        if name == "OBR" and order is not None:
            order.obr = segment
        elif name == "OBX":
            result = Result(segment)
            (order.results if order is not None else group.results).append(result)
        elif name == "NTE":
            if result is not None:
                result.notes.append(segment)
            elif order is not None:
                order.notes.append(segment)
        elif name == "SPM" and order is not None:
            order.specimen = order.specimen or segment
            result = None
        elif name == "TQ1" and order is not None:
            order.timing = order.timing or segment
        elif name == "PV1":
            group.visit = group.visit or segment
        elif name == "PV2":
            group.more = group.more or segment
        elif name == "MRG":
            group.merged.append(segment)
        elif name == "NK1":
            group.contacts.append(segment)
        elif name in ("AL1", "IAM"):
            group.allergies.append(segment)
        elif name == "DG1":
            group.diagnoses.append(segment)
    return groups


def find_fault(message: Message) -> tuple[Rule, int, str] | None:
    """Why a message is not taken at all, with the field of MSH and its value."""
    kind, event = message.kind, message.event
    name = f"{kind}^{event}" if event else kind
    if kind == "ADT":
        if event == "A29":
            return rules.DELETE_PATIENT, 9, name
        known = event in VISIT_EVENTS or event in PERSON_EVENTS or event in MERGE_EVENTS
    else:
        known = TAKEN.get(kind) == event or (kind in ("ORU", "ORM") and not event)
    if not known:
        return rules.KIND, 9, name or "?"
    if not any(s.name == "PID" for s in message.segments):
        return rules.NO_PATIENT, 0, ""
    return None


def build_items(
    message: Message, origin: Hl7Origin, now: float | None = None
) -> tuple[list[Item], list[Refusal]]:
    """now: the agent's clock, in seconds since 1970; times that lie ahead of it decide nothing."""
    building = Building(message, origin, now)
    for line, text in message.unread:
        place = Segment(("?",), line, message.header.separators)
        building.refuse(rules.LINE, place, 0, text)
    fault = find_fault(message)
    if fault:
        building.refuse(fault[0], message.header, fault[1], fault[2])
        return building.items, building.refusals
    for group in group_segments(message):
        build_group(group, building)
    said = set()
    for segment in message.segments:
        if segment.name in UNREAD and segment.name not in said:
            said.add(segment.name)
            building.warn(rules.SEGMENT, segment, 0, segment.name)
    return building.items, building.refusals


def build_group(group: PatientGroup, building: Building) -> None:
    kind, event = building.message.kind, building.message.event
    own = kind == "ADT"
    building.patient, building.visit = find_record_number(group.pid), ""
    if not building.patient:
        building.refuse(rules.NO_PATIENT_NUMBER, group.pid, 3)
        return
    put_patient(group.pid, group.contacts, own, building)
    if own and event in MERGE_EVENTS:
        for merged in group.merged:
            put_merged_patient(merged, group.pid, building)
        if not group.merged:
            building.refuse(rules.NO_OLD_NUMBER, group.pid, 0)
        return
    if group.visit is not None and event not in PERSON_EVENTS:
        put_visit(group.visit, group.more, event, own, building)
    for allergy in group.allergies:
        put_allergy(allergy, building)
    for diagnosis in group.diagnoses:
        put_diagnosis(diagnosis, building)
    if kind == "ORU":
        for order in group.orders:
            put_report(order, building)
    elif kind in ORDERS:
        for order in group.orders:
            put_order(order, building)
        if not group.orders:
            building.refuse(rules.ORDER, group.pid, 0)
    put_loose_results(group.results, building.visit or building.patient, building)
    if kind == "ORU" and not group.orders:
        building.refuse(rules.ORDER, group.pid, 0)
