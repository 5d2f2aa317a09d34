"""A record sealed after an incident: closed to all who are not listed, with a snapshot of what
it held (262号 2025; 医疗纠纷条例 24; 病历管理规定 23).
"""

import datetime as dt

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

UNSEAL_REQUEST_LIFETIME = dt.timedelta(
    days=7
)  # so long a second officer can agree that a seal is opened


class IncidentSeal(models.Model):
    """covers: the registrations that it closes; listed: staff to whom it stays open. manifest: a
    line for each version that the record had then, with the SHA-256 of its body; digest: the
    manifest's own, which the audit log keeps too. The bodies stay in the store, which erases
    nothing. asked_by: the officer who has asked last to open it, which another one has to agree to.
    """

    class Ground(models.TextChoices):
        DISPUTE = "dispute", _("Medical dispute")
        ATTENTION = "attention", _("Public attention")
        INQUIRY = "inquiry", _("Inquiry by an authority")

    person = models.UUIDField(db_index=True)
    covers = ArrayField(models.BigIntegerField())
    ground = models.CharField(_("Ground"), max_length=10, choices=Ground.choices)
    reason = models.CharField(_("Reason"), max_length=300)
    listed = ArrayField(models.BigIntegerField(), default=list)
    sealed_at = models.DateTimeField()
    sealed_by = models.ForeignKey("alliance.Staff", models.PROTECT, related_name="+")
    hospital = models.ForeignKey(
        "alliance.Hospital", models.PROTECT, null=True, related_name="+"
    )  # at which it was sealed; null in rows that an earlier release wrote beside this one
    asked_at = models.DateTimeField(null=True)
    asked_by = models.ForeignKey("alliance.Staff", models.PROTECT, null=True, related_name="+")
    asked_where = models.ForeignKey(
        "alliance.Hospital", models.PROTECT, null=True, related_name="+", db_index=False
    )  # whose officer that was then, wherever they work later
    asked_reason = models.CharField(max_length=300, blank=True, default="", db_default="")
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey("alliance.Staff", models.PROTECT, null=True, related_name="+")
    lifted_reason = models.CharField(max_length=300, blank=True)
    manifest = models.TextField(blank=True)
    digest = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-sealed_at"]

    @property
    def asked(self) -> bool:
        """Whether it waits for a second officer."""
        return (
            self.lifted_at is None
            and self.asked_at is not None
            and timezone.now() < self.asked_at + UNSEAL_REQUEST_LIFETIME
        )
