"""A hospital's page of who is told of its work: the duty office, and addresses by mail and webhook;
what did not arrive is shown.
"""

import secrets
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models import DutyOffice, Hospital, Staff, WorkNotice, WorkNoticeAddress
from alliance.roles import Permission
from alliance.services.authority import check_may_administer
from alliance.workflow.contacts import do_add_address, do_end_address, do_set_duty_office
from records.sync.notice_settings import check_notice_url
from records.web.recognition_forms import submit_to_verb
from records.web.referral_words import DONE_WORDS

NEWEST = 20
NOTICE_WORDS = DONE_WORDS | {
    "remind": gettext_lazy("a deadline is over"),
    "duty": gettext_lazy("late: the duty office is told"),
    "office": gettext_lazy("late: the alliance's office is told"),
}
Channel = WorkNoticeAddress.Channel


class DutyForm(forms.Form):
    phone = forms.CharField(label=gettext_lazy("Phone"), max_length=40)
    place = forms.CharField(label=gettext_lazy("Where it is"), max_length=80, required=False)
    members = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Who is of it"),
        queryset=Staff.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, hospital: Hospital, data: Any = None) -> None:
        office = DutyOffice.objects.filter(hospital=hospital).first()
        super().__init__(
            data,
            initial={
                "phone": office.phone if office else "",
                "place": office.place if office else "",
                "members": office.members.all() if office else [],
            },
        )
        people: Any = self.fields["members"]
        people.queryset = Staff.objects.filter(
            hospital=hospital, ended_at=None, role__in=("clinician", "clerk")
        ).order_by("name", "pk")


class AddressForm(forms.Form):
    channel = forms.ChoiceField(
        label=gettext_lazy("How"), choices=Channel.choices, widget=forms.RadioSelect
    )
    target = forms.CharField(
        label=gettext_lazy("Address of the mail, or of the webhook"), max_length=300
    )

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if "target" not in data or "channel" not in data:
            return data
        try:
            if data["channel"] == Channel.MAIL:
                validate_email(data["target"])
            else:
                check_notice_url(data["target"])
        except ValidationError as error:
            self.add_error("target", error.messages)  # type: ignore[arg-type]
        return data


def find_hospital(code: str, acting: Principal) -> Hospital:
    hospital = get_object_or_404(Hospital, code=code)
    check_may_administer(acting, Permission.HOSPITAL_MANAGE, hospital)
    return hospital


def render_contacts(
    request: HttpRequest, hospital: Hospital, duty: DutyForm, address: AddressForm, secret: str = ""
) -> HttpResponse:
    standing = WorkNoticeAddress.objects.filter(hospital=hospital, ended_at=None).order_by("pk")
    notices = WorkNotice.objects.filter(address__in=standing).order_by("-pk")
    response = render(
        request,
        "records/work_contacts.html",
        {
            "hospital": hospital,
            "duty": duty,
            "form": address,
            "addresses": standing,
            "notices": [
                (n, NOTICE_WORDS.get(n.verb, n.verb))
                for n in notices.select_related("address", "item")[:NEWEST]
            ],
            "secret": secret,
        },
    )
    if secret:
        response.secret = True  # type: ignore[attr-defined]
    return response


@require_staff(Permission.HOSPITAL_MANAGE)
def work_contacts(request: HttpRequest, code: str, *, acting: Principal) -> HttpResponse:
    hospital = find_hospital(code, acting)
    duty = DutyForm(hospital, request.POST or None)
    if request.method == "POST" and duty.is_valid():
        submit_to_verb(duty, do_set_duty_office, hospital, **duty.cleaned_data, acting=acting)
        if duty.is_valid():
            messages.success(request, _("Saved."))
            return redirect("work-contacts", hospital.code)
    return render_contacts(request, hospital, duty, AddressForm())


@require_POST
@require_staff(Permission.HOSPITAL_MANAGE)
def add_notice_address(request: HttpRequest, code: str, *, acting: Principal) -> HttpResponse:
    """The secret of a webhook is shown this once."""
    hospital = find_hospital(code, acting)
    form = AddressForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        secret = secrets.token_urlsafe(32) if data["channel"] == Channel.WEBHOOK else ""
        submit_to_verb(form, do_add_address, hospital, **data, secret=secret, acting=acting)
        if form.is_valid() and secret:
            return render_contacts(request, hospital, DutyForm(hospital), AddressForm(), secret)
        if form.is_valid():
            messages.success(request, _("Saved."))
            return redirect("work-contacts", hospital.code)
    return render_contacts(request, hospital, DutyForm(hospital), form)


@require_POST
@require_staff(Permission.HOSPITAL_MANAGE)
def end_notice_address(
    request: HttpRequest, code: str, address_id: int, *, acting: Principal
) -> HttpResponse:
    hospital = find_hospital(code, acting)
    address = get_object_or_404(
        WorkNoticeAddress.objects.select_related("hospital"), pk=address_id, hospital=hospital
    )
    do_end_address(address, acting=acting)
    messages.success(request, _("Nothing is told there any more."))
    return redirect("work-contacts", hospital.code)
