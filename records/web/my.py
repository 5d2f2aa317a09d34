"""The patient's own pages: their consents, what others would see, who looked, when and why; codes that were printed for them."""

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

from alliance.auth.principal import Principal, principal_of_staff
from alliance.models import Hospital, Staff
from alliance.roles import Permission, Role
from consent import facts
from consent.audit import query
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from consent.explain import Explained, explain
from consent.models import Directive, Emergency, PatientAccess, Relationship
from consent.provision import permits, read
from consent.services import accesses, confirmations, directives
from consent.services.directives import do_record_directive, do_withdraw_directive, homes
from consent.services.ties import facts_at
from consent.terms import AccessRequest, Source
from records.interactions.simulate import simulate
from records.mpi import find, sources
from records.web.choices import DecisionForm, GuardianForm
from records.web.consents import is_minor, lines, read_back
from records.web.way_in import own

LINES = 200


class OwnForm(DecisionForm):
    """What patients decide themselves: no doctors by user name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["doctors"]
        self.fields["template"].label = _("What do you decide?")
        self.fields["instead"].label = _("This takes the place of all my earlier decisions")


@own
def my(request: HttpRequest, *, acting: Principal, access: PatientAccess) -> HttpResponse:
    person = access.person
    found = sources.of_person(person)
    face = find.face(person, acting.hospital_id)
    minor = face is not None and is_minor(face, timezone.localdate())
    form = OwnForm(request.POST or None, initial={"instead": True})
    reading = giving = sight = None
    if request.method == "POST" and "change" not in request.POST and form.is_valid():
        reading = read_back(form, acting.hospital, found)
        read_before = request.POST.get("said") == reading.mark
        giving = GuardianForm(request.POST if "save" in request.POST else None) if minor else None
        if "save" in request.POST and read_before and (giving is None or giving.is_valid()):
            do_record_directive(person, reading.consent, template=form.cleaned_data["template"], method=Directive.Method.ONLINE, evidence=f"access/{access.pk}",
                                guardian=giving.cleaned_data["guardian"] if giving else "", valid_until=form.cleaned_data["until"], instead=reading.instead, sources=found, acting=acting)
            messages.success(request, _("Your decision is recorded. What it refuses counts from now on; for what it permits, read below.")
                             if acting.factor != "full" and permits(read(reading.consent, acting.hospital)) else _("Your decision is recorded and counts from now on."))
            return redirect("my")
        if "save" in request.POST and not read_before:
            messages.warning(request, _("The decision was changed: read it once more before you save it."))
        sight = simulate(acting, person, reading.consent, instead=reading.instead)
    append(Event.of(acting, EventCode.CONSENT_READ, person=person, target="my"))
    printed = [x for x in accesses.every(person, found) if x.open and (x.pk != access.pk or x.waiting)]
    hospitals = {h.code: h for h in Hospital.objects.all()}
    return render(request, "records/my.html", {
        "form": form, "reading": reading, "giving": giving, "sight": sight, "doors": doors(person, found), **lines(person, found), "hospitals": [hospitals[s.hospital] for s in found],
        "emergencies": Emergency.objects.filter(person__in=homes(person, found)).select_related("staff__hospital"),
        "seen": looks(person, hospitals), "access": access, "printed": [(x, accesses.may_stop(acting, access, x, person, found)) for x in printed],
        "factor": acting.factor, "ties": ties(person, found)})


def ties(person: UUID, found: tuple[Source, ...]) -> list[dict[str, Any]]:
    """Which hospitals say that they treat the patient, or that a registration is the patient's, and how far others stand behind it."""
    now = timezone.now()
    treated = current(person, found)
    said = [c for c in confirmations.standing_of(person, found) if c.subject == "tie"]
    out = []
    for h in Hospital.objects.filter(pk__in={r.hospital_id for r in treated} | {c.hospital_id for c in said}):
        tie = facts_at(h.pk, person, found).tie.name.lower()
        last = next((c for c in said if c.hospital_id == h.pk and (c.until is None or c.until > now)), None)
        out.append({"hospital": h, "tie": tie, "last": last, "clinicians": [r for r in treated if r.hospital_id == h.pk and r.declared_by_id]})
    return out


@require_POST
@own
def stop(request: HttpRequest, access_id: int, *, acting: Principal, access: PatientAccess) -> HttpResponse:
    """The patient did not ask for this code, or for this new number of their own one."""
    try:
        accesses.do_stop_access(access_id, access.person, sources=sources.of_person(access.person), acting=acting, mine=access)
    except PatientAccess.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, _("Stopped. It opens nothing any more, and the privacy officer sees it."))
    return redirect("my")


