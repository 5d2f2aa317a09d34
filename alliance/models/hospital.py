"""Hospitals of the alliance and their departments."""

import datetime as dt

from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

RESERVED_CODES = frozenset({"alliance", "definitions", "metadata"})
SANDBOX_ENDING = "-sandbox"  # of a sandbox's code, and of no member's that is admitted


class MemberManager(models.Manager["Hospital"]):
    """Members alone: whoever lists hospitals or looks one up does not meet a sandbox, unless they
    say `Hospital.with_sandboxes` (docs/adr/0064).
    """

    def get_queryset(self) -> models.QuerySet["Hospital"]:
        return super().get_queryset().filter(sandbox_of=None)


class Hospital(models.Model):
    """A member. Its code is the name of its FHIR base and never changes; it is suspended, never
    deleted. Or a member's sandbox: a store of its own in which its systems are tried out, of which
    the alliance knows nothing.
    """

    class Tier(models.TextChoices):
        TERTIARY = "tertiary", _("Tertiary hospital (class A)")
        COMMUNITY = "community", _("Community health centre")
        TOWNSHIP = "township", _("Township hospital")

    code = models.CharField(
        _("Code"),
        max_length=32,
        unique=True,
        validators=[
            RegexValidator(
                r"^[a-z][a-z0-9-]{1,31}$",
                _("Use 2 to 32 small letters, digits or hyphens; begin with a letter."),
            )
        ],
    )
    name_zh = models.CharField(_("Name in Chinese"), max_length=100)
    name_en = models.CharField(_("Name in English"), max_length=100)
    tier = models.CharField(_("Tier"), max_length=12, choices=Tier.choices)
    credit_code = models.CharField(_("Unified social credit code"), max_length=18, blank=True)
    admitted_on = models.DateField(_("Member since"), default=timezone.localdate)
    leaves_on = models.DateField(_("Member until"), null=True, blank=True)
    enforces_references = models.BooleanField(
        _("References must lead to something"),
        default=True,
        help_text=_(
            "What is written refers only to what is there, and what is referred to is not deleted."
            " Patients must be there in any case. Without it the store takes records in any order."
        ),
    )
    requires_version = models.BooleanField(
        _("Updates must name the version"),
        default=False,
        help_text=_(
            "Its systems send If-Match with each update, so that none of two overwrites what the"
            " other one wrote."
        ),
    )
    suspended_at = models.DateTimeField(null=True, editable=False)
    suspended_reason = models.CharField(max_length=200, blank=True, editable=False)
    # the member that tries its systems out here; null: a member. One each, by its code
    sandbox_of = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        editable=False,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )

    objects = MemberManager()
    with_sandboxes = models.Manager()

    class Meta:
        ordering = ["id"]
        permissions = [
            ("administer_hospital", "administer its staff and clients"),
            ("audit_hospital", "read its audit log"),
            ("protect_privacy", "serve for it as a privacy officer of another hospital"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return self.name_zh if (get_language() or "zh").startswith("zh") else self.name_en

    def active_on(self, day: dt.date) -> bool:
        """A member takes part from its first to its last day, unless suspended."""
        return (
            self.suspended_at is None
            and self.admitted_on <= day
            and (self.leaves_on is None or day <= self.leaves_on)
        )

    @property
    def active(self) -> bool:
        return self.member.active_on(timezone.localdate())

    @property
    def is_sandbox(self) -> bool:
        return self.sandbox_of_id is not None

    @property
    def member(self) -> "Hospital":
        """Whose sandbox it is, or itself."""
        return self.sandbox_of or self


class Department(models.Model):
    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="departments")
    code = models.CharField(_("Code"), max_length=32)
    name_zh = models.CharField(_("Name in Chinese"), max_length=60)
    name_en = models.CharField(_("Name in English"), max_length=60)

    class Meta:
        ordering = ["hospital", "code"]
        constraints = [models.UniqueConstraint(fields=["hospital", "code"], name="department_code")]

    def __str__(self) -> str:
        return self.name_zh if (get_language() or "zh").startswith("zh") else self.name_en
