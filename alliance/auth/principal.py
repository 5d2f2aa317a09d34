"""Who asks: the one value that every gate decision, write and audit line starts from."""

import datetime as dt
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from alliance.auth.administration_scopes import NO_ADMINISTRATION, AdministrationGrant
from alliance.auth.scopes import FULL_GRANT, ScopeGrant
from alliance.roles import WORK_PERMISSIONS, Permission, permissions_of


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

    kind: "staff", "client", "administrator_client", "patient" or "operator" (the command line); id:
    of the Staff or Client row, of an administrator's client the Staff row for whom it acts, a
    patient's person id, whose hospital is the one that gave them their way in; hospital_id 0 for
    operators; proviso: what the first line in the audit log has still to make sure of
    (consent/audit/event.Proviso), or None; vouched: of staff, whether somebody else than who made
    or reset the account stands behind it; factor: how far a patient's own way in proves that it is
    the patient ("full", "provisional" or "", docs/adr/0030), and proven_at: when their card was
    compared for it; grant: of a system, what its token's
    scopes allow; serves: (id, code) of the hospitals for which a privacy officer is appointed
    beside their own; employer: code of their own hospital, where they act for one of these
    (docs/adr/0051); client: the client_id of an administrator's client, and administration: what
    its token's scopes allow (docs/adr/0052); of staff, the client_id of the system that opened a
    record as them, and launch_allowed: whether they have allowed it in person to show other
    hospitals' records, too (docs/adr/0059); sandbox: of a system of a member's sandbox, which
    reaches that store alone (docs/adr/0064).
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
    proven_at: dt.datetime | None = None
    grant: ScopeGrant = FULL_GRANT
    serves: tuple[tuple[int, str], ...] = ()
    employer: str = ""
    client: str = ""
    administration: AdministrationGrant = NO_ADMINISTRATION
    launch_allowed: bool = False
    works: bool = False
    sandbox: bool = False
    proviso: Any = field(default=None, compare=False, repr=False)

    def may(self, permission: Permission) -> bool:
        return (
            self.active
            and permission in permissions_of(self.role, vouched=self.vouched)
            and (
                not self.is_launched
                or permission is Permission.RECORD_READ
                or (self.works and permission in WORK_PERMISSIONS)
            )
        )

    @property
    def is_launched(self) -> bool:
        """Whether a system speaks for this doctor, who is not signed in: they read, and no more but
        work between hospitals, where they let it.
        """
        return self.kind == "staff" and bool(self.client)


def principal_from_staff(staff: Any, **more: Any) -> Principal:
    """Of a Staff row, as employed now; more: what the request says. Appointments count of a row
    `with_served_hospitals`; by any other row they are their own hospital's alone.
    """
    return Principal(
        kind="staff",
        id=str(staff.pk),
        hospital_id=staff.hospital_id,
        hospital=staff.hospital.code,
        role=staff.role,
        active=staff.active and staff.hospital.active,
        alliance_wide=staff.alliance_wide,
        vouched=staff.vouched,
        serves=tuple((s["id"], s["code"]) for s in getattr(staff, "serves", ())),
        **more,
    )


def hospitals_served(acting: Principal) -> frozenset[int]:
    """For whose matters a privacy officer is there: their own hospital's, and those for which they
    are appointed today. An officer of the whole alliance is asked for elsewhere (alliance_wide).
    """
    return frozenset({acting.hospital_id, *(pk for pk, _code in acting.serves)})


def act_for_hospital(acting: Principal, hospital_id: int) -> Principal:
    """The acting one as the officer of a hospital for which they are appointed, so that what is
    written down is that hospital's, with their own beside it. Of any other hospital themselves,
    whom the verb then refuses or not.
    """
    code = dict(acting.serves).get(hospital_id)
    if code is None or acting.alliance_wide or hospital_id == acting.hospital_id:
        return acting
    return replace(acting, hospital_id=hospital_id, hospital=code, employer=acting.hospital)


def principal_at_hospital(staff: Any, hospital: Any | None) -> Principal:
    """Of a Staff row whose word was given at the hospital, wherever they work by now; None where
    an earlier release did not write down which.
    """
    who = principal_from_staff(staff)
    return (
        who
        if hospital is None
        else replace(
            who,
            hospital_id=hospital.pk,
            hospital=hospital.code,
            active=who.active and hospital.active,
        )
    )


def operator_principal(name: str) -> Principal:
    """The command line on the server itself: named in the audit log, allowed no patient data."""
    return Principal(kind="operator", id=name, hospital_id=0, hospital="", role="")
