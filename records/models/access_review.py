"""What auditors found of an episode of access, and the rules that follow (docs/adr/0079)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from alliance.encryption.fields import EncryptedTextField


class EpisodeOutcome(models.Model):
    """What one auditor found; never changed: the newest of an episode counts, the others show
    what was thought before. episode: record_access_episode.id.
    """

    class Outcome(models.TextChoices):
        MISSING = "missing", _("Legitimate, data missing")
        UNUSUAL = "unusual", _("Legitimate, unusual")
        VIOLATION = "violation", _("Violation")
        UNCLEAR = "unclear", _("Cannot tell")

    episode = models.BigIntegerField(db_index=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    note = EncryptedTextField(max_length=2000)
    at = models.DateTimeField()
    staff = models.ForeignKey("alliance.Staff", models.PROTECT, related_name="+", db_index=False)


class AccessRule(models.Model):
    """Accesses for which no member sends a reason, and which one auditor proposes to count as
    explained: of one of the staff, or of a department, or of a role, at one hospital, to patients
    who are registered there, until a day. A second person approves it before it counts. episode:
    of which it was learnt; member: Staff number.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", _("Refused")
        ENDED = "ended", _("Ended")

    episode = models.BigIntegerField()
    hospital = models.ForeignKey(
        "alliance.Hospital", models.PROTECT, related_name="+", db_index=False
    )
    member = models.BigIntegerField(null=True)
    department = models.ForeignKey(
        "alliance.Department", models.PROTECT, related_name="+", null=True, db_index=False
    )
    role = models.CharField(max_length=16)
    until = models.DateField()
    reason = EncryptedTextField(max_length=500)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PROPOSED)
    proposed_by = models.ForeignKey(
        "alliance.Staff", models.PROTECT, related_name="+", db_index=False
    )
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        "alliance.Staff", models.PROTECT, related_name="+", null=True, db_index=False
    )
    decided_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(
        "alliance.Staff", models.PROTECT, related_name="+", null=True, db_index=False
    )
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["hospital", "state"], name="access_rule_state")]
