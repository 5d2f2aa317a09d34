"""Clients that act for one administrator through the administration API, and their tokens: apart
from the systems of hospitals, so that no token of the one is ever one of the other.
"""

from django.db import models

from alliance.models.hospital import Hospital
from alliance.models.staff import Staff


class AdministratorClient(models.Model):
    """It counts while its administrator is what they were when they registered it: at this
    hospital, for the whole alliance or not, with this password and authenticator. agreed_at: null
    while it waits for another administrator of the alliance.
    """

    client_id = models.CharField(max_length=64, unique=True)
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="administrator_clients")
    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    alliance_wide = models.BooleanField()
    password_digest = models.BinaryField(max_length=32)
    authenticator_id = models.BigIntegerField()
    name = models.CharField(max_length=100)
    secret_hash = models.BinaryField(max_length=32)  # empty: no secret fits
    jwks = models.JSONField(null=True)  # public keys, for clients without a secret
    scopes = models.TextField()  # what its tokens may have at most
    registered_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    agreed_at = models.DateTimeField(null=True)
    agreed_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(
        Staff, models.PROTECT, null=True, related_name="+"
    )  # null: the server's operator

    class Meta:
        ordering = ["-registered_at"]

    def __str__(self) -> str:
        return f"{self.name} · {self.client_id}"


class AdministratorToken(models.Model):
    digest = models.BinaryField(max_length=32, unique=True)
    client = models.ForeignKey(AdministratorClient, models.CASCADE, related_name="tokens")
    expires_at = models.DateTimeField(db_index=True)
    scopes = models.TextField()
