"""The form of all deadlines: for each an amount and a unit, by urgency."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from alliance.models import WorkDeadline, WorkItem
from alliance.workflow.deadline_bounds import WORKING, check_span
from alliance.workflow.deadline_changes import Changes, list_standing_spans
from alliance.workflow.deadline_words import UNIT_WORDS, say_deadline
from alliance.workflow.deadlines import CLOSES, DEADLINES, MOMENT, OPENS, RIGHTS, Span

TIME = forms.TimeInput(format="%H:%M", attrs={"type": "time"})


def list_units(urgency: str) -> list[tuple[str, Any]]:
    """By working time only where nothing hurries."""
    return [
        (u.value, UNIT_WORDS[u])
        for u in WorkDeadline.Unit
        if u is not MOMENT and (urgency == WorkItem.Urgency.ROUTINE or u not in WORKING)
    ]


class DeadlineForm(forms.Form):
    """Fields "<name>:<urgency>:amount" and "…:unit" beside those that hold for all."""

    rights = forms.IntegerField(
        label=_("Access stays after the end, in days"), min_value=0, max_value=180
    )
    opens = forms.TimeField(label=_("A working day begins"), widget=TIME)
    closes = forms.TimeField(label=_("A working day ends"), widget=TIME)
    reason = forms.CharField(label=_("Reason"), min_length=4, max_length=200)

    def __init__(self, data: Any = None) -> None:
        self.standing = list_standing_spans()
        opens, closes = (self.standing[name, ""].amount for name in (OPENS, CLOSES))
        super().__init__(
            data,
            initial={
                "rights": self.standing[RIGHTS, ""].amount,
                "opens": f"{opens // 60:02}:{opens % 60:02}",
                "closes": f"{closes // 60:02}:{closes % 60:02}",
            },
        )
        for name in DEADLINES:
            for urgency in WorkItem.Urgency:
                self.add_span(name, urgency)

    def add_span(self, name: str, urgency: WorkItem.Urgency) -> None:
        span = self.standing[name, urgency.value]
        label = f"{say_deadline(name)} · {urgency.label}"
        self.fields[f"{name}:{urgency.value}:amount"] = forms.IntegerField(
            label=label,
            min_value=1,
            max_value=100_000,
            initial=span.amount,
            widget=forms.NumberInput(attrs={"aria-label": label}),
        )
        self.fields[f"{name}:{urgency.value}:unit"] = forms.ChoiceField(
            choices=list_units(urgency.value),
            initial=str(span.unit),
            widget=forms.Select(attrs={"aria-label": label}),
        )

    def clean(self) -> dict[str, Any]:
        for name in DEADLINES:
            for urgency in WorkItem.Urgency:
                self.check_one(name, urgency.value)
        return self.cleaned_data

    def check_one(self, name: str, urgency: str) -> None:
        key = f"{name}:{urgency}"
        if (amount := self.cleaned_data.get(f"{key}:amount")) is None:
            return
        try:
            check_span(name, urgency, Span(amount, self.cleaned_data.get(f"{key}:unit", "")))
        except forms.ValidationError as error:
            self.add_error(f"{key}:amount", error)

    def read_changes(self) -> Changes:
        """All values; which are other than what stands, the verb finds."""
        data = self.cleaned_data
        spans = [
            (name, u.value, data[f"{name}:{u.value}:amount"], data[f"{name}:{u.value}:unit"])
            for name in DEADLINES
            for u in WorkItem.Urgency
        ]
        spans.append((RIGHTS, "", data["rights"], WorkDeadline.Unit.DAYS.value))
        for name, moment in ((OPENS, data["opens"]), (CLOSES, data["closes"])):
            spans.append((name, "", moment.hour * 60 + moment.minute, MOMENT.value))
        return [dict(zip(("name", "urgency", "amount", "unit"), s, strict=True)) for s in spans]

    @property
    def rows(self) -> Iterator[tuple[str, list[tuple[Any, Any, Any]]]]:
        """(what, [(urgency, field of the amount, field of the unit)])."""
        for name in DEADLINES:
            yield (
                say_deadline(name),
                [
                    (u.label, self[f"{name}:{u.value}:amount"], self[f"{name}:{u.value}:unit"])
                    for u in WorkItem.Urgency
                ],
            )
