"""What one administrator of the alliance has proposed and another has to agree to
(docs/adr/0030).
"""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from alliance.models.staff import Staff


class Proposal(models.Model):
    """act: a name of alliance.services.proposals.PROPOSAL_ACTS; values: what it is carried out
    with; target: as the audit log calls it.
    """

    class Outcome(models.TextChoices):
        AGREED = "agreed", _("agreed")
        REFUSED = "refused", _("refused")

    act = models.CharField(max_length=16)
    target = models.CharField(max_length=80)
    values = models.JSONField()
    reason = models.CharField(_("Reason"), max_length=300, blank=True)
    proposed_by = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=Outcome.choices, blank=True)
    decided_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decided_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-proposed_at"]

    @property
    def waits(self) -> bool:
        return not self.outcome and timezone.now() < self.expires_at
