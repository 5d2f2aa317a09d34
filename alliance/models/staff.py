"""Accounts and the people behind them: every account is one person at one hospital in one role (GB/T 22239-2019 8.1.4.2)."""

import datetime as dt
from typing import Optional

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from alliance.models.hospital import Department, Hospital
from alliance.roles import STAFF_ROLES


class User(AbstractUser):
    """A login. What it may do follows from its Staff row alone; is_staff and is_superuser open no door."""

    must_change_password = models.BooleanField(default=False)

    @property
    def staff_or_none(self) -> Optional["Staff"]:
        if not hasattr(self, "_staff"):
            self._staff = Staff.objects.select_related("hospital", "department").filter(user_id=self.pk).first()
        return self._staff


class Staff(models.Model):
    """Employment: the role counts from the first to the last day, both included."""

    user = models.OneToOneField(User, models.PROTECT, related_name="staff")
    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="staff")
    department = models.ForeignKey(Department, models.PROTECT, null=True, blank=True, related_name="staff")
    name = models.CharField(_("Name"), max_length=60)
    title = models.CharField(_("Title"), max_length=60, blank=True)
    role = models.CharField(_("Role"), max_length=16, choices=STAFF_ROLES)
    alliance_wide = models.BooleanField(_("For the whole alliance"), default=False)
    starts_on = models.DateField(_("From"), default=timezone.localdate)
    ends_on = models.DateField(_("Until"))
    ended_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["hospital", "name"]

    def __str__(self) -> str:
        return self.name

    def active_on(self, day: dt.date) -> bool:
        return self.ended_at is None and self.starts_on <= day <= self.ends_on

    @property
    def active(self) -> bool:
        return self.active_on(timezone.localdate())
