"""Hospitals, clients and staff for tests, made by the services that the pages use."""

import datetime as dt
import itertools
import secrets

from alliance.auth.principal import Principal, operator
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
    client, secret = do_register_client(at, name="test system", acting=OPERATOR)
    return client.client_id, secret


def staff(at: Hospital, role: Role = Role.CLINICIAN, *, wide: bool = False) -> Staff:
    name = f"u{secrets.token_hex(5)}"
    made, _ = do_enrol_staff(username=name, name="测试员", hospital=at, role=role.value, ends_on=dt.date(2099, 1, 1), alliance_wide=wide,
                             password=PASSWORD, acting=OPERATOR)
    return made


def principal(who: Staff) -> Principal:
    return Principal("staff", str(who.pk), who.hospital_id, who.hospital.code, who.role, alliance_wide=who.alliance_wide)
