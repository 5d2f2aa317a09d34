"""History, documents and growth of a patient over hospitals: each list goes to its very end with a
true count, says what it does not show, and shows nothing that the gate does not let through.
"""

import html
import re
from urllib.parse import urlencode

import pytest

from records.store.section_query import RowPosition
from records.web.page_position import START, PagePosition, read_position, write_position
from tests.factories import alliance
from tests.factories.dicom import make_dicom
from tests.factories.documents import (
    encode,
    make_composition,
    make_document,
    make_report,
    make_section,
)
from tests.factories.fhir import make_observation
from tests.factories.history import (
    make_family,
    make_growth,
    make_history,
    make_immunization,
    make_procedure,
    make_study,
)
from tests.support.browser import ENGLISH, signed_in
from tests.support.html import Browser
from tests.support.world import World, related, w

__all__ = ["w"]
OLDER = re.compile(r'href="([^"]*after=[^"]*)"')
TITLE = re.compile(r"第\d+份")


class Reader:
    """The doctor of the hospital that asks, before the record that another holds."""

    def __init__(self, w: World) -> None:
        self.w = w
        self.browser: Browser = signed_in(alliance.make_staff(w.a))

    def page(self, tab: str, **query: str) -> str:
        return self.follow(f"/person/{self.w.person}/{tab}/?{urlencode(query)}")

    def follow(self, path: str) -> str:
        reply = self.browser.get(path, headers=ENGLISH)
        assert reply.status_code == 200, (path, reply.status_code)
        return str(reply.content.decode())

    def walk(self, page: str) -> list[str]:
        """The titles on the page and on all that follow."""
        found, pages = [], 0
        while True:
            found += TITLE.findall(page)
            onward = OLDER.search(page)
            if onward is None:
                return found
            pages += 1
            assert pages < 20, "it goes in a circle"
            page = self.follow(html.unescape(onward[1]))


@pytest.fixture
def reader(w: World) -> Reader:
    related(w)
    w.permit()
    return Reader(w)


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_history_says_what_was_done_and_what_not(reader: Reader) -> None:
    for r in make_history(reader.w.at_b):
        reader.w.hold.create(r)
    said = plain(reader.page("history"))
    for words in (
        "Procedures and operations 4 entries",
        "阑尾切除术 site: 右下腹; outcome: 治愈; performed by: 王医生",
        "Not done, or denied 结肠镜检查 NOT DONE reason: 患者拒绝",
        "One entry was withdrawn by its hospital and is not shown.",
        "药物洗脱支架 site: 前降支",
        "重组乙型肝炎疫苗 dose no. 1",
        "Not given 流感疫苗 NOT GIVEN",
        "每日步行30分钟; 低脂饮食 · stopped",
        "Planned or proposed, not done 戒烟方案 proposal, not agreed",
        "转诊心内科 for: 胸痛",
        "father 冠心病 (onset: 52 岁); 2型糖尿病; deceased: 60 岁",
        "吸烟史 已戒烟5年",
    ):
        assert words in said, words
    assert "误录的截肢术" not in said
    assert "Nothing you can see here records" not in said


def test_an_empty_history_is_one_line(reader: Reader) -> None:
    said = plain(reader.page("history"))
    assert "Nothing you can see here records procedures" in said and "entries" not in said


def test_a_section_goes_on_to_its_end(reader: Reader) -> None:
    for n in range(45):
        reader.w.hold.create(
            make_procedure(reader.w.at_b, f"第{n}份", performedDateTime=f"20{10 + n % 9}-05-04")
        )
    reader.w.hold.create(make_immunization(reader.w.at_b))
    page = reader.page("history")
    assert "1–20 of 45" in plain(page)
    found = reader.walk(page)
    assert sorted(found) == sorted({f"第{n}份" for n in range(45)}), "each once"
    second = reader.follow(html.unescape(OLDER.search(page)[1]))  # type: ignore[index]
    assert "21–45 of 45" in plain(second) and "乙型肝炎" not in second, "of one section alone"


@pytest.mark.parametrize(
    "query", [{"of": "nothing"}, {"of": "procedures", "after": "x"}, {"after": "9.9"}]
)
def test_an_address_that_says_nothing_is_the_beginning(
    reader: Reader, query: dict[str, str]
) -> None:
    reader.w.hold.create(make_procedure(reader.w.at_b))
    reply = reader.browser.get(
        f"/person/{reader.w.person}/history/?{urlencode(query)}", headers=ENGLISH, follow=True
    )
    assert reply.status_code == 200 and "阑尾切除术" in reply.content.decode()


@pytest.mark.parametrize("code", ["\0", "nobody"])
def test_a_hospital_that_is_none_narrows_no_documents(reader: Reader, code: str) -> None:
    reader.w.hold.create(make_document(reader.w.at_b, description="某份"))
    reply = reader.browser.get(
        f"/person/{reader.w.person}/documents/?{urlencode({'hospital': code})}", headers=ENGLISH
    )
    assert reply.status_code == 200 and "某份" in reply.content.decode()


