"""The patient's own pages: sign in with the code and the birth date; his consents, what others would see, who looked, when and why."""

import datetime as dt
from functools import wraps
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from alliance.auth.bearer import address_of
from alliance.auth.principal import Principal
from alliance.auth.session import View
from alliance.models import Hospital, Staff
from alliance.roles import Permission, Role
from consent import facts
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from consent.audit.query import Filter
from consent.audit.query import page as audit_page
from consent.explain import Explained, explain
from consent.models import Directive, Emergency, PatientAccess
from consent.services import accesses
from consent.services.directives import do_record_directive, do_withdraw_directive, homes
from consent.templates import Template, consent
from consent.terms import AccessRequest, Source
from records.interactions.simulate import simulate
from records.mpi import find, sources
from records.web.choices import ConsentForm
from records.web.consents import is_minor, lines

SESSION, LINES = "patient_access", 200
MINUTES = 30


class SignInForm(forms.Form):
    code = forms.CharField(label=gettext_lazy("Code from the hospital"), max_length=20, widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}))
    birth_date = forms.DateField(label=gettext_lazy("Birth date"), widget=forms.DateInput(attrs={"type": "date"}))


class OwnForm(ConsentForm):
    """What he may choose himself: all but how it was given."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("method", "evidence", "scan", "signature", "doctors", *(() if self.minor else ("guardian",))):
            del self.fields[name]
        self.fields["template"].label = _("I choose")
        self.fields["instead"].label = _("This takes the place of all that I decided before")

    def clean(self) -> dict[str, Any]:
        return super().clean() | {"doctors": []}


def born(person: UUID) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT s.birth_date FROM records_sourcepatient s WHERE s.registered AND s.birth_date <> '' AND s.person_id = "
                       "(SELECT o.person_id FROM records_sourcepatient o WHERE o.home = %s)", [person])
        return {d for (d,) in cursor.fetchall()}


def own(view: View) -> View:
    """The page's door: a session that the code has opened, and a code that still stands."""

    @wraps(view)
    @never_cache
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        access = accesses.of(int(request.session.get(SESSION) or 0))
        if access is None:
            return redirect("my-sign-in")
        return view(request, *args, acting=accesses.principal(access, address_of(request), getattr(request, "request_id", "")), access=access, **kwargs)

    return wrapped


def sign_in(request: HttpRequest) -> HttpResponse:
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        access = accesses.enter(form.cleaned_data["code"], form.cleaned_data["birth_date"].isoformat(), born, address=address_of(request), request_id=getattr(request, "request_id", ""))
        if access is not None:
            request.session.flush()
            request.session[SESSION] = access.pk
            request.session.set_expiry(MINUTES * 60)
            return redirect("my")
        form.add_error(None, _("This code and birth date open nothing. After five wrong birth dates a code ends: ask the hospital for a new one."))
    return render(request, "records/my_sign_in.html", {"form": form})


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    request.session.flush()
    return redirect("my-sign-in")


@own
def my(request: HttpRequest, *, acting: Principal, access: PatientAccess) -> HttpResponse:
    person = access.person
    found = sources.of_person(person)
    face = find.face(person, acting.hospital_id)
    form = OwnForm(request.POST or None, minor=face is not None and is_minor(face, timezone.localdate()), initial={"template": Template.SHARE, "instead": True})
    sight = None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        chosen = consent(form.choice())
        if "simulate" in request.POST:
            sight = simulate(acting, person, chosen, instead=data["instead"])
        else:
            do_record_directive(person, chosen, template=data["template"], method=Directive.Method.ONLINE, evidence=f"access/{access.pk}", guardian=data.get("guardian", ""), valid_until=data["until"],
                                instead=data["instead"], sources=found, acting=acting)
            messages.success(request, _("Your decision is recorded and counts from now on."))
            return redirect("my")
    append(Event.of(acting, EventCode.CONSENT_READ, person=person, target="my"))
    hospitals = {h.code: h for h in Hospital.objects.all()}
    return render(request, "records/my.html", {
        "form": form, "sight": sight, "doors": doors(person, found), **lines(person, found), "hospitals": [hospitals[s.hospital] for s in found],
        "emergencies": Emergency.objects.filter(person__in=homes(person, found)).select_related("staff__hospital"),
        "seen": looks(person, hospitals)})


def doors(person: UUID, found: tuple[Source, ...]) -> list[tuple[Hospital, list[tuple[Hospital, Explained]]]]:
    """What the clinicians of each hospital may see of each that knows him, at this moment, and why."""
    hospitals = {h.code: h for h in Hospital.objects.all()}
    out = []
    for h in hospitals.values():
        viewer = Principal("staff", "0", h.pk, h.code, Role.CLINICIAN, active=h.active)
        asked = AccessRequest(viewer, Permission.RECORD_READ, EventCode.CONSENT_READ, "explanation", person=person, sources=found, known=found)
        told_ = explain(asked, facts.load(asked), sorted({s.hospital for s in found} - {h.code}))
        out.append((h, [(hospitals[e.hospital], e) for e in told_]))
    return out


def looks(person: UUID, hospitals: dict[str, Hospital]) -> list[dict[str, Any]]:
    """Who looked, newest first; the same thing done again by the same one on the same day is one line that counts."""
    out: list[dict[str, Any]] = []
    lines_ = [x for x in audit_page(Filter(person=person), None, LINES) if x["actor_kind"] != "patient"]
    staff = {str(s.pk): s for s in Staff.objects.filter(pk__in={int(x["actor"]) for x in lines_ if x["actor_kind"] == "staff"})}
    for x in lines_:
        when = timezone.localtime(dt.datetime.fromisoformat(x["recorded"]))
        alike = (x["actor_kind"], x["actor"], x["code"], x["purpose"], x["outcome"], when.date())
        known = next((o for o in out if o["alike"] == alike), None)
        if known:
            known["times"] += 1
        else:
            out.append({"alike": alike, "line": x, "when": when, "times": 1, "who": staff.get(x["actor"]) if x["actor_kind"] == "staff" else None, "hospital": hospitals.get(x["actor_hospital"])})
    return out


@require_POST
@own
def withdraw(request: HttpRequest, directive_id: int, *, acting: Principal, access: PatientAccess) -> HttpResponse:
    try:
        do_withdraw_directive(directive_id, access.person, sources=sources.of_person(access.person), acting=acting)
    except Directive.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, _("Withdrawn. It counts from now on."))
    return redirect("my")


