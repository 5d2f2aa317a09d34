"""The alliance's directory: which departments and clinics a hospital offers to the others, when
they take patients, and whose place is taken (FHIR R4 HealthcareService, Schedule, Slot,
Appointment). Rows end and are never deleted: referrals name them.
"""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from alliance.models.hospital import Hospital
from alliance.models.staff import Staff
from alliance.models.work_item import WorkItem

APART = {"on_delete": models.PROTECT, "related_name": "+"}
LONGEST_CODE = 64  # of an id of FHIR


class OfferedDepartment(models.Model):
    """code: the hospital's own, the id of its HealthcareService; standard: of the national list
    (alliance/directory/department_codes.py); takes: diseases and words by which it is found;
    most_urgent: the most urgent work that it takes; from_system: the hospital's system keeps it.
    """

    hospital = models.ForeignKey(Hospital, db_index=False, **APART)
    code = models.CharField(_("Code"), max_length=LONGEST_CODE)
    name_zh = models.CharField(_("Name in Chinese"), max_length=100)
    name_en = models.CharField(_("Name in English"), max_length=100, blank=True)
    standard = models.CharField(_("National code of the department"), max_length=8, blank=True)
    takes = models.CharField(_("What it takes"), max_length=500, blank=True)
    for_referral = models.BooleanField(_("Takes referrals"), default=True)
    for_consultation = models.BooleanField(_("Gives consultations"), default=False)
    most_urgent = models.CharField(
        _("The most urgent that it takes"),
        max_length=12,
        choices=WorkItem.Urgency.choices,
        default=WorkItem.Urgency.EMERGENCY,
    )
    phone = models.CharField(_("Telephone of the desk"), max_length=40, blank=True)
    from_system = models.BooleanField(default=False, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["hospital", "code"], name="offered_department_code")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        is_chinese = (get_language() or "zh").startswith("zh")
        return self.name_zh if is_chinese or not self.name_en else self.name_en


class OfferedClinic(models.Model):
    """A doctor's clinic, or the beds of a ward. code: the hospital's own, the id of its Schedule;
    doctor: as they are called, also without an account.
    """

    class Kind(models.TextChoices):
        CLINIC = "clinic", _("Clinic")
        BEDS = "beds", _("Beds")

    hospital = models.ForeignKey(Hospital, db_index=False, **APART)
    department = models.ForeignKey(OfferedDepartment, models.PROTECT, related_name="clinics")
    code = models.CharField(_("Code"), max_length=LONGEST_CODE)
    kind = models.CharField(
        _("Kind of place"), max_length=8, choices=Kind.choices, default=Kind.CLINIC
    )
    name = models.CharField(_("Name of the clinic or ward"), max_length=100)
    doctor = models.CharField(_("Doctor"), max_length=60, blank=True)
    title = models.CharField(_("Title"), max_length=60, blank=True)
    staff = models.ForeignKey(Staff, null=True, blank=True, db_index=False, **APART)
    takes = models.CharField(_("What it takes"), max_length=500, blank=True)
    hours = models.CharField(_("Hours"), max_length=200, blank=True)
    from_system = models.BooleanField(default=False, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["hospital", "code"], name="offered_clinic_code")
        ]

    def __str__(self) -> str:
        return " · ".join(filter(None, (self.name, f"{self.doctor} {self.title}".strip())))


class OfferedSlot(models.Model):
    """places: offered to the alliance; taken: of these, by arrangements; stopped: the hospital has
    called the time off.
    """

    hospital = models.ForeignKey(Hospital, db_index=False, **APART)
    clinic = models.ForeignKey(OfferedClinic, models.PROTECT, related_name="slots", db_index=False)
    code = models.CharField(max_length=LONGEST_CODE)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    places = models.IntegerField()
    taken = models.IntegerField(default=0)
    stopped_at = models.DateTimeField(null=True)
    stopped_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["hospital", "code"], name="offered_slot_code"),
            models.CheckConstraint(
                condition=Q(taken__gte=0, taken__lte=F("places")), name="offered_slot_places"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="offered_slot_time"
            ),
        ]
        indexes = [
            models.Index(fields=["clinic", "starts_at"], name="offered_slot_clinic"),
            models.Index(
                fields=["starts_at", "clinic"],
                name="offered_slot_free",
                condition=Q(stopped_at=None, taken__lt=F("places")),
            ),
        ]

    def __str__(self) -> str:
        return f"slot/{self.pk}"

    @property
    def free(self) -> int:
        return 0 if self.stopped_at else self.places - self.taken


class PlaceTaken(models.Model):
    """The place of a work item's arrangement. freed_by: the verb that gave it back."""

    item = models.ForeignKey(WorkItem, models.PROTECT, related_name="places", db_index=False)
    slot = models.ForeignKey(OfferedSlot, models.PROTECT, related_name="takings")
    taken_at = models.DateTimeField()
    freed_at = models.DateTimeField(null=True)
    freed_by = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item"], name="place_taken_once", condition=Q(freed_at=None)
            )
        ]
