"""Keyed hashes of identifiers (HMAC-SHA-256): the number space is small enough to try, so a
plain hash would be readable.
"""

import hmac

from django.conf import settings

from records.mpi.matching.fhir_patient import IndexedPatient
from records.mpi.matching.rules.identity_paper import fold_identifier


def digest_identifier(kind: str, value: str, hospital_id: int = 0) -> bytes:
    """kind "resident": the number alone; "record": with its hospital; "other": the value,
    whatever its system.
    """
    scope = str(hospital_id) if kind == "record" else ""
    return hmac.digest(
        settings.INDEX_KEY, f"{kind}|{scope}|{fold_identifier(value)}".encode(), "sha256"
    )


def digest_identifiers(patient: IndexedPatient, hospital_id: int) -> list[tuple[str, bytes]]:
    """(kind, digest) of each identifier: by what it is, and by its value alone, as people type
    it.
    """
    digests = []
    for kind, _, value in patient.identifiers:
        digests.append(
            (kind, digest_identifier("resident" if kind == "former" else kind, value, hospital_id))
        )
        if kind != "other":
            digests.append(
                ("former" if kind == "former" else "other", digest_identifier("other", value))
            )
    return digests
