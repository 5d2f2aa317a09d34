"""Broken glass: one clinician, one person, one reason, a limit of time (PIPL 13(1)4; notice to the patient: PIPL 18)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Emergency(models.Model):
    class Ground(models.TextChoices):
        UNCONSCIOUS = "unconscious", _("Patient cannot express consent")
        RESCUE = "rescue", _("Acute danger to life or health")
        INFECTION = "infection", _("Public health emergency")

    person = models.UUIDField(db_index=True)
    staff = models.ForeignKey("alliance.Staff", models.PROTECT, related_name="+")
    ground = models.CharField(_("Ground"), max_length=12, choices=Ground.choices)
    reason = models.CharField(_("Reason"), max_length=500)
    opened_at = models.DateTimeField()
    until = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-opened_at"]
