"""The state of Subscriptions, the notifications still due to each, and how far the stores' feeds
were read.
"""

from django.db import models

from alliance.models.client import ALL_SCOPES


class SubscriptionState(models.Model):
    """One Subscription resource; `rid` is its row in the store, whose body says what is asked
    and where to tell it.
    """

    class State(models.TextChoices):
        REQUESTED = "requested"
        ACTIVE = "active"
        ERROR = "error"
        OFF = "off"
        # in error for so long, or with so much to tell, that nothing is collected any more
        LOST = "lost"

    rid = models.BigIntegerField(primary_key=True)
    hospital_id = models.IntegerField()
    fhir_id = models.CharField(max_length=64)
    client = models.CharField(
        max_length=64
    )  # the system that wrote it last: it is told what that system may see
    scopes = models.TextField(
        default=ALL_SCOPES
    )  # of the token that wrote it: it is told nothing else
    state = models.CharField(max_length=9, choices=State.choices)
    tries = models.IntegerField(default=0)  # of the handshake
    due_at = models.DateTimeField(
        auto_now_add=True
    )  # of the next handshake; of one in error: since when
    told = models.BigIntegerField(default=0)  # events so far

    class Meta:
        indexes = [models.Index(fields=["state"], name="subscription_state")]


class Notification(models.Model):
    """One change to tell to one subscriber. Those with the same `line` (a patient) are told one
    after the other, in order of id.
    """

    subscription = models.ForeignKey(SubscriptionState, models.CASCADE, related_name="+")
    line = models.CharField(max_length=40)
    hospital_id = models.IntegerField()  # of the changed resource
    type = models.SmallIntegerField()
    fhir_id = models.CharField(max_length=64)
    version = models.IntegerField()
    deleted = models.BooleanField()
    changed_at = models.DateTimeField()
    number = models.BigIntegerField(
        null=True
    )  # of the event, given when it may first be told: a gap tells of nothing hidden
    tries = models.IntegerField(default=0)
    first_failed_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["subscription", "line", "id"], name="notification_line"),
            models.Index(fields=["due_at"], name="notification_due"),
        ]


class FeedPosition(models.Model):
    """How far the courier has read a store's feed."""

    hospital_id = models.IntegerField(primary_key=True)
    xid = models.CharField(max_length=20, default="0")
    rid = models.BigIntegerField(default=0)
    version = models.IntegerField(default=0)
    beat_at = models.DateTimeField(auto_now=True)
