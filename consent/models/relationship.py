"""Treatment relationship between a hospital and a person, for a time: by an encounter, a
referral to it, a family doctor's panel or an admission list, or declared by a clinician.
"""

from django.db import models
from django.db.models import QuerySet
from django.db.models.functions import Now


class RelationshipQuerySet(QuerySet["Relationship"]):
    def declared(self) -> "RelationshipQuerySet":
        """What clinicians have declared themselves."""
        return self.filter(basis="declared", expert_source=None)

    def of_experts(self) -> "RelationshipQuerySet":
        return self.filter(basis="declared", expert_source__isnull=False)


class Relationship(models.Model):
    class Basis(models.TextChoices):
        ENCOUNTER = "encounter"
        REFERRAL = "referral"
        CONSULTATION = "consultation"
        TRANSFER = "transfer"  # by a referral that was sent here (alliance.models.WorkItem)
        PANEL = "panel"
        ADMISSION = "admission"
        DECLARED = "declared"

    person = models.UUIDField(
        db_index=True
    )  # of an encounter the home of its registration, which is the person's wherever it is linked
    hospital = models.ForeignKey("alliance.Hospital", models.PROTECT, related_name="+")
    basis = models.CharField(max_length=12, choices=Basis.choices)
    source_patient = models.BigIntegerField(null=True)  # of whom the hospital wrote it
    # Of an expert who was named for a consultation (alliance.models.WorkItem): the registration of
    # the hospital that asks. Such a row is a declared one, which lets its declarer in and nobody
    # else, so that code that knows of no experts gives no hospital the whole of it.
    expert_source = models.BigIntegerField(null=True)
    declared_by = models.ForeignKey("alliance.Staff", models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=200, blank=True)
    noted_at = models.DateTimeField(db_default=Now())  # when it was first written down here
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    objects = RelationshipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source_patient", "hospital", "basis"],
                condition=~models.Q(basis="declared"),
                name="one_by_basis",
            ),
        ]
