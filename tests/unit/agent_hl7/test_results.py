"""ORU and orders: laboratory rows as Chinese systems send them arrive with flag, range and
comparator in their elements.
"""

from typing import Any

import pytest

from records.agent.hl7.times import UnreadableTime, parse_stamp

from .messages import PID, PV1, body, codes, header, only, read

OBR = (
    "OBR|1|A1001|R20260503-17|SH01^生化全套|||20260503081500"
    "|||||||||0210^李^医生||||||20260503093000||LAB|F"
)


def result(obx: str, *more: str) -> tuple[dict[str, Any], list[str]]:
    items, refusals = read(header("ORU^R01"), PID, OBR, obx, *more)
    return only(items, "Observation"), codes(refusals)


def test_a_report_with_its_results() -> None:
    items, refusals = read(
        header("ORU^R01"), PID, PV1, OBR,
        "OBX|1|NM|ALT^*谷丙转氨酶||56|U/L|7 ~ 40|高|||F|||20260503090000",
        "NTE|1||标本轻度溶血",
        "OBX|2|NM|CK-MB^肌酸激酶同工酶||5.10|ng/ml|<5|↑|||F",
        OBR.replace("SH01^生化全套", "XCG^血常规").replace("OBR|1", "OBR|2"),
        "OBX|1|NM|WBC^白细胞||4.5|10*9/L|3.5-9.5||||F",
    )  # fmt: skip
    assert not refusals
    reports = [i for i in items if i.type == "DiagnosticReport"]
    assert [r.record for r in reports] == ["R20260503-17/SH01", "R20260503-17/XCG"]
    observations = [i for i in items if i.type == "Observation"]
    assert [o.record for o in observations] == [
        "R20260503-17/SH01/ALT", "R20260503-17/SH01/CK-MB", "R20260503-17/XCG/WBC",
    ]  # fmt: skip
    assert [len(body(r)["result"]) for r in reports] == [2, 1]
    assert (
        body(reports[0])["result"][0]["reference"] == f"Observation/{body(observations[0])['id']}"
    )
    alt = body(observations[0])
    assert alt["valueQuantity"]["value"] == 56
    assert alt["valueQuantity"]["unit"] == "U/L"
    assert alt["referenceRange"][0]["text"] == "7 ~ 40", "the repetition sign is none here"
    assert (
        alt["referenceRange"][0]["low"]["value"],
        alt["referenceRange"][0]["high"]["value"],
    ) == (7, 40)
    assert alt["interpretation"][0]["coding"][0]["code"] == "H"
    assert alt["interpretation"][0]["text"] == "高"
    assert alt["note"] == [{"text": "标本轻度溶血"}]
    assert alt["code"]["coding"][0]["system"] == "urn:xinglin:local:nanqiao:his:laboratory"
    assert alt["encounter"]["reference"] == "Encounter/his-ZY20260503"
    assert b'"value":5.10' in observations[1].body, "digits as sent"
    assert body(observations[1])["referenceRange"][0]["high"]["value"] == 5
    report = body(reports[0])
    assert report["status"] == "final"
    assert report["issued"] == "2026-05-03T09:30:00+08:00"
    assert reports[0].day == "2026-05-03"


