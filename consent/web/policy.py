"""The administrator's page of the alliance's rule for patients who have decided nothing: the
versions, and a form for the next one.
"""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.roles import Permission
from consent.models import AlliancePolicy
from consent.services.policies import do_propose_policy
from consent.terms import ImplicitPolicy


class PolicyForm(forms.Form):
    code = forms.ChoiceField(
        label=gettext_lazy("Rule"), choices=AlliancePolicy.Code.choices, widget=forms.RadioSelect
    )
    basis = forms.CharField(label=gettext_lazy("Legal basis"), min_length=4, max_length=200)
    reason = forms.CharField(
        label=gettext_lazy("Resolution of the alliance"), min_length=4, max_length=300
    )
    sure = forms.BooleanField(
        label=gettext_lazy(
            "I know that it holds for every patient who has decided nothing, as soon as another"
            " administrator agrees."
        )
    )


@require_staff(Permission.POLICY_SET)
def propose_policy(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    if not acting.alliance_wide:
        raise Forbidden("role", _("Only an administrator of the whole alliance sets its rules."))
    form = PolicyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        do_propose_policy(data["code"], basis=data["basis"], reason=data["reason"], acting=acting)
        messages.success(
            request, _("Proposed. It waits for another administrator of the alliance.")
        )
        return redirect("proposals")
    first = ImplicitPolicy()
    return render(
        request,
        "consent/policy.html",
        {
            "form": form,
            "versions": AlliancePolicy.objects.select_related("decided_by"),
            "first": AlliancePolicy.Code(first.code).label,
            "basis": first.basis,
        },
    )
