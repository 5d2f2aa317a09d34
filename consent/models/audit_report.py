"""Reports of the audit log that are made by rule, each for the auditor who set it up; what was made
of them, and the files.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from alliance.encryption.fields import EncryptedBinaryField


class AuditReport(models.Model):
    """No right: what may be in it is asked when it is made and when it is fetched. filter: what the
    auditor's page filters by, without a patient and without days; the days are the rhythm's.
    """

    class Content(models.TextChoices):
        LINES = "lines", _("Lines of a filter")
        OVERVIEW = "overview", _("Overview of the log")
        BUNDLE = "bundle", _("Bundle for a grading inspection")

    class Rhythm(models.TextChoices):
        WEEKLY = "weekly", _("each week")
        MONTHLY = "monthly", _("each month")
        QUARTERLY = "quarterly", _("each quarter")
        HALF_YEARLY = "half-yearly", _("each half-year")

    staff = models.ForeignKey("alliance.Staff", models.PROTECT, related_name="+")
    name = models.CharField(max_length=60)
    content = models.CharField(max_length=8, choices=Content.choices)
    filter = models.JSONField(default=dict)
    filter_name = models.CharField(max_length=60, blank=True)
    form = models.CharField(max_length=8)
    rhythm = models.CharField(max_length=11, choices=Rhythm.choices)
    language = models.CharField(max_length=10)
    mails = models.BooleanField(default=False)
    set_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)


class AuditReportRun(models.Model):
    """One report of one span of days, which is made once. lines: as many as there are; done: as
    many as were written; fault: a code, "" of none; hospitals: codes of those whose lines it
    may hold, None for the whole alliance.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waits")
        RUNNING = "running", _("is made")
        DONE = "done", _("is there")
        FAILED = "failed", _("failed")

    report = models.ForeignKey(AuditReport, models.PROTECT, related_name="runs")
    first = models.DateField()
    last = models.DateField()
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    tries = models.SmallIntegerField(default=0)
    lines = models.BigIntegerField(default=0)
    done = models.BigIntegerField(default=0)
    fault = models.CharField(max_length=12, blank=True)
    hospitals = models.JSONField(null=True)
    beat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    size = models.BigIntegerField(default=0)
    digest = models.BinaryField(default=b"")
    fetched_at = models.DateTimeField(null=True)
    forgotten_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-last", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["report", "first"], name="consent_auditreportrun_once")
        ]


class AuditReportChunk(models.Model):
    """A part of a file, in order; it goes when the file's time is over."""

    run = models.ForeignKey(AuditReportRun, models.CASCADE, related_name="+", db_index=False)
    place = models.IntegerField()
    content = EncryptedBinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "place"], name="consent_auditreportchunk_place")
        ]
