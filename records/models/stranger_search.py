"""How often somebody looks for people whom their hospital does not know."""

from django.db import models


class StrangerSearch(models.Model):
    """Of one who looks, in one hour: what the limit counts and the privacy officer sees. Kept
    for 90 days, without what was typed.

    searches: that found nobody of their own hospital; strangers: whom these listed; urgent: of
    these, in an emergency; refused: for the limit was reached.
    """

    hospital = models.ForeignKey(
        "alliance.Hospital", models.PROTECT, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=8)  # "staff" or "client"
    actor = models.CharField(max_length=40)
    hour = models.DateTimeField()
    searches = models.IntegerField(default=0)
    strangers = models.IntegerField(default=0)
    urgent = models.IntegerField(default=0)
    refused = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "actor", "hour"], name="one_count_an_hour")
        ]
        indexes = [models.Index(fields=["hospital", "hour"], name="search_hospital_hour")]
