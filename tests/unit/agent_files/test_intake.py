"""From tables to items and refusals: a bad row never stops its neighbours."""

import json
import os
from pathlib import Path

import pytest

from records.agent.item import Item
from records.agent.values.identity_number import check_digit
from tests.factories.clinic_exports import write_exports
from tests.support.agent_tables import Read, save

LAB = "报告单号,病人ID,姓名,项目代码,项目名称,结果,单位,参考值,提示,检验日期\n"
PATIENTS = "病人ID,姓名,性别,出生日期,身份证号,电话\n"
NUMBER = "33038219680307004" + check_digit("33038219680307004")


def test_a_real_looking_export_of_results(tmp_path: Path) -> None:
    text = (
        "南桥镇卫生院检验结果,,,,,,,,,\n打印时间：2026-05-03,,,,,,,,,\n"
        + LAB
        + 'R1,="00012345",王芳,ALT,*谷丙转氨酶,52↑,U/L,7 ~ 40,,2026-5-3 8:10\n'
        + "R1,00012345,王芳,HBSAG,乙肝表面抗原,阴性(-),,阴性,,2026年5月3日\n"
        + ",,,,,,,,,\n小计,2,,,,,,,,\n"
        + LAB
        + "R2,00012346,张伟,CRP,C反应蛋白,＜0.50,mg/L,<10,高,20260503\n"
        + "R2,00012346,张伟,GLU,葡萄糖,5.6,mmol/L,3.9-6.1,,2026-02-30\n"
        + "合计：3条,,,,,,,,,\n"
    )
    read = Read(save(tmp_path, "检验.csv", text))
    assert [(i.type, i.record, i.patient, i.day, i.at) for i in read.items] == [
        ("Observation", "R1/ALT", "00012345", "2026-05-03", "检验.csv 第4行"),
        ("Observation", "R1/HBSAG", "00012345", "2026-05-03", "检验.csv 第5行"),
        ("Observation", "R2/CRP", "00012346", "2026-05-03", "检验.csv 第9行"),
        ("DiagnosticReport", "R1", "00012345", "2026-05-03", "检验.csv 第4行"),
        ("DiagnosticReport", "R2", "00012346", "2026-05-03", "检验.csv 第9行"),
    ]
    assert read.codes() == [(10, "检验日期", "date.unreadable")]
    counts = read.counts
    assert (counts.rows, counts.accepted, counts.refused) == (4, 3, 1)
    assert (counts.blank, counts.totals, counts.headers) == (1, 2, 1)
    report = json.loads(read.items[3].body)
    assert len(report["result"]) == 2
    assert report["result"][0]["reference"] == f"Observation/{json.loads(read.items[0].body)['id']}"


def test_rows_of_a_report_that_stand_apart_make_one_report(tmp_path: Path) -> None:
    rows = "".join(f"R{i % 3},1,王芳,T{i},项目{i},{i},,,,2026-05-03\n" for i in range(9))
    read = Read(save(tmp_path, "lab.csv", LAB + rows))
    reports = [i for i in read.items if i.type == "DiagnosticReport"]
    assert [(r.record, len(json.loads(r.body)["result"])) for r in reports] == [
        ("R0", 3),
        ("R1", 3),
        ("R2", 3),
    ]


def test_rounded_numbers_are_refused_with_the_mend(tmp_path: Path) -> None:
    text = (
        PATIENTS
        + f"00012345,王芳,女,1968-03-07,{NUMBER},\n"
        + "00012346,张伟,男,,1.10101E+17,\n00012347,李娜,女,,110101199001011000,\n"
        + "1.23457E+15,赵强,男,,,\n"
    )
    read = Read(save(tmp_path, "a.csv", text))
    assert read.codes() == [
        (3, "身份证号", "cell.rounded-number"),
        (4, "身份证号", "cell.rounded-number"),
        (5, "病人ID", "cell.rounded-number"),
    ]
    assert "文本" in read.refused[0].mend("zh")
    assert len(read.items) == 1


def test_what_belongs_to_a_refused_patient_says_so_once(tmp_path: Path) -> None:
    patients = save(tmp_path, "患者.csv", PATIENTS + "1,王芳,女,,1.10101E+17,\n2,张伟,男,,,\n")
    lab = save(
        tmp_path,
        "aaa检验.csv",  # before the patients by its name
        LAB + "R1,1,王芳,A,甲,1,,,,2026-13-01\nR2,2,张伟,A,甲,1,,,,2026-05-03\n",
    )
    read = Read(lab, patients)
    assert read.by_rule() == {
        ("患者.csv", "cell.rounded-number"): 1,
        ("aaa检验.csv", "row.patient-refused"): 1,
    }
    assert read.types() == {"Patient": 1, "Observation": 1, "DiagnosticReport": 1}


