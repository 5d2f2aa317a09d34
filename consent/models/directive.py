"""A patient's directive: permit or deny, from whom, to whom, until when (FHIR Consent, relational; PIPL 14-16, 23, 29)."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _


class Directive(models.Model):
    """Never changed, only withdrawn; the rows are the history. `person` is the person id of the patient index when it was recorded, `covers` his
    registrations then: a permit counts while all of them are his, a denial for whoever has one of them (docs/adr/0018)."""

    class Effect(models.TextChoices):
        PERMIT = "permit", _("Permit")
        DENY = "deny", _("Deny")

    class Method(models.TextChoices):
        PAPER = "paper", _("Signed on paper")
        SPOKEN = "spoken", _("Spoken, before a witness")
        GUARDIAN = "guardian", _("Signed by a guardian")

    person = models.UUIDField(db_index=True)
    covers = ArrayField(models.BigIntegerField(), default=list)
    effect = models.CharField(_("Effect"), max_length=6, choices=Effect.choices)
    recipient = models.ForeignKey("alliance.Hospital", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("To"))
    source = models.ForeignKey("alliance.Hospital", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("From"))
    sensitive = models.BooleanField(_("Includes specially protected records"), default=False)
    method = models.CharField(_("How it was given"), max_length=8, choices=Method.choices)
    evidence = models.CharField(_("Where the signed paper is kept"), max_length=120)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True)
    recorded_at = models.DateTimeField(auto_now_add=True)
    recorded_by = models.ForeignKey("alliance.Staff", models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey("alliance.Staff", models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-recorded_at"]
        indexes = [GinIndex(fields=["covers"], name="directive_covers", condition=models.Q(effect="deny"))]
