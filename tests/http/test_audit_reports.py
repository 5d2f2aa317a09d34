"""Reports of the audit log by rule: set up on the page, made once for each span of days, kept
encrypted, and fetched by their auditor alone, who is asked anew for the right each time.
"""

import csv
import datetime as dt
import io
import json
import zipfile
from typing import Any

import pytest
from django.core import mail
from django.db import connection, transaction
from guardian.shortcuts import remove_perm
from pypdf import PdfReader

from alliance.models import Hospital, Staff
from alliance.roles import Role
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.audit.sealer import seal_all
from consent.models import AuditReport, AuditReportChunk, AuditReportRun, SavedAuditFilter
from consent.reports import make_reports, report_runs
from consent.reports.make_reports import make_report
from tests import draws
from tests.factories import alliance
from tests.support.browser import signed_in
from tests.support.html import Browser

pytestmark = pytest.mark.usefixtures("world")
ENGLISH = {"Accept-Language": "en"}
State = AuditReportRun.State


def write(at: Hospital, code: EventCode = EventCode.RECORD_SEARCH) -> str:
    """A line; returns its target."""
    target = f"target-{draws.token_hex(6)}"
    append_event(AuditEvent(code, "client", "none-of-ours", at.code, "", "TREAT", target=target))
    return target


@pytest.fixture
def at(world: None) -> Hospital:
    return alliance.make_hospital("reports")


@pytest.fixture
def auditor(at: Hospital) -> Staff:
    return alliance.make_staff(at, Role.AUDITOR)


def set_up(browser: Browser, **more: str) -> AuditReport:
    name = f"report {draws.token_hex(4)}"
    given = {"name": name, "what": "overview", "form": "pdf", "rhythm": "monthly"} | more
    reply = browser.post("/audit/reports/set/", given, headers=ENGLISH)
    assert reply.status_code == 302, reply.content.decode()
    return AuditReport.objects.get(name=name)


def make(report: AuditReport, day: dt.date | None = None) -> AuditReportRun:
    """Of the one day on which the lines of this test were written, as a worker makes it."""
    today = day or report_runs.fetch_moment().astimezone(report_runs.HOSPITAL_ZONE).date()
    run = AuditReportRun.objects.create(
        report=report, first=today - dt.timedelta(days=1), last=today, state=State.RUNNING, tries=1
    )
    seal_all()
    make_report(run, lambda: {"home": (2**30, 2**31)})
    run.refresh_from_db()
    return run


def fetch(browser: Browser, run: AuditReportRun) -> Any:
    return browser.get(f"/audit/reports/{run.pk}/file/", headers=ENGLISH)


def body_of(reply: Any) -> bytes:
    assert reply.status_code == 200, reply
    return b"".join(reply.streaming_content) if reply.streaming else reply.content


def last_lines(staff: Staff, target: str) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code, outcome FROM consent_audit_event WHERE actor = %s AND target = %s"
            " ORDER BY id",
            [str(staff.pk), target],
        )
        return cursor.fetchall()


def test_an_overview_is_set_up_made_and_fetched(at: Hospital, auditor: Staff) -> None:
    browser = signed_in(auditor)
    write(at)
    report = set_up(browser)
    run = make(report)
    assert (run.state, run.fault) == (State.DONE, ""), run.fault
    assert report.name in browser.get("/audit/reports/").content.decode()
    data = body_of(fetch(browser, run))
    text = "".join(p.extract_text() for p in PdfReader(io.BytesIO(data)).pages)
    for said in ("Overview of the audit log", "Emergency accesses", "Whether the log is well"):
        assert said in text, said
    target = f"report/{run.pk}"
    assert last_lines(auditor, target) == [
        (EventCode.AUDIT_REPORT.value, "success"),
        (EventCode.AUDIT_EXPORT.value, "success"),
    ]
    assert fetch(browser, run).status_code == 200
    assert len(last_lines(auditor, target)) == 3, "each time"
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM consent_auditreportchunk WHERE run_id = %s", [run.pk])
        assert not any(b"%PDF" in bytes(row[0]) for row in cursor.fetchall()), "encrypted"


