"""The administrators' page of what waits for a second one of them: what exactly will happen, to agree to or to refuse."""

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from alliance.auth.session import page
from alliance.models import Client, Hospital, Proposal, Staff
from alliance.roles import Permission
from alliance.services.authority import must
from alliance.services.proposals import ACTS, deciders, do_agree, do_refuse, standing
from alliance.web.forms import ReasonForm, attempt

PAGE = 50


@require_GET
@page(Permission.PROPOSAL_DECIDE)
def proposals(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """What waits, and what was decided or has expired."""
    must(acting, Permission.PROPOSAL_DECIDE)
    waits = [{"row": p, "act": ACTS[p.act], "tells": ACTS[p.act].tell(p.values), "own": str(p.proposed_by_id) == acting.id} for p in standing()]
    over = Proposal.objects.exclude(pk__in=[w["row"].pk for w in waits]).select_related("proposed_by", "decided_by")  # type: ignore[attr-defined]
    shown = Paginator(over, PAGE).get_page(request.GET.get("page"))
    return render(request, "alliance/proposals.html", {
        "waits": waits, "rows": shown, "over": [(p, ACTS[p.act], name_of(p.target)) for p in shown], "others": deciders(acting)})


@page(Permission.PROPOSAL_DECIDE)
def agree(request: HttpRequest, proposal_id: int, *, acting: Principal) -> HttpResponse:
    """Says once more what will happen."""
    must(acting, Permission.PROPOSAL_DECIDE)
    proposal = get_object_or_404(Proposal.objects.select_related("proposed_by__hospital"), pk=proposal_id)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        attempt(form, do_agree, proposal, acting=acting)
        if form.is_valid():
            messages.success(request, _("Agreed, and carried out."))
            return redirect("proposals")
    return render(request, "alliance/confirm.html", {
        "form": form, "title": _("Agree to a proposal"), "about": ACTS[proposal.act].title, "button": _("Agree"), "back": "proposals",
        "effects": [*ACTS[proposal.act].tell(proposal.values), proposed(proposal)]})


@page(Permission.PROPOSAL_DECIDE)
def refuse(request: HttpRequest, proposal_id: int, *, acting: Principal) -> HttpResponse:
    """With a reason; who proposed it takes it back so."""
    must(acting, Permission.PROPOSAL_DECIDE)
    proposal = get_object_or_404(Proposal.objects.select_related("proposed_by__hospital"), pk=proposal_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        attempt(form, do_refuse, proposal, reason=form.cleaned_data["reason"], acting=acting)
        if form.is_valid():
            messages.success(request, _("Refused. Nothing was changed."))
            return redirect("proposals")
    return render(request, "alliance/confirm.html", {
        "form": form, "title": _("Refuse a proposal"), "about": ACTS[proposal.act].title, "button": _("Refuse"), "back": "proposals", "mild": True,
        "effects": [_("None of this happens:"), *ACTS[proposal.act].tell(proposal.values), proposed(proposal)]})


def name_of(target: str) -> str:
    """The hospital, person or system that a proposal is about; "" where it is about all."""
    kind, _slash, key = target.partition("/")
    named = {"hospital": lambda: Hospital.objects.filter(code=key), "staff": lambda: Staff.objects.filter(pk=key), "client": lambda: Client.objects.filter(client_id=key)}
    return str((named[kind]().first() if kind in named else None) or "")


def proposed(proposal: Proposal) -> str:
    who = proposal.proposed_by
    told = _("Proposed by %(name)s, %(hospital)s.") % {"name": who.name, "hospital": who.hospital}
    return f"{told} {_('Reason: %(reason)s') % {'reason': proposal.reason}}" if proposal.reason else told
