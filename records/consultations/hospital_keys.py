"""The key that signs in a hospital's name: derived from the installation's secret that signs the
log, so that it lies outside of the database and in every backup of the secrets; its public half is
a row of the register, and its beginning a line of the audit log (docs/adr/0089).
"""

import datetime as dt
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import connection, transaction

from alliance.auth.principal import Principal
from alliance.models import Hospital
from alliance.sql.hospitals import HOSPITALS
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.audit.signing_keys import fingerprint_of_key, pem_from_key, raw_key_bytes
from records.models import HospitalSigningKey

PURPOSE = "xinglin hospital signing key"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A hospital's key as it is published. until: when its successor began; None: it signs."""

    hospital: str
    generation: int
    key: bytes
    since: dt.datetime
    until: dt.datetime | None = None

    @property
    def name(self) -> str:
        return f"{self.hospital}/{self.generation}"

    @property
    def mark(self) -> str:
        return f"SHA256:{fingerprint_of_key(self.key)}"

    @property
    def pem(self) -> str:
        """With its header lines, as verifiers pin it."""
        lines = [f"name: {self.name}", f"from: {self.since.isoformat()}"]
        if self.until:
            lines.append(f"until: {self.until.isoformat()}")
        return "\n".join([*lines, pem_from_key(self.key)])


def derive_private_key(secret: bytes, hospital: str, generation: int) -> Ed25519PrivateKey:
    """HKDF-SHA256 (RFC 5869). Whoever has one hospital's key learns no other's."""
    info = f"{PURPOSE}\n{hospital}\n{generation}".encode()
    return Ed25519PrivateKey.from_private_bytes(
        HKDF(SHA256(), length=32, salt=None, info=info).derive(secret)
    )


def load_private_key(hospital: str, generation: int) -> Ed25519PrivateKey:
    return derive_private_key(bytes(settings.AUDIT_KEY), hospital, generation)


# index: alliance_hospital_pkey
KEEP_KEY_SQL = f"SELECT h.id FROM {HOSPITALS} h WHERE h.id = %s FOR SHARE"


def use_signing_key(hospital: Hospital, acting: Principal) -> tuple[PublicKey, Ed25519PrivateKey]:
    """The key that signs for it now, and does until the caller's transaction ends. Begins the
    first, or the next where the installation's secret was changed since.
    """
    if find_usable_key(hospital) is not None:
        with connection.cursor() as cursor:
            cursor.execute(KEEP_KEY_SQL, [hospital.pk])
    else:
        lock_hospital(hospital)
    return find_usable_key(hospital) or begin_key(hospital, acting)


def find_usable_key(hospital: Hospital) -> tuple[PublicKey, Ed25519PrivateKey] | None:
    """The newest of the register, where this installation's secret leads to it."""
    newest = find_newest_key(hospital)
    if newest is None:
        return None
    private = load_private_key(hospital.code, newest.generation)
    return (newest, private) if raw_key_bytes(private.public_key()) == newest.key else None


def lock_hospital(hospital: Hospital) -> None:
    """One at a time begins a key."""
    Hospital.with_sandboxes.select_for_update(no_key=True).get(pk=hospital.pk)


@transaction.atomic
def renew_signing_key(hospital: Hospital, acting: Principal) -> PublicKey:
    """Begin the next key, though nothing else has changed."""
    lock_hospital(hospital)
    return begin_key(hospital, acting)[0]


def begin_key(hospital: Hospital, acting: Principal) -> tuple[PublicKey, Ed25519PrivateKey]:
    """The hospital's next key, whose row the caller's transaction holds. The one before it signs
    no more, and goes on to prove what it has signed.
    """
    newest = find_newest_key(hospital)
    generation = newest.generation + 1 if newest else 1
    private = load_private_key(hospital.code, generation)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now = cursor.fetchone()[0]
    key = raw_key_bytes(private.public_key())
    HospitalSigningKey.objects.create(hospital=hospital, generation=generation, key=key, since=now)
    begun = PublicKey(hospital.code, generation, key, now)
    append_event(
        AuditEvent.from_principal(
            acting, EventCode.SIGNING_KEY_BEGIN, target=begun.name, detail=begun.mark
        )
    )
    return begun, private


def find_newest_key(hospital: Hospital) -> PublicKey | None:
    keys = list_public_keys(hospital)
    return keys[-1] if keys else None


def list_public_keys(hospital: Hospital) -> list[PublicKey]:
    """All that have signed for it, the oldest first."""
    rows = list(HospitalSigningKey.objects.filter(hospital=hospital).order_by("generation"))
    ends = [row.since for row in rows[1:]]
    return [
        PublicKey(hospital.code, row.generation, bytes(row.key), row.since, until)
        for row, until in zip(rows, [*ends, None], strict=False)
    ]
