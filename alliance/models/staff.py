"""Accounts and the people behind them: every account is one person at one hospital in one role
(GB/T 22239-2019 8.1.4.2).
"""

import datetime as dt
from enum import StrEnum
from typing import Optional

from django.apps import apps
from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from alliance.models.hospital import Department, Hospital
from alliance.roles import STAFF_ROLES


class User(AbstractUser):
    """A login. What it may do follows from its Staff row alone; is_staff and is_superuser open
    no door.
    """

    must_change_password = models.BooleanField(default=False)
    demo = models.BooleanField(
        default=False, db_default=False
    )  # made while the demo was on, whose secrets are published: signs in only while it is on

    @property
    def staff_or_none(self) -> Optional["Staff"]:
        """With `serves`, the hospitals that they are appointed for: one statement."""
        if not hasattr(self, "_staff"):
            self._staff = (
                Staff.objects.with_served_hospitals()
                .select_related("hospital", "department")
                .filter(user_id=self.pk)
                .first()
            )
        return self._staff


class EmploymentState(StrEnum):
    """Where an employment stands on a day."""

    COMING = "coming"
    ACTIVE = "active"
    OVER = "over"


class StaffQuerySet(models.QuerySet["Staff"]):
    def with_served_hospitals(self) -> "StaffQuerySet":
        """Each with `serves`: {id, code} of the hospitals for which they are appointed today."""
        appointments = apps.get_model("alliance", "Appointment")  # which stands on this model
        served = appointments.objects.standing().filter(staff=OuterRef("pk"))
        return self.annotate(
            serves=ArraySubquery(
                served.order_by("hospital_id").values_list(
                    JSONObject(id="hospital_id", code="hospital__code"), flat=True
                )
            )
        )


class Staff(models.Model):
    """Employment: the role counts from the first to the last day, both included.

    issued_as, issued_at: what was done last to the account that somebody else has to vouch for;
    issuers: who did such since the account was last vouched for. vouched_at: null while nobody has;
    vouched_by: null where the server's operator made the account, or nobody could vouch yet;
    vouched_as: the role in which it was vouched for last, kept when the role changes.
    """

    class Issue(models.TextChoices):
        ENROL = "enrol", _("enrolled")
        RESET = "reset", _("password or second factor reset")
        CHANGE = "change", _("name, role, hospital or e-mail changed")
        RETURN = "return", _("taken back")

    user = models.OneToOneField(User, models.PROTECT, related_name="staff")
    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="staff")
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, related_name="staff"
    )
    name = models.CharField(_("Name"), max_length=60)
    title = models.CharField(_("Title"), max_length=60, blank=True)
    role = models.CharField(_("Role"), max_length=16, choices=STAFF_ROLES)
    alliance_wide = models.BooleanField(_("For the whole alliance"), default=False)
    starts_on = models.DateField(_("From"), default=timezone.localdate)
    ends_on = models.DateField(_("Until"))
    ended_at = models.DateTimeField(null=True, editable=False)
    issued_as = models.CharField(
        max_length=8, choices=Issue.choices, blank=True, default="", db_default="", editable=False
    )
    issued_at = models.DateTimeField(null=True, editable=False)
    issuers = ArrayField(models.BigIntegerField(), default=list, db_default=[], editable=False)
    vouched_at = models.DateTimeField(null=True, editable=False)
    vouched_by = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="+", editable=False
    )
    vouched_as = models.CharField(
        max_length=16, blank=True, default="", db_default="", editable=False
    )

    objects = StaffQuerySet.as_manager()

    class Meta:
        ordering = ["hospital", "name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Raises ValidationError where the days are reversed, or the department is another
        hospital's.
        """
        faults = {}
        if self.starts_on and self.ends_on and self.ends_on < self.starts_on:
            faults["ends_on"] = _("The last day lies before the first day.")
        if self.department is not None and self.department.hospital_id != self.hospital_id:
            faults["department"] = _("This department belongs to another hospital.")
        if faults:
            raise ValidationError(faults)

    def state_on(self, day: dt.date) -> EmploymentState:
        if self.ended_at is not None or self.ends_on < day:
            return EmploymentState.OVER
        return EmploymentState.COMING if day < self.starts_on else EmploymentState.ACTIVE

    def active_on(self, day: dt.date) -> bool:
        return self.state_on(day) is EmploymentState.ACTIVE

    @property
    def state(self) -> EmploymentState:
        return self.state_on(timezone.localdate())

    @property
    def vouched(self) -> bool:
        """Whether somebody else than who made or reset the account stands behind it."""
        return self.vouched_at is not None

    @property
    def active(self) -> bool:
        return self.state is EmploymentState.ACTIVE
