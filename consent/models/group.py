"""Who is in a Group that a decision may name, as the Group's own hospital has written it: its
members by our staff numbers, since when and until when.
"""

from django.db import models


class GroupMember(models.Model):
    """Never changed, only ended; the rows are the history. group: id of the Group in the
    hospital's store; member: the reference that it names, "" where it does not say by reference who
    that is; staff: the number, 0 for the mark of a Group without members, None for somebody whom
    nobody knows.
    """

    hospital = models.ForeignKey(
        "alliance.Hospital", models.PROTECT, related_name="+", db_index=False
    )
    group = models.CharField(max_length=64)
    member = models.CharField(max_length=140, blank=True)
    staff = models.BigIntegerField(null=True)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["hospital", "group"], name="groupmember_group"),
            models.Index(fields=["hospital", "member"], name="groupmember_member"),
        ]


class NumberedPractitioner(models.Model):
    """The staff number that a Practitioner or PractitionerRole of a store carries now, or the
    Practitioner through whom the role does; those that carry none have no row.
    """

    hospital = models.ForeignKey(
        "alliance.Hospital", models.PROTECT, related_name="+", db_index=False
    )
    reference = models.CharField(max_length=140)
    staff = models.BigIntegerField(null=True)
    through = models.CharField(max_length=140, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["hospital", "reference"], name="numbered_once")
        ]
        indexes = [
            models.Index(
                fields=["hospital", "through"],
                name="numbered_through",
                condition=~models.Q(through=""),
            )
        ]
