"""The administrator's page of which referrals the own hospital approves before they are sent."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models.work_item import REFERRAL_CHOICES
from alliance.roles import Permission
from alliance.workflow.approval import do_set_approval, list_approved_kinds


class ApprovalForm(forms.Form):
    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("Approved by a second person before they are sent"),
        choices=REFERRAL_CHOICES,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "A clinician or record clerk of your hospital other than the author approves. An"
            " emergency goes first and is approved afterwards."
        ),
    )


@require_staff(Permission.HOSPITAL_MANAGE)
def set_referral_approval(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    kinds = sorted(list_approved_kinds(acting.hospital_id))
    form = ApprovalForm(
        request.POST if request.method == "POST" else None, initial={"kinds": kinds}
    )
    if request.method == "POST" and form.is_valid():
        do_set_approval(form.cleaned_data["kinds"], acting=acting)
        messages.success(request, _("Changed."))
        return redirect("hospitals")
    about = _("Approval of referrals")
    return render(
        request, "alliance/change.html", {"form": form, "about": about, "back": "hospitals"}
    )