def test_documents_of_several_types_go_on_to_the_end_in_one_order(reader: Reader) -> None:
    w, number = reader.w, 0
    for at in range(33):
        day = f"2025-{1 + at % 12:02}-{1 + at % 28:02}"
        for made in (
            make_document(w.at_b, description=f"第{number}份", date=f"{day}T08:00:00Z"),
            make_report(w.at_b, code={"text": f"第{number + 1}份"}, effectiveDateTime=day),
            make_study(w.at_b, description=f"第{number + 2}份", started=f"{day}T09:00:00Z"),
        ):
            w.hold.create(made)
        number += 3
    w.hold.create(
        make_composition(w.at_b, make_section("主诉", "<p>胸痛</p>"), title=f"第{number}份")
    )
    w.hold.create(make_document(w.at_b, description="第999份", status="entered-in-error"))
    page = reader.page("documents")
    assert f"1–50 of {number + 2}" in plain(page), "one that was withdrawn is counted, and told"
    found = reader.walk(page)
    assert sorted(found) == sorted(f"第{n}份" for n in range(number + 1)), "each once"
    dates = re.findall(r"<time[^>]*>(20\d\d-\d\d-\d\d)", page.partition("All hospitals")[2])
    assert dates == sorted(dates, reverse=True) and len(dates) >= 49
    reports = reader.page("documents", kind="reports")
    assert "33 entries" in plain(reports) and len(reader.walk(reports)) == 33
    elsewhere = reader.page("documents", hospital=w.a.code)
    assert "第" not in elsewhere and "Nothing here" in elsewhere
    assert len(reader.walk(reader.page("documents", hospital=w.b.code))) == number + 1
    odd = reader.page("documents", kind="x", hospital="y", after="1.2~3")
    assert "1–50 of" in plain(odd)


def test_a_document_bundle_stands_among_the_structured_ones(reader: Reader) -> None:
    w = reader.w
    mine = w.hold("GET", w.at_b).json
    letter = {
        "resourceType": "Bundle",
        "type": "document",
        "timestamp": "2026-11-01T00:00:00Z",
        "identifier": {"system": "urn:ietf:rfc:3986", "value": "urn:oid:1.2.3"},
        "entry": [
            {
                "fullUrl": "http://sender.example/fhir/Composition/c",
                "resource": make_composition(
                    "Patient/x", make_section("诊断", "<p>肺炎</p>"), title="出院小结"
                ),
            },
            {
                "fullUrl": "http://sender.example/fhir/Patient/x",
                "resource": {k: v for k, v in mine.items() if k != "meta"} | {"id": "x"},
            },
        ],
    }
    assert w.hold("POST", "Bundle", letter).status == 201
    page = reader.page("documents", kind="structured")
    assert "1 entry" in plain(page) and "出院小结" in page
    assert "Nothing here" in reader.page("documents", kind="reports")


def test_an_imaging_study_opens_with_its_series(reader: Reader) -> None:
    w = reader.w
    endpoint = {
        "resourceType": "Endpoint",
        "id": "e",
        "status": "active",
        "name": "影像归档",
        "address": "https://pacs.example.org/v?study=1",
        "connectionType": {"code": "dicom-wado-rs"},
        "payloadType": [{"text": "x"}],
    }
    what = w.hold.create(make_study(w.at_b, contained=[endpoint], endpoint=[{"reference": "#e"}]))
    key = w.hold.create(
        make_document(
            w.at_b,
            make_dicom(),
            "application/dicom",
            description="关键图像",
            context={"related": [{"reference": what}]},
        )
    )
    assert f"/document/{w.b.code}/{what}/" in reader.page("documents", kind="imaging")
    page = reader.follow(f"/person/{w.person}/document/{w.b.code}/{what}/")
    said = plain(page)
    assert "CT; 胸部; 2 series, 320 images" in said and "纵隔窗" in said
    assert re.search(
        r'href="https://pacs.example.org/v\?study=1"\s+rel="noopener noreferrer"', page
    )
    assert f"/document/{w.b.code}/{key}/" in page
    bare = reader.follow(
        f"/person/{w.person}/document/{w.b.code}/{w.hold.create(make_study(w.at_b))}/"
    )
    assert "has not said where the images can be opened" in bare and "pacs" not in bare


