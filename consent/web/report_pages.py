"""The auditor's reports by rule: what is set up, how far each is, and their files."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.roles import Permission
from alliance.services.authority import hospitals_with_permission
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.models import AuditReport, AuditReportRun, SavedAuditFilter
from consent.reports.fetch_report import (
    MOST,
    TooManyReports,
    do_end_report,
    do_set_report,
    open_report,
)
from consent.reports.report_files import AlteredReport
from consent.reports.report_forms import ENDINGS, FORMS
from consent.web.audit_filter_form import AuditFilterForm
from consent.web.audit_filters import list_saved_filters

SHOWN = 100  # of the newest
KEPT_FIELDS = (
    "actor",
    "hospital",
    "kind",
    "outcome",
    "emergency",
    "purpose",
    "system",
    "address",
)
FORM_WORDS = {
    "package": gettext_lazy("evidence package (ZIP)"),
    "xlsx": gettext_lazy("XLSX with proofs (ZIP)"),
    "csv": gettext_lazy("CSV (ZIP)"),
    "pdf": "PDF",
    "zip": "ZIP",
}
FAULT_WORDS = {
    "right": gettext_lazy("You may not export this part of the log any more."),
    "sealer": gettext_lazy("The audit sealer does not answer. Tell the operator."),
    "damaged": gettext_lazy("NOT INTACT: what was sealed does not lead to the signed head."),
    "server": gettext_lazy("The server failed three times or could not go on. Tell the operator."),
}
HALF_YEAR = AuditReport.Rhythm.HALF_YEARLY


class ReportForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name of the report"), max_length=60)
    what = forms.ChoiceField(label=gettext_lazy("What is in it"))
    form = forms.ChoiceField(
        label=gettext_lazy("Form"),
        choices=[(f, FORM_WORDS[f]) for f in ("pdf", "package", "xlsx", "csv", "zip")],
    )
    rhythm = forms.ChoiceField(
        label=gettext_lazy("How often"),
        choices=AuditReport.Rhythm.choices,
        initial=AuditReport.Rhythm.MONTHLY,
    )
    mails = forms.BooleanField(
        label=gettext_lazy("tell me by mail, without what is in it"), required=False
    )

    def __init__(self, *args: Any, saved: list[SavedAuditFilter], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.saved = {str(s.pk): s for s in saved}
        self.fields["what"].choices = [  # type: ignore[attr-defined]
            ("overview", AuditReport.Content.OVERVIEW.label),
            ("bundle", AuditReport.Content.BUNDLE.label),
            *((f"filter-{s.pk}", _("My filter: %s") % s.name) for s in saved),
        ]

    @property
    def content(self) -> AuditReport.Content:
        what = self.cleaned_data.get("what", "")
        return (
            AuditReport.Content.LINES
            if what.startswith("filter-")
            else AuditReport.Content(what or "overview")
        )

    @property
    def chosen(self) -> SavedAuditFilter | None:
        return self.saved.get(self.cleaned_data.get("what", "").partition("filter-")[2])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("what") and data.get("form") not in FORMS[self.content]:
            told = ", ".join(str(FORM_WORDS[f]) for f in FORMS[self.content])
            self.add_error("form", _("This report comes as: %s.") % told)
        return data


def filter_of_query(query: str, hospitals: list[Any]) -> dict[str, Any]:
    """What a saved filter filters by, without days: those are the report's. Raises ValueError for
    what names somebody whom they do not audit.
    """
    form = AuditFilterForm(QueryDict(query), hospitals=hospitals)
    if not form.is_valid():
        raise ValueError(query)
    found = {name: form.cleaned_data.get(name) for name in KEPT_FIELDS}
    return {
        name: getattr(
            value,
            "client_id" if name == "system" else "code" if name == "hospital" else "pk",
            value,
        )
        if name in ("actor", "hospital", "system")
        else value
        for name, value in found.items()
        if value
    }


@require_GET
@require_staff(Permission.AUDIT_EXPORT)
def show_reports(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    return show_report_page(request, acting, ReportForm(saved=list_saved_filters(acting)))


def show_report_page(
    request: HttpRequest, acting: Principal, form: ReportForm, status: int = 200
) -> HttpResponse:
    """One's own alone."""
    own = AuditReport.objects.filter(staff_id=int(acting.id))
    runs = list(AuditReportRun.objects.filter(report__in=own).select_related("report")[:SHOWN])
    append_event(AuditEvent.from_principal(acting, EventCode.AUDIT_READ, target="reports"))
    return render(
        request,
        "consent/reports.html",
        {
            "form": form,
            "reports": [(r, FORM_WORDS[r.form]) for r in own.filter(ended_at=None).order_by("pk")],
            "runs": [
                (run, FORM_WORDS[run.report.form], FAULT_WORDS.get(run.fault)) for run in runs
            ],
        },
        status=status,
    )


@require_POST
@require_staff(Permission.AUDIT_EXPORT)
def set_report(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    hospitals = hospitals_with_permission(acting, "audit_hospital")
    form = ReportForm(request.POST, saved=list_saved_filters(acting))
    if not form.is_valid():
        return show_report_page(request, acting, form, 400)
    chosen = form.chosen
    try:
        wanted = filter_of_query(chosen.query, hospitals) if chosen else {}
        do_set_report(
            acting,
            name=form.cleaned_data["name"],
            content=form.content,
            filter=wanted,
            filter_name=chosen.name if chosen else "",
            form=form.cleaned_data["form"],
            rhythm=form.cleaned_data["rhythm"],
            language=get_language() or "zh-hans",
            mails=form.cleaned_data["mails"],
        )
    except ValueError:
        form.add_error(
            "what",
            _("This filter names somebody whom you do not audit any more. Save it anew."),
        )
        return show_report_page(request, acting, form, 400)
    except TooManyReports:
        form.add_error(None, _("You have %(most)s reports. End one first.") % {"most": MOST})
        return show_report_page(request, acting, form, 400)
    messages.success(
        request,
        _(
            "The report is set up. The first, of the last span that is over, is made within"
            " minutes."
        ),
    )
    return redirect("audit-reports")


@require_POST
@require_staff(Permission.AUDIT_EXPORT)
def end_report(request: HttpRequest, report_id: int, *, acting: Principal) -> HttpResponse:
    if not do_end_report(acting, report_id):
        raise Http404
    messages.success(request, _("No more are made. What is there stays until its time is over."))
    return redirect("audit-reports")


@require_GET
@require_staff(Permission.AUDIT_EXPORT)
def fetch_report(
    request: HttpRequest, run_id: int, *, acting: Principal
) -> HttpResponse | StreamingHttpResponse:
    """The file; its line is written before a byte leaves."""
    try:
        run, parts = open_report(acting, run_id)
    except AuditReportRun.DoesNotExist as error:
        raise Http404 from error
    except AlteredReport:
        messages.error(request, _("This file was altered in the database and is not given out."))
        return redirect("audit-reports")
    ending = ENDINGS.get(run.report.form, "zip")
    name = f"xinglin-report-{run.first}-{run.last}.{ending}"
    return StreamingHttpResponse(
        parts,
        content_type="application/pdf" if ending == "pdf" else "application/zip",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Length": str(run.size),
        },
    )
