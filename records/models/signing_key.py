"""The register of the keys that sign documents in a hospital's name: their public halves."""

from django.db import models


class HospitalSigningKey(models.Model):
    """One key of a hospital, never changed: it signs from `since` until the next generation's.
    key: the 32 bytes of Ed25519. The private half is derived, and lies nowhere (docs/adr/0089).
    """

    hospital = models.ForeignKey(
        "alliance.Hospital", models.PROTECT, related_name="+", db_index=False
    )
    generation = models.IntegerField()
    key = models.BinaryField()
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["hospital", "generation"], name="records_signing_key_once"
            )
        ]
