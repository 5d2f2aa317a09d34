"""Laboratory rows as Chinese systems send them, from a CSV and from HL7 v2, by the agent's push
into the site: flag, range and comparator stand in their FHIR elements, and the record page marks
what is abnormal and nothing else.
"""

import re
from pathlib import Path
from typing import Any

import pytest

from records.agent.outbox_status import list_refused_groups
from records.agent.site_settings import read_site
from records.agent.take_files import take_files
from records.models import SourcePatient
from tests.factories import alliance
from tests.factories.fhir import Api, make_citizen_number
from tests.support.agent_homes import agent_at, send_all
from tests.support.agent_tables import save
from tests.support.browser import signed_in

# code, name, result, unit, range, flag
ROWS = (
    ("ALT", "谷丙转氨酶", "56", "U/L", "7 ~ 40", "高"),
    ("GLU", "葡萄糖", "3.1", "mmol/L", "3.9--6.1", "↓"),
    ("TNI", "肌钙蛋白I", "<0.01", "ng/mL", "0～0.04", ""),
    ("UGLU", "尿糖", "阴性(-)", "", "阴性", ""),
    ("KET", "酮体", "阳性(+)", "", "阴性", ""),
    ("CREA", "肌酐", "80", "μmol/L", "57-97", ""),
)
# code -> flag, comparator, bounds, class on the page
EXPECTED: dict[str, tuple[str, str, tuple[float, float] | None, str]] = {
    "ALT": ("H", "", (7, 40), "high"),
    "GLU": ("L", "", (3.9, 6.1), "low"),
    "TNI": ("", "<", (0, 0.04), "normal"),
    "UGLU": ("NEG", "", None, "normal"),
    "KET": ("POS", "", None, "positive"),
    "CREA": ("", "", (57, 97), "normal"),
}
MARKED = {"谷丙转氨酶": "↑ 偏高", "葡萄糖": "↓ 偏低"}


def write_csv(folder: Path, number: str) -> list[Path]:
    patient = f"病人ID,姓名,性别,出生日期,身份证号\n777,王芳,女,1968-03-07,{number}"
    head = "报告单号,病人ID,检验日期,项目代码,项目名称,结果,单位,参考值,提示"
    rows = [",".join(("R1", "777", "2026/05/03 9:30", *row)) for row in ROWS]
    return [
        save(folder, "患者.csv", patient),
        save(folder, "检验.csv", "\n".join((head, *rows))),
    ]


def write_hl7(folder: Path, number: str) -> list[Path]:
    lines = [
        "MSH|^~\\&|LIS|A|B|C|20260503093000||ORU^R01|M1|P|2.5",
        f"PID|1||777^^^A^MR~{number}^^^^NNCHN||王^芳||19680307|F",
        "OBR|1|A1|R1|SH^生化|||20260503091500|||||||||||||||20260503093000||LAB|F",
    ]
    for place, (code, name, result, unit, usual, flag) in enumerate(ROWS, start=1):
        kind = "NM" if result.replace(".", "").isdigit() else "ST"
        lines.append(
            f"OBX|{place}|{kind}|{code}^{name}||{result}|{unit}|{usual}|{flag}|||F|||20260503093000"
        )
    path = folder / "检验.hl7"
    path.write_bytes("\r".join((*lines, "")).encode("gb18030"))
    return [path]


def describe(resource: dict[str, Any]) -> tuple[str, str, tuple[float, float] | None]:
    flags = [f["coding"][0]["code"] for f in resource.get("interpretation", ())]
    usual = resource["referenceRange"][0]
    bounds = (usual["low"]["value"], usual["high"]["value"]) if "low" in usual else None
    return "".join(flags), resource.get("valueQuantity", {}).get("comparator", ""), bounds


@pytest.mark.parametrize("write", [write_csv, write_hl7])
def test_rows_of_a_laboratory_arrive_as_meant(server: str, tmp_path: Path, write: Any) -> None:
    at = alliance.make_hospital("lab")
    exports = tmp_path / "exports"
    home = tmp_path / "home"
    exports.mkdir()
    home.mkdir()
    with agent_at(server, at, home) as context:
        taken = take_files(
            write(exports, make_citizen_number("19680307")),
            read_site(context.settings),
            context.outbox,
        )
        assert not taken.counts.refused
        send_all(context)
        assert list_refused_groups(context.outbox) == []
    api = Api(server, at.code, credentials=alliance.make_credentials(at))
    found = [e["resource"] for e in api("GET", "Observation?_count=50").json["entry"]]
    stored = {r["code"]["coding"][0]["code"]: r for r in found}
    assert {code: describe(r) for code, r in stored.items()} == {
        code: expected[:3] for code, expected in EXPECTED.items()
    }
    texts = {code: r["referenceRange"][0]["text"] for code, r in stored.items()}
    assert texts == {row[0]: row[4] for row in ROWS}, "as the laboratory wrote it"
    assert (stored["UGLU"]["valueString"], stored["ALT"]["valueQuantity"]["value"]) == (
        "阴性(-)",
        56,
    )

    person = SourcePatient.objects.get(hospital=at).person_id
    browser = signed_in(alliance.make_staff(at))
    chinese = {"Accept-Language": "zh-CN"}
    page = browser.get(f"/person/{person}/results/", headers=chinese).content.decode()
    rows = [row for row in page.split("<tr")[1:] if 'class="value' in row]
    shown = {}
    for code, name, *_ in ROWS:
        (row,) = (r for r in rows if re.search(rf">\s*{name}\s*<", r))
        shown[code] = re.search(r'class="value ([a-z]*)', row)[1]  # type: ignore[index]
        assert (MARKED[name] in row) if name in MARKED else not re.search("[↑↓]|偏[高低]", row)
        assert not re.search(r">\s*(Positive|Negative)\s*<", row), "nobody there wrote that"
    assert shown == {code: expected[3] for code, expected in EXPECTED.items()}
