"""An alliance as it is on the day on which its township clinic joins: a core hospital, the clinic,
their people, a one-time code for the clinic's machine. Made inside an installation, by its own
services; told as JSON, for whoever drives the installation from outside.
"""

import datetime as dt
import json
import sys
from dataclasses import asdict, dataclass
from typing import Protocol

from tests import draws

CORE, CLINIC = "core", "clinic"
PEOPLE = {  # who -> where, role
    "doctor": (CORE, "clinician"),
    "core_clerk": (CORE, "clerk"),
    "clinic_clerk": (CLINIC, "clerk"),
}


class Managed(Protocol):
    def manage(self, *command: str) -> str:
        """What `manage.py COMMAND` prints."""


@dataclass(frozen=True)
class ClinicAlliance:
    """sessions: who -> cookie of a session that is signed in with both factors."""

    clinic: str
    code: str
    sessions: dict[str, str]


def make_clinic_alliance(installation: Managed) -> ClinicAlliance:
    said = installation.manage(
        "shell", "--no-imports", "-c",
        "from tests.factories.clinic_alliance import make_here; make_here()",
    )  # fmt: skip
    return ClinicAlliance(**json.loads(said.splitlines()[-1]))


def make_here() -> None:
    from allauth.mfa.totp.internal.auth import TOTP

    from alliance.models import Staff
    from alliance.services.enrolment import do_make_enrolment_code
    from alliance.services.membership import do_admit_hospital
    from alliance.services.staffing import do_enrol_staff
    from tests.factories import alliance
    from tests.factories.web_session import SECRET
    from tests.support.html import Browser

    mark, sessions = draws.token_hex(3), {}
    hospitals = {
        place: do_admit_hospital(
            acting=alliance.OPERATOR, code=f"{place}-{mark}", name_zh=zh, name_en=en, tier=tier
        )
        for place, zh, en, tier in (
            (CORE, f"第一人民医院{mark}", f"First Hospital {mark}", "tertiary"),
            (CLINIC, f"南桥镇卫生院{mark}", f"Nanqiao Clinic {mark}", "township"),
        )
    }
    for who, (place, role) in PEOPLE.items():
        staff, _ = do_enrol_staff(
            username=f"{who.replace('_', '-')}-{mark}", name="测试员", hospital=hospitals[place],
            role=role, ends_on=dt.date(2099, 1, 1), alliance_wide=False,
            password=alliance.PASSWORD, acting=alliance.OPERATOR,
        )  # fmt: skip
        TOTP.activate(staff.user, SECRET)
        browser = Browser()
        user = Staff.objects.get(pk=staff.pk).user
        browser.force_login(user, backend="alliance.auth.backend.StaffBackend")
        sessions[who] = str(browser.cookies["sessionid"].value)
    _, code = do_make_enrolment_code(hospitals[CLINIC], acting=alliance.OPERATOR)
    made = ClinicAlliance(hospitals[CLINIC].code, code, sessions)
    sys.stdout.write(json.dumps(asdict(made)) + "\n")
