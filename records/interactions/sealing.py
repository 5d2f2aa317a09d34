"""Seal a person's record after an incident: the seal, and the manifest of what it held, in one transaction; and hold it against the store later."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from alliance.auth.principal import Principal
from consent.models import IncidentSeal
from consent.services.seals import covered, do_seal
from records.mpi import sources
from records.store import manifest


@transaction.atomic
def do_seal_record(person: UUID, *, ground: str, reason: str, listed: Sequence[str], acting: Principal) -> IncidentSeal:
    found = sources.of_person(person)
    return do_seal(person, ground=ground, reason=reason, listed=listed, manifest="\n".join(manifest.lines(covered(found, acting))), sources=found, acting=acting)


def unlike(seal: IncidentSeal) -> list[str]:
    """Lines of the manifest that the store would no longer write; what was added since is none of them."""
    now = set(manifest.lines(seal.covers))
    return [line for line in seal.manifest.splitlines() if line not in now]
