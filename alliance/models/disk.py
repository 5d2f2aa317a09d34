"""How full the disks were: what the forecast goes by."""

from django.db import models


class DiskSample(models.Model):
    """One place of one node in one hour; bytes. Kept for 60 days
    (alliance.operations.disk_space).
    """

    pk = models.CompositePrimaryKey("node", "place", "hour")
    node = models.CharField(max_length=64)
    place = models.CharField(max_length=12)
    hour = models.DateTimeField()
    free = models.BigIntegerField()
    total = models.BigIntegerField()