def test_the_same_row_again_counts_once_and_another_content_is_refused(tmp_path: Path) -> None:
    row = "R1,1,王芳,GLU,葡萄糖,5.6,,,,2026-05-03\n"
    text = LAB + row + row + "R1,1,王芳,GLU,葡萄糖,9.9,,,,2026-05-03\n"
    read = Read(save(tmp_path, "a.csv", text))
    assert (read.counts.accepted, read.counts.again, read.counts.refused) == (1, 1, 1)
    assert read.codes() == [(4, "检验结果编号", "row.same-number")]
    assert "a.csv 第2行" in read.refused[0].why("zh")


def test_a_later_file_may_change_what_an_earlier_one_said(tmp_path: Path) -> None:
    old = save(tmp_path, "b.csv", PATIENTS + "1,王芳,女,,,13800000001\n")
    new = save(tmp_path, "a.csv", PATIENTS + "1,王芳,女,,,13800000002\n")
    os.utime(old, (1, 1))
    read = Read(new, old)
    assert read.refused == []
    assert [i.at for i in read.items] == ["b.csv 第2行", "a.csv 第2行"]


def test_birth_date_and_gender_come_from_the_number_and_are_compared(tmp_path: Path) -> None:
    text = PATIENTS + f"1,王芳,,,{NUMBER},\n2,王芳,男,1970-01-01,{NUMBER},\n"
    read = Read(save(tmp_path, "a.csv", text))
    first = json.loads(read.items[0].body)
    assert (first["birthDate"], first["gender"]) == ("1968-03-07", "female")
    assert read.warnings() == [
        (3, "出生日期", "id.other-birth-date"),
        (3, "性别", "id.other-gender"),
    ]


def test_missing_columns_are_listed_and_unknown_ones_told(tmp_path: Path) -> None:
    read = Read(save(tmp_path, "a.csv", "病人ID,药品名称,规格,频次,单价\n1,阿司匹林,1g,qd,3\n"))
    assert read.codes() == [(1, "", "file.missing-columns")]
    assert "开立日期时间" in read.refused[0].why("zh")
    assert read.counts.unreadable == 1
    read = Read(
        save(
            tmp_path,
            "b.csv",
            LAB.replace("\n", ",仪器,床号\n") + "R1,1,王,A,甲,1,,,,20260503,x,3\n",
        )
    )
    assert [(w.rule.code, w.value) for w in read.warned] == [("file.unknown-columns", "仪器、床号")]
    assert len(read.items) == 2


def test_files_that_are_no_set(tmp_path: Path) -> None:
    read = Read(save(tmp_path, "a.csv", "日期,收入\n2026-01-01,300\n"), tmp_path / "gone.csv")
    assert sorted(r.rule.code for r in read.refused) == ["file.not-recognised", "file.unreadable"]
    assert "日期 收入" in next(r for r in read.refused if r.row == 0 and r.file == "a.csv").why(
        "zh"
    )


def test_bytes_that_no_codec_reads_are_refused_by_row(tmp_path: Path) -> None:
    data = (PATIENTS + "1,王芳,女,,,\n2,张伟,男,,,\n3,李娜,女,,,\n").encode("gb18030")
    path = tmp_path / "a.csv"
    path.write_bytes(data.replace("张伟".encode("gb18030"), b"\xd5\xff\x80"))
    read = Read(path)
    assert read.codes() == [(3, "姓名", "text.unreadable")]
    assert [i.record for i in read.items] == ["1", "3"]


def test_characters_of_the_hospital_are_kept_and_listed(tmp_path: Path) -> None:
    data = (PATIENTS + "1,王〇,女,,,\n2,王△,女,,,\n").encode("gb18030")
    data = data.replace("〇".encode("gb18030"), b"\xaa\xa1").replace(
        "△".encode("gb18030"), b"\xfe\x59"
    )
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    read = Read(path)
    assert [json.loads(i.body)["name"][0]["text"] for i in read.items] == ["王\ue000", "王\u9fb4"]
    assert read.warnings() == [(2, "姓名", "text.user-made")]
    assert "U+E000" in read.warned[0].why("en")


