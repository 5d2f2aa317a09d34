"""A hospital with its staff as Practitioners, patients and visits, and lines of the log about them:
what the review of accesses looks at.
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from alliance.models import Department, Hospital, Staff
from alliance.roles import Role
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.provision import STAFF_SYSTEM
from records.models import AccessRule, SourcePatient
from tests import draws
from tests.factories import alliance
from tests.factories.fhir import Api, make_patient, make_unique_name

ADDRESS = "192.0.2.77"


def skip_older_lines() -> None:
    """Lines that other tests have written are not looked at."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE record_access_position SET line = 0, xid = alliance_horizon()::text")
        cursor.execute("UPDATE record_access_episode SET stale = false WHERE stale")


@dataclass
class AccessScene:
    """api: the hospital's system; departments by code."""

    at: Hospital
    api: Api
    departments: dict[str, Department] = field(default_factory=dict)

    def add_staff(self, department: str = "", role: Role = Role.CLINICIAN, **says: Any) -> Staff:
        """With a Practitioner that carries the staff number, and what else it says."""
        who = alliance.mark_vouched(alliance.make_staff(self.at, role))
        name = make_unique_name()
        found = None
        if department:
            found = self.departments.get(department) or Department.objects.create(
                hospital=self.at, code=department, name_zh=f"{department}科", name_en=department
            )
            self.departments[department] = found
        Staff.objects.filter(pk=who.pk).update(department=found, name=name)
        self.api.create(
            {
                "resourceType": "Practitioner",
                "identifier": [{"system": STAFF_SYSTEM, "value": str(who.pk)}],
                "name": [{"text": name}],
                **says,
            }
        )
        who.refresh_from_db()
        return who

    def practitioner(self, who: Staff) -> str:
        reply = self.api("GET", f"Practitioner?identifier={STAFF_SYSTEM}|{who.pk}")
        return f"Practitioner/{reply.json['entry'][0]['resource']['id']}"

    def add_patient(self, **says: Any) -> tuple[str, UUID]:
        """(Patient/id, the person)"""
        reference = self.api.create(make_patient() | says)
        row = SourcePatient.objects.get(hospital=self.at, fhir_id=reference.partition("/")[2])
        return reference, row.person_id

    def add_visit(self, patient: str, *, by: Staff | None = None, department: str = "") -> str:
        """A visit of today."""
        if department:
            put = self.api(
                "PUT",
                f"Organization/{department}",
                {"resourceType": "Organization", "id": department, "name": department},
            )
            assert put.status in (200, 201), put.body
        return self.api.create(
            {
                "resourceType": "Encounter",
                "status": "finished",
                "class": {
                    "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
                    "code": "AMB",
                },
                "subject": {"reference": patient},
                "period": {
                    "start": (timezone.now() - dt.timedelta(hours=3)).isoformat(),
                    "end": timezone.now().isoformat(),
                },
                **(
                    {"participant": [{"individual": {"reference": self.practitioner(by)}}]}
                    if by
                    else {}
                ),
                **(
                    {"serviceProvider": {"reference": f"Organization/{department}"}}
                    if department
                    else {}
                ),
            }
        )

    def look(
        self,
        who: Staff,
        person: UUID,
        code: EventCode = EventCode.RECORD_OPEN,
        *,
        purpose: str = "TREAT",
        refs: tuple[str, ...] = (),
        address: str = ADDRESS,
    ) -> None:
        append_event(
            AuditEvent(
                code=code,
                actor_kind="staff",
                actor=str(who.pk),
                actor_hospital=who.hospital.code,
                role=who.role,
                purpose=purpose,
                person=person,
                refs=refs,
                address=address,
                request_id=draws.token_hex(8),
            )
        )


def make_access_rule(at: Hospital, who: Staff, person: UUID) -> AccessRule:
    """A proposal that waits, and the episode of which it was learnt."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO record_access_episode (staff, hospital, person, role, first_at, last_at,"
            " first_line, opens, stale, waits) VALUES (%s, %s, %s, %s, now(), now(), 1, 1, false,"
            " true) RETURNING id",
            [who.pk, at.pk, person, who.role],
        )
        (episode,) = cursor.fetchone()
    return AccessRule.objects.create(
        episode=episode,
        hospital=at,
        member=who.pk,
        role=who.role,
        until=timezone.localdate() + dt.timedelta(days=30),
        reason="The roster is kept on paper.",
        proposed_by=alliance.make_staff(at, Role.AUDITOR),
        proposed_at=timezone.now(),
    )


def make_access_scene(server: str) -> AccessScene:
    at = alliance.make_hospital("unusual")
    return AccessScene(at, Api(server, at.code, credentials=alliance.make_credentials(at)))
