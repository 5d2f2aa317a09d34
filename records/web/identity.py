"""A person's registrations, for curators: who was linked with whom and why; merge, split, confirm, correct a number, identify an unknown patient,
undo."""

from collections.abc import Sequence
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from alliance.auth.errors import AlreadyStands
from alliance.auth.principal import Principal
from alliance.auth.session import page
from alliance.roles import Permission
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from consent.terms import Source
from records.interactions.ask import NOBODY, as_uuid
from records.models import Decision, SourcePatient
from records.mpi import find, risk, sources
from records.mpi.decide import Undecidable, check, do_confirm, do_correct, do_split, history, mute
from records.mpi.profile import profile
from records.mpi.review import do_propose
from records.mpi.rules.resident_number import NotANumber
from records.web.decisions import NOTED, fault, noted, still, told
from records.web.searches import answered, keep, look, recall
from records.web.sides import beside, values, words_for


class NumberForm(forms.Form):
    number = forms.CharField(label=gettext_lazy("The patient's own citizen number (empty: not known)"), required=False, max_length=30)
    note = forms.CharField(label=gettext_lazy("How you know"), max_length=200)


def registrations(person_id: UUID, acting: Principal) -> list[SourcePatient]:
    """Of the person, for a curator whom they concern. Raises Http404, Forbidden."""
    ids = [s.id for s in sources.of_person(person_id)]
    if not ids:
        raise Http404
    check(acting, ids)
    return list(SourcePatient.objects.filter(pk__in=ids).select_related("hospital").order_by("pk"))


@page(Permission.LINK_REVIEW)
def identity(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    """Everything that the index knows of the person; after a search also the persons whom it finds, to merge with."""
    rows = registrations(person_id, acting)
    if request.method == "POST":
        return keep(request, request.path)
    text = recall(request).strip()
    own = rows[0].person_id
    found = [f for f in look(request, text, acting) if f.person != own] if text else None
    append(Event.of(acting, EventCode.PERSON_READ, person=own, target="identity"))
    ours = [words_for(s, acting) for s in rows if s.hospital_id == acting.hospital_id]
    told_of = {s.pk: words_for(s, acting) if not ours or s.hospital_id == acting.hospital_id else beside(words_for(s, acting), ours) for s in rows}
    shown = [(s, values(told_of[s.pk]), s.hospital_id == acting.hospital_id or acting.alliance_wide, nameless(s), NumberForm(auto_id=f"r{s.pk}-%s")) for s in rows]
    return answered(request, render(request, "records/identity.html", {
        "person": own, "rows": shown, "doubts": risk.within([s.pk for s in rows]), "decisions": told(history([s.pk for s in rows])), "q": text, "found": found,
        "face": find.face(own, acting.hospital_id)}))


def nameless(source: SourcePatient) -> bool:
    """A patient of whom nobody knew the name."""
    return source.words is not None and not profile(risk.read(bytes(source.words), source.pk, source.correction)).spelling.full


def pair_of(rows: Sequence[SourcePatient], other: Sequence[Source], acting: Principal) -> tuple[int, int]:
    """The registrations by which two persons are put beside each other: of one side the curator's own hospital's, an unknown patient first; of the other side one whose
    hospital has a curator to agree."""
    silent = mute({s.hospital_id for s in other})
    mine = min(rows, key=lambda s: (s.hospital_id != acting.hospital_id, not nameless(s), s.pk))
    return mine.pk, min(other, key=lambda s: (s.hospital_id == mine.hospital_id, s.hospital_id in silent, s.id)).id


@require_POST
@page(Permission.LINK_REVIEW)
def merge(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    """Two persons are one; or an unknown patient is somebody who is known. A risky one waits for a second curator."""
    rows, other = registrations(person_id, acting), sources.of_person(as_uuid(request.POST.get("other", "")) or NOBODY)
    try:
        if not other or rows[0].person_id == other[0].home:
            raise Undecidable("same", "These are one person already.")
        verb = Decision.Verb.IDENTIFY if any(nameless(s) for s in rows) else Decision.Verb.MERGE
        _review, decision = do_propose(*pair_of(rows, other, acting), acting=acting, note=noted(request), verb=verb)
        messages.success(request, _("They are one person now.") if decision else NOTED)
    except Undecidable as error:
        fault(request, error)
    return redirect("identity", person_id)


@require_POST
@page(Permission.LINK_REVIEW)
def split(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    rows = registrations(person_id, acting)
    chosen = {int(i) for i in request.POST.getlist("source") if i.isdecimal()} & {s.pk for s in rows}
    try:
        do_split(chosen, acting=acting, note=noted(request))
        messages.success(request, _("They are two persons now."))
    except Undecidable as error:
        fault(request, error)
    return redirect(still(person_id, acting))


@require_POST
@page(Permission.LINK_REVIEW)
def confirm(request: HttpRequest, person_id: UUID, source_id: int, *, acting: Principal) -> HttpResponse:
    mine(person_id, source_id, acting)
    if SourcePatient.objects.filter(pk=source_id, confirmed=True).exists():
        raise AlreadyStands("confirmed", "That the card was seen is written down already. Nothing was written a second time.")
    do_confirm(source_id, acting=acting)
    messages.success(request, _("Confirmed: what this registration says counts before others."))
    return redirect("identity", person_id)


@require_POST
@page(Permission.LINK_REVIEW)
def correct(request: HttpRequest, person_id: UUID, source_id: int, *, acting: Principal) -> HttpResponse:
    mine(person_id, source_id, acting)
    form = NumberForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say how you know that the number is wrong."))
        return redirect("identity", person_id)
    try:
        do_correct(source_id, form.cleaned_data["number"].strip(), acting=acting, note=form.cleaned_data["note"])
        messages.success(request, _("Corrected. The index compares and finds by the right number; the hospital's own record stays as it was sent."))
    except NotANumber as error:
        messages.error(request, invalid(error))
    return redirect("identity", person_id)


def invalid(error: NotANumber) -> str:
    """What is wrong with the number, in the reader's language."""
    if error.stray is None:
        return _("This is not a valid citizen number: check it against the card.")
    place, character = error.stray
    return _("This is not a valid citizen number: its character %(place)s is %(character)s.") % {"place": place, "character": character}


def mine(person_id: UUID, source_id: int, acting: Principal) -> None:
    if source_id not in {s.pk for s in registrations(person_id, acting)}:
        raise Http404
