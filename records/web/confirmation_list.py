"""Serve the list of what waits for a second person's confirmation, and of one's own requests
(docs/adr/0030).
"""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.roles import Permission, Role
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.models import Confirmation, Directive
from consent.services import confirmation_voices, directive_confirmations, directives
from consent.services.ties import is_tied
from records.mpi.index import patient_search, source_patients
from records.web import own_requests, pending_confirmations
from records.web.directive_display import confirmation_state


@require_GET
@require_staff(Permission.CONFIRM)
def confirmations_page(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """What waits for a second person here, for record clerks what other hospitals ask about
    patients whom they know, and what has become of one's own words.
    """
    if acting.role == Role.PRIVACY:
        return redirect("oversight")
    number = request.GET.get("page")
    relations = {
        here: pending_confirmations.paginate_rows(
            pending_confirmations.query_waiting_declarations(acting, here=here), number
        )
        for here in (True, False)
        if acting.role == Role.CLERK
    }
    papers = {
        here: pending_confirmations.paginate_rows(
            pending_confirmations.query_waiting_directives(acting, here=here), number
        )
        for here in (True, False)
        if here or acting.role == Role.CLERK
    }
    ends = (
        pending_confirmations.paginate_rows(
            pending_confirmations.query_waiting_withdrawals(acting), number
        )
        if acting.role == Role.CLERK
        else None
    )
    parts = [
        {
            "here": here,
            "page": papers[here],
            "more": relations.get(here),
            "relations": pending_confirmations.unconfirmed_declarations(
                [
                    r
                    for r in relations.get(here, ())
                    if here
                    or is_tied(
                        acting.hospital_id, r.person, source_patients.sources_of_person(r.person)
                    )
                ],
                acting,
            ),
            "decisions": [
                (
                    d,
                    patient_search.displayed_person(d.person, acting.hospital_id),
                    explain_paper_barrier(d, d.person, acting),
                )
                for d in pending_confirmations.permitting_directives(list(papers[here]))
                if directives.is_known_at_hospital(
                    acting, d.person, source_patients.sources_of_person(d.person)
                )
            ],
        }
        for here in papers
    ]
    ended = (
        [
            (
                d,
                patient_search.displayed_person(d.person, acting.hospital_id),
                explain_paper_barrier(d, d.person, acting),
            )
            for d in ends
        ]
        if ends
        else []
    )
    shown = sorted(
        {r.relation.person for p in parts for r in p["relations"]}
        | {d.person for p in parts for d, *_ in p["decisions"]}
        | {d.person for d, *_ in ended}
    )  # type: ignore[attr-defined]
    own = {
        name: pending_confirmations.paginate_rows(of(acting), number)
        for name, of in (
            ("treatment", own_requests.query_own_declarations),
            ("decisions", own_requests.query_own_directives),
            ("codes", own_requests.query_own_printed_codes),
        )
    }
    answers = {
        name: own_requests.list_request_statuses(list(page), acting) for name, page in own.items()
    }
    shown = sorted({*shown, *(a.person for rows in answers.values() for a in rows)})
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.CONFIRMATION_READ,
            target="list",
            persons=tuple(shown),
            refs=tuple(f"person/{p}" for p in shown),
        )
    )
    return render(
        request,
        "records/confirmations.html",
        {
            "parts": parts,
            "ended": ended,
            "ends": ends,
            "own": answers,
            "longest": max(own.values(), key=lambda p: p.paginator.num_pages),
        },
    )


def explain_paper_barrier(d: Directive, person: UUID, acting: Principal) -> str:
    """Why this one is not asked to compare the paper: their word would not count. Empty where it
    would, and where a privacy officer may at least refuse.
    """
    found = source_patients.sources_of_person(person)
    if acting.role == Role.PRIVACY or directive_confirmations.can_confirm_directive(
        d, person, found, acting, before=confirmation_state(d)
    ):
        return ""
    subject = (
        Confirmation.Subject.DIRECTIVE
        if d.withdrawn_at is None
        else Confirmation.Subject.WITHDRAWAL
    )
    return pending_confirmations.describe_who_may_confirm(
        acting, confirmation_voices.gaining_hospital_id(subject, d), person, found
    )
