"""A referral on paper: 双向转诊（转出）单 and （回转）单, in the order of fields of the national
forms, with a stub; what is empty is a line to write on. What of the record stands in it is what the
printer may see.
"""

import secrets
from collections.abc import Iterable
from dataclasses import replace

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models import Staff, WorkItem
from alliance.roles import Permission
from consent.audit.event import EventCode
from consent.terms import Refused
from records.models import SourcePatient
from records.mpi.index import patient_search
from records.operations.printed_documents import keep_print
from records.printing.page_codes import KEY_BYTES, make_print_code
from records.printing.pdf_writer import write_pdf
from records.printing.printed_content import Column, PrintedContent, PrintedSection, TableRow
from records.web.banner import Banner
from records.web.closed_record import show_closed_record
from records.web.print_content import (
    PART_TITLES,
    PRINT_WINDOWS,
    Printer,
    build_danger_sections,
    build_list_sections,
    build_print_content,
    build_results_section,
    masked_patient,
)
from records.web.print_pages import make_page_mark, public_address
from records.web.record_frame import RecordFrame, open_record_frame
from records.web.referral_page import find_item
from records.work_faces.known_patients import is_access_open

SHEETS = ("refer-out", "refer-back")
BLANK = "＿" * 18


@require_GET
@require_staff(Permission.REFERRAL_CARE)
def print_referral(
    request: HttpRequest, item_id: int, sheet: str, *, acting: Principal
) -> HttpResponse:
    """Raises Http404 where there is no such sheet, or the referral is not the reader's any more."""
    item = find_item(item_id, acting)
    is_receiver = acting.hospital_id == item.receiver_id
    if sheet not in SHEETS or (is_receiver and not is_access_open(item, timezone.now())):
        raise Http404
    person = SourcePatient.objects.values_list("person_id", flat=True).get(pk=item.source_patient)
    code, key = make_print_code(), secrets.token_bytes(KEY_BYTES)
    try:
        frame = open_record_frame(
            person,
            acting,
            f"print · {sheet} · {code}",
            PRINT_WINDOWS["summary"],
            code=EventCode.RECORD_PRINT,
        )
    except Refused as refusal:
        face = patient_search.displayed_person(person, acting.hospital_id)
        return show_closed_record(request, person, face, refusal, acting)
    banner: Banner | None = frame.context["banner"]
    if banner is None:
        raise Http404
    staff = Staff.objects.select_related("hospital").get(pk=acting.id)
    printer = Printer(staff, staff.hospital, timezone.now())
    verify = public_address(request, reverse("print-verify"))
    pdf = write_pdf(
        build_referral_content(item, sheet, frame, banner, printer, verify),
        lambda page: make_page_mark(verify, key, code, page),
    )
    keep_print(
        person,
        code=code,
        key=key,
        patient=masked_patient(frame.opened.golden, banner),
        part=sheet,
        pages=pdf.pages,
        data=pdf.data,
        at=printer.at,
        acting=acting,
    )
    return HttpResponse(
        pdf.data,
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{sheet}-{code}.pdf"'},
    )


def build_referral_content(
    item: WorkItem,
    sheet: str,
    frame: RecordFrame,
    banner: Banner,
    printer: Printer,
    verify: str,
) -> PrintedContent:
    """The sheet, with head, foot and watermark of every print."""
    title = str(PART_TITLES[sheet])
    sections = (
        list_sent_sections(item, frame, banner)
        if sheet == "refer-out"
        else list_returned_sections(item, frame, banner)
    )
    content = build_print_content(frame, "summary", banner, printer, verify)
    return replace(
        content,
        title=title,
        origin=f"{title} · {item.number} · {printer.hospital.name}",
        sections=(make_stub(item, title, banner), *sections),
    )


def make_stub(item: WorkItem, title: str, banner: Banner) -> PrintedSection:
    """What stays with whoever sends."""
    return make_fields(
        _("Stub"),
        (
            (_("Referral number"), item.number),
            (_("Patient"), banner.name),
            (_("Referring hospital"), item.sender.name),
            (
                _("Receiving hospital"),
                " ".join(filter(None, (item.receiver.name, item.department))),
            ),
            (_("Direction"), str(item.get_kind_display())),
            (_("Urgency"), str(item.get_urgency_display())),
            (_("Sent at"), f"{timezone.localtime(item.sent_at):%Y-%m-%d %H:%M}"),
            (_("Doctor"), item.sender_staff.name),
        ),
        note=title,
    )


def make_fields(
    title: str, rows: Iterable[tuple[str, str | None]], note: str = ""
) -> PrintedSection:
    return PrintedSection(
        str(title),
        (Column(str(_("Item")), 1.4), Column(str(_("What is recorded")), 5)),
        tuple(TableRow((str(name), text or BLANK)) for name, text in rows),
        notices=(note,) if note else (),
    )


def list_sent_sections(item: WorkItem, frame: RecordFrame, banner: Banner) -> list[PrintedSection]:
    """转出单：初步印象、转出原因、既往史、过敏史、治疗经过、接收安排、审批意见、签字、公章、患者须知。"""
    arranged = (
        f"{timezone.localtime(item.arranged_for):%Y-%m-%d %H:%M}" if item.arranged_for else ""
    )
    return [
        make_fields(
            _("Impression, and why the patient is referred"),
            (
                (_("Impression, and why the patient is referred"), item.reason),
                (_("What you ask of the receiver"), item.question),
                (_("How the patient travels"), item.transport),
                (_("What the patient wishes"), item.wish),
            ),
        ),
        *build_list_sections(frame, ("problems",)),
        *build_danger_sections(banner)[:1],
        *build_list_sections(frame, ("medicines",)),
        make_fields(
            _("Arrangement: department, doctor, bed"),
            (
                (_("Arrangement: department, doctor, bed"), item.arrangement),
                (_("When the patient is to come"), arranged),
                (_("Opinion of the approving office"), ""),
                (_("Signature of the doctor"), ""),
                (_("Seal of the hospital"), ""),
            ),
        ),
        PrintedSection(
            str(_("For the patient")),
            notices=(
                str(
                    _(
                        "Bring this sheet, your identity card and your insurance card. If it gets"
                        " worse on the way, call 120."
                    )
                ),
            ),
        ),
    ]


def list_returned_sections(
    item: WorkItem, frame: RecordFrame, banner: Banner
) -> list[PrintedSection]:
    """回转单：诊断结果、主要检查结果、既往史、过敏史、治疗经过、下一步治疗方案及康复建议、签字、公章。"""
    plan = item.transitions.filter(verb="return").order_by("-version").first()
    return [
        make_fields(_("Outcome"), ((_("Outcome"), item.outcome),)),
        build_results_section(frame, str(_("Newest results"))),
        *build_list_sections(frame, ("problems",)),
        *build_danger_sections(banner)[:1],
        *build_list_sections(frame, ("medicines",)),
        make_fields(
            _("Plan: treatment at home, warning signs, whom to call"),
            (
                (
                    _("Plan: treatment at home, warning signs, whom to call"),
                    plan.note if plan else "",
                ),
                (_("Signature of the doctor"), ""),
                (_("Seal of the hospital"), ""),
            ),
        ),
    ]
