"""Decisions of the index: what waits for a human, and every link and unlink that was ever made."""

from django.db import models


class Review(models.Model):
    """Two source patients who may be one person, with the reasons for doubt; one row a pair, decided once."""

    class State(models.TextChoices):
        OPEN = "open"
        SAME = "same"
        DIFFERENT = "different"

    one = models.ForeignKey("records.SourcePatient", models.CASCADE, related_name="+")
    two = models.ForeignKey("records.SourcePatient", models.CASCADE, related_name="+")
    reasons = models.JSONField(default=list)
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    opened_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey("alliance.Staff", models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["opened_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["one", "two"], name="one_review_a_pair"),
            models.CheckConstraint(condition=models.Q(one__lt=models.F("two")), name="review_in_order"),
        ]

    @property
    def sides(self) -> tuple["models.Model", "models.Model"]:
        return self.one, self.two


class LinkEvent(models.Model):
    """History: a source patient was put at a person, by which rule or whom, with which reasons. Never erased."""

    source = models.ForeignKey("records.SourcePatient", models.PROTECT, related_name="+")
    before = models.UUIDField(null=True)
    after = models.UUIDField()
    by = models.CharField(max_length=40)
    reasons = models.JSONField(default=list)
    at = models.DateTimeField(auto_now_add=True)
