"""The workbench of local codes over HTTP: two clerks of one hospital decide, nobody else sees or
changes anything, and what few patients have is told to nobody.
"""

import io
import re
import zipfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from alliance.models import Hospital, Staff
from alliance.roles import Role
from consent.audit.event import EventCode
from records.mapping.map_table import COLUMNS
from records.mapping.sheet_reader import read_table
from records.meaning.result_identity import LOINC
from records.models import CodeMapping, LocalCode
from tests.factories import alliance
from tests.factories.fhir import Api
from tests.factories.local_codes import (
    add_patients,
    add_results,
    follow,
    get_code,
    make_local_result,
    map_code,
)
from tests.support.browser import ENGLISH, signed_in

State = CodeMapping.State


class Workbench:
    """A hospital with five patients and one local code that waits, and two of its clerks."""

    def __init__(self, server: str, patients: int = 5) -> None:
        self.at: Hospital = alliance.make_hospital("bench")
        self.api = Api(server, self.at.code, credentials=alliance.make_credentials(self.at))
        self.patients = add_patients(self.api, patients)
        add_results(self.api, self.patients)
        follow(self.at)
        self.code = get_code(self.at)
        self.clerks: list[Staff] = [alliance.make_staff(self.at, Role.CLERK) for _ in range(2)]
        self.one, self.two = map(signed_in, self.clerks)

    def propose(self, target: str = "1742-6", by: Any = None) -> CodeMapping | None:
        (by or self.one).post(
            f"/mapping/{self.code.pk}/propose/",
            {"target": f"{LOINC}|{target}", "equivalence": "equivalent", "reason": "same unit"},
        )
        return CodeMapping.objects.filter(code=self.code, state=State.PROPOSED).first()

    def page(self, path: str, by: Any = None) -> str:
        reply = (by or self.one).get(path, headers=ENGLISH)
        assert reply.status_code == 200, path
        return str(reply.content.decode())


@pytest.fixture
def bench(server: str) -> Workbench:
    return Workbench(server)


def test_a_code_is_found_suggested_proposed_and_agreed_to_by_another(bench: Workbench) -> None:
    assert "谷丙转氨酶" in bench.page("/mapping/")
    page = bench.page(f"/mapping/{bench.code.pk}/")
    assert "丙氨酸氨基转移酶" in page and "the same short name" in page and "the same unit" in page
    chosen = bench.page(f"/mapping/{bench.code.pk}/?target={LOINC}|1742-6")
    assert "5 records get this code." in chosen
    mapping = bench.propose()
    assert mapping is not None and mapping.reason == "same unit"

    own = bench.one.post(f"/mapping/proposals/{mapping.pk}/agree/")
    mapping.refresh_from_db()
    assert own.status_code == 403 and mapping.state == State.PROPOSED
    assert "5 records get this code." in bench.page("/mapping/inbox/", bench.two)
    assert bench.two.post(f"/mapping/proposals/{mapping.pk}/agree/").status_code == 302
    mapping.refresh_from_db()
    assert (mapping.state, mapping.version) == (State.APPROVED, 1)
    follow(bench.at)
    assert bench.api("GET", "Observation?code=1742-6&_total=accurate").json["total"] == 5
    assert "1742-6" in bench.page("/mapping/versions/")
    assert "谷丙转氨酶" not in bench.page("/mapping/")
    assert "谷丙转氨酶" in bench.page("/mapping/?state=mapped")

    withdraw = f"/mapping/proposals/{mapping.pk}/withdraw/"
    bench.one.post(withdraw, {"reason": ""})
    mapping.refresh_from_db()
    assert mapping.state == State.APPROVED, "a reason is asked for"
    bench.one.post(withdraw, {"reason": "another test"})
    mapping.refresh_from_db()
    assert (mapping.state, mapping.ended_version) == (State.WITHDRAWN, 2)


