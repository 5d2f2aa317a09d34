"""The administrators' page of what waits for a second one of them: what exactly will happen, to
agree to or to refuse.
"""

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models import AdministratorClient, Client, Hospital, Proposal, Staff
from alliance.roles import Permission
from alliance.services.authority import check_may_administer
from alliance.services.proposals import (
    PROPOSAL_ACTS,
    do_agree_to_proposal,
    do_refuse_proposal,
    list_other_administrators,
    query_open_proposals,
)
from alliance.web.forms import ReasonForm, submit_to_service

PAGE = 50


@require_GET
@require_staff(Permission.PROPOSAL_DECIDE)
def list_proposals(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """What waits, and what was decided or has expired."""
    check_may_administer(acting, Permission.PROPOSAL_DECIDE)
    waiting = Paginator(query_open_proposals().order_by("-proposed_at", "-pk"), PAGE).get_page(
        request.GET.get("waiting")
    )
    waits = [
        {
            "row": p,
            "act": PROPOSAL_ACTS[p.act],
            "tells": PROPOSAL_ACTS[p.act].describe(p.values),
            "own": str(p.proposed_by_id) == acting.id,
        }
        for p in waiting
    ]
    over = Proposal.objects.exclude(pk__in=query_open_proposals().values("pk")).select_related(
        "proposed_by", "decided_by"
    )  # type: ignore[attr-defined]
    shown = Paginator(over, PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "alliance/proposals.html",
        {
            "waits": waits,
            "waiting": waiting,
            "rows": shown,
            "over": [(p, PROPOSAL_ACTS[p.act], name_of_target(p.target)) for p in shown],
            "others": list_other_administrators(acting),
        },
    )


@require_staff(Permission.PROPOSAL_DECIDE)
def agree_to_proposal(request: HttpRequest, proposal_id: int, *, acting: Principal) -> HttpResponse:
    """Says once more what will happen."""
    check_may_administer(acting, Permission.PROPOSAL_DECIDE)
    proposal = get_object_or_404(
        Proposal.objects.select_related("proposed_by__hospital"), pk=proposal_id
    )
    form = forms.Form(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        submit_to_service(form, do_agree_to_proposal, proposal, acting=acting)
        if form.is_valid():
            messages.success(request, _("Agreed, and carried out."))
            return redirect("proposals")
    return render(
        request,
        "alliance/confirm.html",
        {
            "form": form,
            "title": _("Agree to a proposal"),
            "about": PROPOSAL_ACTS[proposal.act].title,
            "button": _("Agree"),
            "back": "proposals",
            "effects": [
                *PROPOSAL_ACTS[proposal.act].describe(proposal.values),
                describe_proposer(proposal),
            ],
        },
    )


@require_staff(Permission.PROPOSAL_DECIDE)
def refuse_proposal(request: HttpRequest, proposal_id: int, *, acting: Principal) -> HttpResponse:
    """With a reason; who proposed it takes it back so."""
    check_may_administer(acting, Permission.PROPOSAL_DECIDE)
    proposal = get_object_or_404(
        Proposal.objects.select_related("proposed_by__hospital"), pk=proposal_id
    )
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        submit_to_service(
            form, do_refuse_proposal, proposal, reason=form.cleaned_data["reason"], acting=acting
        )
        if form.is_valid():
            messages.success(request, _("Refused. Nothing was changed."))
            return redirect("proposals")
    return render(
        request,
        "alliance/confirm.html",
        {
            "form": form,
            "title": _("Refuse a proposal"),
            "about": PROPOSAL_ACTS[proposal.act].title,
            "button": _("Refuse"),
            "back": "proposals",
            "mild": True,
            "effects": [
                _("None of this happens:"),
                *PROPOSAL_ACTS[proposal.act].describe(proposal.values),
                describe_proposer(proposal),
            ],
        },
    )


def name_of_target(target: str) -> str:
    """The hospital, person or system that a proposal is about; "" where it is about all."""
    kind, _slash, key = target.partition("/")
    named = {
        "hospital": lambda: Hospital.objects.filter(code=key),
        "staff": lambda: Staff.objects.filter(pk=key),
        "client": lambda: Client.objects.filter(client_id=key),
        "administrator-client": lambda: AdministratorClient.objects.filter(client_id=key),
    }
    return str((named[kind]().first() if kind in named else None) or "")


def describe_proposer(proposal: Proposal) -> str:
    who = proposal.proposed_by
    text = (
        _("Proposed by %(name)s, %(hospital)s. Reason: %(reason)s")
        if proposal.reason
        else _("Proposed by %(name)s, %(hospital)s.")
    )
    return text % {"name": who.name, "hospital": who.hospital, "reason": proposal.reason}
