"""A patient who came from another hospital though nobody had sent a referral: what the receiver
says, and the sender confirms or refuses. By itself it opens nothing.
"""

from django.db import models

from alliance.encryption.fields import EncryptedTextField
from alliance.models.hospital import Hospital
from alliance.models.staff import Staff
from alliance.models.work_item import APART, LONGEST_TEXT, WorkItem


class WorkArrival(models.Model):
    """person, source_patient: home and number of the receiver's registration; note: what the
    receiver says; answer: why it was refused or taken back; item: the referral that it became.
    """

    class State(models.TextChoices):
        REPORTED = "reported"
        CONFIRMED = "confirmed"
        REFUSED = "refused"
        WITHDRAWN = "withdrawn"

    receiver = models.ForeignKey(Hospital, db_index=False, **APART)
    sender = models.ForeignKey(Hospital, db_index=False, **APART)
    person = models.UUIDField()
    source_patient = models.BigIntegerField()
    reported_by = models.ForeignKey(Staff, db_index=False, **APART)
    reported_at = models.DateTimeField()
    note = EncryptedTextField(max_length=LONGEST_TEXT)
    due_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State.choices)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(Staff, null=True, db_index=False, **APART)
    answer = EncryptedTextField(max_length=LONGEST_TEXT, blank=True)
    item = models.ForeignKey(WorkItem, null=True, db_index=False, **APART)

    class Meta:
        indexes = [
            models.Index(
                fields=[side, "due_at", "id"],
                name=f"work_arrival_{side}",
                condition=models.Q(closed_at=None),
            )
            for side in ("sender", "receiver")
        ]

    def __str__(self) -> str:
        return f"arrival/{self.pk}"
