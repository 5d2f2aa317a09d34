"""Which appointments an administrator sees, which hospitals an officer serves, and of which
hospitals somebody is a person where two of different hospitals are asked for (docs/adr/0051).
"""

import datetime as dt

from django.db.models import QuerySet

from alliance.auth.principal import Principal
from alliance.models import Appointment, Staff
from alliance.services.authority import hospitals_with_permission


def query_visible_appointments(acting: Principal) -> QuerySet[Appointment]:
    """Of all hospitals for an administrator of the alliance, else those over the hospitals that
    the administrator administers; the newest first.
    """
    return Appointment.objects.filter(
        hospital__in=hospitals_with_permission(acting, "administer_hospital")
    ).select_related("staff__user", "employer", "hospital", "proposed_by", "agreed_by", "ended_by")


def list_served_hospitals(acting: Principal) -> list[Appointment]:
    """For which hospitals the officer serves today beside their own, and until when; asks nothing
    for one who has no appointment.
    """
    if not acting.serves:
        return []
    return list(
        Appointment.objects.standing()
        .filter(staff_id=int(acting.id))
        .select_related("hospital")
        .order_by("hospital_id")
    )


def hospitals_spoken_for(staff_id: int, hospital_id: int, moment: dt.datetime) -> frozenset[int]:
    """Of which hospitals somebody is a person who has said something for this one at the moment:
    of it; and, where they are or were appointed since then, of each that they serve and of their
    employer. Who is of both sides is no second person of either.
    """
    found = {hospital_id}
    for appointment in Appointment.objects.filter(staff_id=staff_id):
        if appointment.may_speak_at(moment):
            found |= {appointment.hospital_id, appointment.employer_id}
    return frozenset(found)


def speaks_for_hospital(staff: Staff, hospital_id: int | None) -> bool:
    """Whether a word that was given for the hospital by an appointment still has one behind it; a
    word of who never was appointed for it needs none.
    """
    given = Appointment.objects.filter(staff=staff, hospital_id=hospital_id)
    return staff.hospital_id == hospital_id or not given.exists() or given.standing().exists()
