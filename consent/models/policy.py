"""The alliance's rule for patients who have decided nothing: one version after another, each
with its legal basis (IHE PCF, implicit policies).
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AlliancePolicy(models.Model):
    """Never changed: the newest one whose time has come holds."""

    class Code(models.TextChoices):
        BREAK_GLASS_ONLY = "Policy-break-glass-only", _("Nothing crosses, but for an emergency")
        BASIC_NORMAL = (
            "Policy-basic-normal",
            _("Hospitals that treat the patient see records that are not specially protected"),
        )
        ALL_NORMAL = "Policy-all-normal", _("Hospitals that treat the patient see all records")
        DENY = "Policy-deny", _("Nothing crosses, not in an emergency either")

    code = models.CharField(_("Rule"), max_length=24, choices=Code.choices)
    basis = models.CharField(_("Legal basis"), max_length=200)
    reason = models.CharField(_("Resolution of the alliance"), max_length=300)
    starts_at = models.DateTimeField()
    decided_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey("alliance.Staff", models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-starts_at", "-id"]