def test_lines_of_a_saved_filter_are_those_of_ones_hospital(at: Hospital, auditor: Staff) -> None:
    browser = signed_in(auditor)
    other = alliance.make_hospital("elsewhere")
    wanted, of_another_kind = write(at), write(at, EventCode.CLIENT_KEY)
    foreign = write(other)
    name = f"mine {draws.token_hex(4)}"
    assert browser.post("/audit/filters/", {"name": name, "kind": "read"}).status_code == 302
    saved = SavedAuditFilter.objects.get(name=name)
    run = make(set_up(browser, what=f"filter-{saved.pk}", form="csv", rhythm="weekly"))
    with zipfile.ZipFile(io.BytesIO(body_of(fetch(browser, run)))) as archive:
        names = {n.rsplit(".", 1)[-1]: n for n in archive.namelist()}
        rows = list(csv.reader(io.StringIO(archive.read(names["csv"]).decode("utf-8-sig"))))
        manifest = json.loads(archive.read(names["json"]))
    told = {cell for row in rows for cell in row}
    assert wanted in told and not {of_another_kind, foreign} & told
    assert manifest["rows"] == len(rows) - 1 == run.lines
    reply = browser.post(
        "/audit/reports/set/",
        {"name": "x", "what": f"filter-{saved.pk}", "form": "pdf", "rhythm": "weekly"},
    )
    assert reply.status_code == 400, "lines come in other forms"


def test_nobody_elses_report(at: Hospital, auditor: Staff) -> None:
    run = make(set_up(signed_in(auditor)))
    colleague = signed_in(alliance.make_staff(at, Role.AUDITOR))
    assert fetch(colleague, run).status_code == 404
    assert colleague.post(f"/audit/reports/{run.report_id}/end/").status_code == 404
    assert run.report.name not in colleague.get("/audit/reports/").content.decode()
    assert fetch(signed_in(auditor), run).status_code == 200, "the control"
    assert signed_in(auditor).post(f"/audit/reports/{run.report_id}/end/").status_code == 302


def test_who_may_not_any_more_gets_nothing(at: Hospital, auditor: Staff) -> None:
    browser = signed_in(auditor)
    report = set_up(browser)
    run = make(report)
    assert fetch(browser, run).status_code == 200, "the control"
    remove_perm("audit_hospital", auditor.user, at)
    assert fetch(browser, run).status_code == 403
    later = make(report, dt.date(2026, 3, 1))
    assert (later.state, later.fault) == (State.FAILED, "right")
    assert last_lines(auditor, f"report/{later.pk}") == [(EventCode.AUDIT_EXPORT.value, "refused")]
    assert not AuditReportChunk.objects.filter(run=later).exists()


def test_of_what_was_made_nothing_is_fetched_beyond_todays_hospitals(
    at: Hospital, auditor: Staff
) -> None:
    run = make(set_up(signed_in(auditor)))
    AuditReportRun.objects.filter(pk=run.pk).update(hospitals=[at.code, "another"])
    assert fetch(signed_in(auditor), run).status_code == 403
    AuditReportRun.objects.filter(pk=run.pk).update(hospitals=None)
    assert fetch(signed_in(auditor), run).status_code == 403, "the whole alliance"
    AuditReportRun.objects.filter(pk=run.pk).update(hospitals=[at.code])
    assert fetch(signed_in(auditor), run).status_code == 200, "the control"


def test_an_altered_file_is_not_given_out(at: Hospital, auditor: Staff) -> None:
    run = make(set_up(signed_in(auditor)))
    other = make(set_up(signed_in(auditor)), dt.date(2026, 4, 1))
    assert fetch(signed_in(auditor), run).status_code == 200, "the control"
    with (
        connection.cursor() as cursor
    ):  # another file of the same column opens, and is not this one
        cursor.execute(
            "UPDATE consent_auditreportchunk SET content = (SELECT content FROM"
            " consent_auditreportchunk WHERE run_id = %s AND place = 0)"
            " WHERE run_id = %s AND place = 0",
            [other.pk, run.pk],
        )
    assert fetch(signed_in(auditor), run).status_code == 302


