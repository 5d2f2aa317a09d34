"""The privacy officer's pages: emergency accesses to review and patients to tell, treatment that clinicians declared, sealed records; and
all of these of one patient."""

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
from alliance.auth.principal import Principal
from alliance.auth.refusals import note, place
from alliance.auth.session import page
from alliance.roles import Permission
from alliance.services.office import without_officer
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from consent.audit.query import Filter, count
from consent.models import Emergency, Relationship
from consent.services import accesses, seals
from consent.services.confirmations import standing_of
from consent.services.directives import homes, knows
from consent.services.emergencies import do_review_emergency, do_tell_patient, due, whose
from consent.services.emergency_rates import rates
from records.interactions.sealing import do_seal_record, unlike
from records.mpi import find, sources
from records.web.actions import known
from records.web.codes import rows
from records.web.consents import lines
from records.web.forms import LiftForm, ReviewForm, SealForm, TellForm
from records.web.searches import answered, keep, look, recall
from records.web.waiting import claims, page_of, provisional

DAYS = 7  # what was done about patients' codes, of so many days is shown


@page(Permission.EMERGENCY_REVIEW)
def privacy(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """What waits, the oldest first, of all clinicians or of the one who is chosen; before it who opens how fast. A name typed here leads to the page where a record is sealed."""
    if request.method == "POST":
        return keep(request, request.path)
    typed = recall(request)
    every, fast = due(acting), rates(acting)
    orphans = {h.pk for h in without_officer()} if acting.alliance_wide else set()
    chosen = next((r for r in fast if str(r.staff.pk) == request.GET.get("staff")), None)
    waits = page_of(every.filter(staff=chosen.staff) if chosen else every, request.GET.get("page"))
    alarms = {r.staff.pk: r for r in fast if r.alarm}
    tasks = [(e, find.face(e.person, acting.hospital_id), looks(e), alarms.get(e.staff_id), (e.hospital_id or e.staff.hospital_id) in orphans) for e in waits]
    sealed = [(s, find.face(s.person, acting.hospital_id)) for s in seals.in_sight(acting)]
    codes = [(x, find.face(x.person, acting.hospital_id)) for x in accesses.recent(acting, timezone.now() - dt.timedelta(days=DAYS))[:100]]
    shown = sorted({x.person for x in (*(t[0] for t in tasks), *(s for s, _ in sealed), *(x for x, _ in codes))})
    append(Event.of(acting, EventCode.EMERGENCY_REVIEW, target="list", persons=tuple(shown), refs=tuple(f"person/{p}" for p in shown)))
    return answered(request, render(request, "records/privacy.html", {
        "tasks": tasks, "waits": waits, "fast": page_of(fast, request.GET.get("rates")), "alarms": len(alarms), "chosen": chosen,
        "orphaned": every.filter(Q(hospital_id__in=orphans) | Q(hospital=None, staff__hospital_id__in=orphans)).count(),
        "claims": claims(acting).count(), "provisional": provisional(acting).count(), "seals": sealed, "codes": codes,
        "review": ReviewForm(), "tell": TellForm(), "q": typed, "found": look(request, typed, acting) if typed else None}))


def looks(e: Emergency) -> int:
    """How often the clinician looked at the record during the emergency access."""
    return count(Filter(start=e.opened_at, end=e.closed_at or e.until, person=e.person, actor_kind="staff", actor=str(e.staff_id), emergency=True, room="records"))


@require_GET
@page(Permission.EMERGENCY_REVIEW)
def patient(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    """Of one patient: emergency accesses and confirmed treatment of one's own hospital's staff, or everybody's, seals, and decisions where the patient is
    known to one's own hospital. Nothing of the record."""
    face = known(person_id, acting)
    found = sources.of_person(person_id)
    of_person = {"person__in": homes(person_id, found)}
    emergencies = Emergency.objects.filter(**of_person).select_related("staff__hospital")
    declared = Relationship.objects.filter(basis=Relationship.Basis.DECLARED, **of_person).select_related("declared_by", "hospital").order_by("-starts_at")
    if not acting.alliance_wide:
        emergencies, declared = emergencies.filter(whose(acting)), declared.filter(hospital_id=acting.hospital_id)
    known_here = acting.may(Permission.CONSENT_READ) and (acting.alliance_wide or knows(acting, person_id, found))
    if known_here:
        append(Event.of(acting, EventCode.CONSENT_READ, person=person_id, target="directives"))
    return render(request, "records/person_privacy.html", {
        "face": face, "person": person_id, "tasks": [(e, face, looks(e)) for e in emergencies], "claims": declared,
        "said": [c for c in standing_of(person_id, found) if acting.alliance_wide or c.hospital_id == acting.hospital_id], "known_here": known_here,
        "seals": seals.in_sight(acting).filter(covers__overlap=[s.id for s in found]), "sealable": acting.may(Permission.RECORD_SEAL) and bool(seals.covered(found, acting)),
        "review": ReviewForm(), "tell": TellForm(), "codes": rows(person_id, found, acting) if known_here else [], **(lines(person_id, found) if known_here else {})})


@require_POST
@page(Permission.EMERGENCY_REVIEW)
def review(request: HttpRequest, emergency_id: int, *, acting: Principal) -> HttpResponse:
    form = ReviewForm(request.POST)
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
@page(Permission.EMERGENCY_REVIEW)
def tell(request: HttpRequest, emergency_id: int, *, acting: Principal) -> HttpResponse:
    form = TellForm(request.POST)
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
@page(Permission.RECORD_SEAL)
def seal(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    face = known(person_id, acting)
    if not seals.covered(sources.of_person(person_id), acting):
        messages.warning(request, _("Your hospital has no record of this patient: there is nothing that you could seal."))
        return redirect("person-privacy", person_id)
    form = SealForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = do_seal_record(person_id, acting=acting, **form.cleaned_data)
        except ValueError as error:
            form.add_error("listed", _("Nobody has this account: %(names)s") % {"names": error})
        else:
            messages.warning(request, _("Sealed. %(n)s versions stand in the manifest; its digest is %(digest)s.") % {"n": len(made.manifest.splitlines()), "digest": made.digest[:16]})
            return redirect("privacy")
    return render(request, "records/seal.html", {"form": form, "face": face, "person": person_id})


@page(Permission.RECORD_SEAL)
def lift(request: HttpRequest, seal_id: int, *, acting: Principal) -> HttpResponse:
    """One officer asks that a sealed record is opened, and says why; on the same page another agrees."""
    sealed = seals.in_sight(acting).filter(pk=seal_id).first()
    if sealed is None:
        raise Http404
    form = forms.Form(request.POST or None) if sealed.asked else LiftForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            if "agree" in request.POST:  # never by a form that asked, where somebody else has asked meanwhile
                seals.do_lift(seal_id, sources=sources.of_person(sealed.person), acting=acting)
                messages.success(request, _("The seal is open."))
            else:
                seals.do_ask_lift(seal_id, reason=form.cleaned_data.get("reason", ""), acting=acting)
                messages.success(request, _("Asked. The record stays sealed until another officer agrees, within seven days."))
            return redirect("privacy")
        except Forbidden as refusal:
            note(request, refusal, place(request))
            form.add_error(None, _(str(refusal)))
    return render(request, "records/lift.html", {
        "s": sealed, "face": known(sealed.person, acting), "form": form, "own": str(sealed.asked_by_id) == acting.id})


@require_GET
@page(Permission.RECORD_SEAL)
def manifest(request: HttpRequest, seal_id: int, *, acting: Principal) -> HttpResponse:
    """The manifest as a text file; its first line says whether the store still holds just that."""
    sealed = seals.standing(acting).filter(pk=seal_id).first()
    if sealed is None:
        raise Http404
    append(Event.of(acting, EventCode.RECORD_SEAL, person=sealed.person, target=f"seal/{sealed.pk}/manifest"))
    wrong = unlike(sealed)
    first = f"# {sealed.digest} {'intact' if not wrong else f'{len(wrong)} versions differ from the store: ' + ', '.join(w.split(' ')[0] for w in wrong)}"
    return HttpResponse(f"{first}\n{sealed.manifest}\n", content_type="text/plain; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="seal-{sealed.pk}.txt"'})
