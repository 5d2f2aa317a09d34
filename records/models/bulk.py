"""Bulk jobs: exports and imports that run beside the site, and what they hold, in sealed chunks
of NDJSON.
"""

import datetime as dt
import uuid

from django.db import models

from alliance.models.client import ALL_SCOPES


class BulkJob(models.Model):
    """One $export or $import that a member's system asked for; its chunks lie in
    record_bulk_chunk until it expires.
    """

    class Kind(models.TextChoices):
        EXPORT = "export"
        IMPORT = "import"

    class State(models.TextChoices):
        TAKING = "taking"  # its upload is still coming in
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    kind = models.CharField(max_length=6, choices=Kind.choices)
    base = models.CharField(max_length=32)
    hospital_id = models.IntegerField()  # of the system that asked
    client = models.CharField(max_length=64)
    root = models.CharField(max_length=200)  # absolute url of the bases, for links
    asked = models.JSONField(default=dict)  # what was asked, as understood
    scopes = models.TextField(default=ALL_SCOPES)  # of the token that asked
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    says = models.CharField(max_length=300, blank=True)  # why it failed, for the one who asked
    files = models.JSONField(
        default=list
    )  # of an export, in order: {type, store, count, bytes, kind}
    persons = models.JSONField(
        default=dict
    )  # of a shared export: {person: consent epoch when it was read}
    created_at = models.DateTimeField(auto_now_add=True)
    as_of = models.DateTimeField(null=True)  # the FHIR transactionTime
    beat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    trying_at: dt.datetime | None = (
        None  # of the process that has it: the beat that it is about to store
    )

    class Meta:
        ordering = ["created_at"]
        indexes = [models.Index(fields=["state", "created_at"], name="bulk_job_state")]