def test_who_cares_for_the_patient_stands_in_the_history(reader: Reader) -> None:
    w = reader.w
    for sent in (
        {
            "resourceType": "EpisodeOfCare",
            "status": "active",
            "patient": {"reference": w.at_b},
            "type": [{"text": "家庭医生签约"}],
            "careManager": {"display": "周敏"},
        },
        {
            "resourceType": "EpisodeOfCare",
            "status": "finished",
            "patient": {"reference": w.at_b},
            "type": [{"text": "高血压管理"}],
            "period": {"start": "2019", "end": "2020"},
        },
        {
            "resourceType": "CareTeam",
            "status": "active",
            "subject": {"reference": w.at_b},
            "name": "糖尿病管理团队",
            "participant": [{"role": [{"text": "专科医师"}], "member": {"display": "陈思远"}}],
        },
    ):
        w.hold.create(sent)
    said = plain(reader.page("history"))
    assert "Who cares for the patient 3 entries" in said
    assert "家庭医生签约 in charge: 周敏" in said and "专科医师: 陈思远" in said
    assert "Ended 高血压管理" in said


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (make_dicom(), "not for making a diagnosis"),
        (make_dicom(stated=(65535, 65535)), "too large to be drawn"),
        (make_dicom(stated=(4000, 300)), "damaged or incomplete"),
        (make_dicom(syntax="1.2.840.10008.1.2.4.70"), "packed in a way"),
    ],
)
def test_a_key_image_is_drawn_or_refused_in_words(reader: Reader, data: bytes, words: str) -> None:
    w = reader.w
    what = w.hold.create(make_document(w.at_b, data, "application/dicom"))
    page = reader.follow(f"/person/{w.person}/document/{w.b.code}/{what}/")
    assert words in plain(page)
    assert ("data:image/png;base64," in page) is (words == "not for making a diagnosis")
    saved = reader.browser.get(f"/person/{w.person}/document/{w.b.code}/{what}/1/save/")
    assert saved.content == data and saved["Content-Type"] == "application/octet-stream"
    assert saved["Content-Disposition"].endswith('.dcm"')


def test_of_many_images_the_first_are_drawn(reader: Reader) -> None:
    content = [
        {"attachment": {"contentType": "application/dicom", "data": encode(make_dicom(8, 8))}}
    ] * 6
    what = reader.w.hold.create(make_document(reader.w.at_b, content=content))
    page = reader.follow(f"/person/{reader.w.person}/document/{reader.w.b.code}/{what}/")
    assert page.count("data:image/png") == 4
    assert page.count("draws only the first images") == 2


def test_growth_without_measurements_says_so(reader: Reader) -> None:
    reader.w.hold.create(make_growth(reader.w.at_b, "2823-3", 4, "mmol/L", "2026-01-01"))
    assert "No weight, length, height or head circumference" in plain(reader.page("growth"))
    assert "/growth/" not in reader.page("summary"), "no tab for the grown-up"


def test_nothing_of_a_hospital_that_is_not_open(w: World) -> None:
    """The lists of one whose patient has agreed to nothing, and the control."""
    related(w)
    secrets = ("绝密手术", "绝密疫苗", "绝密影像", "绝密家族", "绝密吸烟史")
    w.hold.create(make_procedure(w.at_b, "绝密手术"))
    w.hold.create(make_immunization(w.at_b, vaccineCode={"text": "绝密疫苗"}))
    study = w.hold.create(make_study(w.at_b, description="绝密影像"))
    w.hold.create(make_family(w.at_b, relationship={"text": "绝密家族"}))
    w.hold.create(
        make_observation(w.at_b, code="72166-2")
        | {"code": {"text": "绝密吸烟史", "coding": [{"code": "72166-2"}]}}
    )
    reader = Reader(w)
    asked = [
        f"/person/{w.person}/{path}"
        for path in (
            "history/",
            "history/?of=procedures",
            "documents/",
            f"documents/?hospital={w.b.code}",
            "documents/?kind=imaging",
            "growth/",
            f"document/{w.b.code}/{study}/",
        )
    ]
    for path in asked:
        said = reader.browser.get(path, headers=ENGLISH).content.decode()
        assert not [x for x in secrets if x in said], path
        assert not re.search(r"\d+ entr|\d of \d", plain(said)), path
    w.permit()
    shown = "".join(reader.browser.get(p, headers=ENGLISH).content.decode() for p in asked)
    assert not [x for x in secrets if x not in shown], "the control"


@pytest.mark.parametrize(
    "dated",
    ["2026-11-21 07:30:00+00", "1958-01-02 00:00:00.123456+00", "0001-12-31 15:54:17+00 BC"],
)
def test_positions_in_addresses(dated: str) -> None:
    written = write_position(PagePosition(RowPosition(dated, 77), 20))
    assert read_position(written) == PagePosition(RowPosition(dated, 77), 20)
    undated = PagePosition(RowPosition("-infinity", 5), 3)
    assert read_position(write_position(undated)) == undated
    for text in ("", "0", "x", "-infinity~5", "1~2~3", "-infinity~1~-3", "-infinity~1~2' OR 1=1"):
        assert read_position(text) == START, text
    assert write_position(START) == "0"


def test_a_position_of_another_list_gives_what_stands_behind_it(reader: Reader) -> None:
    """Whoever writes one finds nothing that the list would not show."""
    reader.w.hold.create(make_procedure(reader.w.at_b))
    far = reader.page("history", of="procedures", after=f"9999-12-31 00:00:00+00~{10**17}~5")
    assert "阑尾切除术" in far
    beyond = reader.page("history", of="procedures", after="-infinity~1~5")
    assert "阑尾切除术" not in beyond
