"""The patient's own pages: their consents, what others would see, who looked, when and why;
codes that were printed for them.
"""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from alliance.auth.principal import Principal, principal_from_staff
from alliance.models import Hospital, Staff
from alliance.roles import Permission, Role
from consent import facts
from consent.audit import log_query
from consent.audit.append import append_event
from consent.audit.archived_months import online_log_begins
from consent.audit.event import AuditEvent, EventCode
from consent.explain import AccessExplanation, explain_access
from consent.models import Directive, Emergency, PatientAccess, Relationship
from consent.provision import has_permit, parse_consent
from consent.services import (
    access_codes,
    confirmations,
    directive_confirmations,
    directives,
    tie_confirmations,
)
from consent.services.directive_records import do_record_directive
from consent.services.directive_withdrawals import do_withdraw_directive
from consent.services.directives import home_person_ids
from consent.services.ties import load_facts_at_hospital
from consent.terms import AccessRequest, Source
from records.mpi.index import patient_search, source_patients
from records.operations.simulation import simulate_consent
from records.web.consent_form import ConsentDecisionForm, ConsentGuardianForm
from records.web.consent_readback import read_back_consent
from records.web.directive_display import describe_directives
from records.web.minors import is_under_fourteen
from records.web.own_access_print import make_span_form
from records.web.portal_sign_in import portal_session_required

MAX_ACCESS_LINES = 200


