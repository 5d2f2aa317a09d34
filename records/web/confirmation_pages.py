"""Serve the pages on which a second person confirms, refuses or ends a treatment relationship or a
consent decision: a colleague of another role, a record clerk elsewhere, the alliance's privacy
officer (docs/adr/0030).
"""

import datetime as dt
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_POST

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal, act_for_hospital, hospitals_served
from alliance.auth.session import require_staff
from alliance.models import Hospital
from alliance.roles import Permission, Role
from consent.audit import log_query
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, AuditOutcome, EventCode
from consent.models import Confirmation, Directive
from consent.services import (
    confirmation_voices,
    directive_confirmations,
    directives,
    tie_confirmations,
)
from consent.services import confirmations as services
from consent.services.ties import load_facts_at_hospital
from records.mpi.index import patient_search, source_patients
from records.web import pending_confirmations
from records.web.access_actions import load_person_audited
from records.web.confirmation_forms import CardForm, PaperForm, RefusalForm
from records.web.confirmation_list import explain_paper_barrier
from records.web.directive_display import describe_directives
from records.web.shown_registrations import check_registrations_mark, registrations_mark

# numbers that do not fit, of one patient within an hour: a page that compares is no page to guess
# on
MAX_NUMBER_TRIES = 5

PROVISIONAL_TEXT = gettext_noop(
    "Confirmed for 72 hours. What the patient's decision, or else the alliance's rule, permits is"
    " open now, but for specially protected records. The privacy officer and the patient see it."
)


@require_staff(Permission.CONFIRM)
def confirm_tie_page(
    request: HttpRequest, person_id: UUID, hospital_id: int, *, acting: Principal
) -> HttpResponse:
    """The card is compared with what the index knows; or a privacy officer says that the
    hospital does not treat the patient.
    """
    hospital = Hospital.objects.filter(pk=hospital_id).first()
    if hospital is None:
        raise Http404
    face = load_person_audited(person_id, act_for_hospital(acting, hospital_id))
    found = source_patients.sources_of_person(person_id)
    check_registrations_mark(request, found)
    if not tie_confirmations.can_see_tie(acting, hospital_id, person_id, found):
        if confirmation_voices.is_new_here(acting, hospital_id, person_id, found):
            raise Forbidden("new", _(confirmation_voices.NEW_HOSPITAL_MESSAGE))
        raise Forbidden(
            "voice",
            _(
                "Who else treats this patient is told to those who can confirm it: the record"
                " office of a hospital whose own tie is confirmed, or the alliance's privacy"
                " officer."
            ),
        )
    form = CardForm(request.POST if "confirm" in request.POST else None)
    refusal = RefusalForm(request.POST if "refuse" in request.POST else None, prefix="refusal")
    if "refuse" in request.POST and refusal.is_valid():
        tie_confirmations.do_refuse_tie(
            person_id,
            hospital_id,
            evidence=refusal.cleaned_data["evidence"],
            sources=found,
            acting=acting,
        )
        messages.success(request, _("Refused: it opens nothing from now on."))
        return redirect("confirmations")
    if "confirm" in request.POST and form.is_valid():
        data = form.cleaned_data
        hour = log_query.AuditFilter(
            start=timezone.now() - dt.timedelta(hours=1),
            person=person_id,
            actor_kind="staff",
            actor=acting.id,
            outcome="refused",
            room="consent",
        )
        if data["compared"] != "paper" and log_query.count_audit_lines(hour) >= MAX_NUMBER_TRIES:
            form.add_error(
                "number",
                _(
                    "Five numbers did not fit: look again at who the patient is, and go on in an"
                    " hour."
                ),
            )
        elif data["compared"] != "paper" and not patient_search.person_has_number(
            person_id, data["number"], besides_hospital_id=hospital_id
        ):
            append_event(
                AuditEvent.from_principal(
                    acting,
                    EventCode.TIE_CONFIRM,
                    person=person_id,
                    target="card",
                    outcome=AuditOutcome.REFUSED,
                )
            )
            form.add_error(
                "number",
                _(
                    "This is not the number that other hospitals know of this patient. Compare name"
                    " and number once more: it may be somebody else."
                ),
            )
        else:
            made = tie_confirmations.do_confirm_tie(
                person_id,
                hospital_id,
                evidence=(
                    data["evidence"].strip() if data["compared"] == "paper" else Confirmation.CARD
                ),
                sources=found,
                acting=acting,
            )
            messages.success(
                request,
                (
                    _("Confirmed.")
                    if made.verdict == Confirmation.Verdict.FULL
                    else _(PROVISIONAL_TEXT)
                ),
            )
            return redirect("confirmations")
    return render(
        request,
        "records/confirm_tie.html",
        {
            "face": face,
            "person": person_id,
            "whom": registrations_mark(found),
            "hospital": hospital,
            "form": form,
            "refusal": refusal,
            "officer": acting.role == Role.PRIVACY,
            "barred": pending_confirmations.explain_card_barrier(hospital_id, person_id, acting),
            "said": tie_confirmations.list_declarations(hospital_id, person_id, found),
            "tie": load_facts_at_hospital(hospital_id, person_id, found).tie.name.lower(),
        },
    )


