"""A seal that two officers of the alliance lift."""

from alliance.roles import Role
from consent.models import IncidentSeal
from consent.services.seals import do_ask_lift, do_lift
from records.mpi import sources
from tests.factories import alliance


def lift(seal: IncidentSeal) -> None:
    one, other = (alliance.principal(alliance.staff(seal.sealed_by.hospital, Role.PRIVACY, wide=True)) for _ in range(2))
    do_ask_lift(seal.pk, reason="调查结束", acting=one)
    do_lift(seal.pk, sources=sources.of_person(seal.person), acting=other)
