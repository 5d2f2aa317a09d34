"""A patient's way in: a code printed for them, an activation number given by somebody else than
who printed it, and a passphrase of their own (docs/adr/0030).
"""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from alliance.models import Hospital


class PatientAccess(models.Model):
    """code: a keyed hash of it; the code itself is shown once, and opens nothing by itself.
    hospital, role: at which and as what made_by printed it (null and "" in rows that an earlier
    release writes beside this one). bare: of an earlier release, opened by code and birth date
    alone until it is activated. Five wrong tries close it.
    """

    class Closed(models.TextChoices):
        WRONG = "wrong", _("closed after five wrong tries")
        REPLACED = "replaced", _("ended by a newer code")
        STOPPED = "stopped", _("stopped by the patient")
        OFFICER = "officer", _("stopped by a privacy officer")

    person = models.UUIDField(db_index=True)
    code = models.BinaryField(unique=True)
    made_by = models.ForeignKey("alliance.Staff", models.PROTECT, related_name="+")
    hospital = models.ForeignKey("alliance.Hospital", models.PROTECT, null=True, related_name="+")
    role = models.CharField(max_length=20, default="", db_default="")
    made_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    bare = models.BooleanField(default=False, db_default=False)
    wrong = models.PositiveSmallIntegerField(default=0)
    refused_at = models.DateTimeField(
        null=True
    )  # when somebody last had code and birth date, and not the passphrase
    closed_at = models.DateTimeField(null=True)
    closed_why = models.CharField(max_length=10, choices=Closed.choices, default="", db_default="")
    closed_for = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="+"
    )  # the newer one that ended it

    @property
    def printed_at(self) -> "Hospital":
        """The hospital whose staff printed it."""
        return self.hospital or self.made_by.hospital

    @property
    def printed_as(self) -> str:
        """The role in which they did."""
        return self.role or self.made_by.role

    @property
    def open(self) -> bool:
        return self.closed_at is None and self.expires_at > timezone.now()

    @property
    def live(self) -> list["AccessActivation"]:
        """What opens it, or will: the newest first."""
        return [
            a
            for a in self.activations.all()
            if a.ended_at is None and (a.used_at or a.expires_at > timezone.now())
        ]

    @property
    def current(self) -> "AccessActivation | None":
        """Whose passphrase opens it now."""
        return next((a for a in self.live if a.used_at), None)

    @property
    def waiting(self) -> "AccessActivation | None":
        """Whose number was given and has not been used."""
        return next((a for a in self.live if not a.used_at), None)

    @property
    def factor(self) -> str:
        """How far whoever opens it now is proven to be the patient."""
        return self.current.factor if self.current else ""


class AccessActivation(models.Model):
    """An activation number of one code, given after comparing the card, and the passphrase that
    the patient set with it. number: a keyed hash; factor: how far it proves that it is the patient
    ("full", "provisional"); used_at: when the passphrase was set; ended_at: when another one took
    its place.
    """

    access = models.ForeignKey(PatientAccess, models.PROTECT, related_name="activations")
    number = models.BinaryField()
    factor = models.CharField(max_length=11)
    given_by = models.ForeignKey("alliance.Staff", models.PROTECT, related_name="+")
    hospital = models.ForeignKey("alliance.Hospital", models.PROTECT, related_name="+")
    compared = models.CharField(_("What was compared"), max_length=200)
    at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    passphrase = models.CharField(max_length=128, default="", db_default="")
    used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
