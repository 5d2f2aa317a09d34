"""A patient's directive: a FHIR Consent, who gave and who recorded it, and for whom it holds
(PIPL 14-16, 23, 29, 31).
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from alliance.encryption.fields import EncryptedBinaryField


class Directive(models.Model):
    """Never changed, only verified or withdrawn; the rows are the history. `person` is the person
    id of the patient index when it was recorded, `covers` the patient's registrations then: a
    permit counts while all of them are the patient's, a denial for whoever has one of them
    (docs/adr/0018).

    resource: the Consent, without its patient; hospital: in whose store its literal references lie,
    and whose system sent it where rid names the stored Consent. Permits of a Consent that a system
    sent count once a human has seen the signed paper; denials at once. Withdrawn, its permits end
    at once; what it denies stands on until it is lifted, for those whom it refuses do not open what
    it closes (docs/adr/0030).
    """

    class Method(models.TextChoices):
        PAPER = "paper", _("Signed on paper")
        SCREEN = "screen", _("Signed on the screen")
        SPOKEN = "spoken", _("Spoken, before a witness")
        GUARDIAN = "guardian", _("Signed by a guardian")
        ONLINE = "online", _("By the patient, on their own page")
        SYSTEM = "system", _("Sent by a hospital's system")

    person = models.UUIDField(db_index=True)
    covers = ArrayField(models.BigIntegerField(), default=list)
    resource = models.JSONField()
    denies = models.BooleanField()
    template = models.CharField(max_length=20, blank=True)
    hospital = models.ForeignKey("alliance.Hospital", models.PROTECT, related_name="+")
    rid = models.BigIntegerField(null=True, db_index=True)
    method = models.CharField(_("How it was given"), max_length=8, choices=Method.choices)
    evidence = models.CharField(_("Where the signed paper is kept"), max_length=120)
    image = EncryptedBinaryField(
        null=True
    )  # of the signature on the screen, or of the signed paper
    image_type = models.CharField(max_length=20, blank=True)
    guardian = models.CharField(_("Guardian who signs"), max_length=60, blank=True)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True)
    recorded_at = models.DateTimeField(auto_now_add=True)
    recorded_by = models.ForeignKey("alliance.Staff", models.PROTECT, null=True, related_name="+")
    verified_at = models.DateTimeField(null=True)
    verified_by = models.ForeignKey("alliance.Staff", models.PROTECT, null=True, related_name="+")
    verified_where = models.ForeignKey(
        "alliance.Hospital", models.PROTECT, null=True, related_name="+", db_index=False
    )  # whose word that is, wherever the human works later
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey("alliance.Staff", models.PROTECT, null=True, related_name="+")
    withdrawn_where = models.ForeignKey(
        "alliance.Hospital", models.PROTECT, null=True, related_name="+", db_index=False
    )  # the same of its end; of a patient the one that gave the code
    withdrawn_reason = models.CharField(
        _("Reason"), max_length=200, blank=True, default="", db_default=""
    )
    withdrawn_evidence = models.CharField(
        _("How the patient asked for it"), max_length=120, blank=True, default="", db_default=""
    )
    lifted_at = models.DateTimeField(
        null=True
    )  # since when a withdrawn one no longer refuses anything either

    class Meta:
        ordering = ["-recorded_at"]
        indexes = [GinIndex(fields=["covers"], name="directive_covered", fastupdate=False)]
