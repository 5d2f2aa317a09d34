"""A person's registrations, for curators: who was linked with whom and why; merge, split,
confirm, correct a number, identify an unknown patient, undo.
"""

from collections.abc import Sequence
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from alliance.auth.errors import AlreadyDone
from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.roles import Permission
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.terms import Source
from records.models import Decision, SourcePatient
from records.mpi.curation import risk
from records.mpi.curation.decision_record import decision_history
from records.mpi.curation.decision_rights import (
    Undecidable,
    check_may_decide,
    hospitals_without_curator,
)
from records.mpi.curation.decisions import do_confirm_card, do_correct_number, do_split_person
from records.mpi.curation.review_queue import do_propose_merge
from records.mpi.index import patient_search, source_patients
from records.mpi.matching.profile import build_profile
from records.mpi.matching.rules.resident_number import InvalidResidentNumber
from records.requests.fhir_request import NOBODY_ID, parse_uuid
from records.web.decision_display import (
    OPINION_NOTED,
    current_person_url,
    list_decision_rows,
    read_curator_note,
    report_undecidable,
)
from records.web.registration_display import display_values, keep_comparable, visible_demographics
from records.web.stored_searches import (
    recall_search,
    search_patients,
    store_search,
    with_retry_after,
)


class CorrectNumberForm(forms.Form):
    number = forms.CharField(
        label=gettext_lazy("The patient's own citizen number (empty: not known)"),
        required=False,
        max_length=30,
    )
    note = forms.CharField(label=gettext_lazy("How you know"), max_length=200)


def load_registrations(person_id: UUID, acting: Principal) -> list[SourcePatient]:
    """Of the person, for a curator whom they concern. Raises Http404, Forbidden."""
    ids = [s.id for s in source_patients.sources_of_person(person_id)]
    if not ids:
        raise Http404
    check_may_decide(acting, ids)
    return list(SourcePatient.objects.filter(pk__in=ids).select_related("hospital").order_by("pk"))


