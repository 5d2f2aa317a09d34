"""Ties between hospitals and patients, confirmed as the alliance's privacy officer confirms
them.
"""

import datetime as dt
from functools import cache
from uuid import UUID

from django.utils import timezone

from alliance.auth.errors import AlreadyDone
from alliance.auth.principal import Principal
from alliance.models import Hospital
from alliance.roles import Role
from consent.models import Directive
from consent.services.directive_confirmations import do_confirm_directive, do_confirm_withdrawal
from consent.services.relationships import TreatmentPeriod, record_treatment_periods
from consent.services.tie_confirmations import do_confirm_tie
from records.mpi.index import source_patients
from tests.factories import alliance


@cache
def make_privacy_officer() -> Principal:
    """Of the whole alliance, employed by a hospital of which no test knows."""
    return alliance.get_staff_principal(
        alliance.make_staff(alliance.make_hospital("office"), Role.PRIVACY, wide=True)
    )


def confirm_tie(person: UUID, *hospitals: Hospital) -> None:
    """The hospitals treat the person, whose card was compared."""
    found = source_patients.sources_of_person(person)
    for at in hospitals:
        try:
            do_confirm_tie(
                person,
                at.pk,
                evidence="card compared",
                sources=found,
                acting=make_privacy_officer(),
            )
        except AlreadyDone:
            pass


def record_confirmed_treatment(person: UUID, *hospitals: Hospital) -> None:
    """The hospitals' systems have noted an encounter of their own registrations, and the ties
    are confirmed; one that has none was sent a referral by one whose tie is.
    """
    found, now = source_patients.sources_of_person(person), timezone.now()
    for at in hospitals:
        own = next((s for s in found if s.hospital_id == at.pk), None)
        known = own or found[0]
        record_treatment_periods(
            [
                (
                    known.home,
                    known.id,
                    TreatmentPeriod(
                        at.code,
                        "encounter" if own else "referral",
                        now - dt.timedelta(minutes=1),
                        now + dt.timedelta(days=90),
                    ),
                )
            ]
        )
        confirm_tie(person, at if own else Hospital.objects.get(pk=known.hospital_id))


def confirm_directive(directive: Directive, person: UUID) -> Directive:
    """The person has decided so, or wants it to end: the signed paper was compared."""
    directive.refresh_from_db()
    do = do_confirm_directive if directive.withdrawn_at is None else do_confirm_withdrawal
    try:
        do(
            directive.pk,
            person,
            evidence="paper compared",
            sources=source_patients.sources_of_person(person),
            acting=make_privacy_officer(),
        )
    except AlreadyDone:
        pass
    return directive
