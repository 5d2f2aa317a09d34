"""Invented documents: files of each kind, a CDA, a Composition."""

import base64
import struct
import zlib
from typing import Any

XHTML = "http://www.w3.org/1999/xhtml"


def encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def make_document(
    about: str, data: bytes = "胸部未见异常。".encode(), media: str = "text/plain", **more: Any
) -> dict[str, Any]:
    """A DocumentReference that holds its file; attachments in `content` take its place."""
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "type": {"text": "出院小结"},
        "description": "出院小结",
        "date": "2026-11-20T23:30:00Z",
        "author": [{"display": "王医生"}],
        "subject": {"reference": about},
        "content": [{"attachment": {"contentType": media, "data": encode(data)}}],
        **more,
    }


def make_report(about: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "code": {"text": "胸部CT平扫"},
        "subject": {"reference": about},
        "effectiveDateTime": "2026-11-19",
        "conclusion": "右肺上叶结节",
        **more,
    }


def make_composition(about: str, *sections: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Composition",
        "status": "final",
        "type": {"text": "入院记录"},
        "subject": {"reference": about},
        "date": "2026-11-01",
        "author": [{"display": "李医生"}],
        "title": "入院记录",
        "section": list(sections),
        **more,
    }


def make_section(title: str, inside: str, **more: Any) -> dict[str, Any]:
    """inside: XHTML of its narrative."""
    return {
        "title": title,
        "text": {"status": "generated", "div": f'<div xmlns="{XHTML}">{inside}</div>'},
        **more,
    }


def make_png(side: int = 40) -> bytes:
    """A picture of one colour."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    rows = b"".join(b"\0" + b"\x20\x80\x90" * side for _ in range(side))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def make_pdf(script: str = "") -> bytes:
    """One page with a line of text; script: what the file would run when it is opened."""
    stream = b"BT /F1 24 Tf 72 720 Td (Discharge letter) Tj ET"
    action = f"/OpenAction << /S /JavaScript /JS ({script}) >> ".encode() if script else b""
    objects = [
        b"<< /Type /Catalog " + action + b"/Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % at for at in places)
    return out + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer << /Size %d /Root 1 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table, len(objects) + 1, len(out))
    )


def make_cda(narrative: str = "", head: str = "", encoding: str = "UTF-8") -> bytes:
    """A ClinicalDocument with one section that holds the narrative and one without any; head: what
    stands before the root.
    """
    return f"""<?xml version="1.0" encoding="{encoding}"?>
<?xml-stylesheet type="text/xsl" href="http://evil.example/cda.xsl"?>{head}
<ClinicalDocument xmlns="urn:hl7-org:v3">
  <code code="C0053" displayName="出院小结"/><title>出院小结（住院）</title>
  <effectiveTime value="20261120233000+0000"/>
  <recordTarget><patientRole><patient><name>欧阳明</name><birthTime value="19580312"/></patient>
  </patientRole></recordTarget>
  <author><assignedAuthor><assignedPerson><name>赵医生</name></assignedPerson></assignedAuthor>
  </author>
  <custodian><assignedCustodian><representedCustodianOrganization><name>北山医院</name>
  </representedCustodianOrganization></assignedCustodian></custodian>
  <component><structuredBody><component><section><title>诊断</title>
    <text>{narrative or "<paragraph>2型糖尿病</paragraph>"}</text></section></component>
  <component><section><title>手术</title><entry/></section></component></structuredBody></component>
</ClinicalDocument>""".encode(encoding)


CDA_TABLE = (
    "<table><thead><tr><th>项目</th><th>结果</th><th>参考区间</th></tr></thead><tbody><tr>"
    "<td>钾</td><td>3.1 mmol/L</td><td>3.5–5.3</td></tr></tbody></table>"
)


def make_document_of_all_kinds(about: str, script: str = "") -> dict[str, Any]:
    """One that holds a text, a picture, a PDF, a page of HTML and a CDA; script: what the last two
    would run.
    """
    files = (
        ("病程记录", "text/plain", "胸部未见异常。\n明日复查。".encode()),
        ("照片", "image/png", make_png()),
        ("打印件", "application/pdf", make_pdf()),
        ("网页", "text/html", f"<h1>查房</h1><p>血压平稳</p>{script}".encode()),
        ("出院小结", "text/xml", make_cda(f"{CDA_TABLE}{script}")),
    )
    return make_document(
        about,
        content=[
            {"attachment": {"title": title, "contentType": media, "data": encode(data)}}
            for title, media, data in files
        ],
    )