@require_staff(Permission.LINK_REVIEW)
def identity_page(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    """Everything that the index knows of the person; after a search also the persons whom it
    finds, to merge with.
    """
    rows = load_registrations(person_id, acting)
    if request.method == "POST":
        return store_search(request, request.path)
    text = recall_search(request).strip()
    own = rows[0].person_id
    found = [f for f in search_patients(request, text, acting) if f.person != own] if text else None
    append_event(
        AuditEvent.from_principal(acting, EventCode.PERSON_READ, person=own, target="identity")
    )
    ours = [visible_demographics(s, acting) for s in rows if s.hospital_id == acting.hospital_id]
    told_of = {
        s.pk: (
            visible_demographics(s, acting)
            if not ours or s.hospital_id == acting.hospital_id
            else keep_comparable(visible_demographics(s, acting), ours)
        )
        for s in rows
    }
    shown = [
        (
            s,
            display_values(told_of[s.pk]),
            s.hospital_id == acting.hospital_id or acting.alliance_wide,
            is_nameless(s),
            CorrectNumberForm(auto_id=f"r{s.pk}-%s"),
        )
        for s in rows
    ]
    return with_retry_after(
        request,
        render(
            request,
            "records/identity.html",
            {
                "person": own,
                "rows": shown,
                "doubts": risk.doubts_within([s.pk for s in rows]),
                "decisions": list_decision_rows(decision_history([s.pk for s in rows])),
                "q": text,
                "found": found,
                "face": patient_search.displayed_person(own, acting.hospital_id),
            },
        ),
    )


def is_nameless(source: SourcePatient) -> bool:
    """A patient of whom nobody knew the name."""
    return (
        source.words is not None
        and not build_profile(
            risk.read_demographics(bytes(source.words), source.pk, source.correction)
        ).spelling.full
    )


def choose_merge_pair(
    rows: Sequence[SourcePatient], other: Sequence[Source], acting: Principal
) -> tuple[int, int]:
    """The registrations by which two persons are put beside each other: of one side the
    curator's own hospital's, an unknown patient first; of the other side one whose hospital has a
    curator to agree.
    """
    silent = hospitals_without_curator({s.hospital_id for s in other})
    mine = min(rows, key=lambda s: (s.hospital_id != acting.hospital_id, not is_nameless(s), s.pk))
    return (
        mine.pk,
        min(
            other, key=lambda s: (s.hospital_id == mine.hospital_id, s.hospital_id in silent, s.id)
        ).id,
    )


@require_POST
@require_staff(Permission.LINK_REVIEW)
def merge_persons(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    """Two persons are one; or an unknown patient is somebody who is known. A risky one waits for
    a second curator.
    """
    rows, other = (
        load_registrations(person_id, acting),
        source_patients.sources_of_person(parse_uuid(request.POST.get("other", "")) or NOBODY_ID),
    )
    try:
        if not other or rows[0].person_id == other[0].home:
            raise Undecidable("same", "These are one person already.")
        verb = Decision.Verb.IDENTIFY if any(is_nameless(s) for s in rows) else Decision.Verb.MERGE
        _review, decision = do_propose_merge(
            *choose_merge_pair(rows, other, acting),
            acting=acting,
            note=read_curator_note(request),
            verb=verb,
        )
        messages.success(request, _("They are one person now.") if decision else OPINION_NOTED)
    except Undecidable as error:
        report_undecidable(request, error)
    return redirect("identity", person_id)


@require_POST
@require_staff(Permission.LINK_REVIEW)
def split_person(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    rows = load_registrations(person_id, acting)
    chosen = {int(i) for i in request.POST.getlist("source") if i.isdecimal()} & {
        s.pk for s in rows
    }
    try:
        do_split_person(chosen, acting=acting, note=read_curator_note(request))
        messages.success(request, _("They are two persons now."))
    except Undecidable as error:
        report_undecidable(request, error)
    return redirect(current_person_url(person_id, acting))


@require_POST
@require_staff(Permission.LINK_REVIEW)
def confirm_card(
    request: HttpRequest, person_id: UUID, source_id: int, *, acting: Principal
) -> HttpResponse:
    check_is_registration(person_id, source_id, acting)
    if SourcePatient.objects.filter(pk=source_id, confirmed=True).exists():
        raise AlreadyDone(
            "confirmed",
            "That the card was seen is written down already. Nothing was written a second time.",
        )
    do_confirm_card(source_id, acting=acting)
    messages.success(request, _("Confirmed: what this registration says counts before others."))
    return redirect("identity", person_id)


@require_POST
@require_staff(Permission.LINK_REVIEW)
def correct_number(
    request: HttpRequest, person_id: UUID, source_id: int, *, acting: Principal
) -> HttpResponse:
    check_is_registration(person_id, source_id, acting)
    form = CorrectNumberForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say how you know that the number is wrong."))
        return redirect("identity", person_id)
    try:
        do_correct_number(
            source_id,
            form.cleaned_data["number"].strip(),
            acting=acting,
            note=form.cleaned_data["note"],
        )
        messages.success(
            request,
            _(
                "Corrected. The index compares and finds by the right number; the hospital's own"
                " record stays as it was sent."
            ),
        )
    except InvalidResidentNumber as error:
        messages.error(request, describe_invalid_number(error))
    return redirect("identity", person_id)


def describe_invalid_number(error: InvalidResidentNumber) -> str:
    """What is wrong with the number, in the reader's language."""
    if error.stray is None:
        return _("This is not a valid citizen number: check it against the card.")
    place, character = error.stray
    return _("This is not a valid citizen number: its character %(place)s is %(character)s.") % {
        "place": place,
        "character": character,
    }


def check_is_registration(person_id: UUID, source_id: int, acting: Principal) -> None:
    if source_id not in {s.pk for s in load_registrations(person_id, acting)}:
        raise Http404
