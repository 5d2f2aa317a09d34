"""Who can be appointed for which further hospital, and from when to when (docs/adr/0051)."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.auth.principal import Principal
from alliance.models import Appointment, Hospital, Staff
from alliance.roles import Role


def load_appointee(staff: Staff) -> Staff:
    """As employed now."""
    return Staff.objects.select_related("user", "hospital").get(pk=staff.pk)


def check_not_oneself(staff: Staff, *administrators: Principal) -> None:
    if any(a.kind == "staff" and a.id == str(staff.pk) for a in administrators):
        raise Forbidden("self", "Nobody appoints themselves.")


def check_appointment(
    staff: Staff, hospital: Hospital, starts_on: dt.date, ends_on: dt.date
) -> None:
    """Raises Forbidden for somebody who cannot be appointed, AlreadyDone where they serve there on
    one of these days, ValidationError by field for a hospital or days that do not fit.
    """
    today = timezone.localdate()
    if staff.role != Role.PRIVACY:
        raise Forbidden("appointee", "Only a privacy officer is appointed for a further hospital.")
    if staff.alliance_wide:
        raise Forbidden("appointee", "This officer serves for the whole alliance already.")
    if not (staff.active and staff.hospital.active and staff.user.is_active and staff.vouched):
        raise Forbidden(
            "appointee",
            "This account is not in use today, or nobody has vouched for it yet: first make that"
            " good.",
        )
    if hospital.pk == staff.hospital_id:
        raise ValidationError({"hospital": _("This is the hospital where the officer works.")})
    if not hospital.active:
        raise ValidationError({"hospital": _("This hospital does not take part at present.")})
    if starts_on < today:
        raise ValidationError({"starts_on": _("The first day lies in the past.")})
    if ends_on < starts_on:
        raise ValidationError({"ends_on": _("The last day lies before the first day.")})
    if ends_on > staff.ends_on:
        raise ValidationError(
            {
                "ends_on": _("The officer is employed until %(day)s: not longer than that.")
                % {"day": staff.ends_on.isoformat()}
            }
        )
    if (
        Appointment.objects.not_over()
        .filter(staff=staff, hospital=hospital, starts_on__lte=ends_on, ends_on__gte=starts_on)
        .exists()
    ):
        raise AlreadyDone(
            "appointed", "The officer serves for this hospital then already. Nothing was changed."
        )