def test_marks_of_deletion_make_deletions_and_recalls(tmp_path: Path) -> None:
    text = "病人ID,就诊号,诊断名称,诊断时间,作废标志,删除标志\n1,V1,感冒,20260503,1,\n1,V2,感冒,20260503,,是\n1,V3,感冒,20260503,0,否\n"
    read = Read(save(tmp_path, "a.csv", text))
    assert [(i.record, i.action, bool(i.body)) for i in read.items] == [
        ("V1/感冒", "recall", False),
        ("V2/感冒", "delete", False),
        ("V3/感冒", "put", True),
    ]


def test_a_report_whose_rows_are_all_recalled_is_recalled(tmp_path: Path) -> None:
    text = (
        LAB.replace("\n", ",作废标志\n")
        + "R1,1,王,A,甲,1,,,,20260503,是\nR2,1,王,A,甲,1,,,,20260503,\nR2,1,王,B,乙,1,,,,20260503,是\n"
    )
    read = Read(save(tmp_path, "a.csv", text))
    reports = {i.record: i for i in read.items if i.type == "DiagnosticReport"}
    assert reports["R1"].action == "recall"
    assert len(json.loads(reports["R2"].body)["result"]) == 1


def test_documents_take_their_file_and_no_other(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "pdf").mkdir(parents=True)
    (folder / "pdf" / "1.pdf").write_bytes(b"%PDF-1")
    (tmp_path / "secret.txt").write_text("x")
    (folder / "link.pdf").symlink_to(tmp_path / "secret.txt")
    head = "文书编号,病人ID,文书类别,文件名,书写时间\n"
    rows = "1,9,出院记录,pdf/1.pdf,20260503\n2,9,出院记录,../secret.txt,20260503\n"
    rows += "3,9,出院记录,D:\\病历\\pdf\\没有.pdf,20260503\n4,9,出院记录,pdf\\1.pdf,20260503\n"
    rows += "5,9,出院记录,link.pdf,20260503\n"
    read = Read(save(folder, "文书.csv", head + rows))
    assert [r.rule.code for r in read.refused] == [
        "document.file-outside",
        "document.file-missing",
        "document.file-outside",
    ]
    assert [i.record for i in read.items] == ["1", "4"]
    attachment = json.loads(read.items[0].body)["content"][0]["attachment"]
    assert (attachment["contentType"], attachment["data"]) == ("application/pdf", "JVBERi0x")


def test_future_dates_are_refused(tmp_path: Path) -> None:
    read = Read(
        save(tmp_path, "a.csv", LAB + "R1,1,王,A,甲,1,,,,2062-05-03\nR2,1,王,A,甲,1,,,,20260503\n")
    )
    assert read.codes() == [(2, "检验日期", "date.future")]


def test_what_is_missing_names_the_column_once(tmp_path: Path) -> None:
    read = Read(save(tmp_path, "a.csv", LAB + "R1,,王,A,甲,1,,,,20260503\n,1,王,A,甲,1,,,,\n"))
    assert read.codes() == [
        (2, "病人ID", "cell.missing"),
        (3, "报告单号", "cell.missing"),
        (3, "检验日期", "cell.missing"),
    ]
    assert read.counts.refused == 2


def test_a_spreadsheets_errors_are_no_values(tmp_path: Path) -> None:
    read = Read(
        save(
            tmp_path,
            "a.csv",
            LAB + "R1,1,王,A,甲,#VALUE!,,,,20260503\nR2,1,王,A,甲,1,,,,########\n",
        )
    )
    assert [c for _, c, rule in read.codes() if rule == "cell.formula-error"] == [
        "结果",
        "检验日期",
    ]


@pytest.mark.parametrize("seed", [1, 7])
def test_exports_with_planted_faults_are_read_exactly(tmp_path: Path, seed: int) -> None:
    """Every planted fault is found, in its file and under its rule, and nothing else is refused."""
    planted = write_exports(tmp_path, patients=200, seed=seed)
    read = Read(*planted.files)
    assert read.by_rule() == planted.refused
    accepted = {t.set: t.counts.accepted for t in read.intake.tables}
    assert accepted == dict(planted.accepted)
    assert {t.set: t.counts.rows for t in read.intake.tables} == dict(planted.rows)
    assert read.types()["DiagnosticReport"] == planted.reports + planted.accepted["examination"]
    assert read.intake.unreadable == 0
    ids = [(i.type, i.record) for i in read.items]
    assert len(ids) == len(set(ids))
    known = {i.record for i in read.items if i.type == "Patient"}
    assert {i.patient for i in read.items} <= known
    assert all(isinstance(i, Item) and i.at for i in read.items)
