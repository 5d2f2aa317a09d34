"""The patient's list of who looked, as a PDF: all of theirs and nobody else's in the days that they
choose, whole or saying that it is not, with a line in the log that knows the file again.
"""

import datetime as dt
import hashlib
import io
from typing import Any

from django.utils import timezone
from pypdf import PdfReader

from alliance.models import Staff
from consent.audit.append import append_event
from consent.audit.day_span import span_until
from consent.audit.event import AuditEvent, AuditOutcome, EventCode
from consent.audit.log_query import AuditFilter, list_audit_lines
from consent.audit.own_accesses import list_own_accesses
from tests.factories.portal_access import open_access
from tests.support.browser import enter, from_somewhere
from tests.support.html import Browser
from tests.support.world import World, new_world, w

__all__ = ["w"]
AT = "/my/who-looked.pdf"


def patient(w: World) -> Browser:
    return enter(open_access(w.person, w.clerk)[0])  # type: ignore[arg-type]


def look(w: World, code: EventCode = EventCode.RECORD_OPEN, **more: Any) -> None:
    event = AuditEvent.from_principal(w.doctor, code, person=w.person, target="record")
    append_event(event.with_changes(**more))


def text_of(reply: Any) -> str:
    assert reply.status_code == 200 and reply["Content-Type"] == "application/pdf", reply
    pages = PdfReader(io.BytesIO(reply.content)).pages
    return "".join(p.extract_text().replace("\n", "") for p in pages)


def doctor_name(w: World) -> str:
    return Staff.objects.get(pk=int(w.doctor.id)).name


def test_who_looked_is_named_with_why_and_whom_to_ask(w: World) -> None:
    look(w)
    look(w)
    look(w, EventCode.EMERGENCY_OPEN, purpose="BTG")
    look(w, outcome=AuditOutcome.REFUSED, reason="no_relationship")
    browser = patient(w)
    text = text_of(browser.get(AT))
    for said in (
        doctor_name(w),
        w.a.name_en,
        "2 times on this day",
        "EMERGENCY ACCESS",
        "The list is complete",
        "Whom to ask",
        "Not listed either",
    ):
        assert said in text, said
    chinese = text_of(browser.get(AT, headers={"Accept-Language": "zh-hans"}))
    assert "本清单是完整的" in chinese and "紧急调阅" in chinese and w.a.name_zh in chinese


def test_nobody_elses_and_no_other_days(w: World, server: str) -> None:
    look(w)
    place = w.a.name_en
    other = new_world(server)
    browser = patient(w)
    assert place in text_of(browser.get(AT)), "the control"
    assert place not in text_of(patient(other).get(AT))
    before = timezone.localdate() - dt.timedelta(days=30)
    text = text_of(browser.get(AT, {"start": f"{before}", "end": f"{before}"}))
    assert place not in text and "Nobody in these days" in text
    assert from_somewhere().get(AT).status_code == 302, "nobody without a code"
    odd = browser.get(AT, {"start": "2026-05-02", "end": "2026-05-01"})
    assert odd.status_code == 302
    assert "before the first one" in browser.get("/my/").content.decode()


def test_the_line_of_the_log_knows_the_file_again(w: World) -> None:
    data = patient(w).get(AT).content
    lines = list_audit_lines(AuditFilter(person=w.person), None, 20)  # type: ignore[arg-type]
    [line] = [x for x in lines if x["code"] == EventCode.AUDIT_EXPORT.value]
    assert (line["actor_kind"], line["target"]) == ("patient", "my")
    assert hashlib.sha256(data).hexdigest() in line["detail"]


def test_what_is_left_out_is_counted(w: World) -> None:
    codes = (EventCode.RECORD_OPEN, EventCode.RECORD_READ, EventCode.RECORD_SEARCH)
    for code in codes:
        look(w, code)
    span = span_until(timezone.localdate(), 2)
    whole = list_own_accesses(w.person, span)  # type: ignore[arg-type]
    cut = list_own_accesses(w.person, span, most=1)  # type: ignore[arg-type]
    assert len(whole.entries) == whole.found >= len(codes)
    assert (len(cut.entries), cut.found, cut.lines) == (1, whole.found, whole.lines)
    assert whole.lines == sum(x.times for x in whole.entries)
    assert whole.entries[0] == cut.entries[0], "the newest"