class OwnConsentForm(ConsentDecisionForm):
    """What patients decide themselves: no doctors by user name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["doctors"]
        self.fields["template"].label = _("What do you decide?")
        self.fields["instead"].label = _("This takes the place of all my earlier decisions")


@portal_session_required
def portal_page(request: HttpRequest, *, acting: Principal, access: PatientAccess) -> HttpResponse:
    person = access.person
    found = source_patients.sources_of_person(person)
    face = patient_search.displayed_person(person, acting.hospital_id)
    minor = face is not None and is_under_fourteen(face, timezone.localdate())
    form = OwnConsentForm(request.POST or None, initial={"instead": True})
    reading = giving = sight = None
    if request.method == "POST" and "change" not in request.POST and form.is_valid():
        reading = read_back_consent(form, acting.hospital, found)
        read_before = request.POST.get("said") == reading.mark
        giving = (
            ConsentGuardianForm(request.POST if "save" in request.POST else None) if minor else None
        )
        if "save" in request.POST and read_before and (giving is None or giving.is_valid()):
            do_record_directive(
                person,
                reading.consent,
                template=form.cleaned_data["template"],
                method=Directive.Method.ONLINE,
                evidence=f"access/{access.pk}",
                guardian=giving.cleaned_data["guardian"] if giving else "",
                valid_until=form.cleaned_data["until"],
                instead=reading.instead,
                sources=found,
                acting=acting,
            )
            messages.success(
                request,
                (
                    _(
                        "Your decision is recorded. What it refuses counts from now on; for what it"
                        " permits, read below."
                    )
                    if acting.factor != "full"
                    and has_permit(parse_consent(reading.consent, acting.hospital))
                    else _("Your decision is recorded and counts from now on.")
                ),
            )
            return redirect("my")
        if "save" in request.POST and not read_before:
            messages.warning(
                request, _("The decision was changed: read it once more before you save it.")
            )
        sight = simulate_consent(acting, person, reading.consent, instead=reading.instead)
    append_event(
        AuditEvent.from_principal(acting, EventCode.CONSENT_READ, person=person, target="my")
    )
    printed = [
        x
        for x in access_codes.query_codes_of_person(person, found)
        if x.open and (x.pk != access.pk or x.waiting)
    ]
    hospitals = {h.code: h for h in Hospital.objects.all()}
    return render(
        request,
        "records/my.html",
        {
            "form": form,
            "reading": reading,
            "seen_from": online_log_begins(),
            "giving": giving,
            "sight": sight,
            "doors": explain_hospital_access(person, found),
            **describe_directives(person, found),
            "hospitals": [hospitals[s.hospital] for s in found],
            "emergencies": (
                Emergency.objects.filter(person__in=home_person_ids(person, found)).select_related(
                    "staff__hospital"
                )
            ),
            "seen": display_access_lines(person, hospitals),
            "span_form": make_span_form(),
            "access": access,
            "printed": [
                (x, access_codes.can_stop_access(acting, access, x, person, found)) for x in printed
            ],
            "factor": acting.factor,
            "ties": list_hospital_ties(person, found),
        },
    )


def list_hospital_ties(person: UUID, found: tuple[Source, ...]) -> list[dict[str, Any]]:
    """Which hospitals say that they treat the patient, or that a registration is the patient's,
    and how far others stand behind it.
    """
    now = timezone.now()
    treated = query_current_treatments(person, found)
    said = [c for c in confirmations.list_open_confirmations(person, found) if c.subject == "tie"]
    out = []
    for h in Hospital.objects.filter(
        pk__in={r.hospital_id for r in treated} | {c.hospital_id for c in said}
    ):
        tie = load_facts_at_hospital(h.pk, person, found).tie.name.lower()
        last = next(
            (c for c in said if c.hospital_id == h.pk and (c.until is None or c.until > now)), None
        )
        out.append(
            {
                "hospital": h,
                "tie": tie,
                "last": last,
                "clinicians": [r for r in treated if r.hospital_id == h.pk and r.declared_by_id],
            }
        )
    return out


@require_POST
@portal_session_required
def stop_own_code(
    request: HttpRequest, access_id: int, *, acting: Principal, access: PatientAccess
) -> HttpResponse:
    """The patient did not ask for this code, or for this new number of their own one."""
    try:
        access_codes.do_stop_access(
            access_id,
            access.person,
            sources=source_patients.sources_of_person(access.person),
            acting=acting,
            mine=access,
        )
    except PatientAccess.DoesNotExist as error:
        raise Http404 from error
    messages.success(
        request, _("Stopped. It opens nothing any more, and the privacy officer sees it.")
    )
    return redirect("my")


@require_POST
@portal_session_required
def answer_own_tie(
    request: HttpRequest, hospital_id: int, *, acting: Principal, access: PatientAccess
) -> HttpResponse:
    """The patient says that a hospital treats them, or that it does not."""
    do = (
        tie_confirmations.do_refuse_tie
        if "refuse" in request.POST
        else tie_confirmations.do_confirm_tie
    )
    do(
        access.person,
        hospital_id,
        evidence=f"access/{access.pk}",
        sources=source_patients.sources_of_person(access.person),
        acting=acting,
    )
    messages.success(request, _("Your word is recorded and counts from now on."))
    return redirect("my")


@require_POST
@portal_session_required
def answer_own_directive(
    request: HttpRequest, directive_id: int, *, acting: Principal, access: PatientAccess
) -> HttpResponse:
    """The patient stands behind a decision that somebody recorded for them, or behind its end,
    or says that it is none of theirs.
    """
    found = source_patients.sources_of_person(access.person)
    directive = directives.query_directives(access.person, found).filter(pk=directive_id).first()
    if directive is None:
        raise Http404
    confirm = (
        directive_confirmations.do_confirm_directive
        if directive.withdrawn_at is None
        else directive_confirmations.do_confirm_withdrawal
    )
    do = directive_confirmations.do_refuse_directive if "refuse" in request.POST else confirm
    do(directive_id, access.person, evidence=f"access/{access.pk}", sources=found, acting=acting)
    messages.success(request, _("Your word is recorded and counts from now on."))
    return redirect("my")


def explain_hospital_access(
    person: UUID, found: tuple[Source, ...]
) -> list[tuple[Hospital, Staff | None, list[tuple[Hospital, AccessExplanation]]]]:
    """What the clinicians of each hospital may see of each that knows the patient, at this
    moment, and why; and, by name, those who have declared that they treat them.
    """
    hospitals = {h.code: h for h in Hospital.objects.all()}
    declared = Staff.objects.filter(
        pk__in={r.declared_by_id for r in query_current_treatments(person, found)}
    ).select_related("hospital")
    out = []
    for h in hospitals.values():
        named: list[tuple[Staff | None, Principal]] = [
            (s, principal_from_staff(s)) for s in declared if s.hospital_id == h.pk
        ]
        for who, viewer in [
            *named,
            (None, Principal("staff", "0", h.pk, h.code, Role.CLINICIAN, active=h.active)),
        ]:
            asked = AccessRequest(
                viewer,
                Permission.RECORD_READ,
                EventCode.CONSENT_READ,
                "explanation",
                person=person,
                sources=found,
                all_sources=found,
            )
            told_ = explain_access(
                asked, facts.load_facts(asked), sorted({s.hospital for s in found} - {h.code})
            )
            out.append((h, who, [(hospitals[e.hospital], e) for e in told_]))
    return out


def query_current_treatments(person: UUID, found: tuple[Source, ...]) -> QuerySet[Relationship]:
    """Treatment that holds now, the newest first."""
    now = timezone.now()
    return (
        Relationship.objects.filter(
            person__in=home_person_ids(person, found), starts_at__lte=now, ends_at__gt=now
        )
        .select_related("declared_by", "hospital")
        .order_by("-starts_at")
    )


def display_access_lines(person: UUID, hospitals: dict[str, Hospital]) -> list[dict[str, Any]]:
    """Who looked, newest first; the same thing done again by the same one on the same day is one
    line that counts.
    """
    found = log_query.list_access_lines(person, MAX_ACCESS_LINES)
    staff = {
        str(s.pk): s
        for s in Staff.objects.filter(
            pk__in={int(x.actor) for x in found if x.actor_kind == "staff" and x.actor}
        )
    }
    return [
        {
            "line": x,
            "when": timezone.localtime(x.when),
            "times": x.times,
            "who": staff.get(x.actor) if x.actor_kind == "staff" else None,
            "hospital": hospitals.get(x.actor_hospital),
        }
        for x in found
    ]


class OwnWithdrawalForm(forms.Form):
    """Patients need not say why (PIPL 15)."""

    reason = forms.CharField(
        label=gettext_lazy("Why, if you wish to say"), max_length=200, required=False
    )


@portal_session_required
def withdraw_own_directive(
    request: HttpRequest, directive_id: int, *, acting: Principal, access: PatientAccess
) -> HttpResponse:
    """Show the decision in words, ask for confirmation, then withdraw it."""
    found = source_patients.sources_of_person(access.person)
    shown = next(
        (
            x
            for x in describe_directives(access.person, found)["standing"]
            if x["d"].pk == directive_id
        ),
        None,
    )
    if shown is None:
        raise Http404
    form = OwnWithdrawalForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        do_withdraw_directive(
            directive_id,
            access.person,
            reason=form.cleaned_data["reason"],
            sources=found,
            acting=acting,
        )
        messages.success(request, _("Withdrawn. It counts from now on."))
        return redirect("my")
    append_event(
        AuditEvent.from_principal(
            acting, EventCode.CONSENT_READ, person=access.person, target=f"directive/{directive_id}"
        )
    )
    return render(request, "records/my_withdraw.html", {"x": shown, "form": form})
