"""Which code may serve this database, and the row in which /readyz tries whether it takes
writes.
"""

from django.db import models


class Release(models.Model):
    """One row. number: of the newest code that has brought the database to its schema;
    served_since: of the oldest code that answers rightly over it (alliance.database.release).
    """

    only = models.BooleanField(primary_key=True, default=True)
    number = models.IntegerField()
    served_since = models.IntegerField()
    recorded_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(only=True), name="one_release")]


class WriteProbe(models.Model):
    """One row, written by whoever asks GET /readyz: a database that only reads, or whose disk is
    full, is not ready.
    """

    only = models.BooleanField(primary_key=True, default=True)
    written_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(only=True), name="one_write_probe")
        ]
