"""Systems of member hospitals and their tokens. Secrets and tokens are kept as SHA-256 of 256 random bits, never readable."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from alliance.models.hospital import Hospital
from alliance.models.staff import Staff

EVERYTHING = "system/*.cruds"  # SMART scopes, as alliance.auth.scopes writes them


class Client(models.Model):
    client_id = models.CharField(max_length=64, unique=True)
    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="clients")
    name = models.CharField(_("Name"), max_length=100)
    secret_hash = models.BinaryField(max_length=32)  # empty: no secret fits
    jwks = models.JSONField(null=True)  # public keys, for clients without a secret
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True)
    registered_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")  # null: the server's operator
    vouched_at = models.DateTimeField(null=True)  # null while nobody else stands behind it: its own store alone is open to it
    vouched_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    scopes = models.TextField(default=EVERYTHING)  # what its tokens may have at most
    origins = models.JSONField(default=list)  # of its pages in browsers, which may read answers (alliance/auth/origins.py)

    class Meta:
        ordering = ["hospital", "name"]

    def __str__(self) -> str:
        return f"{self.name} · {self.client_id}"


class AccessToken(models.Model):
    digest = models.BinaryField(max_length=32, unique=True)
    client = models.ForeignKey(Client, models.CASCADE, related_name="tokens")
    expires_at = models.DateTimeField(db_index=True)
    scopes = models.TextField(default=EVERYTHING)
