"""A referral that is not sent: it opens nothing, and no hospital but its author's knows of it. What
moves it is the table of alliance/referrals/draft_table.py.
"""

from django.db import models

from alliance.encryption.fields import EncryptedTextField
from alliance.models.hospital import Hospital
from alliance.models.staff import Staff
from alliance.models.work_item import APART, LONGEST_TEXT, REFERRAL_CHOICES, WorkItem


class WorkDraft(models.Model):
    """person, source_patient: as of WorkItem; along, plan: what goes along, and the home plan of a
    referral down, as JSON; version: how many verbs have moved it; due_at: when it has lain too
    long; item: what it became; follows:
    as of WorkItem.
    """

    hospital = models.ForeignKey(Hospital, db_index=False, **APART)
    author = models.ForeignKey(Staff, db_index=False, **APART)
    person = models.UUIDField()
    source_patient = models.BigIntegerField()
    receiver = models.ForeignKey(Hospital, db_index=False, **APART)
    kind = models.CharField(max_length=20, choices=REFERRAL_CHOICES)
    urgency = models.CharField(max_length=12, choices=WorkItem.Urgency.choices)
    department = models.CharField(max_length=80, blank=True)
    reason = EncryptedTextField(max_length=LONGEST_TEXT, blank=True)
    question = EncryptedTextField(max_length=LONGEST_TEXT, blank=True)
    transport = EncryptedTextField(max_length=LONGEST_TEXT, blank=True)
    wish = EncryptedTextField(max_length=LONGEST_TEXT, blank=True)
    along = EncryptedTextField(max_length=32000, blank=True)
    plan = EncryptedTextField(max_length=64000, blank=True)
    state = models.CharField(max_length=20)
    version = models.IntegerField()
    saved_at = models.DateTimeField()
    due_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    item = models.ForeignKey(WorkItem, null=True, db_index=False, **APART)
    follows = models.ForeignKey(WorkItem, null=True, db_index=False, db_constraint=False, **APART)

    class Meta:
        indexes = [
            models.Index(
                fields=["hospital", "due_at", "id"],
                name="work_draft_open",
                condition=models.Q(closed_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"draft/{self.pk}"


class WorkDraftStep(models.Model):
    """One verb that moved a draft, never changed. version: the draft's after it."""

    draft = models.ForeignKey(WorkDraft, models.PROTECT, db_index=False, related_name="steps")
    version = models.IntegerField()
    verb = models.CharField(max_length=20)
    to_state = models.CharField(max_length=20)
    staff = models.ForeignKey(Staff, db_index=False, **APART)
    role = models.CharField(max_length=16)
    at = models.DateTimeField()
    note = EncryptedTextField(max_length=LONGEST_TEXT, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["draft", "version"], name="work_draft_step_once")
        ]


class ApprovalRule(models.Model):
    """From set_at a hospital wants its referrals of a kind approved by a second person before they
    are sent; until ended_at.
    """

    hospital = models.ForeignKey(Hospital, db_index=False, **APART)
    kind = models.CharField(max_length=20, choices=REFERRAL_CHOICES)
    set_at = models.DateTimeField()
    set_by = models.ForeignKey(Staff, db_index=False, **APART)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(Staff, null=True, db_index=False, **APART)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["hospital", "kind"],
                name="one_approval_rule",
                condition=models.Q(ended_at=None),
            )
        ]
