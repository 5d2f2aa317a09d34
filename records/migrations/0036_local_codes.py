"""Local codes, what each means in the standard systems, and in which records they stand
(docs/adr/0068).
"""

import django.db.models.deletion
from django.db import migrations, models

from records.migrations._encrypted_fields import EncryptedTextField

USES = """
CREATE TABLE record_local_use (
  code     bigint NOT NULL,   -- records_localcode.id
  rid      bigint NOT NULL,   -- record_resource.rid
  patient  bigint NOT NULL,   -- records_sourcepatient.id, 0: about no patient
  PRIMARY KEY (code, rid)
);
CREATE INDEX record_local_use_rid ON record_local_use (rid);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("alliance", "0022_enrolment"),
        ("records", "0035_feed"),
    ]

    operations = [
        migrations.CreateModel(
            name="MappingPosition",
            fields=[
                (
                    "hospital",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="alliance.hospital",
                    ),
                ),
                ("xid", models.CharField(default="0", max_length=20)),
                ("rid", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="CodeList",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=16)),
                ("system", models.CharField(max_length=200)),
                ("title", models.CharField(max_length=120)),
                ("version", models.CharField(blank=True, max_length=40)),
                ("licence", models.CharField(max_length=300)),
                ("codes", models.IntegerField(default=0)),
                ("imported_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "system"), name="one_code_list")
                ],
            },
        ),
        migrations.CreateModel(
            name="LocalCode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=16)),
                ("key", models.CharField(max_length=64)),
                ("system", models.CharField(blank=True, max_length=300)),
                ("code", models.CharField(blank=True, max_length=300)),
                ("text", EncryptedTextField(blank=True)),
                ("records", models.IntegerField(default=0)),
                ("patients", models.IntegerField(default=0)),
                ("waiting", models.BooleanField(default=True)),
                ("profile", EncryptedTextField(blank=True)),
                ("profiled", models.IntegerField(default=0)),
                ("redo_after", models.BigIntegerField(null=True)),
                ("first_seen_at", models.DateTimeField()),
                (
                    "hospital",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.hospital",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CodeMapping",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=16)),
                ("target_system", models.CharField(max_length=200)),
                ("target_code", models.CharField(max_length=100)),
                ("target_display", models.CharField(blank=True, max_length=300)),
                ("equivalence", models.CharField(default="equivalent", max_length=12)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "Proposed"),
                            ("approved", "Approved"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                            ("replaced", "Replaced"),
                        ],
                        default="proposed",
                        max_length=10,
                    ),
                ),
                ("origin", models.CharField(default="hand", max_length=40)),
                ("proposed_at", models.DateTimeField()),
                ("reason", EncryptedTextField(blank=True, max_length=500)),
                ("decided_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("end_reason", EncryptedTextField(blank=True, max_length=500)),
                ("version", models.IntegerField(null=True)),
                ("ended_version", models.IntegerField(null=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.staff",
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.staff",
                    ),
                ),
                (
                    "hospital",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.hospital",
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.staff",
                    ),
                ),
                (
                    "code",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mappings",
                        to="records.localcode",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SourceBrand",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("source", models.CharField(max_length=16)),
                ("brand", models.CharField(max_length=80)),
                (
                    "hospital",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.hospital",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StandardCode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=100)),
                ("display", models.CharField(max_length=300)),
                ("names", models.TextField(blank=True)),
                ("unit", models.CharField(blank=True, max_length=40)),
                ("scale", models.CharField(blank=True, max_length=12)),
                ("sex", models.CharField(blank=True, max_length=6)),
                ("retired", models.BooleanField(default=False)),
                (
                    "listed",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="members",
                        to="records.codelist",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StandardUse",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=16)),
                ("system", models.CharField(max_length=200)),
                ("code", models.CharField(max_length=100)),
                (
                    "hospital",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.hospital",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CodeMap",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=16)),
                ("version", models.IntegerField(default=0)),
                ("published", models.IntegerField(default=0)),
                ("changed_at", models.DateTimeField(null=True)),
                (
                    "hospital",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.hospital",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("hospital", "kind"), name="one_code_map")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="localcode",
            index=models.Index(
                fields=["hospital", "kind", "-records", "id"], name="local_code_rank"
            ),
        ),
        migrations.AddIndex(
            model_name="localcode",
            index=models.Index(
                condition=models.Q(("redo_after__isnull", False)),
                fields=["redo_after"],
                name="local_code_redo",
            ),
        ),
        migrations.AddConstraint(
            model_name="localcode",
            constraint=models.UniqueConstraint(fields=("hospital", "key"), name="one_local_code"),
        ),
        migrations.AddIndex(
            model_name="codemapping",
            index=models.Index(fields=["hospital", "kind", "state"], name="mapping_of_hospital"),
        ),
        migrations.AddConstraint(
            model_name="codemapping",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "approved")),
                fields=("code", "target_system"),
                name="one_approved_mapping",
            ),
        ),
        migrations.AddConstraint(
            model_name="codemapping",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "proposed")),
                fields=("code", "target_system"),
                name="one_proposed_mapping",
            ),
        ),
        migrations.AddConstraint(
            model_name="sourcebrand",
            constraint=models.UniqueConstraint(
                fields=("hospital", "source"), name="one_source_brand"
            ),
        ),
        migrations.AddConstraint(
            model_name="standardcode",
            constraint=models.UniqueConstraint(fields=("listed", "code"), name="one_standard_code"),
        ),
        migrations.AddConstraint(
            model_name="standarduse",
            constraint=models.UniqueConstraint(
                fields=("system", "code", "kind", "hospital"), name="one_standard_use"
            ),
        ),
        migrations.RunSQL(USES, "DROP TABLE record_local_use"),
    ]
