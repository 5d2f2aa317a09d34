"""The demo alliance: four fictional hospitals and one account for each role. Present only where the demo is loaded."""

import datetime as dt
import time

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.db import transaction
from django.utils import timezone

from alliance.auth.principal import operator
from alliance.models import Department, Hospital, Staff
from alliance.roles import Role
from alliance.services.membership import do_admit_hospital
from alliance.services.staffing import do_enrol_staff

PASSWORD = "xinglin-demo-2026"
SECRET = "XINGLINDEMOXINGLINDEMO2345672345"  # base32; published on purpose, as the whole demo is
HOSPITALS = (
    ("xinglin", "杏林中心医院", "Xinglin Central Hospital", "tertiary"),
    ("donghu", "东湖社区卫生服务中心", "Donghu Community Health Centre", "community"),
    ("beishan", "北山社区卫生服务中心", "Beishan Community Health Centre", "community"),
    ("nanqiao", "南桥镇卫生院", "Nanqiao Township Hospital", "township"),
)
DEPARTMENTS = (("cardio", "心血管内科", "Cardiology"), ("gp", "全科医学科", "General Practice"))
# username, name, title, hospital, role, for the whole alliance
STAFF = (
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


@transaction.atomic
def load() -> bool:
    """Make what is missing; False when everything was there."""
    acting = operator("demo")
    before = Staff.objects.count()
    for code, zh, en, tier in HOSPITALS:
        if not Hospital.objects.filter(code=code).exists():
            hospital = do_admit_hospital(acting=acting, code=code, name_zh=zh, name_en=en, tier=tier, admitted_on=dt.date(2024, 1, 1))
            for department, name_zh, name_en in DEPARTMENTS:
                Department.objects.create(hospital=hospital, code=department, name_zh=name_zh, name_en=name_en)
    for username, name, title, code, role, wide in STAFF:
        if not Staff.objects.filter(user__username=username).exists():
            hospital = Hospital.objects.get(code=code)
            department = hospital.departments.filter(code="cardio" if code == "xinglin" else "gp").first() if role is Role.CLINICIAN else None
            staff, _ = do_enrol_staff(
                username=username, name=name, title=title, hospital=hospital, department=department, role=role.value,
                ends_on=timezone.localdate() + dt.timedelta(days=3650), alliance_wide=wide, password=PASSWORD, acting=acting)
            if not Authenticator.objects.filter(user=staff.user).exists():
                TOTP.activate(staff.user, SECRET)
    return Staff.objects.count() != before


def code(secret: str = SECRET) -> str:
    """The six digits of this moment (RFC 6238)."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def sheet() -> str:
    """What `make run` prints."""
    lines = [f"Demo accounts, password {PASSWORD}; second factor: the six digits that `make code` prints", ""]
    lines += [f"  {username:8} {role.value:14} {name} {title}, {hospital}" for username, name, title, hospital, role, _ in STAFF]
    return "\n".join(lines) + "\n\nAll hospitals, people and records of the demo are invented. Ctrl-C stops everything.\n"
