"""Keyed hashes of identifiers (HMAC-SHA-256): the number space is small enough to try, so a plain hash would be readable."""

import hmac
import unicodedata

from django.conf import settings


def digest(kind: str, value: str, hospital_id: int = 0) -> bytes:
    """kind "resident": the number alone; "record": with its hospital; "other": the value, whatever its system."""
    folded = unicodedata.normalize("NFKC", value).upper().replace(" ", "")
    scope = str(hospital_id) if kind == "record" else ""
    return hmac.digest(settings.INDEX_KEY, f"{kind}|{scope}|{folded}".encode(), "sha256")
