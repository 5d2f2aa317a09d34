"""What the database keeps of keys: fingerprints by which every process knows its own again, and
the data keys of encrypted columns, wrapped.
"""

from django.db import models


class KeyPrint(models.Model):
    """name: one of alliance.platform.environment.KEY_NAMES; fingerprint: tells whether a key is
    this one, and nothing else of it.
    """

    name = models.CharField(max_length=20, primary_key=True)
    fingerprint = models.CharField(max_length=32)
    recorded_at = models.DateTimeField(auto_now=True)


class ColumnKey(models.Model):
    """wrapped: with the master key, as the keys of records are (records.store.keys)."""

    wrapped = models.BinaryField(max_length=128)
    made_at = models.DateTimeField(auto_now_add=True)
