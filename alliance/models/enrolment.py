"""Codes by which a member's machine becomes one of its systems with a key of its own, and what a
system has shown in the sandbox (docs/adr/0064).
"""

from django.db import models

from alliance.models.client import ALL_SCOPES, Client
from alliance.models.hospital import Hospital
from alliance.models.staff import Staff


class EnrolmentCode(models.Model):
    """It is good once and until it expires. Kept as SHA-256 of 100 random bits, never readable."""

    digest = models.BinaryField(max_length=32, unique=True)
    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")  # or its sandbox
    scopes = models.TextField(default=ALL_SCOPES)  # what the system may be granted at most
    made_by = models.ForeignKey(
        Staff, models.PROTECT, null=True, related_name="+"
    )  # null: the server's operator
    # the administrator's client that made it (alliance.models.client.Client.registered_through)
    made_through = models.CharField(max_length=64, blank=True, default="", db_default="")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    withdrawn_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    client = models.ForeignKey(Client, models.PROTECT, null=True, related_name="+")  # that it made

    class Meta:
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return f"enrolment/{self.pk}"


class AcceptanceMark(models.Model):
    """That a sandbox system has shown, by requests of its own, one thing that a system must be able
    to do (records/sync/acceptance.py).
    """

    client = models.ForeignKey(Client, models.PROTECT, related_name="acceptance_marks")
    behaviour = models.CharField(max_length=32)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client", "behaviour"], name="acceptance_mark_once")
        ]
