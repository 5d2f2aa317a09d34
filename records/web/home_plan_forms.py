"""The form of a home plan: texts, a line for each medicine and task, and which record is the
discharge summary. What it lacks is said by alliance.referrals.home_plan, at its field.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.forms import BoundField
from django.forms.utils import ErrorDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from alliance.models import HomeMedicine, HomeTask
from alliance.models.home_plan import LONGEST_LINE
from alliance.referrals.home_plan import (
    MOST_MEDICINES,
    MOST_TASKS,
    HomePlanDraft,
    PlannedMedicine,
    PlannedTask,
    list_faults,
)
from records.web.home_plan_proposals import OfferedSummary
from records.web.referral_forms import make_text_field

BLANK_MEDICINES, BLANK_TASKS = 2, 3
MEDICINE_CELLS = ("change", "name", "dosage", "before", "why", "out")
TASK_CELLS = ("what", "due_on", "doer", "out")
TEXT_NAMES = (
    "diagnosis",
    "course",
    "advice",
    "warning_signs",
    "call_name",
    "call_phone",
    "record_number",
    "findings",
)
IN_WORDS = ""  # no record is chosen as the summary


def make_line_field(label: Any) -> forms.CharField:
    return forms.CharField(label=label, required=False, max_length=LONGEST_LINE)


def make_choice_field(label: Any, choices: list[tuple[str, Any]]) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False, choices=[("", "—"), *choices])


class HomePlanForm(forms.Form):
    """proposed, tasks: lines to begin with; summaries: what may be the discharge summary. Rows grow
    where a button `more` asks for it.
    """

    record_number = make_line_field(_("Number of the inpatient record"))
    diagnosis = make_text_field(_("Diagnosis"), required=False, rows=2)
    findings = make_text_field(_("Main results of examinations"), required=False, rows=2)
    course = make_text_field(_("Course and treatment"), required=False)
    advice = make_text_field(_("How treatment goes on, and rehabilitation"), required=False)
    warning_signs = make_text_field(_("Warning signs, and what to do then"), required=False, rows=2)
    call_name = make_line_field(_("Whom to call"))
    call_phone = make_line_field(_("Telephone"))
    takes_none = forms.BooleanField(label=_("The patient takes no medicines"), required=False)
    medicines = forms.IntegerField(widget=forms.HiddenInput, required=False)
    tasks = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        proposed: Sequence[PlannedMedicine] = (),
        tasks: Sequence[PlannedTask] = (),
        summaries: Sequence[OfferedSummary] = (),
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        first = dict(initial or {}) | propose_rows(proposed) | repeat_tasks(tasks)
        more = str((data or {}).get("more", ""))
        self.medicine_count = count_rows(
            data, "medicines", len(proposed), BLANK_MEDICINES, MOST_MEDICINES, more
        )
        self.task_count = count_rows(data, "tasks", len(tasks), BLANK_TASKS, MOST_TASKS, more)
        # what the page shows next, whatever was sent
        if data is not None:
            data = data.copy()  # type: ignore[attr-defined]
            data["medicines"], data["tasks"] = str(self.medicine_count), str(self.task_count)
        super().__init__(data, initial=first)
        self.asks_more = bool(more)
        if more:
            self._errors = ErrorDict()
        self.initial |= {"medicines": self.medicine_count, "tasks": self.task_count}
        self.summaries = {s.offered.value: s.offered for s in summaries}
        self.draft: HomePlanDraft | None = None
        if summaries:
            self.fields["summary"] = forms.ChoiceField(
                label=_("Discharge summary of your hospital"),
                required=False,
                widget=forms.RadioSelect,
                choices=[
                    *((s.offered.value, s.offered.words) for s in summaries),
                    (IN_WORDS, _("None of these: I write it below")),
                ],
            )
            first.setdefault(
                "summary", next((s.offered.value for s in summaries if s.is_discharge), IN_WORDS)
            )
        for n in range(self.medicine_count):
            self.fields |= {
                f"medicine-{n}-change": make_choice_field(
                    _("What became of it"), HomeMedicine.Change.choices
                ),
                f"medicine-{n}-name": make_line_field(_("Medicine")),
                f"medicine-{n}-dosage": make_line_field(_("How it is taken")),
                f"medicine-{n}-before": make_line_field(_("Before")),
                f"medicine-{n}-why": make_line_field(_("Why so")),
                f"medicine-{n}-out": forms.BooleanField(label=_("Leave out"), required=False),
            }
        for n in range(self.task_count):
            self.fields |= {
                f"task-{n}-what": make_line_field(_("What is to be done")),
                f"task-{n}-due_on": forms.DateField(
                    label=_("By which day"),
                    required=False,
                    widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
                ),
                f"task-{n}-doer": make_choice_field(_("Who does it"), HomeTask.Doer.choices),
                f"task-{n}-out": forms.BooleanField(label=_("Leave out"), required=False),
            }

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        medicines, tasks = (
            self.filled_rows("medicine", self.medicine_count, MEDICINE_CELLS),
            self.filled_rows("task", self.task_count, TASK_CELLS),
        )
        chosen = self.summaries.get(cleaned.get("summary", ""))
        self.draft = HomePlanDraft(
            **{name: str(cleaned.get(name) or "") for name in TEXT_NAMES},
            medicines=tuple(
                PlannedMedicine(r["name"], r["dosage"], r["change"], r["before"], r["why"])
                for r in medicines.values()
            ),
            takes_none=bool(cleaned.get("takes_none")),
            tasks=tuple(
                PlannedTask(r["what"], r["due_on"] or None, r["doer"]) for r in tasks.values()
            ),
            summary=chosen.document if chosen else None,
        )
        rows = {"medicine": list(medicines), "task": list(tasks)}
        for name, words in list_faults(self.draft, timezone.localdate()).items():
            field = place_fault(name, rows)
            if field not in self.errors:
                self.add_error(field, str(words))
        return cleaned

    def filled_rows(
        self, kind: str, count: int, cells: tuple[str, ...]
    ) -> dict[int, dict[str, Any]]:
        """{number on the page: its cells}; a line in which nothing stands is none."""
        found = {
            n: {c: self.cleaned_data.get(f"{kind}-{n}-{c}") or "" for c in cells}
            for n in range(count)
        }
        return {
            n: row
            for n, row in found.items()
            if not row["out"]
            and (
                any(row.values())
                or any(f"{kind}-{n}-{c}" in self.errors for c in cells)  # typed, not understood
            )
        }

    def is_whole(self) -> bool:
        """Whether it can be kept: where more lines were asked for, nothing is judged yet."""
        return not self.asks_more and self.is_valid()

    @property
    def medicine_rows(self) -> list[list[BoundField]]:
        return [
            [self[f"medicine-{n}-{c}"] for c in MEDICINE_CELLS] for n in range(self.medicine_count)
        ]

    @property
    def task_rows(self) -> list[list[BoundField]]:
        return [[self[f"task-{n}-{c}"] for c in TASK_CELLS] for n in range(self.task_count)]

    @property
    def upper(self) -> list[BoundField]:
        """Before the medicines."""
        names = ("summary", "record_number", "diagnosis", "findings", "course")
        return [self[n] for n in names if n in self.fields]

    @property
    def lower(self) -> list[BoundField]:
        """After the tasks."""
        return [self[n] for n in ("advice", "warning_signs", "call_name", "call_phone")]


def propose_rows(proposed: Sequence[PlannedMedicine]) -> dict[str, str]:
    return {
        f"medicine-{n}-{cell}": getattr(m, cell)[:LONGEST_LINE]
        for n, m in enumerate(proposed)
        for cell in ("change", "name", "dosage", "before", "why")
    }


def repeat_tasks(tasks: Sequence[PlannedTask]) -> dict[str, Any]:
    return {
        f"task-{n}-{cell}": getattr(t, cell)
        for n, t in enumerate(tasks)
        for cell in ("what", "due_on", "doer")
    }


def count_rows(
    data: Mapping[str, Any] | None, name: str, filled: int, blank: int, most: int, more: str
) -> int:
    """As many as the page had, and some more where it asked."""
    if data is None or not str(data.get(name, "")).isdecimal():
        return min(filled + blank, most)
    return min(int(str(data[name])[:4]) + (blank if more == name else 0), most)


def place_fault(name: str, rows: Mapping[str, list[int]]) -> str:
    """The field of the page for one of the draft, whose lines count without those left empty."""
    kind, _dash, rest = name.partition("-")
    if kind not in rows:
        return name
    number, _dash, cell = rest.partition("-")
    return f"{kind}-{rows[kind][int(number)]}-{cell}"
