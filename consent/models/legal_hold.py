"""A legal hold: lines of the audit log that stay online, whatever their age, until another person
than who set it lifts it (docs/adr/0082).
"""

from django.db import models
from django.utils.translation import gettext_lazy

SCOPES = (
    ("person", gettext_lazy("one patient’s lines")),
    ("period", gettext_lazy("a period")),
    ("lines", gettext_lazy("lines, by their numbers")),
    ("all", gettext_lazy("the whole log")),
)


class LegalHold(models.Model):
    """scope: which of the columns below tells what is held: person, the days from `first_day` to
    `last_day`, or the lines from `first_line` to `last_line`, all included.
    """

    scope = models.CharField(max_length=8, choices=SCOPES)
    person = models.UUIDField(null=True)
    first_day = models.DateField(null=True)
    last_day = models.DateField(null=True)
    first_line = models.BigIntegerField(null=True)
    last_line = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=300)
    set_at = models.DateTimeField(auto_now_add=True)
    set_by = models.ForeignKey("alliance.Staff", models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey("alliance.Staff", models.PROTECT, null=True, related_name="+")
    lift_reason = models.CharField(max_length=300, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(scope="person", person__isnull=False)
                | models.Q(scope="period", first_day__isnull=False, last_day__isnull=False)
                | models.Q(scope="lines", first_line__isnull=False, last_line__isnull=False)
                | models.Q(scope="all"),
                name="consent_legalhold_scope",
            ),
            models.CheckConstraint(
                condition=models.Q(lifted_at=None, lifted_by=None)
                | (
                    models.Q(lifted_at__isnull=False, lifted_by__isnull=False)
                    & ~models.Q(lifted_by=models.F("set_by"))
                ),
                name="consent_legalhold_another",
            ),
        ]
