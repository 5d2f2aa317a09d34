"""Who asked at a moment that has passed: the principal of a line of the audit log, with the role
that the line names and what was known of their account then.
"""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from alliance.auth.principal import Principal, Purpose
from alliance.models import Client, Hospital, LaunchPermission, Staff
from alliance.roles import Role
from consent.models import AccessActivation
from consent.past_facts import load_row_then

BY_CLIENT = re.compile(r"(?:^| · )by client/([\w.-]+)$")


def principal_of_line(line: Mapping[str, Any], moment: dt.datetime) -> Principal | None:
    """None for whoever is none of these: a script, the operator, somebody unknown. An account
    changes hospital and role: these are the line's.
    """
    build = BUILDERS.get(line["actor_kind"])
    hospital = Hospital.with_sandboxes.filter(code=line["actor_hospital"]).first()
    return build(line, hospital, moment) if build and hospital and line["actor"] else None


def was_active(hospital: Hospital, moment: dt.datetime) -> bool:
    """Whether the member took part."""
    overlay(hospital.member, "hospital", moment)
    return hospital.member.active_on(timezone.localdate(moment))


def overlay(row: Any, kind: str, moment: dt.datetime) -> None:
    """Give a row, which nobody saves, the columns that it had."""
    for name, value in load_row_then(kind, row.pk, moment).items():
        setattr(row, name, parse_column(name, value))


def parse_column(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if name.endswith("_on"):
        return parse_date(value)
    return parse_datetime(value) if name.endswith("_at") or name == "until" else value


def by_then(value: dt.datetime | None, moment: dt.datetime) -> bool:
    return value is not None and value <= moment


def staff_principal(
    line: Mapping[str, Any], hospital: Hospital, moment: dt.datetime
) -> Principal | None:
    """Also of a record that a system opened as the doctor (docs/adr/0059)."""
    staff = Staff.objects.filter(pk=int(line["actor"])).first()
    if staff is None:
        return None
    overlay(staff, "staff", moment)
    if not by_then(staff.ended_at, moment):
        staff.ended_at = None
    launched = BY_CLIENT.search(line["detail"])
    return Principal(
        "staff",
        line["actor"],
        hospital.pk,
        hospital.code,
        line["role"],
        active=staff.active_on(timezone.localdate(moment)) and was_active(hospital, moment),
        vouched=staff.vouched_at is not None,
        client=launched[1] if launched else "",
        launch_allowed=bool(launched) and was_launch_allowed(staff, launched[1], moment),
    )


def was_launch_allowed(staff: Staff, client: str, moment: dt.datetime) -> bool:
    said = LaunchPermission.objects.filter(staff=staff, client__client_id=client).first()
    if said is None:
        return False
    overlay(said, "launch", moment)
    return (
        said.allowed
        and by_then(said.said_at, moment)
        and said.until is not None
        and moment < said.until
    )


def client_principal(
    line: Mapping[str, Any], hospital: Hospital, moment: dt.datetime
) -> Principal | None:
    """What its token allowed is not known any more: it is asked for everything."""
    client = Client.objects.filter(client_id=line["actor"]).first()
    if client is None:
        return None
    overlay(client, "client", moment)
    return Principal(
        "client",
        line["actor"],
        hospital.pk,
        hospital.code,
        Role.MEMBER_SYSTEM,
        active=not by_then(client.revoked_at, moment) and was_active(hospital, moment),
        vouched=client.vouched_at is not None,
        sandbox=hospital.is_sandbox,
    )


def patient_principal(
    line: Mapping[str, Any], hospital: Hospital, moment: dt.datetime
) -> Principal | None:
    """With the newest code of that hospital that opened their page then."""
    opened = (
        AccessActivation.objects.filter(
            access__person=UUID(line["actor"]), used_at__lte=moment, access__hospital=hospital
        )
        .exclude(ended_at__lte=moment)
        .exclude(access__closed_at__lte=moment)
        .first()
    )
    return Principal(
        "patient",
        line["actor"],
        hospital.pk,
        hospital.code,
        Role.PATIENT,
        purpose=Purpose.PATIENT,
        factor=opened.factor if opened else "",
        proven_at=opened.at if opened else None,
    )


BUILDERS = {"staff": staff_principal, "client": client_principal, "patient": patient_principal}