def test_a_change_replaces_what_stood(bench: Workbench) -> None:
    map_code(bench.at, bench.code, "1920-8")
    mapping = bench.propose()
    assert mapping is not None
    assert "The mapping to 1920-8" in bench.page("/mapping/inbox/", bench.two)
    bench.two.post(f"/mapping/proposals/{mapping.pk}/agree/")
    states = (
        CodeMapping.objects.filter(code=bench.code)
        .order_by("pk")
        .values_list("state", "version", "ended_version")
    )
    assert list(states) == [(State.REPLACED, 1, 2), (State.APPROVED, 2, None)]


@pytest.mark.parametrize(
    ("target", "values", "says"),
    [
        ("718-7", {}, "measure something else"),
        (
            "2160-0",
            {"valueQuantity": {"value": 80, "unit": "umol/L"}},
            "measure something else",
        ),
        ("5195-3", {}, "Most values that were sent are numbers"),
    ],
)
def test_what_contradicts_is_refused(
    bench: Workbench, target: str, values: dict[str, Any], says: str
) -> None:
    for patient in bench.patients if values else []:
        bench.api.create(make_local_result(patient, bench.at.code, "CONTRA", "项目") | values)
    follow(bench.at)
    code = get_code(bench.at, "CONTRA") if values else bench.code
    page = bench.page(f"/mapping/{code.pk}/?target={LOINC}|{target}")
    assert says in page
    bench.one.post(
        f"/mapping/{code.pk}/propose/",
        {"target": f"{LOINC}|{target}", "equivalence": "equivalent"},
    )
    assert not CodeMapping.objects.filter(code=code).exists()


def test_a_test_of_men_is_not_mapped_for_women(server: str) -> None:
    at = alliance.make_hospital("sex")
    api = Api(server, at.code, credentials=alliance.make_credentials(at))
    women = add_patients(api, 5, "female")
    for patient in women:
        unit = {"valueQuantity": {"value": 1, "unit": "ng/mL"}}
        api.create(make_local_result(patient, at.code, "PSA9", "总前列腺特异性抗原") | unit)
    follow(at)
    code, clerk = get_code(at, "PSA9"), signed_in(alliance.make_staff(at, Role.CLERK))
    page = clerk.get(f"/mapping/{code.pk}/?target={LOINC}|2857-1", headers=ENGLISH)
    assert "Patients have it who cannot have male" in page.content.decode()
    clerk.post(
        f"/mapping/{code.pk}/propose/",
        {"target": f"{LOINC}|2857-1", "equivalence": "equivalent"},
    )
    assert not CodeMapping.objects.filter(code=code).exists()


def test_what_few_patients_have_is_told_to_nobody(server: str) -> None:
    few = Workbench(server, patients=4)
    path = f"/mapping/{few.code.pk}/"

    def seen() -> list[str]:
        tables = [few.one.get(f"/mapping/table/{k}/csv/") for k in ("laboratory", "diagnosis")]
        pages = [
            few.page(p) for p in ("/mapping/", "/mapping/?kind=diagnosis", "/mapping/?state=all")
        ]
        return [*(t.content.decode("utf-8-sig") for t in tables), *map(without_tokens, pages)]

    before = seen()
    assert "谷丙转氨酶" not in "".join(before)
    assert few.one.get(path).status_code == 404
    few.api.create(
        {
            "resourceType": "Condition",
            "code": {"text": "张三丰的父亲说过的病"},
            "subject": {"reference": few.patients[0]},
        }
    )
    few.api.create(make_local_result(few.patients[0], few.at.code, "HIV1", "HIV 确证"))
    follow(few.at)
    assert LocalCode.objects.filter(hospital=few.at).count() == 3
    assert seen() == before, "a record that came changes nothing"

    add_results(few.api, add_patients(few.api, 1))
    follow(few.at)
    shown = few.page(f"{path}?target={LOINC}|1742-6")
    assert "20 U/L (7–40)" in shown and "5 records get this code." in shown, "the control"


