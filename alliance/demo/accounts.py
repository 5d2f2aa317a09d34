"""The demo alliance: four fictional hospitals and one account for each role. Present only where
the demo is loaded.
"""

import datetime as dt
import time

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.db import transaction
from django.utils import timezone

from alliance.auth.principal import operator_principal
from alliance.models import Department, Hospital, Staff, User
from alliance.roles import Role
from alliance.services.membership import do_admit_hospital
from alliance.services.staffing import do_enrol_staff

DEMO_PASSWORD = "xinglin-demo-2026"
DEMO_TOTP_SECRET = (  # base32; published on purpose, as the whole demo is
    "XINGLINDEMOXINGLINDEMO2345672345"
)
DEMO_HOSPITALS = (
    ("xinglin", "杏林中心医院", "Xinglin Central Hospital", "tertiary"),
    ("donghu", "东湖社区卫生服务中心", "Donghu Community Health Centre", "community"),
    ("beishan", "北山社区卫生服务中心", "Beishan Community Health Centre", "community"),
    ("nanqiao", "南桥镇卫生院", "Nanqiao Township Hospital", "township"),
)
DEMO_DEPARTMENTS = (
    ("cardio", "心血管内科", "Cardiology"),
    ("gp", "全科医学科", "General Practice"),
)
# username, name, title, hospital, role, for the whole alliance
DEMO_STAFF = (
    ("chen", "陈思远", "主任医师", "xinglin", Role.CLINICIAN, False),
    ("zhou", "周敏", "全科医师", "donghu", Role.CLINICIAN, False),
    ("wu", "吴建国", "全科医师", "beishan", Role.CLINICIAN, False),
    ("lin", "林秀兰", "乡镇医师", "nanqiao", Role.CLINICIAN, False),
    ("tang", "唐婷", "病案管理员", "nanqiao", Role.CLERK, False),
    ("he", "何静", "病案管理员", "xinglin", Role.CLERK, False),
    ("gao", "高洁", "病案管理员", "beishan", Role.CLERK, True),
    ("shen", "沈明", "审计员", "xinglin", Role.AUDITOR, True),
    ("fang", "方雅", "隐私专员", "xinglin", Role.PRIVACY, True),
    ("xu", "许宁", "隐私专员", "donghu", Role.PRIVACY, False),
    ("admin", "罗毅", "联盟管理员", "xinglin", Role.ADMINISTRATOR, True),
    ("qian", "钱理", "联盟管理员", "donghu", Role.ADMINISTRATOR, True),
)


class DemoNotLoaded(Exception):
    """The text says why the demo is not loaded, and how to start without it."""


@transaction.atomic
def load_demo_accounts() -> bool:
    """Make what is missing; False when everything was there. Raises NoDemo beside accounts of
    real people where the demo never was.
    """
    if not User.objects.filter(demo=True).exists() and (real := User.objects.count()):
        raise DemoNotLoaded(
            f"This database has {real} accounts of real people and was never the demo's: invented"
            " people and published passwords are not put beside them. Start with XINGLIN_DEMO=0"
            " (`XINGLIN_DEMO=0 make run`)."
        )
    acting = operator_principal("demo")
    before = Staff.objects.count()
    for code, zh, en, tier in DEMO_HOSPITALS:
        if not Hospital.objects.filter(code=code).exists():
            hospital = do_admit_hospital(
                acting=acting,
                code=code,
                name_zh=zh,
                name_en=en,
                tier=tier,
                admitted_on=dt.date(2024, 1, 1),
            )
            for department, name_zh, name_en in DEMO_DEPARTMENTS:
                Department.objects.create(
                    hospital=hospital, code=department, name_zh=name_zh, name_en=name_en
                )
    for username, name, title, code, role, wide in DEMO_STAFF:
        if not Staff.objects.filter(user__username=username).exists():
            hospital = Hospital.objects.get(code=code)
            department = (
                hospital.departments.filter(code="cardio" if code == "xinglin" else "gp").first()
                if role is Role.CLINICIAN
                else None
            )
            staff, _ = do_enrol_staff(
                username=username,
                name=name,
                title=title,
                hospital=hospital,
                department=department,
                role=role.value,
                ends_on=timezone.localdate() + dt.timedelta(days=3650),
                alliance_wide=wide,
                password=DEMO_PASSWORD,
                acting=acting,
            )
            if not Authenticator.objects.filter(user=staff.user).exists():
                TOTP.activate(staff.user, DEMO_TOTP_SECRET)
    return Staff.objects.count() != before


def current_demo_code(secret: str = DEMO_TOTP_SECRET) -> str:
    """The six digits of this moment (RFC 6238)."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def demo_account_sheet() -> str:
    """What `make run` prints."""
    lines = [
        (
            f"Demo accounts, password {DEMO_PASSWORD}; second factor: the six digits that `make"
            " code` prints"
        ),
        "",
    ]
    lines += [
        f"  {username:8} {role.value:14} {name} {title}, {hospital}"
        for username, name, title, hospital, role, _ in DEMO_STAFF
    ]
    return (
        "\n".join(lines)
        + "\n\nAll hospitals, people and records of the demo are invented. Ctrl-C stops"
        " everything.\n"
    )
