"""Who asks: the one value that every gate decision, write and audit line starts from."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from alliance.auth.scopes import WHOLE, Grant
from alliance.roles import Permission, permissions_of


class Purpose(StrEnum):
    """Purpose of use (v3-PurposeOfUse)."""

    TREATMENT = "TREAT"
    EMERGENCY = "BTG"
    ADMINISTRATION = "PATADMIN"
    AUDIT = "HQUALIMP"
    PATIENT = "PATRQT"


@dataclass(frozen=True, slots=True)
class Principal:
    """A staff member or a member's system, as authenticated for this request.

    kind: "staff", "client", "patient" or "operator" (the command line); id: of the Staff or Client row, a patient's person id, whose hospital is the one
    that gave him his way in; hospital_id 0 for operators; proviso: what
    the first line in the audit log has still to make sure of (consent/audit/event.Proviso), or None; vouched: of staff, whether somebody else than
    who made or reset the account stands behind it; factor: how far a patient's own way in proves that it is the patient ("full", "provisional" or "",
    docs/adr/0030); grant: of a system, what its token's scopes allow.
    """

    kind: str
    id: str
    hospital_id: int
    hospital: str
    role: str
    active: bool = True
    purpose: Purpose = Purpose.TREATMENT
    address: str = ""
    request_id: str = ""
    alliance_wide: bool = False
    vouched: bool = True
    factor: str = ""
    grant: Grant = WHOLE
    proviso: Any = field(default=None, compare=False, repr=False)

    def may(self, permission: Permission) -> bool:
        return self.active and permission in permissions_of(self.role, vouched=self.vouched)


def principal_of_staff(staff: Any, **more: Any) -> Principal:
    """Of a Staff row, as employed now; more: what the request says."""
    return Principal(
        kind="staff", id=str(staff.pk), hospital_id=staff.hospital_id, hospital=staff.hospital.code, role=staff.role, active=staff.active and staff.hospital.active,
        alliance_wide=staff.alliance_wide, vouched=staff.vouched, **more)


def said_at(staff: Any, hospital: Any | None) -> Principal:
    """Of a Staff row whose word was given at the hospital, wherever they work by now; None where an earlier release did not write down which."""
    who = principal_of_staff(staff)
    return who if hospital is None else replace(who, hospital_id=hospital.pk, hospital=hospital.code, active=who.active and hospital.active)


def operator(name: str) -> Principal:
    """The command line on the server itself: named in the audit log, allowed no patient data."""
    return Principal(kind="operator", id=name, hospital_id=0, hospital="", role="")
