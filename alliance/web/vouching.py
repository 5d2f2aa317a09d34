"""The officers' page of accounts for which nobody has vouched yet."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.auth.session import page
from alliance.models import Client, Staff
from alliance.roles import Permission
from alliance.services.vouching import GROUNDS, clients_for, do_vouch, do_vouch_client, issue_of, waiting_for

PAGE = 50


@page(Permission.STAFF_VOUCH)
def vouching(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """Who waits, what was done to the account by whom, and one button: I have seen this person."""
    if request.method == "POST":
        who = get_object_or_404(Staff, pk=number(request.POST.get("staff", "")))
        ground = request.POST.get("ground", "")
        if ground not in GROUNDS:
            raise Forbidden("ground", _("Say how you know that it is this person."))
        try:
            do_vouch(who, ground=ground, seen=request.POST.get("seen", ""), acting=acting)
        except Forbidden as refusal:
            messages.error(request, _(str(refusal)))
        else:
            messages.success(request, _("You have vouched for %(name)s. It counts with their next step.") % {"name": who.name})
        return redirect("vouching")
    rows = Paginator(waiting_for(acting), PAGE).get_page(request.GET.get("page"))
    names = dict(Staff.objects.filter(pk__in={i for s in rows for i in s.issuers}).values_list("pk", "name"))
    listed = [{"who": s, "seen": issue_of(s), "by": [names.get(i, "–") for i in s.issuers]} for s in rows]
    return render(request, "alliance/vouching.html", {"rows": rows, "listed": listed, "clients": clients_for(acting), "grounds": GROUNDS.items()})


@require_POST
@page(Permission.STAFF_VOUCH)
def vouch_client(request: HttpRequest, client_id: str, *, acting: Principal) -> HttpResponse:
    """One button: our hospital runs this system."""
    client = get_object_or_404(Client, client_id=client_id)
    try:
        do_vouch_client(client, acting=acting)
    except Forbidden as refusal:
        messages.error(request, _(str(refusal)))
    else:
        messages.success(request, _("You have vouched for %(name)s. It counts with its next token.") % {"name": client.name})
    return redirect("vouching")


def number(text: str) -> int:
    """0, which is nobody's, for what is no number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0
