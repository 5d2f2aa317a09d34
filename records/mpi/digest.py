"""Keyed hashes of identifiers (HMAC-SHA-256): the number space is small enough to try, so a plain hash would be readable."""

import hmac

from django.conf import settings

from records.mpi.features import Identified
from records.mpi.rules.paper import folded


def digest(kind: str, value: str, hospital_id: int = 0) -> bytes:
    """kind "resident": the number alone; "record": with its hospital; "other": the value, whatever its system."""
    scope = str(hospital_id) if kind == "record" else ""
    return hmac.digest(settings.INDEX_KEY, f"{kind}|{scope}|{folded(value)}".encode(), "sha256")


def numbers_of(known: Identified, hospital_id: int) -> list[tuple[str, bytes]]:
    """(kind, digest) of each identifier: by what it is, and by its value alone, as people type it."""
    out = []
    for kind, _, value in known.identifiers:
        out.append((kind, digest("resident" if kind == "former" else kind, value, hospital_id)))
        if kind != "other":
            out.append(("former" if kind == "former" else "other", digest("other", value)))
    return out
