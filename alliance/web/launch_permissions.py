"""My account: whether a system of one's hospital opens records as oneself (docs/adr/0059)."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models import Client
from alliance.roles import Permission
from alliance.services.launches import do_say_launch_permission
from alliance.web.account import require_step_up


@require_POST
@require_staff(Permission.RECORD_READ)
@require_step_up
def allow_launch(request: HttpRequest, client_id: str, *, acting: Principal) -> HttpResponse:
    """For 30 days, other hospitals' records too, and where it says so referrals in one's name; the
    password once more.
    """
    client = get_object_or_404(Client, client_id=client_id, hospital_id=acting.hospital_id)
    works = request.POST.get("works") == "yes"
    do_say_launch_permission(client, allowed=True, acting=acting, works=works)
    messages.success(request, _("Allowed for 30 days."))
    return redirect("account")


@require_POST
@require_staff(Permission.RECORD_READ)
def forbid_launch(request: HttpRequest, client_id: str, *, acting: Principal) -> HttpResponse:
    client = get_object_or_404(Client, client_id=client_id, hospital_id=acting.hospital_id)
    do_say_launch_permission(client, allowed=False, acting=acting)
    messages.success(request, _("It opens nothing as you any more, and what was open is closed."))
    return redirect("account")
