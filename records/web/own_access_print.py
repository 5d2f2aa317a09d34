"""Who looked at the patient's records, over days that they choose, as a PDF in their language and
in plain words; what is not in it, it says.
"""

import datetime as dt
import hashlib
from typing import Any

from django import forms
from django.contrib import messages
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from alliance.models import Hospital
from alliance.platform.dates import to_hospital_time
from alliance.resource_names import SEX_NAMES
from alliance.services.office import hospitals_of_officer, list_privacy_officers
from consent.audit.append import append_event
from consent.audit.day_span import DaySpan, span_until
from consent.audit.event import AuditEvent, EventCode
from consent.audit.line_names import (
    LineNames,
    event_words,
    load_line_names,
    outcome_words,
    purpose_words,
)
from consent.audit.line_words import ACTOR_KINDS
from consent.audit.own_accesses import OwnAccess, OwnAccesses, list_own_accesses
from consent.audit.tree_head import TreeHead, load_newest_head
from consent.models import PatientAccess
from consent.reason_words import describe_refusal
from records.mpi.index import patient_search
from records.printing.fixed_words import make_fixed_words
from records.printing.pdf_writer import write_pdf
from records.printing.printed_content import (
    Column,
    PageMark,
    PrintedContent,
    PrintedSection,
    TableRow,
)
from records.web.portal_sign_in import portal_session_required
from records.web.print_pages import public_address

YEAR = 366


def day_field(label: Any) -> forms.DateField:
    """Of days that a log may have."""
    return forms.DateField(
        label=label,
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        validators=[MinValueValidator(dt.date(2000, 1, 1)), MaxValueValidator(dt.date(2999, 1, 1))],
    )


