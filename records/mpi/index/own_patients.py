"""Patients of one hospital by numbers that it has registered itself: nobody is found who is known
elsewhere alone.
"""

from collections.abc import Sequence
from uuid import UUID

from records.models import PatientIdentifier
from records.mpi.index.identifier_digest import digest_identifier


def find_own_persons(
    hospital_id: int, numbers: Sequence[tuple[str, str]]
) -> list[dict[UUID, UUID]]:
    """For each (kind, value) the hospital's own current registrations that have it, {person: home
    of the newest}; kind as of digest_identifier. The home stays the registration's, whoever's it is
    found to be later.
    """
    digests = [digest_identifier(kind, value) for kind, value in numbers]
    found = (
        PatientIdentifier.objects.filter(
            digest__in=digests, source__hospital_id=hospital_id, source__registered=True
        )
        .exclude(kind="former")
        .order_by("source_id")
        .values_list("digest", "source__person_id", "source__home")
    )
    by_digest: dict[bytes, dict[UUID, UUID]] = {}
    for digest, person, home in found:
        by_digest.setdefault(bytes(digest), {})[person] = home
    return [by_digest.get(digest, {}) for digest in digests]
