"""A patient's way in: a code that a clerk has printed for him after seeing his card; with his birth date it opens his own page."""

from django.db import models


class PatientAccess(models.Model):
    """code: a keyed hash of it; the code itself is shown once. Five wrong birth dates close it."""

    person = models.UUIDField(db_index=True)
    code = models.BinaryField(unique=True)
    made_by = models.ForeignKey("alliance.Staff", models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    wrong = models.PositiveSmallIntegerField(default=0)
    closed_at = models.DateTimeField(null=True)
