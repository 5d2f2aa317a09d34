"""A record to take along: what there is, as PDF with codes that verify, and as the International
Patient Summary.
"""

import secrets
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from alliance.auth.principal import Principal
from alliance.models import Staff
from consent.audit.event import EventCode
from records.fhir.issues import NotFound
from records.operations.patient_summary import read_patient_summary
from records.operations.printed_documents import keep_print
from records.printing.page_codes import KEY_BYTES, make_page_code, make_print_code
from records.printing.pdf_writer import write_pdf
from records.printing.printed_content import PageMark
from records.requests.fhir_request import build_fhir_request
from records.web.banner import Banner
from records.web.print_content import (
    PRINT_WINDOWS,
    Printer,
    build_print_content,
    masked_patient,
)
from records.web.record_frame import open_record_frame, record_view


@record_view
def take_along_page(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    """What can be printed or taken along."""
    frame = open_record_frame(person_id, acting, "print", {})
    return render(request, "records/take_along.html", frame.context)


@record_view
def print_record(
    request: HttpRequest, person_id: UUID, part: str, *, acting: Principal
) -> HttpResponse:
    """A part of the record as PDF. The audit line names the print by its code."""
    if part not in PRINT_WINDOWS:
        raise Http404
    code, key = make_print_code(), secrets.token_bytes(KEY_BYTES)
    frame = open_record_frame(
        person_id,
        acting,
        f"print · {part} · {code}",
        PRINT_WINDOWS[part],
        code=EventCode.RECORD_PRINT,
    )
    banner: Banner | None = frame.context["banner"]
    if banner is None:
        absent = Http404()
        absent.written = True  # type: ignore[attr-defined]
        raise absent
    staff = Staff.objects.select_related("hospital").get(pk=acting.id)
    printer = Printer(staff, staff.hospital, timezone.now())
    verify = public_address(request, reverse("print-verify"))
    pdf = write_pdf(
        build_print_content(frame, part, banner, printer, verify),
        lambda page: make_page_mark(verify, key, code, page),
    )
    keep_print(
        person_id,
        code=code,
        key=key,
        patient=masked_patient(frame.opened.golden, banner),
        part=part,
        pages=pdf.pages,
        data=pdf.data,
        at=printer.at,
        acting=acting,
    )
    return HttpResponse(
        pdf.data,
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{part}-{code}.pdf"'},
    )


def make_page_mark(verify: str, key: bytes, code: str, page: int) -> PageMark:
    page_code = str(make_page_code(key, code, page))
    return PageMark(page_code, f"{verify}?code={page_code}")


@record_view
def patient_summary_file(
    request: HttpRequest, person_id: UUID, *, acting: Principal
) -> HttpResponse:
    """The International Patient Summary, as a file."""
    root = public_address(request, "/fhir")
    try:
        reply = read_patient_summary(
            build_fhir_request(acting, "alliance", root),
            str(person_id),
            [],
            EventCode.RECORD_EXPORT,
        )
    except NotFound as error:
        absent = Http404()
        absent.written = True  # type: ignore[attr-defined]
        raise absent from error
    return HttpResponse(
        reply.body,
        content_type="application/fhir+json",
        headers={"Content-Disposition": 'attachment; filename="patient-summary.json"'},
    )


def public_address(request: HttpRequest, path: str) -> str:
    return f"{settings.PUBLIC_URL or request.build_absolute_uri('/').rstrip('/')}{path}"
