"""The alliance's catalogue of recognisable items: to see, to change by a proposal, to take along as
a table and to read back; and who is qualified.
"""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from alliance.auth.errors import AlreadyDone
from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.roles import Permission
from alliance.services.authority import check_may_administer
from records.mapping.sheet_reader import BadTable
from records.models import RecognitionItem, RecognitionQualification
from records.recognition.catalogue_changes import (
    do_end_qualification,
    do_propose_catalogue,
    do_propose_qualification,
)
from records.recognition.catalogue_table import (
    MOST_BYTES,
    STARTING,
    list_catalogue_rows,
    read_catalogue,
    write_csv,
)
from records.web.mapping_words import TABLE_FAULTS
from records.web.recognition_forms import (
    SCOPE_WORDS,
    EndForm,
    ItemForm,
    QualificationForm,
    submit_to_verb,
)
from records.web.recognition_lines import QUALITY_WORDS

PAGE = 50
SHOWN_FAULTS = 20
CSV = "text/csv; charset=utf-8"


@require_GET
@require_staff(Permission.RECOGNITION_MANAGE)
def catalogue_page(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    page = Paginator(RecognitionItem.objects.all(), PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "records/recognition_catalogue.html",
        {
            "rows": page,
            "items": [(x, SCOPE_WORDS[x.scope]) for x in page],
            "wide": acting.alliance_wide,
        },
    )


@require_GET
@require_staff(Permission.RECOGNITION_MANAGE)
def catalogue_table(request: HttpRequest, which: str, *, acting: Principal) -> HttpResponse:
    """The catalogue as it stands, or the one to begin with."""
    content = STARTING.read_bytes() if which == "starting" else write_csv(list_catalogue_rows())
    name = f"recognition-{which}.csv"
    return HttpResponse(
        content,
        content_type=CSV,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_POST
@require_staff(Permission.RECOGNITION_MANAGE)
def upload_catalogue(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """A proposal of all rows that are other than what stands; of none where one has a fault."""
    check_may_administer(acting, Permission.RECOGNITION_MANAGE)
    sent: Any = request.FILES.get("table")
    if sent is None and request.POST.get("starting") != "yes":
        messages.error(request, _("Choose a file first."))
        return redirect("recognition")
    try:
        if sent is not None and sent.size > MOST_BYTES:
            raise BadTable("size")
        rows, faults = read_catalogue(sent.read() if sent is not None else STARTING.read_bytes())
    except BadTable as error:
        messages.error(request, str(TABLE_FAULTS[str(error)]))
        return redirect("recognition")
    for fault in faults[:SHOWN_FAULTS]:
        messages.error(
            request,
            _("Row %(row)s, column %(column)s: %(says)s")
            % {"row": fault.row, "column": fault.column, "says": fault.says},
        )
    if len(faults) > SHOWN_FAULTS:
        more = len(faults) - SHOWN_FAULTS
        messages.error(request, ngettext("%(n)s more row.", "%(n)s more rows.", more) % {"n": more})
    if faults:
        return redirect("recognition")
    try:
        do_propose_catalogue(rows, reason=request.POST.get("reason", "")[:200], acting=acting)
    except AlreadyDone as error:
        messages.info(request, _(str(error)))
        return redirect("recognition")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("recognition")
    messages.success(request, _("Proposed. It waits for another administrator of the alliance."))
    return redirect("proposals")


@require_staff(Permission.RECOGNITION_MANAGE)
def change_item(request: HttpRequest, item_code: str = "", *, acting: Principal) -> HttpResponse:
    """One item, or a new one; it counts once another administrator has agreed."""
    check_may_administer(acting, Permission.RECOGNITION_MANAGE)
    item = get_object_or_404(RecognitionItem, code=item_code) if item_code else None
    form = ItemForm(request.POST or None, instance=item)
    if request.method == "POST" and form.is_valid():
        values = form.read_values()
        if form.is_valid():
            submit_to_verb(form, do_propose_catalogue, [values], reason="", acting=acting)
        if form.is_valid():
            messages.success(
                request, _("Proposed. It waits for another administrator of the alliance.")
            )
            return redirect("proposals")
    return render(
        request,
        "alliance/change.html",
        {
            "form": form,
            "about": item.name_zh if item else _("New item"),
            "back": "recognition",
        },
    )


@require_staff(Permission.RECOGNITION_MANAGE)
def qualifications_page(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    form = QualificationForm(request.POST or None)
    if request.method == "POST":
        check_may_administer(acting, Permission.RECOGNITION_MANAGE)
        if form.is_valid():
            said = dict(form.cleaned_data)
            submit_to_verb(
                form,
                do_propose_qualification,
                said.pop("hospital"),
                said.pop("item"),
                **said,
                acting=acting,
            )
            if form.is_valid():
                messages.success(
                    request, _("Proposed. It waits for another administrator of the alliance.")
                )
                return redirect("proposals")
    rows = RecognitionQualification.objects.select_related("hospital", "item").order_by(
        "item__code", "hospital__code", "-starts"
    )
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "records/recognition_qualifications.html",
        {
            "rows": page,
            "held": [(q, QUALITY_WORDS[q.quality]) for q in page],
            "form": form,
            "wide": acting.alliance_wide,
        },
    )


@require_staff(Permission.RECOGNITION_MANAGE)
def end_qualification(
    request: HttpRequest, qualification_id: int, *, acting: Principal
) -> HttpResponse:
    """Asks first, with a reason."""
    check_may_administer(acting, Permission.RECOGNITION_MANAGE)
    held = get_object_or_404(
        RecognitionQualification.objects.select_related("hospital", "item"), pk=qualification_id
    )
    form = EndForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        submit_to_verb(form, do_end_qualification, held, **form.cleaned_data, acting=acting)
        if form.is_valid():
            messages.success(request, _("Saved."))
            return redirect("qualifications")
    return render(
        request,
        "alliance/confirm.html",
        {
            "form": form,
            "title": _("End a qualification"),
            "about": f"{held.hospital} · {held.item.code} {held.item.name_zh}",
            "button": _("End it"),
            "back": "qualifications",
            "effects": [
                _("Results from after its last day are not recognised any more."),
                _("Those from before stay recognised for the rest of their days."),
            ],
        },
    )
