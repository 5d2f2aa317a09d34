"""The privacy officer's pages: emergency accesses to review and patients to tell, treatment that
clinicians declared, sealed records; and all of these of one patient.
"""

import datetime as dt
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal, act_for_hospital, hospitals_served
from alliance.auth.refusal_log import log_refused_request, page_target
from alliance.auth.session import require_staff
from alliance.roles import Permission
from alliance.services.office import hospitals_without_officer
from alliance.services.standing_appointments import list_served_hospitals
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.models import Emergency, Relationship
from consent.services import access_codes, incident_seals
from consent.services.confirmations import list_open_confirmations
from consent.services.directives import find_officer_of_patient, home_person_ids
from consent.services.emergencies import (
    do_review_emergency,
    do_tell_patient,
    emergency_filter,
    hospital_of_emergency,
    query_due_emergencies,
)
from consent.services.emergency_rates import list_emergency_rates
from records.mpi.index import source_patients
from records.operations.person_seal import do_seal_person, find_changed_lines
from records.web.access_actions import load_person_audited
from records.web.access_code_pages import list_access_codes
from records.web.directive_display import describe_directives
from records.web.emergency_reads import count_emergency_reads
from records.web.forms import EmergencyReviewForm, IncidentSealForm, PatientToldForm, UnsealForm
from records.web.pending_confirmations import (
    paginate_rows,
    query_provisional_verdicts,
    query_recent_declarations,
)
from records.web.served_hospitals import append_list_events, show_person
from records.web.stored_searches import (
    recall_search,
    search_patients,
    store_search,
    with_retry_after,
)

SHOWN_CODE_DAYS = 7  # what was done about patients' codes, of so many days is shown


@require_staff(Permission.EMERGENCY_REVIEW)
def privacy_page(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """What waits, the oldest first, of all clinicians or of the one who is chosen; before it who
    opens how fast. A name typed here leads to the page where a record is sealed.
    """
    if request.method == "POST":
        return store_search(request, request.path)
    typed = recall_search(request)
    every, fast = query_due_emergencies(acting), list_emergency_rates(acting)
    orphans = {h.pk for h in hospitals_without_officer()} if acting.alliance_wide else set()
    chosen = next((r for r in fast if str(r.staff.pk) == request.GET.get("staff")), None)
    waits = paginate_rows(
        every.filter(staff=chosen.staff) if chosen else every, request.GET.get("page")
    )
    alarms = {r.staff.pk: r for r in fast if r.alarm}
    tasks = [
        (
            e,
            show_person(e.person, acting),
            count_emergency_reads(e),
            alarms.get(e.staff_id),
            hospital_of_emergency(e) in orphans,
        )
        for e in waits
    ]
    sealed = [
        (s, show_person(s.person, acting)) for s in incident_seals.query_visible_seals(acting)
    ]
    codes = [
        (x, show_person(x.person, acting))
        for x in access_codes.query_recent_codes(
            acting, timezone.now() - dt.timedelta(days=SHOWN_CODE_DAYS)
        )[:100]
    ]
    append_list_events(
        acting,
        EventCode.EMERGENCY_REVIEW,
        "list",
        (
            *((hospital_of_emergency(e), e.person) for e, *_ in tasks),
            *((incident_seals.hospital_of_seal(s), s.person) for s, _ in sealed),
            *((x.printed_at.pk, x.person) for x, _ in codes),
        ),
    )
    return with_retry_after(
        request,
        render(
            request,
            "records/privacy.html",
            {
                "tasks": tasks,
                "waits": waits,
                "fast": paginate_rows(fast, request.GET.get("rates")),
                "alarms": len(alarms),
                "chosen": chosen,
                "orphaned": (
                    every.filter(
                        Q(hospital_id__in=orphans)
                        | Q(hospital=None, staff__hospital_id__in=orphans)
                    ).count()
                ),
                "claims": query_recent_declarations(acting).count(),
                "provisional": query_provisional_verdicts(acting).count(),
                "seals": sealed,
                "served": hospitals_served(acting),
                "appointments": list_served_hospitals(acting),
                "codes": codes,
                "review": EmergencyReviewForm(),
                "tell": PatientToldForm(),
                "q": typed,
                "found": search_patients(request, typed, acting) if typed else None,
            },
        ),
    )


@require_GET
@require_staff(Permission.EMERGENCY_REVIEW)
def patient_privacy_page(
    request: HttpRequest, person_id: UUID, *, acting: Principal
) -> HttpResponse:
    """Of one patient: emergency accesses and confirmed treatment of the staff of the hospitals that
    the officer serves, or everybody's, seals, and decisions where the patient is known to one of
    these. Nothing of the record.
    """
    found = source_patients.sources_of_person(person_id)
    officer = find_officer_of_patient(acting, person_id, found)
    face = load_person_audited(person_id, officer or acting)
    of_person = {"person__in": home_person_ids(person_id, found)}
    emergencies = Emergency.objects.filter(**of_person).select_related("staff__hospital")
    declared = (
        Relationship.objects.declared()
        .filter(**of_person)
        .select_related("declared_by", "hospital")
        .order_by("-starts_at")
    )
    if not acting.alliance_wide:
        emergencies, declared = (
            emergencies.filter(emergency_filter(acting)),
            declared.filter(hospital_id__in=hospitals_served(acting)),
        )
    known_here = acting.may(Permission.CONSENT_READ) and officer is not None
    if known_here:
        append_event(
            AuditEvent.from_principal(
                officer, EventCode.CONSENT_READ, person=person_id, target="directives"
            )
        )
    return render(
        request,
        "records/person_privacy.html",
        {
            "face": face,
            "person": person_id,
            "tasks": [(e, face, count_emergency_reads(e)) for e in emergencies],
            "claims": declared,
            "said": [
                c
                for c in list_open_confirmations(person_id, found)
                if acting.alliance_wide or c.hospital_id in hospitals_served(acting)
            ],
            "known_here": known_here,
            "seals": (
                incident_seals.query_visible_seals(acting).filter(
                    covers__overlap=[s.id for s in found]
                )
            ),
            "sealable": (
                acting.may(Permission.RECORD_SEAL)
                and bool(incident_seals.list_sealing_officers(found, acting))
            ),
            "served": hospitals_served(acting),
            "review": EmergencyReviewForm(),
            "tell": PatientToldForm(),
            "codes": list_access_codes(person_id, found, acting) if known_here else [],
            **(describe_directives(person_id, found) if known_here else {}),
        },
    )


@require_POST
@require_staff(Permission.EMERGENCY_REVIEW)
def review_emergency(request: HttpRequest, emergency_id: int, *, acting: Principal) -> HttpResponse:
    form = EmergencyReviewForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose a finding, and say in a few words why."))
        return redirect("privacy")
    try:
        do_review_emergency(emergency_id, acting=acting, **form.cleaned_data)
    except Emergency.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, _("The finding is written down."))
    return redirect("privacy")


