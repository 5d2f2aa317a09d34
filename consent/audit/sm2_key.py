"""Find the key of SM2 that signs beside the log's own, and say why it does not where it should: the
library has gone, or the key. Off until the operator turns it on (audit_key --sm2 on).

It is on where this machine remembers an open key (audit_keys.pem), or the database names one
(consent_audit_second_key): who has the database alone cannot turn it off.
"""

import logging
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from django.db import connection

from alliance.platform import state_files
from alliance.platform.environment import StartRefused
from consent.audit import libcrypto_sm2
from consent.audit.second_signature import SecondSignature, Unsigned
from consent.audit.signing_keys import find_open_sm2_pin

log = logging.getLogger("xinglin.sm2")
KEY_NAME = "audit_sm2_key"  # below secrets/
LIBRARY, KEY = "library", "key"  # what is missing
# index: consent_audit_second_key_open
OPEN_SQL = "SELECT key FROM consent_audit_second_key WHERE ended_at IS NULL"


@dataclass(frozen=True, slots=True)
class Sm2Signer:
    """private: b"" where it cannot sign; missing: why, why_not: the same in words."""

    public: bytes
    private: bytes = b""
    missing: str = ""
    why_not: str = ""

    def sign(self, unsigned: Unsigned) -> SecondSignature:
        """Never fails: what could not be signed says so itself."""
        said = SecondSignature(self.public, absent=self.missing)
        if self.missing:
            log.warning("SM2001 the log goes on without its SM2 signature: %s", self.why_not)
            return said
        try:
            made = libcrypto_sm2.sign(self.private, self.public, unsigned(said))
        except (libcrypto_sm2.Sm2Unavailable, ValueError) as error:
            log.warning("SM2001 the log goes on without its SM2 signature: %s", error)
            return replace(said, absent=LIBRARY)
        return replace(said, signature=made)


def fetch_open_key(cursor: Any) -> bytes:
    """The key that the database names; b"": none."""
    cursor.execute(OPEN_SQL)
    row = cursor.fetchone()
    return bytes(row[0]) if row else b""


def load_sm2_signer(cursor: Any = None) -> Sm2Signer | None:
    """None where it is off. cursor: of another connection than the process's own."""
    pin = find_open_sm2_pin()
    if cursor is None:
        with connection.cursor() as own:
            named = fetch_open_key(own)
    else:
        named = fetch_open_key(cursor)
    if pin is None and not named:
        return None
    public = pin.key if pin else named
    place = state_files.key_file(KEY_NAME)
    try:
        secret = state_files.find_key(KEY_NAME)
        if not secret:
            return Sm2Signer(public, missing=KEY, why_not=f"{place} is missing")
        libcrypto_sm2.load_library()
        found = public_key_of(secret)
    except libcrypto_sm2.Sm2Unavailable as error:
        return Sm2Signer(public, missing=LIBRARY, why_not=str(error))
    except (ValueError, OSError, StartRefused) as error:
        return Sm2Signer(public, missing=KEY, why_not=f"{place}: {error}")
    if found != public:
        return Sm2Signer(public, missing=KEY, why_not=f"{place} is another key")
    return Sm2Signer(public, bytes.fromhex(secret))


@lru_cache(maxsize=2)
def public_key_of(secret: str) -> bytes:
    return libcrypto_sm2.find_public_key(bytes.fromhex(secret))


def sign_second(unsigned: Unsigned) -> SecondSignature | None:
    """The second signature of a statement; None where the suite is off."""
    signer = load_sm2_signer()
    return signer.sign(unsigned) if signer else None
