"""The administrator's pages of enrolment codes: make one, show it once with what to type on the
member's machine, list those that are open, withdraw one (docs/adr/0064).
"""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from alliance.auth.errors import AlreadyDone
from alliance.auth.principal import Principal
from alliance.auth.secret_page import render_secret
from alliance.auth.session import require_staff
from alliance.auth.tokens import public_root
from alliance.models import EnrolmentCode, Hospital
from alliance.roles import Permission
from alliance.services.authority import check_may_administer, hospitals_with_permission
from alliance.services.enrolment import (
    code_target,
    do_make_enrolment_code,
    do_withdraw_enrolment_code,
    query_open_codes,
)
from alliance.services.handover import find_secret
from alliance.web.empty_choices import word_empty_choices
from alliance.web.forms import submit_to_service

PAGE = 50


class EnrolmentCodeForm(forms.Form):
    hospital = forms.ModelChoiceField(
        label=gettext_lazy("Hospital"), queryset=Hospital.objects.none()
    )
    sandbox = forms.BooleanField(
        label=gettext_lazy("For the sandbox"),
        required=False,
        help_text=gettext_lazy(
            "To try a system out: what it sends lies apart, and nobody in the alliance sees it."
        ),
    )

    def __init__(self, *args: Any, hospitals: list[Hospital], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["hospital"]
        field.queryset = Hospital.objects.filter(pk__in=[h.pk for h in hospitals])
        if len(hospitals) == 1:
            field.initial = hospitals[0].pk
        word_empty_choices(self)


@require_staff(Permission.CLIENT_MANAGE)
def list_enrolment_codes(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    own = hospitals_with_permission(acting, "administer_hospital")
    form = EnrolmentCodeForm(request.POST or None, hospitals=own)
    if request.method == "POST" and form.is_valid():
        made = submit_to_service(
            form,
            do_make_enrolment_code,
            form.cleaned_data["hospital"],
            acting=acting,
            sandbox=form.cleaned_data["sandbox"],
        )
        if form.is_valid():
            return redirect("enrolment-code", made[0].pk)
    rows = Paginator(query_open_codes(own), PAGE).get_page(request.GET.get("page"))
    return render(request, "alliance/enrolment_codes.html", {"form": form, "rows": rows})


@require_GET
@never_cache
@require_staff(Permission.CLIENT_MANAGE)
def show_enrolment_code(
    request: HttpRequest, enrolment_id: int, *, acting: Principal
) -> HttpResponse:
    """The code that the acting one has just made."""
    code = find_code(enrolment_id, acting)
    shown = find_secret(code_target(code), acting=acting)
    return render_secret(
        request, "alliance/enrolment_code.html", shown, code=code, root=public_root(request)
    )


@require_staff(Permission.CLIENT_MANAGE)
def withdraw_enrolment_code(
    request: HttpRequest, enrolment_id: int, *, acting: Principal
) -> HttpResponse:
    """Asks first."""
    code = find_code(enrolment_id, acting)
    form = forms.Form(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            do_withdraw_enrolment_code(code, acting=acting)
            messages.success(request, _("Withdrawn. Nothing is enrolled with this code any more."))
        except AlreadyDone as done:
            messages.info(request, _(str(done)))
        return redirect("enrolment-codes")
    return render(
        request,
        "alliance/confirm.html",
        {
            "form": form,
            "title": _("Withdraw an enrolment code"),
            "about": f"{code.hospital.name} · {code.hospital.code}",
            "button": _("Withdraw the code"),
            "back": "enrolment-codes",
            "effects": [
                _("Nothing is enrolled with this code any more."),
                _("A system that it has made already stays: revoke that under Systems."),
            ],
        },
    )


def find_code(enrolment_id: int, acting: Principal) -> EnrolmentCode:
    """Raises Http404; Forbidden unless the acting one administers its hospital."""
    code = get_object_or_404(
        EnrolmentCode.objects.select_related("hospital__sandbox_of", "client"), pk=enrolment_id
    )
    check_may_administer(acting, Permission.CLIENT_MANAGE, code.hospital)
    return code
