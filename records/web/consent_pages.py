"""Serve the pages of a patient's consents: record a decision that was read back first, verify it,
show its signed paper, withdraw it.
"""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.auth.refusal_log import log_caller_refusal
from alliance.auth.session import require_staff
from alliance.roles import Permission
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.models import Directive
from consent.provision import has_permit, parse_consent
from consent.services import directives
from consent.services.directive_records import do_record_directive, do_verify_directive
from consent.services.directive_withdrawals import do_withdraw_directive
from consent.services.directives import check_may_record_consent
from consent.services.ties import is_tied
from records.mpi.index import source_patients
from records.operations.simulation import simulate_consent
from records.web.access_actions import load_person_audited
from records.web.consent_form import ConsentDecisionForm, ConsentGivingForm
from records.web.consent_readback import read_back_consent
from records.web.directive_display import describe_directives, mark_confirmable
from records.web.minors import is_under_fourteen
from records.web.shown_registrations import check_registrations_mark, registrations_mark


@require_staff(Permission.CONSENT_RECORD)
def consents_page(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    """Only for staff of a hospital that knows the patient. First what is decided; it is read
    back, with what others would see; then how it was given.
    """
    face = load_person_audited(person_id, acting)
    found = source_patients.sources_of_person(person_id)
    if not directives.is_known_at_hospital(acting, person_id, found):
        log_caller_refusal(
            acting, reason="no_relationship", target="page/consent", account=True, person=person_id
        )
        return render(
            request, "records/unknown_here.html", {"face": face, "person": person_id}, status=403
        )
    check_may_record_consent(acting, person_id, found)
    minor = is_under_fourteen(face, timezone.localdate())
    form = ConsentDecisionForm(request.POST or None, initial={"instead": True})
    reading = giving = sight = None
    if request.method == "POST" and "change" not in request.POST and form.is_valid():
        reading = read_back_consent(form, acting.hospital, found)
        whole = "method" in request.POST and not request.POST.keys() & {
            "said",
            "read",
        }  # decision and how it was given in one, as pages of an earlier release send them
        saves = whole or "save" in request.POST
        read_before = whole or request.POST.get("said") == reading.mark
        giving = ConsentGivingForm(
            request.POST if saves else None,
            request.FILES if saves else None,
            minor=minor,
            initial={"method": "guardian" if minor else "paper"},
        )
        if saves and read_before and giving.is_valid():
            given = giving.cleaned_data
            do_record_directive(
                person_id,
                reading.consent,
                template=form.cleaned_data["template"],
                method=given["method"],
                evidence=given["evidence"],
                guardian=given["guardian"],
                image=giving.image(),
                valid_until=form.cleaned_data["until"],
                instead=reading.instead,
                sources=found,
                acting=acting,
            )
            messages.success(
                request,
                describe_recorded_effect(
                    has_permit(parse_consent(reading.consent, acting.hospital)),
                    is_tied(acting.hospital_id, person_id, found),
                ),
            )
            return redirect("consent", person_id)
        if saves and not read_before:
            messages.warning(
                request,
                _(
                    "The decision was changed: read it back to the patient once more before you"
                    " save it."
                ),
            )
        elif request.FILES:
            messages.warning(
                request,
                _(
                    "Choose the scan again before you save: a page that is shown anew holds no"
                    " file."
                ),
            )
        sight = simulate_consent(acting, person_id, reading.consent, instead=reading.instead)
    append_event(
        AuditEvent.from_principal(
            acting, EventCode.CONSENT_READ, person=person_id, target="directives"
        )
    )
    return render(
        request,
        "records/consent.html",
        {
            "form": form,
            "reading": reading,
            "giving": giving,
            "face": face,
            "person": person_id,
            "whom": registrations_mark(found),
            "sight": sight,
            "minor": minor,
            **mark_confirmable(describe_directives(person_id, found), person_id, found, acting),
            "registered": any(s.hospital_id == acting.hospital_id for s in found),
        },
    )


def describe_recorded_effect(opens: bool, tied: bool) -> str:
    """What counts of a decision from now on. tied: others stand fully behind it that the
    recorder's hospital treats the patient.
    """
    if not opens:
        return _("The patient's decision is recorded and counts from now on.")
    if tied:
        return _(
            "The patient's decision is recorded. What it refuses counts from now on, and what it"
            " permits to other hospitals; to your own it counts once somebody else confirms it."
        )
    return _(
        "The patient's decision is recorded. What it refuses counts from now on, and what it"
        " permits to others of your own hospital's records. The rest counts once somebody else"
        " confirms it, or, to others, that your hospital treats the patient."
    )


class WithdrawalForm(forms.Form):
    """Why a decision no longer stands, and how the patient asked for it."""

    reason = forms.CharField(
        label=gettext_lazy("Why it is withdrawn"),
        min_length=2,
        max_length=200,
        help_text=gettext_lazy("It stands in the audit log: no patient's name or number."),
    )
    evidence = forms.CharField(
        label=gettext_lazy("How the patient asked for it, and where the paper is kept"),
        min_length=2,
        max_length=120,
    )


@require_staff(Permission.CONSENT_RECORD)
def withdraw_consent_page(
    request: HttpRequest, person_id: UUID, directive_id: int, *, acting: Principal
) -> HttpResponse:
    """Show the decision in words, ask for confirmation, then withdraw it."""
    face = load_person_audited(person_id, acting)
    found = source_patients.sources_of_person(person_id)
    check_may_record_consent(acting, person_id, found)
    shown = next(
        (x for x in describe_directives(person_id, found)["standing"] if x["d"].pk == directive_id),
        None,
    )
    if shown is None:
        raise Http404
    form = WithdrawalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        do_withdraw_directive(
            directive_id, person_id, sources=found, acting=acting, **form.cleaned_data
        )
        messages.success(request, _("Withdrawn. It counts from now on."))
        return redirect("consent", person_id)
    append_event(
        AuditEvent.from_principal(
            acting, EventCode.CONSENT_READ, person=person_id, target=f"directive/{directive_id}"
        )
    )
    return render(
        request,
        "records/withdraw.html",
        {"face": face, "person": person_id, "x": shown, "form": form},
    )


@require_POST
@require_staff(Permission.CONSENT_RECORD)
def verify_consent(
    request: HttpRequest, person_id: UUID, directive_id: int, *, acting: Principal
) -> HttpResponse:
    """The clerk has the signed paper in hand, and says where it is kept."""
    evidence = request.POST.get("evidence", "").strip()[:120]
    if not evidence:
        messages.error(request, _("Say where the signed paper is kept."))
        return redirect("consent", person_id)
    guardian = request.POST.get("guardian", "").strip()[:60]
    found = source_patients.sources_of_person(person_id)
    check_registrations_mark(request, found)
    if (
        is_under_fourteen(load_person_audited(person_id, acting), timezone.localdate())
        and not guardian
    ):
        messages.error(request, _("The patient is under 14: a guardian signs (PIPL 31)."))
        return redirect("consent", person_id)
    try:
        do_verify_directive(
            directive_id,
            person_id,
            evidence=evidence,
            guardian=guardian,
            sources=found,
            acting=acting,
        )
    except Directive.DoesNotExist as error:
        raise Http404 from error
    tied = is_tied(acting.hospital_id, person_id, source_patients.sources_of_person(person_id))
    messages.success(
        request,
        (
            _("Verified. It counts from now on.")
            if tied
            else _(
                "Verified. What it permits of your own hospital's records counts from now on; the"
                " rest once somebody else confirms it, or that your hospital treats the patient."
            )
        ),
    )
    return redirect("consent", person_id)


@require_GET
@require_staff(Permission.CONSENT_RECORD)
def consent_image(
    request: HttpRequest, person_id: UUID, directive_id: int, *, acting: Principal
) -> HttpResponse:
    found = source_patients.sources_of_person(person_id)
    check_may_record_consent(acting, person_id, found)
    directive = directives.query_directives(person_id, found).filter(pk=directive_id).first()
    if directive is None or directive.image is None:
        raise Http404
    if not directives.can_see_paper(acting, directive, person_id, found):
        raise Forbidden(
            "tie",
            _(
                "The signed paper is another hospital's: it is shown once somebody else has"
                " confirmed that yours treats the patient."
            ),
        )
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.CONSENT_READ,
            person=person_id,
            target=f"directive/{directive.pk}/image",
        )
    )
    return HttpResponse(
        bytes(directive.image),
        content_type=directive.image_type,
        headers={
            "Content-Disposition": (
                "inline" if directive.image_type.startswith("image/") else "attachment"
            )
        },
    )
