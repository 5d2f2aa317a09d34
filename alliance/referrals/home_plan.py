"""A home plan before it is kept: what it holds, and what it lacks, each by the name of its field
(china.md B1: discharge, medicines, next plan, warning signs). Pure.
"""

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from alliance.models.home_plan import HomeMedicine, HomeTask
from alliance.workflow.send_item import NewDocument

Words = object  # a text of the reader's language, said when it is shown
MOST_MEDICINES, MOST_TASKS = 100, 60
NEW, CHANGED, STOPPED, UNCHANGED = HomeMedicine.Change


@dataclass(frozen=True, slots=True)
class PlannedMedicine:
    name: str
    dosage: str
    change: str
    before: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class PlannedTask:
    what: str
    due_on: dt.date | None
    doer: str


@dataclass(frozen=True, slots=True)
class HomePlanDraft:
    """summary: the discharge summary of the own store; without it diagnosis and course are in
    words. takes_none: the patient takes no medicine, which is said and not left out.
    """

    diagnosis: str
    course: str
    advice: str
    warning_signs: str
    call_name: str
    call_phone: str
    record_number: str = ""
    findings: str = ""
    medicines: tuple[PlannedMedicine, ...] = ()
    takes_none: bool = False
    tasks: tuple[PlannedTask, ...] = ()
    summary: NewDocument | None = None


REQUIRED: tuple[tuple[str, Words], ...] = (
    ("advice", _("Write how treatment goes on at home.")),
    ("warning_signs", _("Write which signs are a warning, and what to do then.")),
    ("call_name", _("Write whom to call.")),
    ("call_phone", _("Write the telephone number.")),
)


def list_faults(draft: HomePlanDraft, today: dt.date) -> dict[str, Words]:
    """What is missing or cannot be, by field; those of rows are `medicine-0-why`, `task-0-what`."""
    faults: dict[str, Words] = {}
    for field, words in REQUIRED:
        if not str(getattr(draft, field)).strip():
            faults[field] = words
    if not draft.diagnosis.strip():
        faults["diagnosis"] = _("Write the diagnosis.")
    if draft.summary is None and not draft.course.strip():
        faults["course"] = _("Choose a discharge summary, or write the course in words.")
    if not draft.medicines and not draft.takes_none:
        faults["takes_none"] = _("Write the medicines, or say that there are none.")
    if draft.medicines and draft.takes_none:
        faults["takes_none"] = _("There are medicines above: take them out, or this tick.")
    if len(draft.medicines) > MOST_MEDICINES or len(draft.tasks) > MOST_TASKS:
        faults["advice"] = _("That are more lines than a plan holds.")
    for number, medicine in enumerate(draft.medicines):
        faults |= {
            f"medicine-{number}-{name}": words for name, words in medicine_faults(medicine).items()
        }
    for number, task in enumerate(draft.tasks):
        faults |= {
            f"task-{number}-{name}": words for name, words in task_faults(task, today).items()
        }
    return faults


def medicine_faults(m: PlannedMedicine) -> dict[str, Words]:
    faults: dict[str, Words] = {}
    if not m.name.strip():
        faults["name"] = _("Write which medicine.")
    if m.change not in HomeMedicine.Change.values:
        faults["change"] = _("Say what became of it.")
    if m.change in (NEW, CHANGED) and not m.dosage.strip():
        faults["dosage"] = _("Write how it is taken.")
    if m.change == CHANGED and not m.before.strip():
        faults["before"] = _("Write what it was before.")
    if m.change in (CHANGED, STOPPED) and not m.why.strip():
        faults["why"] = _("Say why.")
    return faults


def task_faults(t: PlannedTask, today: dt.date) -> dict[str, Words]:
    faults: dict[str, Words] = {}
    if not t.what.strip():
        faults["what"] = _("Write what is to be done.")
    if t.due_on is None:
        faults["due_on"] = _("Say by which day.")
    elif t.due_on < today:
        faults["due_on"] = _("This day is over.")
    if t.doer not in HomeTask.Doer.values:
        faults["doer"] = _("Say who does it.")
    return faults
