"""The pages of administrators' clients: one's own and those of the accounts that one manages;
register one, show its secret once, revoke.
"""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from alliance.auth.administrator_tokens import fetch_client_state
from alliance.auth.principal import Principal
from alliance.auth.secret_page import render_secret
from alliance.auth.session import require_staff
from alliance.auth.step_up import require_step_up
from alliance.models import AdministratorClient
from alliance.roles import Permission
from alliance.services.administrator_clients import (
    do_register_administrator_client,
    do_revoke_administrator_client,
    query_visible_clients,
)
from alliance.services.handover import find_secret
from alliance.web.administrator_client_forms import SCOPE_LABELS, AdministratorClientForm
from alliance.web.forms import ReasonForm, submit_to_service

PAGE = 50
END_WORDS = {  # why one does not count, for a list
    "revoked": gettext_lazy("revoked"),
    "unagreed": gettext_lazy("waits for another administrator"),
    "client_expired": gettext_lazy("its last day is over"),
    "ended": gettext_lazy("the employment is over"),
    "viewer_inactive": gettext_lazy("the hospital does not take part"),
    "credentials": gettext_lazy("ended: role, password or authenticator changed"),
    "unvouched": gettext_lazy("rests: nobody has vouched for the account"),
}


@require_GET
@require_staff(Permission.CLIENT_MANAGE)
def list_administrator_clients(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    rows = Paginator(
        query_visible_clients(acting).order_by("-registered_at", "-pk"), PAGE
    ).get_page(request.GET.get("page"))
    return render(
        request,
        "alliance/administrator_clients.html",
        {"rows": rows, "shown": [describe_client(client) for client in rows]},
    )


def describe_client(client: AdministratorClient) -> dict[str, Any]:
    """As the list shows it, with why it does not count."""
    state = fetch_client_state(client.client_id)
    end = state.end if state else "revoked"
    scopes = client.scopes.split()
    return {
        "row": client,
        "end": END_WORDS.get(end, ""),
        "waits": end == "unagreed",
        "may": [label for scope, label in SCOPE_LABELS.items() if scope in scopes],
        "last_day": timezone.localtime(client.expires_at) - dt.timedelta(days=1),
    }


@never_cache
@require_step_up
@require_staff(Permission.CLIENT_MANAGE)
def register_administrator_client(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """For oneself, with the password within the last minutes and the authenticator's code."""
    form = AdministratorClientForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        made = submit_to_service(
            form,
            do_register_administrator_client,
            acting=acting,
            **{k: form.cleaned_data[k] for k in ("name", "scopes", "last_day", "reason", "jwks")},
        )
        if form.is_valid():
            client, proposal = made
            if proposal is not None:
                messages.info(
                    request, _("It counts once another administrator of the alliance agrees.")
                )
            if client.jwks:
                messages.success(request, _("Registered: %(id)s.") % {"id": client.client_id})
                return redirect("administrator-clients")
            return redirect("administrator-client-secret", client.client_id)
    return render(
        request,
        "alliance/administrator_client_form.html",
        {"form": form, "wide": acting.alliance_wide},
    )


@require_GET
@never_cache
@require_staff(Permission.CLIENT_MANAGE)
def show_administrator_client_secret(
    request: HttpRequest, client_id: str, *, acting: Principal
) -> HttpResponse:
    """The secret of a client that the acting one has just registered."""
    client = get_object_or_404(AdministratorClient, client_id=client_id, staff_id=int(acting.id))
    shown = find_secret(f"administrator-client/{client.client_id}", acting=acting)
    return render_secret(request, "alliance/administrator_client_secret.html", shown, client=client)


@require_staff(Permission.CLIENT_MANAGE)
def revoke_administrator_client(
    request: HttpRequest, client_id: str, *, acting: Principal
) -> HttpResponse:
    """Asks first, with a reason."""
    client = get_object_or_404(query_visible_clients(acting), client_id=client_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        submit_to_service(
            form,
            do_revoke_administrator_client,
            client,
            reason=form.cleaned_data["reason"],
            acting=acting,
        )
        if form.is_valid():
            messages.success(request, _("Revoked. Its tokens stopped just now."))
            return redirect("administrator-clients")
    return render(
        request,
        "alliance/confirm.html",
        {
            "form": form,
            "title": _("Revoke an administrator's client"),
            "about": f"{client.name} · {client.staff.name} · {client.client_id}",
            "button": _("Revoke"),
            "back": "administrator-clients",
            "effects": [
                _("Its tokens stop at once, and it gets no new ones."),
                _("This cannot be taken back: its administrator would register a new one."),
            ],
        },
    )
