"""Stand behind what somebody else has said: a colleague of another role, a record clerk elsewhere, the alliance's privacy officer (docs/adr/0030)."""

import datetime as dt
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from django.views.decorators.http import require_GET, require_POST

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.auth.session import page
from alliance.models import Hospital
from alliance.roles import Permission, Role
from consent.audit import query
from consent.audit.append import append
from consent.audit.event import Event, EventCode, Outcome
from consent.models import Confirmation, Directive
from consent.services import confirmations as services
from consent.services import directives
from consent.services.ties import facts_at, is_tied
from records.mpi import find, sources
from records.web import asked, waiting
from records.web.actions import known
from records.web.consents import behind, lines
from records.web.whom import check_whom, whom

TRIES = 5  # numbers that do not fit, of one patient within an hour: a page that compares is no page to guess on
SHORTLY = gettext_noop("Confirmed for 72 hours. What the patient's decision, or else the alliance's rule, permits is open now, but for specially protected records. The "
                       "privacy officer and the patient see it.")
COMPARED = [
    ("card", gettext_lazy("The citizen number on the identity card")), ("document", gettext_lazy("The number on another document")), ("paper", gettext_lazy("Something else")),
]


class CardForm(forms.Form):
    """What was compared with what the index knows: a number that is read from a card, or something else in words."""

    compared = forms.ChoiceField(label=gettext_lazy("What did you compare?"), choices=COMPARED, widget=forms.RadioSelect, initial="card")
    number = forms.CharField(label=gettext_lazy("The number, as it stands there"), max_length=40, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    evidence = forms.CharField(label=gettext_lazy("Otherwise: what you compared"), max_length=150, required=False, help_text=gettext_lazy("No name or number of the patient."))

    def clean(self) -> dict[str, str]:
        data = super().clean() or {}
        needed = "evidence" if data.get("compared") == "paper" else "number"
        if data.get("compared") and len(data.get(needed, "").strip()) < 2:
            self.add_error(needed, _("Type the number from the card.") if needed == "number" else _("Say what you compared."))
        return data


class PaperForm(forms.Form):
    """What was compared with a decision that somebody has recorded."""

    evidence = forms.CharField(label=gettext_lazy("What you compared (the signed paper, the scan, a call with the patient)"), min_length=2, max_length=150,
                               help_text=gettext_lazy("No name or number of the patient."))


class RefusalForm(PaperForm):
    """Why a hospital does not treat the patient."""

    evidence = forms.CharField(label=gettext_lazy("Why, and what you compared"), min_length=2, max_length=150, help_text=gettext_lazy("No name or number of the patient."))


class IntakeForm(PaperForm):
    """How the list of a new member was compared."""

    evidence = forms.CharField(label=gettext_lazy("Which list you compared, and with what"), min_length=2, max_length=150, help_text=gettext_lazy("No name or number of the patient."))


@require_GET
@page(Permission.CONFIRM)
def confirmations(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """What waits for a second person here, for record clerks what other hospitals ask about patients whom they know, and what has become of one's own words."""
    if acting.role == Role.PRIVACY:
        return redirect("oversight")
    number = request.GET.get("page")
    relations = {here: waiting.page_of(waiting.declarations(acting, here=here), number) for here in (True, False) if acting.role == Role.CLERK}
    papers = {here: waiting.page_of(waiting.decisions(acting, here=here), number) for here in (True, False) if here or acting.role == Role.CLERK}
    ends = waiting.page_of(waiting.withdrawals(acting), number) if acting.role == Role.CLERK else None
    parts = [
        {"here": here, "page": papers[here], "more": relations.get(here),
         "relations": waiting.unconfirmed([r for r in relations.get(here, ()) if here or is_tied(acting.hospital_id, r.person, sources.of_person(r.person))], acting),
         "decisions": [(d, find.face(d.person, acting.hospital_id), barred_from_paper(d, d.person, acting)) for d in waiting.permitting(list(papers[here]))
                       if directives.knows(acting, d.person, sources.of_person(d.person))]} for here in papers]
    ended = [(d, find.face(d.person, acting.hospital_id), barred_from_paper(d, d.person, acting)) for d in ends] if ends else []
    shown = sorted({r.relation.person for p in parts for r in p["relations"]} | {d.person for p in parts for d, *_ in p["decisions"]} | {d.person for d, *_ in ended})  # type: ignore[attr-defined]
    own = {name: waiting.page_of(of(acting), number) for name, of in (("treatment", asked.declared), ("decisions", asked.decided), ("codes", asked.printed))}
    answers = {name: asked.answers(list(page), acting) for name, page in own.items()}
    shown = sorted({*shown, *(a.person for rows in answers.values() for a in rows)})
    append(Event.of(acting, EventCode.CONFIRMATION_READ, target="list", persons=tuple(shown), refs=tuple(f"person/{p}" for p in shown)))
    return render(request, "records/confirmations.html", {"parts": parts, "ended": ended, "ends": ends, "own": answers, "longest": max(own.values(), key=lambda p: p.paginator.num_pages)})


def barred_from_paper(d: Directive, person: UUID, acting: Principal) -> str:
    """Why this one is not asked to compare the paper: their word would not count. Empty where it would, and where a privacy officer may at least refuse."""
    found = sources.of_person(person)
    if acting.role == Role.PRIVACY or services.may_confirm(d, person, found, acting, before=behind(d)):
        return ""
    subject = Confirmation.Subject.DIRECTIVE if d.withdrawn_at is None else Confirmation.Subject.WITHDRAWAL
    return waiting.barred(acting, services.gaining(subject, d), person, found)


@page(Permission.CONFIRM)
def confirm_tie(request: HttpRequest, person_id: UUID, hospital_id: int, *, acting: Principal) -> HttpResponse:
    """The card is compared with what the index knows; or a privacy officer says that the hospital does not treat the patient."""
    hospital = Hospital.objects.filter(pk=hospital_id).first()
    if hospital is None:
        raise Http404
    face = known(person_id, acting)
    found = sources.of_person(person_id)
    check_whom(request, found)
    if not services.may_see_tie(acting, hospital_id, person_id, found):
        if services.is_new_here(acting, hospital_id, person_id, found):
            raise Forbidden("new", _(services.NEW))
        raise Forbidden("voice", _("Who else treats this patient is told to those who can confirm it: the record office of a hospital whose own tie is confirmed, or the alliance's privacy officer."))
    form = CardForm(request.POST if "confirm" in request.POST else None)
    refusal = RefusalForm(request.POST if "refuse" in request.POST else None, prefix="refusal")
    if "refuse" in request.POST and refusal.is_valid():
        services.do_refuse_tie(person_id, hospital_id, evidence=refusal.cleaned_data["evidence"], sources=found, acting=acting)
        messages.success(request, _("Refused: it opens nothing from now on."))
        return redirect("confirmations")
    if "confirm" in request.POST and form.is_valid():
        data = form.cleaned_data
        hour = query.Filter(start=timezone.now() - dt.timedelta(hours=1), person=person_id, actor_kind="staff", actor=acting.id, outcome="refused", room="consent")
        if data["compared"] != "paper" and query.count(hour) >= TRIES:
            form.add_error("number", _("Five numbers did not fit: look again at who the patient is, and go on in an hour."))
        elif data["compared"] != "paper" and not find.has_number(person_id, data["number"], but=hospital_id):
            append(Event.of(acting, EventCode.TIE_CONFIRM, person=person_id, target="card", outcome=Outcome.REFUSED))
            form.add_error("number", _("This is not the number that other hospitals know of this patient. Compare name and number once more: it may be somebody else."))
        else:
            made = services.do_confirm_tie(person_id, hospital_id, evidence=data["evidence"].strip() if data["compared"] == "paper" else Confirmation.CARD, sources=found, acting=acting)
            messages.success(request, _("Confirmed.") if made.verdict == Confirmation.Verdict.FULL else
                             _(SHORTLY))
            return redirect("confirmations")
    return render(request, "records/confirm_tie.html", {
        "face": face, "person": person_id, "whom": whom(found), "hospital": hospital, "form": form, "refusal": refusal, "officer": acting.role == Role.PRIVACY,
        "barred": waiting.barred_from_card(hospital_id, person_id, acting),
        "said": services.declarations(hospital_id, person_id, found), "tie": facts_at(hospital_id, person_id, found).tie.name.lower()})


@page(Permission.CONFIRM)
def confirm_decision(request: HttpRequest, person_id: UUID, directive_id: int, *, acting: Principal) -> HttpResponse:
    """The signed paper is compared with the decision that was recorded, or with its end."""
    face = known(person_id, acting)
    found = sources.of_person(person_id)
    if not (acting.role == Role.PRIVACY or directives.knows(acting, person_id, found)):
        raise Forbidden("no_relationship", _("This patient is not registered at your hospital and not being treated there."))
    check_whom(request, found)
    told = lines(person_id, found)
    shown = next((x for x in (*told["standing"], *told["earlier"]) if x["d"].pk == directive_id), None)
    if shown is None or shown["d"].lifted_at is not None:
        raise Http404
    form = PaperForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        evidence = form.cleaned_data["evidence"]
        if "refuse" in request.POST:
            services.do_refuse_directive(directive_id, person_id, evidence=evidence, sources=found, acting=acting)
            messages.success(request, _("Refused: it opens nothing from now on."))
        elif shown["d"].withdrawn_at is not None:
            services.do_confirm_withdrawal(directive_id, person_id, evidence=evidence, sources=found, acting=acting)
            messages.success(request, _("Confirmed: it refuses nothing any more."))
        else:
            made = services.do_confirm_directive(directive_id, person_id, evidence=evidence, sources=found, acting=acting)
            messages.success(request, _("Confirmed.") if made.verdict == Confirmation.Verdict.FULL else
                             _(SHORTLY))
        return redirect("confirmations")
    append(Event.of(acting, EventCode.CONSENT_READ, person=person_id, target=f"directive/{directive_id}"))
    return render(request, "records/confirm_decision.html", {"face": face, "person": person_id, "whom": whom(found), "x": shown, "form": form, "officer": acting.role == Role.PRIVACY,
                                                             "barred": barred_from_paper(shown["d"], person_id, acting),
                                                             "readable": acting.may(Permission.CONSENT_RECORD) and directives.may_see_paper(acting, shown["d"], person_id, found)})


@require_GET
@page(Permission.EMERGENCY_REVIEW)
def oversight(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """For the privacy officer: all that stands provisionally, was declared, was written by a system alone, or waits; counted and paged, nothing cut off."""
    number = request.GET.get("page")
    provisional, claims = waiting.page_of(waiting.provisional(acting), number), waiting.page_of(waiting.claims(acting), number)
    alone, ends = waiting.page_of(waiting.written_alone(acting), number), waiting.page_of(waiting.withdrawals(acting), number)
    papers = waiting.page_of(waiting.decisions(acting, here=None if acting.alliance_wide else True), number)
    pages = {"provisional": provisional, "claims": claims, "alone": alone, "ended": ends, "decisions": papers}

    def faced(rows, persons):  # type: ignore[no-untyped-def]
        return [(r, find.face(p, acting.hospital_id) if p else None) for r, p in zip(rows, persons, strict=True)]

    shown = {
        "provisional": faced(provisional, [c.person for c in provisional]), "alone": faced(alone, [r.person for r in alone]), "ended": faced(ends, [d.person for d in ends]),
        "decisions": faced(papers, [d.person for d in papers]), "claims": waiting.names_of(list(claims), acting)}
    persons = {c.person for c in provisional} | {r.person for r in alone} | {d.person for d in (*ends, *papers)} | {c["person"] for c in claims}
    seen = sorted(p for p in persons if p)
    append(Event.of(acting, EventCode.CONFIRMATION_READ, target="list", persons=tuple(seen), refs=tuple(f"person/{p}" for p in seen)))
    return render(request, "records/oversight.html", shown | {
        "pages": pages, "longest": max(pages.values(), key=lambda p: p.paginator.num_pages),
        "busiest": waiting.busiest(acting), "intakes": Confirmation.objects.filter(subject="intake", ended_at=None).select_related("hospital", "staff", "acted_at") if acting.alliance_wide else None,
        "hospitals": Hospital.objects.order_by("code") if acting.alliance_wide else None, "intake": IntakeForm(), "wide": acting.alliance_wide, "own": acting.hospital_id})


@require_POST
@page(Permission.EMERGENCY_REVIEW)
def intake(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """All registrations that a hospital has now are its patients': after the first load of a new member."""
    form, hospital = IntakeForm(request.POST), Hospital.objects.filter(code=request.POST.get("hospital", "")).first()
    if not form.is_valid() or hospital is None or "sure" not in request.POST:
        messages.error(request, _("Choose the hospital, say what was compared, and mark that you know what it means."))
        return redirect("oversight")
    services.do_confirm_intake(hospital.pk, evidence=form.cleaned_data["evidence"], acting=acting)
    messages.success(request, _("Confirmed: the registrations that %(hospital)s has now count as its patients.") % {"hospital": hospital})
    return redirect("oversight")


@require_POST
@page(Permission.CONFIRM)
def end(request: HttpRequest, confirmation_id: int, *, acting: Principal) -> HttpResponse:
    form = PaperForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say why it ends."))
        return redirect("confirmations")
    services.do_end_confirmation(confirmation_id, reason=form.cleaned_data["evidence"], acting=acting)
    messages.success(request, _("It counts no more."))
    return redirect("confirmations")
