"""A stretch of the database's life in which the numbers of its commits go on from each other
(alliance.database.epoch, docs/adr/0041).
"""

from django.db import models


class Epoch(models.Model):
    """One row each, only ever added: `first` by setup, `promoted` by the sealer, `restored` by
    an operator. Numbers are those of alliance_xid().
    """

    class Kind(models.TextChoices):
        FIRST = "first"
        PROMOTED = "promoted"
        RESTORED = "restored"

    number = models.IntegerField(primary_key=True)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    system_identifier = (
        models.BigIntegerField()
    )  # of the server (pg_control_system); 0: whose numbers these are is not known
    database = models.BigIntegerField()  # oid
    timeline = models.IntegerField()
    began_at = models.DateTimeField()
    horizon = (
        models.BigIntegerField()
    )  # all numbers below are of the common past of this epoch and those before
    added = models.BigIntegerField(
        default=0
    )  # to the server's own transaction numbers, in this epoch
    passed = (
        models.BigIntegerField()
    )  # the newest horizon that was announced in it: the next epoch's, if it ends without a word
    passed_at = models.DateTimeField(null=True)
    lost_from = models.DateTimeField(
        null=True
    )  # of a restored one: what was stored from then on may be gone; none: nobody knows
    lost_until = models.DateTimeField(null=True)  # none: nothing was lost
    reason = models.TextField(default="")
    recorded_by = models.CharField(max_length=150, default="")
    subscribers_told = models.BooleanField(default=False)  # of the roll-back
