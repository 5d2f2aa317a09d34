"""Mutual recognition of results (互认): what is recognised, whose results, who was told of one, and
what the doctor decided (docs/adr/0085).
"""

from django.db import models

from alliance.encryption.fields import EncryptedTextField


class RecognitionItem(models.Model):
    """One recognisable item of the alliance's catalogue. code: the alliance's own; list_code: of
    the national or provincial list; loincs: the codes of LOINC that count as it, parted by blanks;
    window: days for which a result counts, NULL where the alliance has set none; upward: whether
    a higher hospital recognises a lower one; place: of which province or city, as marks name it;
    specimens, methods: what is accepted, parted by |, "" for any; price: what one costs.
    """

    class Scope(models.TextChoices):
        NATION = "nation"
        PROVINCE = "province"
        CITY = "city"
        ALLIANCE = "alliance"

    code = models.CharField(max_length=32, unique=True)
    list_code = models.CharField(max_length=40, blank=True)
    name_zh = models.CharField(max_length=100)
    name_en = models.CharField(max_length=100)
    loincs = models.CharField(max_length=300)
    window = models.SmallIntegerField(null=True)
    upward = models.BooleanField(default=False)
    scope = models.CharField(max_length=8, choices=Scope.choices, default=Scope.ALLIANCE)
    place = models.CharField(max_length=20, blank=True)
    specimens = models.CharField(max_length=200, blank=True)
    methods = models.CharField(max_length=200, blank=True)
    price = models.DecimalField(max_digits=9, decimal_places=2, null=True)
    source = models.CharField(max_length=200, blank=True)
    active = models.BooleanField(default=True)
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["code"]


class RecognitionQualification(models.Model):
    """That a hospital's results of an item are recognised, of these days. quality: what is known of
    its external quality assessment.
    """

    class Quality(models.TextChoices):
        UNKNOWN = "unknown"
        PASSED = "passed"
        FAILED = "failed"

    hospital = models.ForeignKey(
        "alliance.Hospital", models.PROTECT, related_name="+", db_index=False
    )
    item = models.ForeignKey(RecognitionItem, models.PROTECT, related_name="qualifications")
    starts = models.DateField()
    ends = models.DateField(null=True)
    quality = models.CharField(max_length=8, choices=Quality.choices, default=Quality.UNKNOWN)
    note = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField()
    end_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["item", "hospital", "starts"]


class RecognitionPrompt(models.Model):
    """Somebody who was about to order an item was told of results elsewhere that count; once a day
    for each patient, item, hospital and asker. person: of the index then; hits: which, as
    `hospital/Type/id/version`; day: on the hospital's clock.
    """

    id = models.UUIDField(primary_key=True)
    hospital = models.ForeignKey(
        "alliance.Hospital", models.PROTECT, related_name="+", db_index=False
    )
    asker = models.CharField(max_length=60)
    department = models.CharField(max_length=60, blank=True)
    person = models.UUIDField()
    item = models.ForeignKey(RecognitionItem, models.PROTECT, related_name="+", db_index=False)
    hits = models.JSONField()
    day = models.DateField()
    asked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "item", "hospital", "asker", "day"],
                name="one_recognition_prompt",
            )
        ]
        indexes = [
            models.Index(fields=["day", "hospital"], name="recognition_prompt_day"),
        ]


class RecognitionDecision(models.Model):
    """What was decided on a prompt; only ever added to, the newest counts. result: the one that was
    adopted, as hits has it; reason: of a repetition (records/recognition/repeat_reasons.py); note:
    its words; told: whether the patient was; price: of the item then, where adopted; key: the
    sender's own, by which the same is not kept twice.
    """

    prompt = models.ForeignKey(RecognitionPrompt, models.PROTECT, related_name="decisions")
    decision = models.CharField(max_length=8)  # adopted, repeated
    result = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=20, blank=True)
    note = EncryptedTextField(blank=True)
    told = models.BooleanField(default=False)
    quoted = models.BooleanField(default=False)
    price = models.DecimalField(max_digits=9, decimal_places=2, null=True)
    key = models.CharField(max_length=64, blank=True)
    actor = models.CharField(max_length=60)
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["prompt", "key"],
                condition=~models.Q(key=""),
                name="one_recognition_decision",
            )
        ]
