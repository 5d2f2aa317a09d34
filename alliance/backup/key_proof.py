"""Keys held against what they have written: once, before their fingerprints are recorded in a
database that was there before there were any.
"""

from django.db import connection

from alliance.encryption.master_key import KeyNotFound, unwrap_key
from alliance.platform.environment import StartRefused
from consent.audit.signing_keys import own_public_key_bytes
from consent.sql import log
from records.mpi.index.field_protection import WrongIndexKey, decrypt_demographics
from records.sql import versions


def prove_keys() -> None:
    """Raises StartRefused for a key that does not open, or has not signed, what is there.
    Nothing proves the secret key: no data hang on it.
    """
    wrong = [
        name
        for name, holds in (
            ("audit_key", is_audit_key_right),
            ("body_key", is_body_key_right),
            ("index_key", is_index_key_right),
        )
        if not holds()
    ]
    if wrong:
        raise StartRefused(
            f"Not the key that this database was written with: {', '.join(wrong)} (secrets/, or"
            " XINGLIN_…). Restore it from the backup of the secrets (docs/how-to/keys.md)."
        )


def fetch_optional_row(question: str) -> tuple[object, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(question)
        found: tuple[object, ...] | None = cursor.fetchone()
    return found


def is_audit_key_right() -> bool:
    found = fetch_optional_row(log.NEWEST_KEY)
    return found is None or bytes(found[0]) == own_public_key_bytes()  # type: ignore[call-overload, no-any-return]


def is_body_key_right() -> bool:
    found = fetch_optional_row(versions.NEWEST_KEY)
    try:
        return found is None or bool(unwrap_key(found[1], f"hospital/{found[0]}"))  # type: ignore[arg-type]
    except KeyNotFound:
        return False


def is_index_key_right() -> bool:
    found = fetch_optional_row(versions.NEWEST_WORDS)
    try:
        return found is None or bool(decrypt_demographics(bytes(found[1]), found[0]))  # type: ignore[call-overload, arg-type]
    except WrongIndexKey:
        return False
