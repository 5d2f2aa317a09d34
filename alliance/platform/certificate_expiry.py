"""How long a certificate lasts."""

import datetime as dt
from pathlib import Path

from cryptography import x509


def seconds_until_expiry(path: Path) -> float | None:
    """None: it is a bare public key, which does not end."""
    try:
        said = path.read_bytes()
        if b"BEGIN PUBLIC KEY" in said:
            return None
        chain = x509.load_pem_x509_certificates(said)
    except (OSError, ValueError):
        return -1.0
    return min((c.not_valid_after_utc - dt.datetime.now(dt.UTC)).total_seconds() for c in chain)
