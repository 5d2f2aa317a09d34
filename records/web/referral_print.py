"""A referral on paper: 双向转诊（转出）单 and （回转）单, in the order of fields of the national
forms, with a stub; what is empty is a line to write on. What of the record stands in it is what the
printer may see.
"""

import secrets
from dataclasses import replace

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models import HomeMedicine, HomePlan, Staff, WorkItem
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
from records.web.home_plan_display import find_plan, list_medicines
from records.web.print_content import (
    PART_TITLES,
    PRINT_WINDOWS,
    Printer,
    build_print_content,
    masked_patient,
)
from records.web.print_pages import make_page_mark, public_address
from records.web.record_frame import RecordFrame, open_record_frame
from records.web.referral_page import find_item
from records.web.referral_paper import (
    BLANK,
    list_signatures,
    make_cut_line,
    make_fields,
    make_stub,
    said_only,
    say_allergies,
    say_medicines,
    say_problems,
    say_results,
)
from records.work_faces.known_patients import is_access_open

SHEETS = ("refer-out", "refer-back")


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
        sections=(make_stub(item, title, banner), make_cut_line(), *sections),
    )


def list_sent_sections(item: WorkItem, frame: RecordFrame, banner: Banner) -> list[PrintedSection]:
    """转出单：初步印象、主要现病史（转出原因）、主要既往史、过敏史、治疗经过、接收安排、审批意见、签字、公章、患者须知。"""
    arranged = (
        f"{timezone.localtime(item.arranged_for):%Y-%m-%d %H:%M}" if item.arranged_for else ""
    )
    return [
        make_fields(
            str(PART_TITLES["refer-out"]),
            (
                (_("Impression, and why the patient is referred"), item.reason),
                (_("Main past history"), say_problems(frame)),
                (_("History of allergies"), say_allergies(banner)),
                (_("Treatment so far, medicines"), say_medicines(frame)),
                *said_only(
                    (_("What you ask of the receiver"), item.question),
                    (_("How the patient travels"), item.transport),
                    (_("What the patient wishes"), item.wish),
                ),
                (
                    _("Arrangement: department, doctor, bed"),
                    "\n".join(filter(None, (item.arrangement, arranged))),
                ),
                (_("Opinion of the approving office"), say_approval(item)),
                *list_signatures(),
                (
                    _("For the patient"),
                    _(
                        "Bring this sheet, your identity card and your insurance card. If it gets"
                        " worse on the way, call 120."
                    ),
                ),
            ),
        )
    ]


def say_approval(item: WorkItem) -> str:
    """By whom and when, "" where nobody has approved it."""
    approval = item.transitions.filter(verb="approve").select_related("staff").first()
    if approval is None or approval.staff is None:
        return ""
    when = f"{timezone.localtime(approval.at):%Y-%m-%d %H:%M}"
    return _("approved: %(name)s, %(when)s") % {"name": approval.staff.name, "when": when}


def list_returned_sections(
    item: WorkItem, frame: RecordFrame, banner: Banner
) -> list[PrintedSection]:
    """回转单：诊断结果、住院病案号、主要检查结果、既往史、过敏史、治疗经过、下一步治疗方案及康复建议、签字、公章。"""
    plan = find_plan(item)
    told = item.transitions.filter(verb="return").order_by("-version").first()
    advice = plan.advice if plan else told.note if told else ""
    medicines, tasks = (list_plan_medicines(plan), list_plan_tasks(plan)) if plan else ([], [])
    return [
        make_fields(
            str(PART_TITLES["refer-back"]),
            (
                (_("Diagnosis"), plan.diagnosis if plan else item.outcome),
                (_("Number of the inpatient record"), plan.record_number if plan else ""),
                (
                    _("Main results of examinations"),
                    (plan.findings if plan else "") or say_results(frame),
                ),
                (_("Main past history"), say_problems(frame)),
                (_("History of allergies"), say_allergies(banner)),
                (
                    _("Course, further treatment and advice for rehabilitation"),
                    "\n".join(filter(None, (plan.course if plan else item.outcome, advice))),
                ),
            ),
        ),
        *medicines,
        *tasks,
        make_fields(
            _("Warning signs, whom to call, signatures"),
            (
                (_("Warning signs, and what to do then"), plan.warning_signs if plan else ""),
                (_("Whom to call"), f"{plan.call_name} {plan.call_phone}" if plan else ""),
                *list_signatures(),
            ),
        ),
    ]


def list_plan_medicines(plan: HomePlan) -> list[PrintedSection]:
    return [
        PrintedSection(
            str(_("Medicines at home")),
            (
                Column(str(_("What became of it")), 1),
                Column(str(_("Medicine")), 2),
                Column(str(_("How it is taken")), 2.4),
                Column(str(_("Before")), 1.8),
                Column(str(_("Why so")), 2),
            ),
            tuple(
                TableRow(
                    (
                        str(m.get_change_display()),
                        m.name,
                        m.dosage if m.change != HomeMedicine.Change.STOPPED else "—",
                        m.before if m.change != HomeMedicine.Change.NEW else "",
                        m.why,
                    ),
                    strong=m.change in (HomeMedicine.Change.STOPPED, HomeMedicine.Change.CHANGED),
                )
                for m in list_medicines(plan)
            ),
            str(_("The patient takes no medicines")),
        )
    ]


def list_plan_tasks(plan: HomePlan) -> list[PrintedSection]:
    return [
        PrintedSection(
            str(_("Tasks at home")),
            (
                Column(str(_("By which day")), 1),
                Column(str(_("What is to be done")), 4),
                Column(str(_("Who does it")), 1),
            ),
            tuple(
                TableRow((f"{t.due_on:%Y-%m-%d}", t.what, str(t.get_doer_display())))
                for t in plan.tasks.order_by("due_on", "position")
            ),
            BLANK,
        )
    ]
