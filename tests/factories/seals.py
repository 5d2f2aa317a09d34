"""A seal that two officers of the alliance lift."""

from alliance.roles import Role
from consent.models import IncidentSeal
from consent.services.incident_seals import do_request_unseal, do_unseal_record
from records.mpi.index import source_patients
from tests.factories import alliance


def lift_seal(seal: IncidentSeal) -> None:
    one, other = (
        alliance.get_staff_principal(
            alliance.make_staff(seal.sealed_by.hospital, Role.PRIVACY, wide=True)
        )
        for _ in range(2)
    )
    do_request_unseal(seal.pk, reason="调查结束", acting=one)
    do_unseal_record(seal.pk, sources=source_patients.sources_of_person(seal.person), acting=other)
