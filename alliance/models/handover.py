"""A first password or a system's secret, for the few minutes in which whoever made it may still
see it.
"""

from django.db import models

from alliance.models.staff import Staff


class Handover(models.Model):
    """One secret of one account or system. It is kept encrypted, for its holder alone, and only
    until it expires.
    """

    target = models.CharField(max_length=80, unique=True)  # as the audit log calls it
    holder = models.ForeignKey(Staff, models.CASCADE, related_name="+")
    sealed = models.BinaryField(max_length=256)
    expires_at = models.DateTimeField(db_index=True)
