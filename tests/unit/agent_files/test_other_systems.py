"""Exports as other hospital systems write them: their headers, two rows of headers, totals between,
several things in a cell, ages, hidden rows.
"""

import json
from pathlib import Path
from typing import Any

import xlsxwriter

from records.agent.item import Item
from records.agent.values.identity_number import check_digit
from tests.support.agent_tables import Read, save

NUMBER = "33038219680307004"
NUMBER += check_digit(NUMBER)


def body(item: Item) -> dict[str, Any]:
    return dict(json.loads(item.body))


def test_patients_with_ages_cards_and_two_telephones(tmp_path: Path) -> None:
    text = (
        "病历号,就诊卡号,姓名,性别,年龄,身份证,联系电话\n"
        f"000123,C88,王 芳,女,58岁,{NUMBER.lower()},13800000000/0577-88888888\n"
        "000124,C89,买买提·艾山,男,3月,,13800000001 13900000001\n"
    )
    read = Read(save(tmp_path, "病人信息.csv", text))
    assert read.codes() == []
    assert read.warnings() == [(1, "", "file.unknown-columns")]
    assert "年龄" in read.warned[0].value
    first, second = (body(i) for i in read.items)
    assert [i.record for i in read.items] == ["000123", "000124"]  # not the card, which is lost
    assert first["name"] == [{"text": "王芳"}]
    assert first["birthDate"] == "1968-03-07"
    assert "birthDate" not in second  # an age is no date of birth
    assert second["name"] == [{"text": "买买提·艾山"}]
    assert [t["value"] for t in second["telecom"]] == ["13800000001", "13900000001"]


def test_an_identity_number_in_full_width_and_with_a_small_x(tmp_path: Path) -> None:
    seventeen = next(
        n for n in (f"33038219700101{i:03}" for i in range(100)) if check_digit(n) == "X"
    )
    wide = "".join(chr(ord(c) + 0xFEE0) for c in f"{seventeen}X")
    text = f"病历号,姓名,身份证\n1,甲,{seventeen}x\n2,乙,{wide}\n"
    read = Read(save(tmp_path, "a.csv", text))
    assert read.codes() == []
    said = [body(i)["identifier"][1]["value"] for i in read.items]
    assert said == [f"{seventeen}X"] * 2


def test_visits_with_a_diagnosis_beside_are_visits(tmp_path: Path) -> None:
    text = (
        "病人ID,门诊号,就诊卡号,姓名,年龄,挂号类别,就诊科室,就诊医生,就诊时间,诊断\n"
        "1,MZ1,C1,王芳,58,普通,内科,陈洁,2026-05-03 上午 09:12:33,感冒\n"
        "1,MZ2,C1,王芳,58,急诊,内科,陈洁,2026/5/3 下午 2:05:00,感冒\n"
    )
    read = Read(save(tmp_path, "门诊.csv", text))
    assert read.codes() == []
    assert [(i.type, body(i)["class"]["code"]) for i in read.items] == [
        ("Encounter", "AMB"),
        ("Encounter", "EMER"),
    ]
    assert body(read.items[1])["period"]["start"] == "2026-05-03T14:05:00+08:00"


def test_several_diagnoses_in_a_cell_stay_one_and_are_told(tmp_path: Path) -> None:
    text = (
        "病人ID,门诊号,诊断名称,诊断编码,诊断日期\n"
        "1,MZ1,1.高血压病3级 2.2型糖尿病,,2026-05-03\n"
        "1,MZ1,上呼吸道感染；支气管炎,,2026-05-03\n"
        "1,MZ1,2型糖尿病,E11.900,2026-05-03\n"
        "1,MZ1,颈、腰椎病,,2026-05-03\n"
    )
    read = Read(save(tmp_path, "诊断.csv", text))
    assert read.codes() == []
    assert [(row, rule) for row, _, rule in read.warnings()] == [
        (2, "cell.several"),
        (3, "cell.several"),
    ]
    assert body(read.items[0])["code"]["text"] == "1.高血压病3级 2.2型糖尿病"


def test_a_header_of_two_rows(tmp_path: Path) -> None:
    text = (
        "姓名,病人ID,检验,,,,时间,\n,,项目名称,结果,单位,参考值,检验时间,报告单号\n"
        "王芳,1,谷丙转氨酶,52,U/L,0-40,2026-05-03,R1\n张伟,2,谷丙转氨酶,12,,,2026-05-03,R2\n"
    )
    read = Read(save(tmp_path, "a.csv", text))
    assert read.codes() == []
    assert [t.header_row for t in read.intake.tables] == [2]
    assert [(i.type, i.patient) for i in read.items][:2] == [
        ("Observation", "1"),
        ("Observation", "2"),
    ]


def test_totals_of_a_patient_between_rows_and_units_beside_numbers(tmp_path: Path) -> None:
    text = (
        "处方号,病人ID,姓名,药品名称,规格,用量,用法,频次,数量,单位,开方时间\n"
        "CF1,1,王芳,阿莫西林胶囊,0.25g,0.5g,口服,tid,2盒,,2026-05-03\n王芳 小计,,,,,,,,2,,\n"
        "CF2,2,张伟,布洛芬,0.3g,1粒,口服,bid,1,盒,2026-05-03\n"
        "CF3,2,张伟,布洛芬,0.3g,1粒,口服,bid,1盒,瓶,2026-05-03\n合计,,,,,,,,3,,\n"
    )
    read = Read(save(tmp_path, "处方.csv", text))
    assert read.codes() == [(5, "数量", "number.unreadable")]  # 盒 or 瓶 is not ours to say
    assert read.counts.totals == 2
    dose = body(read.items[0])["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]
    assert (dose["value"], dose["unit"]) == (0.5, "g")
    assert body(read.items[0])["dispenseRequest"]["quantity"]["unit"] == "盒"


def test_a_sheet_a_month_and_what_is_hidden_in_them(tmp_path: Path) -> None:
    path = tmp_path / "检验.xlsx"
    book = xlsxwriter.Workbook(str(path))
    head = ["样本号", "病历号", "姓名", "项目名称", "结果", "单位", "参考值", "提示", "检验时间"]
    for month in (4, 5):
        sheet = book.add_worksheet(f"{month}月")
        sheet.write_row(0, 0, head)
        for n in range(3):
            row = [
                f"{month}{n}",
                "1",
                "王芳",
                "尿蛋白",
                "+\n(复查)",
                "",
                "阴性",
                "",
                f"2026-{month}-3",
            ]
            sheet.write_row(1 + n, 0, row)
        if month == 5:
            sheet.set_row(2, None, None, {"hidden": True})
            sheet.set_column(3, 4, None, None, {"hidden": True})
    book.close()
    read = Read(path)
    assert read.codes() == []
    assert read.counts.accepted == 6
    assert [(r.file, r.rule.code, r.words) for r in read.warned] == [
        ("检验.xlsx[5月]", "sheet.hidden-cells", {"rows": 1, "columns": 2})
    ]
