"""Systems of member hospitals and their tokens. Secrets and tokens are kept as SHA-256 of 256
random bits, never readable.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from alliance.models.hospital import Hospital
from alliance.models.staff import Staff

ALL_SCOPES = "system/*.cruds"  # SMART scopes, as alliance.auth.scopes writes them
AUDIT_LOG_SCOPE = "alliance/AuditEvent."


class Client(models.Model):
    client_id = models.CharField(max_length=64, unique=True)
    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="clients")
    name = models.CharField(_("Name"), max_length=100)
    secret_hash = models.BinaryField(max_length=32)  # empty: no secret fits
    jwks = models.JSONField(null=True)  # public keys, for clients without a secret
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True)
    registered_by = models.ForeignKey(
        Staff, models.PROTECT, null=True, related_name="+"
    )  # null: the server's operator
    # the administrator's client that registered it, which gets it no token before an officer has
    # vouched; "": a person, or the operator
    registered_through = models.CharField(max_length=64, blank=True, default="", db_default="")
    vouched_at = models.DateTimeField(
        null=True
    )  # null while nobody else stands behind it: its own store alone is open to it
    vouched_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    scopes = models.TextField(default=ALL_SCOPES)  # what its tokens may have at most
    origins = models.JSONField(
        default=list
    )  # of its pages in browsers, which may read answers (alliance/auth/origins.py)
    # whether it may open patients as doctors of its hospital, and in whose pages' frames
    # (docs/adr/0059)
    may_launch = models.BooleanField(default=False, db_default=False)
    frame_origins = models.JSONField(default=list, db_default=[])
    # Ed25519, with which it co-signs heads of the alliance's log (docs/sync.md, Witness)
    witness_key = models.BinaryField(max_length=32, null=True)

    class Meta:
        ordering = ["hospital", "name"]

    @property
    def reads_audit_log(self) -> bool:
        """Whether it was granted what its hospital did, of the alliance's log (docs/adr/0075)."""
        return AUDIT_LOG_SCOPE in self.scopes

    def __str__(self) -> str:
        return f"{self.name} · {self.client_id}"


class AccessToken(models.Model):
    digest = models.BinaryField(max_length=32, unique=True)
    client = models.ForeignKey(Client, models.CASCADE, related_name="tokens")
    expires_at = models.DateTimeField(db_index=True)
    scopes = models.TextField(default=ALL_SCOPES)
