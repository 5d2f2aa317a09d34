"""Keys held against what they have written: once, before their fingerprints are recorded in a database that was there before there were any."""

from django.db import connection

from alliance.config.environment import StartRefused
from alliance.encryption.master import NoKey, unwrap
from consent.audit.keys import public_bytes
from records.mpi.sealed import WrongIndexKey, unseal

HEAD = "SELECT key FROM consent_audit_head ORDER BY size DESC LIMIT 1"
BODIES = "SELECT hospital, wrapped FROM record_key ORDER BY id DESC LIMIT 1"
WORDS = "SELECT id, words FROM records_sourcepatient WHERE words IS NOT NULL ORDER BY id DESC LIMIT 1"


def prove_keys() -> None:
    """Raises StartRefused for a key that does not open, or has not signed, what is there. Nothing proves the secret key: no data hang on it."""
    wrong = [name for name, holds in (("audit_key", audit_key_holds), ("body_key", body_key_holds), ("index_key", index_key_holds)) if not holds()]
    if wrong:
        raise StartRefused(f"Not the key that this database was written with: {', '.join(wrong)} (secrets/, or XINGLIN_…). Restore it from the backup of the secrets (docs/how-to/keys.md).")


def row(question: str) -> tuple[object, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(question)
        found: tuple[object, ...] | None = cursor.fetchone()
    return found


def audit_key_holds() -> bool:
    found = row(HEAD)
    return found is None or bytes(found[0]) == public_bytes()  # type: ignore[call-overload, no-any-return]


def body_key_holds() -> bool:
    found = row(BODIES)
    try:
        return found is None or bool(unwrap(found[1], f"hospital/{found[0]}"))  # type: ignore[arg-type]
    except NoKey:
        return False


def index_key_holds() -> bool:
    found = row(WORDS)
    try:
        return found is None or bool(unseal(bytes(found[1]), found[0]))  # type: ignore[call-overload, arg-type]
    except WrongIndexKey:
        return False