class OwnSpanForm(forms.Form):
    """The last year where nothing is said, and a year at most."""

    start = day_field(gettext_lazy("From"))
    end = day_field(gettext_lazy("To"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        start, end = data.get("start"), data.get("end") or timezone.localdate()
        if start and end < start:
            raise forms.ValidationError(
                _(
                    "The last day is before the first one. Choose a range of days that has at least"
                    " one day."
                )
            )
        if start and (end - start).days >= YEAR:
            raise forms.ValidationError(
                _("Choose at most %(most)s days: what is longer ago is counted in a second look.")
                % {"most": YEAR}
            )
        return data

    def span(self) -> DaySpan:
        """The days that were asked for. Only of a valid form."""
        end = self.cleaned_data.get("end") or timezone.localdate()
        start = self.cleaned_data.get("start")
        return DaySpan(start, end) if start else span_until(end, YEAR)


def make_span_form() -> OwnSpanForm:
    """With the last year in its fields."""
    last = span_until(timezone.localdate(), YEAR)
    return OwnSpanForm(initial={"start": last.first, "end": last.last})


@require_GET
@portal_session_required
def own_access_print(
    request: HttpRequest, *, acting: Principal, access: PatientAccess
) -> HttpResponse:
    """The file. Its line in the log holds the digest, by which the file is known again."""
    form = OwnSpanForm({k: request.GET.get(k, "") for k in ("start", "end")})
    if not form.is_valid():
        for said in [
            *form.non_field_errors(),
            *form.errors.get("start", []),
            *form.errors.get("end", []),
        ]:
            messages.error(request, said)
        return redirect("my")
    span, head = form.span(), load_newest_head()
    found = list_own_accesses(access.person, span)
    content = build_own_content(access, acting, span, found, head)
    mark = make_head_mark(head, public_address(request, ""))
    pdf = write_pdf(content, lambda page: mark)
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.AUDIT_EXPORT,
            person=access.person,
            target="my",
            detail=" · ".join(
                [
                    "pdf",
                    f"{len(found.entries)} rows",
                    f"start={span.first}",
                    f"end={span.last}",
                    f"sha256={hashlib.sha256(pdf.data).hexdigest()}",
                ]
            ),
        )
    )
    name = f"who-looked-{span.first}-{span.last}.pdf"
    return HttpResponse(
        pdf.data,
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def make_head_mark(head: TreeHead | None, origin: str) -> PageMark:
    """Which signed head of the log the pages were made under."""
    if head is None:
        return PageMark("—", origin)
    return PageMark(
        f"{head.size} · {head.root.hex()[:32]}…", f"{origin}\n{head.size}\n{head.root.hex()}"
    )


def build_own_content(
    access: PatientAccess,
    acting: Principal,
    span: DaySpan,
    found: OwnAccesses,
    head: TreeHead | None,
) -> PrintedContent:
    face = patient_search.displayed_person(access.person, acting.hospital_id)
    title = str(_("Who looked at my records"))
    made = format_moment(timezone.now())
    period = _("%(first)s to %(last)s, both days included") % {
        "first": span.first,
        "last": span.last,
    }
    identity = (str(SEX_NAMES.get(face.gender, "")), face.birth_date) if face else ()
    return PrintedContent(
        title=title,
        name=face.name if face and face.name else "—",
        identity=" · ".join(filter(None, identity)),
        origin=f"{title} · {period}",
        footer=(
            _("Made for the patient on %s, from the audit log of the alliance") % made,
            str(_("The code beside names the signed state of the log when this was made.")),
        ),
        water=f"{face.name if face else ''} {made}",
        sections=(
            build_scope(period, found, made, head),
            build_table(found),
            build_contacts(found),
        ),
        words=make_fixed_words(),
    )


def build_scope(
    period: str, found: OwnAccesses, made: str, head: TreeHead | None
) -> PrintedSection:
    """What is in it and what not."""
    listed = sum(x.times for x in found.entries)
    said = [
        _("Days: %s.") % period,
        ngettext(
            "The log has %(n)s line of others about you in these days.",
            "The log has %(n)s lines of others about you in these days.",
            found.lines,
        )
        % {"n": found.lines}
        + " "
        + _("What one person did alike on one day stands as one row, with how often."),
    ]
    said.append(
        str(_("The list is complete: all of them are in it."))
        if listed == found.lines
        else _(
            "The list is NOT complete: it holds the newest %(n)s of %(all)s rows. Choose fewer days"
            " to see the others."
        )
        % {"n": len(found.entries), "all": found.found}
    )
    said.append(
        ngettext(
            "Not listed: %(n)s line of what was done with your own code.",
            "Not listed: %(n)s lines of what was done with your own code.",
            found.own,
        )
        % {"n": found.own}
    )
    said.append(
        str(
            _(
                "Not listed either, as the platform does not know of it: what a hospital's staff"
                " did in that hospital's own computers, and what was told or shown on paper."
            )
        )
    )
    if head is None:
        said.append(str(_("No state of the log is signed yet.")))
    return PrintedSection(str(_("What this list holds")), notices=tuple(map(str, said)))


def build_table(found: OwnAccesses) -> PrintedSection:
    names = load_line_names([x.as_line() for x in found.entries])
    return PrintedSection(
        str(_("Who did what about you, the newest first")),
        (
            Column(str(_("Time")), 1.5),
            Column(str(_("Who")), 2.4),
            Column(str(_("What")), 3),
            Column(str(_("Why and how it ended")), 2.6),
            Column(str(_("No.")), 1),
        ),
        tuple(access_row(x, names) for x in found.entries),
        str(_("Nobody in these days.")),
        notes=(
            str(
                _(
                    "No.: the number of the newest line of the row. Name it when you ask about a"
                    " row: an auditor finds the line by it."
                )
            ),
        )
        if found.entries
        else (),
    )


def access_row(x: OwnAccess, names: LineNames) -> TableRow:
    is_emergency = x.purpose == "BTG" or x.code == EventCode.EMERGENCY_OPEN.value
    times = ngettext("%(n)s time on this day", "%(n)s times on this day", x.times) % {"n": x.times}
    hospital = names.hospital_name(x.actor_hospital)
    what = [event_words(x.code), times if x.times > 1 else ""]
    why = [
        str(_("EMERGENCY ACCESS")) if is_emergency else purpose_words(x.purpose),
        outcome_words(x.outcome),
        *map(describe_refusal, x.reasons),
    ]
    cells = (
        [format_moment(x.last)],
        [who_words(x, names), names.role_words(x.as_line()) if x.role else "", hospital],
        what,
        why,
        [str(x.number)],
    )
    return TableRow(
        tuple("\n".join(filter(None, dict.fromkeys(cell))) for cell in cells), strong=is_emergency
    )


def who_words(x: OwnAccess, names: LineNames) -> str:
    """A member of staff or a system by name; else what they are."""
    staff = names.staff_of(x.as_line())
    system = names.systems.get(x.actor) if x.actor_kind == "client" else None
    return (
        (staff and staff.name)
        or (system and system.name)
        or str(ACTOR_KINDS.get(x.actor_kind, x.actor_kind))
    )


def build_contacts(found: OwnAccesses) -> PrintedSection:
    """The privacy officers of the hospitals in the list, who answer for a row (PIPL 52)."""
    officers = list_privacy_officers()
    wide = ", ".join(s.name for s in officers if s.alliance_wide)
    rows = [
        TableRow(
            (
                h.name,
                ", ".join(s.name for s in officers if h.pk in hospitals_of_officer(s))
                or wide
                or str(_("nobody is appointed: ask at the information desk")),
            )
        )
        for h in Hospital.objects.filter(code__in={x.actor_hospital for x in found.entries})
    ]
    return PrintedSection(
        str(_("Whom to ask")),
        (Column(str(_("Hospital")), 2), Column(str(_("Privacy officers")), 4)) if rows else (),
        tuple(rows),
        notices=(
            str(
                _(
                    "Whoever you do not know, or whose reason you do not understand: ask the"
                    " privacy officer of that hospital, and name the number of the row. They must"
                    " look into it and answer you."
                )
            ),
        ),
    )


def format_moment(at: dt.datetime) -> str:
    return to_hospital_time(at).strftime("%Y-%m-%d %H:%M")
