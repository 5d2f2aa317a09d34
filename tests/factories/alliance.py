"""Hospitals, clients and staff for tests, made by the services that the pages use."""

import datetime as dt
import itertools
from functools import cache

from django.utils import timezone

from alliance.auth.principal import Principal, operator_principal, principal_from_staff
from alliance.models import Appointment, Hospital, Staff
from alliance.roles import Role
from alliance.services.appointments import do_appoint_officer
from alliance.services.clients import do_register_client
from alliance.services.membership import do_admit_hospital
from alliance.services.staffing import do_enrol_staff
from tests import draws

NUMBER = itertools.count(1)
OPERATOR = operator_principal("test")
PASSWORD = "a-long-test-password-9"


def make_hospital(name: str = "h") -> Hospital:
    code = f"{name}-{draws.token_hex(4)}"
    return do_admit_hospital(
        acting=OPERATOR,
        code=code,
        name_zh=f"测试医院{code}",
        name_en=f"Hospital {code}",
        tier="community",
        admitted_on=dt.date(2020, 1, 1),
    )


def make_credentials(at: Hospital) -> tuple[str, str]:
    client, secret = do_register_client(at, name="test system", acting=OPERATOR, again=True)
    return client.client_id, secret


def make_staff(at: Hospital, role: Role = Role.CLINICIAN, *, wide: bool = False) -> Staff:
    name = f"u{draws.token_hex(5)}"
    made, _ = do_enrol_staff(
        username=name,
        name="测试员",
        hospital=at,
        role=role.value,
        ends_on=dt.date(2099, 1, 1),
        alliance_wide=wide,
        password=PASSWORD,
        acting=OPERATOR,
    )
    return made


def mark_vouched(who: Staff) -> Staff:
    """As if somebody had seen the person."""
    Staff.objects.filter(pk=who.pk).update(vouched_at=timezone.now(), vouched_as=who.role)
    return who


def get_staff_principal(who: Staff) -> Principal:
    return principal_from_staff(who)


def get_officer_principal(who: Staff) -> Principal:
    """As their session has them now, with the hospitals for which they are appointed."""
    return principal_from_staff(
        Staff.objects.with_served_hospitals().select_related("hospital").get(pk=who.pk)
    )


def appoint_officer(who: Staff, at: Hospital) -> Appointment:
    """A privacy officer serves for the hospital too, from today on."""
    return do_appoint_officer(
        who,
        hospital=at,
        employer=who.hospital.code,
        starts_on=timezone.localdate(),
        ends_on=dt.date(2098, 1, 1),
        reason="no officer of its own",
        acting=OPERATOR,
    )


@cache
def make_alliance_curator() -> Principal:
    """A record clerk for the whole alliance, employed by a hospital of which no test knows: who
    agrees where a second one has to.
    """
    return get_staff_principal(make_staff(make_hospital("office"), Role.CLERK, wide=True))
