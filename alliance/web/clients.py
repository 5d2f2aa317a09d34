"""The administrator's pages of the members' systems: register, show the secret once, change what they may do, revoke."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from alliance.auth.secret_page import render_secret
from alliance.auth.session import page
from alliance.models import Client
from alliance.roles import Permission
from alliance.services.authority import hospitals_for, must
from alliance.services.clients import do_change_client, do_register_client, do_revoke_client
from alliance.services.handover import find_secret
from alliance.web.client_forms import ClientChangeForm, ClientForm, shown
from alliance.web.forms import ReasonForm, attempt


@page(Permission.CLIENT_MANAGE)
def clients(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    own = hospitals_for(acting, "administer_hospital")
    form = ClientForm(request.POST or None, hospitals=own)
    if request.method == "POST" and form.is_valid():
        made = attempt(form, do_register_client, form.cleaned_data["hospital"], acting=acting, **{k: form.cleaned_data[k] for k in ("name", "scopes", "origins")})
        if form.is_valid():
            return redirect("client-secret", made[0].client_id)
    rows = Client.objects.filter(hospital__in=own).select_related("hospital")
    return render(request, "alliance/clients.html", {"form": form, "rows": rows})


@require_GET
@never_cache
@page(Permission.CLIENT_MANAGE)
def secret(request: HttpRequest, client_id: str, *, acting: Principal) -> HttpResponse:
    """The secret of a system that the acting one has just registered."""
    client = get_object_or_404(Client.objects.select_related("hospital"), client_id=client_id)
    shown = find_secret(f"client/{client.client_id}", acting=acting)
    return render_secret(request, "alliance/secret.html", shown, client=client)


@page(Permission.CLIENT_MANAGE)
def change(request: HttpRequest, client_id: str, *, acting: Principal) -> HttpResponse:
    """Less at once; more is proposed to another administrator."""
    client = get_object_or_404(Client.objects.select_related("hospital"), client_id=client_id, revoked_at=None)
    must(acting, Permission.CLIENT_MANAGE, client.hospital)
    form = ClientChangeForm(request.POST or None, initial=shown(client))
    if request.method == "POST" and form.is_valid():
        proposal = attempt(form, do_change_client, client, acting=acting, **{k: form.cleaned_data[k] for k in ("scopes", "origins", "reason")})
        if form.is_valid():
            if proposal is not None:
                messages.info(request, _("That this system may do more waits for another administrator of the alliance."))
                return redirect("proposals")
            messages.success(request, _("Changed."))
            return redirect("clients")
    return render(request, "alliance/change.html", {"form": form, "about": f"{client.name} · {client.hospital} · {client.client_id}", "back": "clients"})


@page(Permission.CLIENT_MANAGE)
def revoke(request: HttpRequest, client_id: str, *, acting: Principal) -> HttpResponse:
    """Asks first, with a reason."""
    client = get_object_or_404(Client.objects.select_related("hospital"), client_id=client_id)
    must(acting, Permission.CLIENT_MANAGE, client.hospital)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        attempt(form, do_revoke_client, client, reason=form.cleaned_data["reason"], acting=acting)
        if form.is_valid():
            messages.success(request, _("Revoked. Its tokens stopped just now."))
            return redirect("clients")
    return render(request, "alliance/confirm.html", {
        "form": form, "title": _("Revoke a system"), "about": f"{client.name} · {client.hospital} · {client.client_id}", "button": _("Revoke"), "back": "clients",
        "effects": [_("Its tokens stop at once, and it gets no new ones."), _("This cannot be taken back: the system would have to be registered anew.")]})