def without_tokens(page: str) -> str:
    """A page without what is another at each look."""
    return re.sub(r'(?:value|nonce)="[^"]{16,}"|data-left="[^"]*"', "", page)


def test_a_catalogue_names_codes_that_few_or_none_have_and_tells_them_not_apart(
    server: str,
) -> None:
    few = Workbench(server, patients=1)
    system = few.code.system
    lines = [
        "system,code,text,target_code",
        f"{system},ALT01,★谷丙转氨酶(ALT),718-7",
        f"{system},NEVER,血红蛋白,718-7",
        "http://loinc.org,1742-6,ALT,1742-6",
    ]
    reply = few.one.post(
        "/mapping/upload/",
        {"kind": "laboratory", "table": SimpleUploadedFile("t.csv", "\n".join(lines).encode())},
        follow=True,
        headers=ENGLISH,
    )
    words = reply.content.decode()
    assert "2 proposals were made." in words and "Row 4" in words
    page = few.page("/mapping/?state=proposed")
    assert page.count("fewer than 5 patients") == 3, "two codes, and what the page says of all"
    inbox = few.page("/mapping/inbox/", few.two)
    assert inbox.count("The records of fewer than 5 patients get this code.") == 2


def test_other_hospitals_clerks_and_other_roles_see_and_decide_nothing(
    bench: Workbench, server: str
) -> None:
    mapping = bench.propose()
    assert mapping is not None
    stranger = signed_in(alliance.make_staff(alliance.make_hospital("far"), Role.CLERK))
    for path in (f"/mapping/{bench.code.pk}/",):
        assert stranger.get(path).status_code == 404
    assert "谷丙转氨酶" not in stranger.get("/mapping/inbox/").content.decode()
    for verb in ("agree", "refuse", "withdraw"):
        path = f"/mapping/proposals/{mapping.pk}/{verb}/"
        assert stranger.post(path, {"reason": "x"}).status_code == 404
    for role in (Role.CLINICIAN, Role.ADMINISTRATOR, Role.AUDITOR, Role.PRIVACY):
        other = signed_in(alliance.make_staff(bench.at, role))
        assert other.get("/mapping/").status_code == 403
        assert other.post(f"/mapping/proposals/{mapping.pk}/agree/").status_code == 403
    mapping.refresh_from_db()
    assert mapping.state == State.PROPOSED


def test_a_clerk_of_the_alliance_is_the_second_where_there_is_but_one(bench: Workbench) -> None:
    mapping = bench.propose()
    assert mapping is not None
    wide = signed_in(alliance.make_staff(alliance.make_hospital("office"), Role.CLERK, wide=True))
    assert wide.get(f"/mapping/{bench.code.pk}/").status_code == 404, "agrees, and does not browse"
    page = wide.get("/mapping/inbox/").content.decode()
    assert f"/mapping/proposals/{mapping.pk}/agree/" in page
    wide.post(f"/mapping/proposals/{mapping.pk}/agree/")
    mapping.refresh_from_db()
    assert mapping.state == State.APPROVED


def test_who_proposed_and_has_left_since_counts_no_more(bench: Workbench) -> None:
    mapping = bench.propose()
    assert mapping is not None
    Staff.objects.filter(pk=bench.clerks[0].pk).update(role=Role.CLINICIAN)
    assert bench.two.post(f"/mapping/proposals/{mapping.pk}/agree/").status_code == 403
    mapping.refresh_from_db()
    assert mapping.state == State.PROPOSED


