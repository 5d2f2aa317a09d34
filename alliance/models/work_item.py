"""Work between two hospitals: a referral or a consultation. What moves it and when is the
state table's (alliance/workflow/state_table.py, docs/adr/0086).
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alliance.encryption.fields import EncryptedTextField
from alliance.models.hospital import Hospital
from alliance.models.staff import Staff

APART = {"on_delete": models.PROTECT, "related_name": "+"}
LONGEST_TEXT = 4000  # characters of a text of a work item


class WorkItem(models.Model):
    """person, source_patient: the home and the number of the sender's registration of the patient;
    owner: whose turn it is, or was last; rank: of its urgency, the most urgent first; version: how
    many verbs have moved it; due_at: when the first of its timers is due; alarm: whom a timer that
    was not heeded has told (alliance.workflow.state_table.Alarm).
    """

    class Kind(models.TextChoices):
        UP = "referral-up", _("Referral up")
        DOWN = "referral-down", _("Referral down")
        SIDEWAYS = "referral-sideways", _("Referral between equals")
        CONSULTATION = "consultation", _("Remote consultation")
        JOINT_CONSULTATION = "consultation-joint", _("Remote consultation of several departments")
        ECG_READING = "reading-ecg", _("Remote reading of an ECG")
        IMAGE_READING = "reading-imaging", _("Remote reading of images")
        SLIDE_READING = "reading-pathology", _("Remote reading of pathology")

    class Urgency(models.TextChoices):
        EMERGENCY = "emergency", _("Emergency")
        URGENT = "urgent", _("Urgent")
        ROUTINE = "routine", _("Routine")

    REFERRALS = frozenset({Kind.UP, Kind.DOWN, Kind.SIDEWAYS})
    CONSULTATIONS = frozenset(Kind) - REFERRALS

    kind = models.CharField(max_length=20, choices=Kind.choices)
    person = models.UUIDField()
    source_patient = models.BigIntegerField()
    sender = models.ForeignKey(Hospital, db_index=False, **APART)
    sender_staff = models.ForeignKey(Staff, db_index=False, **APART)
    receiver = models.ForeignKey(Hospital, db_index=False, **APART)
    department = models.CharField(max_length=80, blank=True)
    owner = models.ForeignKey(Hospital, db_index=False, **APART)
    # Who declines may propose a hospital; by which referral its sender goes on, follows this one.
    proposed = models.ForeignKey(Hospital, null=True, db_index=False, db_constraint=False, **APART)
    follows = models.ForeignKey("self", null=True, db_index=False, db_constraint=False, **APART)
    urgency = models.CharField(max_length=12, choices=Urgency.choices)
    rank = models.SmallIntegerField()
    state = models.CharField(max_length=20)
    version = models.IntegerField()
    reason = EncryptedTextField(max_length=LONGEST_TEXT)
    question = EncryptedTextField(max_length=LONGEST_TEXT, blank=True)
    transport = EncryptedTextField(max_length=LONGEST_TEXT, blank=True)
    wish = EncryptedTextField(max_length=LONGEST_TEXT, blank=True)
    arrangement = EncryptedTextField(max_length=LONGEST_TEXT, blank=True)
    arranged_for = models.DateTimeField(null=True)
    outcome = EncryptedTextField(max_length=LONGEST_TEXT, blank=True)
    sent_at = models.DateTimeField()
    entered_at = models.DateTimeField()  # its state
    due_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    alarm = models.SmallIntegerField(default=0)
    opened_home = models.BooleanField(default=False)  # the sender sees the receiver's records too
    # Which of the receiver's registrations: they end with the item, whoever they are of by then.
    home_sources = ArrayField(models.BigIntegerField(), null=True)
    rights_end = models.DateTimeField(null=True)  # of what it opened; null: open with it

    class Meta:
        indexes = [
            models.Index(
                fields=["owner", "rank", "due_at", "id"],
                name="work_turn",
                condition=Q(closed_at=None),
            ),
            models.Index(
                fields=["sender", "rank", "due_at", "id"],
                name="work_sent",
                condition=Q(closed_at=None),
            ),
            models.Index(
                fields=["receiver", "rank", "due_at", "id"],
                name="work_received",
                condition=Q(closed_at=None),
            ),
            models.Index(
                fields=["sender", "-closed_at", "-id"],
                name="work_sent_closed",
                condition=Q(closed_at__isnull=False),
            ),
            models.Index(
                fields=["receiver", "-closed_at", "-id"],
                name="work_received_closed",
                condition=Q(closed_at__isnull=False),
            ),
            models.Index(fields=["source_patient", "receiver"], name="work_patient"),
            models.Index(fields=["sender", "-entered_at"], name="work_sent_newest"),
            models.Index(fields=["receiver", "-entered_at"], name="work_received_newest"),
            models.Index(fields=["sent_at"], name="work_sent_at"),
            models.Index(
                fields=["due_at"], name="work_alarm", condition=Q(alarm__gte=2, closed_at=None)
            ),
            # what changed last, for systems that ask (alliance/workflow/list_recent.py)
            models.Index(fields=["sender", "state", "entered_at", "id"], name="work_sent_recent"),
            models.Index(
                fields=["receiver", "state", "entered_at", "id"], name="work_received_recent"
            ),
        ]

    def __str__(self) -> str:
        return f"work/{self.pk}"

    @property
    def room(self) -> str:
        """Where its page lies: below /referrals/ or /consultations/."""
        return "consultations" if self.kind in self.CONSULTATIONS else "referrals"

    @property
    def number(self) -> str:
        """As it is written on paper and said by telephone."""
        return f"{self.sent_at:%Y}-{self.pk:06d}"


REFERRAL_CHOICES = [c for c in WorkItem.Kind.choices if c[0] in WorkItem.REFERRALS]


class WorkTransition(models.Model):
    """One verb that moved an item, never changed. version: the item's after it; staff: null where
    a timer did it.
    """

    item = models.ForeignKey(WorkItem, models.PROTECT, related_name="transitions", db_index=False)
    version = models.IntegerField()
    verb = models.CharField(max_length=20)
    from_state = models.CharField(max_length=20, blank=True)
    to_state = models.CharField(max_length=20)
    staff = models.ForeignKey(Staff, null=True, db_index=False, **APART)
    role = models.CharField(max_length=16, blank=True)
    hospital = models.ForeignKey(Hospital, null=True, db_index=False, **APART)
    at = models.DateTimeField()
    note = EncryptedTextField(max_length=LONGEST_TEXT, blank=True)
    arranged_for = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "version"], name="work_transition_once")
        ]


class WorkTimer(models.Model):
    """What happens at a moment unless the item has left its state by then."""

    item = models.ForeignKey(WorkItem, models.PROTECT, related_name="timers")
    action = models.CharField(max_length=20)
    due_at = models.DateTimeField()
    fired_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                "due_at", name="work_timer_due", condition=Q(fired_at=None, cancelled_at=None)
            )
        ]


class WorkDocument(models.Model):
    """A record that goes along: by its address in the store that holds it, with the SHA-256 of what
    the sender saw. The record itself is read through the gate.
    """

    item = models.ForeignKey(WorkItem, models.PROTECT, related_name="documents")
    hospital = models.ForeignKey(Hospital, db_index=False, **APART)
    type_name = models.CharField(max_length=40)
    fhir_id = models.CharField(max_length=64)
    version = models.CharField(max_length=20)
    digest = models.CharField(max_length=64)


class WorkNumber(models.Model):
    """What the sender's system calls an item, by which it is sent once (docs/adr/0090)."""

    item = models.OneToOneField(WorkItem, models.PROTECT, related_name="senders_number")
    hospital = models.ForeignKey(Hospital, db_index=False, **APART)
    system = models.CharField(max_length=200)
    value = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["hospital", "system", "value"], name="work_number_once")
        ]
