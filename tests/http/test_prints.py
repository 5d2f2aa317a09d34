"""Prints of a record: through the gate, with what is seen and no more, each page with its patient
and a code that verifies; and what is taken along for other systems.
"""

import io
import json
import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from pypdf import PdfReader

from alliance.models import Staff
from alliance.roles import Role
from consent.audit.log_query import AuditFilter, list_audit_lines
from records.models import PrintedDocument, SourcePatient
from records.printing.qr_symbol import qr_svg_path
from tests.factories import alliance
from tests.factories.fhir import make_observation
from tests.factories.ties import confirm_tie
from tests.support.browser import ENGLISH, from_somewhere, signed_in
from tests.support.html import Browser
from tests.support.world import HIV, World, related, w

__all__ = ["w"]
CODE = re.compile(r"(?:[0-9A-HJKMNP-TV-Z]{4}-){3}\d+-[0-9A-HJKMNP-TV-Z]{5}")
HIDDEN = "不得外传的结果"


@dataclass
class Doctor:
    """The doctor of the hospital that asks, who prints what they see."""

    w: World
    staff: Staff = field(init=False)
    browser: Browser = field(init=False)

    def __post_init__(self) -> None:
        self.staff = alliance.make_staff(self.w.a)
        self.browser = signed_in(self.staff)

    def get(self, what: str) -> Any:
        return self.browser.get(f"/person/{self.w.person}/print/{what}", headers=ENGLISH)

    def pages(self, part: str) -> list[str]:
        """Texts of the pages of a print."""
        reply = self.get(f"{part}.pdf")
        assert reply.status_code == 200, reply.content
        assert reply["Content-Type"] == "application/pdf"
        return pages_of(reply.content)

    def last_line(self) -> dict[str, Any]:
        """What the log says that this doctor did last."""
        found = list_audit_lines(AuditFilter(person=self.w.person), None, 20)  # type: ignore[arg-type]
        return next(x for x in found if x["actor"] == str(self.staff.pk))


def pages_of(data: bytes) -> list[str]:
    return [p.extract_text().replace("\n", "") for p in PdfReader(io.BytesIO(data)).pages]


def verify(code: str, browser: Browser | None = None) -> Any:
    return (browser or from_somewhere()).get("/print/verify/", {"code": code}, headers=ENGLISH)


@pytest.fixture
def doctor(w: World) -> Doctor:
    related(w)
    w.permit()
    return Doctor(w)


def named(doctor: Doctor) -> tuple[str, str]:
    """The patient's name and number as the page shows them."""
    page = doctor.browser.get(f"/person/{doctor.w.person}/", headers=ENGLISH).content.decode()
    found = re.search(r"<h1 title=\"([^\"]+)\"", page)
    assert found
    number = re.search(r"Record no\. ?<span class=\"mono\">([^<]+)<", page)
    return found[1], number[1] if number else ""


def test_a_summary_says_who_where_by_whom_and_when(doctor: Doctor) -> None:
    name, number = named(doctor)
    pages = doctor.pages("summary")
    line = doctor.last_line()
    assert line["code"] == "records:record:print" and line["outcome"] == "success"
    kept = PrintedDocument.objects.latest("pk")
    assert line["detail"] == f"print · summary · {kept.code}"
    assert (kept.pages, kept.hospital_id) == (len(pages), doctor.w.a.pk)
    for count, text in enumerate(pages, 1):
        for words in (name, number, f"Page {count} of {len(pages)}", doctor.staff.name):
            assert words in text, words
        assert doctor.w.a.name_en in text
        assert len(set(CODE.findall(text))) == 1
    whole = "".join(pages)
    for words in (doctor.w.b.name_en, "Allergies", "Current medicines", "Newest results"):
        assert words in whole, words
    assert "No allergy is recorded in what you can see." in whole
    assert "Nothing here that you can see." in whole


def test_what_is_hidden_is_on_no_page_and_in_no_file(doctor: Doctor) -> None:
    w = doctor.w
    w.hold.create({**make_observation(w.at_b), "code": {**HIV, "text": HIDDEN}})
    w.hold.create({**make_observation(w.at_b), "code": {"text": "可以外传的结果"}})
    for part in ("summary", "results"):
        whole = "".join(doctor.pages(part))
        assert HIDDEN not in whole and "75622-1" not in whole
        assert "可以外传的结果" in whole, "the control"
        assert "Specially protected records of other hospitals" in whole
    summary = doctor.get("ips.json")
    assert HIDDEN not in summary.content.decode() and "75622-1" not in summary.content.decode()
    assert "可以外传的结果" in summary.content.decode(), "the control"


def test_a_refused_record_is_not_printed(doctor: Doctor) -> None:
    assert doctor.get("summary.pdf").status_code == 200, "the control"
    before = PrintedDocument.objects.count()
    stranger = signed_in(alliance.make_staff(alliance.make_hospital("far")))
    for what in ("", "summary.pdf", "results.pdf", "ips.json"):
        reply = stranger.get(f"/person/{doctor.w.person}/print/{what}", headers=ENGLISH)
        assert reply.status_code == 403 and b"%PDF" not in reply.content, what
        assert reply["Content-Type"].startswith("text/html")
    assert PrintedDocument.objects.count() == before


