"""A whole export of orders 医嘱, as hospitals have it: every class, long and temporary, groups, skin
tests, herbs.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from records.agent.mapping.row_mapper import RowMapper
from records.agent.sets.all_sets import BY_NAME
from records.agent.sets.order_class import class_of_order, is_service
from records.fhir.validate import validate_resource
from tests.support.agent_tables import SITE, Read, save

INPATIENT = "医嘱号,住院号,病人ID,姓名,长期临时标志,医嘱类别,组号,医嘱内容,规格,剂量,剂量单位,用法,频次,数量,单位,开嘱时间,开始时间,停止时间,状态,开嘱医生,执行科室,皮试结果,嘱托\n"
WARD = "ZY1,00012345,王芳"


def bodies(read: Read) -> dict[str, dict[str, Any]]:
    found = {i.record: json.loads(i.body) for i in read.items}
    for body in found.values():
        validate_resource(body)
    return found


def test_a_whole_export_of_a_ward_is_taken(tmp_path: Path) -> None:
    rows = (
        f"1,{WARD},长期,护理,,一级护理,,,,,每日一次,,,2026-05-01 09:00,2026-05-01 10:00,,执行中,陈洁,内科,,\n"
        f"2,{WARD},长期,膳食,,低盐低脂饮食,,,,,,,,2026-05-01 09:00,,2026-05-04 08:00,停止,陈洁,内科,,\n"
        f"3,{WARD},临时,检验,,血常规,,,,,,1,次,2026-05-01 09:01,,,已执行,陈洁,检验科,,空腹\n"
        f"4,{WARD},临时,检查,,胸部CT平扫,,,,,,1,部位,2026-05-01 09:02,2026-05-02 08:00,,未执行,陈洁,放射科,,\n"
        f"5,{WARD},临时,手术,,阑尾切除术,,,,,,,,2026-05-01 09:03,,,取消,陈洁,手术室,,\n"
        f"6,{WARD},临时,治疗,,换药,,,,,,2,次,2026-05-01 09:04,,,,陈洁,内科,,\n"
        f"7,{WARD},长期,西药,1,0.9%氯化钠注射液,250ml,250,ml,静脉滴注,qd,1,袋,2026-05-01 09:05,,,执行中,陈洁,药房,,\n"
        f"8,{WARD},长期,西药,1,青霉素钠针,80万U,320,万U,静脉滴注,qd,4,支,2026-05-01 09:05,,2026-05-03,停止,陈洁,药房,阴性(-),\n"
        f"9,{WARD},临时,嘱托,,明日出院,,,,,,,,2026-05-01 09:06,,,,陈洁,,,\n"
        f"10,{WARD},临时,材料,,一次性输液器,,,,,,1,套,2026-05-01 09:06,,,,陈洁,,,\n"
    )
    read = Read(save(tmp_path, "医嘱.csv", INPATIENT + rows))
    assert read.codes() == []
    assert dict(read.types()) == {"ServiceRequest": 8, "MedicationRequest": 2}
    found = bodies(read)
    nursing = found["1"]
    assert nursing["status"] == "active"
    assert nursing["intent"] == "order"
    assert nursing["category"][0]["text"] == "护理"
    assert nursing["category"][0]["coding"][0]["code"] == "nursing"
    assert nursing["category"][1]["text"] == "长期医嘱"
    assert nursing["code"]["text"] == "一级护理"
    assert nursing["authoredOn"] == "2026-05-01T09:00:00+08:00"
    assert nursing["occurrenceTiming"]["code"]["text"] == "每日一次"
    assert nursing["encounter"]["reference"] == "Encounter/his-ZY1"
    assert nursing["requester"]["display"] == "陈洁"
    diet = found["2"]
    assert diet["status"] == "revoked"
    assert diet["extension"][0]["valueCode"] == "stopped"
    assert diet["occurrencePeriod"]["end"] == "2026-05-04T08:00:00+08:00"
    blood = found["3"]
    assert blood["code"]["coding"][0]["system"] == "urn:xinglin:local:nanqiao:his:laboratory"
    assert (blood["quantityQuantity"]["value"], blood["performer"][0]["display"]) == (1, "检验科")
    assert blood["note"] == [{"text": "空腹"}]
    assert found["4"]["occurrenceDateTime"] == "2026-05-02T08:00:00+08:00"
    assert found["5"]["status"] == "revoked"
    saline, penicillin = found["7"], found["8"]
    assert saline["groupIdentifier"] == penicillin["groupIdentifier"]
    assert saline["groupIdentifier"]["value"] == "1"
    assert saline["courseOfTherapyType"]["text"] == "长期医嘱"
    assert (saline["status"], penicillin["status"]) == ("active", "stopped")
    assert penicillin["note"] == [{"text": "皮试结果：阴性(-)"}]
    assert penicillin["dispenseRequest"]["validityPeriod"]["end"] == "2026-05-03"


@pytest.mark.parametrize(
    ("values", "service"),
    [
        ({"kind": "西药", "medicine": "阿司匹林肠溶片"}, False),
        ({"kind": "中药饮片", "medicine": "黄芪"}, False),
        ({"kind": "换药", "medicine": "换药(大)"}, True),
        ({"kind": "药敏", "medicine": "细菌培养加药敏"}, True),
        ({"kind": "长期医嘱", "medicine": "一级护理"}, True),
        ({"kind": "长期医嘱", "medicine": "头孢曲松", "dose": 2, "dose_unit": "g"}, False),
        ({"kind": "临时医嘱", "medicine": "硝苯地平控释片"}, False),
        ({"kind": "99", "medicine": "翻身拍背"}, True),
        ({"medicine": "黄芪"}, False),
        ({"medicine": "胸部正位片"}, True),
        ({"medicine": "血常规", "strength": "次"}, True),
        ({"medicine": "青霉素皮试"}, True),
        ({"medicine": "5%葡萄糖注射液", "route": "静滴"}, False),
        ({"code": "X0001"}, False),
    ],
)
def test_what_is_a_medicine(values: dict[str, Any], service: bool) -> None:
    assert is_service(values) is service, class_of_order(values)


def test_further_rows_of_a_group_take_what_its_first_row_says(tmp_path: Path) -> None:
    rows = (
        f",{WARD},临时,西药,7,5%葡萄糖注射液,250ml,250,ml,静脉滴注,st,1,袋,2026-05-01 09:05,,,,陈洁,,,\n"
        ",,,,,,,维生素C注射液,2ml:0.5g,2,g,,,4,支,,,,,,,,\n"
        ",,,,,,7,氯化钾注射液,10ml,10,ml,,,1,支,,,,,,,,\n"
    )
    read = Read(save(tmp_path, "医嘱.csv", INPATIENT + rows))
    assert read.codes() == []
    assert [(row, rule) for row, _, rule in read.warnings()] == [
        (3, "row.from-group"),
        (4, "row.from-group"),
    ]
    found = list(bodies(read).values())
    assert len(found) == 3
    for body in found:
        assert body["subject"]["reference"] == "Patient/his-00012345"
        assert body["dosageInstruction"][0]["route"]["text"] == "静脉滴注"
        assert body["groupIdentifier"]["value"] == "7"
        assert body["authoredOn"] == "2026-05-01T09:05:00+08:00"


@pytest.mark.parametrize(
    "between",
    [
        f",{WARD},临时,西药,,阿司匹林片,,1,片,口服,qd,1,盒,20260501,,,,陈洁,,,\n",  # of no group
        ",,,,,,,,,,,,,,,,,,,,,,\n",
        f",{WARD},临时,西药,8,甲片,,1,片,口服,qd,1,盒,20260230,,,,陈洁,,,\n",  # refused
    ],
)
def test_a_row_without_a_patient_is_nobodys_where_no_group_is_above_it(
    tmp_path: Path, between: str
) -> None:
    first = f",{WARD},临时,西药,7,5%葡萄糖注射液,250ml,250,ml,静脉滴注,st,1,袋,2026-05-01 09:05,,,,陈洁,,,\n"
    child = ",,,,,,,维生素C注射液,2ml,2,g,,,4,支,,,,,,,,\n"
    assert Read(save(tmp_path, "a.csv", INPATIENT + first + child)).codes() == []
    broken = Read(save(tmp_path, "b.csv", INPATIENT + first + between + child))
    assert (4, "病人ID", "cell.missing") in broken.codes()


def test_a_row_of_another_patient_is_no_part_of_the_group_above(tmp_path: Path) -> None:
    head = "病人ID,组号,医嘱内容,规格,用法,开嘱时间\n"
    rows = (
        "1,7,甲注射液,1g,静滴,20260501\n2,7,乙注射液,1g,,20260501\n2,7,丙注射液,1g,肌注,20260501\n"
    )
    found = [json.loads(i.body) for i in Read(save(tmp_path, "a.csv", head + rows)).items]
    assert [f["subject"]["reference"] for f in found] == [
        "Patient/his-1",
        "Patient/his-2",
        "Patient/his-2",
    ]
    assert "dosageInstruction" not in found[1]


def test_brackets_that_are_drawn_are_a_group(tmp_path: Path) -> None:
    head = "医嘱号,病人ID,组,医嘱内容,规格,用法,开嘱时间\n"
    rows = "51,1,┌,甲注射液,1g,静滴,20260501\n52,1,│,乙注射液,1g,,20260501\n53,1,└,丙注射液,1g,,\n54,1,,丁片,1g,口服,20260501\n"
    read = Read(save(tmp_path, "a.csv", head + rows, codec="utf-8-sig"))
    assert read.codes() == []
    found = bodies(read)
    assert [found[n].get("groupIdentifier", {}).get("value") for n in ("51", "52", "53", "54")] == [
        "51", "51", "51", None
    ]  # fmt: skip
    assert found["53"]["dosageInstruction"][0]["route"]["text"] == "静滴"


def test_a_herbal_prescription(tmp_path: Path) -> None:
    head = "处方号,病人ID,处方类别,药品名称,单次剂量,剂量单位,剂数,煎法,用法,频次,开方时间,医生\n"
    rows = (
        "CF1,1,中草药,黄芪,30,g,7,,水煎服,每日一剂,2026-05-01,陈洁\n"
        "CF1,1,中草药,附子,9,g,7,先煎,水煎服,每日一剂,2026-05-01,陈洁\n"
        "CF1,1,中草药,薄荷,6,g,7付,后下,水煎服,每日一剂,2026-05-01,陈洁\n"
    )
    read = Read(save(tmp_path, "处方.csv", head + rows))
    assert read.codes() == []
    found = bodies(read)
    dosage = found["CF1/附子"]["dosageInstruction"][0]
    assert [t["text"] for t in dosage["additionalInstruction"]] == ["先煎", "共7剂"]
    assert dosage["text"] == "水煎服，每次9g，每日一剂，先煎，共7剂"
    assert found["CF1/薄荷"]["dosageInstruction"][0]["additionalInstruction"][1]["text"] == "共7剂"


def test_a_number_that_a_group_shares_has_sub_numbers(tmp_path: Path) -> None:
    head = (
        "order_no,order_sub_no,patient_id,order_class,order_text,repeat_indicator,enter_date_time\n"
    )
    rows = "88,1,1,西药,甲注射液,1,20260501\n88,2,1,西药,乙注射液,1,20260501\n89,1,1,护理,一级护理,1,20260501\n"
    read = Read(save(tmp_path, "orders.csv", head + rows))
    assert read.codes() == []
    found = bodies(read)
    assert [f["status"] for f in found.values()] == ["active"] * 3
    assert list(found) == ["88/1", "88/2", "89/1"]
    mapper = RowMapper(BY_NAME["order"], SITE)
    back = mapper.say_row(mapper.read_resource(found["88/2"]))
    assert (back["record"], back["sub"], back["term"]) == ("88", "2", "长期")


def test_a_service_goes_there_and_back_with_all_that_it_holds() -> None:
    mapper = RowMapper(BY_NAME["order"], SITE)
    row = {
        "record": "9", "prescription": "SQ1", "group": "3", "patient": "1", "visit": "V1",
        "kind": "治疗", "term": "临时", "medicine": "雾化吸入", "strength": "次", "dose": "2.50",
        "dose_unit": "ml", "frequency": "bid", "route": "吸入", "days": "3", "amount": "6",
        "amount_unit": "次", "skin_test": "阴性", "ordered": "2026-05-01 09:00",
        "begins": "2026-05-01 10:00", "ended": "2026-05-04", "state": "停止", "doctor": "陈洁",
        "performer": "呼吸科", "urgency": "加急", "note": "饭后",
    }  # fmt: skip
    values, faults = mapper.read_cells(row.items())
    assert faults == []
    resource = mapper.make_resource(values)
    assert resource["resourceType"] == "ServiceRequest"
    assert resource["priority"] == "urgent"
    validate_resource(json.loads(json.dumps(resource, default=float)))
    assert mapper.say_row(mapper.read_resource(resource)) == row
