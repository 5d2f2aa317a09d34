"""A hold: what must not leave the log for its archives, whatever its age says."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from alliance.encryption.fields import EncryptedTextField


class Hold(models.Model):
    """Of one of these: all that a case gathers, a person's lines, lines from a number to a number,
    lines of a time. It counts at once; two people lift it.
    """

    case = models.ForeignKey("consent.Case", models.PROTECT, null=True, related_name="holds")
    whole_case = models.BooleanField(default=False)
    person = models.UUIDField(null=True)
    first_line = models.BigIntegerField(null=True)
    last_line = models.BigIntegerField(null=True)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    reason = EncryptedTextField(_("Why it is held"), max_length=300)
    set_by = models.ForeignKey("alliance.Staff", models.PROTECT, related_name="+")
    set_at = models.DateTimeField(auto_now_add=True)
    lift_reason = EncryptedTextField(_("Why the hold is lifted"), max_length=300, blank=True)
    lift_asked_by = models.ForeignKey("alliance.Staff", models.PROTECT, null=True, related_name="+")
    lift_asked_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey("alliance.Staff", models.PROTECT, null=True, related_name="+")
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
