"""The printed notice to a patient whose record was opened in an emergency (PIPL 18): who, when, on
which ground, how often it was looked at, and whom to ask. Nothing of the record.
"""

import secrets

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal, act_for_hospital
from alliance.auth.session import require_staff
from alliance.models import Staff
from alliance.platform.dates import to_hospital_time
from alliance.roles import Permission
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.models import Emergency
from consent.services.emergencies import hospital_of_emergency
from consent.services.seen_emergencies import find_seen_emergency
from records.operations.printed_documents import keep_print
from records.printing.fixed_words import make_fixed_words
from records.printing.page_codes import KEY_BYTES, make_print_code
from records.printing.pdf_writer import write_pdf
from records.printing.printed_content import Column, PrintedContent, PrintedSection, TableRow
from records.web.emergency_reads import count_emergency_reads
from records.web.print_content import EMERGENCY_NOTICE
from records.web.print_pages import make_page_mark, public_address
from records.web.served_hospitals import show_person


@require_GET
@require_staff(Permission.EMERGENCY_REVIEW)
def print_emergency_notice(
    request: HttpRequest, emergency_id: int, *, acting: Principal
) -> HttpResponse:
    """The audit line names the print by its code, which the page for printed codes verifies."""
    emergency = find_seen_emergency(emergency_id, acting) if emergency_id < 2**63 else None
    if emergency is None:
        raise Http404
    officer = act_for_hospital(acting, hospital_of_emergency(emergency))
    code, key = make_print_code(), secrets.token_bytes(KEY_BYTES)
    append_event(
        AuditEvent.from_principal(
            officer,
            EventCode.EMERGENCY_LETTER,
            person=emergency.person,
            target=f"emergency/{emergency.pk}",
            detail=f"print · {code}",
        )
    )
    face = show_person(emergency.person, acting)
    name = face.name if face else ""
    birth = face.birth_date if face else ""
    verify = public_address(request, reverse("print-verify"))
    at = timezone.now()
    pdf = write_pdf(
        build_notice(emergency, name, birth, Staff.objects.get(pk=acting.id), verify),
        lambda page: make_page_mark(verify, key, code, page),
    )
    keep_print(
        emergency.person,
        code=code,
        key=key,
        patient=mask_patient(name, birth),
        part=EMERGENCY_NOTICE,
        pages=pdf.pages,
        data=pdf.data,
        at=at,
        acting=officer,
    )
    return HttpResponse(
        pdf.data,
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="notice-{code}.pdf"'},
    )


def mask_patient(name: str, birth: str) -> str:
    """As far as whoever holds the paper is told."""
    return " · ".join(filter(None, (f"{name[:1]}*" if name else "*", birth[:4])))


def build_notice(
    e: Emergency, name: str, birth: str, officer: Staff, verify: str
) -> PrintedContent:
    hospital = e.hospital or e.staff.hospital
    begun = f"{to_hospital_time(e.opened_at):%Y-%m-%d %H:%M}"
    ended = f"{to_hospital_time(e.closed_at or e.until):%Y-%m-%d %H:%M}"
    department = str(e.staff.department) if e.staff.department else ""
    rows = [
        (_("When"), f"{begun} – {ended}"),
        (_("Who"), " · ".join(filter(None, (e.staff.name, department, hospital.name)))),
        (_("On which ground"), str(e.get_ground_display())),
        (_("How often it was looked at"), str(count_emergency_reads(e))),
        (
            _("What the hospital found"),
            str(e.get_finding_display()) if e.reviewed_at else _("The review is not finished yet."),
        ),
    ]
    title = str(_("Notice of an emergency access to your record"))
    return PrintedContent(
        title=title,
        name=name or "—",
        identity=birth,
        origin=f"{hospital.name} · {officer.name}",
        footer=(verify,),
        water="",
        sections=(
            PrintedSection(
                title,
                (Column("", 1.2), Column("", 3.8)),
                tuple(TableRow((label, text)) for label, text in rows),
                notices=(
                    _(
                        "Your shared medical record was opened without your consent, because life"
                        " or health was in danger and you could not be asked. The law allows this,"
                        " and obliges us to tell you afterwards (Personal Information Protection"
                        " Law, articles 13 and 18)."
                    ),
                ),
                notes=(
                    _(
                        "You see every look at your record on your own page of the platform; a"
                        " record clerk gives you the code for it. If you have questions, or do not"
                        " agree, turn to the privacy officer of the hospital: it has to answer you."
                    ),
                ),
            ),
        ),
        words=make_fixed_words(),
    )