@require_POST
@own
def stand_tie(request: HttpRequest, hospital_id: int, *, acting: Principal, access: PatientAccess) -> HttpResponse:
    """The patient says that a hospital treats them, or that it does not."""
    do = confirmations.do_refuse_tie if "refuse" in request.POST else confirmations.do_confirm_tie
    do(access.person, hospital_id, evidence=f"access/{access.pk}", sources=sources.of_person(access.person), acting=acting)
    messages.success(request, _("Your word is recorded and counts from now on."))
    return redirect("my")


@require_POST
@own
def stand_decision(request: HttpRequest, directive_id: int, *, acting: Principal, access: PatientAccess) -> HttpResponse:
    """The patient stands behind a decision that somebody recorded for them, or behind its end, or says that it is none of theirs."""
    found = sources.of_person(access.person)
    directive = directives.of(access.person, found).filter(pk=directive_id).first()
    if directive is None:
        raise Http404
    confirm = confirmations.do_confirm_directive if directive.withdrawn_at is None else confirmations.do_confirm_withdrawal
    do = confirmations.do_refuse_directive if "refuse" in request.POST else confirm
    do(directive_id, access.person, evidence=f"access/{access.pk}", sources=found, acting=acting)
    messages.success(request, _("Your word is recorded and counts from now on."))
    return redirect("my")


def doors(person: UUID, found: tuple[Source, ...]) -> list[tuple[Hospital, Staff | None, list[tuple[Hospital, Explained]]]]:
    """What the clinicians of each hospital may see of each that knows the patient, at this moment, and why; and, by name, those who have declared that they treat them."""
    hospitals = {h.code: h for h in Hospital.objects.all()}
    declared = Staff.objects.filter(pk__in={r.declared_by_id for r in current(person, found)}).select_related("hospital")
    out = []
    for h in hospitals.values():
        named: list[tuple[Staff | None, Principal]] = [(s, principal_of_staff(s)) for s in declared if s.hospital_id == h.pk]
        for who, viewer in [*named, (None, Principal("staff", "0", h.pk, h.code, Role.CLINICIAN, active=h.active))]:
            asked = AccessRequest(viewer, Permission.RECORD_READ, EventCode.CONSENT_READ, "explanation", person=person, sources=found, known=found)
            told_ = explain(asked, facts.load(asked), sorted({s.hospital for s in found} - {h.code}))
            out.append((h, who, [(hospitals[e.hospital], e) for e in told_]))
    return out


def current(person: UUID, found: tuple[Source, ...]) -> QuerySet[Relationship]:
    """Treatment that holds now, the newest first."""
    now = timezone.now()
    return Relationship.objects.filter(person__in=homes(person, found), starts_at__lte=now, ends_at__gt=now).select_related("declared_by", "hospital").order_by("-starts_at")


def looks(person: UUID, hospitals: dict[str, Hospital]) -> list[dict[str, Any]]:
    """Who looked, newest first; the same thing done again by the same one on the same day is one line that counts."""
    found = query.looks(person, LINES)
    staff = {str(s.pk): s for s in Staff.objects.filter(pk__in={int(x.actor) for x in found if x.actor_kind == "staff" and x.actor})}
    return [{"line": x, "when": timezone.localtime(x.when), "times": x.times, "who": staff.get(x.actor) if x.actor_kind == "staff" else None, "hospital": hospitals.get(x.actor_hospital)}
            for x in found]


class OwnWithdrawalForm(forms.Form):
    """Patients need not say why (PIPL 15)."""

    reason = forms.CharField(label=gettext_lazy("Why, if you wish to say"), max_length=200, required=False)


@own
def withdraw(request: HttpRequest, directive_id: int, *, acting: Principal, access: PatientAccess) -> HttpResponse:
    """Asks once more, with the decision in words, before it ends."""
    found = sources.of_person(access.person)
    shown = next((x for x in lines(access.person, found)["standing"] if x["d"].pk == directive_id), None)
    if shown is None:
        raise Http404
    form = OwnWithdrawalForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        do_withdraw_directive(directive_id, access.person, reason=form.cleaned_data["reason"], sources=found, acting=acting)
        messages.success(request, _("Withdrawn. It counts from now on."))
        return redirect("my")
    append(Event.of(acting, EventCode.CONSENT_READ, person=access.person, target=f"directive/{directive_id}"))
    return render(request, "records/my_withdraw.html", {"x": shown, "form": form})
