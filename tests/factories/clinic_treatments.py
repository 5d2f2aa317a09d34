"""Diagnoses, prescriptions, allergies and vaccinations as a township clinic exports them."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from tests.factories.clinic import DOCTORS, Clinic, faults, write_csv, write_xlsx

DIAGNOSES = (
    ("J06.900", "急性上呼吸道感染"),
    ("I10.x00x002", "原发性高血压"),
    ("E11.900", "2型糖尿病"),
    ("K29.500", "慢性胃炎"),
    ("M54.500", "下腰痛"),
    ("", "感冒待查"),
)
MEDICINES = (
    ("X0001", "阿莫西林胶囊", "0.25g*24粒", "0.5", "g", "每日三次", "口服", "盒"),
    ("X0002", "苯磺酸氨氯地平片", "5mg*7片", "5", "mg", "qd", "口服", "盒"),
    ("X0003", "盐酸二甲双胍片", "0.5g*20片", "0.5", "g", "bid", "口服", "瓶"),
    ("X0004", "0.9%氯化钠注射液", "250ml", "250", "ml", "一天一次", "静脉滴注", "袋"),
)


def write_diagnoses(clinic: Clinic) -> None:
    dice, file = clinic.dice, "诊断.csv"
    planned = faults(clinic, len(clinic.visits), ("cell.missing", 2), ("date.unreadable", 2))
    lines = [
        ["病人ID", "就诊号", "诊断编码", "诊断名称", "诊断类型", "主诊断标志", "诊断时间", "医生"]
    ]
    for index, visit in enumerate(clinic.visits):
        rule = planned.get(index, "")
        code, name = dice.choice(DIAGNOSES)
        written = clinic.write_moment(dt.datetime.fromisoformat(visit["started"]))
        clinic.count(file, "diagnosis", visit["patient"], rule)
        lines.append(
            [
                visit["patient"],
                visit["visit"],
                "" if rule == "cell.missing" else code,
                "" if rule == "cell.missing" else name,
                "门诊诊断",
                dice.choice(("1", "主要诊断", "是")),
                "昨天" if rule == "date.unreadable" else written,
                dice.choice(DOCTORS),
            ]
        )
    write_csv(clinic, file, lines, "utf-8-sig")


def write_prescriptions(clinic: Clinic) -> None:
    dice, file = clinic.dice, "处方明细.txt"
    rows = [(v, m) for v in clinic.visits for m in dice.sample(MEDICINES, dice.choice((0, 1, 2)))]
    planned = faults(clinic, len(rows), ("number.unreadable", 3), ("date.unreadable", 1))
    lines = [
        [
            "处方号",
            "病人ID",
            "姓名",
            "就诊号",
            "药品编码",
            "药品名称",
            "规格",
            "次剂量",
            "剂量单位",
            "频次",
        ]
        + ["用法", "天数", "数量", "单位", "开方时间", "医生", "作废标志"]
    ]
    for index, (visit, medicine) in enumerate(rows):
        code, name, strength, dose, unit, frequency, route, pack = medicine
        rule = planned.get(index, "")
        clinic.count(file, "order", visit["patient"], rule)
        written = clinic.write_moment(dt.datetime.fromisoformat(visit["started"]))
        lines.append(
            [
                f"CF{visit['visit'][2:]}",
                visit["patient"],
                visit["name"],
                visit["visit"],
                code,
                name,
                strength,
                "半片" if rule == "number.unreadable" else dose.replace(".", dice.choice(".．,")),
                unit,
                frequency,
                route,
                dice.choice(("3", "5天", "７")),
                dice.choice(("1", "2.0", "1,0")),
                pack,
                "2026-2-30" if rule == "date.unreadable" else written,
                dice.choice(DOCTORS),
                dice.choice(("", "", "0", "否", "正常")),
            ]
        )
    write_csv(clinic, file, lines, "gb18030", "\t")


def write_allergies(clinic: Clinic) -> None:
    dice, file = clinic.dice, "过敏史.csv"
    lines = [["病人ID", "姓名", "过敏药物", "过敏类型", "过敏反应", "严重程度", "登记日期"]]
    asked = [p for p in clinic.patients if dice.random() < 0.3]
    planned = faults(clinic, len(asked), ("cell.missing", 4)) if len(asked) > 4 else {}
    for index, patient in enumerate(asked):
        rule = planned.get(index, "")
        clinic.count(file, "allergy", patient["patient"], rule)
        allergen = dice.choice(("青霉素", "头孢曲松", "无", "花生", "否认药物过敏史"))
        lines.append(
            [
                patient["patient"],
                patient["name"],
                "" if rule else allergen,
                dice.choice(("药物", "食物", "")),
                dice.choice(("皮疹", "", "过敏性休克")),
                dice.choice(("轻", "重度", "")),
                clinic.write_moment(clinic.day()),
            ]
        )
    write_csv(clinic, file, lines, "gb18030", ";")


def write_vaccinations(clinic: Clinic) -> None:
    dice, file = clinic.dice, "接种记录.xlsx"
    given = [p for p in clinic.patients if dice.random() < 0.3]

    def rows() -> Iterator[list[Any]]:
        yield [
            "患者编号",
            "姓名",
            "疫苗编码",
            "疫苗名称",
            "接种日期",
            "剂次",
            "批号",
            "生产厂家",
            "接种部位",
            "接种医生",
        ]
        for patient in given:
            clinic.count(file, "vaccination", patient["patient"])
            yield [
                patient["patient"],
                patient["name"],
                "2101",
                "流感病毒裂解疫苗",
                clinic.day().replace(hour=0, minute=0),
                dice.choice((1, 2)),
                f"2025{dice.randrange(1, 13):02}A",
                "某生物制品有限公司",
                "左上臂",
                dice.choice(DOCTORS),
            ]

    write_xlsx(clinic, file, "接种", rows())
