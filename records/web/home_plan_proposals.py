"""What a home plan proposes from the opened record: medicines as they are now against what others
knew before, and records of the own hospital that may be the discharge summary (WS/T 500 C0053).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from alliance.models import HomeMedicine, Hospital
from alliance.referrals.home_plan import PlannedMedicine
from records.meaning.facts import HELD, Fact, Statement
from records.meaning.medicine_facts import doses_of, merge_medicines
from records.meaning.sense import Sense
from records.meaning.unknown_modifiers import has_unknown_modifier
from records.operations.shared_record import SectionWindow, ShownResource
from records.web.referral_documents import Offered, offer_rows

NEW, CHANGED, STOPPED, UNCHANGED = HomeMedicine.Change
SUMMARY_TYPES = ("Composition", "DocumentReference", "Encounter")
MEDICINE_TYPES = ("MedicationRequest", "MedicationStatement")
# 出院小结, 出院记录 (WS/T 500), discharge summary (LOINC)
DISCHARGE_CODES = frozenset({"C0053", "C0049", "18842-5"})
Rows = Mapping[str, list[ShownResource]]


def plan_windows() -> dict[str, SectionWindow]:
    return {f"plan {name}": SectionWindow(80, name) for name in MEDICINE_TYPES} | {
        f"plan {name}": SectionWindow(10, name) for name in SUMMARY_TYPES
    }


def propose_medicines(rows: Rows, own: Hospital) -> list[PlannedMedicine]:
    """What the own hospital has ordered now, against what others say the patient takes. Of what
    only others say, nobody knows whether it was stopped: its change is left to the doctor, unless
    the own hospital says that it is over.
    """
    found = [
        s
        for name in MEDICINE_TYPES
        for s in rows.get(f"plan {name}", [])
        if not has_unknown_modifier(s.resource)
    ]
    facts = merge_medicines((s.hospital.code, s.resource) for s in found)
    return [m for fact in facts if (m := compare_medicine(fact, own.code)) is not None]


def compare_medicine(fact: Fact, own: str) -> PlannedMedicine | None:
    """None for what nobody says is taken."""
    held = [s for s in fact.statements if s.reading.sense in HELD]
    ours = next((s for s in held if s.source == own), None)
    before = next((s for s in held if s.source != own), None)
    if ours is None and before is None:
        return None
    if ours is None and before is not None:
        ended = any(s.source == own and s.reading.sense is Sense.PAST for s in fact.statements)
        return PlannedMedicine(
            before.reading.title, dose_of(before), STOPPED if ended else "", dose_of(before)
        )
    assert ours is not None
    title, dose = ours.reading.title, dose_of(ours)
    if before is None:
        return PlannedMedicine(title, dose, NEW)
    if doses_of(before) == doses_of(ours):
        return PlannedMedicine(title, dose, UNCHANGED)
    return PlannedMedicine(title, dose, CHANGED, dose_of(before) or before.reading.title)


def dose_of(s: Statement) -> str:
    return "; ".join(doses_of(s))


@dataclass(frozen=True, slots=True)
class OfferedSummary:
    offered: Offered
    is_discharge: bool


def list_summaries(rows: Rows, own: Hospital) -> list[OfferedSummary]:
    """Of the own hospital alone; those that say they are a discharge summary first."""
    found = [
        OfferedSummary(offered, is_discharge(s.resource))
        for name in SUMMARY_TYPES
        for s in rows.get(f"plan {name}", [])
        if s.hospital.pk == own.pk
        for offered in offer_rows([s])
    ]
    return sorted(found, key=lambda x: not x.is_discharge)


def is_discharge(resource: Mapping[str, Any]) -> bool:
    return any(c.get("code") in DISCHARGE_CODES for c in iter_codings(resource))


def iter_codings(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    concepts = [resource.get("type"), *(resource.get("category") or [])]
    for concept in concepts:
        for one in concept if isinstance(concept, list) else [concept]:
            if isinstance(one, dict):
                yield from one.get("coding") or []
