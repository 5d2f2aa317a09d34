"""Patients and visits as a township clinic exports them, with planted faults."""

import datetime as dt
import random
from collections.abc import Iterator
from typing import Any

from records.agent.values.identity_number import check_digit
from tests.factories.clinic import DOCTORS, Clinic, faults, full_width, write_csv, write_xlsx

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗"
GIVEN = "芳伟娜敏静丽强磊军洋勇艳杰娟涛明超秀英霞平刚桂兰玉梅建国志华春燕文博宇轩子涵"
VILLAGES = ("东岙村", "西湾村", "前山村", "后垟村", "桥头村", "上林村")


def make_patient(clinic: Clinic, number: int) -> dict[str, str]:
    dice = clinic.dice
    born = clinic.today - dt.timedelta(days=dice.randrange(30, 90 * 365))
    man = dice.random() < 0.5
    first = f"330382{born:%Y%m%d}{dice.randrange(50):02}{dice.randrange(5) * 2 + man}"
    name = dice.choice(SURNAMES) + "".join(dice.sample(GIVEN, dice.choice((1, 2))))
    return {
        "patient": f"{number:08}",
        "name": name,
        "gender": dice.choice(("男", "1", "M")) if man else dice.choice(("女", "2", "F")),
        "born": dice.choice((f"{born:%Y-%m-%d}", f"{born:%Y%m%d}", f"{born:%Y/%m/%d} 0:00:00")),
        "identity": first + check_digit(first),
        "phone": f"138{dice.randrange(10**8):08}",
        "address": f"南桥镇{dice.choice(VILLAGES)}{dice.randrange(1, 200)}号",
    }


def write_patients(clinic: Clinic, patients: int) -> None:
    dice, file = clinic.dice, "患者信息.csv"
    planned = faults(
        clinic, patients,
        ("cell.rounded-number", 5), ("id.check-digit", 8), ("id.birth-date", 3),
        ("id.shape", 4), ("id.masked", 2), ("date.ambiguous", 3), ("cell.missing", 2),
        ("code.unknown", 2), ("text.unreadable", 2),
    )  # fmt: skip
    lines = [["南桥镇卫生院 患者基本信息", "", "", "", "", "", "", "", ""], []]
    lines.append(
        [
            "病人ID",
            "姓名",
            "性别",
            "出生日期",
            "身份证号",
            "联系电话",
            "家庭住址",
            "操作员",
            "备注1",
        ]
    )
    for number in range(1, patients + 1):
        patient = make_patient(clinic, number)
        clinic.patients.append(patient)
        row = dict(patient)
        rule = planned.get(number - 1, "")
        identity = row["identity"]
        match rule:
            case "cell.rounded-number":
                row["identity"] = dice.choice(
                    (f"{float(identity[:17] + '0'):.5E}", f"{identity[:15]}000")
                )
                if row["identity"].endswith("000") and check_digit(row["identity"][:17]) == "0":
                    row["identity"] = "3.30382E+17"
            case "id.check-digit":
                row["identity"] = identity[:17] + ("1" if identity[17] != "1" else "2")
            case "id.birth-date":
                first = identity[:10] + "1332" + identity[14:17]
                row["identity"] = first + check_digit(first)
                if row["identity"].endswith("000"):
                    row["identity"] = first[:16] + "7" + check_digit(first[:16] + "7")
            case "id.shape":
                row["identity"] = identity[:17]
            case "id.masked":
                row["identity"] = f"{identity[:6]}********{identity[14:]}"
            case "date.ambiguous":
                row["born"] = "03/07/68"
            case "cell.missing":
                row["name"] = "  "
            case "code.unknown":
                row["gender"] = "先生"
            case "text.unreadable":
                row["address"] = "南桥镇\ufffd村"
            case _:
                dress_patient(dice, row)
        if rule:
            clinic.planted.patients_refused.add(patient["patient"])
        clinic.planted.rows["patient"] += 1
        if rule:
            clinic.planted.refused[file, rule] += 1
        else:
            clinic.planted.accepted["patient"] += 1
        lines.append([*row.values(), "管理员", ""])
    lines.append([f"合计：{patients}人"])
    write_csv(clinic, file, lines, "gb18030")


def dress_patient(dice: random.Random, row: dict[str, str]) -> None:
    """What is harmless, and looks strange."""
    kind = dice.randrange(12)
    if kind == 0:
        row["identity"] = dice.choice(("无", "不详", "/", "", "-"))
    elif kind == 1:
        row["identity"] = full_width(row["identity"])
    elif kind == 2:
        row["identity"] = row["identity"].lower() + "\t"
    elif kind == 3:
        row["name"] = "\u3000".join(row["name"])
    elif kind == 4:
        row["born"] = dice.choice(("0000-00-00", "1900-01-00", ""))
    elif kind == 5:
        row["phone"] = dice.choice(("无", "0577-6000123", f"{row['phone']}/{row['phone']}", "12"))
    elif kind == 6:
        row["patient"] = f'="{row["patient"]}"'
    elif kind == 7:
        row["name"] += "\ue81e"  # a character of the private use area
    elif kind == 8:
        row["name"] += "\ue001"  # one that the hospital has made


def write_visits(clinic: Clinic) -> None:
    dice, file = clinic.dice, "就诊记录.xlsx"
    for patient in clinic.patients:
        for _ in range(dice.choice((1, 1, 2, 3))):
            started = clinic.day()
            inpatient = dice.random() < 0.15
            number = f"{'ZY' if inpatient else 'MZ'}{started:%Y%m%d}{len(clinic.visits):05}"
            clinic.visits.append(
                {
                    "visit": number,
                    "patient": patient["patient"],
                    "name": patient["name"],
                    "class": "住院" if inpatient else "门诊",
                    "started": started.isoformat(),
                    "ended": (started + dt.timedelta(days=dice.randrange(2, 9))).isoformat()
                    if inpatient
                    else "",
                }
            )
    planned = faults(
        clinic, len(clinic.visits), ("code.unknown", 2), ("cell.missing", 2), ("date.unreadable", 1)
    )

    def rows() -> Iterator[list[Any]]:
        yield [
            "就诊流水号",
            "患者ID",
            "姓名",
            "就诊类型",
            "就诊日期",
            "出院日期",
            "科室名称",
            "医生",
            "主诉",
            "挂号费",
        ]
        for index, visit in enumerate(clinic.visits):
            rule = planned.get(index, "")
            clinic.count(file, "visit", visit["patient"], rule)
            started: Any = dt.datetime.fromisoformat(visit["started"])
            ended = dt.datetime.fromisoformat(visit["ended"]) if visit["ended"] else "0000-00-00"
            if rule == "date.unreadable":
                started = "2026-13-40"
            yield [
                visit["visit"],
                visit["patient"],
                visit["name"],
                {"code.unknown": "转诊", "cell.missing": ""}.get(rule, visit["class"]),
                started,
                ended,
                dice.choice(("内科", "外科", "全科")),
                dice.choice(DOCTORS),
                dice.choice(("咳嗽三天", "头晕一周", "右下腹痛1天", "")),
                12.5,
            ]

    write_xlsx(clinic, file, "就诊", rows())