@require_POST
@require_staff(Permission.EMERGENCY_REVIEW)
def record_patient_told(
    request: HttpRequest, emergency_id: int, *, acting: Principal
) -> HttpResponse:
    form = PatientToldForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say how the patient was told."))
        return redirect("privacy")
    try:
        do_tell_patient(emergency_id, how=form.cleaned_data["how"], acting=acting)
    except Emergency.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, _("It is written down that the patient was told."))
    return redirect("privacy")


@reauthentication_required
@require_staff(Permission.RECORD_SEAL)
def seal_record_page(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    officers = incident_seals.list_sealing_officers(
        source_patients.sources_of_person(person_id), acting
    )
    face = load_person_audited(person_id, officers[0] if officers else acting)
    if not officers:
        messages.warning(
            request,
            _("Your hospital has no record of this patient: there is nothing that you could seal."),
        )
        return redirect("person-privacy", person_id)
    form = IncidentSealForm(request.POST or None, officers=officers)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data.pop("hospital", officers[0].hospital)
        officer = next(o for o in officers if o.hospital == chosen)
        try:
            made = do_seal_person(person_id, acting=officer, **form.cleaned_data)
        except ValueError as error:
            form.add_error("listed", _("Nobody has this account: %(names)s") % {"names": error})
        else:
            messages.warning(
                request,
                _("Sealed. Versions in the manifest: %(n)s; its digest: %(digest)s.")
                % {
                    "n": len(made.manifest.splitlines()),
                    "digest": made.digest[:16],
                },
            )
            return redirect("privacy")
    return render(request, "records/seal.html", {"form": form, "face": face, "person": person_id})


@require_staff(Permission.RECORD_SEAL)
def unseal_record_page(request: HttpRequest, seal_id: int, *, acting: Principal) -> HttpResponse:
    """One officer asks that a sealed record is opened, and says why; on the same page another
    agrees.
    """
    sealed = incident_seals.query_visible_seals(acting).filter(pk=seal_id).first()
    if sealed is None:
        raise Http404
    form = forms.Form(request.POST or None) if sealed.asked else UnsealForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            if (
                "agree" in request.POST
            ):  # never by a form that asked, where somebody else has asked meanwhile
                incident_seals.do_unseal_record(
                    seal_id, sources=source_patients.sources_of_person(sealed.person), acting=acting
                )
                messages.success(request, _("The seal is open."))
            else:
                incident_seals.do_request_unseal(
                    seal_id, reason=form.cleaned_data.get("reason", ""), acting=acting
                )
                messages.success(
                    request,
                    _(
                        "Asked. The record stays sealed until another officer agrees, within seven"
                        " days."
                    ),
                )
            return redirect("privacy")
        except Forbidden as refusal:
            log_refused_request(request, refusal, page_target(request))
            form.add_error(None, _(str(refusal)))
    return render(
        request,
        "records/lift.html",
        {
            "s": sealed,
            "face": load_person_audited(
                sealed.person, act_for_hospital(acting, incident_seals.hospital_of_seal(sealed))
            ),
            "form": form,
            "own": str(sealed.asked_by_id) == acting.id,
        },
    )


@require_GET
@require_staff(Permission.RECORD_SEAL)
def incident_seal_manifest(
    request: HttpRequest, seal_id: int, *, acting: Principal
) -> HttpResponse:
    """The manifest as a text file; its first line says whether the store still holds just that."""
    sealed = incident_seals.query_active_seals(acting).filter(pk=seal_id).first()
    if sealed is None:
        raise Http404
    append_event(
        AuditEvent.from_principal(
            act_for_hospital(acting, incident_seals.hospital_of_seal(sealed)),
            EventCode.RECORD_SEAL,
            person=sealed.person,
            target=f"seal/{sealed.pk}/manifest",
        )
    )
    wrong = find_changed_lines(sealed)
    differing = ", ".join(w.split(" ")[0] for w in wrong)
    state = f"{len(wrong)} versions differ from the store: {differing}" if wrong else "intact"
    first = f"# {sealed.digest} {state}"
    return HttpResponse(
        f"{first}\n{sealed.manifest}\n",
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="seal-{sealed.pk}.txt"'},
    )
