"""The page of a patient's consents: what was decided, a new decision read back before it is saved, verify and withdraw; and why somebody sees what
they see."""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
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
from alliance.auth.refusals import say
from alliance.auth.session import page, principal_for
from alliance.models import Hospital, Staff
from alliance.roles import Permission
from alliance.services.authority import hospitals_for
from consent import facts
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from consent.explain import explain
from consent.models import Directive
from consent.provision import permits, read, staff_named
from consent.services import directives
from consent.services.confirmations import may_confirm
from consent.services.directives import check, do_record_directive, do_verify_directive, do_withdraw_directive
from consent.services.ties import is_tied
from consent.templates import consent
from consent.terms import Source
from records.interactions.ask import base, person_request
from records.interactions.simulate import simulate
from records.mpi import find, sources
from records.mpi.find import Found
from records.web.actions import known
from records.web.choices import DecisionForm, GivingForm
from records.web.told import told
from records.web.whom import check_whom, whom

MINOR = 14


def is_minor(face: Found, today: dt.date) -> bool:
    """Under 14, by a birth date that is known to the day or the year (PIPL 31)."""
    try:
        born = dt.date.fromisoformat(face.birth_date) if len(face.birth_date) == 10 else dt.date(int(face.birth_date[:4]), 12, 31)
    except ValueError:
        return False
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day)) < MINOR


@dataclass(frozen=True, slots=True)
class Reading:
    """A decision before it is saved, in the words that it will be shown in; mark: tells this reading from any other."""

    consent: dict[str, Any]
    rules: list[tuple[int, bool | None, str]]
    last_day: str
    instead: bool
    mark: str


def read_back(form: DecisionForm, hospital: str, found: tuple[Source, ...]) -> Reading:
    """What a valid form would record at the hospital, of the patient of these registrations."""
    chosen = consent(form.choice())
    text = json.dumps([chosen, form.last_day, form.cleaned_data["instead"], whom(found)], sort_keys=True)
    return Reading(chosen, told(chosen, hospital, names_in([chosen])), form.last_day, form.cleaned_data["instead"], hashlib.sha256(text.encode()).hexdigest()[:16])


