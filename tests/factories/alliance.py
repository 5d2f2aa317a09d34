"""Hospitals, clients and staff for tests, made by the services that the pages use."""

import datetime as dt
import itertools
import secrets
from functools import cache

from django.utils import timezone

from alliance.auth.principal import Principal, operator, principal_of_staff
from alliance.models import Hospital, Staff
from alliance.roles import Role
from alliance.services.clients import do_register_client
from alliance.services.membership import do_admit_hospital
from alliance.services.staffing import do_enrol_staff

NUMBER = itertools.count(1)
OPERATOR = operator("test")
PASSWORD = "a-long-test-password-9"


def hospital(name: str = "h") -> Hospital:
    code = f"{name}-{secrets.token_hex(4)}"
    return do_admit_hospital(acting=OPERATOR, code=code, name_zh=f"测试医院{code}", name_en=f"Hospital {code}", tier="community", admitted_on=dt.date(2020, 1, 1))


def credentials(at: Hospital) -> tuple[str, str]:
    client, secret = do_register_client(at, name="test system", acting=OPERATOR, again=True)
    return client.client_id, secret


def staff(at: Hospital, role: Role = Role.CLINICIAN, *, wide: bool = False) -> Staff:
    name = f"u{secrets.token_hex(5)}"
    made, _ = do_enrol_staff(username=name, name="测试员", hospital=at, role=role.value, ends_on=dt.date(2099, 1, 1), alliance_wide=wide,
                             password=PASSWORD, acting=OPERATOR)
    return made


def vouch(who: Staff) -> Staff:
    """As if somebody had seen the person."""
    Staff.objects.filter(pk=who.pk).update(vouched_at=timezone.now(), vouched_as=who.role)
    return who


def principal(who: Staff) -> Principal:
    return principal_of_staff(who)


@cache
def another_curator() -> Principal:
    """A record clerk for the whole alliance, employed by a hospital of which no test knows: who agrees where a second one has to."""
    return principal(staff(hospital("office"), Role.CLERK, wide=True))
