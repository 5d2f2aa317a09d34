"""The narrow tables of the patient index without numbers of their own: a row is what it says. Each
was checked against a foreign key and stood in an index by its number, some forty rows a
registration; sources are never deleted. And the members of a person, in order.
"""

import django.db.models.deletion
from django.db import migrations, models

NARROW = """
DELETE FROM {table} a USING {table} b WHERE ({same_a}) = ({same_b}) AND a.id < b.id;
ALTER TABLE {table} DROP CONSTRAINT {table}_pkey, DROP CONSTRAINT {foreign}, DROP COLUMN id,
  ADD PRIMARY KEY ({key});
DROP INDEX {index};
"""


def source(name: str) -> models.ForeignKey:  # type: ignore[type-arg]
    return models.ForeignKey(
        "records.sourcepatient",
        django.db.models.deletion.CASCADE,
        related_name=name,
        db_constraint=False,
        db_index=False,
    )


def narrow(table: str, key: str, foreign: str, index: str) -> str:
    of_a, of_b = (", ".join(f"{t}.{c.strip()}" for c in key.split(",")) for t in "ab")
    return NARROW.format(
        table=table, key=key, foreign=foreign, index=index, same_a=of_a, same_b=of_b
    )


class Migration(migrations.Migration):
    dependencies = [("records", "0013_crowded")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    narrow(
                        "records_matchkey",
                        "source_id, key",
                        "records_matchkey_source_id_45db7ffd_fk_records_sourcepatient_id",
                        "match_key_source",
                    )
                ),
                migrations.RunSQL(
                    narrow(
                        "records_namekey",
                        "source_id, key, whole",
                        "records_namekey_source_id_a62fb0fd_fk_records_sourcepatient_id",
                        "records_namekey_source_id_a62fb0fd",
                    )
                ),
            ],
            state_operations=[
                migrations.RemoveIndex("matchkey", "match_key_source"),
                migrations.RemoveField("matchkey", "id"),
                migrations.AlterField("matchkey", "source", source("+")),
                migrations.AddField(
                    "matchkey",
                    "pk",
                    models.CompositePrimaryKey(
                        "source_id",
                        "key",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                migrations.RemoveField("namekey", "id"),
                migrations.AlterField("namekey", "source", source("name_keys")),
                migrations.AddField(
                    "namekey",
                    "pk",
                    models.CompositePrimaryKey(
                        "source_id",
                        "key",
                        "whole",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            "sourcepatient", models.Index(fields=["person", "id"], name="source_person")
        ),
        migrations.AlterField(
            "sourcepatient",
            "person",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="sources",
                to="records.person",
            ),
        ),
        migrations.AlterField(
            "sourcepatient",
            "hospital",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="alliance.hospital",
            ),
        ),
    ]
