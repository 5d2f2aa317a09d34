"""Laboratory results, examinations and documents as a township clinic exports them."""

import datetime as dt
import random
import zlib
from collections.abc import Iterator
from typing import Any

from tests.factories.clinic import DOCTORS, Clinic, faults, write_csv, write_xlsx

TESTS = (
    ("ALT", "*谷丙转氨酶", "U/L", "7 ~ 40", 5, 90),
    ("GLU", "葡萄糖", "mmol/L", "3.9--6.1", 3, 14),
    ("CREA", "肌酐", "μmol/L", "57-97", 40, 180),
    ("WBC", "白细胞计数", "10^9/L", "3.5～9.5", 2, 16),
    ("CRP", "★C反应蛋白（HR）", "mg/L", "<10", 0, 60),
    ("HBSAG", "乙肝表面抗原", "", "阴性", 0, 0),
    ("RPR", "梅毒滴度", "", "阴性", 0, 0),
    ("UPRO", "尿蛋白", "", "阴性(-)", 0, 0),
)
WORDS = {
    "HBSAG": ("阴性(-)", "阳性(+)", "阴性"),
    "RPR": ("阴性", "1:8", "1:160"),
    "UPRO": ("-", "+-", "1+", "2+"),
}


def write_laboratory(clinic: Clinic) -> None:
    dice, file = clinic.dice, "检验结果.csv"
    header = [
        "报告单号",
        "病人ID",
        "姓名",
        "就诊号",
        "检验名称",
        "标本类型",
        "采样时间",
        "检验日期",
    ]
    header += ["项目代码", "项目名称", "结果", "单位", "参考值", "提示", "检验者", "审核者"]
    sampled = [v for v in clinic.visits if dice.random() < 0.6]
    rows = [(v, t) for v in sampled for t in dice.sample(TESTS, 5)]
    planned = faults(
        clinic,
        len(rows),
        ("date.unreadable", 2),
        ("cell.rounded-number", 1),
        ("text.unreadable", 1),
    )
    lines: list[list[str]] = [["南桥镇卫生院检验结果明细表"], header]
    good: set[str] = set()
    for index, (visit, test) in enumerate(rows):
        code, name, unit, usual, low, high = test
        report = f"R{visit['visit'][2:]}"
        rule = planned.get(index, "")
        clinic.count(file, "laboratory", visit["patient"], rule)
        started = dt.datetime.fromisoformat(visit["started"])
        if not rule and visit["patient"] not in clinic.planted.patients_refused:
            good.add(report)
        result, flag = make_result(dice, code, low, high)
        lines.append(
            [
                report,
                "1.10101E+17" if rule == "cell.rounded-number" else f'="{visit["patient"]}"',
                visit["name"],
                visit["visit"],
                "生化\ufffd" if rule == "text.unreadable" else "常规检验",
                "血清",
                f"{started:%Y-%m-%d %H:%M:%S}",
                "2026-02-31" if rule == "date.unreadable" else f"{started:%Y/%m/%d} 16:30",
                code,
                name,
                result,
                unit,
                usual,
                flag,
                dice.choice(DOCTORS),
                dice.choice(DOCTORS),
            ]
        )
        if index % 400 == 399:
            lines += [["小计", "", "", "", "", "", "", "", "", "", "400"], [], header]
    lines.append(["总计", "", str(len(rows))])
    clinic.planted.reports = len(good)
    write_csv(clinic, file, lines, "gb18030")


def make_result(dice: random.Random, code: str, low: int, high: int) -> tuple[str, str]:
    if code in WORDS:
        return dice.choice(WORDS[code]), ""
    value = f"{dice.uniform(low, high):.2f}"
    return dice.choice(
        (
            (value, ""),
            (value, dice.choice(("高", "↓", "H", "偏低", "*"))),
            (f"{value}↑", ""),
            (f"＜{value}", ""),
            (f">{value}", "↑"),
            (value.replace(".", "．"), "L"),
        )
    )


def write_examinations(clinic: Clinic) -> None:
    dice, file = clinic.dice, "检查报告.xlsx"
    examined = [v for v in clinic.visits if dice.random() < 0.25]
    planned = faults(clinic, len(examined), ("cell.missing", 3), ("cell.formula-error", 3))

    def rows() -> Iterator[list[Any]]:
        yield ["南桥镇卫生院影像报告"]
        yield [
            "检查号",
            "患者编号",
            "姓名",
            "就诊号",
            "检查类别",
            "检查项目",
            "检查部位",
            "检查所见",
            "诊断意见",
        ] + [
            "检查日期",
            "报告医生",
            "审核医生",
        ]
        for index, visit in enumerate(examined):
            rule = planned.get(index, "")
            clinic.count(file, "examination", visit["patient"], rule)
            kind, part = dice.choice((("DR", "胸部"), ("彩超", "腹部"), ("心电图", "心脏")))
            yield [
                f"JC{index:06}",
                visit["patient"],
                visit["name"],
                visit["visit"],
                kind,
                {"cell.missing": "", "cell.formula-error": "#N/A"}.get(rule, f"{part}{kind}"),
                part,
                "双肺纹理清晰，心影不大。\n膈面光整。",
                dice.choice(("未见明显异常", "右下肺炎症，建议复查")),
                dt.datetime.fromisoformat(visit["started"]),
                dice.choice(DOCTORS),
                dice.choice(DOCTORS),
            ]

    write_xlsx(clinic, file, "Sheet1", rows())


def write_documents(clinic: Clinic) -> None:
    dice, file = clinic.dice, "文书.csv"
    stays = [v for v in clinic.visits if v["class"] == "住院"]
    planned = faults(clinic, len(stays), ("document.file-missing", 20)) if len(stays) > 4 else {}
    lines = [
        [
            "文书编号",
            "患者编号",
            "姓名",
            "就诊号",
            "文书类别",
            "标题",
            "文件名",
            "书写时间",
            "书写医师",
        ]
    ]
    for index, visit in enumerate(stays):
        rule = planned.get(index, "")
        clinic.count(file, "document", visit["patient"], rule)
        number = f"WS{index:06}"
        if not rule:
            (clinic.folder / f"{number}.pdf").write_bytes(tiny_pdf(number))
        lines.append(
            [
                number,
                visit["patient"],
                visit["name"],
                visit["visit"],
                "出院记录",
                "出院记录",
                f"{number}.pdf",
                clinic.write_moment(dt.datetime.fromisoformat(visit["ended"])),
                dice.choice(DOCTORS),
            ]
        )
    write_csv(clinic, file, lines, "gb18030")


def tiny_pdf(text: str) -> bytes:
    stream = zlib.compress(f"BT /F1 18 Tf 72 720 Td ({text}) Tj ET".encode())
    return (
        b"%%PDF-1.4\n1 0 obj<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream endobj\n"
        b"%%%%EOF\n"
        % (
            len(stream),
            stream,
        )
    )
