"""Seal a person's record after an incident: the seal, and the manifest of what it held, in one
transaction; and hold it against the store later.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from alliance.auth.principal import Principal
from consent.models import IncidentSeal
from consent.services.incident_seals import do_create_incident_seal, list_sealable_registrations
from records.mpi.index import source_patients
from records.store import seal_manifest


@transaction.atomic
def do_seal_person(
    person: UUID, *, ground: str, reason: str, listed: Sequence[str], acting: Principal
) -> IncidentSeal:
    sources = source_patients.sources_of_person(person)
    return do_create_incident_seal(
        person,
        ground=ground,
        reason=reason,
        listed=listed,
        manifest="\n".join(
            seal_manifest.build_manifest_lines(list_sealable_registrations(sources, acting))
        ),
        sources=sources,
        acting=acting,
    )


def find_changed_lines(seal: IncidentSeal) -> list[str]:
    """Lines of the manifest that the store would no longer write; what was added since is none
    of them.
    """
    now = set(seal_manifest.build_manifest_lines(seal.covers))
    return [line for line in seal.manifest.splitlines() if line not in now]
