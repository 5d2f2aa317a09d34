"""The patient index: a person is what source patients are linked to; identifiers lie here as
keyed hashes only.
"""

import uuid

from django.db import models
from django.db.models.functions import Now


class Person(models.Model):
    """One human being, as far as the alliance knows: the home of a registration, in which those
    linked with it live as well.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    created_at = models.DateTimeField(auto_now_add=True)


class SourcePatient(models.Model):
    """A Patient of one hospital. Made by the first resource that speaks of them; `registered`
    once their Patient is stored.
    """

    hospital = models.ForeignKey(
        "alliance.Hospital", models.PROTECT, related_name="+", db_index=False
    )
    fhir_id = models.CharField(max_length=64)
    home = models.UUIDField(
        unique=True
    )  # the person that they are where nobody is linked with them; never changes
    person = models.ForeignKey(
        Person, models.PROTECT, related_name="sources", db_index=False
    )  # the home of the oldest registration linked with this one
    joined_at = models.DateTimeField(
        db_default=Now()
    )  # since when its own hospital's word has it at this person
    registered = models.BooleanField(default=False)
    name = models.CharField(max_length=200, blank=True)
    gender = models.CharField(max_length=7, blank=True)
    birth_date = models.CharField(max_length=10, blank=True)
    decided_by = models.CharField(
        max_length=40, blank=True
    )  # the rule, or staff/<id>, that moved it last
    confirmed = models.BooleanField(default=False)  # a human has seen the patient's card
    correction = models.BinaryField(
        null=True
    )  # a number that is not the patient's, and the right one, sealed
    words = models.BinaryField(null=True)  # what was sent, sealed (mpi/index/field_protection.py)
    keyed = models.SmallIntegerField(
        db_default=0
        # the rules by which the keys were made under which the registration is found (VERSION of
        # mpi/index/rekey.py)
    )
    crowded_at = models.DateTimeField(
        null=True
    )  # more look like it than it was compared with, and no human has looked since
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["hospital", "fhir_id"], name="one_source_patient")
        ]
        indexes = [
            models.Index(fields=["person", "id"], name="source_person"),
            models.Index(fields=["hospital", "birth_date"], name="source_birth"),
            models.Index(
                fields=["joined_at"],
                condition=models.Q(decided_by__startswith="rule/"),
                name="source_joined_by_rule",
            ),
            models.Index(
                fields=["crowded_at"],
                condition=models.Q(crowded_at__isnull=False),
                name="source_crowded",
            ),
        ]


class PatientIdentifier(models.Model):
    """A keyed hash (HMAC-SHA-256) of one identifier: equal numbers meet, no number can be read
    back.
    """

    source = models.ForeignKey(SourcePatient, models.CASCADE, related_name="identifiers")
    kind = models.CharField(
        max_length=8
        # "resident" (GB 11643), "record" (the hospital's own number), "other"; "former": no longer
        # the patient's
    )
    digest = models.BinaryField(max_length=32)

    class Meta:
        indexes = [models.Index(fields=["digest", "kind"], name="identifier_digest")]
        constraints = [
            models.UniqueConstraint(
                fields=["digest"], condition=models.Q(kind="record"), name="one_record_number"
            ),
        ]


class NameKey(models.Model):
    """One way to write a source patient's name: folded, in pinyin, as initials. whole: the full
    name, not a part of it. Keys with a capital letter are of something else by which the own
    hospital finds them (mpi/index/find_keys.py).
    """

    pk = models.CompositePrimaryKey("source_id", "key", "whole")
    source = models.ForeignKey(
        SourcePatient, models.CASCADE, related_name="name_keys", db_index=False, db_constraint=False
    )
    hospital_id = models.IntegerField()
    key = models.CharField(max_length=200, db_collation="C")
    whole = models.BooleanField()
    former = models.BooleanField(default=False)  # they had this name, and have another now

    class Meta:
        indexes = [
            models.Index(fields=["hospital_id", "key", "source"], name="name_key_newest"),
            models.Index(fields=["key"], condition=models.Q(whole=True), name="name_key_whole"),
        ]


class MatchKey(models.Model):
    """A block that a source patient is in, as a keyed hash: those that share one are compared."""

    pk = models.CompositePrimaryKey("source_id", "key")
    source = models.ForeignKey(
        SourcePatient, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    key = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["key"], name="match_key")]
