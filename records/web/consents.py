"""The page of a patient's consents: what he decided, a choice of templates, what others would see with it, verify and withdraw; and why somebody sees
what he sees."""

import datetime as dt
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from alliance.auth.principal import Principal
from alliance.auth.session import page, principal_for
from alliance.models import Hospital, Staff
from alliance.roles import Permission
from alliance.services.authority import hospitals_for
from consent import facts
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from consent.explain import explain
from consent.models import Directive
from consent.provision import read, staff_named
from consent.services import directives
from consent.services.accesses import do_give_access
from consent.services.directives import check, do_record_directive, do_verify_directive, do_withdraw_directive
from consent.templates import Template, consent
from consent.terms import Source
from records.interactions.ask import base, person_request
from records.interactions.simulate import simulate
from records.mpi import find, sources
from records.mpi.find import Found
from records.web.actions import known
from records.web.choices import TEMPLATES, ConsentForm
from records.web.told import told

MINOR = 14


def is_minor(face: Found, today: dt.date) -> bool:
    """Under 14, by a birth date that is known to the day or the year (PIPL 31)."""
    try:
        born = dt.date.fromisoformat(face.birth_date) if len(face.birth_date) == 10 else dt.date(int(face.birth_date[:4]), 12, 31)
    except ValueError:
        return False
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day)) < MINOR


@page(Permission.CONSENT_RECORD)
def consents(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    """Only for staff of a hospital that knows him. "Show what others would see" changes nothing; "Save" does."""
    face = known(person_id, acting)
    found = sources.of_person(person_id)
    check(acting, person_id, found)
    minor = is_minor(face, timezone.localdate())
    form = ConsentForm(request.POST or None, request.FILES or None, minor=minor, initial={"template": Template.SHARE, "method": "guardian" if minor else "paper", "instead": True})
    sight = None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        chosen = consent(form.choice())
        if "simulate" in request.POST:
            sight = simulate(acting, person_id, chosen, instead=data["instead"])
            if data["scan"]:
                messages.warning(request, _("Choose the scan again before you save: a page that is shown anew holds no file."))
        else:
            do_record_directive(
                person_id, chosen, template=data["template"], method=data["method"], evidence=data["evidence"], guardian=data["guardian"], image=form.image(),
                valid_until=data["until"], instead=data["instead"], sources=found, acting=acting)
            messages.success(request, _("The patient's decision is recorded and counts from now on."))
            return redirect("consent", person_id)
    append(Event.of(acting, EventCode.CONSENT_READ, person=person_id, target="directives"))
    return render(request, "records/consent.html", {
        "form": form, "face": face, "person": person_id, **lines(person_id, found), "sight": sight, "minor": minor})


def lines(person: UUID, found: tuple[Source, ...]) -> dict[str, list[dict[str, object]]]:
    """Each directive with its words, and whether its permits have lapsed because registrations were parted: those that stand, and earlier ones."""
    all_of_them = list(directives.of(person, found).select_related("hospital", "recorded_by__hospital", "verified_by"))
    named = {n for d in all_of_them for n in staff_named(read(d.resource))}
    names = {h.code: h.name for h in Hospital.objects.all()} | {f"staff/{s.pk}": f"{s.name} ({s.hospital})" for s in Staff.objects.filter(pk__in=named).select_related("hospital")}
    titles = dict(TEMPLATES)
    his = {s.id for s in found}
    told_of = [{"d": d, "title": titles.get(d.template, ""), "rules": told(d.resource, d.hospital.code, names), "lapsed": not set(d.covers) <= his}
               for d in all_of_them]
    return {"standing": [x for x in told_of if not x["d"].withdrawn_at], "earlier": [x for x in told_of if x["d"].withdrawn_at]}


@require_POST
@page(Permission.CONSENT_RECORD)
def withdraw(request: HttpRequest, person_id: UUID, directive_id: int, *, acting: Principal) -> HttpResponse:
    try:
        do_withdraw_directive(directive_id, person_id, sources=sources.of_person(person_id), acting=acting)
    except Directive.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, _("Withdrawn. It counts from now on."))
    return redirect("consent", person_id)


@require_POST
@page(Permission.CONSENT_RECORD)
def verify(request: HttpRequest, person_id: UUID, directive_id: int, *, acting: Principal) -> HttpResponse:
    """The clerk has the signed paper before him, and says where it is kept."""
    evidence = request.POST.get("evidence", "").strip()[:120]
    if not evidence:
        messages.error(request, _("Say where the signed paper is kept."))
        return redirect("consent", person_id)
    guardian = request.POST.get("guardian", "").strip()[:60]
    if is_minor(known(person_id, acting), timezone.localdate()) and not guardian:
        messages.error(request, _("The patient is under 14: a guardian signs (PIPL 31)."))
        return redirect("consent", person_id)
    try:
        do_verify_directive(directive_id, person_id, evidence=evidence, guardian=guardian, sources=sources.of_person(person_id), acting=acting)
    except Directive.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, _("Verified. It counts from now on."))
    return redirect("consent", person_id)


@require_GET
@page(Permission.CONSENT_RECORD)
def image(request: HttpRequest, person_id: UUID, directive_id: int, *, acting: Principal) -> HttpResponse:
    found = sources.of_person(person_id)
    check(acting, person_id, found)
    directive = directives.of(person_id, found).filter(pk=directive_id).first()
    if directive is None or directive.image is None:
        raise Http404
    append(Event.of(acting, EventCode.CONSENT_READ, person=person_id, target=f"directive/{directive.pk}/image"))
    return HttpResponse(bytes(directive.image), content_type=directive.image_type, headers={"Content-Disposition": "inline" if directive.image_type.startswith("image/") else "attachment"})


@require_POST
@page(Permission.CONSENT_RECORD)
def access(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    """A code for the patient's own page, shown once, to be printed for him."""
    face = known(person_id, acting)
    code = do_give_access(person_id, sources=sources.of_person(person_id), acting=acting)
    return render(request, "records/access.html", {"face": face, "person": person_id, "code": code, "address": request.build_absolute_uri("/my/")})


@require_GET
@page(Permission.RECORD_READ)
def why(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    """For the clinician himself. Each member is named, whether it holds anything or not: the answer follows from consents alone."""
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
