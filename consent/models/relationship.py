"""Treatment relationship between a hospital and a person, for a time: by an encounter, a
referral to it, a family doctor's panel or an admission list, or declared by a clinician.
"""

from django.db import models
from django.db.models.functions import Now


class Relationship(models.Model):
    class Basis(models.TextChoices):
        ENCOUNTER = "encounter"
        REFERRAL = "referral"
        CONSULTATION = "consultation"
        TRANSFER = "transfer"  # by a referral that was sent here (alliance.models.WorkItem)
        EXPERT = "expert"  # of one who was named for a consultation (alliance.models.WorkItem)
        PANEL = "panel"
        ADMISSION = "admission"
        DECLARED = "declared"

    person = models.UUIDField(
        db_index=True
    )  # of an encounter the home of its registration, which is the person's wherever it is linked
    hospital = models.ForeignKey("alliance.Hospital", models.PROTECT, related_name="+")
    basis = models.CharField(max_length=12, choices=Basis.choices)
    source_patient = models.BigIntegerField(null=True)  # of whom the hospital wrote it
    # the same for an expert; apart, for one registration may have several at a hospital
    expert_source = models.BigIntegerField(null=True)
    # for an expert, whom alone it lets in
    declared_by = models.ForeignKey("alliance.Staff", models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=200, blank=True)
    noted_at = models.DateTimeField(db_default=Now())  # when it was first written down here
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source_patient", "hospital", "basis"],
                condition=~models.Q(basis="declared"),
                name="one_by_basis",
            ),
        ]
