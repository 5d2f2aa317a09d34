"""One case file: what was gathered as far as the reader's own log shows it, what was said, what is
held, and who has seen it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.roles import Permission
from alliance.services.authority import hospitals_with_permission
from consent.audit.line_names import load_line_names
from consent.audit.log_query import AuditFilter, load_audit_lines
from consent.models import Case, CaseItem
from consent.services.case_gathering import ITEM_FINDERS, LINE, ItemFace
from consent.services.cases import (
    do_look_at_case,
    find_case,
    is_owner,
    list_guests,
    list_readers,
    query_possible_guests,
)
from consent.web.audit_act_rows import LineRow, build_line_row
from consent.web.case_forms import (
    ClosingForm,
    GuestForm,
    HoldForm,
    ManifestForm,
    NoteForm,
    ReasonForm,
)

PAGE = 50


@dataclass(frozen=True, slots=True)
class ItemRow:
    """row: a line of the log, face: another thing; neither where the reader may not see it."""

    item: CaseItem
    row: LineRow | None = None
    face: ItemFace | None = None


@require_GET
@require_staff(Permission.CASE_KEEP)
def show_case(request: HttpRequest, case_id: int, *, acting: Principal) -> HttpResponse:
    """Each look at it is written down, and listed on it."""
    case = find_case(case_id, acting)
    if case is None:
        raise Http404
    return render_case(request, case, acting, {})


def render_case(
    request: HttpRequest, case: Case, acting: Principal, forms: dict[str, Any], status: int = 200
) -> HttpResponse:
    """forms: those that were filled in and not understood."""
    items = Paginator(case.items.select_related("added_by"), PAGE).get_page(request.GET.get("page"))
    rows = build_item_rows(items, acting)
    do_look_at_case(case, persons=persons_of_rows(rows), acting=acting)
    owner = is_owner(case, acting)
    return render(
        request,
        "consent/case.html",
        {
            "case": case,
            "items": rows,
            "found": items,
            "has_lines": case.items.filter(kind=LINE).exists(),
            "entries": case.entries.select_related("by__hospital", "whom__hospital"),
            "holds": [
                (h, ReasonForm(auto_id=f"lift{h.pk}_%s"))
                for h in case.holds.select_related("set_by", "lift_asked_by", "lifted_by")
            ],
            "readers": list_readers(case),
            "guests": list_guests(case),
            "owner": owner,
            "own_closing": case.closing_by_id == int(acting.id),
            "me": int(acting.id),
            "note": NoteForm(auto_id="note_%s"),
            "again": NoteForm(auto_id="again_%s"),
            "closing": ClosingForm(auto_id="closing_%s"),
            "hold": HoldForm(auto_id="hold_%s", persons=list_persons(rows)),
            "manifest": ManifestForm(auto_id="package_%s"),
            "guest": GuestForm(auto_id="guest_%s", guests=query_possible_guests(case))
            if owner
            else None,
            **forms,
        },
        status=status,
    )


def build_item_rows(items: Iterable[CaseItem], acting: Principal) -> list[ItemRow]:
    audited = hospitals_with_permission(acting, "audit_hospital")
    wanted = AuditFilter(
        hospitals=None if acting.alliance_wide else tuple(h.code for h in audited), patients=True
    )
    items = list(items)
    lines = load_audit_lines(wanted, [i.line for i in items if i.line is not None])
    names = load_line_names(lines, wanted.hospitals)
    shown = {line["id"]: build_line_row(line, names) for line in lines}
    rows = []
    for item in items:
        if item.kind == LINE:
            rows.append(ItemRow(item, row=shown.get(item.line or 0)))
        else:
            finder = ITEM_FINDERS.get(item.kind)
            rows.append(ItemRow(item, face=finder(item.ref, acting) if finder else None))
    return rows


def list_persons(rows: list[ItemRow]) -> list[tuple[str, str]]:
    """(id, name) of those whom this page of the case names."""
    return list(dict(p for r in rows if r.row for p in r.row.persons).items())


def persons_of_rows(rows: list[ItemRow]) -> set[UUID]:
    found = {UUID(p) for r in rows if r.row for p, _name in r.row.persons}
    return found | {r.face.person for r in rows if r.face and r.face.person}
