"""The officers' page of accounts for which nobody has vouched yet."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models import Client, Staff
from alliance.roles import Permission
from alliance.services.vouching import (
    VOUCHING_GROUNDS,
    account_issue_mark,
    do_vouch_client,
    do_vouch_staff,
    list_accounts_to_vouch,
    list_clients_to_vouch,
)

PAGE = 50


@require_staff(Permission.STAFF_VOUCH)
def show_accounts_to_vouch(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """Who waits, what was done to the account by whom, and one button: I have seen this person."""
    if request.method == "POST":
        who = get_object_or_404(Staff, pk=parse_staff_number(request.POST.get("staff", "")))
        ground = request.POST.get("ground", "")
        if ground not in VOUCHING_GROUNDS:
            raise Forbidden("ground", _("Say how you know that it is this person."))
        try:
            do_vouch_staff(who, ground=ground, seen=request.POST.get("seen", ""), acting=acting)
        except Forbidden as refusal:
            messages.error(request, _(str(refusal)))
        else:
            messages.success(
                request,
                _("You have vouched for %(name)s. It counts with their next step.")
                % {"name": who.name},
            )
        return redirect("vouching")
    rows = Paginator(list_accounts_to_vouch(acting), PAGE).get_page(request.GET.get("page"))
    names = dict(
        Staff.objects.filter(pk__in={i for s in rows for i in s.issuers}).values_list("pk", "name")
    )
    listed = [
        {"who": s, "seen": account_issue_mark(s), "by": [names.get(i, "–") for i in s.issuers]}
        for s in rows
    ]
    clients = Paginator(list_clients_to_vouch(acting), PAGE).get_page(request.GET.get("systems"))
    return render(
        request,
        "alliance/vouching.html",
        {"rows": rows, "listed": listed, "clients": clients, "grounds": VOUCHING_GROUNDS.items()},
    )


@require_POST
@require_staff(Permission.STAFF_VOUCH)
def vouch_client(request: HttpRequest, client_id: str, *, acting: Principal) -> HttpResponse:
    """One button: our hospital runs this system."""
    client = get_object_or_404(Client, client_id=client_id)
    try:
        do_vouch_client(client, acting=acting)
    except Forbidden as refusal:
        messages.error(request, _(str(refusal)))
    else:
        messages.success(
            request,
            _("You have vouched for %(name)s. It counts with its next token.")
            % {"name": client.name},
        )
    return redirect("vouching")


def parse_staff_number(text: str) -> int:
    """0, which is nobody's, for what is no number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0
