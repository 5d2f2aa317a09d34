"""What the courier has still to tell of work between hospitals."""

from django.db import models


class WorkTopicNotice(models.Model):
    """One transition of a work item that no Subscription has been told of yet: written in the
    transaction of the transition, taken away by the courier (docs/adr/0090).
    """

    item_id = models.BigIntegerField()
    version = models.IntegerField()
    state = models.CharField(max_length=20)  # in which it led
    at = models.DateTimeField()