def test_each_look_and_each_word_is_in_the_log(bench: Workbench) -> None:
    def lines(code: EventCode) -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM consent_audit_event WHERE actor_hospital = %s AND code = %s",
                [bench.at.code, code.value],
            )
            return int(cursor.fetchone()[0])

    bench.page("/mapping/")
    bench.page(f"/mapping/{bench.code.pk}/")
    assert lines(EventCode.CODE_MAP_READ) == 2
    mapping = bench.propose()
    assert mapping is not None
    bench.two.post(f"/mapping/proposals/{mapping.pk}/agree/")
    follow(bench.at)
    assert lines(EventCode.CODE_MAP_PROPOSE) == 1
    assert lines(EventCode.CODE_MAP_AGREE) == 1
    assert lines(EventCode.CODE_MAP_APPLY) >= 2, "its records, and the map"


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_table_is_taken_along_filled_in_and_read_back(bench: Workbench, form: str) -> None:
    sent = bench.one.get(f"/mapping/table/laboratory/{form}/").content
    [row] = read_table(sent)
    assert (row["code"], row["records"], row["unit"]) == ("ALT01", "5", "U/L")
    filled = row | {"target_code": "1742-6", "reason": "checked"}
    wrong = row | {"system": LOINC, "code": "9-9", "target_code": "1742-6"}
    columns = [*COLUMNS, "reason"]
    lines = [columns, *([r.get(c, "") for c in columns] for r in (filled, wrong))]
    content = (
        write_sheet(lines) if form == "xlsx" else "\n".join(map(",".join, lines)).encode("gb18030")
    )
    reply = bench.one.post(
        "/mapping/upload/",
        {"kind": "laboratory", "table": SimpleUploadedFile(f"t.{form}", content)},
        follow=True,
        headers=ENGLISH,
    )
    words = reply.content.decode()
    assert "1 proposal was made." in words and "Row 3, 9-9: This is no code" in words
    [made] = CodeMapping.objects.filter(code=bench.code)
    assert (made.state, made.origin) == (State.PROPOSED, "table")


def write_sheet(lines: list[list[str]]) -> bytes:
    """As a spreadsheet saves it: one string a cell."""
    rows = "".join(
        "<row>" + "".join(f'<c t="inlineStr"><is><t>{v}</t></is></c>' for v in line) + "</row>"
        for line in lines
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(
            "xl/worksheets/sheet1.xml",
            '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
            f"<sheetData>{rows}</sheetData></worksheet>",
        )
    return out.getvalue()


@pytest.mark.parametrize("content", [b"PK\x03\x04 no archive", b"\xff\xfe\x00\x81\x30"])
def test_a_file_that_is_no_table_says_what_to_do(bench: Workbench, content: bytes) -> None:
    reply = bench.one.post(
        "/mapping/upload/",
        {"kind": "laboratory", "table": SimpleUploadedFile("t", content)},
        follow=True,
        headers=ENGLISH,
    )
    assert re.search("save it", reply.content.decode())


def test_a_member_takes_over_the_map_of_another_with_the_same_product(
    bench: Workbench, server: str
) -> None:
    map_code(bench.at, bench.code)
    other = Workbench(server)
    for each in (bench, other):
        reply = each.one.post("/mapping/brand/", {"source": "lis", "brand": "乙公司 LIS"})
        assert reply.status_code == 302
    assert "members with the same product" in other.page(f"/mapping/{other.code.pk}/")
    form = {"kind": "laboratory", "member": bench.at.code}
    other.one.post("/mapping/take-over/", form)
    [made] = CodeMapping.objects.filter(code=other.code)
    assert (made.state, made.origin) == (State.PROPOSED, f"member/{bench.at.code}")
    assert made.target_code == "1742-6"
    stranger = Workbench(server)
    assert stranger.one.post("/mapping/take-over/", form).status_code == 404, "another product"


def test_a_proposal_says_whose_trends_it_would_join(bench: Workbench, server: str) -> None:
    map_code(bench.at, bench.code)
    follow(bench.at)
    follow(bench.at)
    other = Workbench(server)
    page = other.page(f"/mapping/{other.code.pk}/?target={LOINC}|1742-6")
    assert bench.at.name_en in page or bench.at.name_zh in page
