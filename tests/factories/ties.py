"""Ties between hospitals and patients, confirmed as the alliance's privacy officer confirms them."""

import datetime as dt
from functools import cache
from uuid import UUID

from django.utils import timezone

from alliance.auth.errors import AlreadyStands
from alliance.auth.principal import Principal
from alliance.models import Hospital
from alliance.roles import Role
from consent.models import Directive
from consent.services.confirmations import do_confirm_directive, do_confirm_tie, do_confirm_withdrawal
from consent.services.relationships import Spell, note
from records.mpi import sources
from tests.factories import alliance


@cache
def officer() -> Principal:
    """Of the whole alliance, employed by a hospital of which no test knows."""
    return alliance.principal(alliance.staff(alliance.hospital("office"), Role.PRIVACY, wide=True))


def tie(person: UUID, *hospitals: Hospital) -> None:
    """The hospitals treat the person, whose card was compared."""
    found = sources.of_person(person)
    for at in hospitals:
        try:
            do_confirm_tie(person, at.pk, evidence="card compared", sources=found, acting=officer())
        except AlreadyStands:
            pass


def treats(person: UUID, *hospitals: Hospital) -> None:
    """The hospitals' systems have noted an encounter of their own registrations, and the ties are confirmed; one that has none was sent a referral by one whose tie is."""
    found, now = sources.of_person(person), timezone.now()
    for at in hospitals:
        own = next((s for s in found if s.hospital_id == at.pk), None)
        known = own or found[0]
        note([(known.home, known.id, Spell(at.code, "encounter" if own else "referral", now - dt.timedelta(minutes=1), now + dt.timedelta(days=90)))])
        tie(person, at if own else Hospital.objects.get(pk=known.hospital_id))


def stand_behind(directive: Directive, person: UUID) -> Directive:
    """The person has decided so, or wants it to end: the signed paper was compared."""
    directive.refresh_from_db()
    do = do_confirm_directive if directive.withdrawn_at is None else do_confirm_withdrawal
    try:
        do(directive.pk, person, evidence="paper compared", sources=sources.of_person(person), acting=officer())
    except AlreadyStands:
        pass
    return directive
