"""The patient's slip: one page in plain words and big type, for the way there and the way home.
Where, when, what to bring, whom to call, what is a warning; it says nothing of the record, so
whoever sees the referral may hand it out.
"""

import secrets

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models import HomeMedicine, HomePlan, HomeTask, Staff, WorkItem
from alliance.roles import Permission
from alliance.workflow.move_item import append_work_event
from consent.audit.event import EventCode
from records.models import SourcePatient
from records.mpi.index.patient_search import DisplayedPerson
from records.operations.printed_documents import keep_print
from records.printing.fixed_words import make_fixed_words
from records.printing.page_codes import KEY_BYTES, make_print_code
from records.printing.pdf_writer import write_pdf
from records.printing.printed_content import PrintedContent, PrintedSection
from records.web.home_plan_display import find_plan, list_medicines
from records.web.print_content import PART_TITLES, Printer
from records.web.print_pages import make_page_mark, public_address
from records.web.print_rows import with_source
from records.web.referral_list import build_rows
from records.web.referral_page import find_item
from records.web.referral_paper import BLANK
from records.work_faces.known_patients import is_access_open

SLIPS = ("out", "home")
SCALE = 1.8  # 15 points
MOST_LINES = 12  # medicines and tasks that a slip names; the sheet has all


@require_GET
@require_staff(Permission.REFERRAL_SEE)
def print_slip(request: HttpRequest, item_id: int, slip: str, *, acting: Principal) -> HttpResponse:
    """Raises Http404 where there is no such slip, or the referral is not the reader's any more."""
    item = find_item(item_id, acting)
    plan = find_plan(item)
    is_receiver = acting.hospital_id == item.receiver_id
    if slip not in SLIPS or (slip == "home" and plan is None):
        raise Http404
    if is_receiver and not is_access_open(item, timezone.now()):
        raise Http404
    code, key = make_print_code(), secrets.token_bytes(KEY_BYTES)
    part = f"slip-{slip}"
    append_work_event(item, EventCode.WORK_READ, acting, f"{part} · {code}")
    face = build_rows([item], acting)[0].face
    staff = Staff.objects.select_related("hospital").get(pk=acting.id)
    printer = Printer(staff, staff.hospital, timezone.now())
    verify = public_address(request, reverse("print-verify"))
    sections = list_out_sections(item) if slip == "out" else list_home_sections(item, plan)
    pdf = write_pdf(
        build_slip(part, item, face, sections, printer, verify),
        lambda page: make_page_mark(verify, key, code, page),
    )
    keep_print(
        SourcePatient.objects.values_list("person_id", flat=True).get(pk=item.source_patient),
        code=code,
        key=key,
        patient=mask_face(face),
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


def mask_face(face: DisplayedPerson | None) -> str:
    """As far as whoever holds the paper is told."""
    return f"{face.name[:1]}*" if face and face.name else "*"


def build_slip(
    part: str,
    item: WorkItem,
    face: DisplayedPerson | None,
    sections: list[PrintedSection],
    printer: Printer,
    verify: str,
) -> PrintedContent:
    title = str(PART_TITLES[part])
    by = _("Printed by %(who)s, %(hospital)s, %(time)s") % {
        "who": printer.staff.name,
        "hospital": printer.hospital.name,
        "time": printer.time,
    }
    return PrintedContent(
        title=title,
        name=f"{title}{_(': ')}{face.name if face and face.name else BLANK}",
        identity=f"{_('Referral number')} {item.number}",
        origin=printer.hospital.name,
        footer=(by, _("To check this page: %s") % verify),
        water=f"{printer.staff.name} {printer.hospital.name} {printer.time}",
        sections=tuple(sections),
        words=make_fixed_words(),
        scale=SCALE,
    )


def say(title: str, *texts: str) -> PrintedSection:
    return PrintedSection(str(title), notices=tuple(t.strip() or BLANK for t in texts))


def list_out_sections(item: WorkItem) -> list[PrintedSection]:
    """To the hospital."""
    when = timezone.localtime(item.arranged_for) if item.arranged_for else None
    return [
        say(
            _("Where do I go?"),
            item.receiver.name,
            " ".join(filter(None, (item.department, item.arrangement))),
        ),
        say(_("When?"), date_format(when, _("l, Y-m-d, H:i")) if when else ""),
        say(
            _("What do I bring?"),
            _(
                "This slip, the referral sheet, your identity card and your insurance card; all"
                " medicines that you take, in their boxes; reports and films that you have at home."
            ),
        ),
        say(_("Whom do I call?"), f"{item.sender.name} · {item.sender_staff.name}", BLANK),
        say(
            _("When does it not wait?"),
            _(
                "Chest pain, bad shortness of breath, fainting, paralysis, heavy bleeding, or if it"
                " quickly gets worse: call 120 at once."
            ),
        ),
    ]


def list_home_sections(item: WorkItem, plan: HomePlan | None) -> list[PrintedSection]:
    """Back home: what to take and to do, which signs are a warning."""
    assert plan is not None
    found = list_medicines(plan)
    stopped = [m.name for m in found if m.change == HomeMedicine.Change.STOPPED]
    taken = [m for m in found if m.change != HomeMedicine.Change.STOPPED]
    tasks = list(plan.tasks.filter(state=HomeTask.State.OPEN).order_by("due_on", "position"))
    return [
        say(_("When must I see a doctor at once?"), plan.warning_signs),
        say(_("Whom do I call?"), f"{plan.call_name}　{plan.call_phone}"),
        say(
            _("Where do I go now?"),
            _("%s looks after you. Go there with this slip and the sheet that you were given.")
            % plan.home.name,
        ),
        say(
            _("What do I take?"),
            *[f"{n}. {say_medicine(m)}" for n, m in enumerate(taken[:MOST_LINES], 1)],
            *([] if taken else [_("No medicines.")]),
            *say_left(len(taken)),
        ),
        *(
            [say(_("What do I take no more?"), _("; ").join(stopped[:MOST_LINES]))]
            if stopped
            else []
        ),
        say(
            _("What is to be done?"),
            *[
                f"{t.due_on:%Y-%m-%d}　{with_source(t.what, str(t.get_doer_display()))}"
                for t in tasks[:MOST_LINES]
            ],
            *([] if tasks else [""]),
            *say_left(len(tasks)),
        ),
    ]


def say_medicine(m: HomeMedicine) -> str:
    """What has changed says so."""
    said = f"{m.name} {m.dosage}".strip()
    changed = m.change in (HomeMedicine.Change.NEW, HomeMedicine.Change.CHANGED)
    return with_source(said, str(m.get_change_display())) if changed else said


def say_left(count: int) -> list[str]:
    left = count - MOST_LINES
    return (
        [_("And %s more: they stand on the sheet that you were given.") % left] if left > 0 else []
    )