@pytest.mark.parametrize(
    ("obx", "value"),
    [
        ("NM|K^钾||4.1|mmol/L", {"valueQuantity": 4.1}),
        ("NM|HCG^人绒毛膜||<0.01|mIU/ml", {"valueQuantity": 0.01, "comparator": "<"}),
        ("ST|HCG^人绒毛膜||＞1000|mIU/ml", {"valueQuantity": 1000, "comparator": ">"}),
        ("ST|NIT^亚硝酸盐||阴性(-)", {"valueString": "阴性(-)"}),
        ("TX|YX^印象||双肺未见异常。~心影不大。", {"valueString": "双肺未见异常。\n心影不大。"}),
        (r"FT|YX^印象||第一行\.br\第二行", {"valueString": "第一行\n第二行"}),
        ("CE|XX^血型||A^A型^HL70005", {"valueCodeableConcept": "A型"}),
        ("CWE|XX^血型||A^A型", {"valueCodeableConcept": "A型"}),
        ("SN|GLU^葡萄糖||>^100|mg/dL", {"valueQuantity": 100, "comparator": ">"}),
        ("SN|DD^滴度||^1^:^128", {"valueRatio": 128}),
        ("SN|DD^范围||^10^-^20|mg", {"valueRange": 20}),
        ("SN|PRO^尿蛋白||^2^+", {"valueString": "2+"}),
        ("DT|LMP^末次月经||20260401", {"valueDateTime": "2026-04-01"}),
        ("NM|K^钾||", {}),
        ('NM|K^钾||""', {}),
    ],
)  # fmt: skip
def test_values_by_their_type(obx: str, value: dict[str, Any]) -> None:
    found, refusals = result(f"OBX|1|{obx}" + "|" * 8)
    assert not refusals
    told = {k: v for k, v in found.items() if k.startswith("value")}
    flat: dict[str, Any] = {}
    for key, inner in told.items():
        match inner:
            case {"value": number, **rest}:
                flat[key] = number
                if "comparator" in rest:
                    flat["comparator"] = rest["comparator"]
            case {"text": text}:
                flat[key] = text
            case {"denominator": {"value": number}} | {"high": {"value": number}}:
                flat[key] = number
            case _:
                flat[key] = inner
    assert flat == value


def test_a_number_that_is_none_is_kept_as_text_and_told() -> None:
    found, refusals = result("OBX|1|NM|K^钾||溶血|mmol/L")
    assert (found["valueString"], refusals) == ("溶血", ["hl7.number"])


@pytest.mark.parametrize(
    ("flag", "code"),
    [
        ("H", "H"), ("HH", "HH"), ("高", "H"), ("↓", "L"), ("偏低", "L"), ("阳性", "POS"),
        ("N", "N"),
        ("A^异常^HL70078", "A"),
    ],
)  # fmt: skip
def test_flags(flag: str, code: str) -> None:
    found, _ = result(f"OBX|1|NM|K^钾||4|mmol/L||{flag}")
    assert found["interpretation"][0]["coding"][0]["code"] == code
    other, _ = result("OBX|1|NM|K^钾||4|mmol/L||怪")
    assert other["interpretation"] == [{"text": "怪"}], "what is not known stays as text"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("F", "final"), ("P", "preliminary"), ("C", "corrected"), ("X", "cancelled"),
        ("", "final"), ("I", "registered"),
    ],
)  # fmt: skip
def test_status(sent: str, status: str) -> None:
    found, refusals = result(f"OBX|1|NM|K^钾||4|mmol/L|||||{sent}")
    assert (found["status"], refusals) == (status, [])


def test_an_unknown_status_is_told() -> None:
    found, refusals = result("OBX|1|NM|K^钾||4|mmol/L|||||?")
    assert (found["status"], refusals) == ("unknown", ["hl7.result-status"])


@pytest.mark.parametrize("status", ["D", "W"])
def test_a_result_that_was_wrong_is_recalled(status: str) -> None:
    items, _ = read(
        header("ORU^R01"),
        PID,
        OBR,
        "OBX|1|NM|K^钾||4|mmol/L",
        f"OBX|2|NM|NA^钠||140|mmol/L||||{'|'}{status}",
    )
    recalled = [i for i in items if i.action == "recall"]
    assert [(i.type, i.record, i.body) for i in recalled] == [
        ("Observation", "R20260503-17/SH01/NA", b"")
    ]
    assert len(only(items, "DiagnosticReport")["result"]) == 1


def test_files_go_to_their_report() -> None:
    items, refusals = read(
        header("ORU^R01"), PID, OBR,
        "OBX|1|ED|PDF^报告单||南桥^AP^PDF^Base64^JVBERi0=",
        "OBX|2|RP|IMG^影像||http://10.0.0.1/view?id=3",
        "OBX|3|ED|BAD^坏的||南桥^AP^PDF^Hex^00",
    )  # fmt: skip
    forms = only(items, "DiagnosticReport")["presentedForm"]
    assert forms == [
        {"contentType": "application/pdf", "data": "JVBERi0=", "title": "报告单"},
        {"url": "http://10.0.0.1/view?id=3", "title": "影像"},
    ]
    assert codes(refusals) == ["hl7.file"]