@require_staff(Permission.CONFIRM)
def confirm_directive_page(
    request: HttpRequest, person_id: UUID, directive_id: int, *, acting: Principal
) -> HttpResponse:
    """The signed paper is compared with the decision that was recorded, or with its end."""
    found = source_patients.sources_of_person(person_id)
    officer = (
        directives.find_officer_of_patient(acting, person_id, found) if acting.serves else None
    )
    face = load_person_audited(person_id, officer or acting)
    told = describe_directives(person_id, found)
    shown = next(
        (x for x in (*told["standing"], *told["earlier"]) if x["d"].pk == directive_id), None
    )
    if not (
        directives.is_known_at_hospital(officer or acting, person_id, found)
        or answers_for_directive(acting, shown["d"] if shown else None)
    ):
        raise Forbidden(
            "no_relationship",
            _("This patient is not registered at your hospital and not being treated there."),
        )
    check_registrations_mark(request, found)
    if shown is None or shown["d"].lifted_at is not None:
        raise Http404
    form = PaperForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        evidence = form.cleaned_data["evidence"]
        if "refuse" in request.POST:
            directive_confirmations.do_refuse_directive(
                directive_id, person_id, evidence=evidence, sources=found, acting=acting
            )
            messages.success(request, _("Refused: it opens nothing from now on."))
        elif shown["d"].withdrawn_at is not None:
            directive_confirmations.do_confirm_withdrawal(
                directive_id, person_id, evidence=evidence, sources=found, acting=acting
            )
            messages.success(request, _("Confirmed: it refuses nothing any more."))
        else:
            made = directive_confirmations.do_confirm_directive(
                directive_id, person_id, evidence=evidence, sources=found, acting=acting
            )
            messages.success(
                request,
                (
                    _("Confirmed.")
                    if made.verdict == Confirmation.Verdict.FULL
                    else _(PROVISIONAL_TEXT)
                ),
            )
        return redirect("confirmations")
    append_event(
        AuditEvent.from_principal(
            officer or acting,
            EventCode.CONSENT_READ,
            person=person_id,
            target=f"directive/{directive_id}",
        )
    )
    return render(
        request,
        "records/confirm_decision.html",
        {
            "face": face,
            "person": person_id,
            "whom": registrations_mark(found),
            "x": shown,
            "form": form,
            "officer": acting.role == Role.PRIVACY,
            "barred": explain_paper_barrier(shown["d"], person_id, acting),
            "readable": (
                acting.may(Permission.CONSENT_RECORD)
                and directives.can_see_paper(acting, shown["d"], person_id, found)
            ),
        },
    )


def answers_for_directive(acting: Principal, directive: Directive | None) -> bool:
    """Whether an officer whose hospital does not know the patient may see the decision: the
    alliance's any, another one what a hospital that they serve has said, also once it knows the
    patient no more.
    """
    return acting.role == Role.PRIVACY and (
        acting.alliance_wide
        or (
            directive is not None
            and not hospitals_served(acting).isdisjoint(
                (directive.hospital_id, directive.withdrawn_where_id)
            )
        )
    )


@require_POST
@require_staff(Permission.CONFIRM)
def end_confirmation(
    request: HttpRequest, confirmation_id: int, *, acting: Principal
) -> HttpResponse:
    form = PaperForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say why it ends."))
        return redirect("confirmations")
    services.do_end_confirmation(
        confirmation_id, reason=form.cleaned_data["evidence"], acting=acting
    )
    messages.success(request, _("It counts no more."))
    return redirect("confirmations")
