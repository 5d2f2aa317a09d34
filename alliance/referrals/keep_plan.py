"""Keep what comes with the verbs of the way home, in their transaction: the plan with sending or
sending back, a word for each open task with closing, measured values with a follow-up.
"""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from alliance.models import (
    HomeMeasure,
    HomeMedicine,
    HomePlan,
    HomeTask,
    WorkDocument,
    WorkItem,
)
from alliance.referrals.home_plan import HomePlanDraft, list_faults
from alliance.referrals.mark_task import append_entry, task_note_fault
from alliance.referrals.task_reminder import follow_tasks
from alliance.workflow.registry import MoveDone
from alliance.workflow.send_item import NewDocument
from alliance.workflow.state_table import Side


@dataclass(frozen=True, slots=True)
class TaskWords:
    """What became of the open tasks, said at closing: {task: (state, note)}."""

    words: dict[int, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Measured:
    """Values of a follow-up: (kind, value as written)."""

    values: tuple[tuple[str, str], ...]


def keep_plan(done: MoveDone) -> None:
    """An effect of verbs: raises ValidationError, by field, where the plan is not whole."""
    draft = next((x for x in done.brought if isinstance(x, HomePlanDraft)), None)
    if draft is None:
        return
    item = done.item
    goes_down = done.move.verb == "send" and item.kind == WorkItem.Kind.DOWN
    if done.move.verb != "return" and not goes_down:
        raise ValidationError(_("A home plan comes with sending home alone."))
    if faults := list_faults(draft, timezone.localdate(done.now)):
        raise ValidationError({name: str(words) for name, words in faults.items()})
    treating, home = (
        (item.sender_id, item.receiver_id) if goes_down else (item.receiver_id, item.sender_id)
    )
    plan = HomePlan.objects.create(
        item=item,
        treating_id=treating,
        home_id=home,
        staff_id=int(done.acting.id),
        at=done.now,
        summary=keep_summary(item, draft.summary),
        record_number=draft.record_number,
        diagnosis=draft.diagnosis,
        findings=draft.findings,
        course=draft.course,
        advice=draft.advice,
        warning_signs=draft.warning_signs,
        call_name=draft.call_name,
        call_phone=draft.call_phone,
    )
    HomeMedicine.objects.bulk_create(
        HomeMedicine(
            plan=plan,
            position=position,
            change=m.change,
            name=m.name,
            dosage=m.dosage,
            before=m.before,
            why=m.why,
        )
        for position, m in enumerate(draft.medicines)
    )
    HomeTask.objects.bulk_create(
        HomeTask(
            plan=plan,
            position=position,
            what=t.what,
            due_on=t.due_on,
            doer=t.doer,
            treating_id=treating,
            home_id=home,
        )
        for position, t in enumerate(draft.tasks)
    )


def keep_summary(item: WorkItem, chosen: NewDocument | None) -> WorkDocument | None:
    """Fixed by version and SHA-256, as all that goes along is."""
    if chosen is None:
        return None
    found: WorkDocument = item.documents.create(
        hospital_id=chosen.hospital_id,
        type_name=chosen.type_name,
        fhir_id=chosen.fhir_id,
        version=chosen.version,
        digest=chosen.digest,
    )
    return found


def settle_tasks(done: MoveDone) -> None:
    """An effect of verbs: nothing that has ended has an open task. Closing after care at home says
    of each what became of it; where the patient never came home, tasks fall with the referral.
    """
    if done.item.closed_at is None:
        return
    said = next((x.words for x in done.brought if isinstance(x, TaskWords)), {})
    asks = done.move.verb == "close" and done.move.state == "followed-up"
    for task in HomeTask.objects.select_for_update(of=("self",)).filter(
        plan__item=done.item, state=HomeTask.State.OPEN
    ):
        state, note = said.get(task.pk, ("", "")) if asks else (HomeTask.State.DROPPED.value, "")
        if asks and (fault := task_note_fault(state, note)):
            raise ValidationError({f"task-{task.pk}-{fault[0]}": str(fault[1])})
        append_entry(task, state, note, done.acting, done.now)


def keep_measures(done: MoveDone) -> None:
    """An effect of verbs."""
    for measured in done.brought:
        if isinstance(measured, Measured) and done.move.verb == "follow-up":
            HomeMeasure.objects.bulk_create(
                HomeMeasure(transition=done.transition, kind=kind, value=value)
                for kind, value in measured.values
            )


def remind_of_tasks(done: MoveDone) -> None:
    """An effect of verbs: a state at home is due with its next open task."""
    if done.move.side is not Side.PLATFORM:
        follow_tasks(done.item, done.now)


HOME_EFFECTS = (keep_plan, settle_tasks, keep_measures, remind_of_tasks)