def names_in(resources: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Of all hospitals by code, and of the staff whom these Consents name by "staff/" and number."""
    named = {n for resource in resources for n in staff_named(read(resource))}
    return {h.code: h.name for h in Hospital.objects.all()} | {f"staff/{s.pk}": f"{s.name} ({s.hospital})" for s in Staff.objects.filter(pk__in=named).select_related("hospital")}


@page(Permission.CONSENT_RECORD)
def consents(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    """Only for staff of a hospital that knows the patient. First what is decided; it is read back, with what others would see; then how it was given."""
    face = known(person_id, acting)
    found = sources.of_person(person_id)
    if not directives.knows(acting, person_id, found):
        say(acting, reason="no_relationship", target="page/consent", account=True, person=person_id)
        return render(request, "records/unknown_here.html", {"face": face, "person": person_id}, status=403)
    check(acting, person_id, found)
    minor = is_minor(face, timezone.localdate())
    form = DecisionForm(request.POST or None, initial={"instead": True})
    reading = giving = sight = None
    if request.method == "POST" and "change" not in request.POST and form.is_valid():
        reading = read_back(form, acting.hospital, found)
        whole = "method" in request.POST and not request.POST.keys() & {"said", "read"}  # decision and how it was given in one, as pages of an earlier release send them
        saves = whole or "save" in request.POST
        read_before = whole or request.POST.get("said") == reading.mark
        giving = GivingForm(request.POST if saves else None, request.FILES if saves else None, minor=minor, initial={"method": "guardian" if minor else "paper"})
        if saves and read_before and giving.is_valid():
            given = giving.cleaned_data
            do_record_directive(
                person_id, reading.consent, template=form.cleaned_data["template"], method=given["method"], evidence=given["evidence"], guardian=given["guardian"],
                image=giving.image(), valid_until=form.cleaned_data["until"], instead=reading.instead, sources=found, acting=acting)
            messages.success(request, recorded(permits(read(reading.consent, acting.hospital)), is_tied(acting.hospital_id, person_id, found)))
            return redirect("consent", person_id)
        if saves and not read_before:
            messages.warning(request, _("The decision was changed: read it back to the patient once more before you save it."))
        elif request.FILES:
            messages.warning(request, _("Choose the scan again before you save: a page that is shown anew holds no file."))
        sight = simulate(acting, person_id, reading.consent, instead=reading.instead)
    append(Event.of(acting, EventCode.CONSENT_READ, person=person_id, target="directives"))
    return render(request, "records/consent.html", {
        "form": form, "reading": reading, "giving": giving, "face": face, "person": person_id, "whom": whom(found), "sight": sight, "minor": minor,
        **confirmable(lines(person_id, found), person_id, found, acting), "registered": any(s.hospital_id == acting.hospital_id for s in found)})


def recorded(opens: bool, tied: bool) -> str:
    """What counts of a decision from now on. tied: others stand fully behind it that the recorder's hospital treats the patient."""
    if not opens:
        return _("The patient's decision is recorded and counts from now on.")
    if tied:
        return _("The patient's decision is recorded. What it refuses counts from now on, and what it permits to other hospitals; to your own it counts once somebody else confirms it.")
    return _("The patient's decision is recorded. What it refuses counts from now on, and what it permits to others of your own hospital's records. The rest counts once somebody else "
             "confirms it, or, to others, that your hospital treats the patient.")


def lines(person: UUID, found: tuple[Source, ...]) -> dict[str, list[dict[str, Any]]]:
    """Each directive with its words, whether its permits have lapsed because registrations were parted, whose word it is, and whether that hospital is tied to the
    patient: those that stand, earlier ones, and of these those that refuse on."""
    all_of_them = list(directives.of(person, found).select_related("hospital", "recorded_by__hospital", "verified_by", "verified_where", "withdrawn_by").prefetch_related("confirmations"))
    names = names_in(d.resource for d in all_of_them)
    his = {s.id for s in found}
    told_of = [{"d": d, "rules": told(d.resource, d.hospital.code, names), "lapsed": not set(d.covers) <= his,
                "behind": behind(d), "permits": permits(read(d.resource, d.hospital.code)), "speaker": d.verified_where or d.hospital} for d in all_of_them]
    tied = {h.pk: is_tied(h.pk, person, found) for h in {x["speaker"] for x in told_of if x["permits"] and not x["behind"] and not x["d"].withdrawn_at}}
    for x in told_of:
        x["tied"] = tied.get(x["speaker"].pk, False)
    earlier = [x for x in told_of if x["d"].withdrawn_at]
    return {"standing": [x for x in told_of if not x["d"].withdrawn_at], "earlier": earlier, "refusing": [x for x in earlier if not x["d"].lifted_at]}


def confirmable(told_of: dict[str, list[dict[str, Any]]], person: UUID, found: tuple[Source, ...], acting: Principal) -> dict[str, list[dict[str, Any]]]:
    """The same lines, each with whether the one who reads them may see the signed paper, and whether their word would add to what stands behind it."""
    for x in (*told_of["standing"], *told_of["earlier"]):
        x["paper"] = bool(x["d"].image) and directives.may_see_paper(acting, x["d"], person, found)
        x["confirmable"] = acting.may(Permission.CONFIRM) and may_confirm(x["d"], person, found, acting, before=x["behind"])
    return told_of


def behind(d: Directive) -> str:
    """Who stands behind it beside its own hospital: "full", "provisional", "refused"; "" for nobody, or where nobody has to."""
    said = [c for c in d.confirmations.all() if c.ended_at is None and c.subject == ("directive" if d.withdrawn_at is None else "withdrawal") and (c.until is None or c.until > timezone.now())]
    full = next((c.verdict for c in reversed(said) if c.until is None), "")
    return full or ("provisional" if said else "")


class WithdrawalForm(forms.Form):
    """Why a decision no longer stands, and how the patient asked for it."""

    reason = forms.CharField(label=gettext_lazy("Why it is withdrawn"), min_length=2, max_length=200, help_text=gettext_lazy("It stands in the audit log: no patient's name or number."))
    evidence = forms.CharField(label=gettext_lazy("How the patient asked for it, and where the paper is kept"), min_length=2, max_length=120)


@page(Permission.CONSENT_RECORD)
def withdraw(request: HttpRequest, person_id: UUID, directive_id: int, *, acting: Principal) -> HttpResponse:
    """Asks once more, with the decision in words, before it ends."""
    face = known(person_id, acting)
    found = sources.of_person(person_id)
    check(acting, person_id, found)
    shown = next((x for x in lines(person_id, found)["standing"] if x["d"].pk == directive_id), None)
    if shown is None:
        raise Http404
    form = WithdrawalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        do_withdraw_directive(directive_id, person_id, sources=found, acting=acting, **form.cleaned_data)
        messages.success(request, _("Withdrawn. It counts from now on."))
        return redirect("consent", person_id)
    append(Event.of(acting, EventCode.CONSENT_READ, person=person_id, target=f"directive/{directive_id}"))
    return render(request, "records/withdraw.html", {"face": face, "person": person_id, "x": shown, "form": form})


@require_POST
@page(Permission.CONSENT_RECORD)
def verify(request: HttpRequest, person_id: UUID, directive_id: int, *, acting: Principal) -> HttpResponse:
    """The clerk has the signed paper in hand, and says where it is kept."""
    evidence = request.POST.get("evidence", "").strip()[:120]
    if not evidence:
        messages.error(request, _("Say where the signed paper is kept."))
        return redirect("consent", person_id)
    guardian = request.POST.get("guardian", "").strip()[:60]
    found = sources.of_person(person_id)
    check_whom(request, found)
    if is_minor(known(person_id, acting), timezone.localdate()) and not guardian:
        messages.error(request, _("The patient is under 14: a guardian signs (PIPL 31)."))
        return redirect("consent", person_id)
    try:
        do_verify_directive(directive_id, person_id, evidence=evidence, guardian=guardian, sources=found, acting=acting)
    except Directive.DoesNotExist as error:
        raise Http404 from error
    tied = is_tied(acting.hospital_id, person_id, sources.of_person(person_id))
    messages.success(request, _("Verified. It counts from now on.") if tied else
                     _("Verified. What it permits of your own hospital's records counts from now on; the rest once somebody else confirms it, or that your hospital treats the patient."))
    return redirect("consent", person_id)


@require_GET
@page(Permission.CONSENT_RECORD)
def image(request: HttpRequest, person_id: UUID, directive_id: int, *, acting: Principal) -> HttpResponse:
    found = sources.of_person(person_id)
    check(acting, person_id, found)
    directive = directives.of(person_id, found).filter(pk=directive_id).first()
    if directive is None or directive.image is None:
        raise Http404
    if not directives.may_see_paper(acting, directive, person_id, found):
        raise Forbidden("tie", _("The signed paper is another hospital's: it is shown once somebody else has confirmed that yours treats the patient."))
    append(Event.of(acting, EventCode.CONSENT_READ, person=person_id, target=f"directive/{directive.pk}/image"))
    return HttpResponse(bytes(directive.image), content_type=directive.image_type, headers={"Content-Disposition": "inline" if directive.image_type.startswith("image/") else "attachment"})


@require_GET
@page(Permission.RECORD_READ)
def why(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    """For the clinicians themselves. Each member is named, whether it holds anything or not: the answer follows from consents alone."""
    return reasons(request, person_id, acting, acting, None)


@require_GET
@page(Permission.AUDIT_READ)
def why_staff(request: HttpRequest, person_id: UUID, staff_id: int, *, acting: Principal) -> HttpResponse:
    """For the auditor: what the rules say now of one whom he audits."""
    who = Staff.objects.select_related("hospital").filter(pk=staff_id, hospital__in=hospitals_for(acting, "audit_hospital")).first()
    if who is None:
        raise Http404
    return reasons(request, person_id, acting, principal_for(who, request), who)


def reasons(request: HttpRequest, person_id: UUID, acting: Principal, viewer: Principal, who: Staff | None) -> HttpResponse:
    asked = person_request(base(viewer, "alliance", "/fhir"), EventCode.CONSENT_READ, "explanation", person_id)
    append(Event.of(acting, EventCode.CONSENT_READ, person=person_id, target="explanation", detail=f"of staff {who.pk}" if who else ""))
    hospitals = {h.code: h for h in Hospital.objects.all()}
    found = explain(asked, facts.load(asked), list(hospitals))
    return render(request, "records/why.html", {
        "face": find.face(person_id, acting.hospital_id), "person": person_id, "who": who, "lines": [(hospitals[e.hospital], e) for e in found]})
