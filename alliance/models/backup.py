"""What came of each backup and of each drill: read by the operator's page, by doctor and by the
metrics (alliance.services.backups).
"""

from django.db import models


class Backup(models.Model):
    """One run. name: of its folder below base/; until: the moment to which a server that was
    raised from it came; wrong: what did not hold, "" where all did. Of a drill: seconds that the
    return took, and seconds of acknowledged work that it would have lost.
    """

    KINDS = (("full", "full"), ("incremental", "incremental"), ("drill", "drill"))
    kind = models.CharField(max_length=11, choices=KINDS)
    name = models.CharField(max_length=40)
    began = models.DateTimeField()
    ended = models.DateTimeField()
    bytes = models.BigIntegerField(default=0)
    verified = models.BooleanField(default=False)
    until = models.DateTimeField(null=True)
    wrong = models.TextField(default="")
    seconds = models.FloatField(null=True)
    lost_seconds = models.FloatField(null=True)

    class Meta:
        db_table = "alliance_backup"
        indexes = [models.Index(fields=["kind", "-ended"], name="alliance_backup_newest")]
