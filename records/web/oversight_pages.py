"""Serve the privacy officer's page of provisional and waiting confirmations, and confirm all
registrations of a new member hospital at once (docs/adr/0030).
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from alliance.auth.principal import Principal, hospitals_served
from alliance.auth.session import require_staff
from alliance.models import Hospital
from alliance.roles import Permission
from consent.audit.event import EventCode
from consent.models import Confirmation
from consent.services import confirmations as services
from consent.services.confirmation_voices import gaining_hospital_id
from records.web import pending_confirmations
from records.web.confirmation_forms import IntakeForm
from records.web.served_hospitals import append_list_events, show_person


@require_GET
@require_staff(Permission.EMERGENCY_REVIEW)
def oversight_page(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """For the privacy officer: all that stands provisionally, was declared, was written by a
    system alone, or waits; counted and paged, nothing cut off.
    """
    number = request.GET.get("page")
    provisional, claims = (
        pending_confirmations.paginate_rows(
            pending_confirmations.query_provisional_verdicts(acting), number
        ),
        pending_confirmations.paginate_rows(
            pending_confirmations.query_recent_declarations(acting), number
        ),
    )
    alone, ends = (
        pending_confirmations.paginate_rows(
            pending_confirmations.query_system_only_treatments(acting), number
        ),
        pending_confirmations.paginate_rows(
            pending_confirmations.query_waiting_withdrawals(acting), number
        ),
    )
    papers = pending_confirmations.paginate_rows(
        pending_confirmations.query_waiting_directives(
            acting, here=None if acting.alliance_wide else True
        ),
        number,
    )
    pages = {
        "provisional": provisional,
        "claims": claims,
        "alone": alone,
        "ended": ends,
        "decisions": papers,
    }

    def faced(rows, persons):  # type: ignore[no-untyped-def]
        return [
            (r, show_person(p, acting) if p else None) for r, p in zip(rows, persons, strict=True)
        ]

    shown = {
        "provisional": faced(provisional, [c.person for c in provisional]),
        "alone": faced(alone, [r.person for r in alone]),
        "ended": faced(ends, [d.person for d in ends]),
        "decisions": faced(papers, [d.person for d in papers]),
        "claims": pending_confirmations.add_declaration_details(list(claims), acting),
    }
    listed = (
        *((c.hospital_id, c.person) for c in provisional),
        *((r.hospital_id, r.person) for r in (*alone, *papers)),
        *((gaining_hospital_id(Confirmation.Subject.WITHDRAWAL, d), d.person) for d in ends),
        *((c["hospital_id"], c["person"]) for c in claims),
    )
    append_list_events(
        acting, EventCode.CONFIRMATION_READ, "list", ((h, p) for h, p in listed if p)
    )
    return render(
        request,
        "records/oversight.html",
        shown
        | {
            "pages": pages,
            "longest": max(pages.values(), key=lambda p: p.paginator.num_pages),
            "busiest": pending_confirmations.most_frequent_declarers(acting),
            "intakes": (
                Confirmation.objects.filter(subject="intake", ended_at=None).select_related(
                    "hospital", "staff", "acted_at"
                )
                if acting.alliance_wide
                else None
            ),
            "hospitals": Hospital.objects.order_by("code") if acting.alliance_wide else None,
            "intake": IntakeForm(),
            "wide": acting.alliance_wide,
            "served": hospitals_served(acting),
        },
    )


@require_POST
@require_staff(Permission.EMERGENCY_REVIEW)
def confirm_intake(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """All registrations that a hospital has now are its patients': after the first load of a new
    member.
    """
    form, hospital = (
        IntakeForm(request.POST),
        Hospital.objects.filter(code=request.POST.get("hospital", "")).first(),
    )
    if not form.is_valid() or hospital is None or "sure" not in request.POST:
        messages.error(
            request,
            _("Choose the hospital, say what was compared, and mark that you know what it means."),
        )
        return redirect("oversight")
    services.do_confirm_intake(hospital.pk, evidence=form.cleaned_data["evidence"], acting=acting)
    messages.success(
        request,
        _("Confirmed: the registrations that %(hospital)s has now count as its patients.")
        % {"hospital": hospital},
    )
    return redirect("oversight")
