"""Who asks: the one value that every gate decision, write and audit line starts from."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

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
    the first line in the audit log has still to make sure of (consent/audit/event.Proviso), or None.
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
    proviso: Any = field(default=None, compare=False, repr=False)

    def may(self, permission: Permission) -> bool:
        return self.active and permission in permissions_of(self.role)


def operator(name: str) -> Principal:
    """The command line on the server itself: named in the audit log, allowed no patient data."""
    return Principal(kind="operator", id=name, hospital_id=0, hospital="", role="")
