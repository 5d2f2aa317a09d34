"""What a sender still owes of a work item that went first: its papers, its hospital's approval."""

from django.db import models

from alliance.models.staff import Staff
from alliance.models.work_item import APART, WorkItem


class WorkDebt(models.Model):
    class Kind(models.TextChoices):
        PAPERS = "papers"
        APPROVAL = "approval"

    item = models.ForeignKey(WorkItem, models.PROTECT, db_index=False, related_name="debts")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    due_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(Staff, null=True, db_index=False, **APART)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "kind"], name="work_debt_once")]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="work_debt_open",
                condition=models.Q(settled_at=None),
            )
        ]
