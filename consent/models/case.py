"""A case file: what an auditor gathers about one matter, what is said of it, and who has seen it.
Nothing that is gathered or said is ever changed.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _
from guardian.models import UserObjectPermissionBase

from alliance.encryption.fields import EncryptedTextField

WORK_CASE = "work_case"  # object permission of a named other auditor (django-guardian)


class Case(models.Model):
    class Origin(models.TextChoices):
        COURT = "court", _("Order of a court")
        AUTHORITY = "authority", _("Inquiry by an authority")
        COMPLAINT = "complaint", _("Complaint")
        FINDING = "finding", _("Own finding")

    class Outcome(models.TextChoices):
        LAWFUL = "lawful", _("Everything was lawful")
        UNDOCUMENTED = "unrecorded", _("Lawful, but not documented")
        VIOLATION = "violation", _("A violation")
        UNCLEAR = "unclear", _("Cannot be told")
        HANDED_OVER = "handed", _("Handed over to the court or authority")

    hospital = models.ForeignKey(
        "alliance.Hospital", models.PROTECT, null=True, related_name="+"
    )  # whose auditors see it; null: those of the alliance alone
    title = EncryptedTextField(_("Title of the case"), max_length=120)
    about = EncryptedTextField(_("What it is about"), max_length=2000)
    origin = models.CharField(_("Who asked"), max_length=10, choices=Origin.choices)
    origin_number = models.CharField(
        _("Number of the order, inquiry or complaint"), max_length=80, blank=True
    )
    opened_by = models.ForeignKey("alliance.Staff", models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(auto_now_add=True)
    # who asks that it is closed, with which outcome; both stay when another person has agreed
    outcome = models.CharField(_("Outcome"), max_length=10, choices=Outcome.choices, blank=True)
    closing_by = models.ForeignKey("alliance.Staff", models.PROTECT, null=True, related_name="+")
    closed_by = models.ForeignKey("alliance.Staff", models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        permissions = [(WORK_CASE, "see it and work on it")]

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None

    @property
    def waits_for_second(self) -> bool:
        return self.closing_by_id is not None and not self.is_closed


class CaseUserObjectPermission(UserObjectPermissionBase):  # type: ignore[misc]
    """Which other auditor of the alliance works on the case, by name."""

    content_object = models.ForeignKey(Case, models.CASCADE)

    class Meta(UserObjectPermissionBase.Meta):  # type: ignore[misc]
        pass


class CaseItem(models.Model):
    """One thing that was gathered, by its kind and number: a line of the log, an emergency access,
    an episode, an export by the digest of its manifest.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="items")
    kind = models.CharField(max_length=12)
    ref = models.CharField(max_length=80)
    line = models.BigIntegerField(null=True)  # of the log, and when it was written
    recorded = models.DateTimeField(null=True)
    why = EncryptedTextField(_("Why it belongs to the case"), max_length=300, blank=True)
    added_by = models.ForeignKey("alliance.Staff", models.PROTECT, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["case", "kind", "ref"], name="one_case_item")
        ]
        indexes = [
            models.Index(fields=["line"], name="case_item_line", condition=~models.Q(line=None))
        ]


class CaseEntry(models.Model):
    """What was said or done about the case, in order."""

    class Kind(models.TextChoices):
        NOTE = "note", _("Note")
        GIVEN = "given", _("Access given")
        TAKEN = "taken", _("Access ended")
        CLOSING = "closing", _("Closing proposed")
        GOES_ON = "goes-on", _("Closing refused: the case goes on")
        CLOSED = "closed", _("Closed")
        REOPENED = "reopened", _("Opened again")

    case = models.ForeignKey(Case, models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    text = EncryptedTextField(_("Note"), max_length=2000, blank=True)
    whom = models.ForeignKey("alliance.Staff", models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey("alliance.Staff", models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]


class CaseLook(models.Model):
    """Somebody looked at the case."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="looks")
    by = models.ForeignKey("alliance.Staff", models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
