"""The consultations of a hospital: whose turn is ours, for which the reader was named, received,
sent, closed.
"""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models import ConsultationExpert, WorkItem
from alliance.roles import Permission
from records.web.page_pulse import list_pulse
from records.web.referral_list import (
    PAGE,
    audit_list,
    build_rows,
    cut_page,
    list_closed,
    list_open,
    write_cursor,
)

KINDS = WorkItem.CONSULTATIONS
SHOWS = ("turn", "mine", "received", "sent", "closed")


def query_named(acting: Principal) -> QuerySet[WorkItem]:
    """Open ones whose team, the newest, the acting one is of. index: work_received, expert_once"""
    teams = ConsultationExpert.objects.filter(item=OuterRef("pk"))
    newest = ConsultationExpert.objects.filter(item=OuterRef("item")).order_by("-team")
    return WorkItem.objects.filter(
        Exists(teams.filter(staff_id=int(acting.id), team=newest.values("team")[:1])),
        receiver_id=acting.hospital_id,
        kind__in=KINDS,
        closed_at=None,
    )


@require_GET
@require_staff(Permission.REFERRAL_SEE)
def consultations_page(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    pulse = list_pulse(
        acting.hospital_id, request.get_full_path(), reloads=not request.GET.get("after")
    )
    shows = (
        SHOWS if acting.may(Permission.REFERRAL_CARE) else tuple(s for s in SHOWS if s != "mine")
    )
    show = request.GET.get("show", "turn")
    show = show if show in shows else "turn"
    after = request.GET.get("after", "")
    if show == "closed":
        found = list_closed(acting, after, KINDS)
    elif show == "mine":
        found = cut_page(query_named(acting), after)
    else:
        found = list_open(acting, show, after, KINDS)
    items = found[:PAGE]
    audit_list(items, show, acting, "consultations")
    context: dict[str, Any] = {
        "pulse": pulse,
        "show": show,
        "shows": shows,
        "rows": build_rows(items, acting),
        "next": write_cursor(items[-1]) if len(found) > PAGE else "",
        "begun": bool(after),
    }
    return render(request, "records/consultations.html", context)