def test_without_consent_no_word_of_the_other_hospital(w: World) -> None:
    related(w)
    doctor = Doctor(w)
    w.ask.create({**make_observation(own_patient(w)), "code": {"text": "本院的结果"}})
    w.hold.create({**make_observation(w.at_b), "code": {"text": HIDDEN}})
    for part in ("summary", "results"):
        whole = "".join(doctor.pages(part))
        assert "本院的结果" in whole, "the control"
        assert HIDDEN not in whole and w.b.name_en not in whole
        assert "Another hospital's records of this patient are not open to whoever" in whole


def own_patient(w: World) -> str:
    """The patient's registration at the hospital that asks."""
    row = SourcePatient.objects.get(hospital=w.a, person_id=w.person)
    return f"Patient/{row.fhir_id}"


def test_parts_that_there_are_not(doctor: Doctor) -> None:
    assert doctor.get("everything.pdf").status_code == 404
    page = doctor.get("").content.decode()
    for what in ("summary.pdf", "results.pdf", "ips.json"):
        assert f"/person/{doctor.w.person}/print/{what}" in page
    assert (
        f"/person/{doctor.w.person}/print/"
        in doctor.browser.get(
            f"/person/{doctor.w.person}/results/", headers=ENGLISH
        ).content.decode()
    )


def test_the_file_for_other_systems_is_a_document_and_leaves_its_line(doctor: Doctor) -> None:
    reply = doctor.get("ips.json")
    assert reply["Content-Disposition"].startswith("attachment")
    bundle = json.loads(reply.content)
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "document")
    assert bundle["entry"][0]["resource"]["resourceType"] == "Composition"
    assert all(e["fullUrl"].startswith(("http", "urn:uuid:")) for e in bundle["entry"])
    line = doctor.last_line()
    assert line["code"] == "records:record:export" and line["target"].endswith("$summary")


def test_more_results_than_are_printed_are_counted(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    from records.store.section_query import SectionWindow
    from records.web import print_content

    for n in range(4):
        doctor.w.hold.create({**make_observation(doctor.w.at_b), "code": {"text": f"钾{n}"}})
    monkeypatch.setitem(
        print_content.PRINT_WINDOWS, "results", {"Observation": SectionWindow(3, counted=True)}
    )
    whole = "".join(doctor.pages("results"))
    assert "Of 5 entries the newest 3 are printed; the others are left out." in whole


def test_whoever_holds_a_page_has_its_code_checked(doctor: Doctor) -> None:
    name, number = named(doctor)
    pages = doctor.pages("summary")
    codes = [CODE.findall(text)[0] for text in pages]
    for count, code in enumerate(codes, 1):
        page = verify(code).content.decode()
        assert f"Printed here: page {count} of {len(pages)}." in page
        assert doctor.w.a.name_en in page
        assert f"{name[0]}* · " in page, "of the name one character"
        assert name not in page and doctor.staff.name not in page
        assert not number or number not in page
    other = CODE.findall(doctor.pages("results")[0])[0]
    for forged in (
        codes[0].replace("-1-", "-2-"),
        "-".join([*codes[0].split("-")[:3], *other.split("-")[3:]]),
        "0000-0000-0000-1-00000",
    ):
        page = verify(forged).content.decode()
        assert "No page with this code was printed here." in page, forged
        assert "Printed at" not in page
    assert "not a code of a page" in verify("张三").content.decode()
    lines = list_audit_lines(AuditFilter(person=doctor.w.person), None, 20)  # type: ignore[arg-type]
    checked = [x["outcome"] for x in lines if x["code"] == "records:print:verify"]
    assert checked.count("success") == len(codes) and "refused" in checked


def test_guessing_codes_is_slowed_down() -> None:
    browser = from_somewhere()
    told = [verify(f"0000-0000-{n:04d}-1-00000", browser).status_code for n in range(40)]
    assert told[:30] == [200] * 30 and told[-1] == 429
    assert verify("0000-0000-0000-1-00000").status_code == 200, "the control: from elsewhere"


def test_a_print_has_no_patient_in_its_name(doctor: Doctor) -> None:
    reply = doctor.get("summary.pdf")
    name = reply["Content-Disposition"]
    assert re.fullmatch(r'inline; filename="summary-[0-9A-Z]{12}\.pdf"', name)
    assert reply["Cache-Control"] and "no-store" in reply["Cache-Control"]


def test_the_slip_of_a_code_names_the_hospital_and_its_picture_holds_no_secret(w: World) -> None:
    confirm_tie(w.person, w.b)  # type: ignore[arg-type]
    clerk = signed_in(alliance.make_staff(w.b, Role.CLERK))
    path = f"/person/{w.person}/consent/access/"
    assert clerk.post(path, headers=ENGLISH).status_code == 302
    page = clerk.get(path, headers=ENGLISH).content.decode()
    code = re.search(r"<b class=\"mono code\">([^<]+)</b>", page)
    assert code and len(code[1]) > 8
    assert f"Printed at: <b>{w.b.name_en}</b>" in page
    drawn = re.search(r"<path class=\"module\" d=\"([^\"]+)\"", page)
    assert drawn and drawn[1] == qr_svg_path("http://testserver/my/")[0]
    later = signed_in(alliance.make_staff(w.b, Role.CLERK)).get(path, headers=ENGLISH)
    assert b'class="qr"' not in later.content, "the control: whoever did not make it sees no slip"
