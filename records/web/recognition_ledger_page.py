"""The ledger of mutual recognition: numbers by hospital, department, item and month, and as a
table.
"""

import datetime as dt
from collections.abc import Collection

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models import Hospital
from alliance.roles import Permission
from alliance.services.authority import hospitals_with_permission
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from records.meaning.result_wording import is_reader_chinese
from records.models import RecognitionItem
from records.recognition.ledger import LedgerRow, read_ledger, sum_ledger
from records.recognition.ledger_table import list_ledger_rows
from records.recognition.repeat_reasons import REPEAT_REASONS
from records.web.mapping_versions import FORMS
from records.web.recognition_forms import DAY_INPUT

KEYS = {
    "hospital": gettext_lazy("Hospital"),
    "department": gettext_lazy("Department"),
    "item": gettext_lazy("Item"),
    "month": gettext_lazy("Month"),
}
MOST_DAYS = 1100
DAYS = 90


class SpanForm(forms.Form):
    starts = forms.DateField(label=gettext_lazy("From"), widget=DAY_INPUT)
    ends = forms.DateField(label=gettext_lazy("Until"), widget=DAY_INPUT)
    by = forms.ChoiceField(label=gettext_lazy("By"), choices=list(KEYS.items()), required=False)


def read_span(request: HttpRequest) -> tuple[SpanForm, dt.date, dt.date, str]:
    """The days asked for, at most three years; of what cannot be read, the last ninety."""
    today = timezone.localdate()
    starts, ends, by = today - dt.timedelta(days=DAYS), today, "hospital"
    form = SpanForm(
        request.GET if "starts" in request.GET else {"starts": starts, "ends": ends, "by": by}
    )
    if form.is_valid():
        said = form.cleaned_data
        starts, ends, by = said["starts"], said["ends"], said["by"] or by
        starts = max(starts, ends - dt.timedelta(days=MOST_DAYS))
    return form, starts, ends, by


def hospitals_of(acting: Principal) -> Collection[str] | None:
    """Whose numbers are shown; None: all."""
    if acting.alliance_wide:
        return None
    return [h.code for h in hospitals_with_permission(acting, "administer_hospital")]


@require_GET
@require_staff(Permission.RECOGNITION_MANAGE)
def ledger_page(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    form, starts, ends, by = read_span(request)
    rows = read_ledger(starts, ends, hospitals_of(acting))
    sums = sum_ledger(rows, "")
    append_event(
        AuditEvent.from_principal(
            acting, EventCode.RECOGNITION_READ, target="recognition/ledger", detail=f"by {by}"
        )
    )
    total = sums[0] if sums else None
    return render(
        request,
        "records/recognition_ledger.html",
        {
            "form": form,
            "by": KEYS[by],
            "rows": [(name_row(r, by), r) for r in sum_ledger(rows, by)],
            "total": total,
            "reasons": [
                (r.words, (total.repeated or {}).get(k, 0)) for k, r in REPEAT_REASONS.items()
            ]
            if total
            else [],
            "query": f"?starts={starts}&ends={ends}",
        },
    )


def name_row(row: LedgerRow, by: str) -> str:
    if by == "hospital":
        return str(Hospital.objects.filter(code=row.hospital).first() or row.hospital)
    if by == "item":
        item = RecognitionItem.objects.filter(code=row.item).first()
        if item is None:
            return row.item
        return f"{row.item} {item.name_zh if is_reader_chinese() else item.name_en}"
    if by == "department":
        return f"{row.hospital} · {row.department or '—'}"
    return row.month


@require_GET
@require_staff(Permission.RECOGNITION_MANAGE)
def ledger_table(request: HttpRequest, form: str, *, acting: Principal) -> HttpResponse:
    if form not in FORMS:
        raise Http404
    _span, starts, ends, _by = read_span(request)
    media, write = FORMS[form]
    append_event(
        AuditEvent.from_principal(
            acting, EventCode.RECOGNITION_READ, target="recognition/ledger", detail=form
        )
    )
    rows = read_ledger(starts, ends, hospitals_of(acting))
    return HttpResponse(
        write(list_ledger_rows(rows)),
        content_type=media,
        headers={
            "Content-Disposition": f'attachment; filename="recognition-{starts}-{ends}.{form}"'
        },
    )
