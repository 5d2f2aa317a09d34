"""What a consultation has beside a work item: what was asked and that the patient agreed, the
experts, meetings, drafts of the opinion, the signed opinion, what its asker thought of it
(docs/adr/0088). Rows are added and never changed.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from alliance.encryption.fields import EncryptedBinaryField, EncryptedTextField
from alliance.models.staff import Staff
from alliance.models.work_item import APART, LONGEST_TEXT, WorkItem

LONGEST_DRAFT = 40_000  # characters of all fields of an opinion together


class ConsultationRequest(models.Model):
    """fields: what was asked, {name: text} as JSON; agreed_by: who agreed, the patient or whoever
    speaks for them, and where nobody could be asked, why.
    """

    class Agreement(models.TextChoices):
        SIGNED = "signed", _("In writing, signed")
        SPOKEN = "spoken", _("Spoken, noted in the record")
        IMPOSSIBLE = "impossible", _("Nobody could be asked: emergency")

    item = models.OneToOneField(WorkItem, models.PROTECT, related_name="asked")
    fields = EncryptedTextField(max_length=LONGEST_DRAFT)
    agreement = models.CharField(max_length=12, choices=Agreement.choices)
    agreed_by = EncryptedTextField(max_length=200)
    agreed_at = models.DateTimeField()


class ConsultationExpert(models.Model):
    """One of a team. team: the item's version at which it was named; the newest counts."""

    item = models.ForeignKey(WorkItem, models.PROTECT, related_name="experts", db_index=False)
    team = models.IntegerField()
    staff = models.ForeignKey(Staff, **APART)
    leads = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "team", "staff"], name="expert_once")
        ]


class ConsultationMeeting(models.Model):
    """When and where it is talked over; arranged with the team of the same number."""

    item = models.ForeignKey(WorkItem, models.PROTECT, related_name="meetings", db_index=False)
    team = models.IntegerField()
    starts_at = models.DateTimeField()
    link = EncryptedTextField(max_length=500, blank=True)
    participants = EncryptedTextField(max_length=LONGEST_TEXT, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "team"], name="meeting_once")]


class OpinionDraft(models.Model):
    """The opinion as somebody saved it. fields: {name: text} as JSON; number: 1, 2, … of the
    item.
    """

    item = models.ForeignKey(WorkItem, models.PROTECT, related_name="drafts", db_index=False)
    number = models.IntegerField()
    fields = EncryptedTextField(max_length=LONGEST_DRAFT)
    staff = models.ForeignKey(Staff, db_index=False, **APART)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "number"], name="draft_once")]


class SignedOpinion(models.Model):
    """document: the bytes that were signed; signature: a detached JWS over them; key: name of the
    hospital's; fields: what the experts wrote; number: of the draft; digest: SHA-256 of the
    document, hexadecimal.
    """

    item = models.OneToOneField(WorkItem, models.PROTECT, related_name="opinion")
    number = models.IntegerField()
    fields = EncryptedTextField(max_length=LONGEST_DRAFT)
    document = EncryptedBinaryField()
    signature = EncryptedTextField(max_length=LONGEST_DRAFT)
    key = models.CharField(max_length=80)
    digest = models.CharField(max_length=64)
    staff = models.ForeignKey(Staff, db_index=False, **APART)
    at = models.DateTimeField()


class ConsultationRating(models.Model):
    """By whoever asked. score: 1 to 5."""

    item = models.OneToOneField(WorkItem, models.PROTECT, related_name="rating")
    score = models.SmallIntegerField()
    comment = EncryptedTextField(max_length=LONGEST_TEXT, blank=True)
    staff = models.ForeignKey(Staff, db_index=False, **APART)
    at = models.DateTimeField()
