"""The administrator's page of a hospital's notices of sync: where to, of what, and what became of
the last ones.
"""

from dataclasses import asdict
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models import Hospital
from alliance.roles import Permission
from alliance.services.authority import check_may_administer
from records.sync.notice_delivery import NoticeState, list_newest_notices
from records.sync.notice_settings import STATES, NoticeSetting, do_set_notices, list_notice_settings
from records.sync.notice_watch import queue_trial
from records.web.sync_access import find_board_hospital

MOST_MAILS = 10
MINUTES, LETTERS, HOURS = 14 * 24 * 60, 1_000_000, 90 * 24  # at most
CAUSE_WORDS = {
    "silent": gettext_lazy("Silent agent"),
    "letters": gettext_lazy("New refused records"),
    "waiting": gettext_lazy("Records that wait for others"),
    "differs": gettext_lazy("Both sides differ"),
    "clock": gettext_lazy("Clock off"),
    "disk": gettext_lazy("Disk full"),
    "witness": gettext_lazy("Another audit log"),
    "test": gettext_lazy("Trial"),
}


class NoticesForm(forms.Form):
    url = forms.URLField(
        label=gettext_lazy("Webhook"),
        required=False,
        max_length=500,
        assume_scheme="https",
        help_text=gettext_lazy("https; its origin must be on the operator's list (XINGLIN_HOOKS)."),
    )
    new_secret = forms.BooleanField(
        label=gettext_lazy("Make a new secret for the webhook"), required=False
    )
    mails = forms.CharField(
        label=gettext_lazy("Mail addresses, one a line"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    silent_minutes = forms.IntegerField(
        label=gettext_lazy("An agent is silent for more than so many minutes"),
        min_value=0,
        max_value=MINUTES,
        help_text=gettext_lazy("0: not told."),
    )
    new_letters = forms.IntegerField(
        label=gettext_lazy("More than so many records are refused within 24 hours"),
        min_value=0,
        max_value=LETTERS,
    )
    waiting_hours = forms.IntegerField(
        label=gettext_lazy("A record waits for another for more than so many hours"),
        min_value=0,
        max_value=HOURS,
    )
    states = forms.MultipleChoiceField(
        label=gettext_lazy("Told as well"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[(state, CAUSE_WORDS[state]) for state in STATES],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not settings.MAIL:
            del self.fields["mails"]

    def clean_mails(self) -> tuple[str, ...]:
        listed = tuple(dict.fromkeys(self.cleaned_data["mails"].split()))
        if len(listed) > MOST_MAILS:
            raise ValidationError(_("At most %(n)d addresses.") % {"n": MOST_MAILS})
        for address in listed:
            validate_email(address)
        return listed


def read_setting(form: NoticesForm, known: NoticeSetting) -> NoticeSetting:
    """Addresses stay as they are where there is no mail server."""
    return NoticeSetting(
        known.hospital_id,
        form.cleaned_data["url"],
        mails=form.cleaned_data.get("mails", known.mails),
        silent_minutes=form.cleaned_data["silent_minutes"],
        new_letters=form.cleaned_data["new_letters"],
        waiting_hours=form.cleaned_data["waiting_hours"],
        states=tuple(form.cleaned_data["states"]),
    )


@never_cache
@require_staff(Permission.CLIENT_MANAGE)
def notices_page(request: HttpRequest, code: str, *, acting: Principal) -> HttpResponse:
    """Raises Http404, Forbidden."""
    hospital = find_board_hospital(code, acting)
    check_may_administer(acting, Permission.CLIENT_MANAGE, hospital)
    known = list_notice_settings([hospital.pk]).get(hospital.pk, NoticeSetting(hospital.pk))
    if request.method == "POST" and "trial" in request.POST:
        return send_trial(request, hospital, known)
    initial = asdict(known) | {"mails": "\n".join(known.mails), "states": list(known.states)}
    form, secret = NoticesForm(request.POST or None, initial=initial), ""
    if request.method == "POST" and form.is_valid():
        try:
            secret = do_set_notices(
                hospital,
                read_setting(form, known),
                new_secret=form.cleaned_data["new_secret"],
                acting=acting,
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Changed."))
            if not secret:
                return redirect("sync-notices", hospital.code)
    return render(
        request,
        "records/sync_notices.html",
        {
            "hospital": hospital,
            "form": form,
            "secret": secret,
            "mailing": bool(settings.MAIL),
            "told": known.url or known.mails,
            "notices": [name_notice(n) for n in list_newest_notices(hospital.pk)],
        },
    )


def send_trial(request: HttpRequest, hospital: Hospital, known: NoticeSetting) -> HttpResponse:
    if queue_trial(known):
        messages.success(request, _("A trial is on its way: see below within two minutes."))
    else:
        messages.warning(request, _("Nobody is told yet: enter a webhook or a mail address first."))
    return redirect("sync-notices", hospital.code)


def name_notice(notice: NoticeState) -> tuple[NoticeState, object, object]:
    """With the names of its cause and of its way."""
    ways = {"webhook": _("webhook"), "mail": _("mail")}
    return notice, CAUSE_WORDS.get(notice.cause, notice.cause), ways[notice.channel]
