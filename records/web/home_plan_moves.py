"""What verbs take on the page of a referral beside a text: values with a follow-up, with closing a
word for each task that is still open, with declining whom the receiver proposes.
"""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from alliance.models import HomeMeasure, HomeTask, Hospital, WorkItem
from alliance.models.home_plan import LONGEST_LINE
from alliance.referrals.hand_on import ProposedHospital, list_proposable
from alliance.referrals.keep_plan import Measured, TaskWords
from alliance.referrals.mark_task import task_note_fault
from alliance.workflow.state_table import Move
from records.web.referral_forms import MoveForm
from records.web.referral_places import offer_places

PRESSURE, GLUCOSE, WEIGHT = HomeMeasure.Kind
NUMBER = re.compile(r"\d{1,3}(\.\d{1,2})?")
FORMS: dict[str, re.Pattern[str]] = {
    PRESSURE: re.compile(r"[1-9]\d{1,2}/[1-9]\d{1,2}"),
    GLUCOSE: NUMBER,
    WEIGHT: NUMBER,
}
AS_WRITTEN = {PRESSURE: "135/85", GLUCOSE: "6.8", WEIGHT: "62.5"}


class FollowUpForm(MoveForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind, label in HomeMeasure.Kind.choices:
            self.fields[kind] = forms.RegexField(
                FORMS[kind],
                label=label,
                required=False,
                max_length=20,
                widget=forms.TextInput(attrs={"placeholder": AS_WRITTEN[HomeMeasure.Kind(kind)]}),
                error_messages={
                    "invalid": _("Write it like %s, without a unit.")
                    % AS_WRITTEN[HomeMeasure.Kind(kind)]
                },
            )

    def brought(self) -> tuple[object, ...]:
        values = tuple(
            (kind, self.cleaned_data[kind])
            for kind in HomeMeasure.Kind.values
            if self.cleaned_data.get(kind)
        )
        return (Measured(values),) if values else ()


class CloseForm(MoveForm):
    """open_tasks: of each it asks what became of it."""

    def __init__(self, *args: Any, open_tasks: list[HomeTask], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.open_tasks = open_tasks
        for task in open_tasks:
            self.fields[f"task-{task.pk}-state"] = forms.ChoiceField(
                label=_("Open task: %(what)s (by %(day)s)")
                % {"what": task.what, "day": task.due_on},
                required=False,
                choices=[
                    ("", "—"),
                    (HomeTask.State.DONE.value, HomeTask.State.DONE.label),
                    (HomeTask.State.DROPPED.value, HomeTask.State.DROPPED.label),
                ],
            )
            self.fields[f"task-{task.pk}-note"] = forms.CharField(
                label=_("Remark; why it is no longer needed"),
                required=False,
                max_length=LONGEST_LINE,
            )

    def task_words(self) -> dict[int, tuple[str, str]]:
        return {
            t.pk: (
                self.cleaned_data.get(f"task-{t.pk}-state") or "",
                self.cleaned_data.get(f"task-{t.pk}-note") or "",
            )
            for t in self.open_tasks
        }

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for pk, (state, note) in self.task_words().items():
            if fault := task_note_fault(state, note):
                self.add_error(f"task-{pk}-{fault[0]}", str(fault[1]))
        return cleaned

    def brought(self) -> tuple[object, ...]:
        return (TaskWords(self.task_words()),)


class DeclineForm(MoveForm):
    """proposable: whom the receiver may propose instead of itself."""

    def __init__(self, *args: Any, proposable: list[Hospital], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if proposable:
            self.fields["proposed"] = forms.ChoiceField(
                label=_("Another hospital that you propose"),
                required=False,
                choices=[("", "—"), *((str(h.pk), h.name) for h in proposable)],
                help_text=_("The sender decides, and refers there anew."),
            )

    def brought(self) -> tuple[object, ...]:
        chosen = self.cleaned_data.get("proposed")
        return (ProposedHospital(int(chosen)),) if chosen else ()


def make_move_form(move: Move, item: WorkItem, *args: Any, **kwargs: Any) -> MoveForm:
    """The form of a verb: those of the way home take more than a text, those that arrange a
    place of the schedule.
    """
    if move.verb == "decline":
        return DeclineForm(*args, move=move, proposable=list_proposable(item), **kwargs)
    if move.verb == "follow-up":
        return FollowUpForm(*args, move=move, **kwargs)
    if move.verb == "close" and move.state == "followed-up":
        tasks = list(
            HomeTask.objects.filter(plan__item=item, state=HomeTask.State.OPEN).order_by("position")
        )
        return CloseForm(*args, move=move, open_tasks=tasks, **kwargs)
    return MoveForm(*args, move=move, places=offer_places(move, item), **kwargs)


def take_brought(form: MoveForm) -> tuple[object, ...]:
    """What of a valid form goes to an effect of the verb."""
    return form.brought() if isinstance(form, FollowUpForm | CloseForm | DeclineForm) else ()
