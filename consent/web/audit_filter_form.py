"""Read from an address what an auditor asks of the log: a filter, never wider than what they
audit.
"""

import datetime as dt
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.models import Client, Hospital, Staff
from consent.audit.event import AuditOutcome
from consent.audit.event_groups import EVENT_GROUPS, codes_of_group
from consent.audit.event_words import OUTCOME_WORDS, PURPOSE_WORDS
from consent.audit.log_query import AuditFilter
from consent.services.cases import find_case

ALL = gettext_lazy("all")
FURTHER = ("purpose", "system", "address", "request")  # fields that are folded away


def day_field(label: Any) -> forms.DateField:
    """Of days that a log may have: arithmetic on the calendar's ends has no answer."""
    return forms.DateField(
        label=label,
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        validators=[MinValueValidator(dt.date(2000, 1, 1)), MaxValueValidator(dt.date(2999, 1, 1))],
    )


def time_field(label: Any) -> forms.TimeField:
    return forms.TimeField(
        label=label, required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )


def choices_of(words: dict[str, Any]) -> list[tuple[str, Any]]:
    return [("", ALL), *words.items()]


class AuditFilterForm(forms.Form):
    start = day_field(gettext_lazy("From"))
    start_time = time_field(gettext_lazy("from time"))
    end = day_field(gettext_lazy("To"))
    end_time = time_field(gettext_lazy("before time"))
    actor = forms.ModelChoiceField(
        label=gettext_lazy("Staff"),
        queryset=Staff.objects.none(),
        required=False,
        empty_label=ALL,
    )
    hospital = forms.ModelChoiceField(
        label=gettext_lazy("Hospital"),
        queryset=Hospital.objects.none(),
        to_field_name="code",
        required=False,
        empty_label=ALL,
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind of event"),
        required=False,
        choices=choices_of({key: group.words for key, group in EVENT_GROUPS.items()}),
    )
    outcome = forms.ChoiceField(
        label=gettext_lazy("Outcome"),
        required=False,
        choices=choices_of({o.value: OUTCOME_WORDS[o.value] for o in AuditOutcome}),
    )
    emergency = forms.BooleanField(label=gettext_lazy("Emergency access only"), required=False)
    purpose = forms.ChoiceField(
        label=gettext_lazy("Purpose"), required=False, choices=choices_of(PURPOSE_WORDS)
    )
    system = forms.ModelChoiceField(
        label=gettext_lazy("System"),
        queryset=Client.objects.none(),
        to_field_name="client_id",
        required=False,
        empty_label=ALL,
    )
    address = forms.GenericIPAddressField(label=gettext_lazy("Network address"), required=False)
    request = forms.CharField(label=gettext_lazy("Request number"), required=False, max_length=64)
    person = forms.UUIDField(required=False, widget=forms.HiddenInput)
    case = forms.IntegerField(
        required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, hospitals: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        querysets = {
            "actor": Staff.objects.filter(hospital__in=hospitals).select_related("hospital"),
            "hospital": Hospital.objects.all(),
            "system": Client.objects.filter(hospital__in=hospitals).select_related("hospital"),
        }
        for name, found in querysets.items():
            self.fields[name].queryset = found  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name in ("start", "end"):
            if data.get(f"{name}_time") and not data.get(name):
                raise forms.ValidationError(_("A time needs its day. Choose the day, too."))
        if data.get("start") and data.get("end") and moment_after(data) <= moment_from(data):
            raise forms.ValidationError(
                _(
                    "The last day is before the first one. Choose a range of days that has at least"
                    " one day."
                )
                if data["end"] < data["start"]
                else _("This range ends before it begins. Choose a later time for its end.")
            )
        return data

    @property
    def near_fields(self) -> list[forms.BoundField]:
        return [f for f in self.visible_fields() if f.name not in FURTHER]

    @property
    def further_fields(self) -> list[forms.BoundField]:
        return [f for f in self.visible_fields() if f.name in FURTHER]

    @property
    def is_further_used(self) -> bool:
        return any(f.value() for f in self.further_fields)


def moment_from(data: dict[str, Any]) -> dt.datetime | None:
    """The first moment that is asked for."""
    if not data.get("start"):
        return None
    return timezone.make_aware(
        dt.datetime.combine(data["start"], data.get("start_time") or dt.time())
    )


def moment_after(data: dict[str, Any]) -> dt.datetime | None:
    """The first moment that is no longer asked for: the given time, or the end of the day."""
    if not data.get("end"):
        return None
    if at := data.get("end_time"):
        return timezone.make_aware(dt.datetime.combine(data["end"], at))
    return timezone.make_aware(dt.datetime.combine(data["end"] + dt.timedelta(days=1), dt.time()))


def filter_from_form(
    form: AuditFilterForm, acting: Principal, hospitals: list[Any], *, patients: bool
) -> AuditFilter:
    """patients: also what others did about patients of these hospitals. Raises Forbidden."""
    is_understood = not form.is_bound or form.is_valid()
    if is_understood and form.is_bound and (case := form.cleaned_data.get("case")):
        is_understood = find_case(case, acting) is not None
    if not is_understood:
        raise Forbidden(
            "filter",
            _(
                "This filter is not understood, or names somebody whom you do not audit."
                " Correct it."
            ),
        )
    data = form.cleaned_data if form.is_bound else {}
    actor: Staff | None = data.get("actor")
    hospital: Hospital | None = data.get("hospital")
    system: Client | None = data.get("system")
    person: UUID | None = data.get("person")
    return AuditFilter(
        start=moment_from(data),
        end=moment_after(data),
        person=person,
        actor_kind="staff" if actor else "",
        actor=str(actor.pk) if actor else "",
        request=data.get("request") or "",
        outcome=data.get("outcome") or "",
        emergency=bool(data.get("emergency")),
        hospitals=None if acting.alliance_wide else tuple(h.code for h in hospitals),
        patients=patients,
        address=data.get("address") or "",
        hospital=hospital.code if hospital else "",
        purpose=data.get("purpose") or "",
        codes=codes_of_group(data["kind"]) if data.get("kind") else (),
        system=system.client_id if system else "",
        case=data.get("case") or 0,
    )


def has_reversed_range(request: HttpRequest, form: AuditFilterForm) -> bool:
    """Whether the range of time ends before it begins; the page says so."""
    for said in form.non_field_errors():
        messages.error(request, said)
    return bool(form.non_field_errors())
