"""The way home: how treatment goes on after a hospital, as one plan of a work item, with medicines,
dated tasks and what became of them (docs/adr/0094).
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alliance.encryption.fields import EncryptedTextField
from alliance.models.hospital import Hospital
from alliance.models.staff import Staff
from alliance.models.work_item import (
    APART,
    LONGEST_TEXT,
    WorkDocument,
    WorkItem,
    WorkTransition,
)

LONGEST_LINE = 300  # characters of a line of a plan: a name, a dose, a task, a reason


class HomePlan(models.Model):
    """One a work item, never changed. treating, home: the hospital that wrote it and the one at
    which the patient is at home; summary: the discharge summary in the treating hospital's store,
    where one was chosen.
    """

    item = models.OneToOneField(WorkItem, models.PROTECT, related_name="home_plan")
    treating = models.ForeignKey(Hospital, db_index=False, **APART)
    home = models.ForeignKey(Hospital, db_index=False, **APART)
    staff = models.ForeignKey(Staff, db_index=False, **APART)
    at = models.DateTimeField()
    summary = models.ForeignKey(WorkDocument, null=True, db_index=False, **APART)
    record_number = EncryptedTextField(max_length=LONGEST_LINE, blank=True)
    diagnosis = EncryptedTextField(max_length=LONGEST_TEXT, blank=True)
    findings = EncryptedTextField(max_length=LONGEST_TEXT, blank=True)
    course = EncryptedTextField(max_length=LONGEST_TEXT, blank=True)
    advice = EncryptedTextField(max_length=LONGEST_TEXT)
    warning_signs = EncryptedTextField(max_length=LONGEST_TEXT)
    call_name = EncryptedTextField(max_length=LONGEST_LINE)
    call_phone = EncryptedTextField(max_length=LONGEST_LINE)


class HomeMedicine(models.Model):
    """A medicine of a plan, and what the hospital changed. before: what it was, of one that was
    changed.
    """

    class Change(models.TextChoices):
        NEW = "new", _("Newly begun")
        CHANGED = "changed", _("Changed")
        STOPPED = "stopped", _("Stopped")
        UNCHANGED = "unchanged", _("Unchanged")

    plan = models.ForeignKey(HomePlan, models.PROTECT, related_name="medicines")
    position = models.SmallIntegerField()
    change = models.CharField(max_length=12, choices=Change.choices)
    name = EncryptedTextField(max_length=LONGEST_LINE)
    dosage = EncryptedTextField(max_length=LONGEST_LINE, blank=True)
    before = EncryptedTextField(max_length=LONGEST_LINE, blank=True)
    why = EncryptedTextField(max_length=LONGEST_LINE, blank=True)


class HomeTask(models.Model):
    """What is to be done by a day. treating, home: of the plan, for counting; state: after the last
    of its entries, of which there are so many.
    """

    class Doer(models.TextChoices):
        COMMUNITY = "community", _("Community doctor")
        PATIENT = "patient", _("The patient")
        HOSPITAL = "hospital", _("Hospital")

    class State(models.TextChoices):
        OPEN = "open", _("Not done yet")
        DONE = "done", _("Has been done")
        DROPPED = "dropped", _("No longer needed")

    plan = models.ForeignKey(HomePlan, models.PROTECT, related_name="tasks")
    position = models.SmallIntegerField()
    what = EncryptedTextField(max_length=LONGEST_LINE)
    due_on = models.DateField()
    doer = models.CharField(max_length=12, choices=Doer.choices)
    treating = models.ForeignKey(Hospital, db_index=False, **APART)
    home = models.ForeignKey(Hospital, db_index=False, **APART)
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    entries = models.SmallIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(
                fields=["home", "due_on"], name="home_task_open", condition=Q(state="open")
            ),
            models.Index(
                fields=["treating", "due_on"],
                name="home_task_treating",
                condition=Q(state="open", doer="hospital"),
            ),
        ]


class HomeTaskEntry(models.Model):
    """Somebody ticked a task, took the tick away, or said that it is no longer needed. Never
    changed.
    """

    task = models.ForeignKey(HomeTask, models.PROTECT, related_name="course", db_index=False)
    number = models.SmallIntegerField()
    state = models.CharField(max_length=12, choices=HomeTask.State.choices)
    staff = models.ForeignKey(Staff, db_index=False, **APART)
    role = models.CharField(max_length=16)
    hospital = models.ForeignKey(Hospital, db_index=False, **APART)
    at = models.DateTimeField()
    note = EncryptedTextField(max_length=LONGEST_LINE, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["task", "number"], name="home_task_entry_once")
        ]


class HomeMeasure(models.Model):
    """A value that a follow-up measured."""

    class Kind(models.TextChoices):
        PRESSURE = "pressure", _("Blood pressure (mmHg)")
        GLUCOSE = "glucose", _("Blood glucose (mmol/L)")
        WEIGHT = "weight", _("Weight (kg)")

    transition = models.ForeignKey(WorkTransition, models.PROTECT, related_name="measures")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    value = EncryptedTextField(max_length=20)
