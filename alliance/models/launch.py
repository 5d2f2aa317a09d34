"""Records that a hospital's system opens as one of its doctors (docs/adr/0059)."""

from django.db import models

from alliance.models.client import Client
from alliance.models.staff import Staff


class LaunchPermission(models.Model):
    """What a doctor has said, signed in with both factors, of a system that opens records as them:
    allowed, until when it may show other hospitals' records; not allowed, it opens nothing as them.
    Without a row it opens their own hospital's records. works: it may also refer patients and
    answer referrals in their name, as long (docs/adr/0090).
    """

    staff = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, models.PROTECT, related_name="+")
    allowed = models.BooleanField()
    said_at = models.DateTimeField()
    until = models.DateTimeField(null=True)
    works = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["staff", "client"], name="launch_permission_once")
        ]


class Launch(models.Model):
    """One address that a system was given, and the session that it opened. Ticket and session are
    256 random bits, kept as SHA-256.
    """

    ticket = models.BinaryField(max_length=32, unique=True)
    session = models.BinaryField(max_length=32, null=True, unique=True)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+")
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    person = models.UUIDField()
    detail = models.CharField(max_length=160, blank=True, default="", db_default="")
    asked_at = models.DateTimeField(db_index=True)
    expires_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
