"""The demo hospitals' part of the directory: departments, clinics, weekly hours of four weeks."""

import datetime as dt

from django.utils import timezone

from alliance.auth.principal import operator_principal
from alliance.directory.keep_directory import (
    WeeklyHours,
    do_make_slots,
    do_save_clinic,
    do_save_department,
)
from alliance.models import Hospital, OfferedClinic, OfferedDepartment

WEEKS = 4
# hospital, code, names, national code, what it takes, telephone, then clinics: (kind, name, doctor,
# title, weekdays, places)
DEPARTMENTS = (
    (
        "xinglin",
        "cardiology",
        "心血管内科",
        "Cardiology",
        "03.04",
        "胸痛 胸闷 心力衰竭 心肌梗死 冠心病 高血压 心律失常",
        "010-5550-1001",
        (
            ("clinic", "专家门诊", "陈建国", "主任医师", (0, 2, 4), 4),
            ("beds", "心内科五病区", "", "", (0, 1, 2, 3, 4, 5, 6), 2),
        ),
    ),
    (
        "xinglin",
        "endocrinology",
        "内分泌科",
        "Endocrinology",
        "03.07",
        "糖尿病 甲状腺 血糖控制不佳",
        "010-5550-1002",
        (("clinic", "糖尿病门诊", "赵敏", "副主任医师", (1, 3), 6),),
    ),
    (
        "xinglin",
        "respiratory",
        "呼吸内科",
        "Respiratory medicine",
        "03.01",
        "慢阻肺 哮喘 肺炎 咯血 肺结节",
        "010-5550-1003",
        (("clinic", "呼吸门诊", "孙立", "副主任医师", (0, 1, 3), 5),),
    ),
    (
        "donghu",
        "family",
        "全科医疗科",
        "General practice",
        "02",
        "高血压随访 糖尿病随访 慢病管理 康复 下转",
        "010-5550-2001",
        (("clinic", "家庭医生门诊", "周晓", "主治医师", (0, 1, 2, 3, 4), 8),),
    ),
    (
        "beishan",
        "rehabilitation",
        "康复医学科",
        "Rehabilitation",
        "21",
        "脑卒中康复 骨折术后康复 下转",
        "010-5550-3001",
        (("beds", "康复病床", "", "", (0, 1, 2, 3, 4), 3),),
    ),
)


def make_demo_directory() -> int:
    """How many slots."""
    made, acting = 0, operator_principal("demo")
    for code, name, zh, en, standard, takes, phone, clinics in DEPARTMENTS:
        hospital = Hospital.objects.filter(code=code).first()
        if hospital is None:
            continue
        if OfferedDepartment.objects.filter(hospital=hospital, code=name).exists():
            continue
        department = OfferedDepartment(
            hospital=hospital,
            code=name,
            name_zh=zh,
            name_en=en,
            standard=standard,
            takes=takes,
            phone=phone,
        )
        do_save_department(department, acting=acting)
        for number, (kind, title, doctor, rank, weekdays, places) in enumerate(clinics, 1):
            clinic = OfferedClinic(
                hospital=hospital,
                department=department,
                code=f"{name}-{number}",
                kind=kind,
                name=title,
                doctor=doctor,
                title=rank,
                hours="08:00–12:00",
            )
            do_save_clinic(clinic, acting=acting)
            hours = WeeklyHours(frozenset(weekdays), dt.time(8), dt.time(12), 0, places)
            made += do_make_slots(clinic, hours, timezone.localdate(), WEEKS, acting=acting)
    return made