def test_one_code_twice_makes_two_records() -> None:
    items, _ = read(
        header("ORU^R01"), PID, OBR, "OBX|1|NM|K^钾||4", "OBX|2|NM|K^钾||5", "OBX|3|NM|K^钾|b|6"
    )
    assert [i.record.rsplit("17/")[1] for i in items if i.type == "Observation"] == [
        "SH01/K", "SH01/K/2", "SH01/K/b",
    ]  # fmt: skip


def test_one_result_without_a_code_does_not_stop_its_neighbours() -> None:
    items, refusals = read(header("ORU^R01"), PID, OBR, "OBX|1|NM|||4", "OBX|2|NM|NA^钠||140")
    assert [(r.rule.code, r.row, r.column) for r in refusals] == [("hl7.no-code", 4, "OBX-3")]
    assert only(items, "Observation")["code"]["text"] == "钠"


def test_a_correction_is_newer_and_an_older_report_is_not() -> None:
    obx = "OBX|1|NM|K^钾||4|mmol/L"
    first, _ = read(header("ORU^R01", at="20260503093100"), PID, OBR, obx)
    corrected, _ = read(
        header("ORU^R01", at="20260503110000"), PID, OBR.replace("093000", "105900"), obx
    )
    resent, _ = read(header("ORU^R01", at="20260503093100"), PID, OBR, obx)
    by = [{i.record: i.version for i in items} for items in (first, corrected, resent)]
    for record in ("R20260503-17/SH01", "R20260503-17/SH01/K"):
        assert by[0][record] == by[2][record] < by[1][record]


@pytest.mark.parametrize(
    ("orc", "status"),
    [
        ("NW|A1001", "active"), ("CA|A1001", "revoked"), ("SC|A1001|||CM", "completed"),
        ("HD|A1001", "on-hold"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["ORM^O01", "OML^O21"])
def test_orders(kind: str, orc: str, status: str) -> None:
    items, refusals = read(
        header(kind),
        PID,
        PV1,
        f"ORC|{orc}",
        "OBR|1|A1001||CT01^头颅CT|S",
        "NTE|1||空腹",
        "OBR|2|||CT02^胸部CT",
    )
    assert not refusals
    orders = [i for i in items if i.type == "ServiceRequest"]
    assert [o.record for o in orders] == ["A1001/CT01", "A1001/CT02"]
    first = body(orders[0])
    assert (first["status"], first["intent"], first["priority"]) == (status, "order", "stat")
    assert first["note"] == [{"text": "空腹"}]
    assert first["code"]["text"] == "头颅CT"


def test_orders_and_reports_without_numbers_are_refused() -> None:
    _, refusals = read(header("ORM^O01"), PID, "ORC|NW", "OBR|1|||CT01^头颅CT")
    assert codes(refusals) == ["hl7.no-record-number"]
    _, refusals = read(header("ORU^R01"), PID, "OBR|1|||CT01^头颅CT", "OBX|1|NM|K^钾||4")
    assert codes(refusals) == ["hl7.no-record-number"]
    _, refusals = read(header("ORM^O01"), PID, "ORC|NW|A1")
    assert codes(refusals) == ["hl7.order"]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ("2026", "2026"), ("202605", "2026-05"), ("20260503", "2026-05-03"),
        ("202605030815", "2026-05-03T08:15:00+08:00"),
        ("20260503081530.123+0000", "2026-05-03T08:15:30+00:00"),
        ("2026-05-03 08:15:30", "2026-05-03T08:15:30+08:00"), ("2026/5/3", "2026-05-03"),
    ],
)  # fmt: skip
def test_times(sent: str, said: str) -> None:
    stamp = parse_stamp(sent, "+08:00")
    assert stamp is not None
    assert stamp.date_time == said


@pytest.mark.parametrize("sent", ["", "00000000", "0000-00-00"])
def test_no_time(sent: str) -> None:
    assert parse_stamp(sent, "+08:00") is None


@pytest.mark.parametrize(
    "sent", ["20261301", "昨天", "1", "20260503259999", "99990101", "20260503+9900"]
)
def test_what_is_no_time(sent: str) -> None:
    with pytest.raises(UnreadableTime):
        parse_stamp(sent, "+08:00")
    _, refusals = read(
        header("ORU^R01"), PID, OBR.replace("20260503081500", sent), "OBX|1|NM|K^钾||4"
    )
    assert codes(refusals) == ["hl7.time"]
