"""The auditor's pages: who looked at patient X, what did Dr Y look at, refusals and emergency access; export; is the log intact."""

import datetime as dt
import tempfile
import zipfile
from pathlib import Path
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.auth.session import page
from alliance.models import Hospital, Staff
from alliance.roles import Permission
from alliance.services.authority import hospitals_for
from consent.audit import query
from consent.audit.append import append
from consent.audit.event import Event, EventCode, Outcome
from consent.audit.export import counted, export, trace
from consent.audit.manifest import manifest_path
from consent.audit.verify import verify

PAGE = 100
SEALER_SECONDS = 20


class FilterForm(forms.Form):
    start = forms.DateField(label=gettext_lazy("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    end = forms.DateField(label=gettext_lazy("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    actor = forms.ModelChoiceField(label=gettext_lazy("Staff"), queryset=Staff.objects.none(), required=False, empty_label=gettext_lazy("all"))
    outcome = forms.ChoiceField(label=gettext_lazy("Outcome"), required=False, choices=[
        ("", gettext_lazy("all")), (Outcome.SUCCESS.value, gettext_lazy("success")), (Outcome.REFUSED.value, gettext_lazy("refused")),
        (Outcome.NOT_FOUND.value, gettext_lazy("not found")), (Outcome.FAILED.value, gettext_lazy("failed"))])
    emergency = forms.BooleanField(label=gettext_lazy("Emergency access only"), required=False)
    person = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, hospitals: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["actor"].queryset = Staff.objects.filter(hospital__in=hospitals).select_related("hospital")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("start") and data.get("end") and data["end"] < data["start"]:
            raise forms.ValidationError(_("The last day is before the first one. Choose a range of days that has at least one day."))
        return data


def chosen(form: FilterForm, acting: Principal, hospitals: list[Any], *, patients: bool) -> query.Filter:
    """patients: also what others did about patients of these hospitals."""
    if form.is_bound and not form.is_valid():
        raise Forbidden("filter", _("This filter is not understood, or names somebody whom you do not audit. Correct it."))
    data = form.cleaned_data if form.is_bound else {}

    def midnight(day: dt.date | None, plus: int = 0) -> dt.datetime | None:
        return timezone.make_aware(dt.datetime.combine(day + dt.timedelta(days=plus), dt.time())) if day else None

    actor: Staff | None = data.get("actor")
    person: UUID | None = data.get("person")
    return query.Filter(
        start=midnight(data.get("start")), end=midnight(data.get("end"), 1), person=person, actor_kind="staff" if actor else "",
        actor=str(actor.pk) if actor else "", outcome=data.get("outcome") or "", emergency=bool(data.get("emergency")),
        hospitals=None if acting.alliance_wide else tuple(h.code for h in hospitals), patients=patients)


def backwards(request: HttpRequest, form: FilterForm) -> bool:
    """Whether the range of days ends before it begins; the page says so."""
    for said in form.non_field_errors():
        messages.error(request, said)
    return bool(form.non_field_errors())


@require_GET
@page(Permission.AUDIT_READ)
def log(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """Reading the log is itself in the log."""
    hospitals = hospitals_for(acting, "audit_hospital")
    form = FilterForm(request.GET or None, hospitals=hospitals)
    if backwards(request, form):
        return render(request, "consent/log.html", {"form": form, "lines": [], "more": "", "person": form.cleaned_data.get("person"), "query": ""}, status=400)
    wanted = chosen(form, acting, hospitals, patients=True)
    before = request.GET.get("before", "")
    lines = query.page(wanted, int(before) if before.isascii() and before.isdecimal() and len(before) < 19 else None, PAGE)
    append(Event.of(acting, EventCode.AUDIT_READ, person=wanted.person, target="log"))
    staff = {str(s.pk): s for s in Staff.objects.filter(pk__in={int(x["actor"]) for x in lines if x["actor_kind"] == "staff" and x["actor"]}).select_related("hospital", "user")}
    names = {h.code: h.name for h in Hospital.objects.all()}
    for line in lines:
        line["hospital"] = names.get(line["actor_hospital"], line["actor_hospital"])
        line["who"] = staff.get(line["actor"]) if line["actor_kind"] == "staff" else None
        line["when"] = dt.datetime.fromisoformat(line["recorded"])
    later = request.GET.copy()
    later["before"] = str(lines[-1]["id"]) if len(lines) == PAGE else ""
    return render(request, "consent/log.html", {
        "form": form, "lines": lines, "more": later.urlencode() if len(lines) == PAGE else "", "person": wanted.person, "query": request.GET.urlencode()})


@require_POST
@page(Permission.AUDIT_EXPORT)
def download(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """A ZIP of the lines and their signed manifest; the export is written down before a byte leaves. Lines are proved whole or not at all: what others did about
    the hospital's patients, which its auditor may see in part, is not among them."""
    hospitals = hospitals_for(acting, "audit_hospital")
    form = FilterForm(request.POST, hospitals=hospitals)
    kind = request.POST.get("format", "csv")
    if kind not in ("csv", "ndjson", "xlsx"):
        raise Forbidden("format", _("Choose CSV, NDJSON or XLSX."))
    if backwards(request, form):
        return redirect("audit")
    wanted = chosen(form, acting, hospitals, patients=False)
    if not query.wait_until_sealed(SEALER_SECONDS):
        messages.error(request, _("The audit sealer does not answer: without its seal nothing is exported. Tell the operator."))
        return redirect("audit")
    rows, head = counted(wanted)
    append(Event.of(acting, EventCode.AUDIT_EXPORT, person=wanted.person, detail=trace(kind, wanted, rows)))
    name = f"xinglin-audit-{timezone.localtime():%Y%m%d-%H%M%S}"
    packed = tempfile.TemporaryFile()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.{kind}"
        export(wanted, kind, path, head=head)
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in (path, manifest_path(path)):
                archive.write(file, file.name)
    packed.seek(0)
    return FileResponse(packed, as_attachment=True, filename=f"{name}.zip")


@require_POST
@page(Permission.AUDIT_READ)
def check(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    report = verify()
    if report.intact:
        messages.success(request, _("Intact: %(sealed)s sealed lines, %(heads)s signed heads.") % {"sealed": report.sealed, "heads": report.heads})
    else:
        messages.error(request, _("NOT INTACT: %(first)s (%(n)s findings)") % {"first": report.faults[0], "n": len(report.faults)})
    append(Event.of(acting, EventCode.AUDIT_READ, target="verify", detail="intact" if report.intact else "not intact"))
    return redirect("audit")
