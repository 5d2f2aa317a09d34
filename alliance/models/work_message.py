"""What the two hospitals of a work item say to each other beside its verbs, and how far each of
their staff has read it.
"""

from django.db import models

from alliance.encryption.fields import EncryptedTextField
from alliance.models.hospital import Hospital
from alliance.models.staff import Staff
from alliance.models.work_item import APART, LONGEST_TEXT, WorkItem


class WorkMessage(models.Model):
    """Never changed. hospital: of whom has written it."""

    item = models.ForeignKey(WorkItem, models.PROTECT, db_index=False, related_name="messages")
    staff = models.ForeignKey(Staff, db_index=False, **APART)
    hospital = models.ForeignKey(Hospital, db_index=False, **APART)
    at = models.DateTimeField()
    text = EncryptedTextField(max_length=LONGEST_TEXT)

    class Meta:
        indexes = [models.Index(fields=["item", "id"], name="work_message_item")]


class WorkMessageSight(models.Model):
    """last: number of the newest message of the item that the person has had before them."""

    item = models.ForeignKey(WorkItem, models.PROTECT, db_index=False, related_name="+")
    staff = models.ForeignKey(Staff, db_index=False, **APART)
    last = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "staff"], name="work_message_sight_once")
        ]
