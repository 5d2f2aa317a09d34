"""The privacy officer's pages: broken glass to review and patients to tell, treatment that clinicians declared themselves, sealed records."""

import datetime as dt
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from alliance.auth.principal import Principal
from alliance.auth.session import page
from alliance.roles import Permission
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from consent.audit.query import Filter, count
from consent.models import Emergency, IncidentSeal, Relationship
from consent.services import seals
from consent.services.emergencies import do_review_emergency, do_tell_patient, due
from records.interactions.sealing import do_seal_record, unlike
from records.mpi import find
from records.web.actions import known
from records.web.forms import ReviewForm, SealForm, TellForm

DAYS = 7  # declared treatment of so many days is shown


@page(Permission.EMERGENCY_REVIEW)
def privacy(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """What waits, the oldest first. A name typed here leads to the page where a record is sealed."""
    typed = request.POST.get("q", "") if request.method == "POST" else ""
    tasks = [(e, find.face(e.person, acting.hospital_id), looks(e)) for e in due(acting)[:100]]
    since = timezone.now() - dt.timedelta(days=DAYS)
    claims = Relationship.objects.filter(basis=Relationship.Basis.DECLARED, starts_at__gte=since).select_related("declared_by", "hospital").order_by("-starts_at")
    if not acting.alliance_wide:
        claims = claims.filter(hospital_id=acting.hospital_id)
    claimed = [(c, find.face(c.person, acting.hospital_id)) for c in claims[:100]]
    sealed = [(s, find.face(s.person, acting.hospital_id)) for s in seals.standing(acting)]
    shown = {f"person/{x.person}" for x in (*(t[0] for t in tasks), *(c for c, _ in claimed), *(s for s, _ in sealed))}
    append(Event.of(acting, EventCode.EMERGENCY_REVIEW, target="list", refs=tuple(sorted(shown))))
    return render(request, "records/privacy.html", {
        "tasks": tasks, "claims": claimed, "seals": sealed,
        "review": ReviewForm(), "tell": TellForm(), "q": typed, "found": find.find(typed, acting=acting) if typed else None})


def looks(e: Emergency) -> int:
    """How often he looked at the record while the glass was broken."""
    return count(Filter(start=e.opened_at, end=e.closed_at or e.until, person=e.person, actor_kind="staff", actor=str(e.staff_id), emergency=True, room="records"))


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


@require_POST
@page(Permission.RECORD_SEAL)
def lift(request: HttpRequest, seal_id: int, *, acting: Principal) -> HttpResponse:
    reason = request.POST.get("reason", "").strip()[:300]
    if len(reason) < 2:
        messages.error(request, _("Say why the seal is opened."))
        return redirect("privacy")
    try:
        seals.do_lift(seal_id, reason=reason, acting=acting)
    except IncidentSeal.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, _("The seal is open."))
    return redirect("privacy")


@require_GET
@page(Permission.RECORD_SEAL)
def manifest(request: HttpRequest, seal_id: int, *, acting: Principal) -> HttpResponse:
    """The manifest as a text file; its first line says whether the store still holds just that."""
    sealed = seals.standing(acting).filter(pk=seal_id).first()
    if sealed is None:
        raise Http404
    append(Event.of(acting, EventCode.RECORD_SEAL, person=sealed.person, target=f"seal/{sealed.pk}/manifest"))
    wrong = unlike(sealed)
    first = f"# {sealed.digest} {'intact' if not wrong else f'{len(wrong)} versions differ from the store: ' + ', '.join(w.split(' ')[0] for w in wrong[:20])}"
    return HttpResponse(f"{first}\n{sealed.manifest}\n", content_type="text/plain; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="seal-{sealed.pk}.txt"'})
