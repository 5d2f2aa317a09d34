"""Broken glass: one clinician, one person, one reason, a limit of time (PIPL 13(1)4); what the
privacy officer finds, and the notice to the patient (PIPL 18).
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from alliance.encryption.fields import EncryptedTextField


class Emergency(models.Model):
    class Ground(models.TextChoices):
        UNCONSCIOUS = "unconscious", _("Patient cannot express consent")
        RESCUE = "rescue", _("Acute danger to life or health")
        INFECTION = "infection", _("Public health emergency")

    class Finding(models.TextChoices):
        JUSTIFIED = "justified", _("Justified")
        UNRECORDED = "unrecorded", _("Justified, but not documented")
        ABUSE = "abuse", _("Not justified: reported")
        UNCLEAR = "unclear", _("Cannot be told")
        DOUBTFUL = "doubtful", _("Doubtful: to be explained")  # of earlier releases

    person = models.UUIDField(db_index=True)
    staff = models.ForeignKey("alliance.Staff", models.PROTECT, related_name="+")
    hospital = models.ForeignKey(
        "alliance.Hospital", models.PROTECT, null=True, related_name="+"
    )  # at which it was opened; null in rows that an earlier release wrote beside this one
    ground = models.CharField(_("Ground"), max_length=12, choices=Ground.choices)
    reason = EncryptedTextField(_("Reason"), max_length=500)
    opened_at = models.DateTimeField()
    until = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    finding = models.CharField(_("Finding"), max_length=10, choices=Finding.choices, blank=True)
    comment = EncryptedTextField(_("Comment"), max_length=500, blank=True)
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by = models.ForeignKey("alliance.Staff", models.PROTECT, null=True, related_name="+")
    told_at = models.DateTimeField(null=True)
    told_by = models.ForeignKey("alliance.Staff", models.PROTECT, null=True, related_name="+")
    told_how = models.CharField(_("How the patient was told"), max_length=120, blank=True)

    class Meta:
        ordering = ["-opened_at"]
