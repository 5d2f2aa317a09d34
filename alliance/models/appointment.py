"""Appointments: a hospital's privacy officer serves for a further hospital of the alliance, until a
day (PIPL 52; GDPR 37 (2): one officer for several).
"""

import datetime as dt

from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from alliance.models.hospital import Hospital
from alliance.models.permission import HospitalUserObjectPermission
from alliance.models.staff import Staff
from alliance.roles import Role

PROTECT_PRIVACY = "protect_privacy"  # object permission on the hospital that is served


class AppointmentQuerySet(QuerySet["Appointment"]):
    def not_over(self) -> "AppointmentQuerySet":
        """Those that nobody has ended and whose last day has not passed; begun or to come."""
        return self.filter(ended_at=None, ends_on__gte=timezone.localdate())

    def standing(self) -> "AppointmentQuerySet":
        """Those that count today: the officer still works where they did, in the role that fits,
        has the object permission, and the hospital that is served takes part.
        """
        today = timezone.localdate()
        permitted = HospitalUserObjectPermission.objects.filter(
            user_id=OuterRef("staff__user_id"),
            content_object_id=OuterRef("hospital_id"),
            permission__codename=PROTECT_PRIVACY,
        )
        return self.not_over().filter(
            Q(hospital__leaves_on=None) | Q(hospital__leaves_on__gte=today),
            Exists(permitted),
            starts_on__lte=today,
            staff__role=Role.PRIVACY.value,
            staff__hospital_id=models.F("employer_id"),
            staff__ended_at=None,
            staff__alliance_wide=False,
            hospital__suspended_at=None,
            hospital__admitted_on__lte=today,
        )


class Appointment(models.Model):
    """staff serves for hospital beside their own, which is the employer. It was proposed by one
    administrator and agreed to by another; these are null where the server's operator did it. It
    counts as long as `standing` says so, whatever its days are.
    """

    staff = models.ForeignKey(Staff, models.PROTECT, related_name="appointments")
    employer = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="appointments")
    starts_on = models.DateField(_("From"))
    ends_on = models.DateField(_("Until"))
    reason = models.CharField(_("Reason"), max_length=300)
    proposed_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    agreed_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    agreed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    ended_reason = models.CharField(max_length=200, blank=True)

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        ordering = ["-agreed_at", "-pk"]

    @property
    def ended_with_post(self) -> bool:
        """Whether the employment, role or name that it hung on ended, was changed or lapsed."""
        return self.ended_reason == f"staff/{self.staff_id}"

    @property
    def over(self) -> bool:
        return self.ended_at is not None or self.ends_on < timezone.localdate()

    def may_speak_at(self, moment: dt.datetime) -> bool:
        """Whether the officer may have spoken by it at the moment, or later."""
        return self.ends_on >= timezone.localdate(moment) and (
            self.ended_at is None or self.ended_at >= moment
        )
