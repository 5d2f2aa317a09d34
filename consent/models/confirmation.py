"""Who stands behind a fact by which a hospital gains: a tie between hospital and person, a
patient's decision, the end of one that refuses (docs/adr/0030).
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class Confirmation(models.Model):
    """Never changed, only ended; the rows are the history. person: the patient's id in the index
    then, covers: their registrations then; of an intake, which is about all registrations that a
    hospital had then, none. hospital: by whose gain it counts; acted_at: at which the one who
    confirmed acted, None for the patient; asserted_by: the human on whose word the fact stood until
    then, None for a system's.
    """

    class Subject(models.TextChoices):
        TIE = "tie", _("The hospital treats the patient")
        DIRECTIVE = "directive", _("The patient's decision")
        WITHDRAWAL = "withdrawal", _("The end of a refusal")
        INTAKE = "intake", _("All registrations of a hospital")

    class Verdict(models.TextChoices):
        FULL = "full", _("Confirmed")
        PROVISIONAL = "provisional", _("Confirmed provisionally")
        REFUSED = "refused", _("Refused")

    CARD = "citizen number on the card"  # as evidence, where a page has compared the number itself

    subject = models.CharField(max_length=10, choices=Subject.choices)
    verdict = models.CharField(max_length=11, choices=Verdict.choices)
    voice = models.CharField(max_length=9)  # consent/strength.Voice
    person = models.UUIDField(null=True)
    covers = ArrayField(models.BigIntegerField(), default=list)
    hospital = models.ForeignKey("alliance.Hospital", models.PROTECT, related_name="+")
    directive = models.ForeignKey(
        "consent.Directive", models.PROTECT, null=True, related_name="confirmations"
    )
    asserted_by = models.ForeignKey("alliance.Staff", models.PROTECT, null=True, related_name="+")
    staff = models.ForeignKey("alliance.Staff", models.PROTECT, null=True, related_name="+")
    acted_at = models.ForeignKey("alliance.Hospital", models.PROTECT, null=True, related_name="+")
    evidence = models.CharField(_("What was compared"), max_length=200)
    at = models.DateTimeField(db_default=Now())
    until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey("alliance.Staff", models.PROTECT, null=True, related_name="+")
    ended_reason = models.CharField(max_length=200, blank=True, default="", db_default="")

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["person"], name="confirmation_person"),
            models.Index(
                fields=["hospital"],
                name="confirmation_intake",
                condition=models.Q(subject="intake"),
            ),
            GinIndex(
                fields=["covers"],
                name="confirmation_refused",
                condition=models.Q(subject="tie", verdict="refused"),
                fastupdate=False,
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(verdict="provisional", until__isnull=False)
                | (~models.Q(verdict="provisional") & models.Q(until=None)),
                name="provisional_ends",
            )
        ]

    @property
    def compared(self) -> str:
        """The evidence in the reader's language where it is ours; what somebody typed stays."""
        return (
            gettext("citizen number on the card") if self.evidence == self.CARD else self.evidence
        )