def test_the_bundle_holds_overview_and_evidence(at: Hospital, auditor: Staff) -> None:
    write(at, EventCode.CLIENT_KEY)
    run = make(set_up(signed_in(auditor), what="bundle", form="zip", rhythm="half-yearly"))
    with zipfile.ZipFile(io.BytesIO(body_of(fetch(signed_in(auditor), run)))) as archive:
        assert sorted(n.rsplit("-", 1)[-1].split(".")[-1] for n in archive.namelist()) == [
            "csv",
            "pdf",
            "zip",
        ]
        [inner] = [n for n in archive.namelist() if n.endswith("-evidence.zip")]
        with zipfile.ZipFile(io.BytesIO(archive.read(inner))) as package:
            assert {"manifest.json", "lines.ndjson", "verify.py"} <= set(package.namelist())
            assert json.loads(package.read("manifest.json"))["rows"] == run.lines > 0


def test_each_span_is_made_once_and_taken_up_by_one(at: Hospital, auditor: Staff) -> None:
    report = set_up(signed_in(auditor))
    now = report_runs.fetch_moment()
    report_runs.add_due_runs(now)
    report_runs.add_due_runs(now)
    own = AuditReportRun.objects.filter(report=report)
    [run] = own
    report_runs.add_due_runs(now + dt.timedelta(days=70))
    assert own.all().count() in (3, 4), "and each month that is over by then"
    others = AuditReportRun.objects.exclude(pk=run.pk).filter(
        state__in=(State.WAITING, State.RUNNING)
    )
    with transaction.atomic():
        others.update(state=State.FAILED)
        taken = report_runs.claim_run(now)
        assert taken is not None and taken.pk == run.pk
        assert report_runs.claim_run(now) is None
        silent = report_runs.claim_run(now + report_runs.SILENCE + dt.timedelta(seconds=1))
        assert silent is not None and (silent.pk, silent.tries) == (run.pk, 2)
        transaction.set_rollback(True)


def test_a_silent_sealer_keeps_a_report_waiting(
    at: Hospital, auditor: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = set_up(signed_in(auditor))
    with monkeypatch.context() as patched:
        patched.setattr(make_reports, "wait_until_sealed", lambda seconds: False)
        run = make(report)
    assert (run.state, run.fault, run.tries) == (State.WAITING, "sealer", 0)
    seal_all()
    AuditReportRun.objects.filter(pk=run.pk).update(state=State.RUNNING, tries=1)
    run.refresh_from_db()
    assert make_report(run, dict)
    run.refresh_from_db()
    assert (run.state, run.fault) == (State.DONE, ""), "the control"


def test_a_file_goes_when_its_time_is_over(at: Hospital, auditor: Staff) -> None:
    browser = signed_in(auditor)
    run = make(set_up(browser, rhythm="weekly"))
    run.finished_at -= dt.timedelta(days=34)
    run.save(update_fields=["finished_at"])
    report_runs.forget_old_files(report_runs.fetch_moment())
    assert fetch(browser, run).status_code == 200, "the control"
    run.finished_at -= dt.timedelta(days=2)
    run.save(update_fields=["finished_at"])
    report_runs.forget_old_files(report_runs.fetch_moment())
    assert fetch(browser, run).status_code == 404
    assert not AuditReportChunk.objects.filter(run=run).exists()


def test_a_mail_says_that_it_is_there_and_nothing_more(
    at: Hospital, auditor: Staff, settings: Any
) -> None:
    settings.MAIL = "smtp://localhost"
    auditor.user.email = f"{draws.token_hex(4)}@example.org"
    auditor.user.save(update_fields=["email"])
    make(set_up(signed_in(auditor)))
    report = set_up(signed_in(auditor), mails="on")
    make(report, dt.date(2026, 5, 1))
    [sent] = [m for m in mail.outbox if m.to == [auditor.user.email]]
    assert report.name not in sent.subject + sent.body
