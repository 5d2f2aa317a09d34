"""Local codes of the hospitals, and what each means in the standard code systems
(docs/adr/0068).
"""

from django.db import models

from alliance.encryption.fields import EncryptedTextField


class LocalCode(models.Model):
    """One code of a hospital's own, or a text without a code, as its records have it. key: SHA-256
    of kind, system, code and, where it has no system, the folded text; text: as sent; records,
    patients: in how many current records it stands, and of how many patients; waiting: whether it
    has no standard code yet; profile: how its values spread (records/mapping/value_profile.py),
    made when it stood in `profiled` records; redo_after: its records up to this row are as its
    mappings say, the others are not yet; NULL: all are.
    """

    hospital = models.ForeignKey(
        "alliance.Hospital", models.PROTECT, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=16)
    key = models.CharField(max_length=64)
    system = models.CharField(max_length=300, blank=True)
    code = models.CharField(max_length=300, blank=True)
    text = EncryptedTextField(blank=True)
    records = models.IntegerField(default=0)
    patients = models.IntegerField(default=0)
    waiting = models.BooleanField(default=True)
    profile = EncryptedTextField(blank=True)
    profiled = models.IntegerField(default=0)
    redo_after = models.BigIntegerField(null=True)
    first_seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["hospital", "key"], name="one_local_code"),
        ]
        indexes = [
            models.Index(fields=["hospital", "kind", "-records", "id"], name="local_code_rank"),
            models.Index(
                fields=["redo_after"],
                condition=models.Q(redo_after__isnull=False),
                name="local_code_redo",
            ),
        ]


class CodeMapping(models.Model):
    """A local code and a standard one that means the same, or something wider. Never deleted: what
    was decided stays readable. origin: "hand", "table", or "member/<code>" where another member's
    map was taken over; version, ended_version: of the hospital's map of this kind, from which on
    and up to which it counts.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed"
        APPROVED = "approved"
        REFUSED = "refused"
        WITHDRAWN = "withdrawn"
        REPLACED = "replaced"

    code = models.ForeignKey(LocalCode, models.PROTECT, related_name="mappings")
    hospital = models.ForeignKey(
        "alliance.Hospital", models.PROTECT, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=16)
    target_system = models.CharField(max_length=200)
    target_code = models.CharField(max_length=100)
    target_display = models.CharField(max_length=300, blank=True)
    equivalence = models.CharField(max_length=12, default="equivalent")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    origin = models.CharField(max_length=40, default="hand")
    proposed_by = models.ForeignKey(
        "alliance.Staff", models.PROTECT, related_name="+", db_index=False
    )
    proposed_at = models.DateTimeField()
    reason = EncryptedTextField(blank=True, max_length=500)
    decided_by = models.ForeignKey(
        "alliance.Staff", models.PROTECT, related_name="+", null=True, db_index=False
    )
    decided_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(
        "alliance.Staff", models.PROTECT, related_name="+", null=True, db_index=False
    )
    ended_at = models.DateTimeField(null=True)
    end_reason = EncryptedTextField(blank=True, max_length=500)
    version = models.IntegerField(null=True)
    ended_version = models.IntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["code", "target_system"],
                condition=models.Q(state="approved"),
                name="one_approved_mapping",
            ),
            models.UniqueConstraint(
                fields=["code", "target_system"],
                condition=models.Q(state="proposed"),
                name="one_proposed_mapping",
            ),
        ]
        indexes = [
            models.Index(fields=["hospital", "kind", "state"], name="mapping_of_hospital"),
        ]


class CodeMap(models.Model):
    """The map of one hospital and one kind: its newest version, and which one its store has as a
    ConceptMap.
    """

    hospital = models.ForeignKey(
        "alliance.Hospital", models.PROTECT, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=16)
    version = models.IntegerField(default=0)
    published = models.IntegerField(default=0)
    changed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["hospital", "kind"], name="one_code_map")]


class MappingPosition(models.Model):
    """How far the count of local codes has read a hospital's store (records/mapping/follow.py)."""

    hospital = models.OneToOneField(
        "alliance.Hospital", models.PROTECT, primary_key=True, related_name="+"
    )
    xid = models.CharField(max_length=20, default="0")
    rid = models.BigIntegerField(default=0)


class StandardUse(models.Model):
    """That a hospital's records have this standard code, sent or mapped: whose trends a mapping
    would join.
    """

    hospital = models.ForeignKey(
        "alliance.Hospital", models.PROTECT, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=16)
    system = models.CharField(max_length=200)
    code = models.CharField(max_length=100)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["system", "code", "kind", "hospital"], name="one_standard_use"
            )
        ]


class SourceBrand(models.Model):
    """Which product a source system of a hospital is: by this members find maps that fit."""

    hospital = models.ForeignKey(
        "alliance.Hospital", models.PROTECT, related_name="+", db_index=False
    )
    source = models.CharField(max_length=16)
    brand = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["hospital", "source"], name="one_source_brand")
        ]


class CodeList(models.Model):
    """A standard code system that the alliance has imported. licence: what its owner allows, and
    where the list was got.
    """

    kind = models.CharField(max_length=16)
    system = models.CharField(max_length=200)
    title = models.CharField(max_length=120)
    version = models.CharField(max_length=40, blank=True)
    licence = models.CharField(max_length=300)
    codes = models.IntegerField(default=0)
    imported_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "system"], name="one_code_list")]


class StandardCode(models.Model):
    """One code of an imported list. names: other names, separated by |; unit: in which it is
    usually reported (UCUM); scale: "quantitative", "ordinal" or ""; sex: "male" or "female" where
    it is of one alone; retired: no longer in the newest list.
    """

    listed = models.ForeignKey(CodeList, models.PROTECT, related_name="members")
    code = models.CharField(max_length=100)
    display = models.CharField(max_length=300)
    names = models.TextField(blank=True)
    unit = models.CharField(max_length=40, blank=True)
    scale = models.CharField(max_length=12, blank=True)
    sex = models.CharField(max_length=6, blank=True)
    retired = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["listed", "code"], name="one_standard_code")]
