"""A filter of the audit log that an auditor has given a name. It is no right: what it lets through
is asked at each use.
"""

from django.db import models


class SavedAuditFilter(models.Model):
    """query: of the auditor's page, without a patient. One that is taken off the list stays, with
    when.
    """

    staff = models.ForeignKey("alliance.Staff", models.PROTECT, related_name="+")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000)
    saved_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True)
