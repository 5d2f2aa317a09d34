"""What the alliance has set for work between hospitals: how long something may take, which days are
worked; who is told by a hospital beside its pages, and what they were told (docs/adr/0092).
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alliance.encryption.fields import EncryptedTextField
from alliance.models.hospital import Hospital
from alliance.models.staff import Staff
from alliance.models.work_item import WorkItem

APART = {"on_delete": models.PROTECT, "related_name": "+"}


class WorkDeadline(models.Model):
    """One value as it was set, never changed: the newest of a name and urgency counts. urgency: ""
    for all; proposed_by, agreed_by: null where the operator of the server has set it.
    """

    class Unit(models.TextChoices):
        MINUTES = "minutes", _("minutes by the clock")
        HOURS = "hours", _("hours by the clock")
        DAYS = "days", _("days by the clock")
        WORKING_HOURS = "working-hours", _("working hours")
        WORKING_DAYS = "working-days", _("working days")
        MOMENT = "moment", _("minutes of the day")

    name = models.CharField(max_length=30)
    urgency = models.CharField(max_length=12, blank=True)
    amount = models.IntegerField()
    unit = models.CharField(max_length=16, choices=Unit.choices)
    set_at = models.DateTimeField()
    proposed_by = models.ForeignKey(Staff, null=True, db_index=False, **APART)
    agreed_by = models.ForeignKey(Staff, null=True, db_index=False, **APART)

    class Meta:
        indexes = [models.Index(fields=["name", "urgency", "-id"], name="work_deadline_newest")]


class CalendarDay(models.Model):
    """A day that is worked though it is a weekend's (调休), or is none though it is a weekday."""

    day = models.DateField(primary_key=True)
    works = models.BooleanField()
    name = models.CharField(max_length=40, blank=True)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(Staff, null=True, db_index=False, **APART)


class DutyOffice(models.Model):
    """A hospital's duty office (总值班): where it is called, and who is of it."""

    hospital = models.OneToOneField(Hospital, primary_key=True, **APART)
    phone = models.CharField(max_length=40, blank=True)
    place = models.CharField(max_length=80, blank=True)
    members = models.ManyToManyField(Staff, related_name="+", blank=True)
    changed_at = models.DateTimeField()


class WorkNoticeAddress(models.Model):
    """Where a hospital wants to be told of work. secret: by which the calls of a webhook are
    signed; ended_at: since when it is not told any more.
    """

    class Channel(models.TextChoices):
        MAIL = "mail", _("Mail")
        WEBHOOK = "webhook", _("Webhook, signed")

    hospital = models.ForeignKey(Hospital, **APART)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    target = models.CharField(max_length=300)
    secret = EncryptedTextField(blank=True)
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)


class WorkNotice(models.Model):
    """What one address is told of one step of an item; written with the step. state: the item's
    after it; fault: of the last try; given_up_at: since when nobody tries it any more.
    """

    address = models.ForeignKey(WorkNoticeAddress, **APART)
    item = models.ForeignKey(WorkItem, models.PROTECT, related_name="+", db_index=False)
    verb = models.CharField(max_length=20)
    state = models.CharField(max_length=20)
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    tries = models.SmallIntegerField(default=0)
    fault = models.CharField(max_length=80, blank=True)
    sent_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                name="work_notice_due",
                condition=Q(sent_at=None, given_up_at=None),
            )
        ]
