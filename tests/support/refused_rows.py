"""Mend the workbooks of refused rows as a clerk would who has the cards and the old system at hand:
what can be known is put right, what cannot stays as it is.
"""

import datetime as dt
import re
from pathlib import Path

import xlsxwriter

from records.agent.files.open_tables import open_tables
from records.agent.mapping.intake import OWN_SHEETS
from records.agent.values.identity_number import check_digit
from tests.factories.clinic_results import tiny_pdf

VISIT_DAY = re.compile(r"[A-Z]+(\d{4})(\d\d)(\d\d)\d+$")
WRONG_DAYS = ("2026-13-40", "昨天", "2026-2-30", "2026-02-31")
OTHER = {  # header -> {what stands there: what should}
    "姓名": {"": "王补正"},
    "性别": {"先生": "男"},
    "就诊类型": {"": "门诊", "转诊": "门诊"},
    "次剂量": {"半片": "0.5"},
    "检查项目": {"": "胸部DR", "#N/A": "胸部DR"},
    "过敏药物": {"": "无"},
}


def mend_workbook(path: Path, target: Path, exports: Path) -> int:
    """Write the workbook's refused rows, mended, to target; their count."""
    count = 0
    with xlsxwriter.Workbook(str(target), {"strings_to_numbers": False}) as workbook:
        for table in open_tables(path):
            if table.sheet in OWN_SHEETS:
                continue
            sheet, headers = workbook.add_worksheet(table.sheet), list[str]()
            for place, (_, cells) in enumerate(table.read_rows()):
                if not headers:
                    headers, mended = cells, cells
                else:
                    padded = [*cells, *[""] * (len(headers) - len(cells))]
                    row = mend_row(dict(zip(headers, padded, strict=False)), exports)
                    mended = list(row.values())
                    count += 1
                for column, cell in enumerate(mended):
                    sheet.write_string(place, column, cell)
    return count


def mend_row(row: dict[str, str], exports: Path) -> dict[str, str]:
    day = VISIT_DAY.match(row.get("就诊号") or row.get("就诊流水号") or "")
    for header, cell in row.items():
        text = cell.strip()
        if "\ufffd" in text:
            row[header] = text.split("\ufffd")[0]
        elif header == "身份证号":
            row[header] = mend_number(text)
        elif text == "03/07/68":
            row[header] = ""  # the identity number says it
        elif text in WRONG_DAYS:
            row[header] = "-".join(day.groups()) if day else ""
        elif header == "文件名" and not (exports / text).exists():
            (exports / text).write_bytes(tiny_pdf(text))
        elif header == "诊断名称" and not text and not row["诊断编码"].strip():
            row[header] = "上呼吸道感染"
        else:
            row[header] = OTHER.get(header, {}).get(text, cell)
    return row


def mend_number(text: str) -> str:
    """Its last character by the others, as on the card; empty where too much is lost."""
    if len(text) not in (17, 18) or not text[:17].isdigit() or text.endswith("000"):
        return ""
    try:
        dt.datetime.strptime(text[6:14], "%Y%m%d")
    except ValueError:
        return ""
    return text[:17] + check_digit(text[:17])
