"""The signed opinion of a consultation on paper (会诊记录, WS 445 C0045), with head, foot,
watermark and page codes of every print; and by which key and digest the signed file is found again.
"""

import json
import secrets
from dataclasses import replace

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.consultations.consultation_effects import list_team
from alliance.models import SignedOpinion, Staff, WorkItem
from alliance.roles import Permission
from consent.audit.event import EventCode
from consent.terms import Refused
from records.consultations.reading_view import read_document
from records.models import SourcePatient
from records.mpi.index import patient_search
from records.operations.printed_documents import keep_print
from records.printing.page_codes import KEY_BYTES, make_print_code
from records.printing.pdf_writer import write_pdf
from records.printing.printed_content import PrintedContent
from records.web.banner import Banner
from records.web.closed_record import show_closed_record
from records.web.consultation_page import find_consultation, shows_opinion
from records.web.print_content import (
    PART_TITLES,
    PRINT_WINDOWS,
    Printer,
    build_print_content,
    masked_patient,
)
from records.web.print_pages import make_page_mark, public_address
from records.web.record_frame import RecordFrame, open_record_frame
from records.web.referral_print import make_fields

PART = "consultation"


@require_GET
@require_staff(Permission.REFERRAL_CARE)
def print_opinion(request: HttpRequest, consultation_id: int, *, acting: Principal) -> HttpResponse:
    """Raises Http404 where there is no signed opinion that the reader may have."""
    item = find_consultation(consultation_id, acting)
    opinion = SignedOpinion.objects.select_related("staff").filter(item=item).first()
    if opinion is None or not shows_opinion(item, list_team(item), acting):
        raise Http404
    person = SourcePatient.objects.values_list("person_id", flat=True).get(pk=item.source_patient)
    code, key = make_print_code(), secrets.token_bytes(KEY_BYTES)
    try:
        frame = open_record_frame(
            person,
            acting,
            f"print · {PART} · {code}",
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
        build_opinion_content(item, opinion, frame, banner, printer, verify),
        lambda page: make_page_mark(verify, key, code, page),
    )
    keep_print(
        person,
        code=code,
        key=key,
        patient=masked_patient(frame.opened.golden, banner),
        part=PART,
        pages=pdf.pages,
        data=pdf.data,
        at=printer.at,
        acting=acting,
    )
    return HttpResponse(
        pdf.data,
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{PART}-{code}.pdf"'},
    )


def build_opinion_content(
    item: WorkItem,
    opinion: SignedOpinion,
    frame: RecordFrame,
    banner: Banner,
    printer: Printer,
    verify: str,
) -> PrintedContent:
    title = str(PART_TITLES[PART])
    sections = [
        make_fields(s.title, ((line.label, line.text) for line in s.lines))
        for s in read_document(json.loads(bytes(opinion.document)))
    ]
    team = _(", ").join(e.staff.name for e in list_team(item))
    signed = make_fields(
        _("Signature"),
        (
            (_("Signed by"), opinion.staff.name),
            (_("Experts"), team),
            (_("Signed at"), f"{timezone.localtime(opinion.at):%Y-%m-%d %H:%M}"),
            (_("Key of the hospital"), opinion.key),
            (_("SHA-256 of the signed file"), opinion.digest),
            (_("What the asking doctor has decided"), item.outcome),
            (_("Seal of the hospital"), ""),
        ),
    )
    content = build_print_content(frame, "summary", banner, printer, verify)
    return replace(
        content,
        title=title,
        origin=f"{title} · {item.number} · {printer.hospital.name}",
        sections=(*sections, signed),
    )
