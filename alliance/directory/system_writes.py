"""What a hospital's own system says of its departments, clinics and slots, written in the
transaction in which the store takes it; the same sent twice changes nothing. Rows are named by the
system's own ids.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils import timezone

from alliance.models import OfferedClinic, OfferedDepartment, OfferedSlot


class SlotStatus(StrEnum):
    FREE = "free"
    FULL = "full"  # nobody more, who is expected may come
    OFF = "off"  # called off


@dataclass(frozen=True, slots=True)
class SaidSlot:
    """place: where it stands in what was sent, for messages."""

    code: str
    clinic: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    places: int
    status: SlotStatus
    reason: str = ""
    place: str = ""


class SlotFault(StrEnum):
    ENDS_FIRST = "ends-first"
    TOO_FEW = "too-few"
    MOVED = "moved"


class BadSlot(Exception):
    """What a slot may not become. Nothing of what came with it is written."""

    def __init__(self, said: SaidSlot, fault: SlotFault) -> None:
        super().__init__(fault)
        self.said, self.fault = said, fault


def write_department(hospital_id: int, code: str, values: dict[str, Any], *, active: bool) -> None:
    ended = None if active else timezone.now()
    OfferedDepartment.objects.update_or_create(
        hospital_id=hospital_id,
        code=code,
        defaults=values | {"from_system": True, "ended_at": ended},
    )


def write_clinic(
    hospital_id: int, code: str, department: str, values: dict[str, Any], *, active: bool
) -> bool:
    """Whether it is of the directory: whether its department is."""
    found = OfferedDepartment.objects.filter(hospital_id=hospital_id, code=department).first()
    if found is None:
        return False
    ended = None if active else timezone.now()
    OfferedClinic.objects.update_or_create(
        hospital_id=hospital_id,
        code=code,
        defaults=values | {"department": found, "from_system": True, "ended_at": ended},
    )
    return True


def write_slots(hospital_id: int, said: Sequence[SaidSlot]) -> int:
    """Those whose clinic is of the directory; how many. Raises BadSlot.
    index: offered_clinic_code, offered_slot_code
    """
    clinics = dict(
        OfferedClinic.objects.filter(
            hospital_id=hospital_id, code__in={s.clinic for s in said}
        ).values_list("code", "pk")
    )
    ours = {s.code: s for s in said if s.clinic in clinics}
    standing = {
        row.code: row
        for row in OfferedSlot.objects.select_for_update()
        .filter(hospital_id=hospital_id, code__in=ours)
        .order_by("pk")
    }
    now = timezone.now()
    rows = []
    for slot in ours.values():
        row = standing.get(slot.code) or OfferedSlot(hospital_id=hospital_id, code=slot.code)
        check_slot(slot, row)
        row.clinic_id = clinics[slot.clinic]
        row.starts_at, row.ends_at = slot.starts_at, slot.ends_at
        row.places = {
            SlotStatus.FREE: slot.places,
            SlotStatus.FULL: row.taken,
            SlotStatus.OFF: max(slot.places, row.taken),
        }[slot.status]
        is_off = slot.status is SlotStatus.OFF
        row.stopped_at = (row.stopped_at or now) if is_off else None
        row.stopped_reason = slot.reason[:200] if is_off else ""
        rows.append(row)
    OfferedSlot.objects.bulk_create([r for r in rows if not r.pk], batch_size=1000)
    OfferedSlot.objects.bulk_update(
        [r for r in rows if r.code in standing],
        ["clinic", "starts_at", "ends_at", "places", "stopped_at", "stopped_reason"],
        batch_size=1000,
    )
    return len(rows)


def check_slot(said: SaidSlot, row: OfferedSlot) -> None:
    """Raises BadSlot."""
    if said.ends_at <= said.starts_at:
        raise BadSlot(said, SlotFault.ENDS_FIRST)
    if not row.taken or said.status is SlotStatus.OFF:
        return
    if said.status is SlotStatus.FREE and said.places < row.taken:
        raise BadSlot(said, SlotFault.TOO_FEW)
    if said.starts_at != row.starts_at:
        raise BadSlot(said, SlotFault.MOVED)


def end_departments(hospital_id: int, codes: Iterable[str]) -> None:
    OfferedDepartment.objects.filter(
        hospital_id=hospital_id, code__in=list(codes), ended_at=None
    ).update(ended_at=timezone.now())


def end_clinics(hospital_id: int, codes: Iterable[str]) -> None:
    OfferedClinic.objects.filter(
        hospital_id=hospital_id, code__in=list(codes), ended_at=None
    ).update(ended_at=timezone.now())


def stop_slots(hospital_id: int, codes: Iterable[str]) -> None:
    OfferedSlot.objects.filter(
        hospital_id=hospital_id, code__in=list(codes), stopped_at=None
    ).update(stopped_at=timezone.now())
