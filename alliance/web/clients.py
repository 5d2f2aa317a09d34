"""The administrator's pages of the members' systems: register, show the secret once, change what
they may do, revoke.
"""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from alliance.auth.secret_page import render_secret
from alliance.auth.session import require_staff
from alliance.models import Client, Proposal
from alliance.roles import Permission
from alliance.services.authority import check_may_administer, hospitals_with_permission
from alliance.services.clients import (
    do_change_client,
    do_change_client_launch,
    do_register_client,
    do_revoke_client,
    of_members,
)
from alliance.services.handover import find_secret
from alliance.web.client_forms import ClientChangeForm, ClientForm, client_form_values
from alliance.web.forms import ReasonForm, submit_to_service

PAGE = 50


@require_staff(Permission.CLIENT_MANAGE)
def list_clients(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    own = hospitals_with_permission(acting, "administer_hospital")
    form = ClientForm(request.POST or None, hospitals=own)
    if request.method == "POST" and form.is_valid():
        made = submit_to_service(
            form,
            do_register_client,
            form.cleaned_data["hospital"],
            acting=acting,
            **{
                k: form.cleaned_data[k]
                for k in ("name", "scopes", "origins", "may_launch", "frame_origins")
            },
        )
        if form.is_valid():
            return redirect("client-secret", made[0].client_id)
    rows = Paginator(
        Client.objects.filter(of_members(own))
        .select_related("hospital__sandbox_of")
        .order_by("hospital", "name", "pk"),
        PAGE,
    ).get_page(request.GET.get("page"))
    return render(request, "alliance/clients.html", {"form": form, "rows": rows})


@require_GET
@never_cache
@require_staff(Permission.CLIENT_MANAGE)
def show_client_secret(request: HttpRequest, client_id: str, *, acting: Principal) -> HttpResponse:
    """The secret of a system that the acting one has just registered."""
    client = get_object_or_404(Client.objects.select_related("hospital"), client_id=client_id)
    check_may_administer(acting, Permission.CLIENT_MANAGE, client.hospital)
    shown = find_secret(f"client/{client.client_id}", acting=acting)
    return render_secret(request, "alliance/secret.html", shown, client=client)


@require_staff(Permission.CLIENT_MANAGE)
def change_client(request: HttpRequest, client_id: str, *, acting: Principal) -> HttpResponse:
    """Less at once; more is proposed to another administrator."""
    client = get_object_or_404(
        Client.objects.select_related("hospital"), client_id=client_id, revoked_at=None
    )
    check_may_administer(acting, Permission.CLIENT_MANAGE, client.hospital)
    form = ClientChangeForm(request.POST or None, initial=client_form_values(client))
    if request.method == "POST" and form.is_valid():
        proposals = submit_to_service(
            form, change_client_wholly, client, acting=acting, values=form.cleaned_data
        )
        if form.is_valid():
            if proposals and any(proposals):
                messages.info(
                    request,
                    _(
                        "That this system may do more waits for another administrator of the"
                        " alliance."
                    ),
                )
                return redirect("proposals")
            messages.success(request, _("Changed."))
            return redirect("clients")
    return render(
        request,
        "alliance/change.html",
        {
            "form": form,
            "about": f"{client.name} · {client.hospital} · {client.client_id}",
            "back": "clients",
        },
    )


def change_client_wholly(
    client: Client, *, acting: Principal, values: dict[str, Any]
) -> tuple[Proposal | None, Proposal | None]:
    """What each of the two verbs has proposed."""
    return (
        do_change_client_launch(
            client,
            acting=acting,
            **{k: values[k] for k in ("may_launch", "frame_origins", "reason")},
        ),
        do_change_client(
            client, acting=acting, **{k: values[k] for k in ("scopes", "origins", "reason")}
        ),
    )


@require_staff(Permission.CLIENT_MANAGE)
def revoke_client(request: HttpRequest, client_id: str, *, acting: Principal) -> HttpResponse:
    """Asks first, with a reason."""
    client = get_object_or_404(Client.objects.select_related("hospital"), client_id=client_id)
    check_may_administer(acting, Permission.CLIENT_MANAGE, client.hospital)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        submit_to_service(
            form, do_revoke_client, client, reason=form.cleaned_data["reason"], acting=acting
        )
        if form.is_valid():
            messages.success(request, _("Revoked. Its tokens stopped just now."))
            return redirect("clients")
    return render(
        request,
        "alliance/confirm.html",
        {
            "form": form,
            "title": _("Revoke a system"),
            "about": f"{client.name} · {client.hospital} · {client.client_id}",
            "button": _("Revoke"),
            "back": "clients",
            "effects": [
                _("Its tokens stop at once, and it gets no new ones."),
                _("This cannot be taken back: the system would have to be registered anew."),
            ],
        },
    )
